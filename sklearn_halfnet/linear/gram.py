"""Gram: the sums that a ridge read-out needs, which add up over blocks of rows."""

import math
import zipfile
from typing import Any

import numpy as np
from scipy import sparse
from scipy.linalg import blas

from sklearn_halfnet._checks import not_masked
from sklearn_halfnet._files import replace_file
from sklearn_halfnet._int8 import int8_sums
from sklearn_halfnet._matmul import matmul, row_blocks, syrk
from sklearn_halfnet.linear.fit import RidgeFit
from sklearn_halfnet.linear.packed import packed, unpacked
from sklearn_halfnet.linear.path import RidgePath
from sklearn_halfnet.linear.remainder import check_remainder
from sklearn_halfnet.linear.search import search_alpha
from sklearn_halfnet.linear.solve import check_strengths

__all__ = ["Gram"]

# A block's product is added to the total once; larger blocks, fewer additions.
_BLOCK_BYTES = 128 * 2**20

# Up to here one tridiagonal factorisation takes less time than a walk of several
# Cholesky factorisations.
_LARGEST_PATH = 1536

# Sums of so many products of 8 bits stay within 32 bits.
_INT8_ROWS = 131_072

# What reading another file may end with.
_NO_SUMS = ValueError, TypeError, KeyError, EOFError

_ARRAYS = ("feature_mean", "target_mean", "gram", "cross", "target_square")


class Gram:
    """Co-moments of features H and targets Y about their weighted means.

    Two Grams of different rows merge into the Gram of all rows. So one mechanism serves
    ``fit``, ``partial_fit``, data larger than memory, and a cluster.

    Each block is centred by its own mean, and the scatter between the block's mean and
    the mean so far is added to it (Chan, Golub and LeVeque 1983). No large
    numbers are subtracted, whatever the features' means. Products of a block are taken
    in the block's precision, and summed in float64: in a float32 total, a small ridge
    would drown in rounding errors and the matrix cease to be positive definite.

    Attributes
    ----------
    n_samples : int
        Rows of positive weight seen.
    total_weight : float
        Sum of their weights.
    weight_norm : float
        Square root of the sum of the squares of their weights.
    eps : float
        Relative rounding error of the products: of float32 if any block was.
    feature_mean : ndarray of shape (n_features,)
    target_mean : ndarray of shape (n_targets,)
    gram : ndarray of shape (n_features, n_features)
        sum_i w_i (h_i - mean) (h_i - mean)^T.
    cross : ndarray of shape (n_features, n_targets)
        sum_i w_i (h_i - mean) (y_i - mean)^T.
    target_square : ndarray of shape (n_targets,)
        sum_i w_i (y_i - mean)^2.

    References
    ----------
    T. F. Chan, G. H. Golub, R. J. LeVeque, "Algorithms for computing the sample
    variance", The American Statistician 37 (1983), equation 2.1.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_halfnet.linear.gram import Gram
    >>> H = np.array([[0.0], [1.0], [2.0], [3.0]])
    >>> first = Gram().update(H[:2], 2 * H[:2] + 1)
    >>> both = first.merge(Gram().update(H[2:], 2 * H[2:] + 1))
    >>> coef, intercept = both.solve(alpha=0)
    >>> np.round(coef, 6), np.round(intercept, 6)
    (array([[2.]]), array([1.]))
    """

    # None before the first rows.
    feature_mean: Any
    target_mean: Any
    gram: Any
    cross: Any
    target_square: Any

    def __init__(self):
        self.n_samples = 0
        self.total_weight = self.weight_norm = self.eps = 0.0
        for name in _ARRAYS:
            setattr(self, name, None)

    def update(self, H, Y, sample_weight=None, *, overwrite=False):
        """Add rows.

        Parameters
        ----------
        H : {ndarray, sparse matrix} of shape (n_rows, n_features)
            float32 or float64: the precision in which products are taken; other types
            are taken in float64. A sparse matrix is made dense block by block.
        Y : ndarray of shape (n_rows, n_targets) or (n_rows,)
        sample_weight : ndarray of shape (n_rows,), default=None
            A row of weight 2 counts as the same row twice, but in the choice of the
            ridge strength, which counts rows. None is 1 for every row.
        overwrite : bool, default=False
            Whether a dense H may be overwritten, which saves a copy.

        Returns
        -------
        self : Gram

        Raises
        ------
        ValueError
            If shapes do not match each other or the rows seen before; if an array is
            masked, complex or holds NaN or infinity; if a weight is negative. The sums
            are then as they were.
        """
        H, Y = _real(H, "H"), _real(Y, "Y")
        Y = Y[:, None] if Y.ndim == 1 else Y
        weight = _checked_weight(sample_weight)
        self._check_shapes(H, Y, weight)
        owned = overwrite or sparse.issparse(H)
        row_bytes = H.shape[1] * H.dtype.itemsize
        blocks = list(row_blocks(H.shape[0], row_bytes, _BLOCK_BYTES))
        # Several apart first: one that is not finite leaves the sums as they were.
        sums = self if len(blocks) < 2 else Gram()
        for rows in blocks:
            block = H[rows].toarray() if sparse.issparse(H) else H[rows]
            part = None if weight is None else weight[rows]
            sums._add_block(block, Y[rows], part, owned)
        return self if sums is self else self.merge(sums)

    def _add_block(self, H, Y, weight, overwrite):
        total = float(len(H) if weight is None else np.sum(weight, dtype=np.float64))
        if total == 0:
            return
        share = np.full(len(H), 1 / total) if weight is None else weight / total
        H, h_mean = _centred(H, share, overwrite)
        Y, y_mean = _centred(Y.astype(np.float64, copy=False), share)
        # Of one value that is not finite the mean is not finite.
        _check_finite(H=h_mean, Y=y_mean)
        if weight is not None:
            root = np.sqrt(weight)[:, None]
            H *= root.astype(H.dtype)
            Y *= root
        cross = matmul(H.T, Y.astype(H.dtype, copy=False))
        self._add_sums(syrk(H), cross, h_mean, Y, y_mean, total)
        self.eps = max(self.eps, np.finfo(H.dtype).eps)
        self._count(len(H), weight)

    def _count(self, n_rows, weight=None):
        """Count rows, and the squares of their weights."""
        if weight is not None:
            n_rows, norm = int(np.count_nonzero(weight)), blas.dnrm2(weight)
        else:
            norm = np.sqrt(n_rows)
        self.n_samples += n_rows
        self.weight_norm = math.hypot(self.weight_norm, norm)

    def update_rounded(self, Q, step, Y):
        """Add rows whose features are ``step * Q``: by integers, without rounding.

        Parameters
        ----------
        Q : ndarray of shape (n_rows, n_features), int8
        step : float
        Y : ndarray of shape (n_rows, n_targets)

        Returns
        -------
        self : Gram
        """
        for rows in row_blocks(len(Q), 1, _INT8_ROWS):
            self._add_rounded_block(Q[rows], step, Y[rows])
        return self

    def _add_rounded_block(self, Q, step, Y):
        gram, cross, total = int8_sums(Q, Y)
        Y, y_mean = _centred(
            Y.astype(np.float64, copy=False), np.full(len(Q), 1 / len(Q))
        )
        # Features that are constant leave exactly zero.
        q_mean = total / len(Q)
        blas.dger(-1.0, q_mean, total, a=gram.T, overwrite_a=True)
        gram *= step**2
        cross = step * (cross - np.outer(total, y_mean))
        self._add_sums(gram, cross, step * q_mean, Y, y_mean, len(Q))
        self.eps = max(self.eps, np.finfo(np.float64).eps)
        self._count(len(Q))

    def _add_sums(self, gram, cross, h_mean, Y, y_mean, total):
        """Add the sums of a block about its own means."""
        target_square = np.einsum("ij,ij->j", Y, Y)
        if self.gram is None:
            self._begin(h_mean, y_mean, gram, cross, target_square)
            self.total_weight = total
            return
        self.gram += gram
        self.cross += cross
        self.target_square += target_square
        self._move_means(h_mean, y_mean, total)

    def _move_means(self, h_mean, y_mean, total):
        """Add the scatter between the means so far and those of other rows."""
        grown = self.total_weight + total
        between = self.total_weight * total / grown
        step_h, step_y = h_mean - self.feature_mean, y_mean - self.target_mean
        # In place, on the transpose: LAPACK's order; the matrix is symmetric.
        blas.dger(between, step_h, step_h, a=self.gram.T, overwrite_a=True)
        self.cross += between * np.outer(step_h, step_y)
        self.target_square += between * step_y**2
        self.feature_mean += step_h * (total / grown)
        self.target_mean += step_y * (total / grown)
        self.total_weight = grown

    def _begin(self, *arrays):
        """Take the sums of the first rows for one's own."""
        for name, array in zip(_ARRAYS, arrays, strict=True):
            setattr(self, name, array.astype(np.float64, copy=False))

    def _check_shapes(self, H, Y, weight):
        if H.ndim != 2 or Y.ndim != 2:
            raise ValueError(
                f"H and Y must be 2-D, or Y 1-D; got shapes {H.shape} and {Y.shape}."
            )
        if len(Y) != H.shape[0] or (weight is not None and len(weight) != len(Y)):
            raise ValueError(
                f"H has {H.shape[0]} rows, Y has {len(Y)}"
                + ("." if weight is None else f", sample_weight has {len(weight)}.")
            )
        seen = None if self.gram is None else self.cross.shape
        if seen not in (None, (H.shape[1], Y.shape[1])):
            raise ValueError(
                f"This Gram holds {seen[0]} features and {seen[1]} targets; got "
                f"{H.shape[1]} and {Y.shape[1]}."
            )

    def merge(self, other):
        """Add the rows that another Gram has seen.

        Parameters
        ----------
        other : Gram
            Not changed.

        Returns
        -------
        self : Gram
        """
        if other.gram is None:
            return self
        if self.gram is not None and self.cross.shape != other.cross.shape:
            raise ValueError(
                f"Grams of {self.cross.shape} and {other.cross.shape} (n_features, "
                "n_targets) cannot be merged."
            )
        if self.gram is None:
            self._begin(*(getattr(other, name).copy() for name in _ARRAYS))
            self.total_weight = other.total_weight
        else:
            self.gram += other.gram
            self.cross += other.cross
            self.target_square += other.target_square
            self._move_means(other.feature_mean, other.target_mean, other.total_weight)
        self.n_samples += other.n_samples
        self.weight_norm = math.hypot(self.weight_norm, other.weight_norm)
        self.eps = max(self.eps, other.eps)
        return self

    def rescale_targets(self, scale, mean):
        """Turn sums of targets Y into those of ``scale * Y + mean``, in place.

        Parameters
        ----------
        scale, mean : float or ndarray of shape (n_targets,)
        """
        if self.gram is not None:
            self.cross *= scale
            self.target_square *= np.square(scale)
            self.target_mean = self.target_mean * scale + mean

    def turned(self, basis):
        """Return the same sums for features H' with H = H' B.

        Parameters
        ----------
        basis : ndarray of shape (n_new_features, n_features)
            B, with orthonormal columns that span the rows of H'.

        Returns
        -------
        gram : Gram
        """
        made = self._copy()
        made.gram = basis @ self.gram @ basis.T
        made.cross = basis @ self.cross
        made.feature_mean = basis @ self.feature_mean
        return made

    def path(self):
        """Factorise once, for any number of ridge strengths.

        Returns
        -------
        path : RidgePath

        Raises
        ------
        ValueError
            If no row of positive weight has been seen.
        """
        self._check_not_empty()
        return RidgePath(
            self.gram,
            self.cross,
            self.target_square,
            self.total_weight,
            self.n_effective,
        )

    @property
    def n_effective(self):
        """How many rows of equal weight say as much: (sum w)^2 / sum w^2.

        All rows if their weights are equal, whatever their scale [1]_.

        References
        ----------
        .. [1] L. Kish, "Survey sampling" (1965), section 11.7.
        """
        return (self.total_weight / self.weight_norm) ** 2

    @property
    def noise(self):
        """What rounding alone can leave on the diagonal of a constant column."""
        return (10 * self.eps * self.feature_mean) ** 2 * self.total_weight

    def scaled(self, factor):
        """Return the same sums with all weights times a factor.

        With a factor below one before each chunk, old rows count less and less.

        Parameters
        ----------
        factor : float
            Positive.

        Returns
        -------
        gram : Gram
        """
        made = self._copy()
        for name in ("total_weight", "weight_norm", "gram", "cross", "target_square"):
            if self.gram is not None:
                setattr(made, name, getattr(made, name) * factor)
        return made

    def minus(self, other):
        """Return the sums without rows that they contain.

        Exact up to rounding, which does not shrink with the sums: what is left of a
        millionth of the rows has six digits less.

        Parameters
        ----------
        other : Gram
            Of the rows that are to be taken out, each with its weight. Not changed.

        Returns
        -------
        gram : Gram

        Raises
        ------
        ValueError
            If these rows cannot all have been seen: they are more, or weigh more, than
            those seen, or without them the sums were those of no rows at all, a matrix
            that is not positive semidefinite or a sum of squares below zero. Rows that
            are like those seen are not found that way.

        Examples
        --------
        >>> import numpy as np
        >>> from sklearn_halfnet import Gram
        >>> H = np.arange(6.0)[:, None]
        >>> rest = Gram().update(H, H).minus(Gram().update(H[:2], H[:2]))
        >>> rest.n_samples, rest.feature_mean
        (4, array([3.5]))
        """
        if other.gram is None:
            return self._copy()
        if self.gram is None or self.cross.shape != other.cross.shape:
            seen = None if self.gram is None else self.cross.shape
            raise ValueError(
                f"A Gram of {other.cross.shape} (n_features, n_targets) cannot be "
                f"taken out of one of {seen}."
            )
        left = self.total_weight - other.total_weight
        n_left, tiny = self.n_samples - other.n_samples, 1e-9 * self.total_weight
        if n_left < 0 or left < -tiny or (left > tiny) != (n_left > 0):
            raise ValueError(
                f"{other.n_samples} rows of total weight {other.total_weight:.6g} "
                f"cannot be taken out of {self.n_samples} of total weight "
                f"{self.total_weight:.6g}: rows were never seen, or with other weights."
            )
        if n_left == 0:
            return Gram()
        made = self._copy()
        made.n_samples, made.total_weight = n_left, left
        norm = self.weight_norm**2 - other.weight_norm**2
        made.weight_norm = math.sqrt(max(norm, left**2 / n_left))
        made.eps = max(self.eps, other.eps)
        made.gram -= other.gram
        made.cross -= other.cross
        made.target_square -= other.target_square
        share = other.total_weight / left
        made.feature_mean += share * (self.feature_mean - other.feature_mean)
        made.target_mean += share * (self.target_mean - other.target_mean)
        step_h = other.feature_mean - made.feature_mean
        step_y = other.target_mean - made.target_mean
        between = left * other.total_weight / self.total_weight
        blas.dger(-between, step_h, step_h, a=made.gram.T, overwrite_a=True)
        made.cross -= between * np.outer(step_h, step_y)
        made.target_square -= between * step_y**2
        check_remainder(made, self)
        return made

    def with_targets(self, matrix, offset):
        """Return the same sums for targets ``Y @ matrix + offset``.

        Parameters
        ----------
        matrix : ndarray of shape (n_targets, n_new_targets)
            Of at most one number other than zero a column.
        offset : ndarray of shape (n_new_targets,)

        Returns
        -------
        gram : Gram
        """
        made = self._copy()
        if self.gram is not None:
            made.cross = self.cross @ matrix
            made.target_mean = self.target_mean @ matrix + offset
            made.target_square = self.target_square @ matrix**2
        return made

    def _copy(self):
        made = Gram()
        for name, value in vars(self).items():
            copied = value.copy() if isinstance(value, np.ndarray) else value
            setattr(made, name, copied)
        return made

    def best_fit(self, alphas=None, relative=False):
        """Choose the ridge strength by generalised cross-validation.

        Parameters
        ----------
        alphas : array-like of shape (n_alphas,), default=None
            Candidates, not negative. None spans nine decades, up to 100 times the
            largest eigenvalue.
        relative : bool, default=False
            Whether to divide each target's error by its variance, so that targets of
            different units count alike.

        Returns
        -------
        fit : RidgeFit
            With the strength chosen as ``fit.alpha``.
        """
        self._check_not_empty()
        if alphas is not None:
            check_strengths(alphas, "alphas")
        # Of fewer rows than columns the walk's degrees of freedom are too noisy at tiny
        # strengths: it does not go there by itself, but candidates may.
        noisy = alphas is not None and self.n_samples < len(self.gram)
        if noisy or len(self.gram) <= _LARGEST_PATH:
            return RidgeFit(self, self.path().best_alpha(alphas, relative))
        return search_alpha(self, alphas, relative)

    def solve_path(self, alphas):
        """Solve for several ridge strengths from one factorisation.

        Parameters
        ----------
        alphas : array-like of shape (n_alphas,)
            Absolute strengths, greater than 0.

        Returns
        -------
        coefs : ndarray of shape (n_alphas, n_targets, n_features)
        intercepts : ndarray of shape (n_alphas, n_targets)
        scores : ndarray of shape (n_alphas,)
            Generalised cross-validation scores: smaller is better.
        """
        check_strengths(alphas, "alphas")
        path = self.path()
        fits = [self.with_intercept(path.solve(alpha)) for alpha in alphas]
        coefs, intercepts = (np.array(parts) for parts in zip(*fits, strict=True))
        return coefs, intercepts, path.gcv(alphas)

    def solve(self, alpha):
        """Solve for the read-out at one ridge strength.

        It minimises ``sum_i w_i |y_i - V h_i - c|^2 + alpha |V|^2``.

        Parameters
        ----------
        alpha : float
            Absolute strength, as in scikit-learn's ``Ridge``; the intercept c is not
            penalised.

        Returns
        -------
        coef : ndarray of shape (n_targets, n_features)
        intercept : ndarray of shape (n_targets,)

        Raises
        ------
        ValueError
            If alpha is negative or not finite, or no row of positive weight was seen.
        """
        self._check_not_empty()
        check_strengths(alpha)
        return RidgeFit(self, alpha).solve()

    def with_intercept(self, solution):
        """Turn a solution (n_features, n_targets) into coef and intercept."""
        return solution.T, self.target_mean - self.feature_mean @ solution

    def _check_not_empty(self):
        if self.gram is None:
            raise ValueError("This Gram has seen no row of positive weight.")

    # -- pickles and files -------------------------------------------------------------

    def to_dict(self):
        """Return the state as a dict of numbers and arrays, the matrix as its half.

        Returns
        -------
        state : dict
            For ``from_dict``; also what pickles hold. ``gram`` is the lower triangle,
            row by row, (n_features * (n_features + 1) / 2,); the other arrays are not
            copied.
        """
        half = None if self.gram is None else packed(self.gram)
        return {**vars(self), "gram": half}

    @classmethod
    def from_dict(cls, state):
        """Make a Gram from what ``to_dict`` returned.

        Parameters
        ----------
        state : dict
            Its arrays are copied.

        Returns
        -------
        gram : Gram
        """
        made = cls()
        made.__setstate__({name: state[name] for name in vars(made)})
        return made._copy()

    __getstate__ = to_dict

    def __setstate__(self, state):
        vars(self).update(state)
        if self.gram is not None:
            self.gram = unpacked(self.gram)

    def save(self, path):
        """Write the sums to a file.

        Parameters
        ----------
        path : path-like
            An ``.npz`` file of numpy, of 4 (n_features + 1)^2 bytes and a little more.
            One that is there is replaced when the new one is whole.

        Raises
        ------
        OSError
            If it cannot be written.
        """
        state = {name: v for name, v in self.to_dict().items() if v is not None}

        def write(partial):
            with open(partial, "wb") as file:
                np.savez(file, **state)

        replace_file(path, write)

    @classmethod
    def load(cls, path):
        """Read what ``save`` has written.

        Parameters
        ----------
        path : path-like

        Returns
        -------
        gram : Gram

        Raises
        ------
        OSError
            If the file cannot be read.
        ValueError
            If it is none of ``save``.

        Examples
        --------
        >>> import tempfile, numpy as np
        >>> from pathlib import Path
        >>> from sklearn_halfnet import Gram
        >>> H = np.arange(4.0)[:, None]
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     Gram().update(H, 2 * H).save(Path(folder) / "sums.npz")
        ...     again = Gram.load(Path(folder) / "sums.npz")
        >>> np.round(again.solve(0)[0], 6)
        array([[2.]])
        """
        made = cls()
        try:
            # numpy leaves a file open that it finds broken.
            with open(path, "rb") as file:
                arrays = dict(np.load(file, allow_pickle=False))
            state = {
                name: value.item() if value.ndim == 0 else value
                for name, value in arrays.items()
            }
            made.__setstate__({**vars(made), **_checked_state(state, vars(made))})
        except (*_NO_SUMS, zipfile.BadZipFile) as error:
            raise ValueError(f"{path} is no file of Gram.save: {error}") from error
        return made


def _checked_state(state, known):
    """Raise ValueError unless shapes of what a file holds agree."""
    if {*known} - {*_ARRAYS} - {*state} or {*state} - {*known}:
        raise ValueError(f"it holds {sorted(state)}, not {sorted(known)}.")
    if {*_ARRAYS} & {*state}:
        k, m = np.shape(state["cross"])
        shapes = [(k,), (m,), (k * (k + 1) // 2,), (k, m), (m,)]
        found = [np.shape(state[name]) for name in _ARRAYS]
        if found != shapes:
            raise ValueError(f"its arrays are of shapes {found}, not {shapes}.")
    return state


def _centred(block, share, overwrite=False):
    """Centre a block by its weighted mean.

    Parameters
    ----------
    block : ndarray of shape (n_rows, n_columns)
    share : ndarray of shape (n_rows,)
        Weights that sum to 1.
    overwrite : bool, default=False
        Whether to centre the block in place.

    Returns
    -------
    centred : ndarray of shape (n_rows, n_columns)
        Of the block's type.
    mean : ndarray of shape (n_columns,), float64
    """
    share = share.astype(block.dtype)
    # Infinity is told by the caller.
    with np.errstate(invalid="ignore", over="ignore"):
        rough = share @ block
        centred = np.subtract(block, rough, out=block if overwrite else None)
    # What rounding left of the mean is small, and known to full relative precision.
    return centred, rough + (share @ centred).astype(np.float64)


def _real(data, name):
    """Return an array or sparse matrix of float32 or float64."""
    not_masked(data, name)
    data = data if sparse.issparse(data) else np.asarray(data)
    if data.dtype.kind == "c":
        raise ValueError(f"{name} is complex; real numbers are needed.")
    known = data.dtype in (np.float32, np.float64)
    return data if known else data.astype(np.float64)


def _checked_weight(weight):
    if weight is None:
        return None
    weight = _real(weight, "sample_weight").astype(np.float64, copy=False)
    if weight.ndim != 1:
        raise ValueError(f"sample_weight must be 1-D, got shape {weight.shape}.")
    _check_finite(sample_weight=weight)
    if (weight < 0).any():
        raise ValueError("sample_weight holds negative values.")
    return weight


def _check_finite(**arrays):
    for name, array in arrays.items():
        if not np.isfinite(array).all():
            raise ValueError(
                f"{name} holds NaN, infinity or values too large to be summed up."
            )
