"""Means, variances and ranges of columns, which add up over rows."""

from dataclasses import dataclass

import numpy as np
from scipy import sparse
from sklearn.utils.sparsefuncs import mean_variance_axis

from sklearn_halfnet._matmul import row_blocks

__all__ = ["Moments"]

# A block of so many bytes is passed over several times without leaving the cache.
_CACHE_BYTES = 2**20

# Squares of float32 numbers of such magnitudes, and the sums of these, keep their bits.
_SQUARED_SAFELY = 1e-10, 1e15


@dataclass
class Moments:
    """Weighted mean, squares and range of columns, which add up over rows.

    Parameters
    ----------
    total : float
        Sum of the weights.
    mean : ndarray of shape (n_features,)
    square : ndarray of shape (n_features,)
        Weighted sum of squares about the mean.
    low, high : ndarray of shape (n_features,)
        Smallest and largest value.
    zeros : ndarray of shape (n_features,)
        Sum of the weights of rows in which a column is zero.
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
    low: np.ndarray
    high: np.ndarray
    zeros: np.ndarray
    eps: float

    @classmethod
    def of(cls, X, sample_weight=None):
        """Sum up the rows of an ndarray or CSR matrix."""
        n_rows, n_features = X.shape
        found = cls._of_no_rows(n_features, np.finfo(X.dtype).eps)
        if sparse.issparse(X):
            return found.merged(_sparse_moments(*_of_weight(X, sample_weight)))
        for rows in row_blocks(n_rows, n_features * X.itemsize, _CACHE_BYTES):
            weight = None if sample_weight is None else sample_weight[rows]
            # Rounded alike whatever the order in memory.
            block = np.ascontiguousarray(X[rows])
            found = found.merged(_block_moments(*_of_weight(block, weight)))
        return found

    @classmethod
    def _of_no_rows(cls, n_features, eps):
        zero, most = np.zeros(n_features), np.full(n_features, np.inf)
        return cls(0.0, zero, zero, most, -most, zero, eps)

    def merged(self, other):
        """Return the moments of the rows of both."""
        total = self.total + other.total
        share = other.total / total if total else 0.0
        step = other.mean - self.mean
        with np.errstate(over="ignore", invalid="ignore"):
            between = step**2 * (other.total * (1 - share))
            square = self.square + other.square + between
        return Moments(
            total,
            self.mean + step * share,
            square,
            np.minimum(self.low, other.low),
            np.maximum(self.high, other.high),
            self.zeros + other.zeros,
            max(self.eps, other.eps),
        )

    def of_columns(self, columns):
        """Return the moments of some columns."""
        arrays = (self.mean, self.square, self.low, self.high, self.zeros)
        return Moments(self.total, *(array[columns] for array in arrays), self.eps)

    @property
    def peak(self):
        """Largest magnitude of each column."""
        return np.maximum(self.high, -self.low)

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

    def spread(self, *, about_one_mean=False):
        """Compute the standard deviation of all columns together.

        Parameters
        ----------
        about_one_mean : bool, default=False
            Whether to take it about the mean of all columns, not each about its own.

        Returns
        -------
        spread : float
            Zero if rounding alone can show it.
        """
        variance = (self.variance / len(self.mean)).sum()
        if about_one_mean:
            variance += self.mean.var()
        rounding = (10 * self.eps * np.abs(self.mean).max(initial=0)) ** 2
        return float(np.sqrt(variance)) if variance > rounding else 0.0


def _of_weight(X, weight):
    """Leave out rows of weight zero: not even their largest values count."""
    if weight is None or weight.all():
        return X, weight
    return X[weight > 0], weight[weight > 0]


def _block_moments(block, weight):
    weight = np.ones(len(block)) if weight is None else weight
    total, eps = float(weight.sum()), np.finfo(block.dtype).eps
    if total == 0:
        return Moments._of_no_rows(block.shape[1], eps)
    share = (weight / total).astype(block.dtype)
    low, high, zeros = block.min(axis=0), block.max(axis=0), weight @ (block == 0)
    unit = _unit(np.maximum(high, -low))
    if unit is not None:
        block = block / unit
    rough = share @ block
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        deviation = block - rough
        # What rounding left of the mean is small, and known to full precision.
        rest = (share @ deviation).astype(np.float64)
        square = (share @ np.square(deviation, out=deviation)).astype(np.float64)
        square = total * np.maximum(square - rest**2, 0)
    mean, square = _in_units(rough + rest, square, unit)
    return Moments(total, mean, square, low, high, zeros, eps)


def _sparse_moments(X, sample_weight):
    n_rows, n_features = X.shape
    eps = np.finfo(X.dtype).eps
    if n_rows == 0:
        return Moments._of_no_rows(n_features, eps)
    low, high = _sparse_range(X)
    unit = _unit(np.maximum(high, -low))
    scaled = X if unit is None else X.multiply(1 / unit).tocsr().astype(X.dtype)
    # scikit-learn takes weights of the type of X only.
    share = None if sample_weight is None else sample_weight / sample_weight.max()
    share = None if share is None else share.astype(X.dtype)
    mean, variance = mean_variance_axis(scaled, axis=0, weights=share)
    weight = np.ones(n_rows) if sample_weight is None else sample_weight
    total, stored = float(weight.sum()), np.repeat(weight, np.diff(X.indptr))
    filled = np.bincount(X.indices, stored * (X.data != 0), minlength=n_features)
    mean, square = mean.astype(np.float64), variance.astype(np.float64) * total
    return Moments(
        total, *_in_units(mean, square, unit), low, high, total - filled, eps
    )


def _sparse_range(X):
    """Smallest and largest value of each column; what is not stored is zero."""
    n_rows, n_features = X.shape
    low = np.full(n_features, np.inf, X.dtype)
    high = -low
    np.minimum.at(low, X.indices, X.data)
    np.maximum.at(high, X.indices, X.data)
    has_gaps = np.bincount(X.indices, minlength=n_features) < n_rows
    low[has_gaps] = np.minimum(low[has_gaps], 0)
    high[has_gaps] = np.maximum(high[has_gaps], 0)
    return low, high


def _unit(peak):
    """Powers of two in which float32 columns are squared; None if all are of size one.

    float64 takes squares of all but the most extreme columns, which are refused.
    """
    low, high = _SQUARED_SAFELY
    safe = ((peak >= low) & (peak <= high)) | (peak == 0)
    if peak.dtype != np.float32 or safe.all():
        return None
    # So that the reciprocal is a normal number, too.
    exponent = np.clip(np.frexp(peak)[1], -126, 126)
    return np.where(safe, 1, np.ldexp(1.0, exponent)).astype(np.float32)


def _in_units(mean, square, unit):
    """Turn moments of columns divided by ``unit`` into those of the columns."""
    if unit is None:
        return mean, square
    unit = unit.astype(np.float64)
    return mean * unit, square * unit**2
