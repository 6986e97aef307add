"""Choose a ridge strength by rows that are left out one by one."""

import numpy as np

from sklearn_halfnet.linear.fit import RidgeFit
from sklearn_halfnet.linear.left_out import LeftOut

__all__ = ["best_left_out", "checked_fit"]

# Each candidate costs a factorisation.
_N_ALPHAS = 12
# Rows a column beyond which leverages are small, and alike for what matters here.
_MANY_ROWS = 4
# Rows that check a choice.
_N_CHECKED = 500
_STEP = np.sqrt(10)


def checked_fit(gram, H, Y, weight=None, alphas=None, relative=False):
    """Choose the strength by generalised cross-validation, and check it.

    Generalised cross-validation takes the mean leverage for that of every row. Where
    rows are not many times the columns that can be far from true: of rows of which some
    are copies of others, a fit through nearly all of them has small residuals at the
    copies and leverages near one at the rest. So there the rows' own leave-one-out
    errors are computed, and the strength is raised as long as they fall.

    Parameters
    ----------
    gram : Gram
    H : ndarray of shape (n_rows, n_features)
        A random sample of the rows that the Gram has seen, or all.
    Y : ndarray of shape (n_rows, n_targets)
    weight : ndarray of shape (n_rows,), default=None
    alphas, relative
        As in ``Gram.best_fit``.

    Returns
    -------
    fit : RidgeFit
    """
    fit, n_columns = gram.best_fit(alphas, relative), len(gram.gram)
    if gram.n_effective > _MANY_ROWS * n_columns:
        return fit
    rows = np.arange(len(H))
    if _N_CHECKED < len(H) and n_columns < gram.n_samples:
        # Of no more rows than columns each is needed to leave one out.
        rows = np.linspace(0, len(H) - 1, _N_CHECKED).astype(int)
    weight = None if weight is None else weight[rows]
    error = _LeftOutError(gram, H[rows], Y[rows], weight, relative)
    least = error(fit)
    for alpha in _stronger(fit.alpha, alphas, gram):
        other = RidgeFit(gram, alpha)
        found = error(other)
        if not found < least:
            break
        fit, least = other, found
    return fit


def best_left_out(gram, H, Y, weight=None, alphas=None, relative=False):
    """Choose the strength of least leave-one-out error; parameters as above."""
    if alphas is None:
        largest = np.trace(gram.gram) or 1.0
        alphas = np.geomspace(1e-9, 1e2, _N_ALPHAS) * largest
    fits = (RidgeFit(gram, float(alpha)) for alpha in np.sort(alphas)[::-1])
    # Without its factor: one a candidate would fill the memory.
    error = _LeftOutError(gram, H, Y, weight, relative)
    return RidgeFit(
        gram, min((error(fit), i, fit.alpha) for i, fit in enumerate(fits))[2]
    )


def _stronger(alpha, alphas, gram):
    """Candidates above the one chosen, in increasing order."""
    if alphas is not None:
        return [float(other) for other in np.sort(alphas) if other > alpha]
    largest = max(alpha, np.trace(gram.gram))
    n_steps = np.log(largest / alpha) / np.log(_STEP)
    return [float(alpha * _STEP**i) for i in range(1, max(1, int(np.ceil(n_steps))))]


class _LeftOutError:
    """Weighted squared error of rows left out, as a function of a RidgeFit."""

    def __init__(self, gram, H, Y, weight, relative):
        self.left_out = LeftOut(gram, H, Y, weight)
        positive = np.where(gram.target_square > 0, gram.target_square, 1)
        self.unit = positive if relative else 1.0

    def __call__(self, fit):
        # A singular fit is that of another strength.
        if fit.is_singular:
            return np.inf
        square = (self.left_out.Y - self.left_out(fit)) ** 2 / self.unit
        return np.nan_to_num(self.left_out.weight @ square.sum(axis=1), nan=np.inf)
