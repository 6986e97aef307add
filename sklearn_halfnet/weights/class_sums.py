"""Random-sign sums of the training instances of one class."""

import numpy as np
from threadpoolctl import threadpool_limits

from sklearn_halfnet._checks import whole
from sklearn_halfnet._matmul import matmul, row_blocks
from sklearn_halfnet.weights._groups import groups_by_output
from sklearn_halfnet.weights.base import BaseWeights, unit_rows
from sklearn_halfnet.weights.binary import random_signs

__all__ = ["ClassSumWeights"]


class ClassSumWeights(BaseWeights):
    """Sums of all training rows of one class with random signs, scaled to norm 1.

    A unit looks along a random direction in which the instances of its class vary:
    with s_i = -1 or +1, its weights are the sum of s_i x_i over them. Units are shared
    out evenly among the classes. A real target's classes are its quantile bins; where
    there are several targets, or labels, units are shared out among all of them.

    Parameters
    ----------
    n_bins : int, default=10
        Number of bins of a real target.

    References
    ----------
    McDonnell, Tissera, Vladusich, van Schaik & Tapson, "Fast, Simple and Accurate
    Handwritten Digit Classification by Training Shallow Neural Network Classifiers
    with the 'Extreme Learning Machine' Algorithm", PLoS ONE 10(8), 2015: "Computed
    Input Weights for ELM" (CIW-ELM).

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_halfnet.weights import ClassSumWeights
    >>> X, y = np.array([[3.0, 4.0], [0.0, 1.0]]), np.array([0, 1])
    >>> weights = ClassSumWeights().sample(2, 2, np.random.default_rng(0), X, y)
    >>> np.sort(np.abs(weights), axis=0)
    array([[0. , 0.8],
           [0.6, 1. ]], dtype=float32)
    """

    kind_name = "class_sums"
    requires_X = True
    requires_y = True
    _parameter_constraints: dict = {"n_bins": [whole(2)]}

    def __init__(self, n_bins=10):
        self.n_bins = n_bins

    def _sample(self, n_units, n_features, rng, X, y):
        classes = [
            np.flatnonzero(groups == group)
            for groups in groups_by_output(y, self.n_bins)
            for group in range(groups.max() + 1)
        ]
        rng.shuffle(classes)
        weights = np.empty((n_units, n_features), dtype=np.float32)
        # One thread: the order of a sum, and so its last bit, depends on their number.
        with threadpool_limits(limits=1, user_api="blas"):
            for start, rows in enumerate(classes[:n_units]):
                units = slice(start, None, len(classes))
                n_sums = len(range(n_units)[units])
                weights[units] = _signed_sums(X[rows], n_sums, rng)
        return unit_rows(weights)


def _signed_sums(rows, n_sums, rng):
    """Sum the rows with random signs, n_sums times over."""
    sums = np.zeros((n_sums, rows.shape[1]), dtype=rows.dtype)
    for block in row_blocks(len(rows), n_sums * rows.itemsize):
        signs = random_signs((n_sums, block.stop - block.start), rng)
        sums += matmul(signs, rows[block])
    return sums
