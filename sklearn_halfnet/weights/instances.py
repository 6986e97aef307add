"""Templates: training instances as weights."""

import numpy as np

from sklearn_halfnet.weights.base import BaseWeights, unit_rows

__all__ = ["InstanceWeights"]


class InstanceWeights(BaseWeights):
    """Templates: randomly drawn training rows, scaled to norm 1.

    A unit measures how much an input looks like its template. Rows are drawn without
    replacement, unless there are fewer rows than units. They are centred before they
    arrive here: templates that are not are all alike.

    References
    ----------
    Alpaydin, "Half-Layered Neural Networks", arXiv 2506.04352, 2025: kind T.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_halfnet.weights import InstanceWeights
    >>> X = np.array([[3.0, 4.0], [-3.0, -4.0]])
    >>> weights = InstanceWeights().sample(2, 2, np.random.default_rng(0), X)
    >>> np.sort(weights, axis=0)
    array([[-0.6, -0.8],
           [ 0.6,  0.8]], dtype=float32)
    """

    kind_name = "instances"
    requires_X = True

    def _sample(self, n_units, n_features, rng, X, y):
        # A row of zeros (the mean itself) would make a unit that never responds.
        usable = np.flatnonzero(X.any(axis=1))
        if len(usable) == 0:
            usable = np.arange(len(X))
        rows = rng.choice(usable, n_units, replace=len(usable) < n_units)
        return unit_rows(X[rows])
