"""Run what an export has written: an ONNX model, or C source by the machine's gcc."""

import ctypes
import shutil
import subprocess

import numpy as np
import onnx
import onnxruntime
import pytest

from sklearn_halfnet.export import to_c, to_numpy, to_onnx


def run_numpy(estimator, X, folder=None, **options):
    """Outputs of numpy by the names that ONNX has."""
    return to_numpy(estimator, **options)(X)


def run_onnx(estimator, X, folder=None, dtype="float32", **options):
    """Outputs of the ONNX model by name."""
    model = to_onnx(estimator, dtype=dtype, **options)
    onnx.checker.check_model(model, full_check=True)
    session = onnxruntime.InferenceSession(model.SerializeToString())
    names = [output.name for output in session.get_outputs()]
    X = np.asarray(X, dtype)
    return dict(zip(names, session.run(None, {"X": X}), strict=True))


def run_c(estimator, X, folder, dtype="float32", rows=None, **options):
    """Outputs of the compiled C function, row by row, by the names that ONNX has.

    ``rows`` are X as the estimator takes them, where it takes something else.
    """
    library = compiled(to_c(estimator, dtype=dtype, **options), folder)
    rows = X if rows is None else rows
    row_type = np.uint8 if options.get("inputs") == "uint8" else dtype
    X = np.ascontiguousarray(X, row_type)
    if not hasattr(estimator, "classes_"):
        n_outputs = int(np.prod(np.shape(answers(estimator, rows[:1])["variable"])))
        (values,) = _rows(library, X, [np.zeros((len(X), n_outputs), dtype)])
        return {"variable": values}
    is_multilabel = estimator.predict(rows[:1]).ndim == 2
    n_classes = len(estimator.classes_)
    labels = np.zeros((len(X), n_classes if is_multilabel else 1), np.intc)
    probabilities = np.zeros((len(X), n_classes), dtype)
    _rows(library, X, [probabilities, labels])
    if not is_multilabel:
        labels = c_classes(library, estimator.classes_)[labels[:, 0]]
    return {"label": labels, "probabilities": probabilities}


def answers(estimator, X):
    """What the estimator itself answers, by the names that ONNX has."""
    if hasattr(estimator, "classes_"):
        probabilities = estimator.predict_proba(X)
        return {"label": estimator.predict(X), "probabilities": probabilities}
    is_regressor = hasattr(estimator, "predict")
    values = estimator.predict(X) if is_regressor else estimator.transform(X)
    return {"variable": values.reshape(len(X), -1)}


def compiled(source, folder):
    """Compile C source, warnings are errors, and load it."""
    gcc = shutil.which("gcc")
    if gcc is None:
        pytest.skip("no C compiler (gcc) on this machine")
    source_file, library = folder / "model.c", folder / "model.so"
    source_file.write_text(source, encoding="utf-8")
    warnings = ["-pedantic", "-Wall", "-Wextra", "-Wdouble-promotion", "-Werror"]
    command = [gcc, "-std=c99", *warnings, "-fPIC", "-shared", source_file]
    command += ["-o", library, "-lm"]
    subprocess.run(command, check=True)
    return ctypes.CDLL(str(library))


def c_classes(library, classes, name="model_classes"):
    """Read the array of class labels from the library."""
    if classes.dtype.kind == "U":
        texts = (ctypes.c_char_p * len(classes)).in_dll(library, name)
        return np.array([text.decode() for text in texts])
    return np.array((ctypes.c_longlong * len(classes)).in_dll(library, name))


def _rows(library, X, outputs):
    """Call the function once a row; it writes into the rows of the outputs."""
    for i in range(len(X)):
        arrays = [X[i], *(output[i] for output in outputs)]
        library.model_predict(*(ctypes.c_void_p(array.ctypes.data) for array in arrays))
    return outputs
