"""What ``halfnet bench`` compares."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
)
from sklearn.linear_model import LogisticRegression, Ridge

from sklearn_halfnet import (
    ELMClassifier,
    ELMRegressor,
    HalfLayerClassifier,
    HalfLayerRegressor,
    HalfNetClassifier,
    HalfNetRegressor,
)
from sklearn_halfnet.experiments._common.counts import weight_kind
from sklearn_halfnet.experiments._common.rivals import scaled, scaled_mlp, seeded

__all__ = ["Model", "half_layers", "mlp_epochs", "ours", "rivals"]

# From this many training rows on, an MLP gets few epochs, as ours do by themselves.
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
    """Make scikit-learn's models of the families for a data set.

    Images go in as they are, from 0 to 1; tables behind a StandardScaler; an MLP's
    regression target is standardised.
    """
    classify = data.task == "classification"
    models = []
    if "linear" in families:
        name = "LogisticRegression" if classify else "Ridge"
        models.append(Model(name, name, _linear(data), random=False))
    if "mlp" in families:
        models += [
            Model(f"MLP-{size}", "MLP", _mlp(data, size), cost=1 + size / 100)
            for size in mlp_sizes
        ]
    if "boosting" in families:
        name = "HistGradientBoosting"
        models.append(Model(name, name, _boosting(classify), cost=10))
    return models


def half_layers(data, sizes, kinds, **training):
    """Make half layers of all sizes and kinds, names in ``WEIGHTS``."""
    return [
        Model(
            f"HalfLayer-{size} {kind}",
            f"half layer, {kind}",
            _half_layer(data, size, kind, training),
            cost=1 + size / 500,
        )
        for size in sizes
        for kind in kinds
    ]


def ours(data, families, **training):
    """Make ELM and HalfNet; on raw input, as half layers."""
    classify = data.task == "classification"
    models = []
    if "elm" in families:
        kind = ELMClassifier if classify else ELMRegressor
        models.append(Model("ELM", "ELM", seeded(kind), cost=0.5))
    if "halfnet" in families:
        kind = HalfNetClassifier if classify else HalfNetRegressor
        models.append(Model("HalfNet", "HalfNet", seeded(kind, **training), cost=8))
    return models


def mlp_epochs(data):
    """Epochs of an MLP; None for scikit-learn's own default."""
    return 15 if len(data.X_train) >= MANY_ROWS else None


def _scaled(data, estimator):
    return estimator if data.image_shape is not None else scaled(estimator)


def _linear(data):
    if data.task == "regression":
        return lambda seed: _scaled(data, Ridge())
    epochs = 100 if len(data.X_train) >= MANY_ROWS else 1000
    return lambda seed: _scaled(data, LogisticRegression(max_iter=epochs))


def _mlp(data, size):
    options = {"hidden_layer_sizes": (size,)}
    if mlp_epochs(data) is not None:
        options["max_iter"] = mlp_epochs(data)
    before = partial(_scaled, data)
    return lambda seed: scaled_mlp(data.task, before, random_state=seed, **options)


def _boosting(classify):
    kind = HistGradientBoostingClassifier if classify else HistGradientBoostingRegressor
    return seeded(kind)


def _half_layer(data, size, kind, training):
    estimator = (
        HalfLayerClassifier if data.task == "classification" else HalfLayerRegressor
    )
    options = {
        "hidden_layer_sizes": size,
        "weight_kind": weight_kind(kind, data.image_shape),
    }
    return seeded(estimator, **options, **training)
