"""Networks of half layers, two trained numbers a unit, perhaps behind full layers."""

import itertools
from dataclasses import dataclass, replace

import numpy as np

from sklearn_halfnet._device import check_memory
from sklearn_halfnet.features import all_features, draw_hidden_layers, working_columns
from sklearn_halfnet.models.network import ColumnStart, HiddenStack
from sklearn_halfnet.models.read_out import start_read_out
from sklearn_halfnet.models.ridge_refit import polish_bytes
from sklearn_halfnet.models.tensors import from_tensor, to_tensor
from sklearn_halfnet.weights import NormalWeights

__all__ = [
    "HalfLayerModel",
    "HalfLayerStart",
    "draw_stack",
    "layers_module",
    "layers_numbers",
    "n_trained_in",
    "told_sizes",
    "trained_layers",
]


@dataclass(frozen=True, kw_only=True)
class HalfLayerStart(ColumnStart):
    """What half layers are started from.

    Parameters
    ----------
    full_sizes : list of int
        Units of the full layers before them.
    kinds : list of BaseWeights
        One a half layer.
    fingerprints : list of str
        What tells them apart.
    polishes : bool
        Whether the read-out is to be refitted, which takes memory.
    """

    full_sizes: list
    kinds: list
    fingerprints: list
    polishes: bool

    @property
    def begun(self):
        """Parameters that the network keeps from its start on."""
        return super().begun | {
            "full_layer_sizes": self.full_sizes,
            "weight_kind": self.fingerprints,
        }

    @property
    def all_sizes(self):
        """Units of all layers, the first layer's first."""
        return [*self.full_sizes, *self.sizes]

    def network(self, rows, targets, rng):
        """Draw the layers and set the read-out's start value."""
        scaling = self.learn_inputs(rows, rng)
        self.check_memory(scaling.width(rows.X.shape[1]), rows.X.shape[0])
        sample = self.sample(rows, scaling, max(self.all_sizes), rng)
        return self.of_sample(scaling, sample, targets, rng)

    def of_sample(self, scaling, sample, targets, rng):
        """Do so, given a StartSample of the rows."""
        layers, features = draw_stack(self, sample, rng)
        read_out, alpha = start_read_out(features, sample, targets, self, rng)
        return HalfLayerModel(
            **self.common(scaling, targets, read_out, alpha),
            layers=layers,
            start_scales=[layer.scales for layer in layers],
        )

    def check_memory(self, n_inputs, n_rows):
        """Estimate what a start will allocate, before it does."""
        sizes = self.all_sizes
        sampled = min(n_rows, max(10_000, *sizes))
        inner = min(sampled, sizes[-1]) if self.solves_ridge else 0
        numbers = layers_numbers(sizes, len(self.full_sizes), n_inputs, sampled)
        polish = polish_bytes(sampled, sizes[-1]) if self.polishes else 0
        check_memory(
            numbers * np.dtype(self.dtype).itemsize + max(2 * 8 * inner**2, polish),
            f"{told_sizes(self)} on {n_inputs} inputs",
            "Use fewer hidden units" + (", or polish=False." if self.polishes else "."),
        )


@dataclass(frozen=True, kw_only=True)
class HalfLayerModel(HiddenStack):
    """Half layers, perhaps behind full ones, each layer fed by the one before.

    Parameters
    ----------
    layers : list of HiddenLayer
        The full layers first: their weights are trained, and their scales are not.
    start_scales : list of ndarray of shape (n_units,)
        Scales as they started: the units in which they are trained.
    """

    layers: list
    start_scales: list

    @property
    def stack(self):
        """All hidden layers."""
        return self.layers

    @property
    def units(self):
        """All hidden layers."""
        return self.layers

    @property
    def n_full(self):
        """Number of full layers."""
        # Models that were stored when there were none do not name them.
        return len(self.begun.get("full_layer_sizes", ()))

    @property
    def n_trained(self):
        """Two numbers a half unit, a full layer's weights, and the read-out."""
        return n_trained_in(self.layers, self.n_full) + self.read_out.size

    def features(self, X):
        """Compute the units' outputs, an array (n_rows, n_units) a hidden layer."""
        return all_features(X, self.scaling, self.layers, self.dtype)

    # -- training ----------------------------------------------------------------------

    def step_size(self, batch_size):
        """Multiply-adds of a step."""
        layers = self.layers
        inner = sum(a.n_units * b.n_units for a, b in itertools.pairwise(layers))
        first = np.prod(layers[0].weights.shape) if self.n_full else 0
        return batch_size * (first + inner + layers[-1].n_units * (self.n_outputs + 8))

    def inputs(self, X):
        """Return what projects rows on the first weights, and the widths of that.

        Where these are trained, it is what scales the rows.
        """
        layer, dtype = self.layers[0], self.dtype
        if self.n_full:
            width = layer.weights.shape[1]
            return lambda rows: self.scaling.dense_rows(X[rows], dtype), width, width
        weights = layer.scaled_weights(dtype, self.start_scales[0])

        def project(rows):
            block = X[rows]
            return self.scaling.project(block, weights, dtype, scaled=block)

        return project, layer.n_units, working_columns(X, [layer])

    def module(self, device):
        """Make the torch module, fed with what ``inputs`` computes."""
        from sklearn_halfnet.networks.half_layer import HalfLayerNetwork

        if self.n_full:
            return layers_module(self, device)
        later = (self.layers[1:], self.start_scales[1:], self.dtype, device)
        return HalfLayerNetwork(
            *_relative_scales(self.layers, self.start_scales, self.dtype, device),
            _weights(*later),
            *self.read_out.tensors(self.targets, self.dtype, device),
            self.begun["activation"],
        )

    def trained(self, module):
        """Return the network with the values of a module."""
        return replace(
            self,
            layers=trained_layers(self, module),
            read_out=self.read_out_of(
                from_tensor(module.coef), from_tensor(module.intercept)
            ),
        )


# -- full layers before half layers ----------------------------------------------------


def draw_stack(start, sample, rng):
    """Draw the full layers and half layers of a start, and compute the last one.

    Full layers start as half layers with normal weights do, at pre-activations of unit
    variance; then their weights are trained.

    Parameters
    ----------
    start : NetworkStart
        With ``full_sizes``, and the ``sizes`` and ``kinds`` of the half layers.
    sample : StartSample
    rng : numpy.random.Generator

    Returns
    -------
    layers, features
        As of ``draw_hidden_layers``.
    """
    kinds = [*(NormalWeights() for _ in start.full_sizes), *start.kinds]
    sizes = [*start.full_sizes, *start.sizes]
    return draw_hidden_layers(sample, kinds, sizes, start.activation, rng=rng)


def told_sizes(start):
    """Return how errors call the layers of a start, as a user gave them."""
    told = f"hidden_layer_sizes={start.hidden_layer_sizes!r}"
    full = start.full_sizes
    return f"{told} behind full_layer_sizes={full!r}" if full else told


def layers_numbers(sizes, n_full, n_inputs, n_rows):
    """How many numbers layers, the first of them full, take with their start values."""
    # Trained weights have gradients, and the solver keeps two numbers for each.
    return sum(
        (4 if number < n_full else 1) * size * below + 2 * n_rows * size
        for number, (below, size) in enumerate(
            zip([n_inputs, *sizes], sizes, strict=False)
        )
    )


def n_trained_in(layers, n_full):
    """Numbers of layers that are trained: weights and shifts, or scales and shifts."""
    full = sum(int(np.prod(layer.weights.shape)) for layer in layers[:n_full])
    half = sum(layer.n_units for layer in layers[n_full:])
    return full + half + sum(layer.n_units for layer in layers)


def layers_module(network, device):
    """Make the torch module of a network's layers and read-out, fed with features.

    Parameters
    ----------
    network : TrainedNetwork
        With ``layers``, of which the first ``n_full`` are full, and ``start_scales``.
    device : torch.device

    Returns
    -------
    module : FullHalfNetwork
    """
    from sklearn_halfnet.networks.half_layer import FullHalfNetwork

    layers, starts, n_full = network.layers, network.start_scales, network.n_full
    where = (network.dtype, device)
    weights = _weights(layers, starts, *where)
    scales, shifts = _relative_scales(layers, starts, *where)
    coef, intercept = network.read_out.tensors(network.targets, *where)
    return FullHalfNetwork(
        weights[:n_full],
        shifts[:n_full],
        weights[n_full:],
        scales[n_full:],
        shifts[n_full:],
        coef,
        intercept,
        network.begun["activation"],
    )


def trained_layers(network, module):
    """Return a network's layers with the values of its module."""
    n_full, starts = network.n_full, network.start_scales
    full, half = network.layers[:n_full], network.layers[n_full:]
    if full:
        values = (full, starts[:n_full], module.full_weights, module.full_shifts)
        full = [
            layer.with_values(start, from_tensor(shift)).with_frozen(
                from_tensor(weights) / start[:, None]
            )
            for layer, start, weights, shift in zip(*values, strict=True)
        ]
    values = (half, starts[n_full:], module.scales, module.shifts)
    half = [
        layer.with_values(from_tensor(scale) * start, from_tensor(shift))
        for layer, start, scale, shift in zip(*values, strict=True)
    ]
    return [*full, *half]


def _weights(layers, start_scales, dtype, device):
    """Weights in units of the scales of the start, as tensors."""
    return [
        to_tensor(layer.scaled_weights(dtype, start), dtype, device)
        for layer, start in zip(layers, start_scales, strict=True)
    ]


def _relative_scales(layers, start_scales, dtype, device):
    """Scales in units of those of the start, and shifts, as two lists of tensors."""
    scales = [
        to_tensor(layer.scales / start, dtype, device)
        for layer, start in zip(layers, start_scales, strict=True)
    ]
    return scales, [to_tensor(layer.shifts, dtype, device) for layer in layers]
