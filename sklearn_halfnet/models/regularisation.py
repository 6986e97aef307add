"""A choice of dropout and rate by a few short trainings on some of the rows."""

import copy
import math
import warnings
from dataclasses import replace

from sklearn.exceptions import ConvergenceWarning

from sklearn_halfnet.exceptions import NonFiniteError
from sklearn_halfnet.models.train import held_out_loss, train
from sklearn_halfnet.models.training_options import AUTO, SEVERAL_UP_TO
from sklearn_halfnet.solvers import SOLVERS

__all__ = ["LADDER", "choose_regularisation", "divided", "rungs"]

# From the loosest training to the tightest: with little noise a network gains by what
# it learns, with much it loses by all that leads away from its start. The last rung
# hardly leaves it.
LADDER = (
    AUTO,
    AUTO | {"dropout": 0.1},
    AUTO | {"dropout": 0.25},
    {"dropout": 0.25, "learning_rate_init": 1.5e-3},
    {"dropout": 0.25, "learning_rate_init": 1.5e-4},
)
# Of few rows some judge nothing, and all are too few to be learned by heart.
_FEW_ROWS, _FOR_FEW = 100, LADDER[3]
# Many need no dropout, and trainings on them take time.
_MOST_ROWS = 10_000
# One member has no others to make up for its haste.
_FOR_ONE = AUTO | {"learning_rate_init": 5e-3}
# Of the rows, to be judged by.
_HELD_OUT = 0.25
# Of the passes, to be trained for; and rungs that are tried in any case. The judges of
# a thousand rows err, and noise is learned late.
_SHARE, _LEAST_TRIED = 0.8, 3
_MANY_ROWS, _SHARE_OF_MANY, _LEAST_TRIED_OF_MANY = 2_000, 0.4, 1
# L2 strength from which on there is much noise: near one where a tenth of the variance
# can be explained, and of most tables below a hundredth.
_NOISY_ALPHA = 0.1
# Of the loss of no training; what gains less has learned nothing that others confirm.
_LEAST_GAIN = 0.001


def rungs(parameters, n_rows):
    """List what is to be chosen from, of parameters of an estimator that are "auto".

    Parameters
    ----------
    parameters : dict
    n_rows : int

    Returns
    -------
    rungs : list of dict
        From the loosest training to the tightest; one where nothing is to be chosen.

    Examples
    --------
    >>> from sklearn_halfnet.models.regularisation import rungs
    >>> parameters = {"solver": "adam", "dropout": 0.5, "learning_rate_init": "auto"}
    >>> rungs(parameters, n_rows=50)
    [{'learning_rate_init': 0.0015}]
    >>> rungs(parameters, n_rows=10**6)
    [{'learning_rate_init': 0.005}]
    >>> len(rungs(parameters, n_rows=1000))
    3
    """
    auto = [name for name in AUTO if parameters.get(name) == "auto"]
    ladder = LADDER
    if n_rows > SEVERAL_UP_TO:
        ladder = [_FOR_ONE]
    elif not SOLVERS[parameters["solver"]].minibatches or n_rows > _MOST_ROWS:
        ladder = LADDER[:1]
    elif n_rows < _FEW_ROWS:
        ladder = [_FOR_FEW]
    left = []
    for rung in ladder:
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

    A tighter one is tried only where the tightest so far is the best, or none is better
    than no training at all; of up to 2,000 rows, or where a ridge regression needs a
    strong penalty, three are tried in any case, for longer. If none is better, it is
    the tightest. The loss is that which training minimises, labels smoothed as they are
    there: by another, a start and a training that hardly leaves it can look too good.

    Parameters
    ----------
    left : list of dict
        What ``rungs`` returned.
    model : TrainedNetwork
        As it starts.
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
    n_rows = len(rows.numbers) + len(rows.held_out.numbers)
    share, least_tried = _SHARE, _LEAST_TRIED
    if n_rows > _MANY_ROWS and (model.start_alpha or 0) < _NOISY_ALPHA:
        share, least_tried = _SHARE_OF_MANY, _LEAST_TRIED_OF_MANY
    short = replace(options, max_iter=math.ceil(share * options.max_iter))
    untrained = held_out_loss(model, rows, options)
    enough = untrained - _LEAST_GAIN * abs(untrained)
    best, least = left[0], math.inf
    for n_tried, rung in enumerate(left, 1):
        how = short.regularised(rung)
        loss = _loss_when_trained(model, rows, how, copy.deepcopy(rng))
        if loss < least:
            best, least = rung, loss
        elif least < enough and n_tried >= least_tried:
            break
    return best if least < enough else left[-1]


def _loss_when_trained(model, rows, options, rng):
    """Train a network, and return its loss on the rows held out."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        try:
            model, _ = train(model, replace(rows, held_out=None), options, rng=rng)
        except NonFiniteError:  # as the training to come will say
            return math.inf
    return held_out_loss(model, rows, options)
