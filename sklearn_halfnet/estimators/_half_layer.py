"""The half layer network between scikit-learn and torch."""

import itertools

import numpy as np
from scipy import sparse
from sklearn.utils._param_validation import StrOptions
from sklearn.utils.validation import check_is_fitted

from sklearn_halfnet._device import check_memory
from sklearn_halfnet._matmul import matmul
from sklearn_halfnet.estimators._layers import (
    LAYER_CONSTRAINTS,
    SIZE_CONSTRAINTS,
    check_kinds,
    check_sizes,
)
from sklearn_halfnet.estimators._polish import polished_read_out
from sklearn_halfnet.estimators._torch import BaseTorchEstimator
from sklearn_halfnet.features import (
    InputScaling,
    StartSample,
    draw_hidden_layers,
    forward_blocks,
    working_columns,
)
from sklearn_halfnet.linear.ridge import ridge

__all__ = ["BaseHalfLayer"]

# One-hot scores of the ridge read-out lie in [0, 1]; times this, softmax is confident.
_CONFIDENCE = 8.0


class BaseHalfLayer(BaseTorchEstimator):
    """Fit and predict of half layers, for classifier and regressor alike."""

    _parameter_constraints = {
        **BaseTorchEstimator._parameter_constraints,
        **LAYER_CONSTRAINTS,
        "hidden_layer_sizes": SIZE_CONSTRAINTS,
        "init": [StrOptions({"ridge", "random"})],
        "polish": ["boolean"],
    }

    # -- start -------------------------------------------------------------------------

    def _start(self, X, encoded, train_weight, rng):
        """Draw the layers and set the read-out's start value."""
        sizes = check_sizes(self.hidden_layer_sizes)
        self._check_memory(X, sizes)
        kinds = check_kinds(self.weight_kind, len(sizes))
        self._scaling = InputScaling.fit(
            X,
            self.input_scaling,
            train_weight,
            getattr(self, "feature_names_in_", None),
        )
        sample = StartSample.draw(
            X, encoded, train_weight, self._scaling, max(sizes), rng, self.dtype
        )
        self._layers, features = draw_hidden_layers(
            sample, kinds, sizes, self.activation, rng
        )
        self._start_scales = [layer.scales for layer in self._layers]
        if self.init == "ridge":
            coef, intercept = self._ridge_start(features, sample)
        else:
            coef = rng.standard_normal((self._targets.n_outputs, sizes[-1]))
            coef /= np.sqrt(sizes[-1])
            intercept = np.zeros(len(coef))
        self._set_read_out(coef, intercept)

    def _ridge_start(self, features, sample):
        targets = self._targets.indicators(sample.targets)
        coef, intercept = ridge(features, targets, sample_weight=sample.sample_weight)
        if self._targets.loss == "squared":
            return coef, intercept
        return _CONFIDENCE * coef, _CONFIDENCE * (intercept - self._targets.middle)

    def _check_resumable(self):
        sizes = [layer.n_units for layer in self._layers]
        wanted = check_sizes(self.hidden_layer_sizes)
        if wanted != sizes or self._layers[0].activation != self.activation:
            raise ValueError(
                f"warm_start=True goes on with layers of {sizes} units and activation "
                f"{self._layers[0].activation!r}, but the parameters ask for "
                f"{wanted} and {self.activation!r}. Set warm_start=False to "
                "start anew."
            )

    def _check_memory(self, X, sizes):
        """Estimate what ``_start`` will allocate, before it does."""
        n_rows = min(X.shape[0], max(10_000, *sizes))
        inner = min(n_rows, sizes[-1]) if self.init == "ridge" else 0
        numbers = sum(
            size * n_inputs + 2 * n_rows * size
            for n_inputs, size in zip([X.shape[1], *sizes], sizes, strict=False)
        )
        check_memory(
            numbers * np.dtype(self.dtype).itemsize + 2 * 8 * inner**2,
            f"hidden_layer_sizes={self.hidden_layer_sizes!r} on {X.shape[1]} features",
            "Use fewer hidden units.",
        )

    def _polish(self, X, encoded, train_weight, rng):
        coef, intercept = polished_read_out(
            X,
            encoded,
            train_weight,
            self._scaling,
            self._layers,
            self._targets,
            rng,
        )
        self._set_read_out(coef, intercept)

    # -- between numpy and torch -------------------------------------------------------

    def _step_size(self, batch_size):
        layers = self._layers
        inner = sum(a.n_units * b.n_units for a, b in itertools.pairwise(layers))
        return batch_size * (inner + layers[-1].n_units * (self._targets.n_outputs + 8))

    def _unit_weights(self, layer, start_scales):
        """Scale the layer's weights so that pre-activations have unit variance."""
        matrix = layer.weights.matrix(self.dtype)
        if sparse.issparse(matrix):
            return sparse.csr_array(matrix * start_scales[:, None])
        return matrix * start_scales[:, None]

    def _inputs(self, X):
        layer = self._layers[0]
        weights = self._unit_weights(layer, self._start_scales[0])

        def project(rows):
            return self._scaling.project(X[rows], weights, self.dtype, overwrite=True)

        return project, layer.n_units, working_columns(X, [layer])

    def _network(self, device):
        import torch

        from sklearn_halfnet.networks.half_layer import HalfLayerNetwork

        def tensor(array):
            array = array.toarray() if sparse.issparse(array) else array
            return torch.from_numpy(np.array(array, self.dtype, order="C")).to(device)

        unit_scales = [
            tensor(layer.scales / start)
            for layer, start in zip(self._layers, self._start_scales, strict=True)
        ]
        later = zip(self._layers[1:], self._start_scales[1:], strict=True)
        return HalfLayerNetwork(
            unit_scales,
            [tensor(layer.shifts) for layer in self._layers],
            [tensor(self._unit_weights(layer, start)) for layer, start in later],
            tensor((self.coef_.T / self._targets.scale).T),
            tensor((self.intercept_ - self._targets.mean) / self._targets.scale),
            self.activation,
        )

    def _store(self, network):
        self._layers = [
            layer.with_values(_numpy(scale) * start, _numpy(shift))
            for layer, scale, shift, start in zip(
                self._layers,
                network.scales,
                network.shifts,
                self._start_scales,
                strict=True,
            )
        ]
        self._set_read_out(_numpy(network.coef), _numpy(network.intercept))

    def _set_read_out(self, coef, intercept):
        """Take read-out values of the standardised targets; make attributes of all."""
        scale, mean = self._targets.scale, self._targets.mean
        self.coef_ = (coef.T * scale).T.astype(self.dtype)
        self.intercept_ = intercept.astype(np.float64) * scale + mean
        self.scales_ = [layer.scales for layer in self._layers]
        self.shifts_ = [layer.shifts for layer in self._layers]
        self.n_layers_ = len(self._layers)
        self.n_outputs_ = len(self.intercept_)
        self.n_trainable_parameters_ = (
            sum(2 * layer.n_units for layer in self._layers)
            + self.coef_.size
            + self.intercept_.size
        )

    @property
    def weights_(self):
        """Frozen weights, one array (n_units, n_inputs) a layer."""
        check_is_fitted(self)
        return [layer.weights.matrix(self.dtype) for layer in self._layers]

    @property
    def n_stored_bytes_(self):
        """Bytes of all arrays that prediction needs."""
        check_is_fitted(self)
        read_out = self.coef_.nbytes + self.intercept_.nbytes
        layers = sum(layer.nbytes for layer in self._layers)
        return self._scaling.nbytes + layers + read_out

    # -- prediction --------------------------------------------------------------------

    def _scores(self, X):
        scores = np.empty((X.shape[0], self.n_outputs_))
        # In float64: few columns are rounded differently among few and many rows.
        coef = self.coef_.T.astype(np.float64)
        for rows, features in forward_blocks(
            X, self._scaling, self._layers, self.dtype
        ):
            scores[rows] = matmul(features[-1].astype(np.float64, copy=False), coef)
        return scores + self.intercept_


def _numpy(tensor):
    return tensor.detach().cpu().numpy().copy()
