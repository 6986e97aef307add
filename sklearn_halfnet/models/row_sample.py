"""A random sample of rows that does not depend on how they come in chunks."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy import sparse

__all__ = ["MAX_ROWS", "RowSample", "row_marks"]

# A few numbers are learned from these rows: more would not change them.
MAX_ROWS = 2000

_COLUMNS = ("features", "targets", "weight", "mark", "priority", "number")


@dataclass
class RowSample:
    """A uniform sample of the rows seen so far, in whatever chunks they come.

    Row i of all rows gets the i-th number of a generator as its priority, and the rows
    of smallest priority are kept. So neither the cut into chunks nor the order in which
    samples are merged changes the sample.

    Where rows lose weight as others come, a row of weight w is to be kept with a
    probability in proportion to w: that of smallest E / w, with E exponential
    (Efraimidis, Spirakis 2006). With w = decay^(n - i) the order of log E + i log decay
    is the same at any time n.

    Rows that are taken out leave a gap. Whatever priority was too large before is too
    large afterwards, or rows that come later would be kept more often than others.

    Parameters
    ----------
    seed : int
    n_seen : int, default=0
        Number, among all rows, of the next row.
    decay : float, default=1.0
        What a row's weight is multiplied by when another one comes.
    cut : float, default=inf
        Least priority that was too large.
    """

    seed: int
    n_seen: int = 0
    decay: float = 1.0
    cut: float = np.inf
    features: np.ndarray | None = None
    targets: np.ndarray | None = None
    weight: np.ndarray | None = None
    mark: np.ndarray | None = None
    priority: np.ndarray | None = None
    number: np.ndarray | None = None

    def update(self, blocks, targets, weight, unit=None, fetch=np.asarray, mark=None):
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
        mark : callable, default=None
            Makes marks of the rows of some numbers, counted from 0 here; None is for
            rows that are never taken out.

        Yields
        ------
        rows : slice
        features : ndarray of shape (n_rows, n_columns)
            The blocks, handed on after they have been looked at.
        """
        number, priority = self._next(len(targets))
        weight = np.ones(len(targets)) if weight is None else weight
        chosen = self._smallest(priority, np.flatnonzero(weight > 0))
        taken = []
        for rows, features in blocks:
            here = chosen[(chosen >= rows.start) & (chosen < rows.stop)]
            taken.append(fetch(features[here - rows.start]))
            yield rows, features
        # One block is not copied once more: that would take as long as its sums.
        features = taken[0] if len(taken) == 1 else np.concatenate(taken)
        if unit is not None:
            features = np.float32(unit) * features
        marks = np.zeros(len(chosen), np.uint64) if mark is None else mark(chosen)
        columns = (column[chosen] for column in (targets, weight))
        self._add(features, *columns, marks, priority[chosen], number[chosen])
        self.n_seen += len(targets)

    def _next(self, n_rows):
        """Numbers and priorities of the next rows."""
        generator = np.random.Generator(np.random.PCG64(self.seed).advance(self.n_seen))
        number, priority = self.n_seen + np.arange(n_rows), generator.random(n_rows)
        if self.decay < 1:
            with np.errstate(divide="ignore"):  # at a priority of 0
                priority = np.log(-np.log1p(-priority)) + number * np.log(self.decay)
        return number, priority

    def cut_of_all(self, n_rows, positive=None):
        """Return the least priority that will be too large, of so many next rows.

        Who knows how many rows there are need not keep those of a part that drop out
        of the whole.

        Parameters
        ----------
        n_rows : int
        positive : ndarray of bool of shape (n_rows,) or None
            Which of them have weight; None is all.
        """
        if n_rows <= MAX_ROWS:
            return np.inf
        _, priority = self._next(n_rows)
        priority = priority if positive is None else priority[positive]
        if len(priority) <= MAX_ROWS:
            return np.inf
        return float(np.partition(priority, MAX_ROWS)[MAX_ROWS])

    def merged(self, *others):
        """Return this sample with the rows that others of the same seed have kept."""
        whole = replace(self, n_seen=0, **dict.fromkeys(_COLUMNS))
        for part in (self, *others):
            whole.cut = min(whole.cut, part.cut)
            if part.features is not None:
                whole._add(*(getattr(part, name) for name in _COLUMNS))
            whole.n_seen = max(whole.n_seen, part.n_seen)
        return whole

    def scaled(self, factor):
        """Return the sample with all weights times a factor.

        Rows whose weight is no normal number then are left out.
        """
        if self.weight is None or factor == 1:
            return replace(self)
        weight = factor * self.weight
        scaled = replace(self, weight=weight)
        return scaled._only(weight > np.finfo(weight.dtype).tiny)

    def minus(self, marks, targets):
        """Return the sample without some rows, those of them that it holds.

        Parameters
        ----------
        marks : ndarray of shape (n_rows,), uint64
            As ``row_marks`` made them.
        targets : ndarray of shape (n_rows, n_targets)
        """
        if self.features is None:
            return self
        held: Any = self.mark
        wanted: Any = self.targets
        kept = np.ones(len(held), bool)
        for row in np.flatnonzero(np.isin(marks, held)):
            same = kept & (held == marks[row])
            same &= np.isclose(wanted, targets[row]).all(axis=1)
            kept[np.flatnonzero(same)[:1]] = False
        return self._only(kept)

    def _only(self, kept):
        if kept.all():
            return self
        return replace(self, **{name: getattr(self, name)[kept] for name in _COLUMNS})

    def _add(self, *columns):
        """Add columns of rows in order, no more than are kept."""
        own = [getattr(self, name) for name in _COLUMNS]
        if self.features is None:
            own = [column[:0] for column in columns]
        *_, priority, number = (
            np.concatenate(both) for both in zip(own[-2:], columns[-2:], strict=True)
        )
        kept = self._smallest(priority, np.arange(len(priority)))
        kept = kept[np.argsort(number[kept])]
        for name, old, new in zip(_COLUMNS, own, columns, strict=True):
            setattr(self, name, _rows_of_both(old, new, kept))

    def _smallest(self, priority, rows):
        """Of these rows, those of smallest priority, in increasing order."""
        rows = rows[priority[rows] < self.cut]
        if len(rows) <= MAX_ROWS:
            return rows
        order = np.argpartition(priority[rows], MAX_ROWS)
        self.cut = float(priority[rows[order[MAX_ROWS]]])
        return np.sort(rows[order[:MAX_ROWS]])


def _rows_of_both(first, second, rows):
    """Rows of two arrays one below the other, without a copy of the whole."""
    if len(rows) == len(second) and not len(first):
        return second
    taken = np.empty((len(rows), *first.shape[1:]), first.dtype)
    of_first = rows < len(first)
    taken[of_first] = first[rows[of_first]]
    taken[~of_first] = second[rows[~of_first] - len(first)]
    return taken


def row_marks(X, rows=slice(None)):
    """Return a number for each row, equal for equal rows, by which it is found again.

    Parameters
    ----------
    X : {ndarray, CSR matrix} of shape (n_samples, n_features)
    rows : slice or ndarray of int, default=all
        Of which rows.

    Returns
    -------
    marks : ndarray of shape (n_rows,), uint64

    Examples
    --------
    >>> import numpy as np
    >>> from scipy import sparse
    >>> from sklearn_halfnet.models.row_sample import row_marks
    >>> X = np.array([[0.0, 1.0], [1.0, 0.0], [0.0, 1.0]])
    >>> first, second, third = row_marks(X)
    >>> first == third, first == second
    (np.True_, np.False_)
    >>> bool((row_marks(sparse.csr_array(X)) == row_marks(X)).all())
    True
    """
    X = X[rows]
    factors = np.random.default_rng(0).integers(2**63, size=X.shape[1], dtype=np.uint64)
    factors |= np.uint64(1)
    if sparse.issparse(X):
        marks = np.zeros(X.shape[0], np.uint64)
        of_rows = np.repeat(np.arange(X.shape[0]), np.diff(X.indptr))
        np.add.at(marks, of_rows, _mixed(X.data) * factors[X.indices])
        return marks
    return (_mixed(X) * factors).sum(axis=1, dtype=np.uint64)


def _mixed(values):
    """Bits of numbers, of which the lower half is not empty; of zero, zero."""
    bits = (values.astype(np.float64) + 0.0).view(np.uint64)  # no negative zero
    return bits ^ (bits >> np.uint64(32))
