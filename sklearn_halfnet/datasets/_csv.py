"""Read csv files with a header: numbers and categories, without pandas."""

import csv
import gzip
import zlib
from pathlib import Path

import numpy as np

from sklearn_halfnet.datasets._table import Table, joined
from sklearn_halfnet.exceptions import DatasetError

__all__ = ["MISSING", "read_csv"]

# What stands for a missing value, as UCI, R and pandas write it.
MISSING = frozenset(["", "?", "NA", "N/A", "NaN", "nan", "NULL", "null"])


def read_csv(path, target=None):
    """Rows, target and column kinds of a csv file (``.csv`` or ``.csv.gz``).

    The first line names the columns; comma, semicolon or tab divide them. A
    column is numeric when every value that is present is a number, else it
    holds categories.

    Parameters
    ----------
    path : path-like
        The file.
    target : str, default=None
        Column to predict; the last one by default.

    Returns
    -------
    Table
        The rows.

    Raises
    ------
    DatasetError
        If the file is missing or damaged, a line is too short or too long,
        the target column does not exist or misses values.
    """
    header, rows = _read_cells(path)
    target_name = _target_name(header, target, path)
    columns = dict(zip(header, zip(*rows, strict=True), strict=True))
    y = _parse_target(columns.pop(target_name), target_name, path)
    numbers = {name: _to_floats(cells) for name, cells in columns.items()}
    numeric = {name: column for name, column in numbers.items() if column is not None}
    texts = [name for name in columns if name not in numeric]
    return Table(
        numeric=_stack(numeric.values(), len(rows), np.float64),
        numeric_names=list(numeric),
        categories=_stack((_to_texts(columns[name]) for name in texts), len(rows), "O"),
        category_names=texts,
        y=y,
        target_name=target_name,
    )


def _read_cells(path):
    opened = gzip.open if Path(path).suffix == ".gz" else open
    try:
        with opened(path, "rt", encoding="utf-8-sig", newline="") as file:
            first = file.readline()
            delimiter = max(",;\t", key=first.count)
            header = [
                cell.strip()
                for cell in next(csv.reader([first], delimiter=delimiter), [])
            ]
            rows = _rows(csv.reader(file, delimiter=delimiter), header, path)
    except FileNotFoundError as error:
        raise DatasetError(f"{path} does not exist. Check the path.") from error
    except (EOFError, OSError, zlib.error, UnicodeDecodeError, csv.Error) as error:
        if isinstance(error, DatasetError):
            raise
        raise DatasetError(
            f"{path} is truncated or damaged ({error}). Get the file again, or "
            "save it as csv in UTF-8."
        ) from error
    _check_header(header, rows, path)
    return header, rows


def _rows(reader, header, path):
    rows = []
    for row in reader:
        if not row:
            continue
        if len(row) != len(header):
            raise DatasetError(
                f"{path}, line {reader.line_num + 1}: {len(row)} values where the "
                f"header names {len(header)} columns; the file is truncated or "
                "the line is malformed."
            )
        rows.append([cell.strip() for cell in row])
    return rows


def _check_header(header, rows, path):
    if len(header) < 2 or not rows:
        raise DatasetError(
            f"{path} needs a line of column names, at least two columns, and rows."
        )
    if len(set(header)) < len(header):
        raise DatasetError(f"{path} names a column twice: {joined(header)}.")
    if _to_floats(header) is not None:
        raise DatasetError(
            f"{path} begins with numbers: the first line must name the columns."
        )


def _target_name(header, target, path):
    if target is None:
        return header[-1]
    if target not in header:
        raise DatasetError(
            f"{path} has no column {target!r}. Its columns: {joined(header)}."
        )
    return target


def _parse_target(cells, name, path):
    """Integers if all are, else floats if all are, else text."""
    missing = [i for i, cell in enumerate(cells) if cell in MISSING]
    if missing:
        raise DatasetError(
            f"{path}: the target {name!r} misses {len(missing)} values, the first "
            f"in row {missing[0] + 1}. Remove those rows, or name another target."
        )
    for dtype in (np.int64, np.float64):
        try:
            return np.array([dtype(cell) for cell in cells])
        except (ValueError, OverflowError):
            continue
    return np.array(cells)


def _to_floats(cells):
    """Turn a column to floats with nan for missing; None if any cell is text."""
    try:
        return np.array([np.nan if c in MISSING else float(c) for c in cells])
    except ValueError:
        return None


def _to_texts(cells):
    """Turn a column to strings; a missing value is a category of its own."""
    return np.array(["missing" if c in MISSING else c for c in cells], dtype="O")


def _stack(columns, n_rows, dtype):
    out = np.array(list(columns), dtype=dtype)
    return out.T if out.size else np.empty((n_rows, 0), dtype)
