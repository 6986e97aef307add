"""A random sample of rows that does not depend on how they come in chunks."""

from dataclasses import dataclass

import numpy as np
from scipy import sparse

__all__ = ["RowSample"]

# A few numbers are learned from these rows: more would not change them.
_MAX_ROWS = 4000

_COLUMNS = ("targets", "weight", "left_weight", "priority", "number")


@dataclass
class RowSample:
    """A uniform sample of the rows seen so far, in whatever chunks they come.

    Row i of all rows gets the i-th number of a generator as its priority, and the rows
    of smallest priority are kept. So neither the cut into chunks nor the order in which
    samples are merged changes the sample.

    Parameters
    ----------
    seed : int
    n_seen : int, default=0
        Number, among all rows, of the next row.
    """

    seed: int
    n_seen: int = 0
    X: object = None
    targets: np.ndarray = None
    weight: np.ndarray = None
    left_weight: np.ndarray = None
    priority: np.ndarray = None
    number: np.ndarray = None

    def update(self, X, targets, weight, repeats):
        """Show the next rows.

        Parameters
        ----------
        X : {ndarray, CSR matrix} of shape (n_rows, n_features)
        targets : ndarray of shape (n_rows, n_targets)
        weight : ndarray of shape (n_rows,) or None
        repeats : ndarray of shape (n_rows,) or None
            How often each row occurs, of which one is left out: its sample weight.
        """
        n_rows = X.shape[0]
        generator = np.random.Generator(np.random.PCG64(self.seed).advance(self.n_seen))
        priority = generator.random(n_rows)
        number = self.n_seen + np.arange(n_rows)
        self.n_seen += n_rows
        if weight is None:
            weight = np.ones(n_rows)
        left_weight = weight if repeats is None else weight / np.maximum(repeats, 1)
        rows = np.flatnonzero(weight > 0)
        if len(rows) > _MAX_ROWS:
            smallest = np.argpartition(priority[rows], _MAX_ROWS)[:_MAX_ROWS]
            rows = np.sort(rows[smallest])
        parts = (X, targets, weight, left_weight, priority, number)
        self._add(*(part[rows] for part in parts))

    def merge(self, other):
        """Add the rows that another sample with the same seed has kept."""
        if other.X is not None:
            self._add(other.X, *(getattr(other, name) for name in _COLUMNS))
        self.n_seen = max(self.n_seen, other.n_seen)

    def _add(self, X, *columns):
        if self.X is not None:
            X = _as_format_of(self.X, X)
            stack = sparse.vstack if sparse.issparse(X) else np.vstack
            X = stack([self.X, X])
            columns = [
                np.concatenate([getattr(self, name), column])
                for name, column in zip(_COLUMNS, columns, strict=True)
            ]
        priority, number = columns[-2:]
        kept = np.argsort(priority, kind="stable")[:_MAX_ROWS]
        kept = kept[np.argsort(number[kept])]
        self.X = X.tocsr()[kept] if sparse.issparse(X) else X[kept]
        for name, column in zip(_COLUMNS, columns, strict=True):
            setattr(self, name, column[kept])


def _as_format_of(known, X):
    """Bring new rows to the format, sparse or dense, of those already kept."""
    if sparse.issparse(known):
        return sparse.csr_array(X)
    return X.toarray() if sparse.issparse(X) else X
