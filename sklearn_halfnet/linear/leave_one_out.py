"""Leave-one-out predictions of a ridge regression, without a second fit."""

import numpy as np
from scipy import linalg

from sklearn_halfnet._matmul import matmul, row_blocks

__all__ = ["leave_one_out"]


def leave_one_out(H, Y, gram, alpha, left_weight=None):
    """Predict each row as if the read-out had been fitted without it.

    With V, c of all rows and leverage l_i = 1/W + (h_i - mean)^T (G + alpha I)^-1
    (h_i - mean), the residual of row i without a weight w_i of it is r_i / (1 - w_i
    l_i): the
    Sherman-Morrison formula applied to ridge regression. One triangular system a row;
    a sample of the rows will do where only a few numbers are learned from the scores.

    Parameters
    ----------
    H : ndarray of shape (n_rows, n_features)
        Any of the rows that ``gram`` has seen.
    Y : ndarray of shape (n_rows, n_targets)
    gram : Gram
    alpha : float
        Greater than 0.
    left_weight : ndarray of shape (n_rows,), default=None
        How much of each row's weight is left out: of a row that occurs twice, one.
        None is 1 for every row.

    Returns
    -------
    predictions : ndarray of shape (n_rows, n_targets)

    Raises
    ------
    LinAlgError
        If the Gram matrix is singular at this alpha.

    References
    ----------
    R. D. Cook, S. Weisberg, "Residuals and Influence in Regression" (1982), section
    2.2.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_halfnet.linear import Gram, leave_one_out
    >>> H, Y = np.array([[0.0], [1.0], [2.0]]), np.array([[0.0], [1.0], [5.0]])
    >>> sums = Gram().update(H, Y)
    >>> np.round(leave_one_out(H, Y, sums, alpha=1e-9)[2], 4)
    array([2.])
    """
    shifted = gram.gram.copy()
    shifted[np.diag_indices_from(shifted)] += alpha
    factor = linalg.cholesky(shifted, lower=True, overwrite_a=True, check_finite=False)
    solution = linalg.cho_solve((factor, True), gram.cross, check_finite=False)
    coef, intercept = gram.with_intercept(solution)
    factor = factor.astype(H.dtype, copy=False)
    predictions = np.empty(np.shape(Y))
    for rows in row_blocks(len(H), H.shape[1] * H.itemsize):
        fitted = matmul(H[rows], coef.T.astype(H.dtype)) + intercept
        taken = 1.0 if left_weight is None else left_weight[rows]
        left = 1 - taken * _leverages(H[rows], gram, factor)
        # A row fitted exactly says nothing of its own prediction: 0 / 0.
        residual = (Y[rows] - fitted) / np.maximum(left, 1e-6)[:, None]
        predictions[rows] = Y[rows] - residual
    return predictions


def _leverages(H, gram, factor):
    """Leverage of one observation at each row."""
    centred = (H - gram.feature_mean).T.astype(H.dtype)
    half = linalg.solve_triangular(factor, centred, lower=True, check_finite=False)
    return 1 / gram.total_weight + np.einsum("ji,ji->i", half, half, dtype=np.float64)
