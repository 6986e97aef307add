"""Principal directions of the training rows as weights."""

import numpy as np
from sklearn.decomposition import PCA
from threadpoolctl import threadpool_limits

from sklearn_halfnet._checks import one_of, real, whole
from sklearn_halfnet.weights.base import BaseWeights
from sklearn_halfnet.weights.orthogonal import orthonormal_rows

__all__ = ["PrincipalWeights"]

# Directions that "auto" takes, where there are few units.
_LEAST_AUTO = 16


class PrincipalWeights(BaseWeights):
    """Principal directions of the training rows, then random rotations of them.

    With the centred rows X = U S V^T, the first k units are the leading k right
    singular vectors, r_h = v_h, in the order and with the signs of scikit-learn's
    ``PCA``. Further units come in blocks of up to k, each an independent random
    rotation of these directions: r_h = sum_j q_hj v_j with rows q of an orthogonal
    matrix, uniformly distributed. So all have norm 1 and lie in the leading space;
    within a block no two repeat each other.

    Parameters
    ----------
    n_components : int, float, "auto" or None, default="auto"
        k: at most so many directions; if below 1, as many as have this share of the
        variance; "auto" is a quarter of the units, but at least 16; None takes all
        along which the rows vary. A unit of one direction alone sees no two together,
        which rotations do; and the last directions are mostly noise.

    References
    ----------
    Pearson, "On lines and planes of closest fit to systems of points in space",
    Philosophical Magazine 2(11), 1901.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_halfnet.weights import PrincipalWeights
    >>> X = np.array([[2.0, 0.0], [-2.0, 0.0], [0.0, 1.0], [0.0, -1.0]])
    >>> PrincipalWeights(None).sample(2, 2, np.random.default_rng(0), X)
    array([[1., 0.],
           [0., 1.]], dtype=float32)
    """

    kind_name = "principal"
    requires_X = True
    _parameter_constraints: dict = {
        "n_components": [
            whole(1),
            real(0, 1, closed="neither"),
            one_of({"auto"}),
            None,
        ]
    }

    def __init__(self, n_components="auto"):
        self.n_components = n_components

    def _sample(self, n_units, n_features, rng, X, y):
        # One thread: the order of the sums, and so the last bit, depends on their
        # number.
        with threadpool_limits(limits=1, user_api="blas"):
            leading = self._leading(X, n_units)
            blocks = [leading[:n_units]]
            for start in range(len(leading), n_units, len(leading)):
                size = min(len(leading), n_units - start)
                blocks.append(orthonormal_rows(size, len(leading), rng) @ leading)
        return np.concatenate(blocks)

    def _leading(self, X, n_units):
        """Compute the directions to take, (k, n_features), those of most variance."""
        if len(X) < 2 or not (X != X[0]).any():
            raise ValueError(
                f"{self._label()} needs rows that differ, but got {len(X)} "
                f"sample(s) that are all equal."
            )
        share, most = None, self.n_components
        if most == "auto":
            most = max(_LEAST_AUTO, n_units // 4)
        if most is not None and most < 1:
            share, most = float(most), None  # PCA takes no float32
        # Far from zero, or at extreme scales, squares would lose what differs.
        rows = X.astype(np.float64) - X[0]
        rows /= np.abs(rows).max()
        # Of few columns an eigenproblem is small, and exact enough in float64.
        few = X.shape[1] <= len(X)
        pca = PCA(share, svd_solver="covariance_eigh" if few else "full")
        pca.fit(rows)
        variance = pca.explained_variance_
        noise = max(X.shape) * np.finfo(np.float64).eps * variance[0]
        directions = pca.components_[variance > noise]
        return directions[:most].astype(np.float32)
