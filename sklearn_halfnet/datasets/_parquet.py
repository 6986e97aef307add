"""Parquet files as blocks of rows, one in memory at a time."""

import numpy as np

from sklearn_halfnet.exceptions import DatasetError

__all__ = ["parquet_blocks"]


def parquet_blocks(path, target, *, columns=None, batch_size=65_536):
    """Read a Parquet file, or a folder of them, block by block.

    What it yields is what ``fit_blocks`` of ELM and RVFL takes. Needs pyarrow.

    Parameters
    ----------
    path : path-like
        A file, or a folder whose files have the same columns.
    target : str or list of str
        Column or columns to predict.
    columns : list of str, default=None
        Columns to predict from; None is all others.
    batch_size : int, default=65,536
        Largest number of rows of a block.

    Yields
    ------
    X : ndarray of shape (n_rows, n_features)
    y : ndarray of shape (n_rows,) or (n_rows, n_targets)

    Raises
    ------
    DatasetError
        If there is no such file, it is no Parquet file, or a column is missing.

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
    import pyarrow as pa
    import pyarrow.dataset

    targets = [target] if isinstance(target, str) else list(target)
    try:
        dataset = pa.dataset.dataset(path, format="parquet")
        names = dataset.schema.names
    except (OSError, pa.ArrowInvalid) as error:
        raise DatasetError(f"{path} cannot be read as Parquet: {error}") from error
    if columns is None:
        columns = [name for name in names if name not in targets]
    missing = sorted({*targets, *columns} - set(names))
    if missing:
        raise DatasetError(f"{path} has no column {missing[0]!r}; it has {names}.")
    batches = dataset.to_batches(columns=[*columns, *targets], batch_size=batch_size)
    for batch in batches:
        if batch.num_rows:
            y = _matrix(batch, targets)
            yield _matrix(batch, columns), y[:, 0] if isinstance(target, str) else y


def _matrix(batch, names):
    parts = [batch.column(name).to_numpy(zero_copy_only=False) for name in names]
    return np.column_stack(parts)
