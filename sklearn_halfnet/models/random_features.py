"""One wide random layer, as a value: what ``RandomFeatures`` computes."""

from dataclasses import dataclass

import numpy as np

from sklearn_halfnet._device import (
    check_memory,
    import_torch,
    resolve_device,
    training_mode,
)
from sklearn_halfnet.activations import ACTIVATIONS
from sklearn_halfnet.features import (
    HiddenLayer,
    InputScaling,
    StartSample,
    draw_hidden_layers,
    forward_blocks,
)
from sklearn_halfnet.features.computation import Computation, Join, Scale

__all__ = ["RandomFeaturesModel"]


@dataclass(frozen=True)
class RandomFeaturesModel:
    """Features factor * g(scales * (r . x') + shifts), and the inputs x' behind them.

    Parameters
    ----------
    n_features : int
        Columns of X.
    scaling : InputScaling
        From x to x'.
    layer : HiddenLayer
    factor : float
        sqrt(2 / n_units) for Fourier features, whose inner products approximate a
        kernel; else one.
    direct_links : bool
        Whether x' follows the features.
    """

    n_features: int
    scaling: InputScaling
    layer: HiddenLayer
    factor: float
    direct_links: bool

    targets = None
    n_trained = 0

    @classmethod
    def start(
        cls, X, y, scaling, rng, *, n_units, kind, activation, scale, bias, gamma, links
    ):
        """Draw the weights, and find the scales that "auto" asks for.

        Parameters
        ----------
        X : {ndarray, CSR matrix} of shape (n_samples, n_features)
        y : ndarray of shape (n_samples,) or None
        scaling : InputScaling
        rng : numpy.random.Generator
        n_units : int
        kind : BaseWeights
        activation : str
        scale, bias
            As ``draw_hidden_layers`` takes them.
        gamma : "scale", float or None
            Of the kernel that Fourier features approximate; None for other features.
        links : bool
            Whether there are direct links.

        Returns
        -------
        model : RandomFeaturesModel
        """
        sample = StartSample.draw(
            X, y, None, scaling, n_units=n_units, rng=rng, dtype=X.dtype
        )
        factor = 1.0
        if gamma is not None:
            scale, bias = _frequency_scale(gamma, sample.features), "uniform"
            factor = np.sqrt(2 / n_units)
        (layer,), _ = draw_hidden_layers(
            sample, [kind], [n_units], activation, rng=rng, scale=scale, bias=bias
        )
        return cls(X.shape[1], scaling, layer, factor, links)

    @property
    def weights(self):
        """Frozen weights r, (n_units, n_features)."""
        return self.layer.weights.matrix(self.layer.scales.dtype)

    @property
    def nbytes(self):
        """Bytes that the layer occupies."""
        return self.layer.nbytes

    @property
    def n_columns(self):
        """Columns of the features."""
        return self.layer.n_units + (self.n_features if self.direct_links else 0)

    def steps(self):
        """Say how X becomes features.

        Returns
        -------
        computation : Computation
        """
        steps = Computation(self.n_features).then(Scale(self.scaling))
        scaled, steps = steps.last, steps.through([self.layer])
        if self.factor != 1:
            # A scaling divides.
            divisor = np.full(self.layer.n_units, 1 / self.factor)
            steps = steps.then(Scale(InputScaling(scale=divisor)))
        return steps.then(Join(), [steps.last, scaled]) if self.direct_links else steps

    def features(self, X):
        """Compute the features by numpy.

        Parameters
        ----------
        X : {ndarray, CSR matrix} of shape (n_samples, n_features)

        Returns
        -------
        features : ndarray of shape (n_samples, n_columns), of the dtype of X
        """
        self._check_memory(X)
        n_units = self.layer.n_units
        features = np.empty((X.shape[0], self.n_columns), X.dtype)
        for rows, (hidden,) in forward_blocks(X, self.scaling, [self.layer], X.dtype):
            features[rows, :n_units] = hidden
            if self.direct_links:
                direct = self.scaling.dense_rows(X[rows], X.dtype)
                features[rows, n_units:] = direct
        features[:, :n_units] *= self.factor
        return features

    def features_on(self, X, device):
        """Compute the features by torch.

        Parameters
        ----------
        X : {ndarray, CSR matrix} of shape (n_samples, n_features)
        device : str

        Returns
        -------
        features : tensor of shape (n_samples, n_columns), on the device
        """
        self._check_memory(X)
        with training_mode(gradients=False):
            return self._tensor(X, resolve_device(device))

    def _tensor(self, X, device):
        torch = import_torch()

        def tensor(array):
            return torch.from_numpy(np.array(array, X.dtype)).to(device)

        direct = tensor(self.scaling.dense_rows(X, X.dtype))
        hidden = direct @ tensor(self.layer.weights.toarray(X.dtype)).T
        hidden = hidden * tensor(self.layer.scales) + tensor(self.layer.shifts)
        hidden = ACTIVATIONS[self.layer.activation].tensor(hidden)
        hidden = hidden * self.factor
        return torch.hstack([hidden, direct]) if self.direct_links else hidden

    def _check_memory(self, X):
        check_memory(
            X.shape[0] * self.n_columns * X.dtype.itemsize,
            f"Features of {X.shape[0]} rows with n_components={self.layer.n_units}",
            "Transform fewer rows at a time.",
        )


def _frequency_scale(gamma, features):
    """Find the standard deviation of the frequencies of exp(-gamma |x - x'|^2)."""
    if gamma == "scale":
        variance = features.var(dtype=np.float64)
        gamma = 1 / (features.shape[1] * (variance if variance > 0 else 1))
    return np.sqrt(2 * gamma)
