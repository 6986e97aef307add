"""A fitted network's prediction as a list of steps: what exports are written from.

A model says by ``steps()`` how X becomes scores or features, and its targets say what
is made of scores. A writer of a format knows the steps of this file and no estimator.
"""

from dataclasses import dataclass, replace

import numpy as np

from sklearn_halfnet.features.hidden_layer import HiddenLayer
from sklearn_halfnet.features.scaling import InputScaling
from sklearn_halfnet.features.shared_weight import Graph
from sklearn_halfnet.weights.storage import FrozenWeights

__all__ = [
    "ChannelMap",
    "Computation",
    "Convolution",
    "Exponential",
    "Join",
    "Layer",
    "Mean",
    "Pool",
    "Probabilities",
    "Scale",
    "SharedWeightGraph",
    "Sorted",
    "Sum",
    "read_out_layer",
]


class Step:
    """From one or more values of a row to a new one."""

    # Networks whose results stand one after the other in the new value.
    n_members = 1

    def width(self, *widths):
        """Numbers of the new value, from those of the values that it is made of."""
        return widths[0]


@dataclass(frozen=True)
class Scale(Step):
    """What an InputScaling computes of a row.

    Parameters
    ----------
    scaling : InputScaling
    """

    scaling: InputScaling

    def width(self, *widths):
        """One number a column, and those of their waves."""
        return self.scaling.width(widths[0])


@dataclass(frozen=True)
class Layer(Step):
    """g(scales * (W x) + shifts).

    Parameters
    ----------
    layer : HiddenLayer
    """

    layer: HiddenLayer

    def width(self, *widths):
        """One number a unit."""
        return self.layer.n_units


@dataclass(frozen=True)
class Join(Step):
    """Several values one after the other.

    Parameters
    ----------
    n_members : int, default=1
        Networks of which each value is the result of one.
    """

    n_members: int = 1

    def width(self, *widths):
        """Sum of the widths."""
        return sum(widths)


@dataclass(frozen=True)
class SharedWeightGraph(Step):
    """Calibrated outputs of a graph for each of several shared weights.

    Parameters
    ----------
    graph : Graph
    weights : ndarray of shape (W,)
    factor, offset : ndarray of shape (W, K)
        For each weight and output.
    """

    graph: Graph
    weights: np.ndarray
    factor: np.ndarray
    offset: np.ndarray

    @property
    def n_members(self):
        """Number of shared weights W."""
        return len(self.weights)

    def width(self, *widths):
        """One number a shared weight and output."""
        return self.factor.size


@dataclass(frozen=True)
class Convolution(Step):
    """Convolution, maximum pooling and ReLU of an image that is kept as a flat row.

    Parameters
    ----------
    shape, result_shape : tuple of int
        (channels, height, width) of the image, and of what it becomes.
    kernel : ndarray of shape (n_filters, n_channels, size, size)
    bias : ndarray of shape (n_filters,)
    padding : {"same", "valid"}
        "same" adds size - 1 zeros, the odd one at the end.
    pool_size : int
    stride : int, default=1
    rectified : bool, default=True
        Whether there is a ReLU.
    """

    shape: tuple
    result_shape: tuple
    kernel: np.ndarray
    bias: np.ndarray
    padding: str
    pool_size: int
    stride: int = 1
    rectified: bool = True

    @property
    def pads(self):
        """Zeros before the first and after the last row and column."""
        added = self.kernel.shape[2] - 1 if self.padding == "same" else 0
        return added // 2, added - added // 2

    def width(self, *widths):
        """Numbers of all maps."""
        return int(np.prod(self.result_shape))


@dataclass(frozen=True)
class ChannelMap(Step):
    """A factor and an offset a channel, as of batch norms, and perhaps ReLU.

    Parameters
    ----------
    shape : tuple of int
        (channels, height, width) of the image, which is kept as a flat row.
    factor, offset : ndarray of shape (channels,)
    rectified : bool
    """

    shape: tuple
    factor: np.ndarray
    offset: np.ndarray
    rectified: bool


@dataclass(frozen=True)
class Pool(Step):
    """Largest number, or mean, of the rectangles that a channel consists of.

    Parameters
    ----------
    shape : tuple of int
        (channels, height, width) of the image, which is kept as a flat row.
    kind : {"max", "mean"}
    size : tuple of int
        (height, width) of a rectangle; what is left at the ends does not count.
    """

    shape: tuple
    kind: str
    size: tuple

    @property
    def result_shape(self):
        """Shape of what the image becomes."""
        sides = zip(self.shape[1:], self.size, strict=True)
        return self.shape[0], *(side // size for side, size in sides)

    def width(self, *widths):
        """One number a rectangle."""
        return int(np.prod(self.result_shape))


@dataclass(frozen=True)
class Sum(Step):
    """Several values, number by number."""


@dataclass(frozen=True)
class Mean(Step):
    """Mean over the members of a value.

    Parameters
    ----------
    n_pooled : int
    """

    n_pooled: int

    def width(self, *widths):
        """Numbers of one member."""
        return widths[0] // self.n_pooled


@dataclass(frozen=True)
class Probabilities(Step):
    """Probabilities from scores, averaged over the members of a value.

    Parameters
    ----------
    kind : {"binary", "multiclass", "multilabel"}
        Binary: 1 - p and p from one score.
    n_pooled : int
    """

    kind: str
    n_pooled: int

    def width(self, *widths):
        """One number a class or label."""
        return 2 if self.kind == "binary" else widths[0] // self.n_pooled


@dataclass(frozen=True)
class Exponential(Step):
    """Exponential of each number."""


@dataclass(frozen=True)
class Sorted(Step):
    """The numbers in increasing order."""


@dataclass(frozen=True)
class Computation:
    """Steps from a row of X to a prediction.

    Parameters
    ----------
    n_features : int
    steps : tuple of (Step, tuple of int)
        Each step with the numbers of the values that it takes. Value 0 is the row,
        value i the result of the i-th step; the last is the prediction.
    kind : {"values", "binary", "multiclass", "multilabel"}
        What the prediction is: numbers, or probabilities of one of several kinds.
    classes : ndarray of shape (n_classes,) or None
        Labels of a binary or multiclass prediction.

    Examples
    --------
    >>> from sklearn_halfnet.features.computation import Computation, Scale
    >>> from sklearn_halfnet.features.scaling import InputScaling
    >>> scaled = Computation(3).then(Scale(InputScaling()))
    >>> scaled.last, scaled.n_members
    (1, 1)
    """

    n_features: int
    steps: tuple = ()
    kind: str = "values"
    classes: np.ndarray = None

    @property
    def last(self):
        """Number of the last value."""
        return len(self.steps)

    @property
    def widths(self):
        """Numbers of each value."""
        widths = [self.n_features]
        for step, sources in self.steps:
            widths.append(step.width(*(widths[number] for number in sources)))
        return widths

    @property
    def n_members(self):
        """Members of the last value."""
        return self.steps[-1][0].n_members if self.steps else 1

    def then(self, step, sources=None):
        """Add a step on the last value, or on those with the given numbers."""
        sources = (self.last,) if sources is None else tuple(sources)
        return replace(self, steps=(*self.steps, (step, sources)))

    def beside(self, other):
        """Add the steps of another Computation of the same rows."""
        moved = tuple(
            (step, tuple(i and i + self.last for i in sources))
            for step, sources in other.steps
        )
        return replace(self, steps=(*self.steps, *moved))

    def through(self, layers):
        """Add a stack of HiddenLayer."""
        for layer in layers:
            self = self.then(Layer(layer))
        return self

    def read_out(self, coef, intercept):
        """Add V h + c, with ``coef`` (n_outputs, n_columns) and ``intercept``."""
        return self.then(Layer(read_out_layer(coef, intercept)))

    def classified(self, kind, classes):
        """Make probabilities of the scores, the last value."""
        done = self.then(Probabilities(kind, self.n_members))
        return replace(done, kind=kind, classes=classes)


def read_out_layer(coef, intercept):
    """Make the layer that computes V h + c."""
    weights = FrozenWeights.from_array(coef)
    return HiddenLayer(weights, np.ones(len(coef)), intercept, "identity")
