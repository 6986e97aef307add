"""Ridge regression in closed form, for a matrix of features in memory."""

import numpy as np

from sklearn_halfnet._matmul import matmul, syrk
from sklearn_halfnet.linear.gram import Gram
from sklearn_halfnet.linear.solve import solve_ridge

__all__ = ["ridge"]


def ridge(H, Y, *, sample_weight=None, alpha=1e-3):
    """Fit Y = V h + c by weighted ridge regression, c unpenalised.

    Parameters
    ----------
    H : ndarray of shape (n_samples, n_features)
        float32 or float64; products are taken in this precision, the system is solved
        in float64.
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
    if len(H) < H.shape[1]:
        return _dual(H, Y, sample_weight, alpha)
    sums = Gram().update(H, Y, sample_weight)
    penalty = alpha * np.trace(sums.gram) / H.shape[1]
    return sums.with_intercept(solve_ridge(sums.gram, sums.cross, penalty, warn=False))


def _dual(H, Y, sample_weight, alpha):
    """V^T = H^T (H H^T + penalty)^-1 Y, cheaper with fewer rows than features."""
    weight = np.ones(len(H)) if sample_weight is None else sample_weight
    share = weight / weight.sum()
    h_mean, y_mean = share @ H, share @ Y
    root = np.sqrt(weight)[:, None]
    centred = (root * (H - h_mean)).astype(H.dtype)
    kernel = syrk(np.ascontiguousarray(centred.T)).astype(np.float64)
    penalty = alpha * np.trace(kernel) / H.shape[1]
    dual = solve_ridge(kernel, root * (Y - y_mean), penalty, warn=False)
    coef = matmul(centred.T.astype(np.float64), dual)
    return coef.T, y_mean - h_mean @ coef
