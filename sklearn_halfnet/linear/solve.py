"""Solve (G + alpha I) V = B for a positive semidefinite G, whatever its rank."""

import warnings

import numpy as np
from scipy import linalg
from scipy.linalg import lapack

__all__ = [
    "check_strengths",
    "factorise",
    "least_strength",
    "solve_factorised",
]

_EPS = np.finfo(np.float64).eps


def check_strengths(alphas, name="alpha"):
    """Raise ValueError unless these are ridge strengths: finite, and not negative."""
    values = np.asarray(alphas)
    real = values.dtype.kind in "fiu"
    if not (real and values.size and np.isfinite(values).all() and values.min() >= 0):
        raise ValueError(
            f"{name} must be finite and not negative, got {name}={alphas!r}."
        )


def factorise(matrix, alpha, trusted=False, out=None, noise=0.0):
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
    noise : float or ndarray of shape (k,), default=0.0
        What rounding alone can leave on the diagonal.

    Returns
    -------
    factor : ndarray of shape (k, k) or None
        L in Fortran order; above its diagonal stands whatever stood there. None if the
        sum is singular to working precision, whatever the units of its columns.
    """
    shifted = np.empty_like(matrix, order="C") if out is None else out
    shifted[...] = matrix
    shifted.flat[:: len(shifted) + 1] += alpha
    # The transpose is what LAPACK calls column-major: no second copy.
    norm = None if trusted else np.abs(shifted).sum(axis=0).max()
    factor, info = lapack.dpotrf(shifted.T, lower=1, overwrite_a=1, clean=0)
    good = info == 0 and (
        trusted
        or _well_conditioned(factor, norm)
        or _badly_scaled_only(matrix, alpha, factor, noise)
    )
    return factor if good else None


def least_strength(matrix):
    """Find a small strength with which a matrix is not singular.

    Rounding in float32 can leave negative eigenvalues of any size up to 1e-6 of the
    largest, so the first strength tried need not do. The trace always does.

    Returns
    -------
    alpha : float
    factor : ndarray of shape (k, k)
        As ``factorise`` returns it.
    """
    trace = np.trace(matrix) or 1.0
    for share in np.geomspace(1e-9, 1e-1, 9):
        factor = factorise(matrix, share * trace)
        if factor is not None:
            return share * trace, factor
    return trace, factorise(matrix, trace, trusted=True)


def solve_factorised(factor, matrix, right, alpha, eps=_EPS, noise=0.0):
    """Solve (matrix + alpha I) V = right with what ``factorise`` returned.

    Where the system is singular to working precision, a warning (``LinAlgWarning``)
    says that the solution of minimum norm is taken instead, by eigenvalues: for
    alpha = 0 it is that of ``numpy.linalg.lstsq``.

    Parameters
    ----------
    factor : ndarray of shape (k, k) or None
        None where the system is singular.
    matrix : ndarray of shape (k, k), float64
        Symmetric, positive semidefinite.
    right : ndarray of shape (k, m), float64
    alpha : float
    eps : float, default=2.2e-16
        Relative rounding error of the matrix.
    noise : float or ndarray of shape (k,), default=0
        As in ``factorise``.

    Returns
    -------
    solution : ndarray of shape (k, m)

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_halfnet.linear.solve import factorise, solve_factorised
    >>> matrix = 2 * np.eye(2)
    >>> solve_factorised(factorise(matrix, 2.0), matrix, np.ones((2, 1)), alpha=2.0)
    array([[0.25],
           [0.25]])
    """
    if factor is not None:
        return lapack.dpotrs(factor, right, lower=1)[0]
    warnings.warn(
        f"The Gram matrix of {len(matrix)} features is singular to working "
        f"precision at alpha={alpha:.3g}: the solution of minimum norm is taken. A "
        "larger alpha avoids this.",
        linalg.LinAlgWarning,
        stacklevel=4,
    )
    return _minimum_norm(matrix, right, alpha, eps, noise)


def _well_conditioned(factor, norm):
    reciprocal, _ = lapack.dpocon(factor, norm, uplo="L")
    return reciprocal > len(factor) * _EPS


def _badly_scaled_only(matrix, alpha, factor, noise):
    """Whether the sum would be well conditioned with columns of one unit.

    The relative errors of Cholesky's method do not depend on these units.
    """
    scaled, unit = _unit_diagonal(matrix, alpha, noise)
    norm = np.abs(scaled).sum(axis=0).max()
    varies = scaled.diagonal().all()
    return varies and _well_conditioned(factor / unit[:, None], norm)


def _unit_diagonal(matrix, alpha, noise):
    """Return D^-1 (matrix + alpha I) D^-1 of unit diagonal, and the diagonal of D.

    Columns that are constant but for rounding become zero.
    """
    square = matrix.diagonal() + alpha
    varies = square > noise
    unit = np.sqrt(np.where(varies, square, 1))
    scaled = matrix / unit / unit[:, None] * varies * varies[:, None]
    scaled.flat[:: len(unit) + 1] = varies
    return scaled, unit


def _minimum_norm(matrix, right, alpha, eps, noise):
    """Solve in columns of unit variance, then leave out what no column determines.

    In these units a small column is not taken for a rounding error. The norm that is
    the least of all solutions is that in the columns' own units.
    """
    scaled, unit = _unit_diagonal(matrix, alpha, noise)
    values, vectors = linalg.eigh(scaled)
    kept = values > len(values) * eps * max(values[-1], 0)
    axes, free = vectors[:, kept], vectors[:, ~kept]
    solution = axes @ ((axes.T @ (right / unit[:, None])) / values[kept, None])
    solution /= unit[:, None]
    free = linalg.qr(free / unit[:, None], mode="economic")[0]
    return solution - free @ (free.T @ solution)
