"""A model's twin that has learned nothing."""

import copy

import numpy as np
from sklearn.base import clone

from sklearn_halfnet._checks import check_options, whole
from sklearn_halfnet.inspection._torch_module import untrained_module
from sklearn_halfnet.inspection.layers import (
    before_last,
    is_mlp,
    is_module,
    is_pipeline,
)

__all__ = ["untrained_copy"]

# One pass with a step of no size: what is trained stays at its start.
_NO_TRAINING = {
    "solver": "adam",
    "max_iter": 1,
    "learning_rate_init": 1e-30,
    "early_stopping": False,
    "warm_start": False,
    "resample_every": None,
}


@check_options({"random_state": [whole(0)]})
def untrained_copy(model, X=None, y=None, random_state=0):
    """Return a model of the same architecture that has learned nothing.

    Parameters
    ----------
    model : object
        A fitted ``MLPClassifier`` or ``MLPRegressor``: its weights are drawn anew,
        uniform as scikit-learn does (Glorot & Bengio 2010). A ``torch.nn.Module``:
        every module with ``reset_parameters`` resets them. An estimator of this package
        that trains hidden layers: its layers at the start of training, with the same
        frozen weights where ``random_state`` of the model is an int. A RandomNetwork:
        another draw. A Pipeline that ends in one of these: fitted steps are kept.
    X, y : array-like, default=None
        Training data; start values of this package's estimators depend on them.
    random_state : int, default=0
        Seed of what is drawn.

    Returns
    -------
    untrained : object
        Of the same class; the model stays as it is.

    Raises
    ------
    TypeError
        If it is not known how to undo the training of such a model.
    ValueError
        If X and y are needed and missing, or ``random_state`` is no whole number.

    References
    ----------
    X. Glorot, Y. Bengio, "Understanding the difficulty of training deep feedforward
    neural networks", AISTATS 2010, equation 16.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.neural_network import MLPRegressor
    >>> from sklearn_halfnet.inspection.untrained import untrained_copy
    >>> X = np.random.default_rng(0).standard_normal((20, 3))
    >>> mlp = MLPRegressor(hidden_layer_sizes=5).partial_fit(X, X[:, 0])
    >>> untrained_copy(mlp).coefs_[0].shape
    (3, 5)
    """
    if is_pipeline(model):
        last = untrained_copy(model[-1], before_last(model, X), y, random_state)
        other = copy.copy(model)
        other.steps = [*model.steps[:-1], (model.steps[-1][0], last)]
        return other
    if is_mlp(model):
        return _untrained_mlp(model, random_state)
    if is_module(model):
        return untrained_module(model, random_state)
    if hasattr(model, "transform_layers"):
        return _refitted_untrained(model, X, y, random_state)
    raise TypeError(
        f"How to undo the training of a {type(model).__name__} is not known; give the "
        "untrained model yourself."
    )


def _untrained_mlp(model, random_state):
    """Draw weights and intercepts uniformly within Glorot's bound."""
    other, rng = copy.copy(model), np.random.default_rng(random_state)
    gain = 2 if model.activation == "logistic" else 6
    bounds = [np.sqrt(gain / sum(coef.shape)) for coef in model.coefs_]

    def drawn(arrays):
        return [
            rng.uniform(-bound, bound, array.shape).astype(array.dtype)
            for array, bound in zip(arrays, bounds, strict=True)
        ]

    other.coefs_, other.intercepts_ = drawn(model.coefs_), drawn(model.intercepts_)
    return other


def _refitted_untrained(model, X, y, random_state):
    """Fit a clone that takes no step."""
    known = model.get_params()
    if X is None or (y is None and "learning_rate_init" in known):
        raise ValueError(
            f"The start values of a {type(model).__name__} depend on its training "
            "data: give X and y, or the untrained model."
        )
    settings = {name: value for name, value in _NO_TRAINING.items() if name in known}
    if not settings:
        settings = {"random_state": random_state}
    return clone(model).set_params(**settings).fit(X, y)
