"""ELM and RVFL: the sums of all blocks, added up as a tree."""

import dask
import numpy as np

from sklearn_halfnet._random import child_generators
from sklearn_halfnet.dask._start import (
    block_weights,
    learn_facts,
    resolved_class_weight,
    start_sample,
)
from sklearn_halfnet.dask._travel import Traveller, arrive
from sklearn_halfnet.models.ridge_sums import ReadOutSums
from sklearn_halfnet.models.row_sample import RowSample

__all__ = ["fit_closed_form"]

# Partial sums that one task adds up.
_FAN_IN = 8


def fit_closed_form(estimator, blocks):
    """Fit in three passes over the blocks.

    Parameters
    ----------
    estimator : BaseClosedForm
        Fitted in place.
    blocks : Blocks
    """
    estimator._forget()
    estimator._begin()
    blocks, facts = learn_facts(estimator, blocks)
    class_weight = resolved_class_weight(estimator, facts)
    rngs = child_generators(estimator.random_state, 2)
    n_features = facts[0]["n_features"]
    estimator._check_size(n_features)
    estimator._check_alphas()
    scaling, sample, estimator._targets = start_sample(
        estimator,
        blocks,
        facts,
        class_weight,
        rngs[0],
        n_features=n_features,
        dtype=estimator._float,
        **estimator._sample_options(),
    )
    if estimator._targets.classes is not None:
        estimator.classes_ = estimator._targets.classes
    estimator._draw_layers(scaling, sample, *rngs)
    estimator._weight_unit = 1.0
    _sum_up(estimator, blocks, facts, class_weight)
    estimator._solve()
    estimator._sums_are_pickled = True


def _sum_up(estimator, blocks, facts, class_weight):
    traveller = dask.delayed(Traveller(estimator), pure=False)
    starts = np.cumsum([0, *(fact["n_rows"] for fact in facts)])
    parts = [
        blocks.delayed(_sums_of_block, traveller, class_weight, int(start), only=[i])[0]
        for i, start in enumerate(starts[:-1])
    ]
    merge = dask.delayed(_merge)
    while len(parts) > 1:
        parts = [
            merge(traveller, parts[i : i + _FAN_IN])
            for i in range(0, len(parts), _FAN_IN)
        ]
    (found,) = dask.compute(merge(traveller, parts))
    estimator._sums, estimator._rows = found


def _sums_of_block(X, y, w, traveller, class_weight, n_before):
    estimator = arrive(traveller)
    X, y = estimator._validate_training(X, y, reset=False)
    weight = block_weights(y, w, class_weight)
    if weight is not None and not weight.any():
        return None
    wanted = estimator._targets.indicators(estimator._targets.encode(y, np.float64))
    wanted = wanted.astype(np.float64, copy=False)
    return estimator._sums_of(X, wanted, weight, n_before)


def _merge(traveller, parts):
    """Add up partial sums without changing them."""
    estimator = traveller.estimator
    sums, rows = ReadOutSums(estimator._groups()), RowSample(estimator._row_seed)
    for part in parts:
        if part is not None:
            sums = sums.merged(part[0])
            rows.merge(part[1])
    return sums, rows
