"""Leave-one-out choices and calibrated probabilities, against brute force.

The references are scikit-learn's: ridge refitted without each row, and Platt's method.
"""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.optimize import minimize
from scipy.special import log_softmax
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.calibration import CalibratedClassifierCV
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import LeaveOneOut

from sklearn_halfnet import ELMClassifier, ELMRegressor, RVFLClassifier
from sklearn_halfnet.estimators._calibration import calibration

EXACT = {"dtype": "float64", "random_state": 0}


def make_data(n_rows=50, share=0.5):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((n_rows, 3))
    noise = rng.standard_normal(n_rows)
    score = np.tanh(X[:, 0]) + X[:, 1] * X[:, 2] + noise
    return X, (score > np.quantile(score, 1 - share)).astype(int)


# -- the few numbers of the calibration ------------------------------------------------


def platt(scores, y, weight):
    """Platt (1999): logistic regression on targets smoothed by one row a class."""
    positive, negative = weight @ y, weight @ (1 - y)
    targets = np.where(y > 0, (positive + 1) / (positive + 2), 1 / (negative + 2))
    rows, labels = np.r_[scores, scores][:, None], np.repeat([1, 0], len(y))
    both = np.r_[weight * targets, weight * (1 - targets)]
    model = LogisticRegression(C=np.inf, tol=1e-10).fit(rows, labels, both)
    return model.coef_[0], model.intercept_


@pytest.mark.parametrize("share", [0.5, 0.1])
@pytest.mark.parametrize("weighted", [False, True])
def test_two_classes_are_calibrated_by_platts_method(share, weighted):
    X, y = make_data(share=share)
    weight = np.random.default_rng(1).random(50) if weighted else np.ones(50)
    weight *= 50 / weight.sum()
    scores = 3 * X[:, 0] + 40
    found = calibration(scores[:, None], y[:, None].astype(float), weight, "binary")
    assert_allclose(np.ravel(found), np.ravel(platt(scores, y, weight)), rtol=1e-3)


@pytest.mark.parametrize("weighted", [False, True])
def test_several_classes_are_calibrated_by_the_most_probable_values(weighted):
    """One slope, offsets of prior N(0, .25), and targets smoothed by a row in all."""
    rng = np.random.default_rng(0)
    scores, y = rng.standard_normal((40, 3)) * [1, 2, 3], rng.integers(3, size=40)
    scores[np.arange(40), y] += 1
    weight = rng.random(40) if weighted else np.ones(40)
    weight *= 40 / weight.sum()
    smooth = (40 * np.eye(3)[y] + 1) / (40 + 3)
    middle = (weight @ scores).mean() / 40

    def loss(values):
        z = values[0] * (scores - middle) + values[1:]
        likelihood = weight @ (smooth * log_softmax(z, axis=1)).sum(axis=1)
        return values[1:] @ values[1:] / (2 * 0.5**2) - likelihood

    best = minimize(loss, [1.0, 0, 0, 0], options={"gtol": 1e-7}).x
    slope, offset = calibration(scores, np.eye(3)[y], weight, "multiclass")
    assert_allclose(slope, best[0], rtol=1e-4)
    assert_allclose(offset, best[1:] - best[0] * middle, atol=1e-4)


# -- of whole models -------------------------------------------------------------------


class MeanOfRidges(ClassifierMixin, BaseEstimator):
    """Ridge regressions on groups of columns; their mean is the score."""

    def __init__(self, groups, alpha):
        self.groups = groups
        self.alpha = alpha

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        self.models_ = [Ridge(self.alpha).fit(X[:, g], y) for g in self.groups]
        return self

    def predict(self, X):
        return self.classes_[(self.decision_function(X) > 0.5).astype(int)]

    def decision_function(self, X):
        pairs = zip(self.groups, self.models_, strict=True)
        return np.mean([model.predict(X[:, group]) for group, model in pairs], axis=0)


@pytest.mark.parametrize("read_out", ["all", "ensemble"])
@pytest.mark.parametrize("Model", [ELMClassifier, RVFLClassifier])
def test_probabilities_are_those_of_predictions_of_rows_left_out(Model, read_out):
    X, y = make_data(share=0.3)
    model = Model((9, 6), read_out=read_out, alpha=0.5, **EXACT).fit(X, y)
    features = model._all_features(X)
    direct = [*range(15, features.shape[1])]
    groups = [[*range(9), *direct], [*range(9, 15), *direct]]
    if read_out == "all":
        groups = [[*range(features.shape[1])]]
    cuts = list(LeaveOneOut().split(X))
    expected = CalibratedClassifierCV(
        MeanOfRidges(groups, 0.5), cv=cuts, ensemble=False
    ).fit(features, y)
    assert_allclose(model.predict_proba(X), expected.predict_proba(features), atol=1e-3)


def without_row(number, H, y, weight, alpha):
    """Ridge on all other rows, as least squares on rows and penalties together."""
    root = np.sqrt(np.where(np.arange(len(y)) == number, 0, weight))[:, None]
    rows = np.column_stack([H, np.ones(len(y))])
    penalties = np.sqrt(alpha) * np.eye(H.shape[1], H.shape[1] + 1)
    right = np.append(root[:, 0] * y, np.zeros(len(penalties)))
    return rows[number] @ np.linalg.lstsq(np.vstack([root * rows, penalties]), right)[0]


@pytest.mark.parametrize("class_weight", [None, "balanced"])
def test_loo_takes_the_candidate_of_least_error_on_rows_left_out(class_weight):
    """A class's weight makes no copies of its rows: the whole row is left out."""
    X, y = make_data(40, share=0.15)
    alphas = np.geomspace(1e-3, 1e3, 40)
    model = ELMClassifier(
        12, alpha="loo", alphas=alphas, class_weight=class_weight, **EXACT
    ).fit(X, y)
    H, weight = model._all_features(X), np.ones(40)
    if class_weight == "balanced":
        weight = 40 / (2 * np.bincount(y)[y])

    assert_allclose(model.alpha_, best_left_out(alphas, H, y, weight))


def best_left_out(alphas, H, y, weight):
    errors = []
    for alpha in alphas:
        left_out = [without_row(i, H, y, weight, alpha) for i in range(len(y))]
        errors.append(weight @ (y - left_out) ** 2)
    assert 0 < np.argmin(errors) < len(alphas) - 1
    return alphas[np.argmin(errors)]


@pytest.mark.parametrize("scale, offset", [(1, 0), (0.1, 50), (20, -300)])
def test_loo_of_real_targets_in_any_units(scale, offset):
    X, _ = make_data(40)
    y = np.tanh(X[:, 0]) + X[:, 1] + np.random.default_rng(1).standard_normal(40)
    alphas = np.geomspace(1e-3, 1e3, 40)
    model = ELMRegressor(12, alpha="loo", alphas=alphas, **EXACT)
    model.fit(X, scale * y + offset)
    expected = best_left_out(alphas, model._all_features(X), y, np.ones(40))
    assert_allclose(model.alpha_, expected)
