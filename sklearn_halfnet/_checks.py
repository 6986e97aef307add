"""Checks of what public functions are given, by scikit-learn's own means.

A wrong option, a mask, an imaginary part or NaN gets an error that names it, never a
number. What is private in scikit-learn is imported here, for all floors.
"""

from functools import partial
from numbers import Integral, Real
from typing import Any

import numpy as np
from scipy import sparse
from sklearn.utils import check_array
from sklearn.utils._param_validation import (
    HasMethods,
    Interval,
    StrOptions,
    validate_params,
)

from sklearn_halfnet._sparse_input import check_sparse

__all__ = [
    "HasMethods",
    "StrOptions",
    "check_numbers",
    "check_options",
    "not_masked",
    "one_of",
    "real",
    "whole",
]

# Decorates a function or a method: ``check_options({"k": [whole(1), None]})``. What it
# calls is checked, too: the objects that it is given have not been.
check_options = partial(validate_params, prefer_skip_nested_validation=False)


class _Number(Interval):
    """An interval that does not take True for 1."""

    def is_satisfied_by(self, val):
        return not isinstance(val, bool) and super().is_satisfied_by(val)


def whole(low, high=None):
    """Constrain a parameter to the integers from ``low`` on, up to ``high``."""
    return _Number(Integral, low, high, closed="left" if high is None else "both")


def real(low, high=None, *, closed="left"):
    """Constrain a parameter to an interval of the real numbers."""
    return _Number(Real, low, high, closed=closed)


def one_of(names):
    """Constrain a parameter to one of the names."""
    return StrOptions(set(names))


def not_masked(array, name):
    """Refuse a masked array, whose mask numpy would drop.

    Parameters
    ----------
    array : object
    name : str
        What the error calls it.

    Returns
    -------
    array : object
        The same.

    Raises
    ------
    ValueError
        If it is masked.
    """
    if isinstance(array, np.ma.MaskedArray):
        raise ValueError(
            f"{name} is a masked array; its mask would be ignored. Fill or drop the "
            "masked entries first."
        )
    return array


def check_numbers(array, name, **options) -> Any:
    """Make an array of what a public function is given, if it holds real numbers.

    Parameters
    ----------
    array : array-like, sparse matrix or tensor
    name : str
        What the error calls it.
    **options : dict
        Passed to :func:`sklearn.utils.check_array`, whose defaults hold but for these:
        float32 and float64 are kept and all else becomes float64.

    Returns
    -------
    array : {ndarray, sparse matrix}

    Raises
    ------
    ValueError, TypeError
        If it is masked, complex, empty, not of numbers, or holds NaN or infinity.

    Examples
    --------
    >>> from sklearn_halfnet._checks import check_numbers
    >>> check_numbers([[1, 2]], "first")
    array([[1., 2.]])
    >>> check_numbers([[1, float("nan")]], "first")
    Traceback (most recent call last):
        ...
    ValueError: Input first contains NaN...
    """
    not_masked(array, name)
    if hasattr(array, "detach"):  # a tensor, perhaps elsewhere or with a gradient
        array = array.detach().cpu()
    if sparse.issparse(array):
        check_sparse(array, name)
    options = {"dtype": [np.float64, np.float32], "input_name": name} | options
    return check_array(array, **options)
