"""Probabilities from the leave-one-out scores of a ridge classifier."""

from dataclasses import dataclass

import numpy as np
from scipy import sparse
from scipy.optimize import minimize
from scipy.special import expit, softmax

__all__ = ["RowSample", "calibration"]

# A few numbers are learned from these rows: more would not change them.
_MAX_ROWS = 4000


@dataclass
class RowSample:
    """A uniform random sample of the rows seen so far, in whatever chunks they come.

    Each row gets a random priority, and the rows of smallest priority are kept; the
    priorities are drawn one a row from one generator, so chunking changes nothing.

    Parameters
    ----------
    rng : numpy.random.Generator
    """

    rng: np.random.Generator
    X: object = None
    targets: np.ndarray = None
    weight: np.ndarray = None
    priority: np.ndarray = None

    def update(self, X, targets, weight):
        """Show rows X, their targets (n, m) and weights (n,) or None."""
        priority = self.rng.random(X.shape[0])
        if weight is None:
            weight = np.ones(X.shape[0])
        priority = np.where(weight > 0, priority, np.inf)
        rows = np.sort(np.argsort(priority, kind="stable")[:_MAX_ROWS])
        rows = rows[np.isfinite(priority[rows])]
        self._append(X[rows], targets[rows], weight[rows], priority[rows])
        return self

    def _append(self, X, targets, weight, priority):
        if self.X is not None:
            stack = sparse.vstack if sparse.issparse(X) else np.vstack
            X = stack([self.X, X])
            targets = np.vstack([self.targets, targets])
            weight = np.concatenate([self.weight, weight])
            priority = np.concatenate([self.priority, priority])
        kept = np.sort(np.argsort(priority, kind="stable")[:_MAX_ROWS])
        X = X.tocsr() if sparse.issparse(X) else X
        self.X, self.targets = X[kept], targets[kept]
        self.weight, self.priority = weight[kept], priority[kept]


def calibration(scores, wanted, weight, kind):
    """Find the slope and offsets that turn scores into log odds.

    Platt scaling (binary and multilabel) or temperature scaling with an offset a class
    (multiclass), by maximum likelihood on leave-one-out scores. A weak prior holds the
    slope finite where the classes are separated.

    Parameters
    ----------
    scores : ndarray of shape (n_rows, n_outputs)
    wanted : ndarray of shape (n_rows, n_outputs)
        0 or 1.
    weight : ndarray of shape (n_rows,)
    kind : {"binary", "multiclass", "multilabel"}

    Returns
    -------
    slope : ndarray of shape (n_outputs,)
        Positive; equal for all outputs of a multiclass problem.
    offset : ndarray of shape (n_outputs,)

    References
    ----------
    J. Platt, "Probabilistic outputs for support vector machines" (1999).

    C. Guo, G. Pleiss, Y. Sun, K. Weinberger, "On calibration of modern neural
    networks", ICML 2017, section 4.2.
    """
    share = weight / weight.sum()
    if kind == "multiclass":
        log_slope, offset = _maximum_likelihood(scores, wanted, share, _softmax_loss)
        return np.full(scores.shape[1], np.exp(log_slope)), offset
    fits = [
        _maximum_likelihood(scores[:, [k]], wanted[:, [k]], share, _logistic_loss)
        for k in range(scores.shape[1])
    ]
    return np.exp([fit[0] for fit in fits]), np.concatenate([fit[1] for fit in fits])


def _maximum_likelihood(scores, wanted, share, loss):
    start = np.concatenate([[1.5], np.exp(1.5) * -(share @ scores)])

    def objective(values):
        log_slope, offset = values[0], values[1:]
        slope = np.exp(log_slope)
        cost, residual = loss(slope * scores + offset, wanted)
        residual *= share[:, None]
        gradient = np.concatenate(
            [[slope * (residual * scores).sum()], residual.sum(axis=0)]
        )
        # The prior: slopes between e^-1 and e^5 are all usual.
        cost = share @ cost + 1e-4 * ((log_slope - 2) ** 2 + 0.01 * offset @ offset)
        gradient[0] += 2e-4 * (log_slope - 2)
        gradient[1:] += 2e-6 * offset
        return cost, gradient

    bounds = [(-3, 8)] + [(None, None)] * scores.shape[1]
    options = {"ftol": 1e-13, "gtol": 1e-9, "maxiter": 500}
    values = minimize(
        objective, start, jac=True, bounds=bounds, method="L-BFGS-B", options=options
    ).x
    return values[0], values[1:]


def _softmax_loss(log_odds, wanted):
    peak = log_odds.max(axis=1, keepdims=True)
    log_sum = np.log(np.exp(log_odds - peak).sum(axis=1)) + peak[:, 0]
    return log_sum - (wanted * log_odds).sum(axis=1), softmax(log_odds, axis=1) - wanted


def _logistic_loss(log_odds, wanted):
    cost = np.logaddexp(0, log_odds) - wanted * log_odds
    return cost[:, 0], expit(log_odds) - wanted
