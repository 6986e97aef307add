"""How each step of a computation is written in ONNX operators.

Values have shape (n_rows, width). A new kind of step, of stored weights or of
activation is one function and one line in a table.
"""

import numpy as np
from scipy import sparse

from sklearn_halfnet.export._onnx_shared_weight import write_graph
from sklearn_halfnet.export._onnx_values import activate, scattered, unpacked
from sklearn_halfnet.features.computation import (
    ChannelMap,
    Convolution,
    Exponential,
    Join,
    Layer,
    Mean,
    Pool,
    Probabilities,
    Scale,
    SharedWeightGraph,
    Sorted,
    Sum,
)
from sklearn_halfnet.features.scaling import FAR
from sklearn_halfnet.weights.rounded import Rounded, RoundedStorage
from sklearn_halfnet.weights.storage import BitStorage, DenseStorage, SparseStorage

__all__ = ["write_steps"]


def write_steps(graph, computation, rows):
    """Write all steps and return the name of the last value.

    Parameters
    ----------
    graph : OnnxGraph
    computation : Computation
    rows : str
        Name of the input, (n_rows, n_features).

    Returns
    -------
    name : str
    """
    values = [rows]
    for (step, sources), width in zip(
        computation.steps, computation.widths[1:], strict=True
    ):
        inputs = [values[number] for number in sources]
        values.append(_STEPS[type(step)](graph, step, *inputs))
        graph.widths[values[-1]] = width
    return values[-1]


def _scale(graph, step, x):
    scaling, coding = step.scaling, step.scaling.coding
    if coding is None:
        return _scaled(graph, scaling, x)
    parts = []
    if len(coding.numeric):
        parts = [_scaled(graph, scaling, _numbers(graph, scaling, x))]
    if len(coding.flagged):
        flagged = graph.add("Gather", x, graph.numbers(coding.flagged), axis=1)
        parts.append(graph.cast(graph.add("IsNaN", flagged)))
    for column, table in coding.tables.items():
        parts.append(_looked_up(graph, x, column, table))
    return graph.add("Concat", *parts, axis=1)


def _numbers(graph, scaling, x):
    """Take the columns of numbers, what is missing filled in."""
    numbers = graph.add("Gather", x, graph.numbers(scaling.coding.numeric), axis=1)
    missing = graph.add("IsNaN", numbers)
    return graph.add("Where", missing, scaling.filling, numbers)


def _looked_up(graph, x, column, table):
    """Look codes up in a table: a row a category, then missing, then anything else."""
    missing, unknown = np.array(len(table) - 2.0), np.array(len(table) - 1.0)
    codes = graph.add("Gather", x, graph.numbers(column), axis=1)
    nothing = graph.add("IsNaN", codes)
    outside = graph.add(
        "Or",
        graph.add("Less", codes, np.array(0.0)),
        graph.add("GreaterOrEqual", codes, missing),
    )
    codes = graph.add("Where", outside, unknown, codes)
    codes = graph.add("Where", nothing, missing, codes)
    return graph.add("Gather", table, graph.cast(codes, np.int64), axis=0)


def _scaled(graph, scaling, x):
    if scaling.mean is not None:
        x = graph.add("Sub", x, scaling.mean)
    if scaling.scale is not None:
        x = graph.add("Mul", x, 1 / scaling.scale)
    if scaling.limit is not None:
        x = _limited(graph, x, scaling.limit)
    return x if scaling.embedding is None else _with_waves(graph, x, scaling.embedding)


def _with_waves(graph, x, embedding):
    n_columns, _ = embedding.frequencies.shape
    columns = graph.add("Reshape", x, graph.numbers([0, n_columns, 1]))
    turned = graph.add("Mul", columns, embedding.frequencies)
    waves = graph.add("Cos", graph.add("Add", turned, embedding.phases))
    scaled = graph.add("Mul", waves, np.array(embedding.amplitude))
    flat = graph.add("Reshape", scaled, graph.numbers([0, embedding.frequencies.size]))
    return graph.add("Concat", x, flat, axis=1)


def _limited(graph, z, limit):
    z = graph.add("Clip", z, np.array(-FAR), np.array(FAR))
    share = graph.add("Mul", z, 1 / limit)
    square = graph.add("Add", graph.add("Mul", share, share), np.array(1.0))
    return graph.add("Div", z, graph.add("Sqrt", square))


def _join(graph, step, *values):
    return graph.add("Concat", *values, axis=1)


def _layer(graph, step, x):
    layer = step.layer
    z = _PRODUCTS[type(layer.weights)](graph, layer, x)
    return activate(graph, layer.activation, z)


def _dense_product(graph, layer, x):
    weights = layer.scaled_weights(graph.dtype)
    return graph.add("Gemm", x, weights, layer.shifts, transB=1)


def _sparse_product(graph, layer, x):
    weights = sparse.coo_array(layer.scaled_weights(graph.dtype))
    matrix = scattered(graph, weights.row, weights.col, weights.data, weights.shape)
    return graph.add("Gemm", x, matrix, layer.shifts, transB=1)


def _bit_product(graph, layer, x):
    weights = unpacked(graph, layer.weights.bits, layer.weights.shape[1])
    z = graph.add("Gemm", x, weights, transB=1)
    return graph.add("Add", graph.add("Mul", z, layer.scales), layer.shifts)


def _rounded_product(graph, layer, x):
    weights = _dequantised(graph, layer.weights.rounded)
    z = graph.add("Gemm", x, weights, transB=1)
    return graph.add("Add", graph.add("Mul", z, layer.scales), layer.shifts)


def _dequantised(graph, numbers):
    """Write numbers of 8 bits and their factors; others as they are."""
    if not isinstance(numbers, Rounded):
        return numbers
    return graph.add("Mul", graph.cast(numbers.integers), numbers.factor)


_PRODUCTS = {
    DenseStorage: _dense_product,
    RoundedStorage: _rounded_product,
    SparseStorage: _sparse_product,
    BitStorage: _bit_product,
}


def _convolution(graph, step, x):
    images = graph.add("Reshape", x, graph.numbers([0, *step.shape]))
    before, after = step.pads
    options = {"pads": [before, before, after, after], "strides": [step.stride] * 2}
    kernel = _dequantised(graph, step.kernel)
    maps = graph.add("Conv", images, kernel, np.asarray(step.bias), **options)
    if step.pool_size > 1:
        pool = [step.pool_size, step.pool_size]
        maps = graph.add("MaxPool", maps, kernel_shape=pool, strides=pool)
    return graph.add("Flatten", _rectified(graph, step, maps))


def _rectified(graph, step, maps):
    return graph.add("Relu", maps) if step.rectified else maps


def _channel_map(graph, step, x):
    images = graph.add("Reshape", x, graph.numbers([0, *step.shape]))
    factor, offset = (
        np.asarray(each)[:, None, None] for each in (step.factor, step.offset)
    )
    maps = graph.add("Add", graph.add("Mul", images, factor), offset)
    return graph.add("Flatten", _rectified(graph, step, maps))


def _pool(graph, step, x):
    images = graph.add("Reshape", x, graph.numbers([0, *step.shape]))
    size = list(step.size)
    pooled = graph.add(_POOLS[step.kind], images, kernel_shape=size, strides=size)
    return graph.add("Flatten", pooled)


_POOLS = {"max": "MaxPool", "mean": "AveragePool"}


def _sum(graph, step, *values):
    return graph.add("Sum", *values)


def _mean(graph, step, x):
    return _pooled(graph, _members(graph, x, step.n_pooled), step.n_pooled)


def _probabilities(graph, step, x):
    scores = _members(graph, x, step.n_pooled)
    return _pooled(graph, _LINKS[step.kind](graph, scores), step.n_pooled)


def _members(graph, x, n_pooled):
    """Give members an axis of their own, (n_rows, n_pooled, width), if several."""
    if n_pooled == 1:
        return x
    n_outputs = graph.widths[x] // n_pooled
    return graph.add("Reshape", x, graph.numbers([0, n_pooled, n_outputs]))


def _pooled(graph, x, n_pooled):
    if n_pooled == 1:
        return x
    return graph.add("ReduceMean", x, graph.numbers([1]), keepdims=0)


def _softmax(graph, scores):
    return graph.add("Softmax", scores, axis=-1)


def _logistic(graph, scores):
    return graph.add("Sigmoid", scores)


def _two_classes(graph, scores):
    negative = _logistic(graph, graph.add("Neg", scores))
    return graph.add("Concat", negative, _logistic(graph, scores), axis=-1)


_LINKS = {
    "multiclass": _softmax,
    "multilabel": _logistic,
    "binary": _two_classes,
}


def _exponential(graph, step, x):
    return graph.add("Exp", x)


def _sorted(graph, step, x):
    n_values = graph.numbers([graph.widths[x]])
    # Its other output is the places.
    return graph.add("TopK", x, n_values, n_unused=1, axis=1, largest=0)


_STEPS = {
    Scale: _scale,
    Join: _join,
    Layer: _layer,
    SharedWeightGraph: write_graph,
    Convolution: _convolution,
    ChannelMap: _channel_map,
    Pool: _pool,
    Sum: _sum,
    Mean: _mean,
    Probabilities: _probabilities,
    Exponential: _exponential,
    Sorted: _sorted,
}
