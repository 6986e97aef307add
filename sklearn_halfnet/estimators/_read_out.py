"""The closed-form read-out: ridge strengths, layers combined, scores left out."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from sklearn_halfnet.linear import leave_one_out

__all__ = ["ReadOut", "layer_groups"]

# Each candidate costs a factorisation where every row is really left out.
_LOO_ALPHAS = 11


def layer_groups(sizes, n_direct, how):
    """Which columns of [layer 1, ..., layer L, direct links] each read-out sees.

    Parameters
    ----------
    sizes : list of int
        Columns of each layer.
    n_direct : int
        Direct links, seen by every read-out.
    how : {"all", "ensemble"}
        One read-out on everything, or one a layer.

    Returns
    -------
    groups : list of ndarray of int

    Examples
    --------
    >>> from sklearn_halfnet.estimators._read_out import layer_groups
    >>> layer_groups([2, 1], 1, "ensemble")
    [array([0, 1, 3]), array([2, 3])]
    """
    bounds = np.cumsum([0, *sizes, n_direct])
    if how == "all":
        return [np.arange(bounds[-1])]
    direct = np.arange(bounds[-2], bounds[-1])
    return [
        np.concatenate([np.arange(start, stop), direct])
        for start, stop in pairwise(bounds[:-1])
    ]


@dataclass
class ReadOut:
    """The mean of one ridge regression for each group of columns.

    Parameters
    ----------
    grams : list of Gram
        One a group.
    groups : list of ndarray of int
        Columns of the whole feature matrix.
    alphas : list of float
    """

    grams: list
    groups: list
    alphas: list

    @classmethod
    def choose(cls, sums, groups, alpha, candidates, sample, relative):
        """Take the given ridge strength, or choose one for each group.

        Parameters
        ----------
        sums : Gram
            Of all columns.
        groups : list of ndarray of int
        alpha : "gcv", "loo" or float
        candidates : array-like or None
        sample : tuple (H, Y, sample_weight) or None
            Rows on which "loo" judges.
        relative : bool
            Whether targets are of different units.

        Returns
        -------
        read_out : ReadOut
        """
        whole = len(groups) == 1
        grams = [sums if whole else sums.select(columns) for columns in groups]
        made = cls(grams, groups, [])
        for gram, columns in zip(grams, groups, strict=True):
            if alpha == "gcv":
                chosen = gram.path().best_alpha(candidates, relative)
            elif alpha == "loo":
                H, Y, weight = sample
                chosen = _best_left_out(gram, candidates, H[:, columns], Y, weight)
            else:
                chosen = float(alpha)
            made.alphas.append(chosen)
        return made

    def solve(self):
        """Return coef (n_targets, n_columns) and intercept (n_targets,)."""
        n_targets = self.grams[0].cross.shape[1]
        n_columns = max(columns.max() for columns in self.groups) + 1
        coef, intercept = np.zeros((n_targets, n_columns)), np.zeros(n_targets)
        for gram, columns, alpha in zip(
            self.grams, self.groups, self.alphas, strict=True
        ):
            group_coef, group_intercept = gram.solve(alpha)
            coef[:, columns] += group_coef / len(self.groups)
            intercept += group_intercept / len(self.groups)
        return coef, intercept

    def left_out(self, H, Y, sample_weight):
        """Leave-one-out predictions of rows (n_rows, n_columns)."""
        predictions = [
            leave_one_out(
                H if len(self.groups) == 1 else H[:, columns],
                Y,
                gram,
                max(alpha, _least_alpha(gram)),
                sample_weight,
            )
            for gram, columns, alpha in zip(
                self.grams, self.groups, self.alphas, strict=True
            )
        ]
        return np.mean(predictions, axis=0)


def _least_alpha(gram):
    """Return a strength at which no Gram matrix is singular."""
    return 1e-9 * np.trace(gram.gram) or 1.0


def _best_left_out(gram, candidates, H, Y, weight):
    if candidates is None:
        largest = np.trace(gram.gram) or 1.0
        candidates = np.geomspace(1e-9, 1, _LOO_ALPHAS) * largest
    unit = np.where(gram.target_square > 0, gram.target_square, 1)

    def error(alpha):
        residual = Y - leave_one_out(H, Y, gram, alpha, weight)
        return float(weight @ (residual**2 / unit).sum(axis=1))

    return float(min(np.sort(candidates)[::-1], key=error))
