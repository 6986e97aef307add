"""The baseline: an ELM in some 25 lines of plain numpy, in float32 throughout.

Stand-alone: the worker of ``closed_form_rivals`` reads this file by its path.
"""

import numpy as np
from scipy import linalg

__all__ = ["ReferenceELM"]

CHUNK = 4096


class ReferenceELM:
    """Random ReLU units and a ridge read-out, summed over chunks of rows.

    Inputs are centred; each unit's pre-activation has about unit variance, and its
    bias is N(0, 1). No extras: no intercept, no weights of rows, no validation.

    Parameters
    ----------
    n_units : int
        Hidden units.
    alpha : float, default=100.0
        Ridge strength.
    seed : int, default=0
        Of weights and biases.

    References
    ----------
    .. [1] G.-B. Huang, H. Zhou, X. Ding, R. Zhang, "Extreme learning machine for
       regression and multiclass classification", IEEE Trans. SMC-B 42 (2012),
       equation 28.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_halfnet.experiments.closed_form._reference_elm import ReferenceELM
    >>> X = np.eye(3, dtype=np.float32).repeat(20, axis=0)
    >>> y = np.arange(3).repeat(20)
    >>> ReferenceELM(30, alpha=0.1).fit(X, y).predict(X[::20])
    array([0, 1, 2])
    """

    def __init__(self, n_units, alpha=100.0, seed=0):
        self.n_units = n_units
        self.alpha = alpha
        self.seed = seed

    def fit(self, X, y):
        """Fit to float32 rows and classes 0, 1, 2, ..."""
        rng, n = np.random.default_rng(self.seed), self.n_units
        self.mean = X.mean(axis=0)
        self.W = rng.standard_normal((X.shape[1], n), dtype=np.float32)
        self.W /= ((X[:1000] - self.mean) @ self.W).std(axis=0)
        self.b = rng.standard_normal(n, dtype=np.float32)
        targets = np.eye(y.max() + 1, dtype=np.float32)
        G = np.zeros((n, n), np.float32)
        B = np.zeros((n, len(targets)), np.float32)
        for start in range(0, len(X), CHUNK):
            H = self._hidden(X[start : start + CHUNK])
            G += H.T @ H
            B += H.T @ targets[y[start : start + CHUNK]]
        G[np.diag_indices(n)] += self.alpha
        self.V = linalg.solve(G, B, assume_a="pos", overwrite_a=True)
        return self

    def predict(self, X):
        """Class of the highest output."""
        chunks = (X[start : start + CHUNK] for start in range(0, len(X), CHUNK))
        return np.concatenate([(self._hidden(C) @ self.V).argmax(1) for C in chunks])

    def _hidden(self, X):
        return np.maximum((X - self.mean) @ self.W + self.b, 0)
