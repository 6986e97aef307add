"""Closed-form ridge refit of a trained network's read-out."""

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import logsumexp

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
    coef, intercept = gram.best_fit().solve()
    if targets.loss == "squared":
        return coef, intercept
    intercept -= targets.middle
    scores = np.empty_like(wanted)
    for rows, features in forward_blocks(X, scaling, layers, dtype):
        scores[rows] = features[-1] @ coef.T + intercept
    factor = _best_factor(scores, wanted, weight, targets.loss)
    return factor * coef, factor * intercept


def _best_factor(scores, wanted, weight, loss):
    """Factor on the scores at which the log loss is smallest."""

    def log_loss(log_factor):
        scaled = np.exp(log_factor) * scores
        if loss == "softmax":
            partition = logsumexp(scaled, axis=1)
        else:
            partition = np.logaddexp(0, scaled).sum(axis=1)
        return float(weight @ (partition - (wanted * scaled).sum(axis=1)))

    return np.exp(minimize_scalar(log_loss, bounds=(-2, 6), method="bounded").x)
