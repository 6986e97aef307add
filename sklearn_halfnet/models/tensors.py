"""Between numpy arrays and torch tensors."""

import numpy as np
from scipy import sparse

from sklearn_halfnet._device import import_torch

__all__ = ["from_tensor", "to_tensor"]


def to_tensor(array, dtype, device):
    """Copy an array to the device, a sparse one as a dense one."""
    torch = import_torch()

    array = array.toarray() if sparse.issparse(array) else array
    return torch.from_numpy(np.array(array, dtype, order="C")).to(device)


def from_tensor(tensor):
    """Copy a tensor to a numpy array."""
    return tensor.detach().cpu().numpy().copy()
