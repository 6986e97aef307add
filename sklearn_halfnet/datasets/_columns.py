"""What a column of a csv file holds: numbers or text, told by all of its cells.

One cell does not decide. A column of which nearly all cells are numbers is not text
because of the rest: the odd cell is named, and the reader refuses.
"""

import re
import warnings
from collections import Counter

import numpy as np

from sklearn_halfnet.datasets._table import MAX_CATEGORIES, Table
from sklearn_halfnet.exceptions import DatasetError

__all__ = ["MISSING", "NUMBERS", "columns_to_table", "decimal_mark"]

# What stands for a missing value, as UCI, R, Excel and pandas write it.
MISSING = frozenset(
    ["", "?", "NA", "N/A", "n/a", "NaN", "nan", "NAN", "-nan", "-NaN", "NaT", "NULL"]
    + ["null", "<NA>", "#N/A", "#NA", "#N/A N/A"]
    + ["1.#IND", "-1.#IND", "1.#QNAN", "-1.#QNAN"]
)
# These are missing among numbers. Among text they may be values: "+" and "-".
MISSING_NUMBER = MISSING | {"-", "--", ".", "None", "none", "na", "n.a.", "N.A."}

# float() would take 1_0 for 10, and digits of other scripts.
_NUMBER = r"[+-]?(?:(?:\d+{mark}?\d*|{mark}\d+)(?:e[+-]?\d+)?|inf(?:inity)?)"
NUMBERS = {
    mark: re.compile(_NUMBER.format(mark=re.escape(mark)), re.ASCII | re.IGNORECASE)
    for mark in ".,"
}
INTEGER = re.compile(r"[+-]?\d+", re.ASCII)
LEADING_ZERO = re.compile(r"[+-]?0\d+", re.ASCII)
# A number with what people put around it: $5, 5 %, 1,234.5, (7), 60 kg.
DRESSED = re.compile(
    r"(?P<before>\W{0,3})(?:\d{1,3}(?:[.,' ]\d{3})+|\d+)(?:[.,]\d+)?(?:e[+-]?\d+)?"
    r"(?P<after>\s?(?:[^\w+<>=-]{0,2}|[^\W\d_]{1,5}))",
    re.IGNORECASE,
)

NEARLY_ALL = 0.9
# Fewer different numbers, or fewer different texts, may be codes of categories.
FEW_NUMBERS = 4
FEW_TEXTS = 10


def columns_to_table(columns, target, mark, notes, path):
    """Bring the cells of columns to numbers and categories.

    Parameters
    ----------
    columns : dict of str to sequence of str
        Cells by name, stripped.
    target : str
        Name of the column to predict.
    mark : {".", ","}
        Decimal mark.
    notes : list of str
        What was done so far, in sentences.
    path : path-like
        The file, for messages.

    Returns
    -------
    Table
        The rows.

    Raises
    ------
    DatasetError
        If nearly all cells of a column are numbers but not all, if nearly every row
        has another text as its target, or if the target misses values.
    """
    features = {name: cells for name, cells in columns.items() if name != target}
    parsed = {name: _to_numbers(cells, mark) for name, cells in features.items()}
    numeric = {name: column for name, column in parsed.items() if column is not None}
    texts = {name: cells for name, cells in features.items() if name not in numeric}
    for name, cells in texts.items():
        _check_text(cells, f"column {name!r}", mark, path)
    n_rows = len(columns[target])
    return Table(
        numeric=_stack(numeric.values(), n_rows, np.float64),
        numeric_names=list(numeric),
        categories=_stack(map(_to_texts, texts.values()), n_rows, "O"),
        category_names=list(texts),
        y=_to_target(columns[target], target, mark, path),
        target_name=target,
        notes=[*notes, *_doubts(numeric, texts)],
    )


def decimal_mark(columns, path):
    """Find the decimal mark of numbers between semicolons.

    Parameters
    ----------
    columns : dict of str to sequence of str
        Cells by name.
    path : path-like
        The file, for messages.

    Returns
    -------
    {".", ","}

    Raises
    ------
    DatasetError
        If one column has commas and another has points.

    Examples
    --------
    >>> decimal_mark({"a": ["1,5", "2"], "b": ["3", "x, y"]}, "a.csv")
    ','
    """
    name_of = {}
    for name, cells in columns.items():
        for mark in ".,":
            if any(mark in c for c in cells) and _to_numbers(cells, mark) is not None:
                name_of[mark] = name
    if len(name_of) == 2:
        raise DatasetError(
            f"{path}: column {name_of[',']!r} has commas in its numbers, column "
            f"{name_of['.']!r} has points. Write both with the same decimal mark, and "
            "nothing between thousands."
        )
    return next(iter(name_of), ".")


def _to_numbers(cells, mark):
    """Turn a column to floats with nan for missing; None if any cell is text."""
    is_number = NUMBERS[mark].fullmatch
    if not all(is_number(c) or c in MISSING_NUMBER for c in cells):
        return None
    return np.array(
        [np.nan if c in MISSING_NUMBER else float(c.replace(mark, ".")) for c in cells]
    )


def _to_texts(cells):
    """Turn a column to strings; a missing value is a category of its own."""
    return np.array(["missing" if c in MISSING else c for c in cells], dtype="O")


def _to_target(cells, name, mark, path):
    """Integers if all are, else floats if all are numbers, else text.

    Numbers that would lose something are text: 007, which is not 7, and integers
    beyond 64 bits.
    """
    numbers = _to_numbers(cells, mark)
    _check_complete(cells, MISSING if numbers is None else MISSING_NUMBER, name, path)
    if numbers is None:
        _check_text(cells, f"the target {name!r}", mark, path)
    elif not all(map(INTEGER.fullmatch, cells)):
        return numbers
    elif not any(map(LEADING_ZERO.fullmatch, cells)):
        try:
            return np.array([int(cell) for cell in cells], dtype=np.int64)
        except OverflowError:
            pass
    _check_classes(cells, name, path)
    return np.array(cells)


def _check_complete(cells, missing, name, path):
    rows = [row for row, cell in enumerate(cells, start=1) if cell in missing]
    if rows:
        raise DatasetError(
            f"{path}: the target {name!r} misses {len(rows)} values, the first "
            f"in row {rows[0]}. Remove those rows, or name another target."
        )


def _check_text(cells, what, mark, path):
    """Refuse text of which nearly all rows, or nearly all values, are numbers."""
    counts = Counter(cell for cell in cells if cell not in MISSING_NUMBER)
    numbers = _numbers_among(counts, mark)
    n_present, n_numbers = sum(counts.values()), sum(counts[c] for c in numbers)
    share = max(n_numbers / n_present, len(numbers) / len(counts))
    if len(numbers) < FEW_NUMBERS or share < NEARLY_ALL:
        return
    plain = NUMBERS[mark].fullmatch
    odd = next(cell for cell in counts if not plain(cell))
    raise DatasetError(
        f"{path}: {what} holds numbers, but {odd!r} in row {cells.index(odd) + 1} is "
        f"no plain one. Write numbers such as 1234{mark}5, and nothing where a value "
        "is missing; begin the names of categories with a letter."
    )


def _numbers_among(counts, mark):
    """Cells that are plain numbers, or are dressed as most of the others are."""
    dress = {cell: _dress(cell, mark) for cell in counts}
    dresses = Counter(text for text in dress.values() if text)
    wanted = {"", *(text for text, _ in dresses.most_common(1))}
    return [cell for cell in counts if dress[cell] in wanted]


def _dress(cell, mark):
    """Return what is around a number: "" for a plain one, None if there is none."""
    if NUMBERS[mark].fullmatch(cell):
        return ""
    found = DRESSED.fullmatch(cell)
    return found and found["before"].strip(" +-(") + found["after"].strip(" )")


def _check_classes(cells, name, path):
    """Refuse a text target of which nearly every row has another value."""
    if _nearly_distinct(cells):
        raise DatasetError(
            f"{path}: the target {name!r} is text, and nearly every row has another "
            f"one ({len(set(cells)):,} in {len(cells):,} rows, {cells[0]!r} in row 1): "
            "these are no classes. Name another target, or write plain numbers."
        )


def _nearly_distinct(cells):
    present = [cell for cell in cells if cell not in MISSING]
    n_texts = len(set(present))
    return n_texts >= FEW_TEXTS and n_texts >= NEARLY_ALL * len(present)


def _doubts(numeric, texts):
    """Warn of columns that say little, and return what was said."""
    notes = [
        f"Column {name!r} counts the rows: leave it out if it is only an index."
        for name, column in numeric.items()
        if len(column) >= FEW_TEXTS and (np.diff(column) == 1).all()
    ]
    for name, cells in texts.items():
        if _nearly_distinct(cells):
            notes.append(
                f"Column {name!r} is text, and nearly every row has another one (row "
                f"1: {cells[0]!r}): leave it out, or write plain numbers."
            )
            warnings.warn(notes[-1], UserWarning, stacklevel=6)
        elif len(set(cells)) > MAX_CATEGORIES:
            notes.append(
                f"Column {name!r} has {len(set(cells)):,} texts: the {MAX_CATEGORIES} "
                "indicators keep the commonest apart."
            )
    return notes


def _stack(columns, n_rows, dtype):
    out = np.array(list(columns), dtype=dtype)
    return out.T if out.size else np.empty((n_rows, 0), dtype)
