"""Write a fitted estimator as an ONNX model."""

from sklearn_halfnet._files import replace_file
from sklearn_halfnet._version import __version__
from sklearn_halfnet.export._onnx_graph import IR_VERSION, OPSET, OnnxGraph
from sklearn_halfnet.export._onnx_outputs import write_model
from sklearn_halfnet.export._onnx_pipeline import pipeline_model
from sklearn_halfnet.export._source import check_dtype, computation_of, is_ours

__all__ = ["to_onnx"]


def to_onnx(
    estimator,
    path=None,
    *,
    dtype="float32",
    weights="stored",
    trained="float",
    X=None,
):
    """Write a fitted estimator, or a Pipeline of such, as an ONNX model.

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

    Estimators of scikit-learn that have ours as a part, such as a Pipeline with a
    ColumnTransformer, are written by skl2onnx, which asks this package for its parts.
    Fitted on a data frame, such a model takes an input a column, of shape (n_rows, 1),
    by the column's name.

    Parameters
    ----------
    estimator : estimator
        A fitted half layer, also behind convolutions, HalfNet, ELM, RVFL, boosted
        features, weight-agnostic network or partially trained CNN, an ensemble of
        these, ``RandomFeatures`` or ``RandomNetwork``; or an estimator of scikit-learn.
    path : str or path-like, default=None
        File to write, if any.
    dtype : {"float32", "float64"}, default="float32"
        Type of input, weights and outputs.
    weights : {"stored", "float32", "int8", "binary"}, default="stored"
        How matrices of hidden units are held: as the model holds them; as
        floating-point numbers; dense ones as 8-bit integers with a factor a unit; or at
        one bit each, or not at all if they are not -1 and +1.
    trained : {"float", "int8"}, default="float"
        How all else is held: as it is, or rounded as by ``to_c``, matrices and kernels
        at 8 bits.
    X : dataframe, default=None
        Some rows, whose columns tell names and types of the inputs: for an estimator of
        scikit-learn that was fitted on a data frame.

    Returns
    -------
    model : onnx.ModelProto

    Raises
    ------
    ImportError
        If onnx is not installed, or skl2onnx where it is needed; the extra ``onnx``
        installs both.
    NotFittedError
        If the estimator is not fitted.
    TypeError
        If the estimator, or the type of its class labels, cannot be exported.
    ValueError
        If an argument is none of those listed, the weights cannot be held in the way
        asked for, a number of the model is too large for ``dtype``, or ``X`` is needed.
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
    options = {"weights": weights, "trained": trained}
    if is_ours(estimator):
        model = _written(estimator, dtype, options)
    else:
        model = pipeline_model(estimator, dtype, options, X)
    if path is not None:
        replace_file(path, model.SerializeToString())
    return model


def _written(estimator, dtype, options):
    computation = computation_of(estimator)
    graph = OnnxGraph(dtype)
    outputs = write_model(graph, computation, "X", options)
    return _model(graph, estimator, computation, outputs)


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
