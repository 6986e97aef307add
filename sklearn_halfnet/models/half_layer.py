"""A network of half layers: frozen weights, two trained numbers a unit."""

import itertools
from dataclasses import dataclass, replace

import numpy as np

from sklearn_halfnet._device import check_memory
from sklearn_halfnet.features import all_features, draw_hidden_layers, working_columns
from sklearn_halfnet.models.network import ColumnStart, HiddenStack
from sklearn_halfnet.models.read_out import start_read_out
from sklearn_halfnet.models.ridge_refit import polish_bytes
from sklearn_halfnet.models.tensors import from_tensor, to_tensor

__all__ = ["HalfLayerModel", "HalfLayerStart", "relative_scales", "trained_units"]


@dataclass(frozen=True, kw_only=True)
class HalfLayerStart(ColumnStart):
    """What half layers are started from.

    Parameters
    ----------
    kinds : list of BaseWeights
        One a layer.
    fingerprints : list of str
        What tells them apart.
    polishes : bool
        Whether the read-out is to be refitted, which takes memory.
    """

    kinds: list
    fingerprints: list
    polishes: bool

    @property
    def begun(self):
        """Parameters that the network keeps from its start on."""
        return super().begun | {"weight_kind": self.fingerprints}

    def network(self, rows, targets, rng):
        """Draw the layers and set the read-out's start value."""
        scaling = self.learn_inputs(rows, rng)
        self.check_memory(scaling.width(rows.X.shape[1]), rows.X.shape[0])
        sample = self.sample(rows, scaling, max(self.sizes), rng)
        return self.of_sample(scaling, sample, targets, rng)

    def of_sample(self, scaling, sample, targets, rng):
        """Do so, given a StartSample of the rows."""
        layers, features = draw_hidden_layers(
            sample, self.kinds, self.sizes, self.activation, rng=rng
        )
        read_out, alpha = start_read_out(features, sample, targets, self, rng)
        return HalfLayerModel(
            **self.common(scaling, targets, read_out, alpha),
            layers=layers,
            start_scales=[layer.scales for layer in layers],
        )

    def check_memory(self, n_inputs, n_rows):
        """Estimate what a start will allocate, before it does."""
        sizes = self.sizes
        sampled = min(n_rows, max(10_000, *sizes))
        inner = min(sampled, sizes[-1]) if self.init == "ridge" else 0
        numbers = sum(
            size * n_below + 2 * sampled * size
            for n_below, size in zip([n_inputs, *sizes], sizes, strict=False)
        )
        polish = polish_bytes(sampled, sizes[-1]) if self.polishes else 0
        check_memory(
            numbers * np.dtype(self.dtype).itemsize + max(2 * 8 * inner**2, polish),
            f"hidden_layer_sizes={self.hidden_layer_sizes!r} on {n_inputs} inputs",
            "Use fewer hidden units" + (", or polish=False." if self.polishes else "."),
        )


@dataclass(frozen=True, kw_only=True)
class HalfLayerModel(HiddenStack):
    """Half layers, each fed by the one before.

    Parameters
    ----------
    layers : list of HiddenLayer
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
    def n_trained(self):
        """Two numbers a unit, and the read-out."""
        return sum(2 * layer.n_units for layer in self.layers) + self.read_out.size

    def features(self, X):
        """Compute the units' outputs, an array (n_rows, n_units) a hidden layer."""
        return all_features(X, self.scaling, self.layers, self.dtype)

    # -- training ----------------------------------------------------------------------

    def step_size(self, batch_size):
        """Multiply-adds of a step."""
        layers = self.layers
        inner = sum(a.n_units * b.n_units for a, b in itertools.pairwise(layers))
        return batch_size * (inner + layers[-1].n_units * (self.n_outputs + 8))

    def inputs(self, X):
        """Return what projects rows on the first weights, and the widths of that."""
        layer, dtype = self.layers[0], self.dtype
        weights = layer.scaled_weights(dtype, self.start_scales[0])

        def project(rows):
            block = X[rows]
            return self.scaling.project(block, weights, dtype, scaled=block)

        return project, layer.n_units, working_columns(X, [layer])

    def module(self, device):
        """Make the torch module, fed with the first layer's projection."""
        from sklearn_halfnet.networks.half_layer import HalfLayerNetwork

        later = zip(self.layers[1:], self.start_scales[1:], strict=True)
        weights = [
            to_tensor(layer.scaled_weights(self.dtype, start), self.dtype, device)
            for layer, start in later
        ]
        return HalfLayerNetwork(
            *relative_scales(self.layers, self.start_scales, self.dtype, device),
            weights,
            *self.read_out.tensors(self.targets, self.dtype, device),
            self.begun["activation"],
        )

    def trained(self, module):
        """Return the network with the values of a module."""
        return replace(
            self,
            layers=trained_units(self.layers, self.start_scales, module),
            read_out=self.read_out_of(
                from_tensor(module.coef), from_tensor(module.intercept)
            ),
        )


def relative_scales(layers, start_scales, dtype, device):
    """Scales in units of those of the start, and shifts, as two lists of tensors."""
    scales = [
        to_tensor(layer.scales / start, dtype, device)
        for layer, start in zip(layers, start_scales, strict=True)
    ]
    return scales, [to_tensor(layer.shifts, dtype, device) for layer in layers]


def trained_units(layers, start_scales, module):
    """Give layers the scales and shifts of a module; the other way round."""
    values = zip(layers, start_scales, module.scales, module.shifts, strict=True)
    return [
        layer.with_values(from_tensor(scale) * start, from_tensor(shift))
        for layer, start, scale, shift in values
    ]
