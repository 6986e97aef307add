"""Start values of a geometry A: directions of the input space, by name.

Each entry of :data:`GEOMETRIES` is called with (features, targets, share, rank, rng):
features (n_rows, n_inputs), indicator or real targets (n_rows, n_targets), weights of
the rows that sum to one, and a Generator. It returns A of shape (n_inputs, rank) in
any scale.
"""

import numpy as np
from scipy import linalg
from threadpoolctl import threadpool_limits

from sklearn_halfnet._matmul import matmul, syrk
from sklearn_halfnet.linear.ridge import ridge
from sklearn_halfnet.weights.orthogonal import orthonormal_rows

__all__ = ["GEOMETRIES", "gradient_outer_product"]

# Units of the quick model whose gradients are taken.
_N_UNITS = 512
# Eigenvalues, relative to the largest, that count.
_ROUNDING = 1e-8


def _orthogonal(features, targets, share, rank, rng):
    """Orthonormal directions, uniformly distributed."""
    # One thread: the last bit depends on their number.
    with threadpool_limits(limits=1, user_api="blas"):
        return orthonormal_rows(rank, features.shape[1], rng).T


def _principal(features, targets, share, rank, rng):
    """Directions of largest variance, orthonormal."""
    centred = features - share @ features
    centred *= np.sqrt(share)[:, None]
    return _leading(syrk(centred.astype(np.float64)), rank)[1]


def _gradient(features, targets, share, rank, rng):
    """Directions in which a quick model changes most, by the size of the change."""
    values, vectors = _leading(
        gradient_outer_product(features, targets, share, rng), rank
    )
    # Directions of smaller eigenvalues are rounding errors.
    values = np.where(values > _ROUNDING * values[0], values, 0)
    return vectors * np.sqrt(values)


GEOMETRIES = {
    "orthogonal": _orthogonal,
    "principal": _principal,
    "gradient": _gradient,
}


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
    dtype = features.dtype
    # In float64: squares of float32 numbers may be none. About the origin, as W x is.
    square = np.einsum("i,ij,ij->", share, features, features, dtype=np.float64)
    weights = rng.standard_normal((n_units, features.shape[1])) / np.sqrt(square or 1.0)
    weights = weights.astype(dtype)
    hidden = matmul(features, weights.T) + rng.standard_normal(n_units).astype(dtype)
    is_on = hidden > 0
    coef, _ = ridge(np.maximum(hidden, 0, out=hidden), targets, sample_weight=share)
    patterns = syrk(is_on * np.sqrt(share).astype(dtype)[:, None])
    weights = weights.astype(np.float64)
    return weights.T @ ((coef.T @ coef) * patterns) @ weights


def _leading(matrix, rank):
    """Largest eigenvalues of a symmetric matrix and their vectors, decreasing.

    A vector's largest component is positive: its sign does not depend on rounding.
    """
    last = len(matrix) - 1
    values, vectors = linalg.eigh(matrix, subset_by_index=[last - rank + 1, last])
    largest = np.abs(vectors).argmax(axis=0)
    vectors = vectors * np.sign(vectors[largest, np.arange(rank)])
    return values[::-1], vectors[:, ::-1]
