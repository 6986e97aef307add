"""Ridge regression in closed form, for a matrix of features in memory."""

import numpy as np
from scipy import linalg

from sklearn_halfnet._matmul import matmul
from sklearn_halfnet.linear.choice import checked_fit
from sklearn_halfnet.linear.gram import Gram

__all__ = ["ridge", "row_space"]


def ridge(H, Y, *, sample_weight=None):
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

    Returns
    -------
    coef : ndarray of shape (n_targets, n_features), float64
    intercept : ndarray of shape (n_targets,), float64
    alpha : float
        The strength: ``sum_i w_i |y_i - V h_i - c|^2 + alpha |V|^2`` is least.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_halfnet.linear.ridge import ridge
    >>> H = np.arange(6.0)[:, None]
    >>> coef, intercept, alpha = ridge(H, 2 * H + 1)
    >>> np.round(coef, 3), np.round(intercept, 3)
    (array([[2.]]), array([1.]))
    """
    if sample_weight is not None:
        n_rows = np.count_nonzero(sample_weight)
        sample_weight = sample_weight * (n_rows / sample_weight.sum())
    basis = row_space(H).astype(H.dtype) if len(H) < H.shape[1] else None
    axes = H if basis is None else matmul(H, basis)
    fit = checked_fit(Gram().update(axes, Y, sample_weight), axes, Y, sample_weight)
    coef, intercept = fit.solve()
    return coef if basis is None else coef @ basis.T, intercept, fit.alpha


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
