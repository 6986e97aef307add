"""Orthogonal weights."""

import numpy as np
from threadpoolctl import threadpool_limits

from sklearn_halfnet.weights.base import BaseWeights

__all__ = ["OrthogonalWeights", "orthonormal_rows"]


class OrthogonalWeights(BaseWeights):
    """Blocks of orthogonal rows, each row as long as a row of normal weights.

    Up to d rows of R^d can be orthogonal to each other; more units are made of several
    independent blocks. A block is uniformly distributed over the orthogonal matrices,
    and its rows' norms are drawn from the chi distribution with d degrees of freedom,
    so a single row is distributed as a normal one. As random Fourier features they
    approximate a Gaussian kernel with a smaller variance than normal weights do.

    References
    ----------
    Yu, Suresh, Choromanski, Holtmann-Rice & Kumar, "Orthogonal Random Features",
    NeurIPS 2016, section 3.

    Mezzadri, "How to generate random matrices from the classical compact groups",
    Notices of the AMS 54(5), 2007: the signs in ``orthonormal_rows``.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_halfnet.weights import OrthogonalWeights
    >>> weights = OrthogonalWeights().sample(3, 5, np.random.default_rng(0))
    >>> products = weights @ weights.T
    >>> bool(np.allclose(products, np.diag(np.diag(products)), atol=1e-5))
    True
    """

    kind_name = "orthogonal"

    def _sample(self, n_units, n_features, rng, X, y):
        sizes = [n_features] * (n_units // n_features)
        if n_units % n_features:
            sizes.append(n_units % n_features)
        # One thread: the order of the sums, and so the last bit, depends on their
        # number.
        with threadpool_limits(limits=1, user_api="blas"):
            blocks = [orthonormal_rows(size, n_features, rng) for size in sizes]
        norms = np.sqrt(rng.chisquare(n_features, (n_units, 1)))
        return np.concatenate(blocks) * norms.astype(np.float32)


def orthonormal_rows(n_rows, n_features, rng):
    """Draw n_rows <= n_features orthonormal rows, uniformly (Haar measure)."""
    normal = rng.standard_normal((n_features, n_rows), dtype=np.float32)
    q, r = np.linalg.qr(normal)
    signs = np.where(np.diag(r) < 0, -1, 1).astype(np.float32)
    return (q * signs).T
