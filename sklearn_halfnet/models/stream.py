"""Rows that come in small chunks: summed up together, and solved for when asked."""

from threading import Lock
from typing import Any, NamedTuple

import numpy as np

__all__ = ["Chunk", "Later", "Stream"]

# Chunks of more rows are summed up at once; of fewer, when so many rows wait.
_FEW_ROWS = 64
_MANY_ROWS = 2048


class Later:
    """A value that is computed when it is first asked for, and then kept.

    Threads that ask at the same time get one and the same. A computation that fails is
    tried again. Copies and pickles carry the value.

    Parameters
    ----------
    compute : callable
        Without arguments.

    Examples
    --------
    >>> from sklearn_halfnet.models.stream import Later
    >>> later = Later(lambda: print("computed") or 3)
    >>> later(), later()
    computed
    (3, 3)
    """

    _pending = None  # nothing is left to be computed

    def __init__(self, compute):
        self._value, self._pending = None, (compute, Lock())

    @classmethod
    def known(cls, value):
        """Hold a value that is there already."""
        made = cls.__new__(cls)
        made._value = value
        return made

    @property
    def is_known(self):
        """Whether nothing is left to be computed."""
        return self._pending is None

    def __call__(self) -> Any:
        """Return the value."""
        pending = self._pending
        if pending is not None:
            compute, lock = pending
            with lock:
                if self._pending is not None:  # no other thread has come first
                    self._value = compute()
                    self._pending = None  # and what it holds
        return self._value

    def __getstate__(self):
        return {"_value": self()}


class Chunk(NamedTuple):
    """A few rows whose features are computed.

    Parameters
    ----------
    features : ndarray of shape (n_rows, n_columns)
    marks : ndarray of shape (n_rows,)
        Of ``row_marks``.
    y : ndarray of shape (n_rows,) or (n_rows, n_outputs)
    weight : ndarray of shape (n_rows,) or None
    """

    features: np.ndarray
    marks: np.ndarray
    y: np.ndarray
    weight: np.ndarray | None

    def mark(self, rows):
        """Return the marks of some of the rows."""
        return self.marks[rows]

    @staticmethod
    def is_few(n_rows):
        """Whether so many rows should wait for others."""
        return n_rows <= _FEW_ROWS

    @staticmethod
    def joined(chunks):
        """Return one chunk of the rows of several."""
        features, marks, y, weight = zip(*chunks, strict=True)
        if all(each is None for each in weight):
            joined = None
        else:
            ones = (np.ones(len(each.y)) for each in chunks)
            joined = np.concatenate(
                [o if w is None else w for o, w in zip(ones, weight, strict=True)]
            )
        return Chunk(
            np.concatenate(features), np.concatenate(marks), np.concatenate(y), joined
        )


class Stream:
    """Sums of the rows that have come, of which the last few may still be added.

    Adding rows moves the k^2 numbers of the sums, however few the rows are. So small
    chunks wait until they are many, or until the sums are asked for. A value: what adds
    rows returns another one. Copies and pickles carry the sums.

    Parameters
    ----------
    sums : ClosedFormSums
    waiting : tuple of Chunk, default=()
        Rows to be added.
    sum_up : callable, default=None
        Makes sums of a Chunk and the number of rows before it.
    """

    _waiting: tuple = ()
    _sum_up: Any = None

    def __init__(self, sums, waiting=(), sum_up: Any = None):
        self._base, self._waiting, self._sum_up = sums, waiting, sum_up
        self._sums = Later(self._total) if waiting else Later.known(sums)

    @property
    def sums(self):
        """Sums of all rows that have come."""
        return self._sums()

    @property
    def is_summed(self):
        """Whether no rows wait."""
        return self._sums.is_known

    @property
    def is_turned(self):
        """Whether the sums are about the axes of few rows."""
        sums = self.sums if self.is_summed else self._base
        return sums.read_out.is_turned

    def _total(self):
        chunk = Chunk.joined(self._waiting)
        return self._base.merged(self._sum_up(chunk, self._base.rows.n_seen))

    def with_chunk(self, chunk, sum_up):
        """Return the stream after a few more rows; parameters as of the class."""
        base, waiting = self._base, (*self._waiting, chunk)
        if self.is_summed:
            base, waiting = self.sums, (chunk,)
        added = Stream(base, waiting, sum_up)
        if sum(len(each.y) for each in waiting) >= _MANY_ROWS:
            return Stream(added.sums)
        return added

    def __getstate__(self):
        return {"_base": self.sums, "_sums": Later.known(self.sums)}
