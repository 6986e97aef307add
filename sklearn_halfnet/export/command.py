"""The command ``halfnet export``."""

from pathlib import Path

import joblib

from sklearn_halfnet.exceptions import CommandError, ModelFileError
from sklearn_halfnet.export import to_c, to_onnx
from sklearn_halfnet.files import is_model_file, load

__all__ = ["run"]


def run(model, out, dtype, name, weights, trained, inputs):
    """Load an estimator and write it as ONNX or as C.

    Parameters
    ----------
    model : str
        File that ``sklearn_halfnet.save`` has written; or pickle or joblib, whose code
        is executed.
    out : str
        File to write, ending in ".onnx" or ".c".
    dtype : {"float32", "float64"}
    name : str
        What all names in C begin with.
    weights, trained, inputs : str
        As of ``to_c`` and ``to_onnx``; ``inputs`` is C's.

    Raises
    ------
    CommandError
        If the file cannot be loaded, or the estimator cannot be written.
    """
    estimator = _loaded(model)
    options = {"dtype": dtype, "weights": weights, "trained": trained}
    try:
        if out.endswith(".c"):
            to_c(estimator, out, name=name, inputs=inputs, **options)
        else:
            to_onnx(estimator, out, **options)
    except (ImportError, OSError, TypeError, ValueError) as error:
        raise CommandError(str(error)) from error
    print(f"Wrote {out}: {Path(out).stat().st_size:,} bytes.")


def _loaded(path):
    try:
        if is_model_file(path):
            return load(path)
        return joblib.load(path)
    except OSError as error:
        raise CommandError(f"cannot read {path}: {error}") from error
    except ModelFileError as error:
        raise CommandError(str(error)) from error
    # A file that is no pickle, or one of something that is not installed, can raise
    # anything.
    except Exception as error:
        raise CommandError(
            f"{path} is not an estimator that pickle or joblib has written: {error!r}"
        ) from error
