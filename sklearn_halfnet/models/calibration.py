"""Probabilities from the leave-one-out scores of a ridge classifier."""

from typing import Any

import numpy as np
from scipy.optimize import minimize
from scipy.special import log_expit, log_softmax

__all__ = ["calibration"]

# Scores that say nothing, or the contrary, still leave the order of the classes.
_LEAST_SLOPE = 1e-3
# In log odds.
_OFFSET_SD = 0.5


def calibration(scores, wanted, weight, kind):
    """Find the slope and offsets that turn scores into log odds.

    Platt scaling (binary and multilabel) or temperature scaling with an offset a class
    (multiclass), by maximum likelihood on leave-one-out scores. As in Platt's method,
    each class counts one row more than was seen, so that separated classes do not get
    infinite slopes. Offsets of many classes would follow the few rows that are wrong:
    a normal prior keeps them near zero.

    Parameters
    ----------
    scores : ndarray of shape (n_rows, n_outputs)
    wanted : ndarray of shape (n_rows, n_outputs)
        0 or 1.
    weight : ndarray of shape (n_rows,)
        Positive; its scale is of no account.
    kind : {"binary", "multiclass", "multilabel"}

    Returns
    -------
    slope : ndarray of shape (n_outputs,)
        Positive; equal for all outputs of a multiclass problem.
    offset : ndarray of shape (n_outputs,)

    References
    ----------
    J. Platt, "Probabilistic outputs for support vector machines" (1999), section 2.2.

    C. Guo, G. Pleiss, Y. Sun, K. Weinberger, "On calibration of modern neural
    networks", ICML 2017, section 4.2.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_halfnet.models.calibration import calibration
    >>> scores = np.array([[0.1], [0.3], [0.4], [0.6], [0.7], [0.9]])
    >>> wanted = np.array([[0], [0], [1], [0], [1], [1]])
    >>> slope, offset = calibration(scores, wanted, np.ones(6), "binary")
    >>> bool(slope[0] > 1), np.round(-offset / slope, 2)
    (True, array([0.5]))
    """
    # Summing to the effective number of rows: what there is to count classes by.
    weight = weight * (weight.sum() / (weight @ weight))
    if kind == "multiclass":
        slope, offset = _maximum_likelihood(scores, wanted, weight, softmaxes=True)
        return np.full(scores.shape[1], slope), offset
    fits = [
        _maximum_likelihood(scores[:, [k]], wanted[:, [k]], weight, softmaxes=False)
        for k in range(scores.shape[1])
    ]
    return np.array([fit[0] for fit in fits]), np.concatenate([fit[1] for fit in fits])


def _maximum_likelihood(scores, wanted, weight, softmaxes):
    """Minimise the mean log loss, which is convex in slope and offsets."""
    share = weight / weight.sum()
    wanted = _smoothed(wanted, weight, softmaxes)
    # Offsets of a softmax count from the same score for all classes.
    middle = (share @ scores).mean() if softmaxes else share @ scores
    spread = max(float(np.sqrt((share @ (scores - middle) ** 2).max())), 1e-300)
    prior = 1 / (_OFFSET_SD**2 * weight.sum()) if softmaxes else 0.0
    problem = _Problem((scores - middle) / spread, wanted, share, softmaxes, prior)
    start = np.zeros(1 + scores.shape[1])
    start[0] = 1.0
    found = minimize(
        problem.loss,
        start,
        jac=problem.gradient,
        hess=problem.hessian,
        method="trust-exact",
        options={"gtol": 1e-13, "maxiter": 100},
    ).x
    if found[0] < _LEAST_SLOPE:  # the best offsets are other ones at the bound
        found = minimize(
            problem.loss,
            start,
            jac=problem.gradient,
            method="L-BFGS-B",
            bounds=[(_LEAST_SLOPE, None), *[(None, None)] * scores.shape[1]],
            options={"ftol": 1e-15, "gtol": 1e-10},
        ).x
    slope, offset = found[0] / spread, found[1:]
    return slope, offset - slope * middle


def _smoothed(wanted, weight, softmaxes):
    """Pull 0 and 1 towards each other, as if one more row of each class was seen."""
    if softmaxes:
        total = weight.sum()
        return (wanted * total + 1) / (total + wanted.shape[1])
    positive = weight @ wanted
    negative = weight.sum() - positive
    return np.where(wanted > 0, (positive + 1) / (positive + 2), 1 / (negative + 2))


class _Problem:
    """Log loss of slope * scores + offsets and the prior, with their derivatives.

    Arrays are kept as (n_outputs, n_rows): sums over a few outputs are fast that way.
    """

    def __init__(self, scores, wanted, share, softmaxes, prior):
        self.scores, self.wanted = (np.ascontiguousarray(a.T) for a in (scores, wanted))
        self.share, self.softmaxes, self.prior = share, softmaxes, prior
        self.known: tuple[Any, Any] = None, None

    def _at(self, values):
        """Log odds, and their logarithmic and plain probabilities, once a point."""
        if not np.array_equal(values, self.known[0]):
            z = values[0] * self.scores + values[1:, None]
            logs = log_softmax(z, axis=0) if self.softmaxes else log_expit(z)
            self.known = values.copy(), (z, logs, np.exp(logs))
        return self.known[1]

    def loss(self, values):
        z, logs, _ = self._at(values)
        if self.softmaxes:
            likelihood = (self.wanted * logs).sum(axis=0) @ self.share
            return 0.5 * self.prior * float(values[1:] @ values[1:]) - likelihood
        cross = self.wanted * logs + (1 - self.wanted) * (logs - z)
        return -float(cross[0] @ self.share)

    def gradient(self, values):
        residual = self.share * (self._at(values)[2] - self.wanted)
        of_offsets = residual.sum(axis=1) + self.prior * values[1:]
        return np.concatenate([[(residual * self.scores).sum()], of_offsets])

    def hessian(self, values):
        p, s = self._at(values)[2], self.scores
        weighted = self.share * (p if self.softmaxes else p * (1 - p))
        mean = (p * s).sum(axis=0) if self.softmaxes else 0.0
        slope_offset = weighted * (s - mean)
        hessian = np.empty((1 + len(s),) * 2)
        hessian[0, 0] = (slope_offset * s).sum()
        hessian[0, 1:] = hessian[1:, 0] = slope_offset.sum(axis=1)
        offsets = np.diag(weighted.sum(axis=1))
        hessian[1:, 1:] = offsets - weighted @ p.T if self.softmaxes else offsets
        hessian[1:, 1:] += self.prior * np.eye(len(s))
        return hessian
