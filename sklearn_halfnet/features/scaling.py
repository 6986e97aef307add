"""Centring and scaling of the inputs, as the first random layer sees them."""

from dataclasses import dataclass

import numpy as np
from scipy import sparse
from sklearn.utils.sparsefuncs import mean_variance_axis

from sklearn_halfnet._matmul import matmul, row_blocks

__all__ = ["InputScaling", "Moments", "working_columns"]

# A block of so many bytes is passed over several times without leaving the cache.
_CACHE_BYTES = 2**20


class InputScaling:
    """The map x -> x' = (x - mean) / scale, column by column.

    Parameters
    ----------
    mean : ndarray of shape (n_features,) or None
        What is subtracted; None subtracts nothing.
    scale : ndarray of shape (n_features,) or None
        What is divided by; None divides by nothing.
    """

    def __init__(self, mean=None, scale=None):
        self.mean = mean
        self.scale = scale

    @classmethod
    def fit(cls, X, how, sample_weight=None, feature_names=None):
        """Learn the map from training rows.

        Parameters
        ----------
        X : {ndarray, CSR matrix} of shape (n_samples, n_features)
        how : {"standard", "center"} or None
            Zero mean and unit variance; zero mean; or the inputs as they are.
        sample_weight : ndarray of shape (n_samples,) or None
        feature_names : sequence of str or None
            Used in error messages.

        Returns
        -------
        scaling : InputScaling

        Raises
        ------
        ValueError
            If a column's values are too large or too small for their variance to be a
            floating-point number.
        """
        if how is None:
            return cls()
        return cls.from_moments(Moments.of(X, sample_weight), how, feature_names)

    @classmethod
    def from_moments(cls, moments, how, feature_names=None):
        """Make the map from moments of the training rows; parameters as in ``fit``."""
        _refuse_columns(moments.too_large, "large", feature_names)
        _refuse_columns(moments.too_small, "small", feature_names)
        return cls(moments.center, None if how == "center" else moments.scale)

    def transform(self, X, dtype, *, out=None):
        """Scale a block of rows; a sparse block is scaled but not centred.

        Parameters
        ----------
        X : {ndarray, CSR matrix} of shape (n_rows, n_features)
        dtype : dtype
            Of the result.
        out : ndarray of shape (n_rows, n_features), default=None
            Memory of X's type for a dense X less the mean: new memory takes longer than
            the arithmetic. It may be X itself.

        Returns
        -------
        scaled : ndarray or CSR matrix, same shape

        Raises
        ------
        ValueError
            If a scaled value is too large for ``dtype``.
        """
        if sparse.issparse(X):
            scaled = X if self.scale is None else X.multiply(1 / self.scale).tocsr()
            scaled = scaled.astype(dtype)
            _check_fits(scaled.data, dtype)
            return scaled
        scaled = X
        if self.mean is not None:
            mean = self.mean.astype(X.dtype, copy=False)
            scaled = np.subtract(X, mean, out=out)
        if self.scale is not None:
            scaled *= (1 / self.scale).astype(X.dtype, copy=False)
        with np.errstate(over="ignore"):
            scaled = scaled.astype(dtype, copy=False)
        _check_fits(scaled, dtype)
        return scaled

    def dense_rows(self, X, dtype):
        """Scale *and* centre a few rows; a sparse block becomes dense."""
        return self.transform(X.toarray() if sparse.issparse(X) else X, dtype)

    def project(self, X, weights, dtype, *, scaled=None, out=None):
        """Compute x' W^T for a block of rows, without densifying a sparse block.

        Parameters
        ----------
        X : {ndarray, CSR matrix} of shape (n_rows, n_features)
        weights : {ndarray, CSR array} of shape (n_units, n_features)
        dtype : dtype
        scaled : ndarray of shape (n_rows, n_features), default=None
            Memory for the scaled rows, as in ``transform``.
        out : ndarray of shape (n_rows, n_units), default=None
            Where to write the projection; else it is allocated.

        Returns
        -------
        projection : ndarray of shape (n_rows, n_units)
        """
        scaled = self.transform(X, dtype, out=scaled)
        projection = matmul(scaled, weights.T, out=out)
        if sparse.issparse(X) and self.mean is not None:
            center = self.mean if self.scale is None else self.mean / self.scale
            projection -= np.asarray(weights @ center, dtype=dtype)
        return projection

    @property
    def nbytes(self):
        """Bytes that the map occupies in a model."""
        return sum(a.nbytes for a in (self.mean, self.scale) if a is not None)


def working_columns(X, layers):
    """Width of the widest array when a block of X passes through some layers.

    Parameters
    ----------
    X : {ndarray, CSR matrix} of shape (n_samples, n_features)
        A sparse block stays sparse: its features do not count.
    layers : list of HiddenLayer

    Returns
    -------
    n_columns : int
    """
    n_features = 0 if sparse.issparse(X) else X.shape[1]
    return max([n_features, *(layer.n_units for layer in layers)])


@dataclass
class Moments:
    """Weighted mean and squares of columns, which add up over rows.

    Parameters
    ----------
    total : float
        Sum of the weights.
    mean : ndarray of shape (n_features,)
    square : ndarray of shape (n_features,)
        Weighted sum of squares about the mean.
    peak : ndarray of shape (n_features,)
        Largest magnitude.
    eps : float
        Relative rounding error of the values.

    References
    ----------
    T. F. Chan, G. H. Golub, R. J. LeVeque, "Algorithms for computing the sample
    variance", The American Statistician 37 (1983), equation 2.1.
    """

    total: float
    mean: np.ndarray
    square: np.ndarray
    peak: np.ndarray
    eps: float

    @classmethod
    def of(cls, X, sample_weight=None):
        """Sum up the rows of an ndarray or CSR matrix."""
        n_rows, n_features = X.shape
        zero = np.zeros(n_features)
        found = cls(0.0, zero, zero, zero, np.finfo(X.dtype).eps)
        if sparse.issparse(X):
            return found.merged(_sparse_moments(*_of_weight(X, sample_weight)))
        for rows in row_blocks(n_rows, n_features * X.itemsize, _CACHE_BYTES):
            weight = None if sample_weight is None else sample_weight[rows]
            # Rounded alike whatever the order in memory.
            block = np.ascontiguousarray(X[rows])
            found = found.merged(_block_moments(*_of_weight(block, weight)))
        return found

    def merged(self, other):
        """Return the moments of the rows of both."""
        total = self.total + other.total
        share = other.total / total if total else 0.0
        step = other.mean - self.mean
        with np.errstate(over="ignore", invalid="ignore"):
            between = step**2 * (other.total * (1 - share))
            square = self.square + other.square + between
        peak = np.maximum(self.peak, other.peak)
        eps = max(self.eps, other.eps)
        return Moments(total, self.mean + step * share, square, peak, eps)

    @property
    def variance(self):
        """Variance of each column."""
        return self.square / self.total

    @property
    def too_large(self):
        """Which columns' variance is not a floating-point number."""
        return ~np.isfinite(self.mean) | ~np.isfinite(self.variance)

    @property
    def too_small(self):
        """Which columns' variance is zero in floating point only."""
        return (self.variance == 0) & (np.abs(self.mean) < 1e-150) & (self.peak > 0)

    @property
    def is_constant(self):
        """Which columns' variance can come from rounding alone."""
        return self.variance <= (10 * self.eps * np.abs(self.mean)) ** 2

    @property
    def center(self):
        """Mean of each column; of a constant one its value, without rounding."""
        return np.where(self.is_constant, np.copysign(self.peak, self.mean), self.mean)

    @property
    def scale(self):
        """Standard deviation of each column, 1 of a constant one."""
        return np.where(self.is_constant, 1.0, np.sqrt(self.variance))


def _of_weight(X, weight):
    """Leave out rows of weight zero: not even their largest values count."""
    if weight is None or weight.all():
        return X, weight
    return X[weight > 0], weight[weight > 0]


def _block_moments(block, weight):
    weight = np.ones(len(block)) if weight is None else weight
    total, eps = float(weight.sum()), np.finfo(block.dtype).eps
    if total == 0:
        zero = np.zeros(block.shape[1])
        return Moments(0.0, zero, zero, zero, eps)
    share = (weight / total).astype(block.dtype)
    rough = share @ block
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        deviation = block - rough
        # What rounding left of the mean is small, and known to full precision.
        rest = (share @ deviation).astype(np.float64)
        square = (share @ np.square(deviation, out=deviation)).astype(np.float64)
        square = total * np.maximum(square - rest**2, 0)
    peak = np.maximum(block.max(axis=0), -block.min(axis=0))
    return Moments(total, rough + rest, square, peak, eps)


def _sparse_moments(X, sample_weight):
    mean, variance = mean_variance_axis(X, axis=0, weights=sample_weight)
    total = float(X.shape[0] if sample_weight is None else sample_weight.sum())
    peak = np.asarray(abs(X).max(axis=0).todense()).ravel()
    square = variance.astype(np.float64) * total
    return Moments(total, mean.astype(np.float64), square, peak, np.finfo(X.dtype).eps)


def _refuse_columns(bad, size, feature_names):
    if bad.any():
        column = int(np.flatnonzero(bad)[0])
        name = column if feature_names is None else repr(str(feature_names[column]))
        raise ValueError(
            f"Column {name} of X has values too {size} to be scaled: their variance "
            "is not a floating-point number. Rescale this column."
        )


def _check_fits(scaled, dtype):
    with np.errstate(over="ignore", invalid="ignore"):
        # In their own type first: several times faster, and seldom not finite.
        finite = np.isfinite(scaled.sum()) or np.isfinite(scaled).all()
    if not finite:
        raise ValueError(
            f"X has values too large for dtype={np.dtype(dtype).name!r} after "
            "scaling. Rescale them, or use dtype='float64'."
        )
