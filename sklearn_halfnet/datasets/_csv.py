"""Read csv files with a header: numbers and categories, without pandas.

The standard library divides a line into cells. What a column holds is decided in
:mod:`sklearn_halfnet.datasets._columns`.
"""

import codecs
import csv
import io
import re
from itertools import chain

from sklearn_halfnet.datasets._columns import (
    MISSING,
    NUMBERS,
    columns_to_table,
    decimal_mark,
)
from sklearn_halfnet.datasets._reading import open_file, read_up_to, reading
from sklearn_halfnet.datasets._table import joined
from sklearn_halfnet.exceptions import DatasetError

__all__ = ["read_csv"]

DELIMITERS = ",;\t"
# What Excel reads and writes to say what divides the cells.
SEP_LINE = re.compile(r'"?sep=(.)"?(?=[\r\n])', re.IGNORECASE)
# What pandas makes of a column without a name that was its index once.
INDEX_NAME = re.compile(r"Unnamed: 0(\.\d+)*")
# What a byte takes as cells of a few letters and as numbers: 15 and 23 were measured.
BYTES_PER_BYTE = 20
# A record of its own after the last, which an open quote would swallow.
END = "\0"


def read_csv(path, target=None):
    """Rows, target and column kinds of a csv file (``.csv`` or ``.csv.gz``).

    The first line names the columns; comma, semicolon or tab divide them, or what a
    line ``sep=`` before it says. Where semicolons divide, numbers may have decimal
    commas. A first column without a name is an index, and left out.

    Parameters
    ----------
    path : path-like
        The file, in UTF-8, UTF-16 with its mark, or else Windows-1252 (of which
        Latin-1 is a part; this is noted).
    target : str, default=None
        Column to predict; the last one by default.

    Returns
    -------
    Table
        The rows.

    Raises
    ------
    DatasetError
        If the file is missing or damaged, a line is too short or too long, the target
        column does not exist or misses values, or a column is neither numbers nor
        text.
    """
    with reading(path, "Get the file again, or save it as csv in UTF-8."):
        with open_file(path) as file:
            content = read_up_to(file, bytes_per_byte=BYTES_PER_BYTE)
        text, notes = _decode(content, path)
        delimiter, text = _split_sep_line(text)
        delimiter = delimiter or _guess_delimiter(text)
        header, rows = _read_cells(text, delimiter, path)
        columns = _named_columns(header, rows, notes, path)
        target_name = _target_name(list(columns), target, path)
        mark = decimal_mark(columns, path) if delimiter == ";" else "."
    if mark == ",":
        notes.append("Commas in numbers were read as decimal marks.")
    return columns_to_table(columns, target_name, mark, notes, path)


def _decode(content, path):
    notes = []
    is_utf16 = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    text = content.decode("utf-16" if is_utf16 else "latin-1")
    if END in text:
        raise DatasetError(
            f"{path} holds zero bytes: it is no text, or in UTF-32, or in UTF-16 "
            "without its mark. Save it as csv in UTF-8."
        )
    if is_utf16:
        return text, notes
    try:
        return content.decode("utf-8-sig"), notes
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        notes.append(f"Read as Windows-1252, for line {line} is not UTF-8.")
        return content.decode("cp1252"), notes


def _split_sep_line(text):
    said = SEP_LINE.match(text)
    return (said[1], text[said.end() :]) if said else (None, text)


def _records(text, delimiter):
    lines = chain(io.StringIO(text, newline=""), [END])
    return csv.reader(lines, delimiter=delimiter, skipinitialspace=True)


def _guess_delimiter(text):
    """Find what gives the first row as many cells as the header, and most of them."""

    def fit(delimiter):
        try:
            records = filter(any, _records(text, delimiter))
            header, first = next(records, []), next(records, [])
        except csv.Error:
            return False, 0
        return len(header) == len(first), len(header)

    return max(DELIMITERS, key=fit)


def _read_cells(text, delimiter, path):
    records, rows, line = _records(text, delimiter), [], 0
    for row in records:
        if row and row[-1].endswith(END):
            break
        if len(row) > 1 or any(row):
            rows.append([cell.strip() for cell in row])
            if len(row) != len(rows[0]):
                raise _wrong_length(row, rows[0], records.line_num, path)
        line = records.line_num
    if row != [END]:
        raise DatasetError(
            f"{path}, line {line + 1}: a quote is opened and never closed; the file is "
            "truncated or the line is malformed."
        )
    return _checked(rows, path)


def _wrong_length(row, header, line, path):
    return DatasetError(
        f"{path}, line {line}: {len(row)} values where the header names "
        f"{len(header)} columns; the file is truncated or the line is malformed."
    )


def _checked(rows, path):
    """Header and rows, if there are both."""
    if len(rows) < 2 or len(rows[0]) < 2:
        raise DatasetError(
            f"{path} needs a line of column names, at least two columns, and rows."
        )
    header = rows[0]
    named = [name for name in header if name]
    if len(set(named)) < len(named):
        raise DatasetError(f"{path} names a column twice: {joined(header)}.")
    # pandas names the columns of an array 0, 1, 2, ..., after that of its index.
    numbered = header == ["", *map(str, range(len(header) - 1))]
    if not numbered and all(c in MISSING or NUMBERS["."].fullmatch(c) for c in header):
        raise DatasetError(
            f"{path} begins with numbers: the first line must name the columns."
        )
    return header, rows[1:]


def _named_columns(header, rows, notes, path):
    """Cells by column, without an index and without what follows a last delimiter."""
    columns = {}
    cells_of = zip(*rows, strict=True)
    for number, (name, cells) in enumerate(zip(header, cells_of, strict=True), start=1):
        if INDEX_NAME.fullmatch(name) or (number == 1 and not name):
            notes.append(
                f"Column {number} ({name!r}) was left out: an index, for it has no "
                "name of its own."
            )
        elif name:
            columns[name] = cells
        else:
            _check_empty(cells, number, path)
    return columns


def _check_empty(cells, number, path):
    for row, cell in enumerate(cells, start=1):
        if cell:
            raise DatasetError(
                f"{path}: column {number} has no name, but row {row} holds {cell!r}. "
                "Name the column, or take it out."
            )


def _target_name(names, target, path):
    if len(names) < 2:
        raise DatasetError(
            f"{path} needs at least two columns with names; it has {joined(names)}."
        )
    if target is None:
        return names[-1]
    if target not in names:
        raise DatasetError(
            f"{path} has no column {target!r}. Its columns: {joined(names)}."
        )
    return target
