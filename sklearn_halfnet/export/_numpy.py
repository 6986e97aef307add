"""What an exported model computes, by numpy."""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from scipy.special import expit, softmax

from sklearn_halfnet.activations import ACTIVATIONS
from sklearn_halfnet.export._source import check_dtype, class_labels, computation_of
from sklearn_halfnet.export._stored import WEIGHTS_IN_C, stored
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
from sklearn_halfnet.features.shared_weight import forward

__all__ = ["to_numpy"]


def to_numpy(estimator, *, dtype="float32", weights="stored", trained="float"):
    """Make a function that computes what an exported model computes.

    It says what rounding costs before a model is on a device, and what a device should
    answer.

    Parameters
    ----------
    estimator : estimator
        Fitted, as of ``to_c``.
    dtype : {"float32", "float64"}, default="float32"
        Type in which to compute.
    weights, trained : str
        As of ``to_c``.

    Returns
    -------
    model : callable
        Takes rows (n_rows, n_features), numbers as of ``model_rows``; returns a dict
        of arrays by the names that ``to_onnx`` gives to outputs: "label" and
        "probabilities", or "variable".

    Raises
    ------
    NotFittedError
        If the estimator is not fitted.
    TypeError
        If the estimator, or the type of its class labels, cannot be exported.
    ValueError
        If an argument is none of those listed, or the weights cannot be held in the way
        asked for.

    See Also
    --------
    to_c, to_onnx : Write a model.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sklearn_halfnet import ELMClassifier
    >>> from sklearn_halfnet.export import to_numpy
    >>> X, y = load_digits(return_X_y=True)
    >>> model = ELMClassifier(200, "seeded", random_state=0).fit(X, y)
    >>> rounded = to_numpy(model, weights="seed", trained="int8")
    >>> bool(abs((rounded(X)["label"] == y).mean() - model.score(X, y)) < 0.01)
    True
    """
    check_dtype(dtype)
    computation = stored(computation_of(estimator), weights, trained, WEIGHTS_IN_C)

    def model(X):
        values = [np.asarray(X, dtype)]
        for step, sources in computation.steps:
            inputs = [values[number] for number in sources]
            value = _STEPS[type(step)](step, *inputs)
            values.append(np.asarray(value, dtype))
        return _ENDS[computation.kind](computation, values[-1])

    return model


# -- ends ------------------------------------------------------------------------------


def _values(computation, values):
    return {"variable": values}


def _classes(computation, probabilities):
    labels = class_labels(computation.classes)[probabilities.argmax(axis=1)]
    return {"label": labels, "probabilities": probabilities}


def _indicators(computation, probabilities):
    labels = (probabilities > 0.5).astype(np.int64)
    return {"label": labels, "probabilities": probabilities}


_ENDS = {
    "values": _values,
    "binary": _classes,
    "multiclass": _classes,
    "multilabel": _indicators,
}

# -- steps -----------------------------------------------------------------------------


def _scale(step, x):
    return step.scaling.dense_rows(x, x.dtype)


def _layer(step, x):
    layer = step.layer
    z = x @ layer.weights.matrix(x.dtype).T
    z = z * np.asarray(layer.scales, x.dtype) + np.asarray(layer.shifts, x.dtype)
    return ACTIVATIONS[layer.activation].array(z)


def _join(step, *values):
    return np.hstack(values)


def _sum(step, *values):
    return sum(values)


def _graph(step, x):
    pre, _ = forward(step.graph, x, step.weights)
    outputs = pre[step.graph.n_hidden :].transpose(2, 1, 0)
    return (outputs * step.factor + step.offset).reshape(len(x), -1)


def _convolution(step, x):
    (before, after), kernel = step.pads, np.asarray(step.kernel, x.dtype)
    images = x.reshape(-1, *step.shape)
    images = np.pad(images, [(0, 0), (0, 0), (before, after), (before, after)])
    windows = sliding_window_view(images, kernel.shape[2:], axis=(2, 3))
    windows = windows[:, :, :: step.stride, :: step.stride]
    maps = np.tensordot(windows, kernel, axes=[(1, 4, 5), (1, 2, 3)])
    maps = (maps + np.asarray(step.bias, x.dtype)).transpose(0, 3, 1, 2)
    return _rectified(step, _pooled(maps, (step.pool_size,) * 2, np.max))


def _channel_map(step, x):
    images = x.reshape(-1, *step.shape)
    factor, offset = (
        np.asarray(each, x.dtype)[:, None, None] for each in (step.factor, step.offset)
    )
    return _rectified(step, images * factor + offset)


def _rectified(step, maps):
    maps = maps.reshape(len(maps), -1)
    return np.maximum(maps, 0) if step.rectified else maps


def _pool(step, x):
    maps = x.reshape(-1, *step.shape)
    pooled = _pooled(maps, step.size, {"max": np.max, "mean": np.mean}[step.kind])
    return pooled.reshape(len(x), -1)


def _pooled(maps, size, join):
    """Join rectangles; what is left at the ends is cut off."""
    (rows, columns), (*whole, height, width) = size, maps.shape
    maps = maps[..., : height // rows * rows, : width // columns * columns]
    shape = height // rows, rows, width // columns, columns
    return join(maps.reshape(*whole, *shape), axis=(-3, -1))


def _mean(step, x):
    return _members(x, step.n_pooled).mean(axis=1)


def _probabilities(step, x):
    return _LINKS[step.kind](_members(x, step.n_pooled)).mean(axis=1)


def _members(x, n_members):
    return x.reshape(len(x), n_members, -1)


def _two_classes(scores):
    return np.concatenate([expit(-scores), expit(scores)], axis=-1)


_LINKS = {
    "multiclass": lambda scores: softmax(scores, axis=-1),
    "multilabel": expit,
    "binary": _two_classes,
}


def _exponential(step, x):
    return np.exp(x)


def _sorted(step, x):
    return np.sort(x, axis=1)


_STEPS = {
    Scale: _scale,
    Join: _join,
    Layer: _layer,
    SharedWeightGraph: _graph,
    Convolution: _convolution,
    ChannelMap: _channel_map,
    Pool: _pool,
    Sum: _sum,
    Mean: _mean,
    Probabilities: _probabilities,
    Exponential: _exponential,
    Sorted: _sorted,
}
