"""Ranges of numeric parameters, in scikit-learn's words, that refuse bools."""

from numbers import Integral, Real

from sklearn.utils._param_validation import Interval

__all__ = ["real", "whole"]


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
