"""Save an estimator, load it, and say what a file holds."""

import os
import sys
from functools import partial
from math import prod
from typing import Any

from sklearn_halfnet._checks import check_options, one_of, whole
from sklearn_halfnet._files import replace_file
from sklearn_halfnet.exceptions import ModelFileError
from sklearn_halfnet.files.about import about
from sklearn_halfnet.files.archive import Archive, write_archive
from sklearn_halfnet.files.classes import ESTIMATORS, name_of
from sklearn_halfnet.files.decoding import Decoder
from sklearn_halfnet.files.encoding import Encoder

__all__ = ["describe", "load", "read_value", "save", "write_value"]

_MAX_BYTES = 4 * 2**30


@check_options({"weights": [one_of({"arrays", "seed"})]})
def save(estimator: Any, path: str | os.PathLike, *, weights: str = "arrays") -> None:
    """Save an estimator of this package in a file that is data, not code.

    The file is a zip of a JSON text and of arrays, each with its checksum. It holds
    parameters, what ``fit`` has learned, and with what a warm start or ``partial_fit``
    goes on, as a pickle would; what is shared is stored once, and binary weights take
    one bit each. It is written beside its place and moved there when it is complete: a
    file that was there stays whole, whatever happens.

    Parameters
    ----------
    estimator : estimator
        Of this package, fitted or not.
    path : path-like
        The file to write, by custom ending in ".halfnet"; its folder must be there.
    weights : {"arrays", "seed"}, default="arrays"
        How frozen weights are stored: as they are, or as what draws them again, with a
        checksum. With "seed" the file is small, and ``load`` draws them; numpy promises
        the same draw for its present generators, not for all time.

    Raises
    ------
    TypeError
        If it is no estimator of this package, or holds what is no data, such as a
        function; the message names where.
    ValueError
        If ``weights="seed"`` and weights come from data, from training or from the
        user, or differ in their last bits among machines (orthogonal, Gabor, Mexican
        hat).
    OSError
        If the file cannot be written.

    Warns
    -----
    UserWarning
        If the estimator has callbacks, which are not stored.

    See Also
    --------
    load : The way back.
    trusted_types : For Pipelines, which skops writes.

    References
    ----------
    The NumPy developers, "A simple file format for NumPy arrays", NEP 1.

    Examples
    --------
    >>> import os, tempfile
    >>> from sklearn.datasets import load_digits
    >>> from sklearn_halfnet import ELMClassifier, load, save
    >>> X, y = load_digits(return_X_y=True)
    >>> model = ELMClassifier(500, "binary", random_state=0).fit(X, y)
    >>> folder = tempfile.TemporaryDirectory()
    >>> path = os.path.join(folder.name, "digits.halfnet")
    >>> save(model, path)
    >>> bool((load(path).predict(X) == model.predict(X)).all())
    True
    >>> folder.cleanup()
    """
    if name_of(type(estimator)) not in ESTIMATORS:
        raise TypeError(
            f"save takes an estimator of sklearn_halfnet, got {type(estimator)}. For a "
            "Pipeline use skops.io.dump, and read it with trusted_types()."
        )
    how = {"about": about(estimator), "by_seed": weights == "seed"}
    replace_file(path, partial(write_value, value=estimator, **how))


def write_value(path, value, about=None, by_seed=False):
    """Write a value of any kind that an estimator may hold into a new file."""
    encoder = Encoder(by_seed)
    manifest = {
        "about": about,
        "model": encoder.encode(value, type(value).__name__),
        "objects": encoder.objects,
    }
    write_archive(path, manifest, encoder.arrays)


def read_value(path):
    """Read what ``write_value`` has written, of any size."""
    return _read(path, sys.maxsize, _value)


@check_options({"max_bytes": [whole(1)]})
def load(path: str | os.PathLike, *, max_bytes: int = _MAX_BYTES) -> Any:
    """Load an estimator that ``save`` has written.

    Nothing in the file is executed, and only classes of this package are made. Sizes
    are compared with the file's before anything is allocated, and checksums after.

    Parameters
    ----------
    path : path-like
    max_bytes : int, default=4 GiB
        Bound on what the file may make this process allocate, weights that are drawn
        again included. Of ordinary files about their size is needed.

    Returns
    -------
    estimator : estimator
        As it was: it predicts the same bits, and goes on as the one that was saved.

    Raises
    ------
    ModelFileError
        If the file is none of these, truncated, altered, of a newer format, larger than
        ``max_bytes`` allows for, or if weights cannot be drawn again. It names file and
        cause.
    OSError
        If the file cannot be read.

    See Also
    --------
    save : How the file came to be.

    References
    ----------
    The NumPy developers, "A simple file format for NumPy arrays", NEP 1.

    Examples
    --------
    >>> import tempfile
    >>> from sklearn_halfnet import ELMClassifier, load, save
    >>> with tempfile.NamedTemporaryFile(suffix=".halfnet") as file:
    ...     save(ELMClassifier(30), file.name)
    ...     load(file.name)
    ELMClassifier(hidden_layer_sizes=30)
    """
    return _read(path, max_bytes, _loaded)


def describe(path: str | os.PathLike) -> dict[str, Any]:
    """Return what a file says of its model, without loading it.

    Parameters
    ----------
    path : path-like

    Returns
    -------
    told : dict
        Of plain data; ``halfnet info`` prints it.

    Raises
    ------
    ModelFileError, OSError
        As ``load`` does.
    """
    return _read(path, _MAX_BYTES, partial(_described, path))


def _read(path, max_bytes, read):
    """Read a file; whatever goes wrong in it is our error."""
    with open(path, "rb") as file:
        try:
            return read(Archive(file, max_bytes))
        except MemoryError:
            raise
        # Bytes of anybody make readers of zip, JSON and .npy raise anything.
        except Exception as error:
            raise ModelFileError(f"{os.fspath(path)!r}: {_cause(error)}.") from error


def _cause(error):
    if type(error) is ValueError:
        return str(error).rstrip(".")
    return f"it is no model file, or damaged ({error!r})"


def _value(archive):
    arrays = archive.arrays()
    decoder = Decoder(arrays, archive.bytes_left)
    for node in archive.manifest["objects"]:
        decoder.add(node)
    return decoder.decode(archive.manifest["model"])


def _loaded(archive):
    estimator = _value(archive)
    if name_of(type(estimator)) not in ESTIMATORS:
        raise ValueError(f"it holds a {type(estimator).__name__}, no estimator")
    return estimator


def _described(path, archive):
    manifest = archive.manifest
    return {
        **manifest["about"],
        "file": os.path.basename(os.fspath(path)),
        "n_bytes": os.path.getsize(path),
        "n_numbers": sum(prod(each["shape"]) for each in manifest["arrays"]),
        "by_seed": any("draw" in node for node in manifest["objects"]),
    }
