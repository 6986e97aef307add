"""The closed-form read-out: sums a group of columns, ridge strengths, one solution."""

from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from sklearn_halfnet.linear import Gram, RidgeFit
from sklearn_halfnet.linear.choice import best_left_out, checked_fit
from sklearn_halfnet.linear.left_out import LeftOut

__all__ = ["CHOICES", "ReadOutSums", "layer_groups"]

# How a ridge strength is chosen.
CHOICES = {"gcv": checked_fit, "loo": best_left_out}


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
    >>> from sklearn_halfnet.models.ridge_sums import layer_groups
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


@dataclass
class ReadOutSums:
    """The mean of one ridge regression for each group of columns.

    Parameters
    ----------
    groups : list of slice or ndarray of int
        Columns of the whole feature matrix.
    bases : list of ndarray of shape (n_group_columns, n_axes), or of None
        Axes in which each group's regression is solved; None is the columns as they
        are.
    grams : list of Gram
        Sums of each group, about its axes.
    """

    groups: list
    bases: list = field(default_factory=list)
    grams: list = field(default_factory=list)

    def __post_init__(self):
        if not self.bases:
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

    def scaled(self, factor):
        """Return the same sums with all weights times a factor."""
        grams = [gram if factor == 1 else gram.scaled(factor) for gram in self.grams]
        return ReadOutSums(self.groups, self.bases, grams)

    def minus(self, other):
        """Return these sums, about the columns, without rows of the same groups."""
        pairs = zip(self.in_columns().grams, other.in_columns().grams, strict=True)
        grams = [whole.minus(part) for whole, part in pairs]
        return ReadOutSums(self.groups, grams=grams)

    def with_targets(self, matrix, offset):
        """Return these sums for targets ``Y @ matrix + offset`` in place of Y."""
        grams = [gram.with_targets(matrix, offset) for gram in self.grams]
        return ReadOutSums(self.groups, self.bases, grams)

    def merged(self, *others):
        """Return these sums with the rows that others of the same groups have seen."""
        whole = ReadOutSums(self.groups)
        for part in (self, *others):
            for gram, added in zip(whole.grams, part.in_columns().grams, strict=True):
                gram.merge(added)
        return whole

    def in_columns(self):
        """Return the same sums about the columns instead of the axes of the rows."""
        grams = [
            gram if basis is None else gram.turned(basis)
            for _, basis, gram in self.parts
        ]
        return ReadOutSums(self.groups, grams=grams)

    def are_targets_tame(self, largest):
        """Whether targets' sums of squares are below the square of a number."""
        squares = [gram.target_square for gram in self.grams if gram.gram is not None]
        return all((square < largest**2).all() for square in squares)

    def choose(self, alpha, candidates, rows, relative):
        """Take the given ridge strength, or choose one for each group.

        Parameters
        ----------
        alpha : "gcv", "loo" or float
        candidates : array-like or None
        rows : RowSample
            Rows on which strengths are judged, or checked.
        relative : bool
            Whether targets are of different units.

        Returns
        -------
        fits : list of RidgeFit
            One a group.
        """
        fits = []
        for columns, basis, gram in self.parts:
            if alpha not in CHOICES:
                fits.append(RidgeFit(gram, float(alpha)))
                continue
            H = _turned(rows.features, columns, basis)
            known = (H, rows.targets, rows.weight)
            fits.append(CHOICES[alpha](gram, *known, candidates, relative))
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
        return np.mean(self.each_left_out(fits, rows), axis=0)

    def each_left_out(self, fits, rows):
        """Return the same of each group."""
        predictions = [
            _left_out(gram, _turned(rows.features, columns, basis), rows)(fit)
            for (columns, basis, gram), fit in zip(self.parts, fits, strict=True)
        ]
        # Of a row that says nothing of its own prediction nothing is known.
        mean = self.grams[0].target_mean
        return [np.where(np.isnan(each), mean, each) for each in predictions]


def _turned(H, columns, basis):
    """One group's columns of H, in the axes of its regression."""
    return H[:, columns] if basis is None else H[:, columns] @ basis


def _left_out(gram, H, rows):
    return LeftOut(gram, H, rows.targets, rows.weight)
