"""Closed-form ridge refit of a trained network's read-out."""

import numpy as np

from sklearn_halfnet.features import forward_blocks
from sklearn_halfnet.linear.gram import Gram
from sklearn_halfnet.models.calibration import calibration
from sklearn_halfnet.models.ridge_sums import ReadOutSums
from sklearn_halfnet.models.row_sample import MAX_ROWS, RowSample

__all__ = ["polish_bytes", "polished_read_out"]


def polish_bytes(n_rows, n_units):
    """Bytes that the refit takes: four squares of sums, and a sample of the rows."""
    return 8 * 4 * n_units**2 + 3 * 4 * min(n_rows, MAX_ROWS) * n_units


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
        For a classifier, calibrated on leave-one-out scores, so that probabilities keep
        their meaning.
    """
    wanted = targets.indicators(encoded).astype(np.float64)
    weight = np.ones(len(wanted)) if sample_weight is None else sample_weight
    gram, sample = Gram(), RowSample(seed=0)
    passes = forward_blocks(X, scaling, layers, layers[0].scales.dtype)
    last = ((rows, features[-1]) for rows, features in passes)
    for rows, features in sample.update(last, wanted, weight):
        gram.update(features, wanted[rows], weight[rows], overwrite=True)
    read_out = ReadOutSums([slice(None)], grams=[gram])
    fits = read_out.choose("gcv", None, sample, relative=False)
    coef, intercept = read_out.solve(fits, gram.cross.shape[0])
    if targets.loss == "squared_error":
        return coef, intercept
    scores = read_out.left_out(fits, sample)
    slope, offset = calibration(scores, sample.targets, sample.weight, targets.kind)
    return slope[:, None] * coef, slope * intercept + offset
