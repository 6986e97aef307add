"""The network of the paper: one hidden layer, and nothing that defaults add to it.

These are no part of the recipes, which tell stored results apart: all results here are
of the plain network.
"""

from sklearn_halfnet import HalfNetClassifier, HalfNetRegressor

__all__ = ["plain_classifier", "plain_regressor"]

_PLAIN = {"n_members": 1, "column_embedding": None, "dropout": 0.0}


def plain_classifier(n_units, rank="auto", **options):
    """Make a HalfNet without members, waves, dropout and smoothed labels."""
    return HalfNetClassifier(n_units, rank, label_smoothing=0.0, **_PLAIN, **options)


def plain_regressor(n_units, rank="auto", **options):
    """Make a HalfNet without members, waves and dropout."""
    return HalfNetRegressor(n_units, rank, **_PLAIN, **options)
