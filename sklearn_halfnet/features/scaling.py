"""Centring and scaling of the inputs, as the first random layer sees them."""

import numpy as np
from scipy import sparse
from sklearn.utils.sparsefuncs import mean_variance_axis

from sklearn_halfnet._matmul import matmul, row_blocks

__all__ = ["InputScaling", "working_columns"]

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
        moments = _sparse_moments if sparse.issparse(X) else _dense_moments
        mean, variance = moments(X, sample_weight)
        too_large = ~np.isfinite(mean) | ~np.isfinite(variance)
        _refuse_columns(too_large, "large", feature_names)
        _refuse_columns(_underflown(X, mean, variance), "small", feature_names)
        if how == "center":
            return cls(mean)
        constant = variance <= _rounding_variance(mean, X)
        return cls(mean, np.where(constant, 1.0, np.sqrt(variance)))

    def transform(self, X, dtype, *, overwrite=False):
        """Scale a block of rows; a sparse block is scaled but not centred.

        Parameters
        ----------
        X : {ndarray, CSR matrix} of shape (n_rows, n_features)
        dtype : dtype
            Of the result.
        overwrite : bool, default=False
            Whether a dense X may be overwritten.

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
            scaled = np.subtract(X, mean, out=X if overwrite else None)
        if self.scale is not None:
            scaled *= (1 / self.scale).astype(X.dtype, copy=False)
        with np.errstate(over="ignore"):
            scaled = scaled.astype(dtype, copy=False)
        _check_fits(scaled, dtype)
        return scaled

    def dense_rows(self, X, dtype):
        """Scale *and* centre a few rows; a sparse block becomes dense."""
        return self.transform(X.toarray() if sparse.issparse(X) else X, dtype)

    def project(self, X, weights, dtype, *, overwrite=False, out=None):
        """Compute x' W^T for a block of rows, without densifying a sparse block.

        Parameters
        ----------
        X : {ndarray, CSR matrix} of shape (n_rows, n_features)
        weights : {ndarray, CSR array} of shape (n_units, n_features)
        dtype : dtype
        overwrite : bool, default=False
            Whether a dense X may be overwritten.
        out : ndarray of shape (n_rows, n_units), default=None
            Where to write the projection; else it is allocated.

        Returns
        -------
        projection : ndarray of shape (n_rows, n_units)
        """
        scaled = self.transform(X, dtype, overwrite=overwrite)
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


def _dense_moments(X, sample_weight):
    """Weighted mean and variance, merged over blocks (Chan et al. 1983)."""
    n_rows, n_features = X.shape
    total, mean, m2 = 0.0, np.zeros(n_features), np.zeros(n_features)
    for rows in row_blocks(n_rows, n_features * X.itemsize, _CACHE_BYTES):
        weight = None if sample_weight is None else sample_weight[rows]
        block_total, block_mean, block_m2 = _block_moments(X[rows], weight)
        total += block_total
        if total == 0:
            continue
        delta = block_mean - mean
        mean += delta * (block_total / total)
        with np.errstate(over="ignore", invalid="ignore"):
            m2 += block_m2 + delta**2 * (block_total * (1 - block_total / total))
    return mean, m2 / total


def _block_moments(block, weight):
    """Total weight, mean and sum of squares about the mean; float64."""
    weight = np.ones(len(block)) if weight is None else weight
    total = float(weight.sum())
    if total == 0:
        return 0.0, np.zeros(block.shape[1]), np.zeros(block.shape[1])
    share = (weight / total).astype(block.dtype)
    rough = share @ block
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        deviation = block - rough
        # What rounding left of the mean is small, and known to full precision.
        rest = (share @ deviation).astype(np.float64)
        square = (share @ np.square(deviation, out=deviation)).astype(np.float64)
        return total, rough + rest, total * np.maximum(square - rest**2, 0)


def _sparse_moments(X, sample_weight):
    mean, variance = mean_variance_axis(X, axis=0, weights=sample_weight)
    return mean.astype(np.float64), variance.astype(np.float64)


def _rounding_variance(mean, X):
    """Variance that a constant column can show from rounding alone."""
    eps = np.finfo(X.dtype).eps
    return (10 * eps * np.abs(mean)) ** 2


def _underflown(X, mean, variance):
    """Columns whose variance is zero in floating point only."""
    tiny = (variance == 0) & (np.abs(mean) < 1e-150)
    for column in np.flatnonzero(tiny):
        tiny[column] = abs(X[:, [column]]).max() > 0
    return tiny


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
        finite = np.isfinite(scaled.sum(dtype=np.float64))
    if not finite:
        raise ValueError(
            f"X has values too large for dtype={np.dtype(dtype).name!r} after "
            "scaling. Rescale them, or use dtype='float64'."
        )
