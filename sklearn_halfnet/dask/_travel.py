"""Estimators on their way to the workers, without what can be drawn again there."""

import uuid
from copy import copy
from functools import lru_cache

__all__ = ["Traveller", "arrive", "call"]


class Traveller:
    """An estimator without the weights that can be drawn again from their seed."""

    def __init__(self, estimator):
        self.token = uuid.uuid4().hex
        self.estimator = copy(estimator)
        vars(self.estimator).pop("_sums", None)
        model = getattr(estimator, "model_", None)
        if hasattr(model, "without_weights"):
            self.estimator.model_ = model.without_weights()
        elif hasattr(estimator, "_layers"):
            layers = [layer.without_weights() for layer in estimator._layers]
            self.estimator._layers = layers

    def __eq__(self, other):
        return self.token == other.token

    def __hash__(self):
        return hash(self.token)


@lru_cache(maxsize=2)
def arrive(traveller):
    """Draw the weights again: once for each worker and fit."""
    estimator = copy(traveller.estimator)
    model = getattr(estimator, "model_", None)
    if hasattr(model, "with_weights"):
        estimator.model_ = model.with_weights()
    elif hasattr(estimator, "_layers"):
        estimator._layers = [layer.with_weights() for layer in estimator._layers]
    return estimator


def call(traveller, method, X, of_none):
    """Predict the rows of a block; of no rows, nothing."""
    return getattr(arrive(traveller), method)(X) if X.shape[0] else of_none
