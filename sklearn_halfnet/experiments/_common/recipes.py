"""Recipes that more than one experiment follows.

Rates and scalings were chosen on held-out training rows: ``halfnet reproduce settings``
tries them beside others.

The plain network is that of the paper on HalfNet: one hidden layer, and nothing that
defaults add to it. This is no part of the recipes, which tell stored results apart: all
results with them are of the plain network.
"""

from sklearn_halfnet import HalfNetClassifier, HalfNetRegressor
from sklearn_halfnet.weights import ReceptiveFieldWeights

__all__ = [
    "CIFAR_RECIPE",
    "CONVOLUTIONS",
    "FIELDS",
    "FULL_LAYERS",
    "HALF_LAYERS",
    "PARTIAL_CNN",
    "RECIPE",
    "WIDTH",
    "plain_classifier",
    "plain_regressor",
]

# Of every half layer of the paper. Pixels share one unit: centring is enough.
HALF_LAYERS = {
    "input_scaling": "center",
    "learning_rate": "one_cycle",
    "learning_rate_init": 1e-2,
    "batch_size": 256,
    "max_iter": 15,
    "init": "ridge",
}
# Of softmax regression and MLPs beside them: the same schedule and as many epochs.
FULL_LAYERS = {
    "learning_rate": 1e-2,
    "center": False,
    "batch_size": 256,
    "max_iter": 15,
}
# Of half layers and full ones behind convolutions.
CONVOLUTIONS = {
    "input_scaling": "center",
    "learning_rate": "one_cycle",
    "learning_rate_init": 1e-2,
    "batch_size": 128,
    "max_iter": 8,
}
# The same for all parts of a convolutional network.
PARTIAL_CNN = {"max_iter": 6, "batch_size": 64, "learning_rate_init": 0.1}

# HalfNet's for images.
RECIPE = {
    "geometry": "principal",
    "input_scaling": None,
    "init": "random",
    "train_scales": False,
    "alpha": 1e-3,
    "learning_rate_init": 7e-3,
    "batch_size": 512,
    "max_iter": 10,
}
# Colours of natural images are further from zero.
CIFAR_RECIPE = RECIPE | {"input_scaling": "center"}
WIDTH = 1024

# ELM's for rows of MNIST of length one, chosen on 10,000 held-out training rows.
FIELDS = {
    "input_scaling": "center",
    "weight_kind": ReceptiveFieldWeights("instances", image_shape=(28, 28)),
    "activation": "gaussian",
}

_PLAIN = {"n_members": 1, "column_embedding": None, "dropout": 0.0}
_PLAIN |= {"learning_rate_init": 1e-2, "beta_2": 0.999, "init": "ridge"}


def plain_classifier(n_units, rank="auto", kind=HalfNetClassifier, **options):
    """Make a HalfNet without members, waves, dropout and smoothed labels."""
    options = _PLAIN | {"label_smoothing": 0.0} | options
    return kind(n_units, rank, **options)


def plain_regressor(n_units, rank="auto", **options):
    """Make a HalfNet without members, waves and dropout."""
    return HalfNetRegressor(n_units, rank, **_PLAIN | options)
