"""Exported models as they run: C compiled by gcc, and ONNX by onnxruntime."""

import ctypes
import shutil
import subprocess
import tempfile
from pathlib import Path

import numpy as np

from sklearn_halfnet.exceptions import CommandError
from sklearn_halfnet.experiments._common.measures import timed
from sklearn_halfnet.export import to_c, to_onnx

__all__ = ["CompiledC", "OnnxSession", "row_seconds"]

_FLAGS = ("-std=c99", "-O3", "-march=native", "-fPIC", "-shared")
# All rows in one call: that of Python takes as long as a row.
_ALL_ROWS = """
void model_rows(const {x_type} *X, long n_rows, float *probabilities, int *labels)
{{
    for (long i = 0; i < n_rows; i++, X += {n_features}, probabilities += {n_classes})
        model_predict(X, probabilities, labels + i);
}}
"""
_ROWS_A_ROUND, _ROUNDS = 200, 15


class CompiledC:
    """A classifier that gcc has compiled.

    Parameters
    ----------
    estimator : estimator
        A fitted classifier.
    **options
        As of ``to_c``.
    """

    def __init__(self, estimator, **options):
        self.source = to_c(estimator, **options)
        self.n_classes = len(estimator.classes_)
        in_bytes = options.get("inputs") == "uint8"
        self.dtype = np.uint8 if in_bytes else np.float32
        driver = _ALL_ROWS.format(
            x_type="unsigned char" if in_bytes else "float",
            n_features=estimator.n_features_in_,
            n_classes=self.n_classes,
        )
        self.library = _compiled(self.source + driver)

    def rows(self, X):
        """Labels' places and probabilities of rows of ``dtype``."""
        X = np.ascontiguousarray(X, self.dtype)
        probabilities = np.empty((len(X), self.n_classes), np.float32)
        labels = np.empty(len(X), np.intc)
        arrays = [ctypes.c_void_p(a.ctypes.data) for a in (X, probabilities, labels)]
        self.library.model_rows(arrays[0], ctypes.c_long(len(X)), *arrays[1:])
        return labels, probabilities


def _compiled(source):
    gcc = shutil.which("gcc")
    if gcc is None:
        raise CommandError("edge compiles C: gcc is not on this machine.")
    with tempfile.TemporaryDirectory() as folder:
        file, library = Path(folder, "model.c"), Path(folder, "model.so")
        file.write_text(source, encoding="utf-8")
        subprocess.run([gcc, *_FLAGS, file, "-o", library, "-lm"], check=True)
        return ctypes.CDLL(str(library))


class OnnxSession:
    """A classifier as onnxruntime runs it, on one thread."""

    dtype = np.float32

    def __init__(self, estimator, **options):
        # The extra ``test`` installs it, not the package.
        import onnxruntime

        settings = onnxruntime.SessionOptions()
        settings.intra_op_num_threads = settings.inter_op_num_threads = 1
        self.saved = to_onnx(estimator, **options).SerializeToString()
        self.session = onnxruntime.InferenceSession(self.saved, settings)

    def rows(self, X):
        """Labels and probabilities of rows."""
        return self.session.run(None, {"X": np.asarray(X, np.float32)})


def row_seconds(model, X, *, one_call):
    """Seconds of a row: the fastest of some rounds.

    Parameters
    ----------
    model : CompiledC or OnnxSession
    X : ndarray of shape (n_rows, n_features)
    one_call : bool
        Whether a call takes all rows, one after the other; else each has a call.
    """
    X = np.ascontiguousarray(X[:_ROWS_A_ROUND], model.dtype)
    calls = [X] if one_call else list(X[:, None])
    model.rows(calls[0])
    rounds = [
        timed(lambda: [model.rows(call) for call in calls]) for _ in range(_ROUNDS)
    ]
    return min(seconds for _, seconds in rounds) / len(X)
