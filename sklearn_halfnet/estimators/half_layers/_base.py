"""The half layer network between scikit-learn and torch."""

import itertools

import numpy as np

from sklearn_halfnet._device import check_memory
from sklearn_halfnet.estimators._common.layer_options import (
    LAYER_CONSTRAINTS,
    check_kinds,
    check_sizes,
    fingerprints,
    fit_scaling,
)
from sklearn_halfnet.estimators._trained.hidden_layers import BaseHiddenLayers
from sklearn_halfnet.features import (
    StartSample,
    draw_hidden_layers,
    working_columns,
)
from sklearn_halfnet.models.ridge_refit import polished_read_out
from sklearn_halfnet.models.tensors import from_tensor, to_tensor

__all__ = ["BaseHalfLayer"]


class BaseHalfLayer(BaseHiddenLayers):
    """Fit and predict of half layers, for classifier and regressor alike."""

    _parameter_constraints = {
        **BaseHiddenLayers._parameter_constraints,
        **LAYER_CONSTRAINTS,
        "polish": ["boolean"],
    }

    def _network_parameters(self):
        sizes = check_sizes(self.hidden_layer_sizes)
        kinds = check_kinds(self.weight_kind, len(sizes))
        return super()._network_parameters() | {"weight_kind": fingerprints(kinds)}

    # -- start -------------------------------------------------------------------------

    def _start(self, X, encoded, train_weight, rng):
        """Draw the layers and set the read-out's start value."""
        self._check_size(X.shape[1], X.shape[0])
        scaling = fit_scaling(self, X, train_weight)
        n_units = max(check_sizes(self.hidden_layer_sizes))
        sample = StartSample.draw(
            X, encoded, train_weight, scaling, n_units, rng, self._float
        )
        self._start_from(scaling, sample, rng)

    def _start_from(self, scaling, sample, rng):
        self._scaling = scaling
        sizes = check_sizes(self.hidden_layer_sizes)
        kinds = check_kinds(self.weight_kind, len(sizes))
        self._layers, features = draw_hidden_layers(
            sample, kinds, sizes, self.activation, rng
        )
        self._start_scales = [layer.scales for layer in self._layers]
        self._start_read_out(features, sample, rng)

    def _check_size(self, n_features, n_rows):
        """Estimate what ``_start`` will allocate, before it does."""
        sizes = check_sizes(self.hidden_layer_sizes)
        n_rows = min(n_rows, max(10_000, *sizes))
        inner = min(n_rows, sizes[-1]) if self.init == "ridge" else 0
        numbers = sum(
            size * n_inputs + 2 * n_rows * size
            for n_inputs, size in zip([n_features, *sizes], sizes, strict=False)
        )
        check_memory(
            numbers * np.dtype(self._float).itemsize
            + max(2 * 8 * inner**2, self._polish_bytes(n_rows, sizes)),
            f"hidden_layer_sizes={self.hidden_layer_sizes!r} on {n_features} features",
            "Use fewer hidden units" + (", or polish=False." if self.polish else "."),
        )

    def _polish(self, X, encoded, train_weight):
        coef, intercept = polished_read_out(
            X,
            encoded,
            train_weight,
            self._scaling,
            self._layers,
            self._targets,
        )
        self._set_read_out(coef, intercept)

    @property
    def _units(self):
        return self._layers

    def _n_trained_in_layers(self):
        return sum(2 * layer.n_units for layer in self._layers)

    # -- between numpy and torch -------------------------------------------------------

    def _step_size(self, batch_size):
        layers = self._layers
        inner = sum(a.n_units * b.n_units for a, b in itertools.pairwise(layers))
        return batch_size * (inner + layers[-1].n_units * (self._targets.n_outputs + 8))

    def _inputs(self, X):
        layer = self._layers[0]
        weights = layer.scaled_weights(self._float, self._start_scales[0])

        def project(rows):
            block = X[rows]
            return self._scaling.project(block, weights, self._float, scaled=block)

        return project, layer.n_units, working_columns(X, [layer])

    def _network(self, device):
        from sklearn_halfnet.networks.half_layer import HalfLayerNetwork

        def tensor(array):
            return to_tensor(array, self._float, device)

        unit_scales = [
            tensor(layer.scales / start)
            for layer, start in zip(self._layers, self._start_scales, strict=True)
        ]
        later = zip(self._layers[1:], self._start_scales[1:], strict=True)
        return HalfLayerNetwork(
            unit_scales,
            [tensor(layer.shifts) for layer in self._layers],
            [
                tensor(layer.scaled_weights(self._float, start))
                for layer, start in later
            ],
            *self._read_out_tensors(device),
            self.activation,
        )

    def _store(self, network):
        self._layers = [
            layer.with_values(from_tensor(scale) * start, from_tensor(shift))
            for layer, scale, shift, start in zip(
                self._layers,
                network.scales,
                network.shifts,
                self._start_scales,
                strict=True,
            )
        ]
        self._set_read_out(from_tensor(network.coef), from_tensor(network.intercept))
