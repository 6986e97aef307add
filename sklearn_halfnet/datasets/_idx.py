"""Read the idx files of MNIST and Fashion-MNIST, and verify them."""

import gzip
import hashlib
import struct
import zlib
from pathlib import Path

import numpy as np

from sklearn_halfnet.datasets.images import IDX_FILES
from sklearn_halfnet.exceptions import DatasetError

AGAIN = "Get the file again, or leave data_home out to take it from OpenML."


def read_idx(path, md5=None):
    """Array of an idx file of bytes, gzip-compressed (``.gz``) or not.

    Parameters
    ----------
    path : path-like
        The file.
    md5 : str, default=None
        MD5 digest that the uncompressed file must have.

    Returns
    -------
    ndarray of uint8
        With the shape that the header gives.

    Raises
    ------
    DatasetError
        If the file is truncated, altered, or no idx file of bytes.

    References
    ----------
    Format: a magic number 0, 0, 8 (unsigned bytes), number of dimensions;
    then each dimension as a big-endian 32-bit integer; then the data.
    """
    content = _uncompressed(path)
    if md5 is not None:
        _check_digest(path, content, md5)
    if len(content) < 4 or content[:3] != b"\x00\x00\x08":
        raise DatasetError(f"{path} is not an idx file of bytes. {AGAIN}")
    n_dims = content[3]
    header = 4 + 4 * n_dims
    if len(content) < header:
        raise DatasetError(f"{path} is truncated within its header. {AGAIN}")
    shape = struct.unpack(f">{n_dims}I", content[4:header])
    expected = header + int(np.prod(shape, dtype=np.int64))
    if len(content) != expected:
        raise DatasetError(
            f"{path} is truncated or padded: {len(content):,} bytes where its "
            f"header promises {expected:,}. {AGAIN}"
        )
    return np.frombuffer(content, np.uint8, offset=header).reshape(shape)


def _uncompressed(path):
    opened = gzip.open if Path(path).suffix == ".gz" else open
    try:
        with opened(path, "rb") as file:
            return file.read()
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise DatasetError(
            f"{path} is truncated or no gzip file ({error}). {AGAIN}"
        ) from error
    except OSError as error:
        raise DatasetError(f"{path} cannot be read: {error}.") from error


def _check_digest(path, content, md5):
    found = hashlib.md5(content, usedforsecurity=False).hexdigest()
    if found != md5:
        raise DatasetError(
            f"{path} is not the published file: {len(content):,} bytes with MD5 "
            f"{found} when uncompressed, instead of {md5}; it is truncated or "
            f"altered. {AGAIN} (Images of your own: an .npz file with X and y.)"
        )


def find_idx_files(spec, folders):
    """Paths of the four files in the first folder that has any of them.

    Parameters
    ----------
    spec : ImageSet
        The image set.
    folders : list of Path
        Where to look.

    Returns
    -------
    dict or None
        ``(part, "X" or "y") -> path``; None if no folder has any file of it.

    Raises
    ------
    DatasetError
        If a folder has some of the files but not all.
    """
    for folder in folders:
        found = {key: _existing(folder / name) for key, name in IDX_FILES.items()}
        if all(found.values()):
            return found
        if any(found.values()):
            missing = [f"{IDX_FILES[k]}.gz" for k, path in found.items() if not path]
            raise DatasetError(
                f"{spec.title} is not complete in {folder}: {', '.join(missing)} "
                f"missing. Put the missing file there, or leave data_home out "
                f"to take {spec.title} from OpenML."
            )
    return None


def _existing(path):
    """Find the file, compressed or not; None if there is neither."""
    for candidate in (path.with_name(path.name + ".gz"), path):
        if candidate.is_file():
            return candidate
    return None
