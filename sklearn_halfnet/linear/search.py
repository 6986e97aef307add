"""Ridge strength of a large Gram matrix: a few Cholesky factorisations, walking."""

import numpy as np
from scipy.linalg import blas, lapack

from sklearn_halfnet.linear.fit import RidgeFit
from sklearn_halfnet.linear.gcv import STRENGTHS, CrossValidation
from sklearn_halfnet.linear.solve import factorise

__all__ = ["search_alpha"]

_N_PROBES = 32


def search_alpha(gram, alphas=None, relative=False):
    """Choose the ridge strength by generalised cross-validation.

    What ``RidgePath`` finds from one tridiagonal factorisation, half of whose work
    waits for memory, is found here from one Cholesky factorisation a candidate. On a
    matrix that no cache holds, several of these take less time than that one. The
    trace of (G + alpha I)^-1 is estimated from 32 random sign vectors, the same for
    every candidate; the estimate of the degrees of freedom then has a standard
    deviation of at most a quarter of their square root.

    Parameters
    ----------
    gram : Gram
    alphas : array-like of shape (n_alphas,), default=None
        Candidates, each tried. None walks down the score in half decades between
        1e-7 and 100 times the largest eigenvalue.
    relative : bool, default=False
        As in ``RidgePath.gcv``.

    Returns
    -------
    fit : RidgeFit
        Of the best candidate, with its factor.

    References
    ----------
    A. Girard, "A fast 'Monte-Carlo cross-validation' procedure for large least squares
    problems with noisy data", Numerische Mathematik 56 (1989).

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_halfnet.linear import Gram
    >>> from sklearn_halfnet.linear.search import search_alpha
    >>> rng = np.random.default_rng(0)
    >>> H = rng.standard_normal((50, 3))
    >>> sums = Gram().update(H, H[:, :1] + rng.standard_normal((50, 1)))
    >>> search_alpha(sums, [0.1, 1.0, 1000.0]).alpha
    1.0
    """
    largest = _largest_eigenvalue(gram.gram) or 1.0
    grid = np.geomspace(*STRENGTHS, 19) * largest
    grid = grid if alphas is None else np.sort(alphas)
    score = _Score(gram, relative, largest, RidgeFit(gram, float(grid[-1])))
    if alphas is not None:
        for alpha in grid[::-1]:
            score(alpha)
        return score.best
    _walk_down(lambda i: score(grid[i]), len(grid), start=4)
    return score.best


def _walk_down(score, n_points, start):
    """Call ``score`` on 0 .. n_points - 1 from ``start`` on until it rises."""
    here, lowest = start, score(start)
    for step in (1, -1):
        while 0 <= here + step < n_points:
            beyond = score(here + step)
            if beyond >= lowest:
                break
            here, lowest = here + step, beyond
        if here != start:
            break


def _largest_eigenvalue(matrix, n_steps=12):
    """Power iteration: good to a few per cent, from below."""
    vector = np.random.default_rng(0).standard_normal(len(matrix))
    value = 0.0
    for _ in range(n_steps):
        # scipy's BLAS, as what follows: the threads of numpy's would still be spinning.
        vector = blas.dsymv(1.0, matrix.T, vector)
        value = float(np.linalg.norm(vector))
        if value == 0:
            return 0.0
        vector /= value
    return value


class _Score:
    """The score of generalised cross-validation as a function of alpha.

    It remembers the best fit seen, with its factor; ``best`` where none can be judged.
    """

    def __init__(self, gram, relative, largest, best):
        self.gram, self.largest = gram, largest
        rng = np.random.default_rng(0)
        self.probes = rng.choice([-1.0, 1.0], size=(len(gram.gram), _N_PROBES))
        self.right = np.hstack([gram.cross, self.probes])
        self.lowest, self.best = np.inf, best
        # Memory of a factor that is no longer wanted.
        self.spare = None
        self.validation = CrossValidation(
            gram.target_square, gram.total_weight, gram.n_effective, relative
        )

    def __call__(self, alpha):
        trusted = alpha >= 1e-9 * self.largest
        factor = factorise(self.gram.gram, alpha, trusted, out=self.spare)
        if factor is None:
            return np.inf
        score = self._of_factor(alpha, factor)
        worse = factor
        if score < self.lowest:
            worse = self.best.factor
            self.lowest, self.best = score, RidgeFit(self.gram, float(alpha), factor)
        self.spare = None if worse is None else worse.T
        return score

    def _of_factor(self, alpha, factor):
        gram = self.gram
        solved = lapack.dpotrs(factor, self.right, lower=1)[0]
        n_targets = gram.cross.shape[1]
        solution, answers = solved[:, :n_targets], solved[:, n_targets:]
        inverse_trace = float((self.probes * answers).sum()) / _N_PROBES
        degrees = len(factor) - alpha * inverse_trace
        return self.validation(alpha, degrees, gram.cross, solution)
