"""How the numbers of a computation are written: as they are, rounded, or as a seed."""

from dataclasses import dataclass, replace

import numpy as np

from sklearn_halfnet.export._source import check_name
from sklearn_halfnet.features.computation import Convolution, Layer, Scale
from sklearn_halfnet.weights import SeededWeights
from sklearn_halfnet.weights.rounded import Rounded, RoundedStorage
from sklearn_halfnet.weights.seeded import NIBBLE_SCALE, seeded_integers
from sklearn_halfnet.weights.storage import BitStorage, DenseStorage

__all__ = [
    "TRAINED",
    "WEIGHTS_IN_C",
    "WEIGHTS_IN_ONNX",
    "SeedStorage",
    "stored",
]


@dataclass(frozen=True)
class SeedStorage:
    """Weights of a layer that are computed of a key whenever they are needed.

    Parameters
    ----------
    key : int
    shape : tuple of int
    binary : bool
        Whether they are -1 and +1.
    """

    key: int
    shape: tuple
    binary: bool

    @property
    def unit(self):
        """What the integers are multiplied by."""
        return 1.0 if self.binary else float(np.float32(NIBBLE_SCALE))

    def matrix(self, dtype=np.float32):
        """All weights."""
        drawn = seeded_integers(self.key, *self.shape, self.binary)
        return drawn.astype(dtype) * np.dtype(dtype).type(self.unit)


def stored(computation, weights, trained, known):
    """Change how the numbers of a computation are held.

    Nothing but this is between a model and what a format writes, so that all formats
    round the same numbers.

    Parameters
    ----------
    computation : Computation
    weights : str
        Of the matrices of hidden units.
    trained : {"float", "int8"}
        Of the matrices of linear maps, the kernels, factors and offsets.
    known : tuple of str
        What the format has for ``weights``.

    Returns
    -------
    computation : Computation

    Raises
    ------
    ValueError
        If a name is unknown, or the weights cannot be written in this way.
    """
    check_name("weights", weights, known)
    check_name("trained", trained, TRAINED)
    computation = _folded(computation)
    steps = tuple(
        (_STORED.get(type(step), _unchanged)(step, weights, trained), sources)
        for step, sources in computation.steps
    )
    return replace(computation, steps=steps)


def _unchanged(step, weights, trained):
    return step


def _layer(step, weights, trained):
    layer = step.layer
    if layer.activation == "identity":
        held = _TRAINED[trained](layer)
    else:
        held = _FROZEN[weights](layer)
    layer = replace(layer, weights=held)
    if trained == "int8":
        layer = replace(
            layer, scales=_vector(layer.scales), shifts=_vector(layer.shifts)
        )
    return Layer(layer)


def _vector(values):
    """Round numbers of which there is one a unit: two bytes do not count for much."""
    # All ones, as in read-outs, need no bytes at all.
    ones = (np.asarray(values) == 1).all()
    return values if ones else Rounded.of(values, "int16")


def _as_it_is(layer):
    return layer.weights


def _rounded(layer):
    """Round dense weights; others are smaller already."""
    if not isinstance(layer.weights, DenseStorage):
        return layer.weights
    return RoundedStorage(layer.weights.values)


def _dense(layer):
    return DenseStorage(layer.weights.toarray(layer.scales.dtype))


def _bits(layer):
    if isinstance(layer.weights, BitStorage):
        return layer.weights
    raise ValueError(
        "weights='binary' needs hidden units whose weights are -1 and +1, as of "
        f"weight_kind='binary' or 'seeded'; found {layer.weights!r}."
    )


def _seed(layer):
    kind, rng = layer.draw() if layer.origin else (None, None)
    if isinstance(kind, SeededWeights):
        binary = kind.distribution == "binary"
        seed = SeedStorage(kind.key(rng), layer.weights.shape, binary)
        # Whatever was done to them since they were drawn.
        if np.array_equal(seed.matrix(), layer.weights.toarray()):
            return seed
    raise ValueError(
        "weights='seed' needs hidden units whose weights a key gives again: "
        f"weight_kind='seeded'; found {layer.weights!r} of kind {kind!r}."
    )


_FROZEN = {
    "stored": _as_it_is,
    "float32": _dense,
    "int8": _rounded,
    "binary": _bits,
    "seed": _seed,
}
_TRAINED = {"float": _as_it_is, "int8": _rounded}
WEIGHTS_IN_C, TRAINED = tuple(_FROZEN), tuple(_TRAINED)
# ONNX has no generator that is this one.
WEIGHTS_IN_ONNX = tuple(name for name in _FROZEN if name != "seed")


def _convolution(step, weights, trained):
    if trained == "float":
        return step
    kernel = Rounded.of(step.kernel, "int8", axis=(1, 2, 3))
    return replace(step, kernel=kernel, bias=_vector(step.bias))


_STORED = {Layer: _layer, Convolution: _convolution}

# Root mean square of what is subtracted of pre-activations, which are of variance one:
# of larger numbers, rounding takes digits away.
_LARGEST_SHIFT = 8


def _folded(computation):
    """Put a scaling of the inputs that is one factor into the first layer's numbers.

    What is subtracted of the inputs is subtracted of the sums, and the layer sees rows
    as they come: no copy of them is kept, and no mean. The computation stays as it is
    where this is not possible, or would take digits away.
    """
    steps = computation.steps
    users = [step for step, sources in steps if 1 in sources]
    if len(users) != 1 or steps[1][1] != (1,) or not isinstance(users[0], Layer):
        return computation
    layer = _with_scaling(steps[0][0], users[0].layer)
    if layer is None:
        return computation
    # The others' numbers go down by one: value 1 is gone.
    rest = [(step, tuple(max(0, i - 1) for i in of)) for step, of in steps[2:]]
    return replace(computation, steps=((Layer(layer), (0,)), *rest))


def _with_scaling(step, layer):
    if not isinstance(step, Scale):
        return None
    scaling = step.scaling
    if scaling.coding or scaling.embedding or scaling.limit is not None:
        return None
    scale = np.ones(1) if scaling.scale is None else scaling.scale
    if (scale != scale[0]).any():
        return None
    scales = layer.scales / float(scale[0])
    mean = np.zeros(layer.weights.shape[1]) if scaling.mean is None else scaling.mean
    less = scales * (layer.weights.matrix(np.float64) @ mean)
    if np.sqrt(np.mean(less**2)) > _LARGEST_SHIFT:
        return None
    return layer.with_values(scales.astype(layer.scales.dtype), layer.shifts - less)
