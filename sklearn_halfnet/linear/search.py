"""Ridge strength of a large Gram matrix: a few Cholesky factorisations, walking."""

import numpy as np
from scipy.linalg import lapack

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
        1e-8 and 1 times the largest eigenvalue.
    relative : bool, default=False
        As in ``RidgePath.gcv``.

    Returns
    -------
    alpha : float

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
    >>> search_alpha(sums, [0.1, 1.0, 1000.0])
    1.0
    """
    score = _Score(gram, relative)
    if alphas is not None:
        candidates = np.sort(alphas)[::-1]
        return float(min(candidates, key=score))
    grid = np.geomspace(1e-8, 1, 17) * (_largest_eigenvalue(gram.gram) or 1.0)
    return float(grid[_walk_down(lambda i: score(grid[i]), len(grid), start=6)])


def _walk_down(score, n_points, start):
    """Index of a local minimum of ``score`` over 0 .. n_points - 1."""
    here, best = start, score(start)
    for step in (1, -1):
        moved = False
        while 0 <= here + step < n_points:
            beyond = score(here + step)
            # Of equal scores, the larger strength.
            if not (beyond < best or (beyond == best and step > 0)):
                break
            here, best, moved = here + step, beyond, True
        if moved:
            break
    return here


def _largest_eigenvalue(matrix, n_steps=12):
    """Power iteration: good to a few per cent, from below."""
    vector = np.random.default_rng(0).standard_normal(len(matrix))
    value = 0.0
    for _ in range(n_steps):
        vector = matrix @ vector
        value = float(np.linalg.norm(vector))
        if value == 0:
            return 0.0
        vector /= value
    return value


class _Score:
    """The score of generalised cross-validation as a function of alpha."""

    def __init__(self, gram, relative):
        self.gram = gram
        rng = np.random.default_rng(0)
        self.probes = rng.choice([-1.0, 1.0], size=(len(gram.gram), _N_PROBES))
        self.right = np.hstack([gram.cross, self.probes])
        square = gram.target_square
        self.unit = np.where(square > 0, square, 1) if relative else gram.total_weight

    def __call__(self, alpha):
        gram = self.gram
        shifted = gram.gram.copy()
        shifted[np.diag_indices_from(shifted)] += alpha
        factor, info = lapack.dpotrf(shifted.T, lower=1, overwrite_a=1, clean=0)
        if info != 0:
            return np.inf
        solved = lapack.dpotrs(factor, self.right, lower=1)[0]
        n_targets = gram.cross.shape[1]
        solution, answers = solved[:, :n_targets], solved[:, n_targets:]
        inverse_trace = float(np.vdot(self.probes, answers)) / _N_PROBES
        degrees = len(shifted) - alpha * inverse_trace
        left = 1 - (1 + degrees) / gram.n_observations
        if left < 1e-3:
            return np.inf
        residual = (
            gram.target_square
            - (gram.cross * solution).sum(axis=0)
            - alpha * (solution**2).sum(axis=0)
        )
        floor = np.finfo(np.float64).eps * gram.target_square
        return float((np.maximum(residual, floor) / self.unit).sum() / left**2)
