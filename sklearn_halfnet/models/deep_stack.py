"""A deep stack of random layers, as a value: what ``RandomNetwork`` computes."""

from dataclasses import dataclass

from sklearn_halfnet.features import (
    HiddenLayer,
    InputScaling,
    StartSample,
    all_features,
    draw_deep_layers,
    last_features,
)
from sklearn_halfnet.features.computation import Computation, Scale
from sklearn_halfnet.models.frozen_stack import FrozenStack

__all__ = ["DeepStack"]


@dataclass(frozen=True)
class DeepStack(FrozenStack):
    """Layers h_l = g(W_l h_{l-1} + b_l) that are never trained.

    Parameters
    ----------
    n_features : int
        Columns of X.
    scaling : InputScaling
    layers : tuple of HiddenLayer
    weight_scale : float
        sigma_w, by which they were drawn.
    """

    n_features: int
    scaling: InputScaling
    layers: tuple[HiddenLayer, ...]
    weight_scale: float

    @classmethod
    def start(
        cls, X, y, scaling, generators, *, kinds, sizes, activation, sigma_w, sigma_b
    ):
        """Draw weights and biases.

        Parameters
        ----------
        X : {ndarray, CSR matrix} of shape (n_samples, n_features)
        y : ndarray of shape (n_samples,) or None
        scaling : InputScaling
        generators : tuple of two numpy.random.Generator
            For the layers, and for the rows that kinds made from data are shown.
        kinds : list of BaseWeights
        sizes : list of int
        activation : str
        sigma_w, sigma_b : float

        Returns
        -------
        model : DeepStack
        """
        rng, rows_rng = generators
        sample = None
        if any(kind.requires_X or kind.requires_y for kind in kinds):
            sample = StartSample.draw(
                X, y, None, scaling, n_units=max(sizes), rng=rows_rng, dtype=X.dtype
            )
        layers = draw_deep_layers(
            sample,
            X.shape[1],
            kinds,
            sizes,
            activation=activation,
            rng=rng,
            sigma_w=sigma_w,
            sigma_b=sigma_b,
            dtype=X.dtype,
        )
        return cls(X.shape[1], scaling, tuple(layers), sigma_w)

    @property
    def n_outputs(self):
        """Units of the last layer."""
        return self.layers[-1].n_units

    def steps(self):
        """Say how X becomes the last layer.

        Returns
        -------
        computation : Computation
        """
        scaled = Computation(self.n_features).then(Scale(self.scaling))
        return scaled.through(self.layers)

    def last(self, X):
        """Compute the last layer, (n_samples, n_units), of the dtype of X."""
        self._check_memory(X, self.layers[-1].n_units)
        return last_features(X, self.scaling, self.layers, X.dtype)

    def all(self, X):
        """Compute every layer, a list of (n_samples, n_units), of the dtype of X."""
        self._check_memory(X, sum(layer.n_units for layer in self.layers))
        return all_features(X, self.scaling, self.layers, X.dtype)
