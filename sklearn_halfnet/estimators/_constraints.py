"""Ranges of numeric parameters, in scikit-learn's words, that refuse bools."""

from sklearn_halfnet._checks import real, whole

__all__ = ["real", "whole"]
