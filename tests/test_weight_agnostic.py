"""Weight-agnostic estimators."""

import numpy as np
import pytest
from sklearn.datasets import load_diabetes, load_wine

from sklearn_halfnet import WeightAgnosticClassifier, WeightAgnosticRegressor


@pytest.fixture(scope="module")
def wine():
    X, y = load_wine(return_X_y=True)
    return X, y, WeightAgnosticClassifier(max_iter=40, random_state=0).fit(X, y)


def test_every_weight_does_well(wine):
    X, y, model = wine
    weights, scores = model.weight_profile(X, y)
    assert len(weights) == 6 and scores.min() > 0.9


def test_trained_weights_do_not_change_the_model(wine):
    X, y, model = wine
    before = model.connections_.copy()
    trained = model.train_weights(X, y, max_iter=20)
    assert trained.score(X, y) >= 0.95
    assert np.count_nonzero(trained.connections_) <= model.n_connections_
    np.testing.assert_array_equal(model.connections_, before)


def test_evolution_improves_its_champion(wine):
    X, y, _ = wine
    model = WeightAgnosticClassifier("evolution", max_iter=40, random_state=0)
    model.fit(X, y)
    assert model.history_[-1]["loss"] < model.history_[0]["loss"]


def test_max_connections_holds():
    X, y = load_diabetes(return_X_y=True)
    model = WeightAgnosticRegressor(
        max_connections=12, complexity_penalty=0, max_iter=30, random_state=0
    ).fit(X, y)
    assert 0 < model.n_connections_ <= 12
    assert model.score(X, y) > 0.2
