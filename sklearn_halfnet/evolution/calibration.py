"""Calibration of outputs: the affine map of the smallest loss, for each shared weight.

A shared weight multiplies every output, so that the scale of the scores changes with
it; and outputs that are zero for most rows say nothing about how frequent a class is.
So each output z of a shared weight becomes

    factor * z + offset,

by weighted maximum likelihood for classes and by weighted least squares for real
targets. Labels and real targets have a factor an output; the classes of a softmax share
theirs, so that one class is not scored by another measure than the next.
"""

from dataclasses import dataclass

import numpy as np

from sklearn_halfnet.evolution.losses import probabilities

__all__ = ["calibrate"]

# Decay of the squared scores: without it, rows that a graph separates would send their
# factor to infinity.
_DECAY = 1e-4
# Share of all rows that speaks for no class: the offset of one that no row has would go
# to minus infinity.
_UNKNOWN = 1e-6
# In log odds: farther from where it stands, a quadratic model of the loss says little.
_FARTHEST = 2.0
_SETTLED = 1e-4


def calibrate(
    kind, outputs, targets, share, start=None, n_steps=8, *, frequencies=None
):
    """Fit the calibration of each shared weight.

    Parameters
    ----------
    kind : {"softmax", "logistic", "squared_error"}
    outputs : ndarray of shape (K, W, n)
    targets : ndarray of shape (K, n)
        Indicators of classes, or standardised targets.
    share : ndarray of shape (n,)
        Weights of samples, of sum one.
    start : tuple (ndarray, ndarray or None) of shape (K, W), default=None
        Factors, which an output keeps that is constant, and offsets to start from. By
        default scores are about one, and a row that is the mean of all gets the
        frequencies of the classes.
    n_steps : int, default=8
        Newton steps, for classes; fewer if nothing changes any more.
    frequencies : ndarray of shape (K,), default=None
        Mean targets of all rows, where these ones are a sample that may lack a class.

    Returns
    -------
    factor, offset : ndarray of shape (K, W)

    Examples
    --------
    An output that is constant so far leaves the weighted frequencies of the classes:

    >>> import numpy as np
    >>> from scipy.special import expit
    >>> from sklearn_halfnet.evolution.calibration import calibrate
    >>> outputs, targets = np.zeros((1, 1, 4)), np.array([[1.0, 1.0, 1.0, 0.0]])
    >>> share = np.array([0.3, 0.3, 0.3, 0.1])
    >>> _, offset = calibrate("logistic", outputs, targets, share)
    >>> expit(offset).round(3)
    array([[0.9]])
    """
    mean = outputs @ share
    factor, level = (None, None) if start is None else start
    if level is not None:
        level = level + factor * mean
    centred = outputs - mean[..., None]
    goal = targets @ share if frequencies is None else frequencies
    problem = centred, mean, targets, share, goal[:, None]
    if kind == "squared_error":
        factor = np.ones_like(mean) if factor is None else factor
        factor, level = _least_squares(*problem, factor)
    else:
        likelihood = _LIKELIHOODS[kind].of(*problem)
        start = likelihood.start(factor, level)
        factor, level = _by_newton(likelihood, *start, n_steps)
    factor = np.broadcast_to(factor, mean.shape).astype(outputs.dtype)
    return factor, (level - factor * mean).astype(outputs.dtype)


def _is_flat(variance, mean_square):
    """Whether what varies of an output is rounding."""
    return variance <= 1e-10 * (1e-10 + mean_square)


def _least_squares(centred, mean, targets, share, goal, start):
    variance = centred**2 @ share
    shared = (centred * (targets - goal)[:, None, :]) @ share
    flat = _is_flat(variance, variance + mean**2)
    return np.where(flat, start, shared / np.where(flat, 1, variance)), goal


def _by_newton(likelihood, factor, level, n_steps):
    for _ in range(n_steps):
        before = factor, level
        factor, level = likelihood.newton_step(factor, level)
        change = np.abs(factor / before[0] - 1).max(), np.abs(level - before[1]).max()
        if max(change) < _SETTLED:
            break
    return factor, level


@dataclass(frozen=True)
class _Likelihood:
    """Log loss of factor * centred + level and its decay, with Newton's steps.

    Parameters
    ----------
    centred : ndarray of shape (K, W, n)
        Outputs less their means.
    goal : ndarray of shape (K, 1)
        Frequencies of the classes.
    product : ndarray
        Mean product of indicator and output, added up where outputs share a factor.
    square : ndarray
        Likewise of the squared output.
    flat : ndarray of bool
        Where there is nothing to be scaled.
    share : ndarray of shape (n,)
    """

    centred: np.ndarray
    goal: np.ndarray
    product: np.ndarray
    square: np.ndarray
    flat: np.ndarray
    share: np.ndarray

    @classmethod
    def of(cls, centred, mean, targets, share, goal):
        """Compute what the steps have in common."""
        product = cls.total((centred @ (targets * share)[..., None])[..., 0])
        goal = goal + _UNKNOWN * (cls.nothing(len(goal)) - goal)
        square = cls.total(centred**2 @ share)
        flat = _is_flat(square, square + cls.total(mean**2))
        return cls(centred, goal, product, square, flat, share)

    def start(self, factor, level):
        """Choose what the caller leaves open."""
        if factor is None:
            mean_square = self.square * (len(self.square) / len(self.goal))
            factor = 1 / np.sqrt(np.maximum(mean_square, 1e-6))
        if level is None:
            level = np.broadcast_to(self.log_odds(), self.centred.shape[:2])
        return factor[: len(self.square)], level

    def newton_step(self, factor, level):
        """Solve for factor and levels together: each level depends on the factor only.

        With H the second derivatives [[h, c'], [c, diag(v)]], the factor's step is that
        of its Schur complement h - c' diag(v)^-1 c.
        """
        z = factor[..., None] * self.centred
        z += level[..., None]
        by_factor, by_level, h, c, v = self.derivatives(z)
        by_factor = by_factor + _DECAY * factor * self.square
        v = np.maximum(v, 1e-9)
        slope = by_factor - self.total(c * by_level / v)
        curvature = h + _DECAY * self.square - self.total(c * c / v)
        step = slope / np.maximum(curvature, 1e-12)
        step = np.where(self.flat, 0, np.clip(step, -0.5 * factor, factor))
        of_level = np.clip((by_level - c * step) / v, -_FARTHEST, _FARTHEST)
        return np.clip(factor - step, 1e-6, 1e6), level - of_level


class _Logistic(_Likelihood):
    """Each output has its own factor, and decides by itself."""

    @staticmethod
    def nothing(n_outputs):
        return 1 / 2

    @staticmethod
    def total(values):
        return values

    def log_odds(self):
        return np.log(self.goal) - np.log1p(-self.goal)

    def derivatives(self, z):
        """First by factor and level; second by factor, by both, by level."""
        p = probabilities("logistic", z)
        by_level = p @ self.share - self.goal
        by_factor = (p * self.centred) @ self.share - self.product
        p *= 1 - p
        v = p @ self.share
        p *= self.centred
        c = p @ self.share
        p *= self.centred
        return by_factor, by_level, p @ self.share, c, v


class _Softmax(_Likelihood):
    """Outputs share a factor and compete.

    The matrix of second derivatives by the levels is bounded by twice its diagonal: it
    is that of a graph's Laplacian. Steps so stay simple where classes are many.
    """

    @staticmethod
    def nothing(n_outputs):
        return 1 / n_outputs

    @staticmethod
    def total(values):
        return values.sum(axis=0, keepdims=True)

    def log_odds(self):
        logs = np.log(self.goal)
        return logs - logs.mean()

    def derivatives(self, z):
        """First by factor and levels; second by factor, by both, by levels."""
        p = probabilities("softmax", z)
        of_class = p @ self.share
        v = 2 * (of_class - (p * p) @ self.share)
        products = p * self.centred
        mean = products.sum(axis=0)
        by_factor = (mean @ self.share)[None] - self.product
        p *= mean
        products -= p
        c = products @ self.share
        products *= self.centred
        h = self.total(products @ self.share)
        return by_factor, of_class - self.goal, h, c, v


_LIKELIHOODS = {"logistic": _Logistic, "softmax": _Softmax}
