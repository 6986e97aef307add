"""What is counted of an estimator, and its weights of images.

Trainable parameters are the numbers that fitting chooses and prediction reads;
stored bytes are those of the arrays that prediction reads, a half layer's frozen
weights and a scaler's means and deviations included.
"""

import numpy as np
from sklearn.compose import TransformedTargetRegressor
from sklearn.pipeline import Pipeline

from sklearn_halfnet.weights import WEIGHTS

__all__ = ["count_parameters", "stored_bytes", "weight_kind"]


def weight_kind(kind, image_shape):
    """Make a kind of ``WEIGHTS``, with the shape of the images if it takes one."""
    weights = WEIGHTS[kind]()
    if image_shape is not None and "image_shape" in weights.get_params():
        weights.set_params(image_shape=image_shape)
    return weights


def count_parameters(estimator):
    """Count the trainable parameters of a fitted estimator.

    Coefficients and intercepts; for boosting the leaves of all trees (the thresholds,
    which are chosen too, are about as many again).
    """
    model = _final(estimator)
    if hasattr(model, "n_trainable_parameters_"):
        return int(model.n_trainable_parameters_)
    if hasattr(model, "_predictors"):
        return sum(tree.get_n_leaf_nodes() for tree in _trees(model))
    return sum(array.size for array in _coefficients(model))


def stored_bytes(estimator):
    """Count the bytes of the arrays that prediction reads.

    Scalers included; an optimiser's state, which pickles carry, is not.
    """
    model = _final(estimator)
    if hasattr(model, "n_stored_bytes_"):
        return int(model.n_stored_bytes_)
    if hasattr(model, "_predictors"):
        return sum(tree.nodes.nbytes for tree in _trees(model))
    arrays = _coefficients(model) + _scaler_arrays(estimator)
    return sum(array.nbytes for array in arrays)


def _final(estimator):
    """Unwrap target transformers and pipelines."""
    if isinstance(estimator, TransformedTargetRegressor):
        estimator = estimator.regressor_
    return estimator[-1] if isinstance(estimator, Pipeline) else estimator


def _trees(model):
    # scikit-learn shows the trees of its histogram boosting nowhere else.
    return [tree for iteration in model._predictors for tree in iteration]


def _coefficients(model):
    if hasattr(model, "coefs_"):
        return [*model.coefs_, *model.intercepts_]
    return [np.asarray(model.coef_), np.asarray(model.intercept_)]


def _scaler_arrays(estimator):
    arrays = []
    if isinstance(estimator, TransformedTargetRegressor):
        arrays += _of_scaler(estimator.transformer_)
        estimator = estimator.regressor_
    if isinstance(estimator, Pipeline):
        arrays += _of_scaler(estimator[0])
    return arrays


def _of_scaler(scaler):
    return [scaler.mean_, scaler.scale_]
