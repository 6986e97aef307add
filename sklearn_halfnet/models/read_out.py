"""The linear read-out of a trained network: its values, its start, its penalty."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import minimize_scalar

from sklearn_halfnet.linear.ridge import ridge
from sklearn_halfnet.models.row_losses import (
    constant_scores,
    derivatives,
    mean_loss,
)
from sklearn_halfnet.models.tensors import to_tensor

__all__ = ["LinearReadOut", "ridge_start", "start_read_out", "strength"]

# One-hot scores of the ridge read-out lie in [0, 1]; times this, softmax is confident.
_CONFIDENCE = 8.0
# Of the L2 penalty with alpha="auto".
_LEAST_ALPHA = 1e-4
# Of a regression on logarithms: none at all would leave nothing to be trained.
_SLOPES = 0.05, 4.0


@dataclass(frozen=True)
class LinearReadOut:
    """V h + c on the scale of y.

    Parameters
    ----------
    coef : ndarray of shape (n_outputs, n_units)
    intercept : ndarray of shape (n_outputs,), float64
    """

    coef: np.ndarray
    intercept: np.ndarray

    @classmethod
    def of_standardised(cls, coef, intercept, targets, dtype):
        """Take values that belong to standardised targets.

        Raises
        ------
        ValueError
            If they are not finite on the scale of y.
        """
        with np.errstate(over="ignore"):
            scaled = (coef.T * targets.scale).T.astype(dtype)
        if np.isfinite(coef).all() and not np.isfinite(scaled).all():
            raise ValueError(
                f"y has values too large for dtype={dtype!r}. Rescale y, or use "
                "dtype='float64'."
            )
        return cls(scaled, intercept.astype(np.float64) * targets.scale + targets.mean)

    def tensors(self, targets, dtype, device):
        """Values for standardised targets, as they are trained."""
        return (
            to_tensor((self.coef.T / targets.scale).T, dtype, device),
            to_tensor((self.intercept - targets.mean) / targets.scale, dtype, device),
        )

    @property
    def size(self):
        """Number of values."""
        return self.coef.size + self.intercept.size

    @property
    def nbytes(self):
        """Bytes of the arrays."""
        return self.coef.nbytes + self.intercept.nbytes


def start_read_out(features, sample, targets, start, rng, least_strength=0.0):
    """Find the start value of the read-out on the last layer's features.

    Parameters
    ----------
    features : ndarray of shape (n_rows, n_units)
    sample : StartSample
    targets : ClassTargets or RealTargets
    start : NetworkStart
    rng : numpy.random.Generator
    least_strength : float, default=0
        Of the ridge regression, where features have seen the targets that judge it.

    Returns
    -------
    read_out : LinearReadOut
    alpha : float or None
        The L2 strength that "auto" is; None if nobody asked.
    """
    found = None, None, None
    if start.solves_ridge:
        found = ridge_start(features, sample, targets, least_strength)
    coef, intercept, alpha = found
    if start.init == "random":
        coef = rng.standard_normal((targets.n_outputs, features.shape[1]))
        coef /= np.sqrt(features.shape[1])
        intercept = _random_intercept(sample, targets)
    read_out = LinearReadOut.of_standardised(coef, intercept, targets, start.dtype)
    return read_out, alpha


def ridge_start(features, sample, targets, least_strength=0.0):
    """Solve for the read-out, and find the L2 strength that answers to its ridge.

    About its minimum the loss of a score is c / 2 times the squared deviation, c its
    curvature: 1 of the squared loss, p (1 - p) of labels of share p; of other losses of
    a regressor it is found on the sample. A ridge regression
    whose sum of squares is penalised by lambda |V|^2 is as strong as c lambda / n in
    the mean loss of n rows. Lambda belongs to the noise, and not to the number of rows:
    the sample finds it for all n.

    Returns
    -------
    coef, intercept : ndarray
        For standardised targets.
    alpha : float
    """
    wanted = targets.indicators(sample.targets)
    coef, intercept, ridge_alpha, _ = ridge(
        features,
        wanted,
        sample_weight=sample.sample_weight,
        least_relative_alpha=least_strength,
    )
    if targets.classes is not None:
        coef = _CONFIDENCE * coef
        intercept = _CONFIDENCE * (intercept - targets.middle)
    if targets.classes is not None or targets.loss == "squared_error":
        curvature = targets.curvature(wanted, sample.sample_weight)
    else:
        ridge_scores = features.astype(np.float64) @ coef.T
        residuals = wanted - ridge_scores - intercept
        slope, scores = _calibrated(ridge_scores, sample, targets)
        coef, intercept = slope * coef, scores[0] - slope * ridge_scores[0]
        found = _derivatives(scores, slope * residuals, sample, targets)
        curvature = _relative_strength(*found)
        # What moves a quantile need not move the mean: noise to that regression.
        left = _strength_of_what_is_left(features, *found, least_strength)
        return coef, intercept, _alpha(min(curvature * ridge_alpha, left), sample)
    return coef, intercept, _alpha(curvature * ridge_alpha, sample)


def _alpha(strength, sample):
    """L2 strength of the mean loss, from that of the sum over the sample's rows."""
    return max(_LEAST_ALPHA, strength / sample.n_whole)


def _random_intercept(sample, targets):
    """Zero; where that is not the best constant of a loss, the best one."""
    if targets.classes is not None or targets.loss == "squared_error":
        return np.zeros(targets.n_outputs)
    encoded = sample.targets.astype(np.float64)
    return constant_scores(targets, encoded, sample.sample_weight)[0]


def _calibrated(ridge_scores, sample, targets):
    """Add the best constant for the loss; of logarithms, find the best slope, too.

    Returns
    -------
    slope : float
    scores : ndarray of shape (n_rows, n_outputs)
    """
    encoded, weight = sample.targets.astype(np.float64), sample.sample_weight

    def at(slope):
        return constant_scores(targets, encoded, weight, slope * ridge_scores)

    slope = 1.0
    if targets.criterion.has_log_link:
        found: Any = minimize_scalar(
            lambda slope: mean_loss(targets, at(slope), encoded, weight),
            bounds=_SLOPES,
            method="bounded",
        )
        slope = found.x
    return slope, at(slope)


def _derivatives(scores, residuals, sample, targets):
    """Return ``derivatives`` at scores, shares of the rows, and the residuals' spread.

    All in the space of scores, where a regression's residuals are times its slope.
    """
    share = sample.sample_weight / sample.sample_weight.sum()
    spread = np.sqrt(share @ residuals**2)
    spread = np.where(spread > 0, spread, 1.0)
    return *derivatives(targets, scores, sample, spread), share, spread


def _relative_strength(gradients, curvature, share, spread):
    """Find the L2 strength that answers to a ridge regression's, in units of this.

    The strength of a ridge regression is the variance of the residuals in units of that
    of the coefficients. An estimate that minimises another loss of derivative psi by
    the score has, for one row, the variance E[psi^2] / c^2 in the place of theirs, c
    the slope of E[psi]; and c takes the place of the squared loss's curvature, 1.
    """
    usable = curvature > 0
    slopes = np.where(usable, curvature, 1.0)
    ratio = share @ gradients**2 / (slopes * spread**2)
    return float(np.where(usable, ratio, 1 / len(ratio)).mean())


def _strength_of_what_is_left(
    features, gradients, curvature, share, spread, least_strength
):
    """Find the strength of a Newton step on from the scores, a ridge regression.

    It is fitted to the loss's derivatives, and counts c times.
    """
    options = {"sample_weight": share, "least_relative_alpha": least_strength}
    found, usable = ridge(features, gradients, **options), curvature > 0
    return float(found.alpha * curvature[usable].mean()) if usable.any() else np.inf


def strength(alpha, found):
    """Find the L2 strength of the objective.

    Parameters
    ----------
    alpha : float or "auto"
    found : float or None
        What ``start_read_out`` found.

    Raises
    ------
    ValueError
        If "auto" was not asked for when the read-out was started.
    """
    if alpha != "auto":
        return alpha
    if found is None:
        raise ValueError(
            "alpha='auto' is chosen when the read-out is started, but this one was "
            "started at random and with another alpha. Give a number, or set "
            "warm_start=False to start anew."
        )
    return found
