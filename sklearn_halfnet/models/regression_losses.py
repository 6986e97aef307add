"""Losses of regressors: all that is known of each, but for its value, which torch has.

Scores of a loss without log link are predictions, standardised; with one they are the
logarithm of predictions in units of the mean of y. In both cases zero is a constant
near the best one, and the fit is the same whatever the unit of y.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, ClassVar

import numpy as np
from sklearn.metrics import d2_pinball_score, d2_tweedie_score, r2_score

__all__ = [
    "LOG_LINKS",
    "REGRESSION_LOSSES",
    "RegressionLoss",
    "SquaredError",
    "loss_named",
]

# The median distance from the median, of a normal distribution, in deviations.
_NORMAL_DISTANCE = 0.6745
# Of targets in robust deviations: farther ones would rule the ridge regression that
# networks start from, for it squares them.
_FAR = 5.0
# Relative, of sums of weights: whether these reach a share must not hang on rounding.
_SLACK = 1e-9
# Logarithms of less are those of this.
_TINY = float(np.finfo(np.float32).tiny)
# Newton's steps to the best constant of the Huber loss, which takes a few.
_STEPS = 100


@dataclass(frozen=True)
class RegressionLoss:
    """What all losses have; those without options are no more than their entries."""

    name: ClassVar[str]
    # Whether it has a gradient everywhere, as L-BFGS needs it.
    is_smooth: ClassVar[bool] = True
    has_log_link: ClassVar[bool] = False

    @property
    def begun(self):
        """Parameters that a network keeps from its start on."""
        return {"loss": self.name, **asdict(self)}

    @property
    def is_several(self) -> bool:
        """Whether there are several predictions of one y, which are put in order."""
        return False

    def options(self, targets):
        """Return what the function in torch takes beside scores and targets, a dict."""
        return {}

    def check_range(self, low, mean):
        """Raise ValueError if y has a value that this loss is not defined for.

        Parameters
        ----------
        low, mean : ndarray of shape (n_outputs,)
            Smallest value and mean of each output.
        """

    def unit(self, moments, sample) -> Any:
        """Find centre and scale of each output.

        Parameters
        ----------
        moments : Moments
            Of all rows.
        sample : tuple of ndarray
            Some rows and their weights.
        """
        return moments.mean, moments.scale

    def response(self, encoded):
        """Make of encoded targets what a ridge regression is fitted to at the start."""
        return encoded

    def constant(self, encoded, weight, offset):
        """Find what is best added to scores; of the user's loss, the mean error.

        Parameters
        ----------
        encoded : ndarray of shape (n_rows, n_outputs)
        weight : ndarray of shape (n_rows,)
        offset : ndarray of shape (n_rows, n_outputs)
            The scores.

        Returns
        -------
        constant : ndarray of shape (n_outputs,)
        """
        return np.average(encoded - offset, axis=0, weights=weight)

    def perfect(self, encoded):
        """Scores that predict the targets."""
        return encoded

    def score(self, y, predicted, sample_weight) -> float:
        """Score predictions as scikit-learn does: R2, or D2 of the deviance."""
        return float(r2_score(y, predicted, sample_weight=sample_weight))


class SquaredError(RegressionLoss):
    """(y - s)^2 / 2."""

    name = "squared_error"


class _Robust(RegressionLoss):
    """A loss that far targets do not rule, nor should they rule the unit."""

    def unit(self, moments, sample) -> Any:
        columns, weight = sample
        centre = _quantile(columns, weight, 0.5)
        distance = _quantile(np.abs(columns - centre), weight, 0.5)
        # Of targets that are mostly the same there is no such distance.
        scale = np.where(distance > 0, distance / _NORMAL_DISTANCE, moments.scale)
        return centre, scale

    def response(self, encoded):
        return encoded.clip(-_FAR, _FAR)


class AbsoluteError(_Robust):
    """|y - s|."""

    name, is_smooth = "absolute_error", False

    def constant(self, encoded, weight, offset):
        return _quantile(encoded - offset, weight, 0.5)


@dataclass(frozen=True)
class Huber(_Robust):
    """(y - s)^2 / 2 up to a distance of ``epsilon``, and beyond it a line.

    Parameters
    ----------
    epsilon : float
        In robust deviations.
    """

    name = "huber"
    epsilon: float

    def options(self, targets):
        return {"epsilon": self.epsilon}

    def constant(self, encoded, weight, offset):
        rest = encoded - offset
        found = _quantile(rest, weight, 0.5)
        for _ in range(_STEPS):
            apart = rest - found
            inside = (np.abs(apart) <= self.epsilon).astype(float)
            slope = np.average(apart.clip(-self.epsilon, self.epsilon), 0, weight)
            curvature = np.average(inside, 0, weight)
            # One is the largest curvature: where there is none, a safe step.
            found = found + slope / np.where(curvature > 0, curvature, 1.0)
        return found


@dataclass(frozen=True)
class Quantile(_Robust):
    """The pinball loss, max(q (y - s), (q - 1) (y - s)).

    Parameters
    ----------
    quantile : float or tuple of float
    """

    name, is_smooth = "quantile", False
    quantile: Any

    def __post_init__(self):
        levels = np.atleast_1d(np.asarray(self.quantile, dtype=float))
        inside = levels.size and (levels > 0).all() and (levels < 1).all()
        if levels.ndim != 1 or not inside or (np.diff(levels) <= 0).any():
            raise ValueError(
                f"quantile={self.quantile!r} must be a number between 0 and 1, or a "
                "sequence of such numbers that increase."
            )
        one = np.ndim(self.quantile) == 0
        kept = float(levels[0]) if one else tuple(levels.tolist())
        object.__setattr__(self, "quantile", kept)

    @property
    def is_several(self):
        return isinstance(self.quantile, tuple)

    @property
    def levels(self):
        """Quantiles as a tuple."""
        return self.quantile if self.is_several else (self.quantile,)

    def options(self, targets):
        return {"levels": self.levels}

    def unit(self, moments, sample):
        units = super().unit(moments, sample)
        if not self.is_several:
            return units
        # All with one centre, for they are put in order.
        return tuple(np.repeat(each, len(self.levels)) for each in units)

    def constant(self, encoded, weight, offset):
        return _quantile(encoded - offset, weight, np.asarray(self.levels))

    def score(self, y, predicted, sample_weight):
        if not self.is_several:
            return super().score(y, predicted, sample_weight)
        y = np.asarray(y).reshape(-1)
        found = [
            d2_pinball_score(y, each, sample_weight=sample_weight, alpha=level)
            for each, level in zip(predicted.T, self.levels, strict=True)
        ]
        return float(np.mean(found))


class _LogLink(RegressionLoss):
    """A loss of y > 0 whose scores are logarithms of predictions."""

    has_log_link = True
    power: ClassVar[int]

    def unit(self, moments, sample):
        return np.log(moments.mean), np.ones(len(moments.mean))

    def response(self, encoded):
        # About the logarithm, but finite at zero.
        return np.log((encoded + 1) / 2)

    def perfect(self, encoded):
        return np.log(np.maximum(encoded, _TINY))

    def score(self, y, predicted, sample_weight):
        options = {"sample_weight": sample_weight, "power": self.power}
        pairs = zip(_columns(y).T, _columns(predicted).T, strict=True)
        return float(np.mean([d2_tweedie_score(*pair, **options) for pair in pairs]))


class Poisson(_LogLink):
    """exp(s) - y s."""

    name, power = "poisson", 1

    def check_range(self, low, mean):
        if (low < 0).any() or (mean <= 0).any():
            raise ValueError(
                "Some value(s) of y are out of the valid range of the loss: "
                "loss='poisson' requires non-negative y and sum(y) > 0."
            )

    def constant(self, encoded, weight, offset):
        counted, expected = (
            np.average(each, 0, weight) for each in (encoded, np.exp(offset))
        )
        # Rows that are held out may all be zero.
        return np.log(np.maximum(counted, _TINY) / expected)


class Gamma(_LogLink):
    """s + y exp(-s)."""

    name, power = "gamma", 2

    def check_range(self, low, mean):
        if (low <= 0).any():
            raise ValueError(
                "Some value(s) of y are out of the valid range of the loss: "
                "loss='gamma' requires strictly positive y."
            )

    def constant(self, encoded, weight, offset):
        return np.log(np.average(encoded * np.exp(-offset), 0, weight))


@dataclass(frozen=True)
class OfUser(RegressionLoss):
    """A function of the user's.

    Parameters
    ----------
    function : callable
        Of predictions and targets, tensors on the scale of y.
    """

    name = "callable"
    function: Callable[..., Any]

    @property
    def begun(self):
        return {"loss": self.function}

    def options(self, targets):
        units = {"mean": targets.mean, "scale": targets.scale}
        return {"function": self.function, "is_vector": targets.is_vector, **units}


REGRESSION_LOSSES = {
    each.name: each
    for each in (SquaredError, AbsoluteError, Huber, Quantile, Poisson, Gamma)
}
# Names of those of positive y.
LOG_LINKS = {name for name, loss in REGRESSION_LOSSES.items() if loss.has_log_link}


def loss_named(loss, **options):
    """Make a loss of what a user says.

    Parameters
    ----------
    loss : str or callable
        A name in ``REGRESSION_LOSSES``, or a function.
    **options : dict
        Of all losses; each takes its own.

    Returns
    -------
    loss : RegressionLoss

    Raises
    ------
    ValueError
        If ``quantile`` is none.

    Examples
    --------
    >>> from sklearn_halfnet.models.regression_losses import loss_named
    >>> loss_named("quantile", quantile=[0.1, 0.9], epsilon=1.0).levels
    (0.1, 0.9)
    """
    if callable(loss):
        return OfUser(loss)
    kind = REGRESSION_LOSSES[loss]
    taken = [name for name in kind.__dataclass_fields__ if name in options]
    return kind(**{name: options[name] for name in taken})


def _columns(y):
    return np.asarray(y).reshape(len(y), -1)


def _quantile(columns, weight, level):
    """Smallest value of each column that a share ``level`` of the weights is up to."""
    order = columns.argsort(axis=0)
    reached = weight[order].cumsum(axis=0)
    wanted = level * reached[-1] * (1 - _SLACK)
    places = (reached < wanted).sum(axis=0)[None]
    return np.take_along_axis(np.take_along_axis(columns, order, 0), places, 0)[0]
