"""Losses of outputs (K, W, n), each with first and second derivatives.

A shared weight multiplies every output, so that the scale of the scores changes with
it. ``calibrate`` fits one factor a weight for classes (labels do not change by it), and
a factor and an offset a weight and output for regression, in closed form.
"""

import numpy as np
from scipy.special import expit

__all__ = ["calibrate", "derivatives", "losses"]


# Decay of the squared scores: without it, rows that a graph separates would send their
# factor to infinity.
_DECAY = 1e-4


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


def _softmax(z):
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
    kind : {"softmax", "logistic", "squared"}
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
    if kind == "squared":
        first, second = z - t, np.ones_like(z)
    else:
        p = _softmax(z) if kind == "softmax" else expit(z)
        first, second = p - t, p * (1 - p)
    factor = factor[..., None]
    return first * factor * unit, second * factor**2 * unit


def calibrate(kind, outputs, targets, share, start=None, n_steps=8):
    """Fit the calibration of each shared weight.

    Parameters
    ----------
    kind, outputs, targets, share
        As in ``losses``.
    start : ndarray of shape (K, W), default=None
        Factors to start from, and to keep where an output is constant.
    n_steps : int, default=8
        Newton steps on a class factor.

    Returns
    -------
    factor, offset : ndarray of shape (K, W)
    """
    zero = np.zeros(outputs.shape[:2], outputs.dtype)
    if kind == "squared":
        return _affine(outputs, targets, share, zero + 1 if start is None else start)
    if start is None:
        spread = np.sqrt(((outputs**2).mean(axis=0) @ share).astype(outputs.dtype))
        start = zero + 1 / np.maximum(spread, 1e-3)
    factor = start[:1].copy()
    for _ in range(n_steps):
        first, second = _by_factor(kind, outputs, targets, share, factor)
        step = np.clip(first / np.maximum(second, 1e-12), -0.5 * factor, factor)
        # An output that is zero so far says nothing about its factor.
        step = np.where(second > 1e-12, step, 0)
        factor = np.clip(factor - step, 1e-6, 1e6).astype(outputs.dtype)
    return zero + factor, zero


def _by_factor(kind, outputs, targets, share, factor):
    """Compute derivatives of each weight's loss by its factor, exactly."""
    z, t = factor[..., None] * outputs, targets[:, None, :]
    if kind == "logistic":
        p = expit(z)
        first = ((p - t) * outputs).sum(axis=0)
        second = (p * (1 - p) * outputs**2).sum(axis=0)
    else:
        p = _softmax(z)
        mean = (p * outputs).sum(axis=0)
        first = mean - (t * outputs).sum(axis=0)
        second = (p * outputs**2).sum(axis=0) - mean**2
    square = (outputs**2).sum(axis=0)
    first = first + _DECAY * factor[0, :, None] * square
    second = second + _DECAY * square
    return first @ share, second @ share


def _affine(outputs, targets, share, start):
    """Least squares; an output that is constant so far keeps its factor."""
    mean, goal = outputs @ share, targets @ share
    centred = outputs - mean[..., None]
    variance = centred**2 @ share
    shared = (centred * (targets - goal[:, None])[:, None, :]) @ share
    flat = variance <= 1e-10 * (1e-10 + outputs**2 @ share)
    factor = np.where(flat, start, shared / np.where(flat, 1, variance))
    factor = factor.astype(outputs.dtype)
    return factor, (goal[:, None] - factor * mean).astype(outputs.dtype)
