"""Rows that a closed form has left out one by one, and the intervals that follow.

All methods take the same few numbers: what a row is predicted to be without itself, and
k(x, i) = z(x)^T (Z^T W Z + alpha I_0)^-1 z_i, z = (1, h), I_0 the identity but for the
intercept: what one row moves another's prediction by.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from scipy import linalg, stats

from sklearn_halfnet.linear import Gram, RidgeFit
from sklearn_halfnet.linear.choice import checked_fit
from sklearn_halfnet.linear.ridge import row_space

__all__ = ["METHODS", "LeftOutErrors", "LeftOutRows"]

# Errors below this share of their median say no less of the noise than it does.
_LEAST_ERROR = 1e-3
# A rank that is a whole number but for rounding is that number.
_ROUNDING = 1 + 1e-9


@dataclass(frozen=True, eq=False)
class Spread:
    """How large errors are at a row: exp(V h + c), within what training rows show.

    Parameters
    ----------
    coef : ndarray of shape (n_targets, n_columns)
    intercept : ndarray of shape (n_targets,)
    rows : ndarray of shape (n_rows, n_targets)
        Of the rows that it is fitted to, each as if it had been left out.
    """

    coef: np.ndarray
    intercept: np.ndarray
    rows: np.ndarray

    @classmethod
    def of_errors(cls, H, errors, weight):
        """Fit the logarithm of absolute errors by ridge regression.

        Its strength is its own: logarithms are noisier than targets.
        """
        size = np.abs(errors)
        floor = _LEAST_ERROR * np.median(size, axis=0) + np.finfo(float).tiny
        logs = np.log(np.maximum(size, floor))
        basis: Any = row_space(H) if len(H) < H.shape[1] else None
        axes = H if basis is None else H @ basis
        gram = Gram().update(axes, logs, weight)
        fit = checked_fit(gram, axes, logs, weight, relative=True).regular()
        solved: tuple[Any, Any] = fit.solve()
        coef, intercept = solved
        coef = coef if basis is None else coef @ basis.T
        left_out = fit.leave_one_out(axes, logs, weight)
        left_out = np.where(np.isnan(left_out), gram.target_mean, left_out)
        # Of errors about as large as their logarithm's noise allows, no more is known.
        bounds = logs.min(axis=0), logs.max(axis=0)
        return cls(coef, intercept, np.exp(left_out.clip(*bounds)))

    @property
    def nbytes(self):
        """Bytes of the arrays."""
        return self.coef.nbytes + self.intercept.nbytes + self.rows.nbytes

    def at(self, H):
        """Size of the errors (n, n_targets) at rows."""
        logs = H @ self.coef.T + self.intercept
        bounds = self.rows.min(axis=0), self.rows.max(axis=0)
        return np.exp(logs.clip(*np.log(bounds)))


@dataclass(frozen=True, eq=False)
class LeftOutErrors:
    """Errors of rows that were left out: all that jackknife intervals need.

    Parameters
    ----------
    errors : ndarray of shape (n_rows, n_targets)
        Targets less what is predicted by the fit without the row.
    weight : ndarray of shape (n_rows,)
    new_weight : float
        Of a row to come: the mean of all rows.
    spread : Spread
    """

    errors: np.ndarray
    weight: np.ndarray
    new_weight: float
    spread: Spread

    @property
    def nbytes(self):
        """Bytes of the arrays."""
        return self.errors.nbytes + self.weight.nbytes + self.spread.nbytes


class LeftOutRows:
    """The same of sums over rows, found when first asked for; and the rows' kernels.

    Parameters
    ----------
    stream : Stream
    model : ClosedFormModel
        As solved from it.
    """

    def __init__(self, stream, model):
        self.stream, self.model = stream, model

    def __getstate__(self):
        return {"stream": self.stream, "model": self.model}

    @property
    def sums(self):
        """Sums over all rows."""
        return self.stream.sums

    def _fits(self):
        strengths = np.atleast_1d(self.model.alpha) / self.model.weight_unit
        return [
            RidgeFit(gram, float(strength)).regular()
            for gram, strength in zip(self.sums.read_out.grams, strengths, strict=True)
        ]

    @cached_property
    def errors(self):
        """Errors (n_rows, n_targets) without the row."""
        rows = self.sums.rows
        return rows.targets - self.sums.read_out.left_out(self._fits(), rows)

    @cached_property
    def errors_by_group(self):
        """For each target and read-out, w_i times the error without row i."""
        rows = self.sums.rows
        predicted = np.stack(self.sums.read_out.each_left_out(self._fits(), rows))
        errors = rows.weight[:, None] * (rows.targets - predicted)
        return errors.transpose(2, 0, 1)

    @cached_property
    def residuals(self):
        """Targets less predictions (n_rows, n_targets) of the fit to all rows."""
        rows = self.sums.rows
        H = rows.features.astype(np.float64)
        coef, intercept = self.sums.read_out.solve(self._fits(), H.shape[1])
        return rows.targets - H @ coef.T - intercept

    @property
    def weight(self):
        """Weights (n_rows,)."""
        return self.sums.rows.weight

    @property
    def new_weight(self):
        """Weight of a row to come."""
        gram = self.sums.read_out.grams[0]
        return gram.total_weight / gram.n_samples

    @cached_property
    def spread(self):
        """Spread of the errors."""
        rows = self.sums.rows
        return Spread.of_errors(rows.features, self.errors, rows.weight)

    @cached_property
    def kernels(self):
        """One RowKernel for each read-out."""
        parts = zip(self.sums.read_out.parts, self._fits(), strict=True)
        H = self.sums.rows.features.astype(np.float64)
        return [
            RowKernel(columns, basis, gram, fit, H)
            for (columns, basis, gram), fit in parts
        ]

    def kept(self):
        """Return what does without the sums."""
        return LeftOutErrors(self.errors, self.weight, self.new_weight, self.spread)


class RowKernel:
    """k(x, i) of any rows x and the rows i of a sample.

    Parameters
    ----------
    columns, basis, gram
        Of a group of ``ReadOutSums``.
    fit : RidgeFit
        Regular.
    H : ndarray of shape (n_rows, n_columns), float64
        Features of the sample.
    """

    def __init__(self, columns, basis, gram, fit, H):
        self.columns, self.basis, self.gram, self.fit = columns, basis, gram, fit
        self.rows, _ = self._solved(H)

    def _solved(self, H):
        """Return L^-1 (h - mean), and the squared length of h beyond the axes."""
        H, mean, beyond = H[:, self.columns], self.gram.feature_mean, 0.0
        axes = (H if self.basis is None else H @ self.basis) - mean
        if self.basis is not None:
            away = H - self.basis @ mean
            beyond = np.square(away).sum(axis=1) - np.square(axes).sum(axis=1)
            beyond = beyond.clip(min=0)
        half = linalg.solve_triangular(self.fit.factor, axes.T, lower=True)
        return half, beyond

    def __call__(self, H):
        """Return k(x, i) (n, n_rows) and k(x, x) (n,)."""
        half, beyond = self._solved(H)
        mean = 1 / self.gram.total_weight
        own = mean + np.square(half).sum(axis=0) + beyond / self.fit.alpha
        return mean + half.T @ self.rows, own

    @property
    def own(self):
        """k(i, i) (n_rows,)."""
        return 1 / self.gram.total_weight + np.square(self.rows).sum(axis=0)

    @cached_property
    def variance(self):
        """Most probable variance of the noise at weight 1, (n_targets,).

        Of y_c ~ N(0, s^2 (W^-1 + H H^T / alpha)): s^2 = (y_c^T W y_c - c^T V) / (n - 1)
        (Bishop, "Pattern recognition and machine learning", 2006, section 3.5).
        """
        coef: Any = self.fit.solve()[0]
        explained = np.einsum("ij,ji->j", self.gram.cross, coef)
        left = self.gram.target_square - explained
        return left.clip(min=0) / max(self.gram.n_samples - 1, 1)


# -- the methods ---------------------------------------------------------------------
# Each takes features and predictions of some rows, how large errors are at them or
# None, and the shares that may miss: it returns (n, n_targets, 2, n_levels).


def _jackknife(known, H, center, spread, miss):
    size = np.abs(known.errors)
    here = np.ones_like(center)
    if spread is not None:
        size, here = size / known.spread.rows, spread
    margin = -_low_ends(-size.T, known.weight, known.new_weight, miss)
    half = here[:, :, None] * margin
    return np.stack([center[:, :, None] - half, center[:, :, None] + half], axis=2)


def _jackknife_plus(known, H, center, spread, miss):
    kernels = [kernel(H)[0] for kernel in known.kernels]
    found = np.empty((*center.shape, 2, len(miss)))
    for k, own in enumerate(known.errors_by_group):
        moved = np.mean(
            [kernel * each for kernel, each in zip(kernels, own, strict=True)], axis=0
        )
        without = center[:, [k]] - moved
        size = np.abs(known.errors[:, k])
        if spread is not None:
            size = spread[:, [k]] * (size / known.spread.rows[:, k])
        found[:, k] = _ends(known, without - size, without + size, miss)
    return found


def _conformal(known, H, center, spread, miss):
    """Full conformal prediction by studentised residuals.

    A row of target mu(x) + t joins the fit, with weight w. It turns the residual e_i
    into e_i - g_i t, g_i = w k(x, i) / (1 + w k(x, x)), and the share 1 - l_i of it
    that is not due to row i into 1 - l_i + w_i w k(x, i)^2 / (1 + w k(x, x)); its own
    residual is t / (1 + w k(x, x)). Row i is at least as strange as the new one for t
    between a_i / (1 + b_i) and -a_i / (1 - b_i), where |a_i - b_i t| = |t|; |b_i| < 1
    if weights and noise are equal. Other rows are taken to be as strange everywhere.
    """
    new, weight = known.new_weight, known.weight
    gain = left = own = 0.0
    for kernel in known.kernels:
        with_rows, itself = kernel(H)
        itself = 1 + new * itself[:, None]
        gain = gain + new * with_rows / itself
        left = left + 1 - weight * kernel.own + weight * new * with_rows**2 / itself
        own = own + 1 / itself
    n_groups = len(known.kernels)
    gain, left, own = gain / n_groups, left / n_groups, own / n_groups
    # What turns the residuals and the gain into units of the new row's score.
    unit = np.sqrt(np.maximum(left, np.finfo(float).tiny) * own)
    found = np.empty((*center.shape, 2, len(miss)))
    for k, residuals in enumerate(known.residuals.T):
        scaled = unit
        if spread is not None:
            scaled = unit * (known.spread.rows[:, k] / spread[:, [k]])
        a, b = residuals / scaled, gain / scaled
        with np.errstate(divide="ignore", invalid="ignore"):
            one, other = a / (1 + b), a / (b - 1)
        bounded = np.abs(b) < 1
        low = np.where(bounded, np.minimum(one, other), -np.inf)
        high = np.where(bounded, np.maximum(one, other), np.inf)
        found[:, k] = center[:, k, None, None] + _ends(known, low, high, miss)
    return found


def _bayes(known, H, center, spread, miss):
    noise = np.ones_like(center)
    if spread is not None:
        weight, errors = known.weight, known.errors
        in_units = np.average((errors / known.spread.rows) ** 2, axis=0, weights=weight)
        whole = np.average(errors**2, axis=0, weights=weight)
        noise = spread**2 * (in_units / np.where(whole > 0, whole, 1))
    noise = noise / known.new_weight
    deviation = np.mean(
        [
            np.sqrt(kernel.variance * (noise + kernel(H)[1][:, None]))
            for kernel in known.kernels
        ],
        axis=0,
    )
    n_samples = known.sums.read_out.grams[0].n_samples
    factor = stats.t.ppf(1 - np.asarray(miss) / 2, max(n_samples - 1, 1))
    half = deviation[:, :, None] * factor
    return np.stack([center[:, :, None] - half, center[:, :, None] + half], axis=2)


METHODS: dict[str, Any] = {
    "jackknife+": _jackknife_plus,
    "jackknife": _jackknife,
    "conformal": _conformal,
    "bayes": _bayes,
}


# -- quantiles -----------------------------------------------------------------------


def _ends(known, low, high, miss):
    weights = known.weight, known.new_weight
    low, high = _low_ends(low, *weights, miss), _low_ends(-high, *weights, miss)
    return np.stack([low, -high], axis=1)


def _low_ends(values, weight, new_weight, miss):
    """Find quantiles from below, of rows and a new one that may lie anywhere.

    The floor(miss (n + 1))-th smallest of n values of equal weight; minus infinity
    where the new row alone is more than may be missed.

    Parameters
    ----------
    values : ndarray of shape (n, n_rows)
    weight : ndarray of shape (n_rows,)
    new_weight : float
    miss : sequence of float

    Returns
    -------
    ends : ndarray of shape (n, n_levels)
    """
    whole = weight.sum() + new_weight
    beyond = np.asarray(miss) * whole * _ROUNDING - new_weight
    if (weight == weight[0]).all():
        places = (beyond // weight[0]).astype(int).clip(0, len(weight) - 1)
        ends = np.partition(values, places, axis=1)[:, places]
    else:
        order = np.argsort(values, axis=1)
        total = np.cumsum(weight[order], axis=1)
        places = np.stack([np.count_nonzero(total <= b, axis=1) for b in beyond], 1)
        places = np.take_along_axis(order, places.clip(max=len(weight) - 1), axis=1)
        ends = np.take_along_axis(values, places, axis=1)
    return np.where(beyond < 0, -np.inf, ends)
