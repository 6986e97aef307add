import copy
import pickle
import subprocess
import sys
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import linalg, sparse
from sklearn.base import clone, is_classifier
from sklearn.callback import ProgressBar, ScoringMonitor
from sklearn.datasets import load_digits, make_classification, make_regression
from sklearn.exceptions import NotFittedError
from sklearn.metrics import log_loss
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

from sklearn_halfnet import (
    ELMClassifier,
    ELMRegressor,
    RandomFeatures,
    RVFLClassifier,
    RVFLRegressor,
)
from sklearn_halfnet._int8 import has_fast_int8
from sklearn_halfnet.activations import ACTIVATIONS

CLASSIFIERS = [ELMClassifier, RVFLClassifier]
REGRESSORS = [ELMRegressor, RVFLRegressor]
FAMILY = CLASSIFIERS + REGRESSORS

# Layers that look at no data, so that chunks cannot change them.
FIXED = {"scale": 0.5, "input_scaling": None, "dtype": "float64", "random_state": 0}


def make_data(model, n_rows=150):
    if is_classifier(model):
        return make_classification(
            n_rows, 6, n_informative=4, n_classes=3, random_state=0
        )
    return make_regression(n_rows, 6, n_targets=2, noise=5.0, random_state=0)


def outputs(model, X):
    return model.predict_proba(X) if is_classifier(model) else model.predict(X)


@pytest.mark.parametrize("cuts", [[50], [3, 4, 100], list(range(10, 150, 10))])
@pytest.mark.parametrize("Model", FAMILY)
def test_chunks_equal_the_whole(Model, cuts):
    model = Model((20, 10), read_out="ensemble", **FIXED)
    X, y = make_data(model)
    weight = 1.0 + np.arange(150) % 3
    whole = clone(model).fit(X, y, weight)
    blocks = [
        (X[start:stop], y[start:stop], weight[start:stop])
        for start, stop in pairwise([0, *cuts, 150])
    ]
    options = {"classes": [0, 1, 2]} if is_classifier(model) else {}
    blockwise = clone(model).fit_blocks(iter(blocks), **options)
    partial = clone(model)
    for block_X, block_y, block_weight in blocks:
        partial.partial_fit(block_X, block_y, sample_weight=block_weight, **options)
    for other in (blockwise, partial):
        assert_allclose(
            other.read_out_coef_, whole.read_out_coef_, rtol=1e-5, atol=1e-7
        )
        assert_allclose(outputs(other, X), outputs(whole, X), rtol=1e-6)
    assert [gram.n_samples for gram in partial.gram_] == [150, 150]


@pytest.mark.parametrize("Model", FAMILY)
def test_sums_in_chunks_solve_to_1e_8(Model):
    model = Model(20, alpha=1.0, **FIXED)
    X, y = make_data(model)
    y = np.eye(3)[y] if is_classifier(model) else y
    whole = clone(model).fit_blocks([(X, y)]).gram_.solve(1.0)
    chunks = [(X[:40], y[:40]), (X[40:41], y[40:41]), (X[41:], y[41:])]
    for found, expected in zip(
        clone(model).fit_blocks(chunks).gram_.solve(1.0), whole, strict=True
    ):
        assert_allclose(found, expected, rtol=1e-8, atol=1e-8)


@pytest.mark.parametrize("dtype, rtol", [("float32", 1e-2), ("float64", 1e-6)])
@pytest.mark.parametrize("Model", FAMILY)
def test_sparse_equals_dense(Model, dtype, rtol):
    options = {"input_scaling": "standard", "random_state": 0}
    model = Model(20, alpha=1.0, dtype=dtype, **options)
    X, y = make_data(model)
    X[X < 0] = 0
    dense = clone(model).fit(X, y)
    thin = clone(model).fit(sparse.csr_array(X), y)
    assert_allclose(
        outputs(thin, sparse.csr_array(X)), outputs(dense, X), rtol=rtol, atol=rtol
    )


@pytest.mark.parametrize("Model", FAMILY)
def test_direct_links_and_layers_make_the_columns(Model):
    model = Model((7, 4), random_state=0)
    X, y = make_data(model)
    model.fit(X, y)
    n_direct = 6 if Model in (RVFLClassifier, RVFLRegressor) else 0
    n_outputs = 3 if is_classifier(model) else 2
    assert model.read_out_coef_.shape == (n_outputs, 11 + n_direct)
    assert model.n_trainable_parameters_ == n_outputs * (12 + n_direct)
    assert [weights.shape for weights in model.weights_] == [(7, 6), (4, 7)]


def test_ensemble_is_the_mean_of_its_read_outs():
    model = RVFLRegressor((8, 5), read_out="ensemble", alpha=2.0, **FIXED)
    X, y = make_data(model)
    model.fit_blocks([(X, y)])
    features = model.model_.all_features(X)
    singles = []
    for columns in ([*range(8), *range(13, 19)], range(8, 19)):
        H = features[:, list(columns)]
        centred = H - H.mean(axis=0)
        coef = np.linalg.solve(
            centred.T @ centred + 2.0 * np.eye(H.shape[1]), centred.T @ y
        )
        singles.append(centred @ coef + y.mean(axis=0))
    assert_allclose(model.predict(X), np.mean(singles, axis=0), rtol=1e-8)


@pytest.mark.parametrize("alpha", ["gcv", "loo"])
def test_chosen_strength_is_near_the_best_on_new_rows(alpha):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((1300, 5))
    y = np.sin(X[:, 0]) + X[:, 1] + 0.5 * rng.standard_normal(1300)
    train, test = slice(0, 300), slice(300, None)

    def error(strength):
        model = ELMRegressor(200, alpha=strength, random_state=0)
        model.fit(X[train], y[train])
        return np.mean((model.predict(X[test]) - y[test]) ** 2)

    assert error(alpha) < 1.1 * min(error(a) for a in np.geomspace(1e-3, 1e4, 8))


@pytest.mark.parametrize("Model", CLASSIFIERS)
def test_probabilities_are_calibrated(Model):
    X, y = load_digits(return_X_y=True)
    train, test = slice(0, 1200), slice(1200, None)
    model = Model(300, random_state=0).fit(X[train], y[train])
    probability = model.predict_proba(X[test])
    assert_allclose(probability.sum(axis=1), 1)
    right = model.predict(X[test]) == y[test]
    assert abs(probability.max(axis=1).mean() - right.mean()) < 0.03
    assert log_loss(y[test], probability) < 0.35


def test_multilabel():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((200, 4))
    y = (X[:, :2] + 0.1 * rng.standard_normal((200, 2)) > 0).astype(int)
    model = ELMClassifier(100, random_state=0).fit(X, y)
    assert model.predict(X).shape == model.predict_proba(X).shape == (200, 2)
    assert (model.predict(X) == y).mean() > 0.9


def test_class_weight_moves_the_boundary_and_counts_as_sample_weight():
    X, y = make_classification(400, 6, weights=[0.9], random_state=0)
    plain = ELMClassifier(30, alpha=1.0, random_state=0).fit(X, y)
    weighted = ELMClassifier(30, alpha=1.0, class_weight={1: 9}, random_state=0)
    by_class = clone(weighted).fit(X, y)
    by_row = clone(plain).fit(X, y, np.where(y == 1, 9.0, 1.0))
    assert_allclose(by_class.gram_.gram, by_row.gram_.gram, rtol=1e-6)
    assert_allclose(by_class.gram_.cross, by_row.gram_.cross, rtol=1e-5)
    assert by_class.predict(X).mean() > plain.predict(X).mean()


@pytest.mark.parametrize("n_rows", [15, 150], ids=["few", "many"])
@pytest.mark.parametrize("Model", FAMILY)
def test_partial_fit_goes_on_from_fit(Model, n_rows):
    model = Model((20, 10), alpha=1.0, **FIXED)
    X, y = make_data(model)
    options = {"classes": [0, 1, 2]} if is_classifier(model) else {}
    whole = clone(model).partial_fit(X, y, **options)
    parts = clone(model).fit(X[:n_rows], y[:n_rows])
    if n_rows < 150:
        parts.partial_fit(X[n_rows:], y[n_rows:], **options)
    for found, expected in zip(parts.gram_.solve(1), whole.gram_.solve(1), strict=True):
        assert_allclose(found, expected, atol=1e-8)


def pickled(model):
    state = pickle.dumps(model)
    assert len(state) < 60_000
    return pickle.loads(state)


@pytest.mark.parametrize("duplicate", [pickled, copy.deepcopy])
def test_copies_of_a_fit_leave_its_sums_out(duplicate):
    X, y = make_data(ELMClassifier())
    model = ELMClassifier(400, random_state=0).fit(X, y)
    again = duplicate(model)
    assert_array_equal(again.predict_proba(X), model.predict_proba(X))
    with pytest.raises(ValueError, match="Begin with partial_fit"):
        again.partial_fit(X, y, [0, 1, 2])
    with pytest.raises(AttributeError, match="not carried by copies"):
        again.gram_  # noqa: B018


def test_a_checkpoint_of_partial_fit_goes_on():
    X, y = make_data(ELMClassifier())
    model = ELMClassifier(10, random_state=0).partial_fit(X[:70], y[:70], [0, 1, 2])
    again = pickle.loads(pickle.dumps(model))
    for each in (model, again):
        each.partial_fit(X[70:], y[70:])
    assert_array_equal(again.read_out_coef_, model.read_out_coef_)
    assert again.gram_.n_samples == 150


def test_bad_input_is_named_and_leaves_the_model_as_it_was():
    X, y = make_data(ELMClassifier())
    model = ELMClassifier(10, random_state=0).fit(X, y)
    before = model.predict_proba(X)
    with pytest.raises(ValueError, match="contains infinity"):
        model.fit(np.full_like(X, np.inf), y)
    assert_array_equal(model.predict_proba(X), before)
    with pytest.raises(ValueError, match="classes must be passed"):
        ELMClassifier(10, new_classes="error").partial_fit(X, y)
    with pytest.raises(ValueError, match="'balanced'"):
        ELMClassifier(10, class_weight="balanced").partial_fit(X, y, [0, 1, 2])
    with pytest.raises(ValueError, match="blocks is empty"):
        ELMClassifier(10).fit_blocks([])
    with pytest.raises(ValueError, match="lists 2 kinds for 1"):
        ELMClassifier(10, ["normal", "binary"]).fit(X, y)
    with pytest.raises(MemoryError, match="hidden_layer_sizes=2000000000"):
        ELMClassifier(2_000_000_000).fit(X, y)


@pytest.mark.parametrize("alphas", [[], [-1.0, 1.0], [np.nan], [[1.0, 2.0]]])
@pytest.mark.parametrize("alpha", ["gcv", "loo"])
def test_bad_candidates_are_named(alpha, alphas):
    X, y = make_data(ELMRegressor())
    with pytest.raises(ValueError, match=r"alphas=.* must be a list"):
        ELMRegressor(10, alpha=alpha, alphas=alphas).fit(X, y)


def test_first_partial_fit_that_fails_leaves_nothing():
    X, y = make_data(ELMClassifier())
    model = ELMClassifier(10, new_classes="error", random_state=0)
    with pytest.raises(ValueError, match="contains infinity"):
        model.partial_fit(np.full_like(X, np.inf), y, [0, 1, 2])
    with pytest.raises(NotFittedError):
        model.predict(X)
    for labels in (y, y[:, None]):
        with pytest.raises(ValueError, match="classes must be passed"):
            model.partial_fit(X, labels)


def test_torch_is_not_imported():
    code = (
        "import sys, numpy as np, sklearn_halfnet as s\n"
        "X = np.random.default_rng(0).random((30, 3))\n"
        "s.ELMClassifier(5).fit(X, X[:, 0] > 0.5).predict_proba(X)\n"
        "s.RVFLRegressor(5).fit(X, X[:, 0]).predict(X)\n"
        "assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_int8_is_as_good_and_refuses_direct_links():
    X, y = load_digits(return_X_y=True)
    scores = [
        ELMClassifier(sizes, dtype=dtype, random_state=0)
        .fit(X[:1200], y[:1200])
        .score(X[1200:], y[1200:])
        for dtype in ("float32", "int8")
        for sizes in (300, (200, 100))
    ]
    assert min(scores) > 0.9
    assert_allclose(scores[:2], scores[2:], atol=0.01)
    with pytest.raises(ValueError, match="direct links have no bounds"):
        RVFLClassifier(300, dtype="int8").fit(X, y)


@pytest.mark.skipif(not has_fast_int8(), reason="this processor lacks int8 products")
@pytest.mark.parametrize("weight_kind", ["normal", "binary"])
@pytest.mark.parametrize("activation", sorted(ACTIVATIONS))
@pytest.mark.parametrize("input_scaling", ["center", None])
def test_int8_is_close_to_float32(activation, weight_kind, input_scaling):
    X, y = load_digits(return_X_y=True)
    options = {
        **{"activation": activation, "weight_kind": weight_kind, "alpha": 1000.0},
        **{"input_scaling": input_scaling, "random_state": 0},
    }
    exact, rounded = (
        ELMRegressor(200, dtype=dtype, **options).fit(X, y)
        for dtype in ("float32", "int8")
    )
    assert rounded.model_.rounding.inputs is not None
    assert 0 < np.abs(rounded.read_out_coef_ - exact.read_out_coef_).max()
    difference = rounded.predict(X) - exact.predict(X)
    assert np.sqrt(np.mean(difference**2)) < 0.05 * y.std()


@pytest.mark.skipif(not has_fast_int8(), reason="this processor lacks int8 products")
def test_int8_leaves_inputs_of_a_long_range_as_they_are():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((500, 3))
    y = np.sin(X[:, 0])
    options = {"input_scaling": "standard", "random_state": 0}
    model = ELMRegressor(50, dtype="int8", **options).fit(X, y)
    assert model.model_.rounding.inputs is not None
    X[0] = 1000.0
    exact, rounded = (
        ELMRegressor(50, "normal", "cos", alpha=1.0, dtype=dtype, **options)
        for dtype in ("float32", "int8")
    )
    differences = rounded.fit(X, y).predict(X) - exact.fit(X, y).predict(X)
    assert rounded.model_.rounding.inputs is None
    assert_allclose(differences, 0, atol=0.05)


@pytest.mark.parametrize("prepare", [np.asarray, sparse.csr_array])
@pytest.mark.parametrize("weight", [None, 1.0])
def test_int8_takes_sparse_rows_and_weights(prepare, weight):
    X, y = load_digits(return_X_y=True)
    weight = None if weight is None else np.full(len(y), weight)
    model = ELMClassifier(300, dtype="int8", random_state=0)
    model.fit(prepare(X), y, weight)
    assert model.score(X, y) > 0.97


def test_int8_falls_back_where_the_processor_is_slow_at_it(monkeypatch):
    X, y = load_digits(return_X_y=True)
    monkeypatch.setattr(
        "sklearn_halfnet.estimators.closed_form._base.has_fast_int8", lambda: False
    )
    found = ELMClassifier(300, dtype="int8", random_state=0).fit(X, y)
    expected = ELMClassifier(300, random_state=0).fit(X, y)
    assert_array_equal(found.read_out_coef_, expected.read_out_coef_)


@pytest.mark.parametrize("kind", ["class_sums", "instances", "difference", "sparse"])
@pytest.mark.parametrize("Model", [ELMClassifier, RVFLClassifier])
def test_data_driven_and_sparse_kinds(Model, kind):
    X, y = load_digits(return_X_y=True)
    model = Model(200, kind, activation="tanh", input_scaling="center", random_state=0)
    assert model.fit(X[:1200], y[:1200]).score(X[1200:], y[1200:]) > 0.9


def test_error_in_a_later_chunk_leaves_the_sums():
    X, y = make_data(ELMRegressor())
    # Which limits nothing.
    model = ELMRegressor(10, input_scaling="standard", random_state=0)
    model.partial_fit(X, y)
    before = model.predict(X)
    with pytest.raises(ValueError, match="too large for dtype='float32'"):
        model.partial_fit(np.vstack([X, 1e200 * X[:1]]), np.vstack([y, y[:1]]))
    assert model.gram_.n_samples == 150
    assert_array_equal(model.predict(X), before)


def test_failed_solution_leaves_the_sums(monkeypatch):
    X, y = make_data(ELMRegressor())
    model = ELMRegressor(10, random_state=0).partial_fit(X[:100], y[:100])
    expected = copy.deepcopy(model).partial_fit(X[100:], y[100:])
    with monkeypatch.context() as patch:
        patch.setattr(type(model.model_), "solved", lambda *arguments: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            model.fit_blocks([(X[100:], y[100:])])
    assert model.gram_.n_samples == 100
    assert_array_equal(
        model.partial_fit(X[100:], y[100:]).read_out_coef_, expected.read_out_coef_
    )


def test_minimum_norm_solution_warns_and_equals_lstsq():
    X, y = make_data(ELMRegressor())
    weights = np.vstack([np.eye(6)] * 2)
    model = ELMRegressor(12, weights, "identity", alpha=0.0, bias="zero", **FIXED)
    with pytest.warns(linalg.LinAlgWarning, match="minimum norm"):
        model.fit(X, y)
    H = 0.5 * X @ weights.T
    H, target = H - H.mean(axis=0), y - y.mean(axis=0)
    expected = np.linalg.lstsq(H, target, rcond=1e-10)[0].T
    assert_allclose(model.read_out_coef_, expected, atol=1e-8)


SINGULAR = {
    "one-hot": np.eye(6)[np.arange(120) % 6],
    "one column": np.arange(120.0)[:, None],
    "copies": np.repeat(np.random.default_rng(0).standard_normal((24, 4)), 5, axis=0),
    "constant": np.ones((120, 3)),
    "fewer rows": np.random.default_rng(0).standard_normal((120, 30)),
}


@pytest.mark.filterwarnings("ignore::scipy.linalg.LinAlgWarning")
@pytest.mark.parametrize("alpha", ["loo", "gcv", 0.0, 1e-12, 1e-6, 1e-3])
@pytest.mark.parametrize("n_units", [30, 100, 150, 300])
@pytest.mark.parametrize("rows", SINGULAR)
def test_singular_systems_are_solved(rows, n_units, alpha):
    X = SINGULAR[rows]
    y = (np.arange(120) % 6 < 3).astype(int)
    model = ELMClassifier(n_units, alpha=alpha, random_state=0).fit(X, y)
    assert np.isfinite(model.predict_proba(X)).all()


@pytest.mark.parametrize("alpha", ["loo", "gcv"])
@pytest.mark.parametrize("rows", SINGULAR)
def test_a_chosen_strength_is_never_singular(rows, alpha):
    X = SINGULAR[rows]
    ELMRegressor(150, alpha=alpha, random_state=0).fit(X, X[:, 0])  # warns of nothing


def test_empty_blocks_add_nothing():
    X, y = make_data(ELMClassifier())
    model = ELMClassifier(20, random_state=0, class_weight={0: 0.0})
    blocks = [(X[:70], y[:70]), (X[70:], y[70:])]
    zero = y == 0
    empty = [
        (X[:0], y[:0]),
        (X[:10], y[:10], np.zeros(10)),
        (X[zero], y[zero]),
        ([], []),
    ]
    expected = clone(model).fit_blocks(blocks)
    mixed = [*empty, blocks[0], *empty, blocks[1], *empty]
    found = clone(model).fit_blocks(mixed, classes=[0, 1, 2])
    assert_array_equal(found.read_out_coef_, expected.read_out_coef_)
    assert found.gram_.n_samples == expected.gram_.n_samples
    with pytest.raises(ValueError, match="holds no row of positive weight"):
        clone(model).fit_blocks(empty, classes=[0, 1, 2])
    with pytest.raises(ValueError, match=r"inconsistent|0 sample"):
        clone(model).fit_blocks([blocks[0], (X[:0], y[:3])])


@pytest.mark.parametrize("Model", FAMILY)
def test_blocks_that_are_none_are_named(Model):
    X, y = make_data(Model())
    for blocks in ([X, X], [X[:2], X[:2]], (X, y), [(X, y), "ab"]):
        with pytest.raises(
            TypeError, match=r"blocks must yield tuples .*counted from 0"
        ):
            Model(10).fit_blocks(blocks)
    with pytest.raises(TypeError, match="is a tuple of 1"):
        Model(10).fit_blocks([(X,)])


def test_memory_of_few_rows_does_not_grow_with_the_square_of_columns(monkeypatch):
    asked = []
    monkeypatch.setattr(
        "sklearn_halfnet.estimators.closed_form._base.check_memory",
        lambda n_bytes, *_: asked.append(n_bytes),
    )
    X = np.random.default_rng(0).standard_normal((40, 20_000))
    model = RVFLRegressor(50, random_state=0).fit(X, X[:, 0])
    ELMRegressor(20_000, random_state=0).fit(X[:, :3], X[:, 0])
    # Three arrays of rows and columns, and the weights twice.
    rows = 3 * 8 * 40 * np.array([20_050, 20_000])
    assert_array_equal(asked, rows + 8 * np.array([50 * 20_000, 3 * 20_000]))
    assert model.score(X, X[:, 0]) > 0


def test_more_rows_after_few_need_the_memory_of_columns():
    X = np.random.default_rng(0).standard_normal((40, 3))
    model = ELMRegressor(200_000, random_state=0).fit(X, X[:, 0])
    with pytest.raises(MemoryError, match="hidden_layer_sizes=200000"):
        model.partial_fit(X, X[:, 0])
    with pytest.raises(MemoryError, match="hidden_layer_sizes=200000"):
        model.gram_  # noqa: B018


def test_missing_labels_are_named():
    X, y = make_data(ELMClassifier())
    labels = pd.Series([f"c{label}" for label in y], dtype="string")
    labels[7] = pd.NA
    for bad in (labels, labels.astype(object), np.array(labels, object)):
        with pytest.raises(ValueError, match="y contains NaN or NA, first in row 7"):
            ELMClassifier(10).fit(X, bad)


class Watch:
    """Note the tasks that end, and the fitted model that is shown."""

    def __init__(self, stop_at=None):
        self.ended, self.shown, self.stop_at = [], None, stop_at

    def setup(self, estimator, context):
        self.set_up = True

    def teardown(self, estimator, context):
        self.torn_down = True

    def on_fit_task_begin(self, estimator, context):
        pass

    def on_fit_task_end(self, estimator, context, *, fitted_estimator=None):
        self.ended.append(context.task_name)
        self.shown = fitted_estimator
        return len(self.ended) == self.stop_at


@pytest.mark.parametrize("Model", [*FAMILY, RandomFeatures])
def test_callbacks_are_called_and_shown_the_model(Model):
    watch = Watch()
    X, y = make_data(Model())
    model = Model(10, random_state=0).set_callbacks(watch).fit(X, y)
    assert watch.ended == ["fit"]
    assert watch.set_up and watch.torn_down
    method = "transform" if Model is RandomFeatures else "predict"
    assert_array_equal(getattr(watch.shown, method)(X), getattr(model, method)(X))


def test_callbacks_see_blocks_and_may_end_the_fit():
    X, y = make_data(ELMRegressor())
    watch = Watch(stop_at=2)
    model = ELMRegressor(10, random_state=0).set_callbacks(watch)
    model.fit_blocks(
        (X[start : start + 30], y[start : start + 30]) for start in (0, 30, 60)
    )
    assert watch.ended == ["block", "block", "fit"]
    assert model.gram_.n_samples == 60


def test_scores_and_bars_of_scikit_learn_run():
    X, y = make_data(ELMClassifier())
    monitor = ScoringMonitor(scoring="accuracy")
    model = ELMClassifier(20, random_state=0).set_callbacks(monitor).fit(X, y)
    (log,) = monitor.get_logs(select="all")
    assert log.data[-1]["accuracy"] == model.score(X, y)
    pipeline = make_pipeline(RandomFeatures(10, random_state=0), ELMClassifier(20))
    search = GridSearchCV(pipeline, {"elmclassifier__alpha": [1.0, 10.0]}, cv=2)
    search.set_callbacks(ProgressBar()).fit(X, y)


@pytest.mark.parametrize("Model", [*FAMILY, RandomFeatures])
def test_an_error_in_a_callback_leaves_the_model(Model):
    X, y = make_data(Model())
    model = Model(10, random_state=0).fit(X, y)
    before = vars(model).copy()
    failing = Watch()
    failing.on_fit_task_end = lambda estimator, context: 1 / 0
    with pytest.raises(ZeroDivisionError):
        model.set_callbacks(failing).fit(X[:40], y[:40])
    assert failing.torn_down
    kept = vars(model.set_callbacks())
    assert all(kept[name] is value for name, value in before.items())
