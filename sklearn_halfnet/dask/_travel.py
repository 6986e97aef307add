"""Estimators on their way to the workers, without what can be drawn again there."""

import uuid
from copy import copy
from dataclasses import replace
from functools import lru_cache

from sklearn_halfnet.features.hidden_layer import HiddenLayer

__all__ = ["Traveller", "arrive", "call"]


class Traveller:
    """An estimator without the weights that can be drawn again from their seed."""

    def __init__(self, estimator):
        self.token = uuid.uuid4().hex
        self.estimator = copy(estimator)
        for name in ("_stream", "_rows_left_out"):
            vars(self.estimator).pop(name, None)
        if _has_layers(estimator):
            self.estimator.model_ = _each(estimator.model_, HiddenLayer.without_weights)

    def __eq__(self, other):
        return self.token == other.token

    def __hash__(self):
        return hash(self.token)


@lru_cache(maxsize=2)
def arrive(traveller):
    """Draw the weights again: once for each worker and fit."""
    estimator = copy(traveller.estimator)
    if _has_layers(estimator):
        estimator.model_ = _each(estimator.model_, HiddenLayer.with_weights)
    return estimator


def call(traveller, method, X, of_none):
    """Predict the rows of a block; of no rows, nothing."""
    return getattr(arrive(traveller), method)(X) if X.shape[0] else of_none


def _has_layers(estimator):
    """Whether its model holds layers whose weights may be drawn again."""
    layers = getattr(getattr(estimator, "model_", None), "layers", None)
    return bool(layers) and all(isinstance(each, HiddenLayer) for each in layers)


def _each(model, function):
    return replace(model, layers=[function(layer) for layer in model.layers])
