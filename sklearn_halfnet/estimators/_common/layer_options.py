"""What a user may say of random hidden layers: constraints and checks."""

from pickle import PicklingError

import joblib
import numpy as np
from sklearn.utils._param_validation import HasMethods, StrOptions

from sklearn_halfnet._checks import real, whole
from sklearn_halfnet.activations import ACTIVATIONS
from sklearn_halfnet.estimators._common.documented import numpydoc
from sklearn_halfnet.features.embedding import EMBEDDINGS
from sklearn_halfnet.features.scaling import InputScaling
from sklearn_halfnet.features.scaling_rules import SCALINGS
from sklearn_halfnet.features.start import BIASES
from sklearn_halfnet.weights import WEIGHTS, check_weight_kind

__all__ = [
    "COLUMN_ATTRIBUTES",
    "COLUMN_CONSTRAINTS",
    "LAYER_CONSTRAINTS",
    "LAYER_TEXTS",
    "RANDOM_LAYER_CONSTRAINTS",
    "SIZE_CONSTRAINTS",
    "check_full_sizes",
    "check_kinds",
    "check_sizes",
    "column_options",
    "fingerprints",
    "fit_scaling",
]

SIZE_CONSTRAINTS = [whole(1), list, tuple, np.ndarray]

LAYER_CONSTRAINTS = {
    "weight_kind": [
        StrOptions(set(WEIGHTS)),
        list,
        tuple,
        np.ndarray,
        HasMethods("sample"),
        callable,
    ],
    "activation": [StrOptions(set(ACTIVATIONS))],
    "input_scaling": [StrOptions(set(SCALINGS)), None],
    "random_state": ["random_state"],
}

# Of families that see columns, each for itself.
COLUMN_CONSTRAINTS = {
    "column_embedding": [StrOptions(set(EMBEDDINGS)), None],
    "categorical_features": ["array-like", StrOptions({"from_dtype"}), None],
}

LAYER_TEXTS = numpydoc("""
input_scaling : {"auto", "standard", "robust", "center"} or None
    "standard" centres each column and divides it by its standard deviation; "robust"
    takes median and interquartile range instead, and limits values smoothly to
    magnitudes below 3; "center" only subtracts means; None takes columns as they are.
    "auto" divides columns that share a unit, such as pixels, counts and one-hot codes,
    and all columns of a sparse X by one number; others are centred at their median,
    divided by what is smaller, deviation or interquartile range (that of a normal
    distribution: 1.35 deviations), and limited. The user guide has the rule.
column_embedding : {"auto", "periodic"} or None
    "periodic" puts 16 frozen waves of random frequency beside each scaled column:
    cosines, as of a half layer of one input (Holzmueller, Grinsztajn, Steinwart,
    "Better by default", NeurIPS 2024). "auto" does so for a dense X of up to 128
    columns if they are scaled, unless all share a unit, as pixels do.
categorical_features : "from_dtype", array-like of {bool, int, str} or None
    Columns that hold categories: those that a data frame says so of, by a categorical
    or boolean type; a mask; their numbers; or their names, if X has some; or none.
    Columns of text must be among them. A column of up to 32 categories is one-hot
    coded; of more, each has a frozen random code of 16 numbers. Codes are neither
    scaled nor embedded. The user guide has what becomes of which column.
""")

COLUMN_ATTRIBUTES = numpydoc("""
categories_ : dict
    The sorted categories of each column that has some, by its name, or number where X
    had no names. A category's place is its code in exported models.
""")

# Of layers that stay as they were drawn.
RANDOM_LAYER_CONSTRAINTS = {
    **LAYER_CONSTRAINTS,
    "scale": [StrOptions({"auto"}), real(0, closed="neither")],
    "bias": [StrOptions({"auto", *BIASES})],
}


def check_sizes(given, name="hidden_layer_sizes"):
    """Turn ``hidden_layer_sizes``, or what is named, into a list of ints.

    Raises
    ------
    ValueError
        If it is not one positive int or a sequence of them.
    """
    sizes = np.atleast_1d(np.asarray(given))
    whole = sizes.ndim == 1 and np.issubdtype(sizes.dtype, np.integer)
    if not whole or len(sizes) == 0 or (sizes < 1).any():
        raise ValueError(
            f"{name} must be a positive int or a sequence of them, got {given!r}."
        )
    return [int(size) for size in sizes]


def check_full_sizes(full_layer_sizes):
    """Turn ``full_layer_sizes`` into a list of ints; of an empty one none."""
    if np.size(full_layer_sizes) == 0:
        return []
    return check_sizes(full_layer_sizes, "full_layer_sizes")


def check_kinds(weight_kind, n_layers, of="hidden layers"):
    """Turn ``weight_kind`` into a list of weight kinds, one a layer.

    Errors say ``of`` what there are so many.

    Raises
    ------
    ValueError
        If a list has another length than there are layers.
    """
    kinds = weight_kind
    if not isinstance(kinds, (list, tuple)):
        kinds = [kinds] * n_layers
    if len(kinds) != n_layers:
        raise ValueError(
            f"weight_kind lists {len(kinds)} kinds for {n_layers} {of}; give one, or "
            "one for each."
        )
    return [check_weight_kind(kind) for kind in kinds]


def fingerprints(kinds):
    """Return what tells weight kinds apart, without the arrays they may hold.

    Parameters
    ----------
    kinds : list of BaseWeights

    Returns
    -------
    fingerprints : list of str
        Of type and parameters. Functions that cannot be pickled are told apart as
        long as they live.

    Examples
    --------
    >>> from sklearn_halfnet.estimators._common.layer_options import (
    ...     check_kinds,
    ...     fingerprints,
    ... )
    >>> normal, binary, again = fingerprints(
    ...     check_kinds(["normal", "binary", "normal"], 3)
    ... )
    >>> normal == again, normal == binary
    (True, False)
    """
    return [_fingerprint(kind) for kind in kinds]


def _fingerprint(kind):
    try:
        return joblib.hash((type(kind).__qualname__, kind.get_params()))
    except PicklingError:
        return repr(kind)


def column_options(estimator):
    """Take what the columns of X say for a network's start, as a dict."""
    how = estimator.categorical_features
    return {
        "column_embedding": estimator.column_embedding,
        # Arrays would be compared entry by entry.
        "categorical_features": how if how is None else np.asarray(how).tolist(),
        "vocabulary": estimator._vocabulary,
    }


def fit_scaling(estimator, X, sample_weight=None, **options):
    """Learn the scaling of the inputs that ``input_scaling`` asks for.

    Errors name the column as ``feature_names_in_`` does. Options are those of
    ``InputScaling.fit``.
    """
    names = getattr(estimator, "feature_names_in_", None)
    how = estimator.input_scaling
    return InputScaling.fit(X, how, sample_weight, names, **options)
