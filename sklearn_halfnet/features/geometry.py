"""Start values of a geometry A: directions of the input space, by name.

Each entry of :data:`GEOMETRIES` is called with (features, targets, share, rank, rng):
features (n_rows, n_inputs), indicator or real targets (n_rows, n_targets), weights of
the rows that sum to one, and a Generator. It returns A of shape (n_inputs, rank) in
any scale, and the relative strength of the ridge regression that found it, 0 if none.
"""

import numpy as np
from scipy import linalg
from threadpoolctl import threadpool_limits

from sklearn_halfnet._matmul import matmul, syrk
from sklearn_halfnet.linear.ridge import ridge
from sklearn_halfnet.linear.solve import least_strength
from sklearn_halfnet.weights.orthogonal import orthonormal_rows

__all__ = [
    "GEOMETRIES",
    "geometry_numbers",
    "gradient_outer_product",
    "gradient_rows",
    "quick_gradient_rows",
]

# Units of the quick model whose gradients are taken.
_N_UNITS = 512
# Of its ridge regression. The strength that predicts best leaves directions out that
# a network can still learn; a weak one shows them, if with noise.
_QUICK_STRENGTH = 1e-3
# Eigenvalues, relative to the largest, that count.
_ROUNDING = 1e-8


def _orthogonal(features, targets, share, rank, rng):
    """Orthonormal directions, uniformly distributed."""
    # One thread: the last bit depends on their number.
    with threadpool_limits(limits=1, user_api="blas"):
        return orthonormal_rows(rank, features.shape[1], rng).T, 0.0


def _principal(features, targets, share, rank, rng):
    """Directions of largest variance, orthonormal; zero where there is no variance."""
    centred = features - share @ features
    centred *= np.sqrt(share)[:, None]
    values, vectors = _leading(centred.astype(np.float64), rank)
    return vectors * (values > 0), 0.0


def _gradient(features, targets, share, rank, rng):
    """Directions in which a quick model changes most, by the size of the change."""
    weights, core, strength = _quick_model(features, targets, share, rng, _N_UNITS)
    if weights.shape[1] <= _N_UNITS:
        found = _eigenpairs(weights.T @ core @ weights, rank)
    else:
        found = _leading(_root(core) @ weights, rank)
    values, vectors = found
    return vectors * np.sqrt(values), strength


GEOMETRIES = {
    "orthogonal": _orthogonal,
    "principal": _principal,
    "gradient": _gradient,
}


def geometry_numbers(geometry, n_rows, n_inputs):
    """How many float64 numbers finding a geometry takes, beside the features.

    Parameters
    ----------
    geometry : str
        A name in ``GEOMETRIES``.
    n_rows, n_inputs : int
        Shape of the features.
    """
    n_rows = {"orthogonal": 0, "principal": n_rows, "gradient": _N_UNITS}[geometry]
    return 2 * n_rows * n_inputs + 3 * min(n_rows, n_inputs) ** 2


def gradient_outer_product(features, targets, share, rng, n_units=_N_UNITS):
    """Mean outer product of the gradients of a random-feature ridge regression.

    The quick model is f(x) = V relu(W x + b) + c with random W and b. Its gradient in
    output k is W^T (m * v_k), with m the 0/1 vector of the units that are on, so the
    mean over rows of the sum over outputs is W^T ((V^T V) * E[m m^T]) W: one product
    of the on-off patterns in the place of a gradient a row.

    Parameters
    ----------
    features : ndarray of shape (n_rows, n_inputs)
    targets : ndarray of shape (n_rows, n_targets)
    share : ndarray of shape (n_rows,)
        Weights of the rows; they sum to one.
    rng : numpy.random.Generator
    n_units : int, default=512

    Returns
    -------
    outer_product : ndarray of shape (n_inputs, n_inputs), float64

    References
    ----------
    A. Radhakrishnan, D. Beaglehole, P. Pandit, M. Belkin, "Mechanism for feature
    learning in neural networks and backpropagation-free machine learning models",
    Science 383 (2024): the average gradient outer product.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_halfnet.features.geometry import gradient_outer_product
    >>> rng = np.random.default_rng(0)
    >>> X = rng.standard_normal((500, 3))
    >>> G = gradient_outer_product(X, X[:, :1] ** 2, np.full(500, 1 / 500), rng)
    >>> bool(G[0, 0] > 10 * G[1, 1])
    True
    """
    weights, core, _ = _quick_model(features, targets, share, rng, n_units)
    return weights.T @ core @ weights


def gradient_rows(weights, slopes, coef, share):
    """Few rows R with R^T R the mean outer product of a model's gradients.

    Of f(x) = V g(W x + b) + c it is W^T ((V^T V) * E[m m^T]) W, m the slopes of g. So
    normal combinations of the rows, z R, have it for their covariance.

    Parameters
    ----------
    weights : ndarray of shape (n_units, n_inputs)
        W.
    slopes : ndarray of shape (n_rows, n_units)
        Derivatives of g where the units are, m of each row.
    coef : ndarray of shape (n_outputs, n_units)
        V.
    share : ndarray of shape (n_rows,)
        Weights of the rows; they sum to one.

    Returns
    -------
    rows : ndarray of shape (n_units, n_inputs), float64
    """
    root = np.sqrt(share).astype(slopes.dtype)[:, None]
    return _factor((coef.T @ coef) * syrk(slopes * root)).T @ weights


def quick_gradient_rows(features, targets, share, rng):
    """Rows of the model that ``gradient_outer_product`` fits; parameters as there."""
    weights, core, _ = _quick_model(features, targets, share, rng, _N_UNITS)
    return _factor(core).T @ weights


def _quick_model(features, targets, share, rng, n_units):
    """Fit V on random units.

    Returns
    -------
    weights : ndarray of shape (n_units, n_inputs)
        W.
    core : ndarray of shape (n_units, n_units)
        (V^T V) * E[m m^T].
    strength : float
        Relative strength at which the ridge regression would predict best.
    """
    dtype = features.dtype
    # In float64: squares of float32 numbers may be none. About the origin, as W x is.
    square = np.einsum("i,ij,ij->", share, features, features, dtype=np.float64)
    weights = rng.standard_normal((n_units, features.shape[1])) / np.sqrt(square or 1.0)
    weights = weights.astype(dtype)
    hidden = matmul(features, weights.T) + rng.standard_normal(n_units).astype(dtype)
    is_on = hidden > 0
    np.maximum(hidden, 0, out=hidden)
    coef, _, _, strength = ridge(
        hidden, targets, sample_weight=share, solved_at=_QUICK_STRENGTH
    )
    patterns = syrk(is_on * np.sqrt(share).astype(dtype)[:, None])
    return weights.astype(np.float64), (coef.T @ coef) * patterns, strength


def _factor(matrix):
    """L with L L^T a matrix without negative eigenvalues, but for a small ridge."""
    return np.tril(least_strength(matrix)[1])


def _root(matrix):
    """Symmetric square root of a symmetric matrix without negative eigenvalues."""
    values, vectors = linalg.eigh(matrix)
    return (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T


def _leading(rows, rank):
    """Largest eigenvalues of R^T R and their vectors, of R with few rows or many.

    With R R^T u = s u, v = R^T u / sqrt(s) is the vector of R^T R: the smaller of the
    two matrices is solved.

    Parameters
    ----------
    rows : ndarray of shape (n_rows, n_inputs), float64
    rank : int

    Returns
    -------
    values : ndarray of shape (rank,)
        Decreasing; zero where they are rounding errors.
    vectors : ndarray of shape (n_inputs, rank)
        As of :func:`_eigenpairs`; zero beyond the number of rows.
    """
    n_rows, n_inputs = rows.shape
    if n_inputs <= n_rows:
        return _eigenpairs(syrk(rows), rank)
    values, vectors = np.zeros(rank), np.zeros((n_inputs, rank))
    found = min(n_rows, rank)
    values[:found], short = _eigenpairs(syrk(np.ascontiguousarray(rows.T)), found)
    root = np.sqrt(np.where(values[:found] > 0, values[:found], np.inf))
    vectors[:, :found] = _signed(rows.T @ short / root)
    return values, vectors


def _eigenpairs(matrix, rank):
    """Largest eigenvalues of a symmetric matrix, decreasing, and their vectors.

    Eigenvalues that are rounding errors are zero.
    """
    last = len(matrix) - 1
    values, vectors = linalg.eigh(matrix, subset_by_index=[last - rank + 1, last])
    values, vectors = values[::-1], vectors[:, ::-1]
    return np.where(values > _ROUNDING * values[0], values, 0), _signed(vectors)


def _signed(vectors):
    """Make each vector's largest component positive: no sign depends on rounding."""
    largest = np.abs(vectors).argmax(axis=0)
    return vectors * np.sign(vectors[largest, np.arange(vectors.shape[1])])
