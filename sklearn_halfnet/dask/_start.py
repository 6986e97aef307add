"""What a fit learns of the data before it sums up: labels, scaling, a few rows."""

from copy import copy
from functools import reduce
from itertools import pairwise

import dask
import numpy as np
from scipy import sparse
from sklearn.base import is_classifier

from sklearn_halfnet.estimators._common.validation import (
    make_targets,
    targets_as_taken,
    total_weight,
    validate_X,
    wanted_loss,
)
from sklearn_halfnet.features import InputScaling, Moments, StartSample
from sklearn_halfnet.features.columns import (
    ColumnCoding,
    ColumnFacts,
    merged_columns,
)
from sklearn_halfnet.features.embedding import with_waves
from sklearn_halfnet.features.scaling_rules import rows_of_quartiles
from sklearn_halfnet.features.start import choose_rows, sample_size
from sklearn_halfnet.models.targets import ClassTargets, RealTargets

__all__ = [
    "block_weights",
    "learn_facts",
    "positive_rows",
    "resolved_class_weight",
    "start_sample",
]


def learn_facts(estimator, blocks):
    """Learn rows, weights, labels and columns of each block: the first pass.

    Sets what is kept of the features on the estimator.

    Returns
    -------
    blocks : Blocks
        Those that hold rows.
    facts : list of dict
        One for each of these.
    """
    facts = blocks.map(_facts, copy(estimator), _given_weights(estimator))
    filled = [number for number, fact in enumerate(facts) if fact is not None]
    if not filled:
        raise ValueError("X holds no rows: all of its blocks are empty.")
    facts = [facts[number] for number in filled]
    positive = positive_rows(facts)
    if positive is not None and not positive.any():
        raise ValueError("sample_weight times class_weight is zero for every row.")
    vars(estimator).pop("feature_names_in_", None)
    vars(estimator).update(facts[0]["features"])
    estimator._vocabulary, _ = _columns(facts)
    return blocks.only(filled), facts


def _columns(facts):
    """Vocabulary of all rows, and what they say of columns; of sparse ones nothing."""
    if any(fact["columns"] is None for fact in facts):
        return None, None
    return merged_columns([fact["columns"] for fact in facts])


def _facts(X, y, w, estimator, class_weight):
    """Rows, which of them have weight, labels or moments of targets, and columns."""
    if X.shape[0] == 0 and len(y) == 0:
        return None
    if X.shape[0] != len(y) or (w is not None and len(w) != len(y)):
        raise ValueError(f"X has {X.shape[0]} rows, y has {len(y)}.")
    weight = repeats = block_weights(y, w, None)
    if class_weight is not None:
        weight = _times(repeats, _of_class(class_weight, y))
    labels = moments = None
    classifies = is_classifier(estimator)
    if classifies and y.ndim == 1:
        shown = y if repeats is None else y[repeats > 0]
        labels = (*np.unique(y, return_counts=True), np.unique(shown))
    if not classifies:
        columns = y.reshape(len(y), -1).astype(np.float64)
        moments = Moments.of(columns, repeats)
    return {
        "n_rows": len(y),
        **_facts_of_columns(estimator, X, weight),
        "positive": None if weight is None else weight > 0,
        "labels": labels,
        "moments": moments,
    }


def _facts_of_columns(estimator, X, weight):
    """Return what is kept of features, and which categories there are."""
    estimator = copy(estimator)  # blocks are looked at side by side
    rows = validate_X(estimator, X, reset=True)
    vocabulary, learned = estimator._vocabulary, vars(estimator)
    kept = {"n_features_in_", "feature_names_in_"} & set(learned)
    columns = None
    if not sparse.issparse(rows):
        columns = vocabulary, ColumnFacts.of(rows, weight, vocabulary)
    return {"features": {name: learned[name] for name in kept}, "columns": columns}


def _of_class(class_weight, y):
    """Weight of each row's class, before all classes are known."""
    if y.ndim == 2 or not isinstance(class_weight, dict):
        return block_weights(y, None, class_weight)
    labels, index = np.unique(y, return_inverse=True)
    return np.array([class_weight.get(label, 1.0) for label in labels.tolist()])[index]


def _times(weight, other):
    return other if weight is None else weight * other


def block_weights(y, w, class_weight):
    """Total weights of a block, which may all be zero."""
    return total_weight(y, w, class_weight, allow_zero=True)


def _given_weights(estimator):
    class_weight = getattr(estimator, "class_weight", None)
    return None if class_weight == "balanced" else class_weight


def resolved_class_weight(estimator, facts):
    """Return the weight of every class, of which blocks may lack some."""
    class_weight = getattr(estimator, "class_weight", None)
    counts = _class_counts(facts)
    if class_weight == "balanced" and counts is None:
        raise ValueError(
            "class_weight='balanced' of multilabel targets is not supported on dask "
            "collections. Give a list of dicts."
        )
    if class_weight == "balanced":
        total = sum(counts.values())
        return {label: total / (len(counts) * count) for label, count in counts.items()}
    if class_weight is None or counts is None:
        return class_weight
    classes = np.unique(list(counts))
    weights = total_weight(classes, None, class_weight, allow_zero=True)
    return dict(zip(classes.tolist(), weights, strict=True))


def _class_counts(facts):
    """Rows of each class, or None if there are no classes."""
    counts = {}
    for fact in facts:
        if fact["labels"] is None:
            return None
        for label, count in zip(*fact["labels"][:2], strict=True):
            counts[label] = counts.get(label, 0) + count
    return counts


def start_sample(
    estimator, blocks, facts, class_weight, rng, rows_rng, *, n_features, **options
):
    """Learn scaling and targets, and take the same rows as on one machine.

    Parameters
    ----------
    estimator : estimator
    blocks : Blocks
    facts : list of dict
        What ``learn_facts`` returned.
    class_weight : dict, list of dict or None
    rng : numpy.random.Generator
        Draws what columns become.
    rows_rng : numpy.random.Generator
        Chooses the rows; may be the same.
    n_features : int
    **options : dict
        Passed to ``sample_size``.

    Returns
    -------
    scaling : InputScaling
    targets : ClassTargets or RealTargets
    sample : StartSample
        With targets encoded.
    """
    lengths = [fact["n_rows"] for fact in facts]
    n_rows = sample_size(n_features, **options)
    positive = positive_rows(facts)
    chosen = choose_rows(sum(lengths), positive, n_rows, rows_rng)
    spaced = rows_of_quartiles(sum(lengths), positive)
    wanted = np.union1d(chosen, spaced)
    vocabulary, of_columns = _columns(facts)
    # Moments are of filled columns, and medians to fill them of the rows taken.
    at_once = estimator.input_scaling is not None
    at_once &= of_columns is None or of_columns.are_plain
    fixed = (blocks, lengths, wanted, class_weight, estimator)
    moments, X, y, weight = _gather(*fixed, scales=at_once)
    y = targets_as_taken(estimator, y)
    of_quartiles = np.searchsorted(wanted, spaced)
    targets = _targets(estimator, facts, y, weight, of_quartiles)
    names = getattr(estimator, "feature_names_in_", None)
    rows = X[of_quartiles], None if weight is None else weight[of_quartiles]
    coding = None
    if of_columns is not None:
        coding = ColumnCoding.from_facts(of_columns, rows, vocabulary, rng)
    if coding is not None:
        rows = coding.numbers(rows[0]), rows[1]
    how, scaling = estimator.input_scaling, InputScaling(coding=coding)
    if how is not None:
        if moments is None:
            moments = _moments(blocks, class_weight, estimator, coding)
        scaling = InputScaling.from_moments(moments, how, rows, names, coding=coding)
    scaling = with_waves(scaling, estimator.column_embedding, X, rng)
    sampled = np.searchsorted(wanted, chosen)
    encoded = targets.encode(y[sampled], np.float64)
    weight = np.ones(len(y)) if weight is None else weight
    n_whole = sum(lengths) if positive is None else int(np.count_nonzero(positive))
    rows = scaling.start_rows(X[sampled], options["dtype"])
    return scaling, targets, StartSample(rows, encoded, weight[sampled], n_whole)


def _targets(estimator, facts, y, weight, of_quartiles):
    """Targets of all rows, where y are some of them, and quartiles are of some of y."""
    if not is_classifier(estimator):
        moments = reduce(Moments.merged, [fact["moments"] for fact in facts])
        columns = y.reshape(len(y), -1)[of_quartiles]
        ones = np.ones(len(columns))
        sample = columns, ones if weight is None else weight[of_quartiles]
        loss = wanted_loss(estimator)
        return RealTargets.from_moments(moments, y.ndim == 1, loss, sample)
    counts = _class_counts(facts)
    if counts is None:
        return make_targets(estimator, y, weight)
    # Rows of positive weight must show two classes.
    ClassTargets.from_labels(np.concatenate([fact["labels"][2] for fact in facts]))
    return make_targets(estimator, y, weight, list(counts))


def positive_rows(facts):
    """Which of all rows have positive weight; None if all have."""
    if facts[0]["positive"] is None:
        return None
    return np.concatenate([fact["positive"] for fact in facts])


def _gather(blocks, lengths, chosen, class_weight, estimator, *, scales):
    """Moments of all rows, if they are to be scaled, and the chosen rows themselves."""
    starts, arguments = np.cumsum([0, *lengths]), []
    for start, stop in pairwise(starts):
        rows = chosen[(chosen >= start) & (chosen < stop)] - start
        wanted = scales or len(rows)
        arguments.append(
            (rows, class_weight, scales, copy(estimator)) if wanted else None
        )
    parts = dask.compute(*blocks.sweep(_look, arguments))
    moments = [part[0] for part in parts if part[0] is not None]
    moments = reduce(Moments.merged, moments) if moments else None
    X, y, weight = zip(*[part[1:] for part in parts if len(part[2])], strict=True)
    weight = None if weight[0] is None else np.concatenate(weight)
    X = sparse.vstack(X).tocsr() if sparse.issparse(X[0]) else np.concatenate(X)
    return moments, X, np.concatenate(y), weight


def _look(X, y, w, rows, class_weight, scales, estimator):
    """Moments of a block, and some of its rows."""
    weight = block_weights(y, w, class_weight)
    X = validate_X(estimator, X)
    moments = Moments.of(X, weight) if scales else None
    return moments, X[rows], y[rows], None if weight is None else weight[rows]


def _moments(blocks, class_weight, estimator, coding):
    """Moments of the numbers in all rows, with what was missing filled in."""
    parts = blocks.map(_moments_of_block, class_weight, copy(estimator), coding)
    return reduce(Moments.merged, parts)


def _moments_of_block(X, y, w, class_weight, estimator, coding):
    weight = block_weights(y, w, class_weight)
    return Moments.of(coding.numbers(validate_X(estimator, X)), weight)
