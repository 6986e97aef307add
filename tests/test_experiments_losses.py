"""``halfnet reproduce losses``, on few rows."""

import numpy as np
import pytest
from sklearn.datasets import make_regression
from sklearn.linear_model import PoissonRegressor
from sklearn.metrics import mean_pinball_loss, mean_poisson_deviance

from sklearn_halfnet.experiments._common.experiment import reproduce
from sklearn_halfnet.experiments.losses import comparison
from sklearn_halfnet.experiments.losses._data import RATES, count_split


@pytest.fixture
def folder(tmp_path):
    """Two tables where the experiment looks for them."""
    for place in ("regression/california_housing.npz", "uci-regression/kin8nm.npz"):
        X, y = make_regression(200, 3, noise=10, random_state=0)
        path = tmp_path / place
        path.parent.mkdir(parents=True, exist_ok=True)
        np.savez(path, X=X, y=y)
    return tmp_path


@pytest.mark.parametrize("name", RATES)
def test_no_model_is_better_than_the_rate(name):
    split, rates = count_split(name, 0, rows=2_000)
    assert split.X_train.shape == (2_000, 8) and len(rates) == 2_000
    least = mean_poisson_deviance(split.y_test, rates)
    model = PoissonRegressor(alpha=0).fit(split.X_train, split.y_train)
    excess = mean_poisson_deviance(split.y_test, model.predict(split.X_test)) - least
    # Of the model that is right, only chance.
    assert 0 < excess < 0.02 if name == "log-linear" else excess > 0.2
    # Counts are as their rates: the variance of their errors is the rate.
    assert np.mean((split.y_test - rates) ** 2 / rates) == pytest.approx(1, abs=0.1)


def test_all_is_measured_and_reported(folder):
    out = folder / "out"
    report = reproduce(comparison.EXPERIMENT, data_home=folder, out=out, quick=True)
    text = report.read_text(encoding="utf-8")
    for model in (*comparison.QUANTILE_MODELS, *comparison.COUNT_MODELS):
        assert f"| {model} |" in text
    for data in ("california", "kin8nm", *RATES):
        assert f"### {data}" in text
    again = reproduce(comparison.EXPERIMENT, data_home=folder, out=out, quick=True)
    assert again.read_text(encoding="utf-8") == text


def test_measured_losses_are_those_of_scikit_learn():
    class Constant:
        def fit(self, X, y):
            return self

        def predict(self, X):
            return np.tile([-1.0, 0.0, 1.0], (len(X), 1))

    y = np.random.default_rng(0).standard_normal(50)
    found = comparison.measured_quantiles(Constant(), y[:, None], y, y[:, None], y)
    for level, value in zip(comparison.LEVELS, (-1, 0, 1), strict=True):
        loss = mean_pinball_loss(y, np.full(50, value), alpha=level)
        assert found[f"pinball {level}"] == pytest.approx(100 * loss / y.std())
        assert found[f"below {level}"] == pytest.approx(100 * np.mean(y <= value))
    assert found["crossed"] == 0
