"""Tables as text and as Markdown, and files that are never half written."""

import statistics
import tempfile
from pathlib import Path

from sklearn_halfnet import _files
from sklearn_halfnet.exceptions import CommandError

__all__ = [
    "bytes_text",
    "make_folder",
    "markdown_table",
    "mean_and_sd",
    "replace_file",
    "text_table",
]


def mean_and_sd(values):
    """Mean and sample standard deviation (nan for a single value).

    Examples
    --------
    >>> mean_and_sd([1.0, 3.0])
    (2.0, 1.4142135623730951)
    """
    sd = statistics.stdev(values) if len(values) > 1 else float("nan")
    return statistics.fmean(values), sd


def bytes_text(n_bytes):
    """Write a number of bytes as people do (1 KB is 1,000 bytes).

    Examples
    --------
    >>> bytes_text(512), bytes_text(101_770), bytes_text(3_200_000)
    ('512 B', '102 KB', '3.2 MB')
    """
    if n_bytes < 1_000:
        return f"{n_bytes} B"
    if n_bytes < 1_000_000:
        return f"{n_bytes / 1e3:.{0 if n_bytes >= 1e4 else 1}f} KB"
    return f"{n_bytes / 1e6:.1f} MB"


def text_table(headers, rows):
    """Align a table in columns: the first to the left, numbers to the right.

    Parameters
    ----------
    headers : list of str
        Names of the columns.
    rows : list of list of str
        Cells.

    Returns
    -------
    str
        One line a row, without a final line break.

    Examples
    --------
    >>> print(text_table(["model", "n"], [["a", "10"], ["long name", "9"]]))
    model       n
    ---------  --
    a          10
    long name   9
    """
    widths = [max(map(len, column)) for column in zip(headers, *rows, strict=True)]
    rule = ["-" * width for width in widths]
    lines = []
    for cells in [headers, rule, *rows]:
        first = cells[0].ljust(widths[0])
        rest = [c.rjust(w) for c, w in zip(cells[1:], widths[1:], strict=True)]
        lines.append("  ".join([first, *rest]).rstrip())
    return "\n".join(lines)


def markdown_table(headers, rows):
    """Write a table in Markdown, numbers to the right.

    Parameters
    ----------
    headers : list of str
        Names of the columns.
    rows : list of list of str
        Cells.

    Returns
    -------
    str
        One line a row, without a final line break.

    Examples
    --------
    >>> print(markdown_table(["model", "n"], [["a", "10"]]))
    | model | n |
    |---|---:|
    | a | 10 |
    """
    rule = "|---|" + "---:|" * (len(headers) - 1)
    lines = ["| " + " | ".join(cells) + " |" for cells in [headers, *rows]]
    return "\n".join([lines[0], rule, *lines[1:]])


def replace_file(path, write):
    """Write a file as a whole or not at all, and make its folder where there is none.

    Parameters
    ----------
    path : path-like
        The file.
    write : callable or str
        Takes the path to write to; or the text to write.
    """
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    _files.replace_file(path, write)


def make_folder(path):
    """Make a folder where there is none, and make sure that files can be written.

    Parameters
    ----------
    path : path-like
        The folder.

    Raises
    ------
    CommandError
        If it is a file, or cannot be written to.
    """
    try:
        Path(path).mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path):
            pass
    except OSError as error:
        raise CommandError(
            f"results cannot be written to {path}: {error.strerror}. Choose another "
            "folder by --out."
        ) from error
