"""What untrained networks have in common, as values."""

from typing import Any

from sklearn_halfnet._device import check_memory

__all__ = ["FrozenStack"]


class FrozenStack:
    """Layers that are never trained.

    Whoever derives from it has ``layers``, a sequence of HiddenLayer; ``last(X)``,
    which computes the last; ``n_outputs``, its columns; and ``all(X)``, every layer.
    """

    layers: Any
    targets = None
    n_trained = 0

    @property
    def weights(self):
        """Weights, one array (n_units, n_inputs) a layer."""
        return [layer.scaled_weights(layer.scales.dtype) for layer in self.layers]

    @property
    def biases(self):
        """Biases, one array (n_units,) a layer."""
        return [layer.shifts for layer in self.layers]

    @property
    def n_layers(self):
        """Number of layers."""
        return len(self.layers)

    @property
    def nbytes(self):
        """Bytes that the layers occupy."""
        return sum(layer.nbytes for layer in self.layers)

    def _check_memory(self, X, n_units):
        """Raise before outputs of so many units are allocated in vain."""
        check_memory(
            X.shape[0] * n_units * X.dtype.itemsize,
            f"Outputs of {X.shape[0]} rows with {n_units} units",
            "Transform fewer rows at a time.",
        )
