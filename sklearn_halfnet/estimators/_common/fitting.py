"""The frame of every fit: callbacks, validation of parameters, state, warm starts."""

from collections.abc import Callable
from contextlib import contextmanager
from operator import attrgetter
from typing import Any, TypeVar, cast

from numpy.typing import ArrayLike
from sklearn.base import _fit_context
from sklearn.callback import with_callbacks
from sklearn.utils.validation import check_is_fitted

from sklearn_halfnet.models.torch_network import TorchNetwork

__all__ = [
    "check_same_network",
    "computing",
    "fit_method",
    "fit_once",
    "keep_state_on_error",
    "of_model",
    "part_of_fit",
]

_Method = TypeVar("_Method", bound=Callable[..., Any])
_Estimator = TypeVar("_Estimator", bound=Any)


def part_of_fit(method: _Method) -> _Method:
    """Decorate a method that fits: parameters are validated before it begins."""
    validated = _fit_context(prefer_skip_nested_validation=True)(method)
    return cast(_Method, validated)


def fit_method(method: _Method) -> _Method:
    """Decorate ``fit``: its parameters are validated, its callbacks torn down."""
    return cast(_Method, with_callbacks(part_of_fit(method)))


@fit_method
def fit_once(
    self: _Estimator, X: Any, y: Any, sample_weight: ArrayLike | None = None
) -> _Estimator:
    """Fit to data.

    Parameters
    ----------
    X : {array-like, sparse matrix} of shape (n_samples, n_features)
    y : array-like of shape (n_samples,) or (n_samples, n_outputs)
        Of a classifier labels, or a 0/1 indicator matrix; of a regressor targets, which
        are standardised inside.
    sample_weight : array-like of shape (n_samples,), default=None
        Non-negative; None means one for each row. What is chosen by leaving rows out
        leaves whole rows out, whatever their weight.

    Returns
    -------
    self : object
        The estimator.
    """
    return self._fit(X, y, sample_weight)


def of_model(name: str, doc: str) -> property:
    """Make an attribute that reads one of ``model_`` or of a part, "layer.scales"."""
    of = attrgetter(name)

    def read(estimator):
        check_is_fitted(estimator)
        return of(estimator.model_)

    return property(read, doc=doc)


def computing(estimator):
    """Return the model of an estimator, to compute where its parameters say."""
    check_is_fitted(estimator)
    model = estimator.model_
    return model.on(estimator.device) if isinstance(model, TorchNetwork) else model


@contextmanager
def keep_state_on_error(estimator):
    """Give an estimator its former attributes back if the block raises.

    So a refit that fails leaves the model that was there. What scikit-learn's callbacks
    keep on the estimator is not touched: they are torn down by their own context.
    """
    before = dict(estimator.__dict__)
    try:
        yield
    except BaseException:
        of_callbacks = {
            name: value
            for name, value in estimator.__dict__.items()
            if name.startswith(("_callback", "_skl", "_parent_callback"))
        }
        estimator.__dict__.clear()
        estimator.__dict__.update(before | of_callbacks)
        raise


def check_same_network(begun, wanted):
    """Raise ValueError if parameters now ask for another network than was begun.

    Parameters
    ----------
    begun, wanted : dict
        The parameters that a network keeps from its start on, and what they mean: those
        of the model, and those that are set now.
    """
    unknown = [name for name in wanted if name not in begun]
    if unknown:
        raise ValueError(
            "Training cannot go on with a network that another version of this package "
            f"began: it knows nothing of {', '.join(unknown)}. Fit with "
            "warm_start=False, to start anew."
        )
    changed = [name for name in wanted if wanted[name] != begun[name]]
    if changed:
        raise ValueError(
            f"Training goes on with the network that was begun, but "
            f"{', '.join(changed)} changed since. Set what was there before, or "
            "fit with warm_start=False, to start anew."
        )
