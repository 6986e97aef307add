"""A random recurrent layer, as a value: what ``RandomRecurrentNetwork`` computes."""

from collections import deque
from dataclasses import dataclass, replace

import numpy as np
from scipy.sparse import issparse
from threadpoolctl import threadpool_limits

from sklearn_halfnet._matmul import matmul
from sklearn_halfnet.activations import ACTIVATIONS
from sklearn_halfnet.features import (
    HiddenLayer,
    InputScaling,
    StartSample,
    draw_layer,
)
from sklearn_halfnet.models.frozen_stack import FrozenStack

__all__ = ["RecurrentStack"]


@dataclass(frozen=True)
class RecurrentStack(FrozenStack):
    """States h_t = g(W h_{t-1} + U x_t + b), from h_0 = 0, never trained.

    Parameters
    ----------
    n_features : int
        Columns of X.
    scaling : InputScaling
    series_shape : tuple of int
        (channels, steps).
    recurrent : HiddenLayer
        g, W and b.
    inputs : HiddenLayer
        U.
    spectral_radius : float
        Largest modulus of the eigenvalues of W.
    """

    n_features: int
    scaling: InputScaling
    series_shape: tuple[int, int]
    recurrent: HiddenLayer
    inputs: HiddenLayer
    spectral_radius: float

    @classmethod
    def start(
        cls,
        X,
        y,
        scaling,
        generators,
        *,
        kinds,
        n_units,
        series_shape,
        activation,
        spectral_radius,
        input_scale,
        sigma_b,
    ):
        """Draw weights and biases.

        Parameters
        ----------
        X : ndarray of shape (n_samples, n_features)
        y : ndarray of shape (n_samples,) or None
        scaling : InputScaling
        generators : tuple of two numpy.random.Generator
            For the layers, and for the rows that kinds made from data are shown.
        kinds : list of two BaseWeights
            Of W, which is not made from data, and of U.
        n_units : int
        series_shape : tuple of int
        activation : str
        spectral_radius, input_scale, sigma_b : float

        Returns
        -------
        model : RecurrentStack
        """
        rng, rows_rng = generators
        n_channels, n_steps = series_shape
        of_states, of_inputs = kinds
        shown, options = {}, {"rng": rng, "dtype": X.dtype}
        if of_inputs.requires_X or of_inputs.requires_y:
            sample = StartSample.draw(
                X, y, None, scaling, n_units=n_units, rng=rows_rng, dtype=X.dtype
            )
            steps = sample.features.reshape(-1, *series_shape).transpose(0, 2, 1)
            shown["inputs"] = steps.reshape(-1, n_channels)
            if sample.targets is not None:
                shown["targets"] = np.repeat(sample.targets, n_steps, axis=0)
        recurrent = draw_layer(
            of_states,
            n_units,
            n_units,
            activation=activation,
            sigma_w=1.0,
            sigma_b=sigma_b,
            **options,
        )
        recurrent = _with_radius(recurrent, spectral_radius)
        inputs = draw_layer(
            of_inputs,
            n_units,
            n_channels,
            activation="identity",
            sigma_w=input_scale,
            sigma_b=0.0,
            **shown,
            **options,
        )
        return cls(
            X.shape[1], scaling, series_shape, recurrent, inputs, spectral_radius
        )

    @property
    def layers(self):
        """The layers of W and of U."""
        return self.recurrent, self.inputs

    @property
    def recurrent_weights(self):
        """W, (n_units, n_units)."""
        return self.weights[0]

    @property
    def input_weights(self):
        """U, (n_units, n_channels)."""
        return self.weights[1]

    @property
    def n_outputs(self):
        """Numbers a state."""
        return self.recurrent.n_units

    @property
    def layer_names(self):
        """What ``all`` computes: the state after each step."""
        return [f"step {t}" for t in range(1, self.series_shape[1] + 1)]

    def last(self, X):
        """Compute the last state, (n_samples, n_units), of the dtype of X."""
        self._check_memory(X, 3 * self.n_outputs)
        (last,) = deque(self._states(X), maxlen=1)
        return last

    def all(self, X):
        """Compute every state, a list of (n_samples, n_units), of the dtype of X."""
        self._check_memory(X, self.series_shape[1] * self.n_outputs)
        return list(self._states(X))

    def _states(self, X):
        series = self.scaling.transform(X, X.dtype).reshape(-1, *self.series_shape)
        W, U = (layer.scaled_weights(X.dtype).T for layer in self.layers)
        activate = ACTIVATIONS[self.recurrent.activation].array
        state = np.zeros((len(X), self.n_outputs), X.dtype)
        for inputs in np.moveaxis(series, 2, 0):
            # The last state stays as it is: it was handed out.
            state = matmul(state, W)
            state += matmul(inputs, U)
            state += self.recurrent.shifts
            state = activate(state)
            yield state


def _with_radius(layer, spectral_radius):
    """Scale a square layer to a spectral radius."""
    weights = layer.scaled_weights(np.float64)
    weights = weights.toarray() if issparse(weights) else weights
    # One thread: the order of the sums, and so the last bit, depends on their number.
    with threadpool_limits(limits=1, user_api="blas"):
        radius = np.abs(np.linalg.eigvals(weights)).max()
    if not radius > 0:
        raise ValueError(
            "weight_kind gave recurrent weights whose eigenvalues are all zero: they "
            f"cannot be scaled to spectral_radius={spectral_radius!r}."
        )
    scales = layer.scales * (spectral_radius / radius)
    return replace(layer, scales=scales.astype(layer.scales.dtype))
