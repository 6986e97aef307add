"""Ridge regression in closed form, for a matrix of features in memory."""

from typing import NamedTuple

import numpy as np
from scipy import linalg

from sklearn_halfnet._matmul import matmul
from sklearn_halfnet.linear.choice import checked_fit
from sklearn_halfnet.linear.fit import RidgeFit
from sklearn_halfnet.linear.gram import Gram

__all__ = ["RidgeSolution", "ridge", "row_space"]


class RidgeSolution(NamedTuple):
    """What ``ridge`` finds.

    Parameters
    ----------
    coef : ndarray of shape (n_targets, n_features), float64
    intercept : ndarray of shape (n_targets,), float64
    alpha : float
        The strength: ``sum_i w_i |y_i - V h_i - c|^2 + alpha |V|^2`` is least.
    relative_alpha : float
        The strength in units of the mean diagonal of the centred Gram matrix, which
        can be compared between features of another number or scale.
    """

    coef: np.ndarray
    intercept: np.ndarray
    alpha: float
    relative_alpha: float


def ridge(H, Y, *, sample_weight=None, least_relative_alpha=0.0, solved_at=None):
    """Fit Y = V h + c by weighted ridge regression, c unpenalised.

    The strength is chosen by generalised cross-validation. With fewer rows than
    features the system is solved in the space that the rows span.

    Parameters
    ----------
    H : ndarray of shape (n_samples, n_features)
        float32 or float64; products are taken in this precision, the system is solved
        in float64.
    Y : ndarray of shape (n_samples, n_targets)
    sample_weight : ndarray of shape (n_samples,) or None
        Scaled to a mean of one over the rows of positive weight.
    least_relative_alpha : float, default=0
        Least strength, in units of the mean diagonal of the centred Gram matrix.
    solved_at : float, default=None
        Relative strength at which to solve, in place of the one that is chosen and
        returned.

    Returns
    -------
    solution : RidgeSolution

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_halfnet.linear.ridge import ridge
    >>> H = np.arange(6.0)[:, None]
    >>> solution = ridge(H, 2 * H + 1)
    >>> np.round(solution.coef, 3), np.round(solution.intercept, 3)
    (array([[2.]]), array([1.]))
    """
    if sample_weight is not None:
        n_rows = np.count_nonzero(sample_weight)
        sample_weight = sample_weight * (n_rows / sample_weight.sum())
    # Of a constant column not even rounding is left to be scaled up.
    H, origin = H - H[:1], H[0].astype(np.float64)
    basis = row_space(H).astype(H.dtype) if len(H) < H.shape[1] else None
    axes = H if basis is None else matmul(H, basis)
    gram = Gram().update(axes, Y, sample_weight)
    fit = checked_fit(gram, axes, Y, sample_weight)
    unit = np.trace(gram.gram) / H.shape[1] or 1.0
    if fit.alpha < least_relative_alpha * unit:
        fit = RidgeFit(gram, least_relative_alpha * unit)
    solved = fit if solved_at is None else RidgeFit(gram, solved_at * unit)
    coef, intercept = solved.solve()
    coef = coef if basis is None else coef @ basis.T
    intercept = intercept - coef @ origin
    return RidgeSolution(coef, intercept, fit.alpha, fit.alpha / unit)


def row_space(H):
    """Orthonormal basis of the rows of H.

    Ridge regression finds its solution in this space, and turning the axes changes
    neither solution nor cross-validation. So few rows need no wide Gram matrix.

    Parameters
    ----------
    H : ndarray of shape (n_rows, n_columns)

    Returns
    -------
    basis : ndarray of shape (n_columns, min(n_rows, n_columns)), float64
    """
    rows = H.T.astype(np.float64)
    return linalg.qr(rows, mode="economic", overwrite_a=True, check_finite=False)[0]
