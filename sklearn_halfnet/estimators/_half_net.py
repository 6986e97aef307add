"""The HalfNet network between scikit-learn and torch."""

import copy
from itertools import count

import numpy as np
from sklearn.base import ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils._param_validation import StrOptions
from sklearn.utils.validation import check_is_fitted

from sklearn_halfnet._device import check_memory
from sklearn_halfnet._random import child_generators
from sklearn_halfnet.estimators._constraints import whole
from sklearn_halfnet.estimators._hidden_layers import (
    BaseHiddenLayers,
    from_tensor,
    to_tensor,
)
from sklearn_halfnet.estimators._layers import check_sizes
from sklearn_halfnet.estimators._logistic_polish import last_features, logistic_read_out
from sklearn_halfnet.estimators._polish import polished_read_out
from sklearn_halfnet.estimators._validation import total_weight, validate_X
from sklearn_halfnet.features import (
    InputScaling,
    StartSample,
    draw_low_rank_layers,
    forward_blocks,
)
from sklearn_halfnet.features.geometry import GEOMETRIES
from sklearn_halfnet.features.low_rank import draw_directions, linear_layer
from sklearn_halfnet.weights.storage import FrozenWeights

__all__ = ["BaseHalfNet"]

_AUTO_RANK = 32


class BaseHalfNet(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseHiddenLayers):
    """Fit, transform and resample, for classifier and regressor alike.

    ``_layers`` holds two layers for each hidden layer: A^T x, then the units fed by it.
    """

    _parameter_constraints = {
        **BaseHiddenLayers._parameter_constraints,
        "rank": [StrOptions({"auto"}), whole(1)],
        "train_scales": ["boolean"],
        "geometry": [StrOptions(set(GEOMETRIES))],
        "resample_every": [whole(1), None],
    }

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = []
        return tags

    # -- start -------------------------------------------------------------------------

    def _start(self, X, encoded, train_weight, rng):
        """Draw Z, set A to its start value, and the read-out."""
        sizes = check_sizes(self.hidden_layer_sizes)
        ranks = self._ranks(X.shape[1], sizes)
        self._check_memory(X, sizes, ranks)
        self._scaling = InputScaling.fit(
            X,
            self.input_scaling,
            train_weight,
            getattr(self, "feature_names_in_", None),
        )
        sample = StartSample.draw(
            X, encoded, train_weight, self._scaling, max(sizes), rng, self.dtype
        )
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
            numbers * np.dtype(self.dtype).itemsize + 2 * 8 * squares,
            f"hidden_layer_sizes={self.hidden_layer_sizes!r} on {X.shape[1]} features",
            "Use fewer hidden units, or geometry='orthogonal'.",
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

    def _train(self, X, encoded, weight, train, held_out, rng, report):
        if self.resample_every is not None:
            train_weight = np.zeros(len(encoded))
            train_weight[train] = 1 if weight is None else weight[train]
            report = self._redrawing(report, X, encoded, train_weight, rng)
        super()._train(X, encoded, weight, train, held_out, rng, report)

    def _redrawing(self, report, X, encoded, train_weight, rng):
        """Report, and give the network a new Z and a ridge read-out now and then."""
        passes = count(1)

        def report_and_redraw(network, loss, score):
            stops = report(network, loss, score)
            n_done = next(passes)
            if n_done % self.resample_every == 0 and n_done < self.max_iter:
                twin = copy.copy(self)
                twin._store(network)
                twin._redraw(rng)
                twin._restart_read_out(X, encoded, train_weight, rng)
                _copy_values(twin._network(network.coef.device), network)
            return stops

        return report_and_redraw

    def _redraw(self, rng):
        """Draw a new Z for every layer."""
        self._layers = list(self._layers)
        for i in range(1, len(self._layers), 2):
            n_units, rank = self._layers[i].weights.shape
            directions = draw_directions(n_units, rank, rng, self.dtype)
            self._layers[i] = copy.copy(self._layers[i])
            self._layers[i].weights = FrozenWeights.from_array(directions)

    def _restart_read_out(self, X, encoded, train_weight, rng):
        sample = StartSample.draw(
            X,
            encoded,
            train_weight,
            self._scaling,
            self._units[-1].n_units,
            rng,
            self.dtype,
        )
        features = last_features(
            sample.features, InputScaling(), self._layers, self.dtype
        )
        self._set_read_out(*self._ridge_start(features, sample))

    def _step_size(self, batch_size):
        layers = sum(np.prod(layer.weights.shape) for layer in self._layers)
        read_out = self._units[-1].n_units * (self._targets.n_outputs + 8)
        return batch_size * int(layers + read_out)

    def _inputs(self, X):
        def scale(rows):
            return self._scaling.dense_rows(X[rows], self.dtype)

        return scale, X.shape[1], X.shape[1]

    def _network(self, device):
        from sklearn_halfnet.networks.low_rank import LowRankNetwork

        def tensors(arrays):
            return [to_tensor(array, self.dtype, device) for array in arrays]

        return LowRankNetwork(
            tensors(layer.weights.matrix(self.dtype).T for layer in self._embeddings),
            tensors(layer.weights.matrix(self.dtype) for layer in self._units),
            tensors(layer.scales for layer in self._units),
            tensors(layer.shifts for layer in self._units),
            *self._read_out_tensors(device),
            self.activation,
            self.train_scales,
        )

    def _store(self, network):
        layers = []
        for units, factor, directions, scale, shift in zip(
            self._units,
            network.factors,
            network.directions,
            network.scales,
            network.shifts,
            strict=True,
        ):
            units = units.with_values(from_tensor(scale), from_tensor(shift))
            units.weights = FrozenWeights.from_array(from_tensor(directions))
            layers += [linear_layer(from_tensor(factor)), units]
        self._layers = layers
        self._set_read_out(from_tensor(network.coef), from_tensor(network.intercept))

    # -- read-out ----------------------------------------------------------------------

    def _polish(self, X, encoded, train_weight):
        self._refit_read_out(X, encoded, train_weight, self.polish)

    def _refit_read_out(self, X, encoded, weight, how):
        fixed = (X, encoded, weight, self._scaling, self._layers, self._targets)
        if how == "ridge":
            self._set_read_out(*polished_read_out(*fixed))
        else:
            self._set_read_out(
                *logistic_read_out(
                    *fixed,
                    alpha=self.alpha,
                    device=self.device,
                    cache_bytes=self.cache_size * 2**20,
                )
            )

    def resample(self, X, y, sample_weight=None, *, random_state=None, refit=True):
        """Draw new random weights from the learned distribution; refit the read-out.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Rows on which to refit the read-out.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
        sample_weight : array-like of shape (n_samples,), default=None
        random_state : int, RandomState or None, default=None
            Determines the new Z.
        refit : bool, default=True
            Whether to refit the read-out: by logistic regression with the strength
            ``alpha``, for a regressor or with ``polish="ridge"`` by ridge regression.
            With the old read-out accuracy is at chance.

        Returns
        -------
        resampled : object
            A new estimator with the same A, scales and shifts. This one stays as it is.
        """
        check_is_fitted(self)
        other = copy.copy(self)
        X, y = other._validate_training(X, y, reset=False)
        weight = total_weight(y, sample_weight, getattr(self, "class_weight", None))
        other._redraw(child_generators(random_state, 1)[0])
        other._optimizer_state = None
        if refit:
            closed_form = self.polish == "ridge" or self._targets.loss == "squared"
            encoded = self._targets.encode(y, self.dtype)
            how = "ridge" if closed_form else "logistic"
            other._refit_read_out(X, encoded, weight, how)
        return other

    def _set_read_out(self, coef, intercept):
        super()._set_read_out(coef, intercept)
        # The layers' own scales include 1 / sqrt(rank).
        self.scales_ = [
            layer.scales * np.float32(np.sqrt(layer.weights.shape[1]))
            for layer in self._units
        ]

    # -- geometry ----------------------------------------------------------------------

    @property
    def factors_(self):
        """A of each layer, (n_inputs, rank), for centred and scaled inputs."""
        check_is_fitted(self)
        return [layer.weights.matrix(self.dtype).T for layer in self._embeddings]

    def set_factor(self, factor):
        """Replace A of the first layer; all else stays as it is.

        Parameters
        ----------
        factor : ndarray of shape (n_features, rank)

        Returns
        -------
        self : object
        """
        check_is_fitted(self)
        shape = self.factors_[0].shape
        if factor.shape != shape:
            raise ValueError(f"factor has shape {factor.shape}, expected {shape}.")
        self._layers = [linear_layer(factor.astype(self.dtype)), *self._layers[1:]]
        return self

    @property
    def metric_(self):
        """Factor M of the learned metric, (n_features, rank), in the units of X."""
        factor, scale = self.factors_[0], self._scaling.scale
        return factor if scale is None else factor / scale[:, None]

    @property
    def _n_features_out(self):
        return self._embeddings[0].n_units

    def transform(self, X):
        """Embed rows where Euclidean distance is the learned metric.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)

        Returns
        -------
        embedded : ndarray of shape (n_samples, rank)
            X' A of the first layer, X' the centred and scaled rows.
        """
        check_is_fitted(self)
        X = validate_X(self, X)
        embedded = np.empty((X.shape[0], self._n_features_out), self.dtype)
        for rows, features in forward_blocks(
            X, self._scaling, self._layers[:1], self.dtype
        ):
            embedded[rows] = features[0]
        return embedded


def _copy_values(source, target):
    """Give a network the values of another of the same shape."""
    import torch

    with torch.no_grad():
        for new, old in zip(source.parameters(), target.parameters(), strict=True):
            old.copy_(new)
