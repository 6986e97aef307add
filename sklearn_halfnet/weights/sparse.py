"""Sparse weights."""

import numpy as np
from scipy.sparse import csr_array

from sklearn_halfnet._checks import one_of, real
from sklearn_halfnet.weights.base import BaseWeights

__all__ = ["SparseWeights"]


class SparseWeights(BaseWeights):
    """Very sparse weights: most are zero, the others -1 or +1 times 1 / sqrt(density).

    Each weight is non-zero with probability ``density``, independently of the others;
    its mean is 0 and its variance 1. A unit that would have no weight at all gets one.
    The layer's product costs ``density`` times the operations of dense weights, and a
    model stores the non-zero weights only.

    Parameters
    ----------
    density : float or "auto", default="auto"
        Expected share of non-zero weights, in (0, 1]. "auto": 1 / sqrt(n_features).

    References
    ----------
    Li, Hastie & Church, "Very Sparse Random Projections", KDD 2006: equation 2 with
    s = 1 / density, and s = sqrt(n_features).

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_halfnet.weights import SparseWeights
    >>> weights = SparseWeights(density=0.1).sample(200, 100, np.random.default_rng(0))
    >>> weights.format, round(weights.nnz / (200 * 100), 1)
    ('csr', 0.1)
    """

    kind_name = "sparse"
    repeats_exactly = True
    _parameter_constraints: dict = {
        "density": [real(0, 1, closed="right"), one_of({"auto"})],
    }

    def __init__(self, density="auto"):
        self.density = density

    def _sample(self, n_units, n_features, rng, X, y):
        density = self.density
        if density == "auto":
            density = 1 / np.sqrt(n_features)
        where = _draw_positions(n_units * n_features, density, rng)
        where = _fill_empty_rows(where, n_units, n_features, rng)
        rows, columns = np.divmod(where, n_features)
        row_starts = np.searchsorted(rows, np.arange(n_units + 1)).astype(np.int32)
        signs = rng.choice(np.array([-1, 1], dtype=np.float32), len(where))
        return csr_array(
            (
                signs / np.float32(np.sqrt(density)),
                columns.astype(np.int32),
                row_starts,
            ),
            shape=(n_units, n_features),
        )


def _draw_positions(n_positions, density, rng):
    """Choose each of 0 ... n_positions - 1 with probability density; sorted.

    The gaps between chosen positions are geometrically distributed, so the draw costs
    as many random numbers as there are chosen positions.
    """
    expected = n_positions * density
    n_gaps = int(expected + 4 * np.sqrt(expected)) + 1
    chosen = np.cumsum(rng.geometric(density, n_gaps)) - 1
    while chosen[-1] < n_positions:
        more = np.cumsum(rng.geometric(density, n_gaps)) + chosen[-1]
        chosen = np.concatenate([chosen, more])
    return chosen[: np.searchsorted(chosen, n_positions)]


def _fill_empty_rows(where, n_units, n_features, rng):
    """Add one random position to each row of the matrix that has none; sorted."""
    counts = np.bincount(where // n_features, minlength=n_units)
    empty = np.flatnonzero(counts == 0)
    added = empty * n_features + rng.integers(n_features, size=len(empty))
    return np.sort(np.concatenate([where, added]))
