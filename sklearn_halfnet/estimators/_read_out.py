"""The closed-form read-out: sums a group of columns, ridge strengths, one solution."""

from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from scipy import linalg

from sklearn_halfnet.linear import Gram, RidgeFit
from sklearn_halfnet.linear.left_out import LeftOut

__all__ = ["ReadOut", "layer_groups", "row_space"]

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
    groups : list of slice or ndarray of int

    Examples
    --------
    >>> from sklearn_halfnet.estimators._read_out import layer_groups
    >>> layer_groups([2, 1], 1, "ensemble")
    [array([0, 1, 3]), array([2, 3])]
    """
    bounds = np.cumsum([0, *sizes, n_direct])
    if how == "all" or len(sizes) == 1:
        return [slice(0, int(bounds[-1]))]
    direct = np.arange(bounds[-2], bounds[-1])
    return [
        np.concatenate([np.arange(start, stop), direct])
        for start, stop in pairwise(bounds[:-1])
    ]


def row_space(H):
    """Orthonormal basis of the rows of H.

    Ridge regression finds its solution in this space, and turning the axes changes
    neither solution nor cross-validation. So few rows need no wide Gram matrix.

    Parameters
    ----------
    H : ndarray of shape (n_rows, n_columns)

    Returns
    -------
    basis : ndarray of shape (n_columns, min(n_rows, n_columns)), float64
    """
    rows = H.T.astype(np.float64)
    return linalg.qr(rows, mode="economic", overwrite_a=True, check_finite=False)[0]


@dataclass
class ReadOut:
    """The mean of one ridge regression for each group of columns.

    Parameters
    ----------
    groups : list of slice or ndarray of int
        Columns of the whole feature matrix.
    bases : list of ndarray of shape (n_group_columns, n_axes), or None
        Axes in which each group's regression is solved; None is the columns as they
        are.
    grams : list of Gram
        Sums of each group, about its axes.
    """

    groups: list
    bases: list = None
    grams: list = field(default_factory=list)

    def __post_init__(self):
        if self.bases is None:
            self.bases = [None] * len(self.groups)
        if not self.grams:
            self.grams = [Gram() for _ in self.groups]

    @property
    def parts(self):
        """The columns, basis and sums of each group."""
        return zip(self.groups, self.bases, self.grams, strict=True)

    def update(self, H, Y, sample_weight=None):
        """Add rows; H is overwritten."""
        for columns, basis, gram in self.parts:
            gram.update(_turned(H, columns, basis), Y, sample_weight, overwrite=True)

    def update_rounded(self, Q, step, Y):
        """Add rows whose features are step * Q, Q of int8."""
        for columns, gram in zip(self.groups, self.grams, strict=True):
            gram.update_rounded(Q[:, columns], step, Y)

    @property
    def is_turned(self):
        """Whether the sums are about other axes than the columns."""
        return any(basis is not None for basis in self.bases)

    def times(self, factor):
        """Return the same sums with all weights times a factor."""
        grams = [gram if factor == 1 else gram.times(factor) for gram in self.grams]
        return ReadOut(self.groups, self.bases, grams)

    def merged(self, other):
        """Return this read-out with the rows that another of its groups has seen."""
        whole, other = self.in_columns(), other.in_columns()
        for gram, added in zip(whole.grams, other.grams, strict=True):
            gram.merge(added)
        return whole

    def in_columns(self):
        """Return the same sums about the columns instead of the axes of the rows."""
        grams = [
            gram if basis is None else gram.turned(basis)
            for _, basis, gram in self.parts
        ]
        return ReadOut(self.groups, None, grams)

    def choose(self, alpha, candidates, rows, relative):
        """Take the given ridge strength, or choose one for each group.

        Parameters
        ----------
        alpha : "gcv", "loo" or float
        candidates : array-like or None
        rows : RowSample
            Rows on which "loo" judges.
        relative : bool
            Whether targets are of different units.

        Returns
        -------
        fits : list of RidgeFit
            One a group.
        """
        fits = []
        for columns, basis, gram in self.parts:
            if alpha == "gcv":
                fit = gram.best_fit(candidates, relative)
            elif alpha == "loo":
                H = _turned(rows.features, columns, basis)
                fit = _best_left_out(gram, candidates, H, rows)
            else:
                fit = RidgeFit(gram, float(alpha))
            fits.append(fit)
        return fits

    def solve(self, fits, n_columns):
        """Return coef (n_targets, n_columns) and intercept (n_targets,)."""
        n_targets, n_groups = self.grams[0].cross.shape[1], len(self.groups)
        coef, intercept = np.zeros((n_targets, n_columns)), np.zeros(n_targets)
        for (columns, basis, _), fit in zip(self.parts, fits, strict=True):
            group_coef, group_intercept = fit.solve()
            if basis is not None:
                group_coef = group_coef @ basis.T
            coef[:, columns] += group_coef / n_groups
            intercept += group_intercept / n_groups
        return coef, intercept

    def left_out(self, fits, rows):
        """Leave-one-out predictions of the rows of a RowSample."""
        predictions = [
            _left_out(gram, _turned(rows.features, columns, basis), rows)(fit)
            for (columns, basis, gram), fit in zip(self.parts, fits, strict=True)
        ]
        # Of a row that says nothing of its own prediction nothing is known.
        mean = self.grams[0].target_mean
        return np.mean([np.where(np.isnan(p), mean, p) for p in predictions], axis=0)


def _turned(H, columns, basis):
    """One group's columns of H, in the axes of its regression."""
    return H[:, columns] if basis is None else H[:, columns] @ basis


def _left_out(gram, H, rows):
    return LeftOut(gram, H, rows.targets, rows.weight)


def _best_left_out(gram, candidates, H, rows):
    if candidates is None:
        largest = np.trace(gram.gram) or 1.0
        candidates = np.geomspace(1e-9, 1, _LOO_ALPHAS) * largest
    unit = np.where(gram.target_square > 0, gram.target_square, 1)
    left_out = _left_out(gram, H, rows)

    def error(alpha):
        fit = RidgeFit(gram, float(alpha))
        if fit.is_singular:
            return np.inf
        square = (rows.targets - left_out(fit)) ** 2 / unit
        return np.nan_to_num(rows.weight @ square.sum(axis=1), nan=np.inf)

    return RidgeFit(gram, float(min(np.sort(candidates)[::-1], key=error)))
