"""Parquet files as blocks of rows, one in memory at a time."""

from collections import Counter

import numpy as np

from sklearn_halfnet.datasets._reading import reading
from sklearn_halfnet.datasets._table import joined
from sklearn_halfnet.exceptions import DatasetError

__all__ = ["parquet_blocks"]

REMEDY = "Get the file again, or write it as Parquet."


def parquet_blocks(path, target, *, columns=None, batch_size=65_536):
    """Read a Parquet file, or a folder of them, block by block.

    What it yields is what ``fit_blocks`` of ELM and RVFL takes. Needs pyarrow.

    Parameters
    ----------
    path : path-like
        A file, or a folder whose files have the same columns.
    target : str or list of str
        Column or columns to predict: numbers, booleans or, if it is one, text.
    columns : list of str, default=None
        Columns to predict from, of numbers or booleans; None is all others. Text has
        to be encoded before: no block knows the categories of all.
    batch_size : int, default=65,536
        Largest number of rows of a block.

    Yields
    ------
    X : ndarray of shape (n_rows, n_features)
    y : ndarray of shape (n_rows,) or (n_rows, n_targets)

    Raises
    ------
    DatasetError
        If there is no such file, it is no Parquet file, a column is missing, named
        twice, or of a type that is neither number nor boolean. The message names it.
    ImportError
        Without pyarrow (the extra ``parquet``).

    Examples
    --------
    >>> import tempfile, numpy as np, pyarrow as pa, pyarrow.parquet
    >>> from sklearn_halfnet.datasets import parquet_blocks
    >>> with tempfile.NamedTemporaryFile(suffix=".parquet") as file:
    ...     table = pa.table({"a": np.arange(5.0), "y": np.arange(5)})
    ...     pa.parquet.write_table(table, file.name)
    ...     [X.shape for X, y in parquet_blocks(file.name, "y", batch_size=3)]
    [(3, 1), (2, 1)]
    """
    try:
        import pyarrow.dataset
    except ImportError as error:
        raise ImportError(
            "Parquet files need pyarrow: pip install 'sklearn-halfnet[parquet]'."
        ) from error

    targets = [target] if isinstance(target, str) else list(target)
    with reading(path, REMEDY):
        dataset = pyarrow.dataset.dataset(path, format="parquet")
        if columns is None:
            columns = [name for name in dataset.schema.names if name not in targets]
        _check_names(dataset.schema.names, columns, targets, path)
        _check_types(dataset.schema, columns, targets, path)
        batches = dataset.to_batches(
            columns=[*columns, *targets], batch_size=batch_size
        )
    while (batch := _next(batches, path)) is not None:
        if batch.num_rows:
            y = _matrix(batch, targets)
            yield _matrix(batch, columns), y[:, 0] if isinstance(target, str) else y


def _next(batches, path):
    with reading(path, REMEDY):
        return next(batches, None)


def _check_names(names, columns, targets, path):
    wanted = [*columns, *targets]
    for name in wanted:
        if name not in names:
            raise DatasetError(
                f"{path} has no column {name!r}; its columns: {joined(names)}."
            )
    for name, count in Counter(wanted).items():
        if count > 1 or names.count(name) > 1:
            raise DatasetError(
                f"{path}: column {name!r} is named twice among columns and target."
            )
    if not columns or not targets:
        raise DatasetError(
            f"{path}: a column to predict and one to predict from are needed; its "
            f"columns: {joined(names)}."
        )


def _check_types(schema, columns, targets, path):
    for name in [*columns, *targets]:
        column = schema.field(name).type
        if _is_number(column) or (targets == [name] and _is_text(column)):
            continue
        raise DatasetError(
            f"{path}: column {name!r} holds {column}, neither numbers nor booleans. "
            "Encode it before, or name the columns to predict from without it "
            "(columns=...)."
        )


def _is_number(column):
    from pyarrow import types

    return any(
        is_kind(column)
        for is_kind in (types.is_integer, types.is_floating, types.is_boolean)
    )


def _is_text(column):
    from pyarrow import types

    if types.is_dictionary(column):
        column = column.value_type
    return types.is_string(column) or types.is_large_string(column)


def _matrix(batch, names):
    parts = [batch.column(name).to_numpy(zero_copy_only=False) for name in names]
    return np.column_stack(parts)
