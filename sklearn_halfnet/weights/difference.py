"""Differences of two training instances of different classes."""

import numpy as np

from sklearn_halfnet.weights._groups import groups_by_output
from sklearn_halfnet.weights.base import BaseWeights, unit_rows

__all__ = ["DifferenceWeights"]


class DifferenceWeights(BaseWeights):
    """Differences of two training rows of different classes, scaled to norm 1.

    A unit looks along a line that leads from one class to another. For a real target
    the two rows lie on different sides of its median; where there are several targets,
    or labels, each unit takes one of them at random.

    References
    ----------
    McDonnell, Tissera, Vladusich, van Schaik & Tapson, "Fast, Simple and Accurate
    Handwritten Digit Classification by Training Shallow Neural Network Classifiers
    with the 'Extreme Learning Machine' Algorithm", PLoS ONE 10(8), 2015: "Constrained
    Weights for ELM" (C-ELM).

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_halfnet.weights import DifferenceWeights
    >>> X, y = np.array([[1.0, 0.0], [1.0, 5.0]]), np.array([0, 1])
    >>> np.abs(DifferenceWeights().sample(2, 2, np.random.default_rng(0), X, y))
    array([[0., 1.],
           [0., 1.]], dtype=float32)
    """

    kind_name = "difference"
    requires_X = True
    requires_y = True

    def _sample(self, n_units, n_features, rng, X, y):
        outputs = [group for group in groups_by_output(y, n_bins=2) if group.any()]
        if not outputs:
            raise ValueError(
                f"{self._label()} needs rows of at least 2 classes, or 2 different "
                "targets, but all the targets that it got are equal."
            )
        output_of_unit = rng.integers(len(outputs), size=n_units)
        weights = np.empty((n_units, n_features), dtype=np.float32)
        for index, groups in enumerate(outputs):
            units = np.flatnonzero(output_of_unit == index)
            first, second = _draw_pairs(groups, len(units), rng)
            weights[units] = X[first] - X[second]
        return unit_rows(weights)


def _draw_pairs(groups, n_pairs, rng):
    """Draw pairs of rows of different groups: the first uniformly, then the second."""
    in_order = np.argsort(groups, kind="stable")
    sizes = np.bincount(groups)
    starts = np.cumsum(sizes) - sizes
    first = rng.integers(len(groups), size=n_pairs)
    group = groups[first]
    # Count the rows of other groups 0, 1, ...: in order, skipping the first's group.
    second = rng.integers(len(groups) - sizes[group])
    second += np.where(second >= starts[group], sizes[group], 0)
    return first, in_order[second]
