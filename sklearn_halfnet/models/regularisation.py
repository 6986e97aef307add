"""A choice of dropout and rate by a few short trainings on some of the rows."""

import copy
import math
import warnings
from dataclasses import replace

from sklearn.exceptions import ConvergenceWarning

from sklearn_halfnet.exceptions import NonFiniteError
from sklearn_halfnet.models.train import AUTO, train
from sklearn_halfnet.solvers import SOLVERS

__all__ = ["LADDER", "choose_regularisation", "divided", "pays", "rungs"]

# From the loosest training to the tightest: with little noise a network gains by what
# it learns, with much it loses by all that leads away from its start.
LADDER = (
    AUTO,
    AUTO | {"dropout": 0.1},
    AUTO | {"dropout": 0.25},
    {"dropout": 0.25, "learning_rate_init": 1e-3},
)
# Of the rows, to be judged by; and of the passes, to be trained for.
_HELD_OUT, _PASSES = 0.25, 0.4
# Few rows judge nothing; many need no dropout, and trainings on them take time.
_LEAST_ROWS, _MOST_ROWS = 100, 10_000


def pays(solver, n_rows):
    """Whether there is something to be chosen for so many rows."""
    return SOLVERS[solver].minibatches and _LEAST_ROWS <= n_rows <= _MOST_ROWS


def rungs(parameters):
    """List what is to be chosen from, of parameters of an estimator that are "auto".

    Parameters
    ----------
    parameters : dict

    Returns
    -------
    rungs : list of dict
        From the loosest training to the tightest.

    Examples
    --------
    >>> from sklearn_halfnet.models.regularisation import rungs
    >>> rungs({"dropout": 0.5, "learning_rate_init": "auto"})
    [{'learning_rate_init': 0.01}, {'learning_rate_init': 0.001}]
    >>> rungs({"dropout": 0.5, "learning_rate_init": 0.1})
    [{}]
    """
    auto = [name for name in AUTO if parameters.get(name) == "auto"]
    left = []
    for rung in LADDER:
        rung = {name: rung[name] for name in auto}
        if rung not in left:
            left.append(rung)
    return left


def divided(numbers, rng):
    """Divide row numbers at random into those to train on and those to judge by."""
    order = rng.permutation(numbers)
    n_held = round(_HELD_OUT * len(order))
    return order[n_held:], order[:n_held]


def choose_regularisation(left, model, rows, options, rng):
    """Train for some passes on each rung; take that of least loss on other rows.

    The lower rate is tried only where no looser training at the higher one is better
    than the tightest.

    Parameters
    ----------
    left : list of dict
        What ``rungs`` returned.
    model : TrainedNetwork
        As it starts. Of members, the first is trained.
    rows : Rows
        With ``held_out``.
    options : TrainingOptions
    rng : numpy.random.Generator
        All trainings see the same batches.

    Returns
    -------
    chosen : dict
        One of the rungs.
    """
    passes = math.ceil(_PASSES * options.max_iter)
    best, least, before = left[0], math.inf, left[0]
    for rung in left:
        lower = rung.get("learning_rate_init") != before.get("learning_rate_init")
        if lower and best is not before:
            break
        before = rung
        short = replace(options.regularised(rung), max_iter=passes)
        loss = _held_out_loss(model.first, rows, short, copy.deepcopy(rng))
        if loss < least:
            best, least = rung, loss
    return best


def _held_out_loss(model, rows, options, rng):
    """Train a network, and return its loss on the rows held out."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        try:
            _, history = train(model, rows, options, rng=rng)
        except NonFiniteError:  # as the training to come will say
            return math.inf
    *_, loss = history.validation_losses or [math.inf]
    return loss
