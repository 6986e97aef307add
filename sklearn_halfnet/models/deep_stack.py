"""A deep stack of random layers, as a value: what ``RandomNetwork`` computes."""

from dataclasses import dataclass

from sklearn_halfnet._device import check_memory
from sklearn_halfnet.features import (
    HiddenLayer,
    InputScaling,
    StartSample,
    all_features,
    draw_deep_layers,
    last_features,
)
from sklearn_halfnet.features.computation import Computation, Scale

__all__ = ["DeepStack"]


@dataclass(frozen=True)
class DeepStack:
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

    targets = None
    n_trained = 0

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
    def weights(self):
        """Weights W_l, one array (n_units, n_inputs) a layer."""
        return [layer.scaled_weights(layer.scales.dtype) for layer in self.layers]

    @property
    def biases(self):
        """Biases b_l, one array (n_units,) a layer."""
        return [layer.shifts for layer in self.layers]

    @property
    def n_layers(self):
        """Number of layers."""
        return len(self.layers)

    @property
    def nbytes(self):
        """Bytes that the layers occupy."""
        return sum(layer.nbytes for layer in self.layers)

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
        self._check_memory(X, self.layers[-1:])
        return last_features(X, self.scaling, self.layers, X.dtype)

    def all(self, X):
        """Compute every layer, a list of (n_samples, n_units), of the dtype of X."""
        self._check_memory(X, self.layers)
        return all_features(X, self.scaling, self.layers, X.dtype)

    def _check_memory(self, X, kept):
        """Raise before outputs of the layers that are kept are allocated in vain."""
        n_units = sum(layer.n_units for layer in kept)
        check_memory(
            X.shape[0] * n_units * X.dtype.itemsize,
            f"Outputs of {X.shape[0]} rows with {n_units} units",
            "Transform fewer rows at a time.",
        )
