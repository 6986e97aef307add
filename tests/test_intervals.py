"""Intervals and sets from rows left out: against refits, and what they promise."""

import pickle

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import stats
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.exceptions import NotFittedError
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import ConstantKernel, DotProduct
from sklearn.linear_model import Ridge
from sklearn.model_selection import train_test_split
from sklearn.utils._param_validation import InvalidParameterError

from sklearn_halfnet import (
    ELMClassifier,
    ELMRegressor,
    RVFLClassifier,
    RVFLRegressor,
)
from sklearn_halfnet.models.left_out import METHODS

EXACT = {"dtype": "float64", "random_state": 0}
REGRESSORS = pytest.mark.parametrize("Model", [ELMRegressor, RVFLRegressor])
EVERY_METHOD = pytest.mark.parametrize("method", METHODS)
# A row of 12, 30 or 60: fewer, about as many, and more than the columns.
PROBLEMS = [(seed, n_rows) for seed in range(7) for n_rows in (12, 30, 60)][:20]


def problem(seed, n_rows, n_outputs=1):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n_rows + 4, 3))
    noise = rng.uniform(0.1, 1) * rng.standard_normal((n_rows + 4, n_outputs))
    y = np.sin(2 * X[:, :1]) + X[:, 1:2] * np.arange(n_outputs) + noise
    weight = rng.uniform(0.3, 3, n_rows) if seed % 2 else np.ones(n_rows)
    return X[:n_rows], y[:n_rows].squeeze(), weight, X[n_rows:]


def fitted(seed, n_rows, Model=ELMRegressor, **options):
    X, y, weight, new = problem(seed, n_rows)
    model = Model(25, alpha=10.0 ** (seed % 5 - 3), **EXACT, **options)
    model.fit(X, y, weight)
    features = model.model_.all_features
    return model, features(X), y, weight, features(new), new


def ridge(model, H, y, weight):
    return Ridge(model.alpha_, solver="cholesky").fit(H, y, weight)


def of_rank(values, weight, new, miss):
    """The largest value below which, with a new row, a share ``miss`` lies at most."""
    allowed = miss * (weight.sum() + new) + 1e-9
    below = [weight[values < value].sum() + new for value in values]
    return max(
        (v for v, b in zip(values, below, strict=True) if b <= allowed), default=-np.inf
    )


# -- intervals by refits ---------------------------------------------------------------


@pytest.mark.parametrize("seed, n_rows", PROBLEMS)
def test_jackknife_intervals_are_those_of_refits(seed, n_rows):
    model, H, y, weight, H_new, new = fitted(seed, n_rows)
    rest = ~np.eye(n_rows, dtype=bool)
    refits = [ridge(model, H[r], y[r], weight[r]) for r in rest]
    errors = np.array([y[i] - fit.predict(H[[i]])[0] for i, fit in enumerate(refits)])
    without, size = np.array([fit.predict(H_new) for fit in refits]).T, np.abs(errors)
    ranks = weight, weight.mean(), 0.2
    expected = [
        [of_rank(each - size, *ranks), -of_rank(-each - size, *ranks)]
        for each in without
    ]
    found = model.predict_interval(new, 0.8, "jackknife+", normalized=False)
    assert_allclose(found, expected, rtol=1e-6, atol=1e-6)
    half = -of_rank(-size, *ranks)
    found = model.predict_interval(new, 0.8, "jackknife", normalized=False)
    assert_allclose(found, np.add.outer(model.predict(new), [-half, half]), atol=1e-6)


@pytest.mark.parametrize("seed, n_rows", PROBLEMS[:9])
def test_conformal_intervals_end_where_rows_grow_as_strange_as_the_new_one(
    seed, n_rows
):
    model, H, y, weight, H_new, new = fitted(seed, n_rows)
    found = model.predict_interval(new, 0.8, "conformal", normalized=False)
    all_weights = np.append(weight, weight.mean())

    def keeps(h, value):
        rows, targets = np.vstack([H, h]), np.append(y, value)
        residuals = targets - ridge(model, rows, targets, all_weights).predict(rows)
        centred = rows - np.average(rows, axis=0, weights=all_weights)
        inner = centred.T * all_weights @ centred + model.alpha_ * np.eye(H.shape[1])
        own = 1 / all_weights.sum() + np.einsum(
            "ij,ji->i", centred, np.linalg.solve(inner, centred.T)
        )
        strange = np.abs(residuals) / np.sqrt(1 - all_weights * own)
        stranger = all_weights[strange >= strange[-1] - 1e-9].sum()
        return stranger > 0.2 * all_weights.sum()

    for h, (low, high) in zip(H_new, found, strict=True):
        step = 1e-3 * (high - low)
        assert not keeps(h, low - step) and not keeps(h, high + step)
        # Rows of unequal weights may make them wider than need be.
        if (weight == 1).all():
            assert keeps(h, low + step) and keeps(h, high - step)


@pytest.mark.parametrize("n_rows", [12, 30, 60])
def test_bayesian_intervals_are_those_of_a_gaussian_process(n_rows):
    model, H, y, _, H_new, new = fitted(2, n_rows)
    slope = ConstantKernel(1 / model.alpha_, "fixed") * DotProduct(0.0, "fixed")
    process = GaussianProcessRegressor(slope, alpha=1.0, optimizer=None)
    center = H.mean(axis=0)
    process.fit(H - center, y - y.mean())
    _, deviation = process.predict(H_new - center, return_std=True)
    noise = (y - y.mean()) @ process.alpha_ / (n_rows - 1)
    # The constant is of no known size: it adds 1 / n.
    deviation = np.sqrt(noise * (1 + 1 / n_rows + deviation**2))
    half = deviation * stats.t.ppf(0.95, n_rows - 1)
    expected = np.stack([model.predict(new) - half, model.predict(new) + half], axis=1)
    found = model.predict_interval(new, 0.9, "bayes", normalized=False)
    assert_allclose(found, expected, rtol=1e-6, atol=1e-6)


@EVERY_METHOD
@pytest.mark.parametrize("normalized", [False, True])
def test_ensembles_and_several_outputs_have_intervals(method, normalized):
    X, y, _, new = problem(0, 60, n_outputs=3)
    model = ELMRegressor((15, 10), read_out="ensemble", **EXACT).fit(X, y)
    found = model.predict_interval(new, [0.5, 0.9], method, normalized)
    assert found.shape == (4, 3, 2, 2)
    assert (found[:, :, 0, 1] < found[:, :, 0, 0]).all()
    assert (found[:, :, 1, 0] < found[:, :, 1, 1]).all()
    assert ((found[:, :, 0, 0] < model.predict(new) + 1).all()) and np.isfinite(
        found
    ).all()
    one = model.predict_interval(new, 0.9, method, normalized)
    assert_array_equal(one, found[..., 1])


# -- what they promise -----------------------------------------------------------------


def noisy(n_rows, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.uniform(-1, 1, (n_rows, 2))
    return X, X[:, 1] + (0.1 + (X[:, 0] > 0)) * rng.standard_normal(n_rows)


@REGRESSORS
@EVERY_METHOD
def test_widths_follow_the_noise(Model, method):
    X, y = noisy(3000)
    model = Model(60, random_state=0).fit(X[:1500], y[:1500])
    X, y, loud = X[1500:], y[1500:], X[1500:, 0] > 0
    low, high = model.predict_interval(X, method=method).T
    width, covered = high - low, (low <= y) & (y <= high)
    assert 4 < width[loud].mean() / width[~loud].mean() < 12
    assert covered[loud].mean() > 0.85 and covered[~loud].mean() > 0.85
    low, high = model.predict_interval(X, method=method, normalized=False).T
    width, covered = high - low, (low <= y) & (y <= high)
    assert 0.9 < width[loud].mean() / width[~loud].mean() < 1.1
    assert abs(covered.mean() - 0.9) < 0.03


@EVERY_METHOD
def test_equal_weights_change_no_interval(method):
    X, y = noisy(200)
    model = ELMRegressor(30, **EXACT)
    plain = clone(model).fit(X[:150], y[:150])
    weighted = clone(model).fit(X[:150], y[:150], np.full(150, 7.0))
    expected = plain.predict_interval(X, 0.8, method)
    assert_allclose(weighted.predict_interval(X, 0.8, method), expected, rtol=1e-7)


@EVERY_METHOD
@pytest.mark.parametrize("alpha", ["gcv", "loo", 1.0])
def test_chunks_give_the_intervals_of_the_whole(alpha, method):
    X, y = noisy(150)
    fixed = {"scale": 0.5, "input_scaling": None, "alphas": [0.1, 1.0, 10.0]}
    model = ELMRegressor(30, alpha=alpha, **fixed, **EXACT)
    expected = clone(model).fit(X, y).predict_interval(X, method=method)
    blocks = [(X[i : i + 50], y[i : i + 50]) for i in (0, 50, 100)]
    found = clone(model).fit_blocks(blocks)
    assert_allclose(found.predict_interval(X, method=method), expected, rtol=1e-6)
    copied = pickle.loads(pickle.dumps(found))
    assert_allclose(copied.predict_interval(X, method=method), expected, rtol=1e-6)
    found.partial_fit(X[:10], y[:10] + 100)
    assert np.ptp(found.predict_interval(X, method=method), axis=1).mean() > 10


def test_many_rows_are_judged_by_a_sample():
    X, y = noisy(2500)
    model = ELMRegressor(20, random_state=0).fit(X, y)
    assert len(model._rows_left_out.errors) == 2000
    low, high = model.predict_interval(X).T
    assert abs(((low <= y) & (y <= high)).mean() - 0.9) < 0.02


@REGRESSORS
def test_copies_of_a_fit_carry_what_was_asked_for(Model):
    X, y = noisy(300)
    bare = pickle.loads(pickle.dumps(Model(50, random_state=0).fit(X, y)))
    with pytest.raises(AttributeError, match="carries no errors of rows"):
        bare.predict_interval(X, method="jackknife")
    model = Model(50, random_state=0, store_left_out=True).fit(X, y)
    copied = pickle.loads(pickle.dumps(model))
    found = copied.predict_interval(X, method="jackknife")
    assert_array_equal(found, model.predict_interval(X, method="jackknife"))
    with pytest.raises(AttributeError, match="'jackknife' alone"):
        copied.predict_interval(X)
    # Errors, sizes and weights of 300 rows, and a second read-out.
    stored = copied.n_stored_bytes_ - bare.n_stored_bytes_
    assert stored == 8 * (3 * 300 + model.model_.n_columns + 1)
    assert len(pickle.dumps(model)) - len(pickle.dumps(bare)) < stored + 2000


def test_nothing_is_computed_before_it_is_asked_for():
    X, y = noisy(300)
    model = ELMRegressor(50, random_state=0).fit(X, y)
    assert {*vars(model._rows_left_out)} == {"stream", "model"}
    before = pickle.dumps(model)
    model.predict_interval(X)
    assert pickle.dumps(model) == before


# -- sets ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def digits():
    X, y = load_digits(return_X_y=True)
    X, X_new, y, y_new = train_test_split(X, y, test_size=0.5, random_state=0)
    return X, y, X_new, y_new


@pytest.mark.parametrize("Model", [ELMClassifier, RVFLClassifier])
@pytest.mark.parametrize("score", ["lac", "aps"])
def test_sets_hold_the_share_of_labels_that_was_asked_for(Model, score, digits):
    X, y, X_new, y_new = digits
    model = Model(30, random_state=0).fit(X, y)
    wanted = [0.6, 0.9, 0.99]
    sets = model.predict_set(X_new, wanted, score, allow_empty=True)
    found = sets[np.arange(len(y_new)), y_new].mean(axis=0)
    # The most probable class is in each set of "aps".
    expected = np.maximum(wanted, model.score(X_new, y_new) if score == "aps" else 0)
    assert_allclose(found, expected, atol=0.04)
    filled = model.predict_set(X_new, wanted, score)
    assert filled.any(axis=1).all() and (filled >= sets).all()
    assert_array_equal(filled[:, :, 1], model.predict_set(X_new, 0.9, score))


def test_sets_are_those_of_the_definition(digits):
    X, y, X_new, _ = digits
    model = ELMClassifier(50, random_state=0).fit(X[:99], y[:99])
    known, p = model.model_.left_out, model.predict_proba(X_new)
    # 80 % of 99 rows and a new one.
    limit = np.sort(known.scores["lac"])[79]
    found = model.predict_set(X_new, 0.8, "lac", allow_empty=True)
    assert_array_equal(found, 1 - p <= limit)
    limit = np.sort(known.scores["aps"])[79]
    before = np.einsum("ij,ikj->ik", p, p[:, None, :] > p[:, :, None])
    found = model.predict_set(X_new, 0.8, "aps", allow_empty=True)
    assert_array_equal(found, before <= limit)


def test_two_classes_and_labels_of_a_heavy_class():
    X, y = noisy(400)
    y = np.where(y > 0.5, "big", "small")
    model = ELMClassifier(50, random_state=0, class_weight={"big": 9, "small": 1})
    sets = model.fit(X[:200], y[:200]).predict_set(X[200:], 0.8)
    assert sets.shape == (200, 2)
    big = y[200:] == "big"
    # Most weight is on them: their share of the labels that sets hold is its.
    assert sets[big, 0].mean() > 0.75
    copied = pickle.loads(pickle.dumps(model))
    assert_array_equal(copied.predict_set(X[200:], 0.8), sets)
    plain = model.model_.left_out.nbytes
    assert plain == 3 * 8 * 200


# -- faults ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "coverage",
    [0, 1, 0.0, 1.0, -0.1, 1.1, np.nan, [], [0.5, 2.0], "high", [[0.5]], None],
)
@pytest.mark.parametrize("Model", [ELMRegressor, ELMClassifier])
def test_coverages_that_are_none_are_named(Model, coverage):
    X, y = noisy(60)
    model = Model(10, random_state=0).fit(X, np.round(y))
    predict = getattr(model, "predict_interval", None) or model.predict_set
    with pytest.raises(ValueError, match=r"coverage=.* must be a number between 0"):
        predict(X, coverage)
    with pytest.raises(ValueError, match=r"needs 99 rows or more .* there are 60"):
        predict(X, 0.99)
    option = "method" if Model is ELMRegressor else "score"
    with pytest.raises(InvalidParameterError, match=f"'{option}' parameter"):
        predict(X, **{option: "other"})


def test_nothing_is_predicted_before_fit_or_of_other_columns_or_kinds():
    X, y = noisy(60)
    for model, name in (
        (ELMRegressor(10), "predict_interval"),
        (ELMClassifier(10), "predict_set"),
    ):
        with pytest.raises(NotFittedError):
            getattr(model, name)(X)
        model.fit(X, np.round(y))
        with pytest.raises(ValueError, match="X has 1 features"):
            getattr(model, name)(X[:, :1])
    assert not hasattr(ELMClassifier(), "predict_interval")
    assert not hasattr(ELMRegressor(), "predict_set")
    labels = np.stack([y > 0, y < 0.5], axis=1).astype(int)
    with pytest.raises(ValueError, match="one label a row"):
        ELMClassifier(10).fit(X, labels).predict_set(X)


def test_a_failed_refit_leaves_the_intervals():
    X, y = noisy(60)
    model = ELMRegressor(10, random_state=0).fit(X, y)
    before = model.predict_interval(X)
    with pytest.raises(ValueError, match="NaN"):
        model.fit(X, np.where(y > 0, np.nan, y))
    assert_array_equal(model.predict_interval(X), before)
