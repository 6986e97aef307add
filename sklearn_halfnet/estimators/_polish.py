"""Closed-form ridge refit of a trained network's read-out."""

import numpy as np
from scipy.optimize import minimize_scalar

from sklearn_halfnet.features import forward_blocks
from sklearn_halfnet.linear.gram import Gram

__all__ = ["polished_read_out"]


def polished_read_out(X, encoded, sample_weight, scaling, layers, targets):
    """Solve the read-out of fixed hidden layers by ridge regression.

    Its strength is chosen by generalised cross-validation.

    Parameters
    ----------
    X : {ndarray, CSR matrix} of shape (n_samples, n_features)
    encoded : ndarray
        What ``targets.encode`` returned.
    sample_weight : ndarray of shape (n_samples,) or None
    scaling : InputScaling
    layers : list of HiddenLayer
    targets : ClassTargets or RealTargets

    Returns
    -------
    coef : ndarray of shape (n_outputs, n_units)
    intercept : ndarray of shape (n_outputs,)
        For a classifier, scaled by the one factor that makes the log loss of the
        training rows smallest, so that probabilities keep their meaning.
    """
    wanted = targets.indicators(encoded).astype(np.float64)
    weight = np.ones(len(wanted)) if sample_weight is None else sample_weight
    gram, dtype = Gram(), layers[0].scales.dtype
    for rows, features in forward_blocks(X, scaling, layers, dtype):
        gram.update(features[-1], wanted[rows], weight[rows])
    coef, intercept = gram.solve(gram.path().best_alpha())
    if targets.loss == "squared":
        return coef, intercept
    middle = 1 / wanted.shape[1] if targets.loss == "softmax" else 0.5
    scores = np.empty_like(wanted)
    for rows, features in forward_blocks(X, scaling, layers, dtype):
        scores[rows] = features[-1] @ coef.T + (intercept - middle)
    factor = _best_factor(scores, wanted, weight, targets)
    return factor * coef, factor * (intercept - middle)


def _best_factor(scores, wanted, weight, targets):
    """Factor on the scores at which the log loss is smallest."""

    def log_loss(log_factor):
        log_p = targets.log_probabilities(np.exp(log_factor) * scores)
        if targets.kind == "binary":
            one_hot = np.hstack([1 - wanted, wanted])
        elif targets.kind == "multilabel":
            other = targets.log_probabilities(-np.exp(log_factor) * scores)
            log_p = np.hstack([log_p, other])
            one_hot = np.hstack([wanted, 1 - wanted])
        else:
            one_hot = wanted
        return -float(weight @ (one_hot * log_p).sum(axis=1))

    return np.exp(minimize_scalar(log_loss, bounds=(-2, 6), method="bounded").x)
