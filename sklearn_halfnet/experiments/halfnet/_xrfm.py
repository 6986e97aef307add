"""xRFM, a rival that learns which directions matter, if its package is installed.

D. Beaglehole, D. Holzmüller, A. Radhakrishnan and M. Belkin (2025), "xRFM: Accurate,
scalable, and interpretable feature learning models for tabular data", arXiv 2508.10053.
"""

from importlib.util import find_spec

import numpy as np
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.model_selection import train_test_split

__all__ = ["XRFMRegressor", "has_xrfm"]

# Rows of a leaf's kernel matrix: its default, 60,000, would take 14 GB. On the whole of
# the multi-index problem it takes 18 GB all the same, with leaves of 4,000 rows too.
_LEAF_ROWS = 10_000


def has_xrfm():
    """Whether the package is installed (pip install xrfm)."""
    return find_spec("xrfm") is not None


class XRFMRegressor(RegressorMixin, BaseEstimator):
    """xRFM at its defaults, but for smaller leaves; a tenth of the rows validate."""

    def __init__(self, random_state=None):
        self.random_state = random_state

    def fit(self, X, y):
        """Fit on arrays (n_samples, n_features) and (n_samples,)."""
        import torch
        from xrfm import xRFM

        parts = train_test_split(X, y, test_size=0.1, random_state=self.random_state)
        X, X_val, y, y_val = (torch.from_numpy(np.float32(part)) for part in parts)
        self.model_ = xRFM(
            max_leaf_size=_LEAF_ROWS,
            tuning_metric="mse",
            device=torch.device("cpu"),
            random_state=self.random_state,
            verbose=False,
        )
        self.model_.fit(X, y[:, None], X_val, y_val[:, None])
        return self

    def predict(self, X):
        """Predict targets, (n_samples,)."""
        import torch

        return np.asarray(self.model_.predict(torch.from_numpy(np.float32(X)))).ravel()
