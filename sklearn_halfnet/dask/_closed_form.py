"""ELM and RVFL: the sums of all blocks, added up as a tree."""

import dask
import numpy as np

from sklearn_halfnet._random import child_generators
from sklearn_halfnet.dask._start import (
    block_weights,
    learn_facts,
    positive_rows,
    resolved_class_weight,
    start_sample,
)
from sklearn_halfnet.dask._travel import Traveller, arrive
from sklearn_halfnet.estimators._common.validation import validate_training
from sklearn_halfnet.models.closed_form import ClosedFormSums

__all__ = ["fit_closed_form"]

# Partial sums that one task adds up.
_FAN_IN = 8


def fit_closed_form(estimator, blocks):
    """Fit in three passes over the blocks.

    Parameters
    ----------
    estimator : ClosedForm
        Fitted in place.
    blocks : Blocks

    Returns
    -------
    blocks : Blocks
        That hold rows, and know how often they were gone through.
    """
    blocks, facts = learn_facts(estimator, blocks)
    class_weight = resolved_class_weight(estimator, facts)
    rngs = child_generators(estimator.random_state, 3)
    n_features = estimator.n_features_in_
    scaling, targets, sample = start_sample(
        estimator,
        blocks,
        facts,
        class_weight,
        rngs[0],
        rngs[2],
        n_features=n_features,
        **estimator._sample_options(n_features),
    )
    estimator.model_ = estimator._drawn(scaling, sample, targets, rngs)
    sums = _summed_up(estimator, blocks, facts, class_weight)
    estimator._take_sums(sums.after(sum(fact["n_rows"] for fact in facts)))
    return blocks


def _summed_up(estimator, blocks, facts, class_weight):
    traveller = dask.delayed(Traveller(estimator), pure=False)
    *starts, n_rows = np.cumsum([0, *(fact["n_rows"] for fact in facts)]).tolist()
    cut = estimator.model_.row_sample().cut_of_all(n_rows, positive_rows(facts))
    parts = blocks.sweep(
        _sums_of_block, [(traveller, class_weight, start, cut) for start in starts]
    )
    merge = dask.delayed(_merge)
    while len(parts) > 1:
        parts = [merge(parts[i : i + _FAN_IN]) for i in range(0, len(parts), _FAN_IN)]
    return dask.compute(*parts)[0]


def _sums_of_block(X, y, w, traveller, class_weight, n_before, cut):
    estimator = arrive(traveller)
    X, y = validate_training(estimator, X, y, reset=False)
    weight = block_weights(y, w, class_weight)
    if weight is not None and not weight.any():
        return None
    return estimator.model_.sums(X, y, weight, n_before=n_before, cut=cut)


def _merge(parts):
    """Add up partial sums without changing them."""
    parts = [part for part in parts if part is not None]
    return ClosedFormSums.total(parts) if parts else None
