"""What columns are centred at, divided by and limited to: the rules by name.

A rule is a function of the moments of all training rows, and of some rows of which
quantiles can be taken; it returns mean, scale and limit of each column, any of the
three None.
"""

import numpy as np
from scipy import sparse

from sklearn_halfnet._matmul import row_blocks

__all__ = [
    "SCALINGS",
    "columns_of_one_unit",
    "median_of_rows",
    "rows_of_quartiles",
]

# Robustly scaled values are within it: of a normal distribution, 4 standard deviations
# become 2.1, and 2 become 1.33 instead of 1.48.
_LIMIT = 3.0

# Of "auto": the interquartile range of a normal distribution, in deviations, and the
# least share of a column's deviation that is its scale.
_NORMAL_RANGE = 1.349
_LEAST_SHARE = 0.001

_QUARTILE_ROWS = 10_000

# Columns that may have a smaller maximum than the group get so far, or are zero in so
# many rows, ...
_NEAR_PEAK, _MOSTLY_ZERO = 0.5, 0.5
# ... the group is zero in so many of its entries, for measurements without a zero point
# can begin at zero, too, ...
_ZEROS_OF_GROUP = 0.25
# ... and so many of its columns have the largest value.
_COLUMNS_AT_PEAK = 0.5

# Relative, of sums of weights: whether these reach a share must not hang on rounding.
_SLACK = 1e-9

# Columns of which quantiles are taken at a time.
_BLOCK_BYTES = 16 * 2**20


def columns_of_one_unit(moments):
    """Find the columns that share a unit: pixels, counts, the columns of one-hot codes.

    Such columns begin at zero, many (two or more) end at the same largest value, and
    they are often zero. A column that does not reach the largest value, such as a pixel
    at the border, belongs to them if it gets half as far, or is zero in most rows.

    Parameters
    ----------
    moments : Moments

    Returns
    -------
    group : ndarray of shape (n_features,), bool
        Two columns or more, or none.
    """
    nothing = np.zeros(len(moments.mean), bool)
    candidates = (moments.low == 0) & ~moments.is_constant
    peaks, counts = np.unique(moments.high[candidates], return_counts=True)
    if counts.max(initial=0) < 2:
        return nothing
    peak = peaks[counts == counts.max()][-1]
    zeros = moments.zeros / moments.total + _SLACK
    near = moments.high >= peak * _NEAR_PEAK
    smaller = (moments.high < peak) & (near | (zeros >= _MOSTLY_ZERO))
    group = candidates & ((moments.high == peak) | smaller)
    at_peak = (moments.high[group] == peak).mean()
    if at_peak < _COLUMNS_AT_PEAK or zeros[group].mean() < _ZEROS_OF_GROUP:
        return nothing
    return group


def _standard(moments, rows):
    return moments.center, moments.scale, None


def _center(moments, rows):
    return moments.center, None, None


def _auto(moments, rows):
    group = columns_of_one_unit(moments)
    mean, scale = moments.center, moments.scale
    if group.any():
        # A pixel that no row has lit shares the unit with those that are.
        dark = moments.is_constant & (moments.high == 0)
        scale[group | dark] = moments.of_columns(group).spread() or 1.0
    others = ~group & ~moments.is_constant
    if not others.any():
        return mean, scale, None
    mean[others], width = _median_and_range(*rows, others)
    deviation = scale[others]
    narrow = np.clip(width / _NORMAL_RANGE, _LEAST_SHARE * deviation, deviation)
    scale[others] = np.where(width > 0, narrow, deviation)
    return mean, scale, np.where(group, np.inf, _LIMIT)


def _robust(moments, rows):
    X, weight = rows
    if sparse.issparse(X):
        raise ValueError(
            "input_scaling='robust' limits values about the median, which would make a "
            "sparse X dense. Use 'auto' or 'standard', or a dense X."
        )
    median, width = _median_and_range(X, weight, np.full(X.shape[1], True))
    half_range = (moments.high.astype(np.float64) - moments.low) / 2
    width = np.where(width > 0, width, half_range)
    constant = moments.is_constant
    mean = np.where(constant, moments.center, median)
    return mean, np.where(constant, 1.0, width), np.full(len(mean), _LIMIT)


def rows_of_quartiles(n_samples, weight):
    """Choose rows of which quartiles are taken: all, or many at even distances.

    Sorting more would take longer than a fit in closed form.

    Parameters
    ----------
    n_samples : int
    weight : ndarray of shape (n_samples,) or None
        Rows of weight zero are not taken.

    Returns
    -------
    rows : ndarray of int
        Increasing.
    """
    rows = np.arange(n_samples) if weight is None else np.flatnonzero(weight > 0)
    if len(rows) <= _QUARTILE_ROWS:
        return rows
    return rows[np.linspace(0, len(rows) - 1, _QUARTILE_ROWS).astype(int)]


# Values of ``input_scaling``, beside None.
SCALINGS = {
    "auto": _auto,
    "standard": _standard,
    "robust": _robust,
    "center": _center,
}


def _median_and_range(X, weight, columns):
    """Median and interquartile range of some of the columns."""
    few = rows_of_quartiles(X.shape[0], weight)
    weight = None if weight is None else weight[few]
    lower, median, upper = _quartiles(X[np.ix_(few, columns)], weight)
    return median, upper - lower


def median_of_rows(column, weight):
    """Median of a column's values that are not missing.

    Parameters
    ----------
    column : ndarray of shape (n_samples,)
        With NaN where a value is missing.
    weight : ndarray of shape (n_samples,) or None

    Returns
    -------
    median : float
        Zero where all values are missing.
    """
    present = ~np.isnan(column)
    if weight is not None:
        present &= weight > 0
    rows = np.flatnonzero(present)
    if len(rows) == 0:
        return 0.0
    rows = rows[rows_of_quartiles(len(rows), None)]
    weight = None if weight is None else weight[rows]
    return float(_quartiles(column[rows, None], weight)[1, 0])


def _quartiles(X, weight):
    """Quartiles of each column, (3, n_features).

    A quartile is the smallest value up to which there is the quarter of the weight, or
    the mean of this value and the next where it is exactly the quarter. So a weight of
    two is a row twice, and only proportions of weights count.
    """
    ranks, n_features = np.array([0.25, 0.5, 0.75]), X.shape[1]
    quartiles = np.empty((len(ranks), n_features))
    for columns in row_blocks(n_features, 8 * len(X), _BLOCK_BYTES):
        block = X[:, columns].astype(np.float64)
        quartiles[:, columns] = (
            np.quantile(block, ranks, axis=0, method="averaged_inverted_cdf")
            if weight is None
            else _weighted_quantiles(block, weight, ranks)
        )
    return quartiles


def _weighted_quantiles(X, weight, ranks):
    order = np.argsort(X, axis=0)
    values = np.take_along_axis(X, order, axis=0)
    below = np.cumsum(weight[order], axis=0)
    quantiles = []
    slack = _SLACK * weight.sum()
    for share in ranks * weight.sum():
        # Rows at which a sum grows: never one of weight zero.
        ends = np.array([(below < share + s).sum(axis=0) for s in (-slack, slack)])
        quantiles.append(np.take_along_axis(values, ends, axis=0).mean(axis=0))
    return quantiles
