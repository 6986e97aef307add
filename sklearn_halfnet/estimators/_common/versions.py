"""Pickles carry the version that wrote them, and warn in another."""

import warnings
from typing import Any

from sklearn.base import BaseEstimator
from sklearn.exceptions import InconsistentVersionWarning

from sklearn_halfnet._version import __version__

__all__ = ["VERSION", "set_versioned_state", "versioned_state"]

VERSION = "_sklearn_halfnet_version"


def versioned_state(self: Any) -> dict[str, Any]:
    """Return an estimator's state with our version: for ``__getstate__``.

    scikit-learn does so for its own estimators only.
    """
    state: Any = BaseEstimator.__getstate__(self)
    return {**state, VERSION: __version__}


def set_versioned_state(self: Any, state: Any) -> None:
    """Take a state, and warn if another version wrote it: for ``__setstate__``.

    Warns
    -----
    InconsistentVersionWarning
        If the version is not this one, or is not known.
    """
    state = dict(state)
    version = state.pop(VERSION, "unknown")
    if version != __version__:
        warnings.warn(
            InconsistentVersionWarning(
                estimator_name=type(self).__name__,
                current_sklearn_version=__version__,
                original_sklearn_version=version,
            )
        )
    vars(self).update(state)
