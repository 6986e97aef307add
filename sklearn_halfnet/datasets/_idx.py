"""Read the idx files of MNIST and Fashion-MNIST, and verify them."""

import hashlib
import math
import struct

import numpy as np

from sklearn_halfnet._device import check_memory
from sklearn_halfnet.datasets._reading import LARGE, open_file, read_up_to, reading
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
    with reading(path, AGAIN), open_file(path) as file:
        header, shape = _read_header(file, path)
        n_bytes = math.prod(shape)
        check_memory(n_bytes, f"An array of shape {shape}", LARGE)
        # One byte more than is promised would be one too many.
        content = read_up_to(file, n_bytes + 1)
    if md5 is not None:
        _check_digest(path, header + content, md5)
    if len(content) != n_bytes:
        raise DatasetError(
            f"{path} is truncated or padded: its header promises {n_bytes:,} bytes "
            f"of data. {AGAIN}"
        )
    return np.frombuffer(content, np.uint8).reshape(shape)


def _read_header(file, path):
    """First bytes, up to the data, and the shape that they state."""
    magic = file.read(4)
    if len(magic) < 4 or magic[:3] != b"\x00\x00\x08":
        raise DatasetError(f"{path} is not an idx file of bytes. {AGAIN}")
    sizes = file.read(4 * magic[3])
    if len(sizes) < 4 * magic[3]:
        raise DatasetError(f"{path} is truncated within its header. {AGAIN}")
    return magic + sizes, struct.unpack(f">{magic[3]}I", sizes)


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
