"""A random sample of rows that does not depend on how they come in chunks."""

from dataclasses import dataclass

import numpy as np

__all__ = ["MAX_ROWS", "RowSample"]

# A few numbers are learned from these rows: more would not change them.
MAX_ROWS = 2000

_COLUMNS = ("features", "targets", "weight", "priority", "number")


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
    features: np.ndarray | None = None
    targets: np.ndarray | None = None
    weight: np.ndarray | None = None
    priority: np.ndarray | None = None
    number: np.ndarray | None = None

    def update(self, blocks, targets, weight, unit=None, fetch=np.asarray):
        """Show the next rows.

        Parameters
        ----------
        blocks : iterable of (slice, ndarray of shape (n_rows, n_columns))
            The rows' features, block by block.
        targets : ndarray of shape (n_samples, n_targets)
        weight : ndarray of shape (n_samples,) or None
        unit : float or None
            Unit of features that are given as integers.
        fetch : callable, default=numpy.asarray
            Makes an array of some rows of a block's features.

        Yields
        ------
        rows : slice
        features : ndarray of shape (n_rows, n_columns)
            The blocks, handed on after they have been looked at.
        """
        n_rows = len(targets)
        generator = np.random.Generator(np.random.PCG64(self.seed).advance(self.n_seen))
        priority = generator.random(n_rows)
        number = self.n_seen + np.arange(n_rows)
        weight = np.ones(n_rows) if weight is None else weight
        chosen = _smallest(priority, np.flatnonzero(weight > 0))
        taken = []
        for rows, features in blocks:
            here = chosen[(chosen >= rows.start) & (chosen < rows.stop)]
            taken.append(fetch(features[here - rows.start]))
            yield rows, features
        # One block is not copied once more: that would take as long as its sums.
        features = taken[0] if len(taken) == 1 else np.concatenate(taken)
        if unit is not None:
            features = np.float32(unit) * features
        columns = (targets, weight, priority, number)
        self._add(features, *(column[chosen] for column in columns))
        self.n_seen += n_rows

    def merged(self, *others):
        """Return this sample with the rows that others of the same seed have kept."""
        whole = RowSample(self.seed)
        for part in (self, *others):
            if part.features is not None:
                whole._add(*(getattr(part, name) for name in _COLUMNS))
            whole.n_seen = max(whole.n_seen, part.n_seen)
        return whole

    def _add(self, *columns):
        """Add columns of rows in order, no more than are kept."""
        if self.features is not None:
            columns = [
                np.concatenate([getattr(self, name), column])
                for name, column in zip(_COLUMNS, columns, strict=True)
            ]
            priority, number = columns[-2:]
            kept = _smallest(priority, np.arange(len(priority)))
            kept = kept[np.argsort(number[kept])]
            columns = [column[kept] for column in columns]
        for name, column in zip(_COLUMNS, columns, strict=True):
            setattr(self, name, column)


def _smallest(priority, rows):
    """Of these rows, those of smallest priority, in increasing order."""
    if len(rows) <= MAX_ROWS:
        return rows
    smallest = np.argpartition(priority[rows], MAX_ROWS)[:MAX_ROWS]
    return np.sort(rows[smallest])
