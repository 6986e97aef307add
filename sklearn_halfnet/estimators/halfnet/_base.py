"""The HalfNet network between scikit-learn and torch."""

import numpy as np
from sklearn.utils._param_validation import StrOptions

from sklearn_halfnet._checks import whole
from sklearn_halfnet._device import check_memory
from sklearn_halfnet.estimators._common.layer_options import (
    SPREAD,
    check_sizes,
    fit_scaling,
)
from sklearn_halfnet.estimators._trained.hidden_layers import BaseHiddenLayers
from sklearn_halfnet.estimators.halfnet._draws import RandomDraws
from sklearn_halfnet.estimators.halfnet._geometry import LearnedGeometry
from sklearn_halfnet.features import (
    Moments,
    StartSample,
    draw_low_rank_layers,
)
from sklearn_halfnet.features.geometry import GEOMETRIES, geometry_numbers
from sklearn_halfnet.features.low_rank import linear_layer
from sklearn_halfnet.features.start import sample_size
from sklearn_halfnet.models.tensors import from_tensor, to_tensor

__all__ = ["BaseHalfNet"]

_AUTO_RANK = 32
# Of unit variance, beyond which the steps of a rate, added up over the columns, would
# carry pre-activations far from their start at once.
_MANY_COLUMNS = 1_000


class BaseHalfNet(LearnedGeometry, RandomDraws, BaseHiddenLayers):
    """Fit and predict of HalfNet, for classifier and regressor alike.

    ``_layers`` holds two layers for each hidden layer: A^T x, then the units fed by it.
    """

    _parameter_constraints = {
        **BaseHiddenLayers._parameter_constraints,
        "rank": [StrOptions({"auto"}), whole(1)],
        "train_scales": ["boolean"],
        "geometry": [StrOptions(set(GEOMETRIES))],
        "resample_every": [whole(1), None],
    }

    def _network_parameters(self):
        sizes = check_sizes(self.hidden_layer_sizes)
        ranks = self._ranks(self.n_features_in_, sizes)
        return super()._network_parameters() | {"rank": ranks}

    # -- start -------------------------------------------------------------------------

    def _start(self, X, encoded, train_weight, rng):
        """Draw Z, set A to its start value, and the read-out."""
        sizes = check_sizes(self.hidden_layer_sizes)
        ranks = self._begun["rank"]
        self._check_memory(X, sizes, ranks)
        self._scaling = fit_scaling(self, X, train_weight)
        sample = StartSample.draw(
            X, encoded, train_weight, self._scaling, max(sizes), rng, self._float
        )
        self._unit = self._input_unit(sample)
        self._layers, features, self._least_strength = draw_low_rank_layers(
            sample,
            self._targets.indicators(sample.targets),
            ranks,
            sizes,
            self.activation,
            self.geometry,
            rng,
        )
        self._start_read_out(features, sample, rng)
        self._balances = self._balanced()

    def _balanced(self):
        """Norm of the read-out over that of each A, as they start.

        The L2 penalty alpha / 2 (|V|^2 + sum_l b_l^2 |A_l|^2), b_l = |V| / |A_l|, then
        is indifferent to a factor that goes from one to another, which changes nothing
        of the function of homogeneous units, and no A can make up for a shorter V.
        """
        read_out = np.linalg.norm((self.read_out_coef_.T / self._targets.scale).T)
        lengths = [
            unit * np.linalg.norm(layer.weights.matrix(self._float))
            for layer, unit in zip(self._embeddings, self._factor_units, strict=True)
        ]
        return [float(read_out / length) if length else 0.0 for length in lengths]

    def _input_unit(self, sample):
        """Divisor of the inputs, and factor of A, while A is trained.

        A rate suits weights of one size only, but A is kept for the inputs as they are.
        """
        if self.input_scaling == "standard":
            return max(1.0, sample.features.shape[1] / _MANY_COLUMNS)
        moments = Moments.of(sample.features, sample.sample_weight)
        return moments.spread(about_one_mean=True) / SPREAD or 1.0

    def _ranks(self, n_features, sizes):
        """Columns of A of each layer."""
        inputs = [n_features, *sizes[:-1]]
        if self.rank == "auto":
            return [min(n_inputs, _AUTO_RANK) for n_inputs in inputs]
        if self.rank > min(inputs):
            raise ValueError(
                f"rank={self.rank} is more than the {min(inputs)} inputs of a hidden "
                f"layer. Use rank='auto' or at most {min(inputs)}."
            )
        return [self.rank] * len(sizes)

    def _check_memory(self, X, sizes, ranks):
        """Estimate what ``_start`` will allocate, before it does."""
        below = [X.shape[1], *sizes[:-1]]
        sampled = sample_size(X.shape[1], max(sizes), self._float)
        n_rows = min(X.shape[0], sampled)
        inner = min(n_rows, sizes[-1]) if self.init == "ridge" else 0
        numbers = sum(
            rank * (n_inputs + size) + n_rows * (n_inputs + 3 * size)
            for n_inputs, size, rank in zip(below, sizes, ranks, strict=True)
        )
        geometry = max(geometry_numbers(self.geometry, n_rows, n) for n in below)
        check_memory(
            numbers * np.dtype(self._float).itemsize
            + max(8 * (2 * inner**2 + geometry), self._polish_bytes(X.shape[0], sizes)),
            f"hidden_layer_sizes={self.hidden_layer_sizes!r} on {X.shape[1]} features",
            "Use fewer hidden units, or geometry='orthogonal'"
            + (", or polish=None." if self.polish else "."),
        )

    @property
    def _factor_units(self):
        """What A of each layer is multiplied by in training: the first has a unit."""
        first = np.dtype(self._float).type(self._unit)
        return [first, *[first.dtype.type(1)] * (len(self._embeddings) - 1)]

    @property
    def _embeddings(self):
        return self._layers[::2]

    @property
    def _units(self):
        return self._layers[1::2]

    def _n_trained_in_layers(self):
        a_unit = 2 if self.train_scales else 1
        factors = sum(np.prod(layer.weights.shape) for layer in self._embeddings)
        return int(factors) + sum(a_unit * layer.n_units for layer in self._units)

    # -- training ----------------------------------------------------------------------

    def _step_size(self, batch_size):
        layers = sum(np.prod(layer.weights.shape) for layer in self._layers)
        read_out = self._units[-1].n_units * (self._targets.n_outputs + 8)
        return batch_size * int(layers + read_out)

    def _inputs(self, X):
        unit = np.dtype(self._float).type(self._unit)

        def scale(rows):
            scaled = self._scaling.dense_rows(X[rows], self._float)
            return scaled if unit == 1 else scaled / unit

        return scale, X.shape[1], X.shape[1]

    def _network(self, device):
        from sklearn_halfnet.networks.low_rank import LowRankNetwork

        def tensors(arrays):
            return [to_tensor(array, self._float, device) for array in arrays]

        return LowRankNetwork(
            tensors(
                layer.weights.matrix(self._float).T * unit
                for layer, unit in zip(
                    self._embeddings, self._factor_units, strict=True
                )
            ),
            tensors(layer.weights.matrix(self._float) for layer in self._units),
            tensors(layer.scales for layer in self._units),
            tensors(layer.shifts for layer in self._units),
            *self._read_out_tensors(device),
            self.activation,
            self.train_scales,
            self._balances,
        )

    def _store(self, network):
        layers = []
        for units, factor, directions, scale, shift, unit in zip(
            self._units,
            network.factors,
            network.directions,
            network.scales,
            network.shifts,
            self._factor_units,
            strict=True,
        ):
            units = units.with_values(from_tensor(scale), from_tensor(shift))
            units = units.with_frozen(from_tensor(directions))
            layers += [linear_layer(from_tensor(factor) / unit), units]
        self._layers = layers
        self._set_read_out(from_tensor(network.coef), from_tensor(network.intercept))

    def _set_read_out(self, coef, intercept):
        super()._set_read_out(coef, intercept)
        # The layers' own scales include 1 / sqrt(rank).
        self.scales_ = [
            layer.scales * layer.scales.dtype.type(np.sqrt(layer.weights.shape[1]))
            for layer in self._units
        ]
