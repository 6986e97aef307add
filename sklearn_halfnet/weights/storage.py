"""How a fitted model stores frozen weights: dense, sparse, or one bit a weight."""

from abc import ABC, abstractmethod
from typing import Any

import numpy as np
from scipy import sparse

__all__ = ["BitStorage", "DenseStorage", "FrozenWeights", "SparseStorage"]


class FrozenWeights(ABC):
    """Frozen weights of one layer as they are stored and pickled.

    Attributes
    ----------
    shape : tuple of int
        (n_units, n_features).
    nbytes : int
        Stored bytes.
    """

    shape: tuple[int, ...]

    @staticmethod
    def from_array(weights):
        """Choose the storage that fits the weights.

        Parameters
        ----------
        weights : ndarray or sparse matrix of shape (n_units, n_features)
            int8 weights that are all -1 or +1 are packed at one bit each, a sparse
            matrix is kept as CSR, and anything else is kept dense in its own
            floating-point type.

        Returns
        -------
        frozen : FrozenWeights

        Examples
        --------
        >>> import numpy as np
        >>> from sklearn_halfnet.weights.storage import FrozenWeights
        >>> signs = np.array([[1, -1, 1], [-1, -1, 1]], dtype=np.int8)
        >>> frozen = FrozenWeights.from_array(signs)
        >>> frozen.shape, frozen.nbytes
        ((2, 3), 2)
        >>> frozen.toarray()
        array([[ 1., -1.,  1.],
               [-1., -1.,  1.]], dtype=float32)
        """
        if sparse.issparse(weights):
            return SparseStorage(weights)
        weights = np.asarray(weights)
        if weights.dtype == np.int8 and (np.abs(weights) == 1).all():
            return BitStorage(weights)
        return DenseStorage(weights)

    @property
    @abstractmethod
    def arrays(self):
        """The arrays that are stored, a tuple."""

    @property
    def nbytes(self):
        """Stored bytes."""
        return sum(array.nbytes for array in self.arrays)

    @abstractmethod
    def rows(self, start, stop, dtype=np.float32):
        """Rows start to stop as an operand of products: dense, or CSR if sparse."""

    def matrix(self, dtype: Any = np.float32):
        """All rows as an operand of products: dense, or CSR if stored sparse."""
        return self.rows(0, self.shape[0], dtype)

    def toarray(self, dtype=np.float32):
        """All rows as a dense array of shape (n_units, n_features)."""
        weights = self.matrix(dtype)
        return weights.toarray() if sparse.issparse(weights) else weights

    def __repr__(self):
        n_units, n_features = self.shape
        return f"{type(self).__name__}({n_units} x {n_features}, {self.nbytes} bytes)"


class DenseStorage(FrozenWeights):
    """Weights stored as they are, in their own floating-point type.

    Parameters
    ----------
    weights : ndarray of shape (n_units, n_features)
    """

    def __init__(self, weights):
        if not np.issubdtype(weights.dtype, np.floating):
            weights = weights.astype(np.float32)
        self.values = np.ascontiguousarray(weights)
        self.shape = weights.shape

    @property
    def arrays(self):
        """The weights."""
        return (self.values,)

    def rows(self, start, stop, dtype=np.float32):
        """Rows start to stop; not a copy where they have this dtype already."""
        return self.values[start:stop].astype(dtype, copy=False)


class SparseStorage(FrozenWeights):
    """Weights of which most are zero, stored as CSR.

    Parameters
    ----------
    weights : sparse matrix of shape (n_units, n_features)
    """

    def __init__(self, weights):
        self.values = sparse.csr_array(weights)
        self.shape = self.values.shape

    @property
    def arrays(self):
        """Values, columns and row starts."""
        return self.values.data, self.values.indices, self.values.indptr

    def rows(self, start, stop, dtype=np.float32):
        """Rows start to stop as a CSR array."""
        whole = start == 0 and stop >= self.shape[0]
        block = self.values if whole else self.values[start:stop]
        return block.astype(dtype, copy=False)


class BitStorage(FrozenWeights):
    """Weights that are -1 or +1, packed at one bit each.

    Parameters
    ----------
    weights : int8 ndarray of shape (n_units, n_features)
        Every weight is -1 or +1.
    """

    def __init__(self, weights):
        # Row by row, so that any rows can be unpacked alone; bit 1 means +1.
        self.bits = np.packbits(weights > 0, axis=1)
        self.shape = weights.shape

    @property
    def arrays(self):
        """The bits: n_features / 8 bytes a unit, rounded up."""
        return (self.bits,)

    def rows(self, start, stop, dtype=np.float32):
        """Rows start to stop, unpacked."""
        bits = np.unpackbits(self.bits[start:stop], axis=1, count=self.shape[1])
        weights = bits.astype(dtype)
        weights *= 2
        weights -= 1
        return weights
