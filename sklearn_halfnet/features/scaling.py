"""Centring and scaling of the inputs, as the first random layer sees them."""

from dataclasses import dataclass

import numpy as np
from scipy import sparse
from sklearn.utils.sparsefuncs import mean_variance_axis

from sklearn_halfnet._matmul import matmul, row_blocks

__all__ = ["InputScaling", "Moments", "all_finite", "working_columns"]

# A block of so many bytes is passed over several times without leaving the cache.
_CACHE_BYTES = 2**20

# Squares of float32 numbers of such magnitudes, and the sums of these, keep their bits.
_SQUARED_SAFELY = 1e-10, 1e15

# Squares of the largest inputs allowed can be added up this many times, squared.
_MANY = 2**14

# Start values from inputs that are all smaller would lose bits, or all.
_LEAST_INPUT = {np.dtype(np.float32): 1e-30, np.dtype(np.float64): 1e-140}


class InputScaling:
    """The map x -> x' = (x - mean) / scale, column by column.

    Parameters
    ----------
    mean : ndarray of shape (n_features,) or None
        What is subtracted; None subtracts nothing.
    scale : ndarray of shape (n_features,) or None
        What is divided by; None divides by nothing.
    feature_names : sequence of str or None
        Used in error messages.
    """

    def __init__(self, mean=None, scale=None, feature_names=None):
        self.mean = mean
        self.scale = scale
        self.feature_names = feature_names

    @classmethod
    def fit(cls, X, how, sample_weight=None, feature_names=None, spread=None):
        """Learn the map from training rows.

        Parameters
        ----------
        X : {ndarray, CSR matrix} of shape (n_samples, n_features)
        how : {"standard", "center"} or None
            Zero mean and unit variance; zero mean; or the inputs as they are.
        sample_weight : ndarray of shape (n_samples,) or None
        feature_names : sequence of str or None
            Used in error messages.
        spread : float, default=None
            Standard deviation of all columns together, to which one factor brings
            columns that are not scaled each for itself; None leaves them as they are.

        Returns
        -------
        scaling : InputScaling

        Raises
        ------
        ValueError
            If a column's values are too large or too small for their variance to be a
            floating-point number.
        """
        if how is None and spread is None:
            return cls(feature_names=feature_names)
        moments = Moments.of(X, sample_weight)
        return cls.from_moments(moments, how, feature_names, spread)

    @classmethod
    def from_moments(cls, moments, how, feature_names=None, spread=None):
        """Make the map from moments of the training rows; parameters as in ``fit``."""
        _refuse_columns(moments.too_large, "large", feature_names)
        _refuse_columns(moments.too_small, "small", feature_names)
        if how is None:  # the square of a constant counts, too
            far = np.abs(moments.mean) > np.sqrt(
                np.finfo(float).max / len(moments.mean)
            )
            _refuse_columns(far, "large", feature_names)
        mean, scale = None if how is None else moments.center, None
        if how == "standard":
            scale = moments.scale
        elif spread is not None:
            size = moments.spread(about_one_mean=how is None)
            scale = np.full(len(moments.mean), size / spread or 1.0)
        return cls(mean, scale, feature_names)

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
        else:
            scaled = self._dense(X, out)
        with np.errstate(over="ignore"):
            scaled = scaled.astype(dtype, copy=False)
        self._check_fits(scaled)
        return scaled

    def _dense(self, X, out):
        scaled = X
        if self.mean is not None:
            mean = self.mean.astype(X.dtype, copy=False)
            scaled = out = np.subtract(X, mean, out=out)
        if self.scale is not None:
            with np.errstate(over="ignore"):
                factor = (1 / self.scale).astype(X.dtype, copy=False)
            _refuse_columns(~np.isfinite(factor), "small", self.feature_names)
            with np.errstate(over="ignore"):
                scaled = np.multiply(scaled, factor, out=out)
        return scaled

    def _check_fits(self, scaled):
        """Refuse values whose squares, summed over many rows, would overflow."""
        dtype = scaled.dtype
        values = scaled.data if sparse.issparse(scaled) else scaled
        limit = np.sqrt(np.finfo(dtype).max) / _MANY
        if _within(values, limit):
            return
        large = np.flatnonzero(~(np.abs(values) <= limit).ravel())
        if len(large):
            columns = scaled.indices[large] if sparse.issparse(scaled) else large
            column = columns[0] % scaled.shape[1]
            raise ValueError(
                f"Column {_name(column, self.feature_names)} of X has values too large "
                f"for dtype={dtype.name!r} after scaling. Rescale this column"
                + ("." if dtype == np.float64 else ", or use dtype='float64'.")
            )

    def dense_rows(self, X, dtype):
        """Scale *and* centre a few rows; a sparse block becomes dense."""
        return self.transform(X.toarray() if sparse.issparse(X) else X, dtype)

    def start_rows(self, X, dtype):
        """Do the same for rows from which start values are computed.

        Raises
        ------
        ValueError
            If the rows differ, but by too little for ``dtype``.
        """
        X = X.toarray() if sparse.issparse(X) else X
        scaled = self.transform(X, dtype)
        peak = np.abs(scaled).max(initial=0)
        if peak < _LEAST_INPUT[scaled.dtype]:
            self._refuse_vanishing(X, scaled.dtype)
        return scaled

    def _refuse_vanishing(self, X, dtype):
        exact = np.abs(self.transform(X, np.float64)).max(axis=0)
        if exact.any():
            column = _name(int(exact.argmax()), self.feature_names)
            raise ValueError(
                f"Column {column} of X, the largest, has values too small for "
                f"dtype={dtype.name!r}: up to {exact.max():.3g}. Rescale X, or use "
                "input_scaling='standard'."
            )

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
        zero = np.zeros(block.shape[1])
        return Moments(0.0, zero, zero, zero, eps)
    share = (weight / total).astype(block.dtype)
    peak = np.maximum(block.max(axis=0), -block.min(axis=0))
    unit = _unit(peak)
    if unit is not None:
        block = block / unit
    rough = share @ block
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        deviation = block - rough
        # What rounding left of the mean is small, and known to full precision.
        rest = (share @ deviation).astype(np.float64)
        square = (share @ np.square(deviation, out=deviation)).astype(np.float64)
        square = total * np.maximum(square - rest**2, 0)
    return _in_units(Moments(total, rough + rest, square, peak, eps), unit)


def _sparse_moments(X, sample_weight):
    peak = np.zeros(X.shape[1], X.dtype)
    np.maximum.at(peak, X.indices, np.abs(X.data))
    unit, eps = _unit(peak), np.finfo(X.dtype).eps
    if unit is not None:
        X = X.multiply(1 / unit).tocsr().astype(X.dtype)
    # scikit-learn takes weights of the type of X only.
    share = None if sample_weight is None else sample_weight / sample_weight.max()
    share = None if share is None else share.astype(X.dtype)
    mean, variance = mean_variance_axis(X, axis=0, weights=share)
    total = float(X.shape[0] if sample_weight is None else sample_weight.sum())
    square = variance.astype(np.float64) * total
    return _in_units(Moments(total, mean.astype(np.float64), square, peak, eps), unit)


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


def _in_units(moments, unit):
    """Turn moments of columns divided by ``unit`` into those of the columns."""
    if unit is None:
        return moments
    unit = unit.astype(np.float64)
    mean, square = moments.mean * unit, moments.square * unit**2
    return Moments(moments.total, mean, square, moments.peak, moments.eps)


def _within(values, limit):
    """Whether the root of the sum of squares is: one pass of BLAS over all values."""
    flat = values.ravel(order="K")
    with np.errstate(over="ignore", invalid="ignore"):
        return bool(np.sqrt(np.dot(flat, flat)) <= limit)


def all_finite(values):
    """Tell whether all values are finite, in a single pass if they are of any size."""
    largest = np.finfo(values.dtype).max
    return _within(values, largest) or bool(np.isfinite(values).all())


def _refuse_columns(bad, size, feature_names):
    if bad.any():
        column = int(np.flatnonzero(bad)[0])
        raise ValueError(
            f"Column {_name(column, feature_names)} of X has values too {size} to be "
            "scaled: their variance is not a floating-point number. Rescale this "
            "column."
        )


def _name(column, feature_names):
    return column if feature_names is None else repr(str(feature_names[column]))
