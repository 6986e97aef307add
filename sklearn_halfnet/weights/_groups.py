"""Groups of training rows by target, for the kinds that are made from classes."""

import numpy as np

__all__ = ["groups_by_output"]


def groups_by_output(y, n_bins):
    """Sort training rows into groups, once for each output.

    Parameters
    ----------
    y : ndarray of shape (n_rows,) or (n_rows, n_outputs)
        A column of integers, or of at most two values, holds classes; any other holds
        real targets, which are cut at their quantiles.
    n_bins : int
        Number of groups of a real target: 2 cuts it at its median.

    Returns
    -------
    groups : list of int ndarray of shape (n_rows,)
        One an output: each row's group, numbered from 0 without a gap.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_halfnet.weights._groups import groups_by_output
    >>> groups_by_output(np.array([0.1, 0.2, 0.5, 0.9]), n_bins=2)
    [array([0, 0, 1, 1])]
    """
    return [_groups(column, n_bins) for column in y.reshape(len(y), -1).T]


def _groups(column, n_bins):
    values, index = np.unique(column, return_inverse=True)
    if column.dtype.kind != "f" or len(values) <= 2:
        return index
    edges = np.quantile(column, np.arange(1, n_bins) / n_bins)
    # An edge itself belongs to the bin above it, unless nothing lies below any edge
    # because most targets are tied at the smallest value.
    side = "left" if edges[-1] == values[0] else "right"
    return np.unique(np.searchsorted(edges, column, side), return_inverse=True)[1]
