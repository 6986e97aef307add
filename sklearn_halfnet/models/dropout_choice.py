"""A choice of dropout by a few short trainings on some of the rows."""

import copy
import math
import warnings
from dataclasses import replace

from sklearn.exceptions import ConvergenceWarning

from sklearn_halfnet.exceptions import NonFiniteError
from sklearn_halfnet.models.train import train
from sklearn_halfnet.solvers import SOLVERS

__all__ = ["choose_dropout", "divided", "pays"]

_CANDIDATES = (0.0, 0.1, 0.25)
# Of the rows, to be judged by; and of the passes, to be trained for.
_HELD_OUT, _PASSES = 0.25, 0.4
# Few rows judge nothing; many need no dropout, and trainings on them take time.
_LEAST_ROWS, _MOST_ROWS = 100, 10_000


def pays(solver, n_rows):
    """Whether there is something to be chosen for so many rows."""
    return SOLVERS[solver].minibatches and _LEAST_ROWS <= n_rows <= _MOST_ROWS


def divided(numbers, rng):
    """Divide row numbers at random into those to train on and those to judge by."""
    order = rng.permutation(numbers)
    n_held = round(_HELD_OUT * len(order))
    return order[n_held:], order[:n_held]


def choose_dropout(model, rows, options, rng):
    """Train for some passes with each candidate; take that of least loss on other rows.

    Parameters
    ----------
    model : TrainedNetwork
        As it starts. Of members, the first is trained.
    rows : Rows
        With ``held_out``.
    options : TrainingOptions
    rng : numpy.random.Generator
        All candidates see the same batches.

    Returns
    -------
    dropout : float
    """
    passes = math.ceil(_PASSES * options.max_iter)
    losses = {}
    for rate in _CANDIDATES:
        short = replace(options, max_iter=passes, dropout=rate)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            try:
                _, history = train(model.first, rows, short, rng=copy.deepcopy(rng))
            except NonFiniteError:  # as the training to come will say
                losses[rate] = math.inf
                continue
        *_, losses[rate] = history.validation_losses or [math.inf]
    return min(losses, key=losses.__getitem__)
