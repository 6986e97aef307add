"""Kinds of frozen random weights, one class each, named in ``WEIGHTS``."""

from scipy.sparse import issparse

from sklearn_halfnet.weights.base import BaseWeights
from sklearn_halfnet.weights.binary import BinaryWeights
from sklearn_halfnet.weights.class_sums import ClassSumWeights
from sklearn_halfnet.weights.custom import (
    ArrayWeights,
    FunctionWeights,
    ObjectWeights,
)
from sklearn_halfnet.weights.difference import DifferenceWeights
from sklearn_halfnet.weights.gabor import GaborWeights
from sklearn_halfnet.weights.instances import InstanceWeights
from sklearn_halfnet.weights.mexican_hat import MexicanHatWeights
from sklearn_halfnet.weights.normal import NormalWeights
from sklearn_halfnet.weights.orthogonal import OrthogonalWeights
from sklearn_halfnet.weights.principal import PrincipalWeights
from sklearn_halfnet.weights.receptive_field import ReceptiveFieldWeights
from sklearn_halfnet.weights.seeded import SeededWeights
from sklearn_halfnet.weights.sparse import SparseWeights
from sklearn_halfnet.weights.storage import FrozenWeights
from sklearn_halfnet.weights.uniform import UniformWeights

__all__ = [
    "WEIGHTS",
    "BaseWeights",
    "BinaryWeights",
    "ClassSumWeights",
    "DifferenceWeights",
    "FrozenWeights",
    "GaborWeights",
    "InstanceWeights",
    "MexicanHatWeights",
    "NormalWeights",
    "OrthogonalWeights",
    "PrincipalWeights",
    "ReceptiveFieldWeights",
    "SeededWeights",
    "SparseWeights",
    "UniformWeights",
    "check_weight_kind",
]

WEIGHTS = {
    "normal": NormalWeights,
    "binary": BinaryWeights,
    "mexican_hat": MexicanHatWeights,
    "instances": InstanceWeights,
    "gabor": GaborWeights,
    "uniform": UniformWeights,
    "orthogonal": OrthogonalWeights,
    "sparse": SparseWeights,
    "difference": DifferenceWeights,
    "class_sums": ClassSumWeights,
    "principal": PrincipalWeights,
    "receptive_field": ReceptiveFieldWeights,
    "seeded": SeededWeights,
}


def check_weight_kind(kind):
    """Turn what a user may give as ``weight_kind`` into an object with ``sample``.

    Parameters
    ----------
    kind : str, BaseWeights, class, object with ``sample``, callable or 2-D array
        A name in ``WEIGHTS``; a configured weight kind, or its class; an object whose
        ``sample(n_units, n_features, rng, X=None, y=None)`` gives the weights; a
        function ``f(n_units, n_features, rng)``; or ready weights.

    Returns
    -------
    kind : BaseWeights
        The same object if it is one already.

    Raises
    ------
    ValueError
        If the name is unknown.
    TypeError
        If it is none of these.

    Examples
    --------
    >>> from sklearn_halfnet.weights import check_weight_kind
    >>> check_weight_kind("binary")
    BinaryWeights()
    """
    if isinstance(kind, str):
        return _named(kind)
    if isinstance(kind, type) and hasattr(kind, "sample"):
        kind = kind()
    if isinstance(kind, BaseWeights):
        return kind
    if hasattr(kind, "sample"):
        return ObjectWeights(kind)
    if callable(kind):
        return FunctionWeights(kind)
    if issparse(kind) or getattr(kind, "ndim", None) == 2:
        return ArrayWeights(kind)
    raise TypeError(
        f"weight_kind must be one of {sorted(WEIGHTS)}, a weight kind, an object with "
        "sample(n_units, n_features, rng, X, y), a function f(n_units, n_features, "
        f"rng) or a 2-D array, got {kind!r}."
    )


def _named(name):
    if name not in WEIGHTS:
        raise ValueError(
            f"Unknown weight_kind {name!r}: it must be one of {sorted(WEIGHTS)}."
        )
    return WEIGHTS[name]()
