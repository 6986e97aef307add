"""One error for all that can go wrong while a file is read, and sizes checked first."""

import gzip
import math
import zipfile
import zlib
from contextlib import contextmanager
from pathlib import Path

from sklearn_halfnet._device import check_memory
from sklearn_halfnet.exceptions import DatasetError

__all__ = ["LARGE", "open_file", "read_up_to", "reading"]

CHUNK = 2**24
LARGE = "If it is meant to be so large, use a part of it"
TRUNCATED = (EOFError, zlib.error, zipfile.BadZipFile, ValueError)


@contextmanager
def reading(path, remedy):
    """Turn whatever goes wrong in a block that reads a file to a DatasetError.

    Parameters
    ----------
    path : path-like
        The file, which the message names.
    remedy : str
        What to do, a sentence.

    Raises
    ------
    DatasetError
        With the cause chained. An ImportError passes: it names what to install.

    Examples
    --------
    >>> from sklearn_halfnet.datasets._reading import reading
    >>> with reading("a.npz", "Get the file again."):
    ...     raise EOFError("no more data")
    Traceback (most recent call last):
        ...
    sklearn_halfnet...DatasetError: a.npz is truncated or damaged (no more data)....
    """
    try:
        yield
    except (DatasetError, ImportError):
        raise
    except Exception as error:
        raise DatasetError(f"{path} {_fault(error)}. {remedy}") from error


def _fault(error):
    if isinstance(error, FileNotFoundError):
        return "does not exist. Check the path"
    if isinstance(error, gzip.BadGzipFile):
        return f"is truncated or no gzip file ({error})"
    if isinstance(error, TRUNCATED):
        return f"is truncated or damaged ({error})"
    return f"cannot be read: {str(error).rstrip('. ') or type(error).__name__}"


def open_file(path):
    """Open a file for its bytes; one whose name ends in ``.gz`` is unpacked."""
    return (gzip.open if Path(path).suffix == ".gz" else open)(path, "rb")


def read_up_to(file, n_bytes=math.inf, bytes_per_byte=1):
    """Read an open file, as long as memory lasts for it and for what is made of it.

    Parameters
    ----------
    file : binary file
        What it unpacks may be a thousand times as large as what is stored.
    n_bytes : int, default=inf
        Largest number of bytes to read. Nothing is allocated for those that are not
        there.
    bytes_per_byte : float, default=1
        Memory that a byte of the file will take later.

    Returns
    -------
    bytes

    Raises
    ------
    MemoryError
        Before more is read than there is memory for.
    """
    chunks, size = [], 0
    while chunk := file.read(min(CHUNK, n_bytes - size)):
        size += len(chunk)
        check_memory(bytes_per_byte * size, f"Reading {size:,} bytes of it", LARGE)
        chunks.append(chunk)
    return b"".join(chunks)
