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
        self.estimator.__dict__.pop("_sums", None)
        self.estimator.__dict__.pop("_rows", None)
        if hasattr(estimator, "model_"):
            self.estimator.model_ = estimator.model_.without_weights()
        layers = getattr(estimator, "_layers", None)
        if layers is not None:
            self.estimator._layers = [layer.without_weights() for layer in layers]

    def __eq__(self, other):
        return self.token == other.token

    def __hash__(self):
        return hash(self.token)


@lru_cache(maxsize=2)
def arrive(traveller):
    """Draw the weights again: once for each worker and fit."""
    estimator = copy(traveller.estimator)
    if hasattr(estimator, "model_"):
        estimator.model_ = estimator.model_.with_weights()
    if hasattr(estimator, "_layers"):
        estimator._layers = [layer.with_weights() for layer in estimator._layers]
    return estimator


def call(traveller, method, X, of_none):
    """Predict the rows of a block; of no rows, nothing."""
    return getattr(arrive(traveller), method)(X) if X.shape[0] else of_none
