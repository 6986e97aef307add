"""Rows of dask collections as delayed blocks."""

import dask
import numpy as np
from dask import array as da
from sklearn.utils.validation import _check_y

from sklearn_halfnet.estimators._common.validation import refuse_missing

__all__ = ["Blocks", "row_parts"]


class Blocks:
    """Rows of X, y and sample_weight that belong together, as delayed objects.

    Parameters
    ----------
    blocks : list of tuple
    numbers : list of int, default=None
        Which blocks of X these are; None is all.
    n_passes : int, default=0
        How often they have been gone through.
    """

    def __init__(self, blocks, numbers=None, n_passes=0):
        self.blocks, self.n_passes = blocks, n_passes
        self.numbers = range(len(blocks)) if numbers is None else numbers

    def only(self, numbers):
        """Return some of the blocks, under their numbers."""
        chosen = [self.blocks[i] for i in numbers]
        return Blocks(chosen, [self.numbers[i] for i in numbers], self.n_passes)

    @classmethod
    def of(cls, X, y, sample_weight):
        parts, lengths = row_parts(X, "X")
        columns = [parts]
        for name, column in (("y", y), ("sample_weight", sample_weight)):
            columns.append(_aligned(column, name, lengths))
        return cls(list(zip(*columns, strict=True)))

    def map(self, function, *arguments):
        """Compute ``function(X, y, w, *arguments)`` of all blocks: one pass."""
        return dask.compute(*self.sweep(function, [arguments] * len(self.blocks)))

    def sweep(self, function, arguments):
        """Return the same, not yet computed, of arguments a block; None leaves it out.

        It counts as a pass.
        """
        task = dask.delayed(_with_note)
        self.n_passes += 1
        parts = zip(self.numbers, self.blocks, arguments, strict=True)
        return [
            task(function, number, *block, *more)
            for number, block, more in parts
            if more is not None
        ]


def row_parts(collection, name):
    """Cut a collection into delayed blocks of rows and their lengths (nan: unknown)."""
    if isinstance(collection, da.Array):
        if collection.ndim == 2:
            collection = collection.rechunk({1: -1})
        return collection.to_delayed().ravel().tolist(), collection.chunks[0]
    if hasattr(collection, "to_delayed") and hasattr(collection, "npartitions"):
        parts = collection.to_delayed()
        return list(parts), [np.nan] * len(parts)
    raise TypeError(
        f"{name} must be a dask array or dataframe, got {type(collection).__name__}. "
        "Wrap arrays by dask.array.from_array."
    )


def _aligned(column, name, lengths):
    if column is None:
        return [None] * len(lengths)
    known = not np.isnan(lengths).any()
    if isinstance(column, np.ndarray) and known and len(column) == sum(lengths):
        column = da.from_array(column, chunks=(lengths, *column.shape[1:]))
    if isinstance(column, da.Array) and known and not np.isnan(column.chunks[0]).any():
        if sum(column.chunks[0]) != sum(lengths):
            raise ValueError(
                f"X has {sum(lengths)} rows, {name} has {sum(column.chunks[0])}."
            )
        column = column.rechunk({0: tuple(lengths)})
    parts, _ = row_parts(column, name)
    if len(parts) != len(lengths):
        raise ValueError(
            f"X has {len(lengths)} blocks of rows, {name} has {len(parts)}: cut them "
            "at the same rows."
        )
    return parts


def _with_note(function, number, X, y, *arguments):
    try:
        refuse_missing(y)
        # As validate_data does it: numbers for nullable types, errors for missing ones.
        y = _check_y(y, multi_output=True) if len(y) else np.asarray(y)
        return function(X, y, *arguments)
    except Exception as error:
        error.add_note(f"In block {number} of X, counted from 0.")
        raise
