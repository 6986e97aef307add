"""The HalfNet network between scikit-learn and torch."""

import numpy as np
from sklearn.utils._param_validation import StrOptions

from sklearn_halfnet._device import check_memory
from sklearn_halfnet.estimators._constraints import whole
from sklearn_halfnet.estimators._hidden_layers import (
    BaseHiddenLayers,
    from_tensor,
    to_tensor,
)
from sklearn_halfnet.estimators._layers import SPREAD, check_sizes, fit_scaling
from sklearn_halfnet.estimators._learned_geometry import LearnedGeometry
from sklearn_halfnet.estimators._random_draws import RandomDraws
from sklearn_halfnet.features import (
    Moments,
    StartSample,
    draw_low_rank_layers,
)
from sklearn_halfnet.features.geometry import GEOMETRIES
from sklearn_halfnet.features.low_rank import linear_layer

__all__ = ["BaseHalfNet"]

_AUTO_RANK = 32


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

    # -- start -------------------------------------------------------------------------

    def _start(self, X, encoded, train_weight, rng):
        """Draw Z, set A to its start value, and the read-out."""
        sizes = check_sizes(self.hidden_layer_sizes)
        ranks = self._ranks(X.shape[1], sizes)
        self._check_memory(X, sizes, ranks)
        self._scaling = fit_scaling(self, X, train_weight)
        sample = StartSample.draw(
            X, encoded, train_weight, self._scaling, max(sizes), rng, self.dtype
        )
        self._unit = self._input_unit(sample)
        self._layers, features = draw_low_rank_layers(
            sample,
            self._targets.indicators(sample.targets),
            ranks,
            sizes,
            self.activation,
            self.geometry,
            rng,
        )
        self._start_read_out(features, sample, rng)

    def _input_unit(self, sample):
        """Divisor of the inputs, and factor of A, while A is trained.

        A rate suits weights of one size only, but A is kept for the inputs as they are.
        """
        if self.input_scaling == "standard":
            return 1.0
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
        n_rows = min(X.shape[0], max(10_000, *sizes))
        inner = min(n_rows, sizes[-1]) if self.init == "ridge" else 0
        numbers = sum(
            rank * (n_inputs + size) + 3 * n_rows * size
            for n_inputs, size, rank in zip(
                [X.shape[1], *sizes], sizes, ranks, strict=False
            )
        )
        squares = inner**2 + (self.geometry != "orthogonal") * X.shape[1] ** 2
        check_memory(
            numbers * np.dtype(self.dtype).itemsize
            + max(2 * 8 * squares, self._polish_bytes(X.shape[0], sizes)),
            f"hidden_layer_sizes={self.hidden_layer_sizes!r} on {X.shape[1]} features",
            "Use fewer hidden units, or geometry='orthogonal'"
            + (", or polish=None." if self.polish else "."),
        )

    def _check_resumable(self):
        super()._check_resumable()
        ranks = [layer.n_units for layer in self._embeddings]
        wanted = self._ranks(self.n_features_in_, check_sizes(self.hidden_layer_sizes))
        if ranks != wanted:
            raise ValueError(
                f"warm_start=True goes on with ranks {ranks}, but the parameters ask "
                f"for {wanted}. Set warm_start=False to start anew."
            )

    @property
    def _factor_units(self):
        """What A of each layer is multiplied by in training: the first has a unit."""
        first = np.dtype(self.dtype).type(self._unit)
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
        unit = np.dtype(self.dtype).type(self._unit)

        def scale(rows):
            scaled = self._scaling.dense_rows(X[rows], self.dtype)
            return scaled if unit == 1 else scaled / unit

        return scale, X.shape[1], X.shape[1]

    def _network(self, device):
        from sklearn_halfnet.networks.low_rank import LowRankNetwork

        def tensors(arrays):
            return [to_tensor(array, self.dtype, device) for array in arrays]

        return LowRankNetwork(
            tensors(
                layer.weights.matrix(self.dtype).T * unit
                for layer, unit in zip(
                    self._embeddings, self._factor_units, strict=True
                )
            ),
            tensors(layer.weights.matrix(self.dtype) for layer in self._units),
            tensors(layer.scales for layer in self._units),
            tensors(layer.shifts for layer in self._units),
            *self._read_out_tensors(device),
            self.activation,
            self.train_scales,
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
