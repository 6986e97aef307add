"""Solve (G + alpha I) V = B for a positive semidefinite G, whatever its rank."""

import warnings

import numpy as np
from scipy import linalg
from scipy.linalg import lapack

__all__ = ["factorise", "solve_ridge"]


def factorise(matrix, alpha, trusted=False, out=None):
    """Factorise matrix + alpha I = L L^T by Cholesky's method.

    Parameters
    ----------
    matrix : ndarray of shape (k, k), float64
        Symmetric, positive semidefinite.
    alpha : float
    trusted : bool, default=False
        Whether alpha is known to be large enough for the sum to be well conditioned.
    out : ndarray of shape (k, k), default=None
        Memory for the factor. New memory costs as much time as the factorisation.

    Returns
    -------
    factor : ndarray of shape (k, k) or None
        L in Fortran order; above its diagonal stands whatever stood there. None if the
        sum is singular to working precision.
    """
    shifted = np.empty_like(matrix, order="C") if out is None else out
    shifted[...] = matrix
    shifted.flat[:: len(shifted) + 1] += alpha
    # The transpose is what LAPACK calls column-major: no second copy.
    norm = None if trusted else np.abs(shifted).sum(axis=0).max()
    factor, info = lapack.dpotrf(shifted.T, lower=1, overwrite_a=1, clean=0)
    good = info == 0 and (trusted or _well_conditioned(factor, norm))
    return factor if good else None


def solve_ridge(matrix, right, alpha, warn=True, factor=None):
    """Solve (matrix + alpha I) V = right by Cholesky's factorisation.

    Where the system is singular to working precision, the solution of minimum norm is
    taken instead, by eigenvalues: for alpha = 0 it is that of ``numpy.linalg.lstsq``.

    Parameters
    ----------
    matrix : ndarray of shape (k, k), float64
        Symmetric, positive semidefinite.
    right : ndarray of shape (k, m), float64
    alpha : float
    warn : bool, default=True
        Whether to warn (``LinAlgWarning``) about the solution of minimum norm.
    factor : ndarray of shape (k, k), default=None
        What ``factorise`` returned, if it is known.

    Returns
    -------
    solution : ndarray of shape (k, m)

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_halfnet.linear.solve import solve_ridge
    >>> solve_ridge(2 * np.eye(2), np.ones((2, 1)), alpha=2.0)
    array([[0.25],
           [0.25]])
    """
    factor = factorise(matrix, alpha) if factor is None else factor
    if factor is not None:
        return lapack.dpotrs(factor, right, lower=1)[0]
    if warn:
        warnings.warn(
            f"The Gram matrix of {len(matrix)} features is singular to working "
            f"precision at alpha={alpha:.3g}: the solution of minimum norm is taken. A "
            "larger alpha avoids this.",
            linalg.LinAlgWarning,
            stacklevel=3,
        )
    return _minimum_norm(matrix, right, alpha)


def _well_conditioned(factor, norm):
    reciprocal, _ = lapack.dpocon(factor, norm, uplo="L")
    return reciprocal > len(factor) * np.finfo(np.float64).eps


def _minimum_norm(matrix, right, alpha):
    values, vectors = linalg.eigh(matrix)
    kept = values > len(values) * np.finfo(np.float64).eps * max(values[-1], 0)
    vectors = vectors[:, kept]
    return vectors @ ((vectors.T @ right) / (values[kept] + alpha)[:, None])
