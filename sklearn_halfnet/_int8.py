"""Products of 8-bit integers, by torch: several times faster than those of floats.

torch is imported inside the functions, as everywhere in numpy's wing.
"""

from itertools import pairwise

import numpy as np

from sklearn_halfnet._device import import_torch
from sklearn_halfnet._matmul import matmul

__all__ = ["Int8Map", "has_fast_int8", "int8_sums", "multiplies_exactly"]

_LARGEST = 127
# Each further digit of a target is worth 1 / 254 of the one before.
_DIGIT = 2 * _LARGEST
_N_DIGITS = 3
_PANELS = 4


def has_fast_int8():
    """Tell whether this processor multiplies 8-bit integers faster than floats."""
    torch = import_torch()

    known = getattr(torch.cpu, "_is_vnni_supported", lambda: False)
    # Attributes of torch.ops exist as soon as they are asked for, or not at all.
    fused = hasattr(torch.ops.onednn, "qlinear_pointwise")
    return known() and fused and multiplies_exactly()


def multiplies_exactly():
    """Tell whether torch's products of 8-bit integers are right.

    Where it lacks instructions for them, for the processor is older or the variable
    ``ONEDNN_MAX_CPU_ISA`` forbids them, sums of two products are cut to 16 bits.
    """
    torch = import_torch()

    if not hasattr(torch, "_int_mm"):
        return False
    largest = torch.full((64, 64), _LARGEST, dtype=torch.int8)
    return bool((torch._int_mm(largest, largest) == 64 * _LARGEST**2).all())


class Int8Map:
    """The map u -> W u + b of 8-bit integers, with W rounded to 8 bits a unit.

    Parameters
    ----------
    matrix : ndarray of shape (n_units, n_inputs), float32
        W. Each row is rounded to whole multiples of its largest magnitude / 127.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_halfnet._int8 import Int8Map
    >>> halves = Int8Map(np.array([[0.5, -0.5]], dtype=np.float32))
    >>> np.round(halves.matrix, 4)
    array([[ 0.5, -0.5]], dtype=float32)
    """

    def __init__(self, matrix):
        peak = np.abs(matrix).max(axis=1, keepdims=True, initial=0)
        self.units = np.where(peak > 0, peak, 1).astype(np.float32) / _LARGEST
        self.whole = np.rint(matrix / self.units).astype(np.int8)

    @property
    def matrix(self):
        """W as it was rounded."""
        return self.whole * self.units

    def prepared(self, input_unit, shifts):
        """Return the map as a function of torch tensors.

        Parameters
        ----------
        input_unit : float
            What one unit of u is worth.
        shifts : ndarray of shape (n_units,)
            b.

        Returns
        -------
        apply : callable
            ``apply(u)`` of a uint8 tensor (n, n_inputs) is W u + b in bfloat16;
            ``apply(u, step)`` is max(W u + b, 0) in units of ``step``, rounded to
            int8, of which the largest is 127.
        """
        torch = import_torch()

        packed = torch.ops.onednn.qlinear_prepack(torch.from_numpy(self.whole), None)
        scales = torch.from_numpy(np.float32(input_unit) * self.units[:, 0])
        zeros = torch.zeros(len(scales), dtype=torch.int64)
        shifts = torch.from_numpy(np.asarray(shifts, np.float32))

        def apply(u, step=None):
            of_output = (1.0, 0, torch.bfloat16, "none")
            if step is not None:
                of_output = (step, 0, torch.int8, "relu")
            return torch.ops.onednn.qlinear_pointwise(
                u, 1.0, 0, packed, scales, zeros, shifts, *of_output, [], ""
            )

        return apply


def int8_sums(Q, Y):
    """Compute the sums of features of 8 bits exactly: Q^T Q, Q^T Y and those of Q.

    Parameters
    ----------
    Q : ndarray of shape (n, k), int8
        n at most 131,072, that sums stay within 32 bits.
    Y : ndarray of shape (n, m)
        Rounded to 22 bits of each column's largest magnitude; 0 and 1 stay as they are.

    Returns
    -------
    gram : ndarray of shape (k, k), float64
    cross : ndarray of shape (k, m), float64
    total : ndarray of shape (k,), float64

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_halfnet._int8 import int8_sums
    >>> Q, Y = np.array([[1, 2], [0, -1]], np.int8), np.array([[1.0], [0.5]])
    >>> gram, cross, total = int8_sums(Q, Y)
    >>> gram
    array([[1., 2.],
           [2., 5.]])
    >>> np.round(cross, 6), total
    (array([[1. ],
           [1.5]]), array([1., 1.]))
    """
    torch = import_torch()

    features = torch.from_numpy(Q)
    digits, units = _digits(Y)
    ones = np.ones((1, len(Q)), dtype=np.int8)
    right = torch.from_numpy(np.concatenate([digits.reshape(-1, len(Q)), ones]))
    sums = _product(right, features).astype(np.float64)
    cross = np.einsum("dm,dmk->km", units, sums[:-1].reshape(*units.shape, -1))
    return _symmetric_sums(features), cross, sums[-1]


def _product(left, right):
    """Multiply integers, where torch does it wrongly as floats that hold every sum."""
    if multiplies_exactly():
        return import_torch()._int_mm(left, right).numpy()
    left, right = (part.numpy().astype(np.float64) for part in (left, right))
    return matmul(left, right)


def _symmetric_sums(features):
    """Q^T Q from the panels on and right of the diagonal."""
    width = features.shape[1]
    if width == 1:  # torch takes the strides of a single column for those of a row
        column = features.numpy().astype(np.float64)
        return column.T @ column
    gram = np.empty((width, width))
    cuts = np.linspace(0, width, _PANELS + 1, dtype=int)
    for start, stop in pairwise(cuts):
        if start == stop:
            continue
        panel = _product(features[:, start:stop].T, features[:, start:])
        gram[start:stop, start:] = panel
        gram[stop:, start:stop] = panel[:, stop - start :].T
    return gram


def _digits(Y):
    """Write Y as a sum of digits of 8 bits, as many as it needs.

    Returns
    -------
    digits : ndarray of shape (n_digits, m, n), int8
    units : ndarray of shape (n_digits, m)
        What a digit of each column is worth.
    """
    rest = np.asarray(Y, dtype=np.float64).T
    peak = np.abs(rest).max(axis=1, initial=0)
    unit = np.where(peak > 0, peak, 1) / _LARGEST
    rest = rest / unit[:, None]
    digits, units = [], []
    for _ in range(_N_DIGITS):
        whole = np.rint(rest)
        digits.append(whole.astype(np.int8))
        units.append(unit)
        rest, unit = (rest - whole) * _DIGIT, unit / _DIGIT
        if not rest.any():
            break
    return np.array(digits), np.array(units)
