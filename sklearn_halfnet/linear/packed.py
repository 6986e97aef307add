"""Symmetric matrices as half of their numbers, for pickles, files and networks."""

import numpy as np
from scipy.linalg import lapack

__all__ = ["packed", "unpacked"]

_PANEL = 512


def packed(matrix):
    """Return the lower triangle of a symmetric matrix, row by row.

    Parameters
    ----------
    matrix : ndarray of shape (k, k), float64

    Returns
    -------
    numbers : ndarray of shape (k * (k + 1) / 2,)

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_halfnet.linear.packed import packed, unpacked
    >>> packed(np.array([[1.0, 2.0], [2.0, 3.0]]))
    array([1., 2., 3.])
    >>> unpacked(np.array([1.0, 2.0, 3.0]))
    array([[1., 2.],
           [2., 3.]])
    """
    # LAPACK's order is by columns: rows of the lower triangle are columns of the upper.
    return lapack.dtrttp(matrix.T, uplo="U")[0]


def unpacked(numbers):
    """Return the symmetric matrix of which these numbers are the lower triangle.

    Raises
    ------
    ValueError
        If no triangle has as many numbers.
    """
    k = (int(np.sqrt(8 * len(numbers) + 1)) - 1) // 2
    if k * (k + 1) // 2 != len(numbers):
        raise ValueError(f"{len(numbers)} numbers are not the half of a matrix.")
    matrix = lapack.dtpttr(k, numbers, uplo="U")[0].T
    for start in range(0, k, _PANEL):
        here = slice(start, start + _PANEL)
        matrix[:start, here] = matrix[here, :start].T
        block = matrix[here, here]
        block[...] = np.tril(block) + np.tril(block, -1).T
    return np.ascontiguousarray(matrix)
