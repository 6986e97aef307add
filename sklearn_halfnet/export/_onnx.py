"""Write a fitted estimator as an ONNX model."""

import numpy as np

from sklearn_halfnet._files import replace_file
from sklearn_halfnet._version import __version__
from sklearn_halfnet.export._onnx_graph import IR_VERSION, OPSET, OnnxGraph
from sklearn_halfnet.export._onnx_steps import write_steps
from sklearn_halfnet.export._source import check_dtype, class_labels, computation_of

__all__ = ["to_onnx"]


def to_onnx(estimator, path=None, *, dtype="float32"):
    """Write a fitted estimator as an ONNX model.

    The model takes an input "X" of shape (n_rows, n_features), any number of rows. A
    classifier's has the outputs "label" and "probabilities", as ``skl2onnx`` names
    them: "label" is of shape (n_rows,), int64 or string, or for multilabel targets 0/1
    of shape (n_rows, n_labels); "probabilities" of shape (n_rows, n_classes). A
    regressor's or transformer's has one output "variable" of shape (n_rows, n_outputs).

    Binary weights are stored at one bit each and sparse ones as they are; a runtime
    makes both dense when it loads the model.

    A column of categories is one number: the place of the category in the estimator's
    ``categories_``, NaN where it is missing, -1 for any other. ``model_rows`` makes
    such rows of a data frame.

    Parameters
    ----------
    estimator : estimator
        A fitted half layer, also behind convolutions, HalfNet, ELM, RVFL, boosted
        features or weight-agnostic classifier or regressor, ``RandomFeatures`` or
        ``RandomNetwork``.
    path : str or path-like, default=None
        File to write, if any.
    dtype : {"float32", "float64"}, default="float32"
        Type of input, weights and outputs.

    Returns
    -------
    model : onnx.ModelProto

    Raises
    ------
    ImportError
        If onnx is not installed; the extra ``onnx`` installs it.
    NotFittedError
        If the estimator is not fitted.
    TypeError
        If the estimator, or the type of its class labels, cannot be exported.
    ValueError
        If ``dtype`` is another one, or a number of the model is too large for it.
    OSError
        If the file cannot be written; one that was there stays as it was.

    See Also
    --------
    to_c : The same as C source.

    Notes
    -----
    The model does not check its inputs: NaN gives NaN, not an error, unless values were
    missing or there were categories in fit. The error function
    in "gelu" is float32 in a float64 model too, as runtimes have no other.

    Examples
    --------
    >>> import numpy as np
    >>> import onnxruntime
    >>> from sklearn.datasets import load_digits
    >>> from sklearn_halfnet import ELMClassifier
    >>> from sklearn_halfnet.export import to_onnx
    >>> X, y = load_digits(return_X_y=True)
    >>> X = X.astype("float32")
    >>> model = ELMClassifier(200, "binary", random_state=0).fit(X, y)
    >>> saved = to_onnx(model).SerializeToString()
    >>> session = onnxruntime.InferenceSession(saved)
    >>> label, probabilities = session.run(None, {"X": X})
    >>> bool(np.mean(label == model.predict(X)) > 0.999)
    True
    >>> probabilities.shape
    (1797, 10)
    """
    check_dtype(dtype)
    computation = computation_of(estimator)
    graph = OnnxGraph(dtype)
    last = write_steps(graph, computation, "X")
    outputs = _OUTPUTS[computation.kind](graph, computation, last)
    model = _model(graph, estimator, computation, outputs)
    if path is not None:
        replace_file(path, model.SerializeToString())
    return model


def _values(graph, computation, last):
    graph.add("Identity", last, output="variable")
    return [("variable", graph.dtype, [None, computation.widths[-1]])]


def _classes(graph, computation, last):
    labels = class_labels(computation.classes)
    index = graph.add("ArgMax", last, axis=1, keepdims=0)
    graph.add("Gather", labels, index, axis=0, output="label")
    label = "label", labels.dtype, [None]
    return [label, _probabilities(graph, computation, last)]


def _indicators(graph, computation, last):
    positive = graph.add("Greater", last, np.array(0.5))
    graph.add("Cast", positive, to=graph.type_number(np.int64), output="label")
    shape = [None, len(computation.classes)]
    return [("label", np.int64, shape), _probabilities(graph, computation, last)]


def _probabilities(graph, computation, last):
    graph.add("Identity", last, output="probabilities")
    return "probabilities", graph.dtype, [None, len(computation.classes)]


_OUTPUTS = {
    "values": _values,
    "binary": _classes,
    "multiclass": _classes,
    "multilabel": _indicators,
}


def _model(graph, estimator, computation, outputs):
    """Put the nodes together into a model."""
    from onnx import helper

    name = type(estimator).__name__

    def info(name, dtype, shape):
        return helper.make_tensor_value_info(name, graph.type_number(dtype), shape)

    made = helper.make_graph(
        graph.nodes,
        name,
        [info("X", graph.dtype, [None, computation.n_features])],
        [info(*output) for output in outputs],
        graph.constants,
    )
    return helper.make_model(
        made,
        producer_name="sklearn-halfnet",
        producer_version=__version__,
        ir_version=IR_VERSION,
        opset_imports=[helper.make_opsetid("", OPSET)],
        doc_string=f"A fitted {name} of sklearn-halfnet.",
    )
