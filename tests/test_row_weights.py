"""Weights of rows and classes: what they change, and what they must not."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone, is_classifier
from sklearn.datasets import load_diabetes, make_regression
from sklearn.ensemble import BaggingClassifier
from sklearn.linear_model import RidgeCV
from sklearn.metrics import r2_score
from sklearn.model_selection import cross_val_score
from sklearn.utils.class_weight import compute_sample_weight

from sklearn_halfnet import (
    ConvHalfLayerClassifier,
    ELMClassifier,
    ELMRegressor,
    HalfLayerClassifier,
    HalfNetClassifier,
    PartialCNNClassifier,
    RVFLClassifier,
    RVFLRegressor,
    SharedBackboneEnsembleClassifier,
    WeightAgnosticClassifier,
)

CLOSED_FORM = [ELMClassifier, RVFLClassifier, ELMRegressor, RVFLRegressor]
QUICK = {"max_iter": 2, "random_state": 0}
PARTIAL_CNN = PartialCNNClassifier(
    **{"image_shape": (1, -1), "depth": 3, "width": 16, "fraction": 0.5},
    **{"architecture": "vgg", "batch_size": "full"},
    **QUICK,
)
TRAINED = [
    HalfLayerClassifier(20, **QUICK),
    HalfNetClassifier(20, **QUICK),
    ConvHalfLayerClassifier(
        **{"image_shape": (1, -1), "filters": (4,), "kernel_sizes": (3,)},
        **{"paddings": ("same",), "pool_size": 1},
        **QUICK,
    ),
    PARTIAL_CNN,
]
CLASSIFIERS = [
    *TRAINED,
    ELMClassifier(20, random_state=0),
    ELMClassifier(20, "difference", alpha="loo", random_state=0),
    RVFLClassifier(20, random_state=0),
    HalfLayerClassifier(20, solver="lbfgs", **QUICK),
    HalfLayerClassifier(20, weight_kind="class_sums", polish=True, **QUICK),
    HalfLayerClassifier(20, early_stopping=True, **QUICK),
    SharedBackboneEnsembleClassifier(
        PARTIAL_CNN, n_estimators=2, validation_fraction=None, random_state=0
    ),
    WeightAgnosticClassifier(**QUICK),
]
MINIBATCH = [
    each
    for each in CLASSIFIERS
    if hasattr(each, "partial_fit") and not getattr(each, "early_stopping", False)
]


def named(models):
    return pytest.mark.parametrize(
        "model", models, ids=[f"{type(m).__name__}{i}" for i, m in enumerate(models)]
    )


def three_classes(n_rare=4):
    rng = np.random.default_rng(0)
    y = np.array(["a", "b", "c"])[np.repeat([0, 1, 2], [30, 30, n_rare])]
    return rng.standard_normal((len(y), 6)) + (y == "b")[:, None], y


def noisy():
    return make_regression(600, 10, noise=100, random_state=0)


def outputs(model, X):
    return model.predict_proba(X) if is_classifier(model) else model.predict(X)


# -- the choice of the ridge, and calibration ------------------------------------------


@pytest.mark.parametrize("weight", [2.0, 1000.0, 1e-3, 1e25])
@pytest.mark.parametrize("alpha", ["gcv", "loo"])
@pytest.mark.parametrize("Model", CLOSED_FORM)
def test_equal_weights_change_nothing(Model, alpha, weight):
    X, y = noisy()
    y = y > 50 if is_classifier(Model()) else y
    model = Model(100, alpha=alpha, random_state=0)
    plain = clone(model).fit(X[:200], y[:200])
    weighted = clone(model).fit(X[:200], y[:200], np.full(200, weight))
    assert_allclose(outputs(weighted, X), outputs(plain, X), rtol=1e-10, atol=1e-10)
    assert weighted.alpha_ == pytest.approx(weight * plain.alpha_, rel=1e-10)
    assert_allclose(weighted.gram_.gram / weight, plain.gram_.gram, rtol=1e-10)


@pytest.mark.parametrize("alpha", ["gcv", "loo"])
@pytest.mark.parametrize("Model", CLOSED_FORM)
def test_scale_of_unequal_weights_changes_nothing(Model, alpha):
    X, y = noisy()
    y = y > 50 if is_classifier(Model()) else y
    weight = np.random.default_rng(0).uniform(0, 3, 200).round(1)
    model = Model(100, alpha=alpha, dtype="float64", random_state=0)
    plain = clone(model).fit(X[:200], y[:200], weight)
    scaled = clone(model).fit(X[:200], y[:200], 700.0 * weight)
    assert_allclose(outputs(scaled, X), outputs(plain, X), rtol=1e-9, atol=1e-9)


def test_weights_in_chunks_are_those_of_the_whole():
    X, y = noisy()
    weight = np.repeat([3.0, 3.0, 0.0, 7.0, 1.0], 120)
    fixed = {"scale": 0.5, "input_scaling": None, "dtype": "float64"}
    model = ELMRegressor(50, random_state=0, alphas=np.geomspace(0.1, 1e4, 9), **fixed)
    whole = clone(model).fit(X, y, weight)
    chunks = [slice(start, start + 120) for start in range(0, 600, 120)]
    found = clone(model).fit_blocks([(X[c], y[c], weight[c]) for c in chunks])
    assert found.alpha_ == whole.alpha_
    assert_allclose(found.predict(X), whole.predict(X), rtol=1e-8)
    assert found.gram_.total_weight == pytest.approx(weight.sum())


@pytest.mark.parametrize("class_weight", [None, "balanced", {0: 1, 1: 20}])
@pytest.mark.parametrize("alpha", ["gcv", "loo"])
def test_class_weights_leave_the_ranking_good(alpha, class_weight):
    X, y = load_diabetes(return_X_y=True)
    y = (y > np.quantile(y, 0.9)).astype(int)
    model = ELMClassifier(500, alpha=alpha, class_weight=class_weight, random_state=0)
    assert cross_val_score(model, X, y, scoring="roc_auc").mean() >= 0.88


@pytest.mark.parametrize("n_rows", [40, 100])
@pytest.mark.parametrize("weighted", [False, True])
def test_leave_one_out_chooses_as_ridge_cv(weighted, n_rows):
    # On wide data as well: as many, fewer and more rows than columns.
    chosen = []
    for seed in range(10):
        rng = np.random.default_rng(seed)
        X = rng.standard_normal((n_rows, 60))
        y = X[:, 0] + rng.uniform(0.1, 5) * rng.standard_normal(n_rows)
        weight = rng.uniform(0.1, 10, n_rows) if weighted else None
        alphas = np.geomspace(1e-3, 1e5, 9)
        expected = RidgeCV(alphas).fit(X, y, weight)
        found = ELMRegressor(
            60, np.eye(60), "identity", alpha="loo", alphas=alphas, dtype="float64",
            scale=1.0, bias="zero", input_scaling=None,
        ).fit(X, y, weight)  # fmt: skip
        assert found.alpha_ == expected.alpha_
        assert_allclose(found.predict(X), expected.predict(X), rtol=1e-6, atol=1e-6)
        chosen.append(found.alpha_)
    assert len(set(chosen)) > 2


@pytest.mark.parametrize("alpha", ["gcv", "loo"])
def test_interpolating_fits_are_not_taken_for_good_ones(alpha):
    # Pure noise, fewer rows than units: the largest strength is the best.
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((60, 5)), rng.standard_normal(60)
    model = ELMRegressor(100, alpha=alpha, random_state=0).fit(X, y)
    new = rng.standard_normal((500, 5))
    assert r2_score(rng.standard_normal(500), model.predict(new)) > -0.2


@pytest.mark.parametrize("alpha", [1e-6, 1.0])
def test_heavy_rows_do_not_make_probabilities_overconfident(alpha):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((80, 5))
    y = rng.integers(0, 2, 80)
    model = ELMClassifier(100, alpha=alpha, dtype="float64", random_state=0)
    model.fit(X, y, np.full(80, 1000.0))
    new = model.predict_proba(rng.standard_normal((200, 5)))
    assert np.abs(new - 0.5).mean() < 0.2


@pytest.mark.parametrize("Model", CLOSED_FORM)
def test_row_twice_is_weight_two_at_a_given_strength(Model):
    X, y = three_classes()
    y = y if is_classifier(Model()) else X[:, 0]
    twice = 1 + np.arange(len(y)) % 2
    fixed = {"scale": 0.5, "dtype": "float64", "random_state": 0}
    weighted = Model(20, alpha=1.0, **fixed).fit(X, y, twice)
    repeated = Model(20, alpha=1.0, **fixed)
    repeated.fit(np.repeat(X, twice, axis=0), np.repeat(y, twice))
    for found, expected in zip(
        weighted.gram_.solve(1.0), repeated.gram_.solve(1.0), strict=True
    ):
        assert_allclose(found, expected, rtol=1e-8, atol=1e-10)
    if not is_classifier(weighted):
        assert_allclose(weighted.predict(X), repeated.predict(X), rtol=1e-8)


# -- classes ---------------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@named(CLASSIFIERS)
def test_class_of_weight_zero_stays_a_class(model):
    X, y = three_classes()
    model = clone(model).fit(X, y, np.where(y == "c", 0.0, 1.0))
    assert_array_equal(model.classes_, ["a", "b", "c"])
    probability = model.predict_proba(X)
    assert_allclose(probability.sum(axis=1), 1)
    assert not (model.predict(X) == "c").any()


@named(CLASSIFIERS)
def test_one_class_of_positive_weight_is_named(model):
    X, y = three_classes()
    with pytest.raises(ValueError, match="only one class"):
        clone(model).fit(X, y, np.where(y == "a", 1.0, 0.0))


def test_bagging_takes_draws_without_a_rare_class():
    X, y = three_classes(n_rare=2)
    model = BaggingClassifier(ELMClassifier(30), random_state=0).fit(X, y)
    assert_allclose(model.predict_proba(X).sum(axis=1), 1)


@named(MINIBATCH)
def test_class_weight_names_classes_that_a_chunk_lacks(model):
    X, y = three_classes()
    weights = {"a": 1.0, "b": 5.0, "c": 2.0}
    model = clone(model).set_params(class_weight=weights)
    by_row = clone(model).set_params(class_weight=None)
    for rows in (y != "c", y == "c", y == "a"):
        model.partial_fit(X[rows], y[rows], classes=["a", "b", "c"])
        weight = compute_sample_weight(weights, y)[rows]
        by_row.partial_fit(X[rows], y[rows], ["a", "b", "c"], sample_weight=weight)
    assert_allclose(model.predict_proba(X), by_row.predict_proba(X), rtol=1e-4)


@pytest.mark.parametrize("Model", [ELMClassifier, RVFLClassifier])
def test_class_weight_names_classes_that_a_block_lacks(Model):
    X, y = three_classes()
    model = Model(20, class_weight={"c": 3.0}, random_state=0)
    blocks = [(X[rows], y[rows]) for rows in (y != "c", y == "c")]
    model.fit_blocks(blocks, classes=["a", "b", "c"])
    assert model.gram_.total_weight == pytest.approx(60 + 3 * 4)


def test_class_weights_of_labels_that_a_chunk_lacks():
    X, _ = three_classes()
    y = np.column_stack([X[:, 0] > 0, X[:, 1] > 0]).astype(int)
    model = ELMClassifier(20, class_weight=[{1: 3.0}, {0: 2.0}], random_state=0)
    model.partial_fit(X, y).partial_fit(X[:5], np.zeros((5, 2), int))
    expected = (3.0 ** y[:, 0] * 2.0 ** (1 - y[:, 1])).sum() + 5 * 2
    assert model.gram_.total_weight == pytest.approx(expected)


@named(MINIBATCH)
def test_class_weight_that_names_no_class_is_refused(model):
    X, y = three_classes()
    model = clone(model).set_params(class_weight={"a": 1.0, "z": 2.0})
    with pytest.raises(ValueError, match="are not in class_weight"):
        model.partial_fit(X, y, classes=["a", "b", "c"])


@named(MINIBATCH)
def test_shares_of_classes_are_not_taken_from_a_chunk(model):
    X, y = three_classes()
    model = clone(model).set_params(class_weight="balanced")
    with pytest.raises(ValueError, match="class_weight='balanced' is not supported"):
        model.partial_fit(X, y, classes=["a", "b", "c"])
