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
from sklearn_halfnet.models.calibration import calibration

EXACT = {"dtype": "float64", "random_state": 0}


def make_data(n_rows=50, share=0.5):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((n_rows, 3))
    noise = rng.standard_normal(n_rows)
    score = np.tanh(X[:, 0]) + X[:, 1] * X[:, 2] + noise
    return X, (score > np.quantile(score, 1 - share)).astype(int)


# -- the few numbers of the calibration ------------------------------------------------


def platt(scores, y):
    """Platt (1999): logistic regression on targets smoothed by one row a class."""
    positive, negative = y.sum(), (1 - y).sum()
    targets = np.where(y > 0, (positive + 1) / (positive + 2), 1 / (negative + 2))
    rows, labels = np.r_[scores, scores][:, None], np.repeat([1, 0], len(y))
    weight = np.r_[targets, 1 - targets]
    model = LogisticRegression(C=np.inf, tol=1e-10).fit(rows, labels, weight)
    return model.coef_[0], model.intercept_


@pytest.mark.parametrize("share", [0.5, 0.1])
def test_two_classes_are_calibrated_by_platts_method(share):
    X, y = make_data(share=share)
    scores, wanted = 3 * X[:, 0] + 40, y[:, None].astype(float)
    found = calibration(scores[:, None], wanted, np.ones(50), "binary")
    assert_allclose(np.ravel(found), np.ravel(platt(scores, y)), rtol=1e-3)


def test_several_classes_are_calibrated_by_the_most_probable_values():
    """One slope, offsets of prior N(0, .25), and targets smoothed by a row in all."""
    rng = np.random.default_rng(0)
    scores, y = rng.standard_normal((40, 3)) * [1, 2, 3], rng.integers(3, size=40)
    scores[np.arange(40), y] += 1
    smooth, middle = (40 * np.eye(3)[y] + 1) / (40 + 3), scores.mean()

    def loss(values):
        z = values[0] * (scores - middle) + values[1:]
        likelihood = (smooth * log_softmax(z, axis=1)).sum()
        return values[1:] @ values[1:] / (2 * 0.5**2) - likelihood

    best = minimize(loss, [1.0, 0, 0, 0], options={"gtol": 1e-7}).x
    slope, offset = calibration(scores, np.eye(3)[y], np.ones(40), "multiclass")
    assert_allclose(slope, best[0], rtol=1e-4)
    assert_allclose(offset, best[1:] - best[0] * middle, atol=1e-4)


@pytest.mark.parametrize("kind", ["binary", "multilabel", "multiclass"])
def test_calibration_counts_a_row_by_its_weight(kind):
    """Of so many rows, what smooths the targets is of no account."""
    rng = np.random.default_rng(0)
    n_outputs = 1 if kind == "binary" else 3
    scores, wanted = rng.standard_normal((6000, n_outputs)), np.eye(3)
    wanted = wanted[rng.integers(3, size=6000)][:, :n_outputs]
    agrees = ((scores > 0) == (wanted > 0)).sum(axis=1)
    weight = np.where(agrees > n_outputs / 2, 4, 1)
    rows = np.repeat(np.arange(6000), weight)
    found = calibration(scores, wanted, weight.astype(float), kind)
    repeated = calibration(scores[rows], wanted[rows], np.ones(len(rows)), kind)
    for value, expected in zip(found, repeated, strict=True):
        assert_allclose(value, expected, rtol=0.01, atol=0.01)
    unweighted = calibration(scores, wanted, np.ones(6000), kind)
    assert (found[0] > 2 * unweighted[0]).all()


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
    features = model.model_.all_features(X)
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
    alphas = np.geomspace(1e-3, 1e3, 20)
    model = ELMClassifier(
        12, alpha="loo", alphas=alphas, class_weight=class_weight, **EXACT
    ).fit(X, y)
    H, weight = model.model_.all_features(X), np.ones(40)
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
    alphas = np.geomspace(1e-3, 1e3, 20)
    model = ELMRegressor(12, alpha="loo", alphas=alphas, **EXACT)
    model.fit(X, scale * y + offset)
    expected = best_left_out(alphas, model.model_.all_features(X), y, np.ones(40))
    assert_allclose(model.alpha_, expected)
