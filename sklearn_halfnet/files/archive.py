"""The zip that a model file is: what stands where, and what a reader refuses.

The members of the zip are ``model.json`` and ``arrays/0.npy``, ``arrays/1.npy``, ...,
none of them compressed: so no member is larger than the file, and what a file makes a
reader allocate is known from its size.
"""

import json
import os
import zipfile

import numpy as np

from sklearn_halfnet.files.drawn import checksum
from sklearn_halfnet.files.encoding import PLAIN_DTYPES

__all__ = ["FORMAT", "NAME", "Archive", "is_model_file", "write_archive"]

NAME = "sklearn-halfnet model"
# Whoever changes what a file says, or what a field of a stored class means, adds one.
FORMAT = 1

_MANIFEST = "model.json"
_ZIP = b"PK\x03\x04"
# Of the head of an .npy file.
_MOST_HEAD = 2**16
# Times the size of the JSON: what Python makes of it. An empty list is two of its bytes
# and 64 in memory.
_JSON_GROWS = 40


def is_model_file(path):
    """Whether a file begins as one of ``save`` does, and no pickle.

    Raises
    ------
    OSError
        If it cannot be read.
    """
    with open(path, "rb") as file:
        return file.read(len(_ZIP)) == _ZIP


def _member(number):
    return f"arrays/{number}.npy"


def write_archive(path, manifest, arrays):
    """Write a model file.

    Parameters
    ----------
    path : path-like
        A new file.
    manifest : dict
        Plain data; what it says of format and arrays is added here.
    arrays : list of ndarray
    """
    described = [
        {"dtype": a.dtype.str, "shape": list(a.shape), "sha256": checksum(a)}
        for a in arrays
    ]
    manifest = {"name": NAME, "format": FORMAT, **manifest, "arrays": described}
    text = json.dumps(manifest, allow_nan=False, separators=(",", ":"))
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        # The same model is the same bytes: no member tells its time.
        archive.writestr(zipfile.ZipInfo(_MANIFEST), text)
        for number, array in enumerate(arrays):
            info = zipfile.ZipInfo(_member(number))
            with archive.open(info, "w", force_zip64=True) as member:
                np.lib.format.write_array(member, array, allow_pickle=False)


class Archive:
    """A model file that is open for reading.

    Parameters
    ----------
    file : file object
        Binary, at its beginning.
    max_bytes : int
        Bound on what is allocated.

    Attributes
    ----------
    manifest : dict

    Raises
    ------
    Exception
        Of any kind, if it is no model file; of ``ValueError`` the message says why.
    """

    def __init__(self, file, max_bytes):
        size = os.fstat(file.fileno()).st_size
        if size > max_bytes:
            raise ValueError(
                f"it is of {size:,} bytes, more than max_bytes={max_bytes:,}"
            )
        head = file.read(4)
        if head != _ZIP:
            raise ValueError(_what_it_is(head))
        self.zip = zipfile.ZipFile(file)
        self.members = self._checked_members(size)
        self.bytes_left = max_bytes
        self.manifest = self._read_manifest()

    def _checked_members(self, size):
        infos = self.zip.infolist()
        members = {info.filename: info for info in infos}
        if len(members) < len(infos):
            raise ValueError("it holds two members of one name")
        if sum(info.compress_size for info in infos) > size:
            raise ValueError("its members lie over each other")
        if _MANIFEST not in members:
            raise ValueError(f"it is a zip without {_MANIFEST}")
        return members

    def _size(self, name):
        """Bytes of a member, if they stand in the file as they are."""
        info = self.members[name]
        if info.compress_type != zipfile.ZIP_STORED or info.flag_bits & 1:
            raise ValueError(f"{name} is compressed or encrypted; nothing may be")
        if info.compress_size != info.file_size:
            raise ValueError(f"sizes of {name} contradict each other")
        return info.file_size

    def _take(self, n_bytes, what):
        """Count what is about to be allocated."""
        self.bytes_left -= n_bytes
        if self.bytes_left < 0:
            raise ValueError(
                f"{what} needs {n_bytes:,} bytes, more than max_bytes leaves; raise it "
                "if you trust the file"
            )

    def _read_manifest(self):
        self._take(_JSON_GROWS * self._size(_MANIFEST), _MANIFEST)
        manifest = json.loads(self.zip.read(_MANIFEST), parse_constant=_no_number)
        if not isinstance(manifest, dict) or manifest.get("name") != NAME:
            raise ValueError(f"its {_MANIFEST} is not of {NAME!r}")
        written = manifest["format"]
        if type(written) is not int or written > FORMAT:
            raise ValueError(
                f"written by format {written}, this version reads up to {FORMAT}"
            )
        return manifest

    def arrays(self):
        """Read all arrays; none is allocated before its size has been compared."""
        described = self.manifest["arrays"]
        expected = {_MANIFEST, *map(_member, range(len(described)))}
        if set(self.members) != expected:
            odd = sorted(set(self.members) ^ expected)[:3]
            raise ValueError(f"its members are not those it lists: {odd}")
        return [self._array(_member(i), each) for i, each in enumerate(described)]

    def _array(self, name, described):
        dtype, shape = np.dtype(described["dtype"]), tuple(described["shape"])
        if dtype.kind not in PLAIN_DTYPES:
            raise ValueError(f"{name} is of {dtype}, not of plain data")
        if not all(type(n) is int and n >= 0 for n in shape):
            raise ValueError(f"{name} has the shape {shape}")
        n_bytes = dtype.itemsize
        for n in shape:
            n_bytes *= n
        with self.zip.open(name) as member:
            found = _head(member)
            if found != (shape, dtype):
                raise ValueError(f"{name} is {found}, not {shape, dtype} as listed")
            if n_bytes != self._size(name) - member.tell():
                raise ValueError(f"{name} does not have the bytes of its shape")
        self._take(n_bytes, name)
        with self.zip.open(name) as member:
            array = np.lib.format.read_array(
                member, allow_pickle=False, max_header_size=_MOST_HEAD
            )
        if checksum(array) != described["sha256"]:
            raise ValueError(f"{name} does not have the checksum listed")
        return array


def _head(member):
    """Read shape and dtype at the head of an .npy file."""
    version = np.lib.format.read_magic(member)
    readers = {
        (1, 0): np.lib.format.read_array_header_1_0,
        (2, 0): np.lib.format.read_array_header_2_0,
    }
    if version not in readers:
        raise ValueError(f"an array is of the .npy format {version}")
    shape, _, dtype = readers[version](member, max_header_size=_MOST_HEAD)
    return shape, dtype


def _no_number(word):
    raise ValueError(f"its {_MANIFEST} holds {word}, which is no JSON")


def _what_it_is(head):
    if not head:
        return "it is empty"
    if head[:1] == b"\x80":
        return (
            "it is a pickle, which pickle or joblib loads, and executes: only if you "
            "trust it"
        )
    return f"it is no zip: it begins with {head!r}"
