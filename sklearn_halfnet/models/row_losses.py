"""Losses of rows in numpy arrays: torch computes them where training does."""

import numpy as np

from sklearn_halfnet._device import import_torch
from sklearn_halfnet.features.moments import Moments

__all__ = [
    "constant_scores",
    "derivatives",
    "mean_loss",
    "score_of",
    "told",
]

# Of the errors' spread: wide enough for many rows to lie in it.
_STEP = 0.5


def mean_loss(targets, scores, encoded, weight):
    """Mean loss of scores against what ``targets.encode`` returned.

    Parameters
    ----------
    targets : ClassTargets or RealTargets
    scores : ndarray of shape (n_rows, n_outputs)
    encoded : ndarray
    weight : ndarray of shape (n_rows,) or None

    Returns
    -------
    loss : float
    """
    torch = import_torch()

    from sklearn_halfnet.solvers.losses import loss_of

    with torch.no_grad():
        pair = torch.from_numpy(scores), torch.from_numpy(encoded)
        return float(np.average(loss_of(targets)(*pair).numpy(), weights=weight))


def derivatives(targets, scores, sample, spread):
    """Derive the loss by the scores, once and twice.

    Parameters
    ----------
    targets : RealTargets
    scores : ndarray of shape (n_rows, n_outputs)
    sample : StartSample
        With encoded targets.
    spread : ndarray of shape (n_outputs,)
        Of the errors: the slope of a gradient that has steps is taken over a part.

    Returns
    -------
    gradients : ndarray of shape (n_rows, n_outputs)
    curvature : ndarray of shape (n_outputs,)
        Mean over the rows.
    """
    encoded, step = sample.targets.astype(np.float64), _STEP * spread
    above, below = (
        _gradients(targets, scores + sign * step, encoded) for sign in (1, -1)
    )
    rising = np.average(above - below, axis=0, weights=sample.sample_weight)
    return _gradients(targets, scores, encoded), rising / (2 * step)


def told(targets, sample):
    """Say what directions of the inputs are to be looked for.

    Parameters
    ----------
    targets : ClassTargets or RealTargets
    sample : StartSample

    Returns
    -------
    columns : ndarray of shape (n_rows, n_columns)
        Indicators or targets; beside them the derivatives of another loss than the
        squared one at the best constant, each column of deviation one: inputs that move
        a quantile need not move the mean.
    """
    wanted = targets.indicators(sample.targets)
    if targets.blank_loss is not None:
        return wanted
    encoded, weight = sample.targets.astype(np.float64), sample.sample_weight
    constant = constant_scores(targets, encoded, weight)
    columns = np.hstack([wanted, _gradients(targets, constant, encoded)])
    spread = np.sqrt(Moments.of(columns, weight).variance)
    return columns / np.where(spread > 0, spread, 1.0)


def _gradients(targets, scores, encoded):
    torch = import_torch()

    from sklearn_halfnet.solvers.losses import loss_of

    variable = torch.from_numpy(scores).requires_grad_()
    with torch.enable_grad():
        losses = loss_of(targets)(variable, torch.from_numpy(encoded))
        (gradients,) = torch.autograd.grad(losses.sum(), variable)
    return gradients.numpy()


def constant_scores(targets, encoded, weight, offset=None):
    """Scores of the best constant, the same in each row; with an offset on top of it.

    Parameters
    ----------
    targets : RealTargets
    encoded : ndarray of shape (n_rows, 1) or (n_rows, n_outputs)
    weight : ndarray of shape (n_rows,) or None
    offset : ndarray of shape (n_rows, n_outputs), default=None

    Returns
    -------
    scores : ndarray of shape (n_rows, n_outputs), float64
    """
    if offset is None:
        offset = np.zeros((len(encoded), targets.n_outputs))
    weight = np.ones(len(encoded)) if weight is None else weight
    return offset + targets.criterion.constant(encoded, weight, offset)


def score_of(targets, encoded, weight):
    """Return what scores predictions of some rows, for early stopping.

    Parameters
    ----------
    targets : ClassTargets or RealTargets
    encoded : ndarray
    weight : ndarray of shape (n_rows,) or None

    Returns
    -------
    score : callable
        ``score(scores, loss)``, of scores and their mean loss: accuracy; R2; or, of a
        regressor with another loss than the squared one, the share of the loss of the
        best constant that has gone, D2.
    """
    if targets.blank_loss is not None:
        return lambda scores, loss: targets.score(encoded, scores, weight)
    encoded = encoded.astype(np.float64)
    rows = encoded, weight
    blank = mean_loss(targets, constant_scores(targets, *rows), *rows)
    least = mean_loss(targets, targets.criterion.perfect(encoded), *rows)
    # Where all targets are the same no share can have gone.
    gap = blank - least if blank > least else 1.0
    return lambda scores, loss: 1 - (loss - least) / gap
