"""The outputs of a model's layers, whoever wrote the model."""

import numpy as np
from scipy.sparse import issparse

from sklearn_halfnet._checks import check_numbers, not_masked
from sklearn_halfnet.activations import ACTIVATIONS
from sklearn_halfnet.inspection._torch_module import module_outputs

__all__ = ["before_last", "is_mlp", "is_module", "is_pipeline", "layer_outputs"]


def layer_outputs(model, X):
    """Compute what each layer of a model makes of X.

    Parameters
    ----------
    model : object
        One of

        - an estimator with ``transform_layers(X)``, such as a fitted RandomNetwork,
          HalfLayer, HalfNet or ConvHalfLayer; its attribute ``layer_names``, if it has
          one, names the layers;
        - a fitted ``MLPClassifier`` or ``MLPRegressor`` of scikit-learn: hidden layers,
          then the outputs before softmax;
        - a Pipeline that ends in one of these: the outputs of its last step;
        - a ``torch.nn.Module``: every module in it that has no modules of its own, in
          the order in which they are called, in evaluation mode;
        - a list of callables, applied one after another;
        - a dict of name to callable, each applied to X;
        - a callable, which is a single layer.
    X : array-like of shape (n_samples, ...)

    Returns
    -------
    outputs : dict of str to ndarray of shape (n_samples, n_units)
        In the order of the layers.

    Raises
    ------
    TypeError
        If the model is none of these.
    ValueError
        If X does not hold finite real numbers; estimators and Pipelines judge this by
        themselves, but for masks. If an output is masked, complex or empty.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_halfnet import RandomNetwork
    >>> from sklearn_halfnet.inspection.layers import layer_outputs
    >>> X = np.random.default_rng(0).standard_normal((10, 4))
    >>> network = RandomNetwork((6, 5), random_state=0).fit(X)
    >>> {name: layer.shape for name, layer in layer_outputs(network, X).items()}
    {'layer 1': (10, 6), 'layer 2': (10, 5)}
    """
    not_masked(X, "X")
    for applies, outputs in _READERS:
        if applies(model):
            return {name: _rows(name, array) for name, array in outputs(model, X)}
    raise TypeError(
        "Expected an estimator with transform_layers, a fitted MLP of scikit-learn, a "
        "Pipeline that ends in one of them, a torch.nn.Module, callables in a list or "
        f"a dict, or a callable; got {type(model).__name__}."
    )


# -- kinds of models -------------------------------------------------------------------


def is_pipeline(model):
    """Whether a model is a Pipeline of scikit-learn."""
    return hasattr(model, "steps") and hasattr(model, "named_steps")


def is_mlp(model):
    """Whether a model is a fitted MLP of scikit-learn."""
    return hasattr(model, "coefs_") and hasattr(model, "intercepts_")


def is_module(model):
    """Whether a model is a ``torch.nn.Module``."""
    return hasattr(model, "named_modules") and hasattr(model, "register_forward_hook")


def _of_pipeline(model, X):
    return layer_outputs(model[-1], before_last(model, X)).items()


def before_last(model, X):
    """Transform X by all steps of a fitted Pipeline but the last."""
    return X if X is None or len(model.steps) == 1 else model[:-1].transform(X)


def _of_estimator(model, X):
    outputs = model.transform_layers(X)
    numbered = [f"layer {number}" for number in range(1, len(outputs) + 1)]
    return zip(getattr(model, "layer_names", numbered), outputs, strict=True)


def _of_mlp(model, X):
    _check_rows(X)
    hidden, n_layers = np.asarray(_dense(X), dtype=model.coefs_[0].dtype), 0
    for coef, intercept in zip(model.coefs_[:-1], model.intercepts_, strict=False):
        hidden = ACTIVATIONS[model.activation].array(hidden @ coef + intercept)
        n_layers += 1
        yield f"layer {n_layers}", hidden
    yield "output", hidden @ model.coefs_[-1] + model.intercepts_[-1]


def _of_module(model, X):
    _check_rows(X)
    return module_outputs(model, X)


def _of_callables(layers, X):
    _check_rows(X)
    below = X
    for number, layer in enumerate(layers, start=1):
        below = layer(below)
        yield f"layer {number}", below


def _of_named_callables(layers, X):
    _check_rows(X)
    return ((name, layer(X)) for name, layer in layers.items())


_READERS = [
    (is_pipeline, _of_pipeline),
    (lambda model: hasattr(model, "transform_layers"), _of_estimator),
    (is_mlp, _of_mlp),
    (is_module, _of_module),
    (lambda model: isinstance(model, dict), _of_named_callables),
    (lambda model: isinstance(model, (list, tuple)), _of_callables),
    (callable, lambda model, X: _of_callables([model], X)),
]


def _dense(X):
    return X.toarray() if issparse(X) else X


def _check_rows(X):
    """Check what goes to a model that does not do so itself; it gets X as it is."""
    check_numbers(X, "X", accept_sparse=True, allow_nd=True, ensure_2d=False)


def _rows(name, array):
    """Make an output of any shape a dense array (n_samples, n_units).

    Infinite ones are shown as they are: they tell in which layer a network overflows.
    """
    options = {"ensure_all_finite": False, "ensure_2d": False, "allow_nd": True}
    array = check_numbers(_dense(array), repr(name), dtype=None, **options)
    return array.reshape(len(array), -1)
