"""What columns are centred at, divided by and limited to: the rules by name.

A rule is a function of the moments of all training rows, and of some rows of which
quantiles can be taken; it returns mean and scale of each column and a limit, any of
them None.
"""

import numpy as np
from scipy import sparse

from sklearn_halfnet._matmul import row_blocks

__all__ = ["SCALINGS", "columns_of_one_unit"]

# Robustly scaled values are within it: of a normal distribution, 4 standard deviations
# become 2.1, and 2 become 1.33 instead of 1.48.
_LIMIT = 3.0

# What "auto" makes of columns that share no unit.
_OTHER_COLUMNS = "standard"

# Columns that may have a smaller maximum than the group are zero in so many rows, ...
_MOSTLY_ZERO = 0.5
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
    at the border, belongs to them if it is zero in most rows.

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
    smaller = (moments.high < peak) & (zeros >= _MOSTLY_ZERO)
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
    mean, scale, limit = SCALINGS[_OTHER_COLUMNS](moments, rows)
    group = columns_of_one_unit(moments)
    if group.any():
        spread = moments.of_columns(group).spread() or 1.0
        mean = np.where(group, moments.mean, mean)
        scale = np.where(group, spread, scale)
    return mean, scale, limit


def _robust(moments, rows):
    X, weight = rows
    if sparse.issparse(X):
        raise ValueError(
            "input_scaling='robust' limits values about the median, which would make a "
            "sparse X dense. Use 'auto' or 'standard', or a dense X."
        )
    lower, median, upper = _quartiles(X, weight)
    width = upper - lower
    half_range = (moments.high.astype(np.float64) - moments.low) / 2
    width = np.where(width > 0, width, half_range)
    constant = moments.is_constant
    return (
        np.where(constant, moments.center, median),
        np.where(constant, 1.0, width),
        _LIMIT,
    )


# Values of ``input_scaling``, beside None.
SCALINGS = {
    "auto": _auto,
    "standard": _standard,
    "robust": _robust,
    "center": _center,
}


def _quartiles(X, weight):
    """Quartiles of each column, (3, n_features).

    A quartile is the smallest value up to which there is the quarter of the weight, or
    the mean of this value and the next where it is exactly the quarter. So a weight of
    two is a row twice, and only proportions of weights count.
    """
    ranks, n_features = np.array([0.25, 0.5, 0.75]), X.shape[1]
    if weight is not None:
        X, weight = X[weight > 0], weight[weight > 0]
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
    for share in ranks * weight.sum():
        slack = _SLACK * weight.sum()
        ends = [(below < share + sign * slack).sum(axis=0) for sign in (-1, 1)]
        ends = np.minimum(ends, len(X) - 1)
        quantiles.append(np.take_along_axis(values, ends, axis=0).mean(axis=0))
    return quantiles
