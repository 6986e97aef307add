"""Activations in ONNX operators, and matrices that a file holds in fewer bytes."""

import numpy as np

__all__ = ["activate", "scattered", "unpacked"]


def unpacked(graph, bits, n_columns):
    """Write weights of -1 and +1 that the file holds at one bit each.

    Parameters
    ----------
    graph : OnnxGraph
    bits : ndarray of shape (n_rows, ceil(n_columns / 8)), uint8
        A row's first weight is the highest bit of its first byte.
    n_columns : int

    Returns
    -------
    name : str
        Of the matrix (n_rows, n_columns). A runtime makes it once, when it loads.
    """
    n_rows, n_bytes = bits.shape
    places = np.arange(7, -1, -1, dtype=np.uint8)
    shifted = graph.add("BitShift", bits[:, :, None], places, direction="RIGHT")
    ones = graph.cast(graph.add("BitwiseAnd", shifted, np.uint8([1])))
    padded = graph.add("Reshape", ones, graph.numbers([n_rows, 8 * n_bytes]))
    begin, end, axes = (graph.numbers([n]) for n in (0, n_columns, 1))
    matrix = graph.add("Slice", padded, begin, end, axes)
    doubled = graph.add("Add", matrix, matrix)
    return graph.add("Sub", doubled, np.ones(1))


def scattered(graph, rows, columns, values, shape):
    """Write a sparse matrix as its places and values; it is dense when it runs.

    Parameters
    ----------
    graph : OnnxGraph
    rows, columns : ndarray of shape (n_values,), int
    values : ndarray of shape (n_values,)
        If all are one, none is stored.
    shape : tuple of int

    Returns
    -------
    name : str
        Of the matrix.
    """
    size = int(np.prod(shape))
    places = rows.astype(np.int64) * shape[1] + columns
    smallest = np.int32 if size <= np.iinfo(np.int32).max else np.int64
    if len(values) and (values == 1).all():
        values = _filled(graph, 1, len(values))
    empty = _filled(graph, 0, size)
    flat = graph.add("ScatterElements", empty, places.astype(smallest), values, axis=0)
    return graph.add("Reshape", flat, graph.numbers(shape))


def _filled(graph, value, size):
    value = np.full(1, value, graph.dtype)
    return graph.add("ConstantOfShape", graph.numbers([size]), value=value)


def activate(graph, name, z):
    """Write g(z) for an activation of half layers or of weight-agnostic nodes."""
    return _ACTIVATIONS[name](graph, z)


def _operator(op, **attributes):
    """Activation that ONNX has an operator for."""
    return lambda graph, z: graph.add(op, z, **attributes)


def _gelu(graph, z):
    erf = graph.add("Erf", graph.cast(graph.add("Mul", z, np.sqrt(0.5)), np.float32))
    half = graph.add("Mul", z, np.array(0.5))
    return graph.add("Mul", half, graph.add("Add", graph.cast(erf), np.array(1.0)))


def _silu(graph, z):
    return graph.add("Mul", z, graph.add("Sigmoid", z))


def _gaussian(graph, z):
    square = graph.add("Mul", z, z)
    return graph.add("Exp", graph.add("Mul", square, np.array(-0.5)))


def _step(graph, z):
    return graph.cast(graph.add("Greater", z, np.array(0.0)))


def _unchanged(graph, z):
    return z


_ACTIVATIONS = {
    "absolute": _operator("Abs"),
    "cos": _operator("Cos"),
    "gaussian": _gaussian,
    "gelu": _gelu,
    "identity": _unchanged,
    "inverse": _operator("Neg"),
    "leaky_relu": _operator("LeakyRelu", alpha=0.01),
    "linear": _unchanged,
    "logistic": _operator("Sigmoid"),
    "relu": _operator("Relu"),
    "silu": _silu,
    "sin": _operator("Sin"),
    "softplus": _operator("Softplus"),
    "step": _step,
    "tanh": _operator("Tanh"),
}
