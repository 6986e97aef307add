"""Ridge regression in closed form, for a matrix of features in memory."""

import numpy as np
from scipy import linalg

from sklearn_halfnet._matmul import syrk, matmul

__all__ = ["ridge", "solve_positive"]


def ridge(H, Y, *, sample_weight=None, alpha=1e-3):
    """Fit Y = V h + c by weighted ridge regression, c unpenalised.

    Parameters
    ----------
    H : ndarray of shape (n_samples, n_features)
        float32 or float64; products are taken in this precision.
    Y : ndarray of shape (n_samples, n_targets)
    sample_weight : ndarray of shape (n_samples,) or None
    alpha : float, default=1e-3
        Strength relative to the mean diagonal of the centred Gram matrix, so it does
        not depend on the features' scale or on the number of rows.

    Returns
    -------
    coef : ndarray of shape (n_targets, n_features), float64
    intercept : ndarray of shape (n_targets,), float64

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_halfnet.linear.ridge import ridge
    >>> H = np.arange(6.0)[:, None]
    >>> coef, intercept = ridge(H, 2 * H + 1, alpha=1e-12)
    >>> np.round(coef, 6), np.round(intercept, 6)
    (array([[2.]]), array([1.]))
    """
    weight = np.ones(len(H)) if sample_weight is None else sample_weight
    share = weight / weight.sum()
    h_mean, y_mean = share @ H, share @ Y
    root = np.sqrt(share)[:, None].astype(H.dtype)
    H = root * (H - h_mean.astype(H.dtype))
    Y = root * (Y - y_mean)
    penalty = alpha * np.einsum("ij,ij->", H, H, dtype=np.float64) / H.shape[1]
    coef = _primal(H, Y, penalty) if len(H) >= H.shape[1] else _dual(H, Y, penalty)
    return coef.T, y_mean - h_mean @ coef


def _primal(H, Y, penalty):
    gram = syrk(H).astype(np.float64)
    gram[np.diag_indices_from(gram)] += penalty
    return solve_positive(gram, matmul(H.T, Y.astype(H.dtype)).astype(np.float64))


def _dual(H, Y, penalty):
    """V^T = H^T (H H^T + penalty)^-1 Y, cheaper with fewer rows than features."""
    kernel = syrk(np.ascontiguousarray(H.T)).astype(np.float64)
    kernel[np.diag_indices_from(kernel)] += penalty
    return H.T.astype(np.float64) @ solve_positive(kernel, Y.astype(np.float64))


def solve_positive(matrix, right):
    """Solve a symmetric positive semidefinite system.

    Parameters
    ----------
    matrix : ndarray of shape (k, k)
    right : ndarray of shape (k, m)

    Returns
    -------
    solution : ndarray of shape (k, m)
        Of minimum norm if the matrix is singular to working precision.
    """
    try:
        factor = linalg.cho_factor(matrix, lower=True)
    except linalg.LinAlgError:
        return linalg.lstsq(matrix, right)[0]
    norm = np.abs(matrix).sum(axis=0).max()
    reciprocal_condition, _ = linalg.lapack.dpocon(factor[0], norm, uplo="L")
    if reciprocal_condition < np.finfo(np.float64).eps:
        return linalg.lstsq(matrix, right)[0]
    return linalg.cho_solve(factor, right)
