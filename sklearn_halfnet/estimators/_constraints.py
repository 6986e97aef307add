"""Ranges of numeric parameters, in scikit-learn's words, that refuse bools."""

from numbers import Integral, Real

from sklearn.utils._param_validation import Interval

__all__ = ["real", "whole"]


class _Number(Interval):
    """An interval that does not take True for 1."""

    def is_satisfied_by(self, val):
        return not isinstance(val, bool) and super().is_satisfied_by(val)


def whole(low):
    """Constrain a parameter to the integers from ``low`` on."""
    return _Number(Integral, low, None, closed="left")


def real(low, high=None, *, closed="left"):
    """Constrain a parameter to an interval of the real numbers."""
    return _Number(Real, low, high, closed=closed)
