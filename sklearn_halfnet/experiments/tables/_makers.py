"""How the packages beside scikit-learn are built: a function of task and seed each.

Stand-alone: read by its path, maybe in an environment of the package's own. All stand
behind a StandardScaler and keep their defaults, but for the seed, silence, the CPU, and
as many threads as ``OMP_NUM_THREADS`` allows, which not all of them ask for.
"""

import os

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler


def _threads():
    return int(os.environ.get("OMP_NUM_THREADS", 0)) or os.cpu_count()


def _scaled(classifier, regressor, task, **options):
    kind = classifier if task == "classification" else regressor
    return make_pipeline(StandardScaler(), kind(**options))


def lightgbm(task, seed):
    """Build LightGBM's estimator."""
    from lightgbm import LGBMClassifier, LGBMRegressor

    options = {"random_state": seed, "n_jobs": _threads(), "verbose": -1}
    return _scaled(LGBMClassifier, LGBMRegressor, task, **options)


def catboost(task, seed):
    """Build CatBoost's estimator."""
    from catboost import CatBoostClassifier, CatBoostRegressor

    options = {
        "random_seed": seed,
        "thread_count": _threads(),
        "verbose": False,
        "allow_writing_files": False,
    }
    return _scaled(CatBoostClassifier, CatBoostRegressor, task, **options)


def realmlp(task, seed):
    """Build RealMLP with its tuned defaults, of pytabkit."""
    from pytabkit import RealMLP_TD_Classifier, RealMLP_TD_Regressor

    options = {"device": "cpu", "random_state": seed, "n_threads": _threads()}
    return _scaled(RealMLP_TD_Classifier, RealMLP_TD_Regressor, task, **options)


def tabm(task, seed):
    """Build TabM with its defaults, of pytabkit."""
    from pytabkit import TabM_D_Classifier, TabM_D_Regressor

    options = {"device": "cpu", "random_state": seed, "n_threads": _threads()}
    return _scaled(TabM_D_Classifier, TabM_D_Regressor, task, **options)


def xrfm(task, seed):
    """Build xRFM, which wants rows to choose its strength on: a tenth."""
    import xrfm  # noqa: F401 - loaded before the clock starts

    return _scaled(XRFMClassifier, XRFMRegressor, task, random_state=seed)


class XRFMRegressor(BaseEstimator):
    """xRFM behind ``fit`` and ``predict``."""

    metric, dtype = "mse", np.float32

    def __init__(self, random_state=None):
        self.random_state = random_state

    def fit(self, X, y):
        """Fit on nine tenths of the rows."""
        import torch
        from xrfm import xRFM

        parts = train_test_split(
            np.float32(X),
            np.asarray(y, self.dtype),
            test_size=0.1,
            random_state=self.random_state,
        )
        X, X_val, y, y_val = map(torch.from_numpy, parts)
        self.model_ = xRFM(
            device=torch.device("cpu"),
            tuning_metric=self.metric,
            random_state=self.random_state,
            verbose=False,
        )
        self.model_.fit(X, y, X_val, y_val)
        return self

    def predict(self, X):
        """Predict numbers or classes, (n_samples,)."""
        import torch

        return np.ravel(self.model_.predict(torch.from_numpy(np.float32(X))))


class XRFMClassifier(XRFMRegressor):
    """xRFM for classes 0, 1, 2, ..."""

    metric, dtype = "brier", np.int64

    def predict_proba(self, X):
        """Probabilities, (n_samples, n_classes)."""
        import torch

        return np.asarray(self.model_.predict_proba(torch.from_numpy(np.float32(X))))
