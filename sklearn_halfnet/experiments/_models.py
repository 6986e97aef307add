"""What ``halfnet bench`` compares: estimators, and what is counted of each.

Trainable parameters are the numbers that fitting chooses and prediction reads;
stored bytes are those of the arrays that prediction reads, a half layer's frozen
weights and a scaler's means and deviations included.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from sklearn.compose import TransformedTargetRegressor
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
)
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_halfnet import HalfLayerClassifier, HalfLayerRegressor
from sklearn_halfnet.weights import WEIGHTS

__all__ = ["PAPER_KINDS", "Model", "count_parameters", "rivals", "stored_bytes"]

# The four kinds of Alpaydin (2025), N, B, M and T there.
PAPER_KINDS = ("normal", "binary", "mexican_hat", "instances")
# From this many training rows on, networks get few epochs.
MANY_ROWS = 20_000


@dataclass(frozen=True)
class Model:
    """An estimator to compare.

    Attributes
    ----------
    name : str
        Name of the row; unique.
    series : str
        Models of one series are joined by a line in the picture.
    make : callable
        Seed -> unfitted estimator.
    random : bool
        Whether the seed makes a difference on the same rows.
    cost : float
        Expected time relative to the others.
    """

    name: str
    series: str
    make: Callable
    random: bool = True
    cost: float = 1.0


def rivals(data, families, mlp_sizes):
    """scikit-learn's models for a data set.

    Parameters
    ----------
    data : Bunch
        Of :func:`sklearn_halfnet.datasets.load_dataset`.
    families : collection of str
        Of "linear", "mlp", "boosting".
    mlp_sizes : sequence of int
        Hidden units of the MLPs.

    Returns
    -------
    list of Model
        Images go in as they are, from 0 to 1; tables behind a StandardScaler;
        an MLP's regression target is standardised.
    """
    classify = data.task == "classification"
    linear = _linear_classifier if classify else _linear_regressor
    mlp = _mlp_classifier if classify else _mlp_regressor
    models = []
    if "linear" in families:
        name = "LogisticRegression" if classify else "Ridge"
        models.append(Model(name, name, linear(data), random=False))
    if "mlp" in families:
        models += [
            Model(f"MLP-{size}", "MLP", mlp(data, size), cost=1 + size / 100)
            for size in mlp_sizes
        ]
    if "boosting" in families:
        name = "HistGradientBoosting"
        models.append(Model(name, name, _boosting(classify), cost=10))
    return models


def half_layers(data, sizes, kinds):
    """Half layers of all sizes and kinds.

    Parameters
    ----------
    data : Bunch
        Of :func:`sklearn_halfnet.datasets.load_dataset`.
    sizes : sequence of int
        Hidden units.
    kinds : sequence of str
        Names in :data:`sklearn_halfnet.weights.WEIGHTS`.

    Returns
    -------
    list of Model
        Raw input; it is the estimator that centres images and standardises
        tables.
    """
    return [
        Model(
            f"HalfLayer-{size} {kind}",
            f"half layer, {kind}",
            _half_layer(data, size, kind),
            cost=1 + size / 500,
        )
        for size in sizes
        for kind in kinds
    ]


def max_iter(data):
    """Epochs of the networks; None for the estimator's own default."""
    return 15 if len(data.X_train) >= MANY_ROWS else None


def _scaled(data, estimator):
    if data.image_shape is not None:
        return estimator
    return make_pipeline(StandardScaler(), estimator)


def _linear_classifier(data):
    epochs = 100 if len(data.X_train) >= MANY_ROWS else 1000
    return lambda seed: _scaled(data, LogisticRegression(max_iter=epochs))


def _linear_regressor(data):
    return lambda seed: _scaled(data, Ridge())


def _mlp_options(data, size, seed):
    options = {"hidden_layer_sizes": (size,), "random_state": seed}
    epochs = max_iter(data)
    return options if epochs is None else options | {"max_iter": epochs}


def _mlp_classifier(data, size):
    return lambda seed: _scaled(data, MLPClassifier(**_mlp_options(data, size, seed)))


def _mlp_regressor(data, size):
    def make(seed):
        mlp = _scaled(data, MLPRegressor(**_mlp_options(data, size, seed)))
        return TransformedTargetRegressor(mlp, transformer=StandardScaler())

    return make


def _boosting(classify):
    kind = HistGradientBoostingClassifier if classify else HistGradientBoostingRegressor
    return lambda seed: kind(random_state=seed)


def _half_layer(data, size, kind):
    estimator = (
        HalfLayerClassifier if data.task == "classification" else HalfLayerRegressor
    )
    options = {
        "hidden_layer_sizes": size,
        "weight_kind": weight_kind(kind, data.image_shape),
        "input_scaling": "standard" if data.image_shape is None else "center",
    }
    if max_iter(data) is not None:
        options["max_iter"] = max_iter(data)
    return lambda seed: estimator(**options, random_state=seed)


def weight_kind(kind, image_shape):
    """Give a kind the shape of the images, if it has a parameter for it.

    Parameters
    ----------
    kind : str
        Name in :data:`sklearn_halfnet.weights.WEIGHTS`.
    image_shape : tuple of int or None
        Shape of an image.

    Returns
    -------
    BaseWeights
        Instance of the kind.
    """
    weights = WEIGHTS[kind]()
    if image_shape is not None and "image_shape" in weights.get_params():
        weights.set_params(image_shape=image_shape)
    return weights


def count_parameters(estimator):
    """Count the trainable parameters of a fitted estimator.

    Parameters
    ----------
    estimator : estimator
        Any of this module.

    Returns
    -------
    int
        Coefficients and intercepts; for boosting the leaves of all trees (the
        thresholds, which are chosen too, are about as many again).
    """
    model = _final(estimator)
    if hasattr(model, "n_trainable_parameters_"):
        return int(model.n_trainable_parameters_)
    if hasattr(model, "_predictors"):
        return sum(tree.get_n_leaf_nodes() for tree in _trees(model))
    return sum(array.size for array in _coefficients(model))


def stored_bytes(estimator):
    """Count the bytes of the arrays that prediction reads.

    Parameters
    ----------
    estimator : estimator
        Any of this module, fitted.

    Returns
    -------
    int
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
