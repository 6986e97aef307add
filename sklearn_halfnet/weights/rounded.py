"""Numbers rounded to integers, with a factor: what an export writes in fewer bytes."""

from dataclasses import dataclass

import numpy as np

from sklearn_halfnet.weights.storage import FrozenWeights

__all__ = ["Rounded", "RoundedStorage"]


@dataclass(frozen=True)
class Rounded:
    """Values factor * integers, as an array of which numpy computes.

    Parameters
    ----------
    integers : ndarray of int8 or int16
    factor : ndarray, float64
        That can be broadcast to them.
    """

    integers: np.ndarray
    factor: np.ndarray

    @classmethod
    def of(cls, values, dtype, axis=None):
        """Round, so that the largest magnitude becomes the largest integer.

        Parameters
        ----------
        values : ndarray
        dtype : {"int8", "int16"}
        axis : int or tuple of int, default=None
            Along which values have a factor in common; None: all have.

        Examples
        --------
        >>> from sklearn_halfnet.weights.rounded import Rounded
        >>> Rounded.of([0.5, -1.0], "int8").integers
        array([  64, -127], dtype=int8)
        """
        values = np.asarray(values, np.float64)
        peaks = np.abs(values).max(axis=axis, keepdims=True, initial=0)
        factor = np.where(peaks > 0, peaks, 1) / np.iinfo(dtype).max
        # A float32 on a device: the same number in every format.
        factor = factor.astype(np.float32).astype(np.float64)
        return cls(np.rint(values / factor).astype(dtype), factor)

    def __array__(self, dtype=None, copy=None):
        return np.asarray(self.integers * self.factor, dtype)

    @property
    def shape(self):
        """Shape of the values."""
        return self.integers.shape

    def __len__(self):
        return len(self.integers)


class RoundedStorage(FrozenWeights):
    """Weights of 8 bits, with a factor a row.

    Parameters
    ----------
    weights : ndarray of shape (n_units, n_features)
    """

    def __init__(self, weights):
        self.rounded = Rounded.of(weights, "int8", axis=1)
        self.shape = self.rounded.integers.shape

    @property
    def arrays(self):
        """The integers, and their factors."""
        return self.rounded.integers, self.rounded.factor

    def rows(self, start, stop, dtype=np.float32):
        """Rows start to stop, as numbers again."""
        return np.asarray(self.rounded)[start:stop].astype(dtype)
