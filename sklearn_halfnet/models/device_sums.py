"""The sums of a closed-form fit by torch, on a device.

What numpy does in ``features`` and ``Gram`` is done here in the same order: rows are
scaled by numpy, a block at a time, and from then on stay on the device, of which in the
end the sums come back.
"""

import math
from typing import Any

import numpy as np

from sklearn_halfnet._device import import_torch
from sklearn_halfnet._matmul import row_blocks
from sklearn_halfnet.activations import ACTIVATIONS
from sklearn_halfnet.features import working_columns
from sklearn_halfnet.linear import Gram
from sklearn_halfnet.linear.packed import packed
from sklearn_halfnet.models.tensors import from_tensor, to_tensor

__all__ = ["DeviceSums", "device_features"]

_BLOCK_BYTES = 128 * 2**20
# Sums of float32 of so many rows are added up in float64.
_BLOCK_ROWS = 8192
# Columns of the sums that one product computes: those above the diagonal, nearly half
# of all, are left out.
_PANEL = 1024


def device_features(X, scaling, layers, dtype, device, *, n_direct):
    """Compute the features of X block by block, on a device.

    Parameters
    ----------
    X : {ndarray, CSR matrix} of shape (n_samples, n_features)
        A sparse block becomes dense.
    scaling : InputScaling
    layers : list of HiddenLayer
    dtype : str
    device : torch.device
    n_direct : int
        Inputs that follow the units; 0 is none.

    Yields
    ------
    rows : slice
    features : tensor of shape (n_rows, n_columns)
    """
    torch = import_torch()

    weights, shifts = (
        [to_tensor(array, dtype, device) for array in arrays]
        for arrays in (
            [layer.scaled_weights(dtype) for layer in layers],
            [layer.shifts for layer in layers],
        )
    )
    n_columns = max(working_columns(X, layers), scaling.width(X.shape[1]))
    row_bytes = max(n_columns * np.dtype(dtype).itemsize, _BLOCK_BYTES // _BLOCK_ROWS)
    for rows in row_blocks(X.shape[0], row_bytes, _BLOCK_BYTES):
        scaled = to_tensor(scaling.dense_rows(X[rows], dtype), dtype, device)
        below, features = scaled, []
        for layer, matrix, shift in zip(layers, weights, shifts, strict=True):
            hidden = torch.addmm(shift, below, matrix.t())
            below = ACTIVATIONS[layer.activation].tensor(hidden)
            features.append(below)
        features += [scaled] if n_direct else []
        yield rows, features[0] if len(features) == 1 else torch.hstack(features)


class DeviceSums:
    """Sums of rows for each of several read-outs, on the device where the rows are.

    Parameters
    ----------
    groups : list of slice or ndarray of int
        Columns of each read-out.
    """

    def __init__(self, groups):
        self.groups, self.sums = groups, [_Sums() for _ in groups]

    def update(self, H, Y, sample_weight=None):
        """Add rows: a tensor of features, and numpy arrays as of ``Gram.update``."""
        Y = to_tensor(Y, np.float64, H.device)
        for columns, sums in zip(self.groups, self.sums, strict=True):
            sums.add(H[:, columns], Y, sample_weight)

    def grams(self):
        """Return a Gram of each read-out."""
        return [sums.gram() for sums in self.sums]


class _Sums:
    """What a ``Gram`` holds, as tensors; its equations stand there."""

    # None before the first rows.
    matrix: Any

    def __init__(self):
        self.n_samples, self.eps = 0, 0.0
        self.total_weight = self.square_weight = 0.0
        self.matrix = None

    def add(self, H, Y, weight):
        total = float(len(H) if weight is None else weight.sum())
        if total == 0:
            return
        share = np.full(len(H), 1 / total) if weight is None else weight / total
        share = to_tensor(share, np.float64, H.device)
        (H, h_mean), (Y, y_mean) = _centred(H, share), _centred(Y, share)
        if weight is not None:
            root = to_tensor(np.sqrt(weight), np.float64, H.device)[:, None]
            H, Y = H * root.to(H.dtype), Y * root
        if self.matrix is None:
            self._begin(H, Y, h_mean, y_mean)
        _add_product(self.matrix, H)
        self.cross += H.t() @ Y.to(H.dtype)
        self.target_square += Y.square().sum(dim=0)
        self._move_means(h_mean, y_mean, total)
        self._count(H, weight)

    def _begin(self, H, Y, h_mean, y_mean):
        k, m = H.shape[1], Y.shape[1]
        self.matrix, self.cross = Y.new_zeros((k, k)), Y.new_zeros((k, m))
        self.target_square = Y.new_zeros(m)
        self.feature_mean, self.target_mean = h_mean, y_mean

    def _move_means(self, h_mean, y_mean, total):
        grown = self.total_weight + total
        between = self.total_weight * total / grown
        step_h, step_y = h_mean - self.feature_mean, y_mean - self.target_mean
        self.matrix.addr_(step_h, step_h, alpha=between)
        self.cross.addr_(step_h, step_y, alpha=between)
        self.target_square += between * step_y.square()
        self.feature_mean += step_h * (total / grown)
        self.target_mean += step_y * (total / grown)
        self.total_weight = grown

    def _count(self, H, weight):
        weight = np.ones(len(H)) if weight is None else weight
        self.n_samples += int(np.count_nonzero(weight))
        self.square_weight += float(weight @ weight)
        self.eps = import_torch().finfo(H.dtype).eps

    def gram(self):
        """Return the sums as a Gram."""
        if self.matrix is None:
            return Gram()
        arrays = {
            "feature_mean": self.feature_mean,
            "target_mean": self.target_mean,
            "cross": self.cross,
            "target_square": self.target_square,
        }
        gram = Gram.from_dict(
            {name: from_tensor(tensor) for name, tensor in arrays.items()}
            | {
                "gram": packed(from_tensor(self.matrix)),
                "n_samples": self.n_samples,
                "total_weight": self.total_weight,
                "weight_norm": math.sqrt(self.square_weight),
                "eps": self.eps,
            }
        )
        if not np.isfinite(gram.feature_mean).all():
            raise ValueError(
                "H holds NaN, infinity or values too large to be summed up."
            )
        return gram


def _centred(block, share):
    """Centre a block by its weighted mean; return it, and the mean in float64."""
    share = share.to(block.dtype)
    rough = share @ block
    centred = block - rough
    return centred, rough.double() + (share @ centred).double()


def _add_product(matrix, H):
    """Add H^T H to a matrix, at the diagonal and below."""
    for start in range(0, H.shape[1], _PANEL):
        left = H[:, start:]
        matrix[start:, start : start + _PANEL] += left.t() @ left[:, :_PANEL]
