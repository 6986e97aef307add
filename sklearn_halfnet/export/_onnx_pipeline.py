"""Estimators of scikit-learn with parts of ours, written by skl2onnx."""

from collections.abc import Mapping

import narwhals.stable.v2 as nw
from sklearn.base import BaseEstimator, ClassifierMixin, is_classifier
from sklearn.utils.validation import check_is_fitted

from sklearn_halfnet.export._onnx_graph import OPSET, OnnxGraph, require_onnx
from sklearn_halfnet.export._onnx_outputs import write_model
from sklearn_halfnet.export._source import class_labels, computation_of, is_ours
from sklearn_halfnet.export._stored import TRAINED, WEIGHTS_IN_ONNX

__all__ = ["pipeline_model"]

_ML_OPSET = 3


def pipeline_model(estimator, dtype, options, X=None):
    """Write an estimator of scikit-learn.

    Parameters
    ----------
    estimator : estimator
        Fitted.
    dtype : {"float32", "float64"}
    options : dict
        ``weights`` and ``trained``, as of ``to_onnx``, of the parts of ours.
    X : dataframe or None
        As of ``to_onnx``.

    Returns
    -------
    model : onnx.ModelProto
    """
    require_onnx()
    skl2onnx = _require_skl2onnx()
    if not type(estimator).__module__.startswith("sklearn."):
        computation_of(estimator)  # which says what can be written
    check_is_fitted(estimator)
    inputs = _inputs(estimator, dtype, X)
    array = {"zipmap": False}
    for_all = {
        cls: options | (array if issubclass(cls, ClassifierMixin) else {})
        for cls in _register(skl2onnx, estimator)
    }
    if is_classifier(estimator):
        for_all[id(estimator)] = array
    return skl2onnx.to_onnx(
        estimator,
        initial_types=inputs,
        target_opset={"": OPSET, "ai.onnx.ml": _ML_OPSET},
        options=for_all,
    )


def _require_skl2onnx():
    try:
        import skl2onnx
    except ImportError as error:
        raise ImportError(
            "to_onnx needs skl2onnx for estimators of scikit-learn: "
            "pip install 'sklearn-halfnet[onnx]'."
        ) from error
    return skl2onnx


# -- inputs ----------------------------------------------------------------------------


def _inputs(estimator, dtype, X):
    """Names and types of the inputs, as skl2onnx takes them."""
    from skl2onnx.common import data_types as kinds

    floats = {"float32": kinds.FloatTensorType, "float64": kinds.DoubleTensorType}
    if X is None:
        if hasattr(estimator, "feature_names_in_"):
            raise ValueError(
                f"X is needed: {type(estimator).__name__} was fitted on a data frame, "
                "some rows of which tell names and types of the model's inputs."
            )
        return [("X", floats[dtype]([None, estimator.n_features_in_]))]
    schema = nw.from_native(X).schema
    others = {
        "is_float": floats[dtype],
        "is_integer": kinds.Int64TensorType,
    }

    def kind(column):
        for test, tensor in others.items():
            if getattr(column, test)():
                return tensor
        is_bool = column == nw.Boolean
        return kinds.BooleanTensorType if is_bool else kinds.StringTensorType

    return [(name, kind(column)([None, 1])) for name, column in schema.items()]


# -- our parts -------------------------------------------------------------------------


def _register(skl2onnx, estimator):
    """Tell skl2onnx how our parts are written; return their classes."""
    classes = set(map(type, _parts(estimator)))
    for cls in classes:
        options = {"weights": list(WEIGHTS_IN_ONNX), "trained": list(TRAINED)}
        if issubclass(cls, ClassifierMixin):  # what skl2onnx asks all classifiers
            options |= {"zipmap": [False], "nocl": [False]}
        name = f"Halfnet{cls.__name__}"
        made = _set_types, _convert
        skl2onnx.update_registered_converter(cls, name, *made, options=options)
    return classes


def _parts(value):
    """Estimators of ours among all that an estimator holds."""
    if isinstance(value, BaseEstimator):
        if is_ours(value):
            return [value]
        value = vars(value)
    if isinstance(value, Mapping):
        value = list(value.values())
    if not isinstance(value, list | tuple):
        return []
    return [part for each in value for part in _parts(each)]


def _set_types(operator):
    """Say what an estimator's outputs are."""
    from skl2onnx.common.data_types import Int64TensorType, StringTensorType

    computation = computation_of(operator.raw_operator)
    outputs = [output.type for output in operator.outputs]
    outputs[-1].shape = [None, computation.widths[-1]]
    if computation.kind == "values":
        return
    if computation.kind == "multilabel":
        label = Int64TensorType([None, len(computation.classes)])
    else:
        is_text = class_labels(computation.classes).dtype == object
        label = (StringTensorType if is_text else Int64TensorType)([None])
    operator.outputs[0].type = label


def _convert(scope, operator, container):
    """Write an estimator's nodes and constants into skl2onnx's container."""
    from skl2onnx.common.data_types import DoubleTensorType

    estimator = operator.raw_operator
    options = container.get_options(
        estimator, {"weights": "stored", "trained": "float"}
    )
    options = {name: options[name] for name in ("weights", "trained")}
    outputs = operator.outputs
    is_double = isinstance(outputs[-1].type, DoubleTensorType)
    graph = OnnxGraph("float64" if is_double else "float32")
    # Of other names than any output of ours has.
    names = [f"rows{number}" for number in range(len(operator.inputs))]
    columns = [graph.cast(name) for name in names]
    whole = columns[0] if len(columns) == 1 else graph.add("Concat", *columns, axis=1)
    written = write_model(graph, computation_of(estimator), whole, options)
    ends = [name for name, *_ in written]
    values = [value.full_name for value in (*operator.inputs, *outputs)]
    known = dict(zip([*names, *ends], values, strict=True))
    _copy(graph, scope, container, known)


def _copy(graph, scope, container, known):
    """Copy a graph, under names that nothing else has."""
    onnx = require_onnx()

    def renamed(name):
        if name not in known:
            known[name] = scope.get_unique_variable_name(f"halfnet_{name}")
        return known[name]

    for tensor in graph.constants:
        shape, content = list(tensor.dims), tensor
        if tensor.data_type == onnx.TensorProto.STRING:
            content = [text.decode() for text in tensor.string_data]
        container.add_initializer(
            renamed(tensor.name), tensor.data_type, shape, content
        )
    for node in graph.nodes:
        values = {
            each.name: onnx.helper.get_attribute_value(each) for each in node.attribute
        }
        container.add_node(
            node.op_type,
            [renamed(name) for name in node.input],
            [renamed(name) for name in node.output],
            op_version=OPSET,
            name=scope.get_unique_operator_name(f"halfnet_{node.op_type}"),
            **values,
        )
