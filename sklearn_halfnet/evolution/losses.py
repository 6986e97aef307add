"""Losses of outputs (K, W, n), each with first and second derivatives."""

import numpy as np
from scipy.special import expit

__all__ = ["derivatives", "losses", "probabilities"]


def _calibrated(outputs, factor, offset):
    return factor[..., None] * outputs + offset[..., None]


def _powers(z):
    """Return exp(z - largest), its sum over outputs, and the largest.

    A third faster than scipy's softmax, which also cares for infinities.
    """
    largest = z.max(axis=0)
    powers = z - largest
    np.exp(powers, out=powers)
    return powers, powers.sum(axis=0), largest


def probabilities(kind, z):
    """Compute the probability of each class or label from scores (K, W, n)."""
    if kind == "logistic":
        return expit(z)
    powers, total, _ = _powers(z)
    powers /= total
    return powers


def _cross_entropy(z, targets):
    """Compute log-sum-exp minus the score of the target, (W, n)."""
    _, total, largest = _powers(z)
    terms = np.log(total, out=total)
    terms += largest
    terms -= np.einsum("kwn,kn->wn", z, targets)
    return terms


def losses(kind, outputs, targets, share, factor=None, offset=None):
    """Compute the weighted mean loss for each shared weight.

    Parameters
    ----------
    kind : {"softmax", "logistic", "squared_error"}
    outputs : ndarray of shape (K, W, n)
    targets : ndarray of shape (K, n)
        Indicators of classes, or standardised targets.
    share : ndarray of shape (n,)
        Weights of samples, of sum one.
    factor, offset : ndarray of shape (K, W), default=None
        Calibration; by default the outputs are taken as they are.

    Returns
    -------
    losses : ndarray of shape (W,)
    """
    z = outputs if factor is None else _calibrated(outputs, factor, offset)
    if kind == "softmax":
        return _cross_entropy(z, targets) @ share
    t = targets[:, None, :]
    if kind == "logistic":
        terms = np.logaddexp(0, z) - t * z
    else:
        terms = 0.5 * (z - t) ** 2
    return terms.sum(axis=0) @ share


def derivatives(kind, outputs, targets, share, factor, offset):
    """Compute derivatives of the mean over shared weights by each output.

    Takes the same as ``losses``.

    Returns
    -------
    gradient, curvature : ndarray of shape (K, W, n)
    """
    z, t = _calibrated(outputs, factor, offset), targets[:, None, :]
    unit = share / outputs.shape[1]
    if kind == "squared_error":
        first, second = z - t, np.ones_like(z)
    else:
        p = probabilities(kind, z)
        first, second = p - t, p * (1 - p)
    factor = factor[..., None]
    return first * factor * unit, second * factor**2 * unit
