"""HalfNet on images: beside full layers, by rank, drawn anew, before neighbours."""

from sklearn.decomposition import PCA
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline

from sklearn_halfnet import HalfNetClassifier
from sklearn_halfnet.experiments._common.epochs import (
    fit_all_epochs,
    measure_epochs,
    percent_right,
)
from sklearn_halfnet.experiments._common.recipes import WIDTH, plain_classifier
from sklearn_halfnet.experiments._common.torch_mlp import TorchMLP, width_for

__all__ = [
    "KNN_RANK",
    "MLP_RATES",
    "RANKS",
    "fit_halfnet",
    "fit_mlp",
    "fit_mlp_of_equal_count",
    "fit_neighbours",
    "fit_scikit_learn_mlp",
]

RANKS = (1, 2, 4, 8, 16, 32, 64, 128)
# torch's default, and the better of 1e-3 and 3e-3 on the same held-out rows.
MLP_RATES = {"1e-3": 1e-3, "3e-3": 3e-3}
KNN_RANK, KNN_ROWS = 16, 10_000


def fit_halfnet(data, seed, rank, recipe, resample=False, kind=HalfNetClassifier):
    """Fit HalfNet; with ``resample`` draw Z anew, with the old read-out and a refit."""
    model = plain_classifier(WIDTH, rank, kind, random_state=seed, **recipe)
    result = measure_epochs(model, data)
    if resample:
        for refit, name in ((False, "old_read_out"), (True, "refit")):
            new = model.resample(
                data.X_train, data.y_train, random_state=seed + 1000, refit=refit
            )
            result[name] = percent_right(new, data, "test")
    return result


def fit_mlp(data, seed, rate, recipe, width=WIDTH):
    """Fit a full layer by torch: same inputs, epochs, batches and schedule."""
    center = recipe["input_scaling"] == "center"
    mlp = TorchMLP(width, MLP_RATES[rate], recipe["max_iter"], 256, seed, center=center)
    return measure_epochs(mlp, data)


def fit_mlp_of_equal_count(data, seed, rank, recipe):
    """Fit the torch MLP that has as many parameters as HalfNet of this rank."""
    n_classes, n_features = len(set(data.y_train)), data.X_train.shape[1]
    n_parameters = n_features * rank + WIDTH + (WIDTH + 1) * n_classes
    width = width_for(n_parameters, n_features, n_classes)
    return fit_mlp(data, seed, "3e-3", recipe, width)


def fit_scikit_learn_mlp(data, seed, recipe):
    """Fit MLPClassifier((1024,)) for as many epochs."""
    mlp = MLPClassifier((WIDTH,), max_iter=recipe["max_iter"], random_state=seed)
    return measure_epochs(mlp, data)


def fit_neighbours(data, seed, recipe):
    """5 nearest neighbours of 10,000 rows: in pixels, PCA and HalfNet's embedding."""
    few = type(data)(**data)
    few.X_train, few.y_train = data.X_train[:KNN_ROWS], data.y_train[:KNN_ROWS]
    net = plain_classifier(WIDTH, KNN_RANK, random_state=seed, **recipe)
    steps = {"pixels": [], "pca": [PCA(KNN_RANK, random_state=seed)], "halfnet": [net]}
    result = {}
    for name, before in steps.items():
        model = make_pipeline(*before, KNeighborsClassifier())
        fit_all_epochs(model, few)
        result[name] = percent_right(model, few, "test")
    return result
