"""Bad inputs and faults: each gets a clear error, and no fitted model is lost."""

import copy
import random
import warnings
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
import polars as pl
import pytest
import torch
from callbacks import Interrupt
from joblib import Parallel, delayed, parallel_config
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.base import clone
from sklearn.exceptions import (
    ConvergenceWarning,
    DataConversionWarning,
    FitFailedWarning,
    NotFittedError,
)
from sklearn.model_selection import GridSearchCV
from sklearn.utils import get_tags
from sklearn.utils._param_validation import InvalidParameterError

from sklearn_halfnet import (
    ELMClassifier,
    ELMRegressor,
    HalfLayerClassifier,
    HalfLayerRegressor,
    RVFLClassifier,
    RVFLRegressor,
    _device,
)

OPTIONS = {"hidden_layer_sizes": 16, "max_iter": 3, "random_state": 0}
SMALL = {"hidden_layer_sizes": 16, "random_state": 0}
EVERY = pytest.mark.parametrize(
    "estimator",
    [
        HalfLayerClassifier,
        HalfLayerRegressor,
        ELMClassifier,
        ELMRegressor,
        RVFLClassifier,
        RVFLRegressor,
    ],
)
BOTH = pytest.mark.parametrize("estimator", [HalfLayerClassifier, HalfLayerRegressor])

rng = np.random.default_rng(0)
X = rng.standard_normal((60, 6))
Y = (X[:, 0] + X[:, 1] > 0).astype(int)


def spoilt(value, data=X):
    data = data.astype(float).copy()
    data.flat[7] = value
    return data


# -- prediction ------------------------------------------------------------------------


@EVERY
def test_predict_before_fit(estimator):
    with pytest.raises(NotFittedError):
        estimator().predict(X)


@EVERY
@pytest.mark.parametrize("method", ["predict", "partial_fit"])
def test_other_number_of_features(estimator, method):
    model = estimator(**SMALL).fit(X, Y)
    arguments = (X[:, :3],) if method == "predict" else (X[:, :3], Y)
    with pytest.raises(ValueError, match=r"X has 3 features, but .* is expecting 6"):
        getattr(model, method)(*arguments)


@EVERY
@pytest.mark.parametrize("columns", ["abcdeg", "bacdef", "abcde"])
def test_other_columns(estimator, columns):
    model = estimator(**SMALL).fit(pd.DataFrame(X, columns=list("abcdef")), Y)
    with pytest.raises(ValueError, match="feature names"):
        model.predict(pd.DataFrame(X[:, : len(columns)], columns=list(columns)))


@pytest.mark.parametrize("dtype, tolerance", [("float32", 1e-5), ("float64", 1e-12)])
def test_predictions_do_not_depend_on_how_rows_come(dtype, tolerance):
    model = HalfLayerClassifier(**OPTIONS, dtype=dtype).fit(X, Y)
    expected = model.predict_proba(X)
    one_by_one = np.vstack([model.predict_proba(row[None]) for row in X])
    assert_allclose(one_by_one, expected, atol=tolerance)
    for backend in ("sequential", "threading", "loky"):
        with parallel_config(backend, n_jobs=2):
            parts = Parallel()(
                delayed(model.predict_proba)(part) for part in (X[:20], X[20:])
            )
        assert_allclose(np.vstack(parts), expected, atol=tolerance)


def test_eight_threads_predict_the_same():
    model = HalfLayerClassifier(**OPTIONS).fit(X, Y)
    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(model.predict_proba, [X] * 16))
    for result in results:
        assert_array_equal(result, results[0])


# -- values of X and y -----------------------------------------------------------------


CSR = sparse.csr_array


def takes_nan(estimator):
    return get_tags(estimator()).input_tags.allow_nan


@EVERY
@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize("container", [np.asarray, CSR, pd.DataFrame])
def test_values_that_are_not_finite(estimator, value, container):
    if not (takes_nan(estimator) and np.isnan(value) and container is not CSR):
        with pytest.raises(ValueError, match=r"Input X contains (NaN|infinity)"):
            estimator(**SMALL).fit(container(spoilt(value)), Y)
    with pytest.raises(ValueError, match=r"Input y contains (NaN|infinity)"):
        estimator(**SMALL).fit(X, spoilt(value, Y))


@EVERY
def test_missing_value_of_pandas(estimator):
    table = pd.DataFrame(X).astype("Float64")
    table.iloc[2, 3] = pd.NA
    if takes_nan(estimator):
        array = table.to_numpy(float, na_value=np.nan)
        of_array = estimator(**SMALL).fit(array, Y)
        of_frame = estimator(**SMALL).fit(table, Y)
        assert_array_equal(of_frame.predict(table), of_array.predict(array))
        return
    with pytest.raises(ValueError, match="NaN"):
        estimator(**SMALL).fit(table, Y)


def test_overflow_of_float32():
    model = HalfLayerClassifier(**OPTIONS, input_scaling="center")
    with pytest.raises(ValueError, match="too large for dtype='float32'"):
        model.fit(X * 1e60, Y)
    model.set_params(dtype="float64").fit(X, Y)
    # "auto" limits values of any size.
    model = HalfLayerClassifier(**OPTIONS, input_scaling="standard").fit(X, Y)
    with pytest.raises(ValueError, match="too large for dtype='float32'"):
        model.predict(spoilt(1e200))


@pytest.mark.parametrize("estimator", [HalfLayerRegressor, ELMRegressor, RVFLRegressor])
def test_extreme_targets(estimator):
    with pytest.raises(ValueError, match="y has values too small"):
        estimator(**SMALL).fit(X, 1e-200 * X[:, 0])
    with pytest.raises(ValueError, match="y has values too large for dtype"):
        estimator(**SMALL).fit(X, 1e60 * X[:, 0])
    model = estimator(**SMALL, dtype="float64").fit(X, 1e60 * X[:, 0])
    assert model.score(X, 1e60 * X[:, 0]) > 0.5


@EVERY
@pytest.mark.parametrize("scale", [1e300, 1e-300])
@pytest.mark.parametrize("container", [np.asarray, sparse.csr_array])
def test_extreme_scale_names_the_column(estimator, scale, container):
    extreme = X * [1, 1, scale, 1, 1, 1]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # scikit-learn's, on sparse X
        with pytest.raises(ValueError, match="Column 2 of X has values too"):
            estimator(**SMALL).fit(container(extreme), Y)
    table = pd.DataFrame(extreme, columns=list("abcdef"))
    with pytest.raises(ValueError, match="Column 'c'"):
        estimator(**SMALL).fit(table, Y)


@EVERY
@pytest.mark.parametrize("n_constant", [1, 6])
def test_constant_columns(estimator, n_constant):
    flat = X.copy()
    flat[:, :n_constant] = 0.1
    model = estimator(**SMALL).fit(flat, Y)
    assert np.isfinite(model.predict(flat)).all()


@BOTH
@pytest.mark.parametrize(
    "y, error",
    [
        (None, ValueError),
        (Y[:-1], ValueError),
        (np.array([b"a", b"b"])[Y], TypeError),
    ],
)
def test_bad_y(estimator, y, error):
    with pytest.raises((error, ValueError)):
        estimator(**OPTIONS).fit(X, y)


@pytest.mark.parametrize(
    "y", [X[:, 0], np.array([1, "a"] * 30, dtype=object), np.c_[Y, Y + 5]]
)
def test_bad_labels(y):
    with pytest.raises((ValueError, TypeError)):
        HalfLayerClassifier(**OPTIONS).fit(X, y)


def test_one_class_only():
    with pytest.raises(ValueError, match="class"):
        HalfLayerClassifier(**OPTIONS).fit(X, np.zeros(60))


def test_column_vector_of_labels_warns():
    with pytest.warns(DataConversionWarning):
        model = HalfLayerClassifier(**OPTIONS).fit(X, Y[:, None])
    assert model.predict(X).shape == (60,)


def test_classes_of_partial_fit():
    with pytest.raises(ValueError, match="class"):
        HalfLayerClassifier(**OPTIONS).partial_fit(X[:5], np.zeros(5))
    with pytest.raises(ValueError, match="classes must be passed on the first call"):
        HalfLayerClassifier(**OPTIONS).partial_fit(X, Y)
    model = HalfLayerClassifier(**OPTIONS).partial_fit(X, Y, classes=[0, 1])
    before = model.read_out_coef_.copy()
    with pytest.raises(ValueError, match="labels that are not among the classes"):
        model.partial_fit(X, Y + 7)
    with pytest.raises(ValueError, match="classes"):
        model.partial_fit(X, Y, classes=[0, 1, 2])
    assert_array_equal(model.read_out_coef_, before)


@BOTH
@pytest.mark.parametrize(
    "bad",
    [
        X[0],
        X[None],
        X[:0],
        X + 1j,
        X.astype(str).astype("U8") + "x",
        np.matrix(X),
        None,
        [[1, 2], [3]],
    ],
    ids=["1-D", "3-D", "empty", "complex", "strings", "matrix", "None", "ragged"],
)
@pytest.mark.filterwarnings("ignore:the matrix subclass:PendingDeprecationWarning")
def test_bad_X(estimator, bad):
    with pytest.raises((ValueError, TypeError)):
        estimator(**OPTIONS).fit(bad, Y)


@BOTH
def test_little_data(estimator):
    assert len(estimator(**OPTIONS).fit(X[:, :1], Y).predict(X[:, :1])) == 60
    few = np.flatnonzero(Y)[:2].tolist() + np.flatnonzero(Y == 0)[:1].tolist()
    for kind in ("normal", "instances"):
        model = estimator(**OPTIONS, weight_kind=kind).fit(X[few], Y[few])
        assert np.isfinite(model.predict(X)).all()


def test_one_row():
    assert_allclose(HalfLayerRegressor(**OPTIONS).fit(X[:1], [3.0]).predict(X[:1]), 3)
    with pytest.raises(ValueError, match="class"):
        HalfLayerClassifier(**OPTIONS).fit(X[:1], Y[:1])


# -- containers ------------------------------------------------------------------------


@EVERY
def test_masked_array(estimator):
    with pytest.raises(ValueError, match="masked"):
        estimator(**SMALL).fit(np.ma.masked_array(X, X > 1), Y)


@EVERY
def test_corrupt_csr(estimator):
    corrupt = sparse.csr_matrix(X)
    corrupt.indices[3] = 100
    with pytest.raises(ValueError, match="corrupt sparse matrix"):
        estimator(**SMALL).fit(corrupt, Y)


@EVERY
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_memory_layout_does_not_matter(estimator, dtype, tmp_path):
    rows = X.astype(dtype)
    np.save(tmp_path / "X.npy", rows)
    expected = estimator(**SMALL).fit(rows, Y).read_out_coef_
    strided = np.repeat(rows, 2, axis=0)[::2]
    reverse = rows[::-1].copy()[::-1]
    mapped = np.load(tmp_path / "X.npy", mmap_mode="r")
    for layout in (np.asfortranarray(rows), strided, reverse, mapped):
        found = estimator(**SMALL).fit(layout, Y).read_out_coef_
        assert_array_equal(found, expected)


def test_tensors():
    expected = HalfLayerClassifier(**OPTIONS).fit(X.astype(np.float32), Y)
    tensor = torch.tensor(X, dtype=torch.float32, requires_grad=True)
    model = HalfLayerClassifier(**OPTIONS).fit(tensor, torch.tensor(Y))
    assert_array_equal(model.read_out_coef_, expected.read_out_coef_)
    assert len(model.predict(torch.tensor(X).bfloat16())) == 60


@pytest.mark.parametrize(
    "estimator", [HalfLayerClassifier, ELMClassifier, RVFLClassifier]
)
def test_sparse_indicators(estimator):
    labels = np.c_[Y, 1 - Y]
    expected = estimator(**SMALL).fit(X, labels).predict_proba(X)
    model = estimator(**SMALL).fit(X, sparse.csr_array(labels))
    assert_array_equal(model.predict_proba(X), expected)
    model.partial_fit(X, sparse.csr_matrix(labels))


def test_polars_lazy_frame():
    with pytest.raises(TypeError, match=r"call \.collect\(\)"):
        HalfLayerClassifier(**OPTIONS).fit(pl.DataFrame(X).lazy(), Y)


def test_labels_in_another_order_warn():
    table, y = pd.DataFrame(X), pd.Series(Y)
    with pytest.warns(UserWarning, match="different order"):
        HalfLayerClassifier(**OPTIONS).fit(table, y.sample(frac=1, random_state=0))


# -- weights and parameters ------------------------------------------------------------


@EVERY
@pytest.mark.parametrize(
    "weight",
    [np.ones(5), np.ones((60, 2)), np.full(60, np.nan), np.zeros(60), -np.ones(60)],
    ids=["length", "2-D", "NaN", "zero", "negative"],
)
def test_bad_sample_weight(estimator, weight):
    with pytest.raises(ValueError, match=r"[sS]ample.weight"):
        estimator(**SMALL).fit(X, Y, weight)


@pytest.mark.parametrize("early_stopping", [False, True])
def test_class_of_weight_zero_is_known_and_never_predicted(early_stopping):
    options = {**OPTIONS, "class_weight": {1: 0.0}, "early_stopping": early_stopping}
    model = HalfLayerClassifier(**options).fit(X, Y)
    assert_array_equal(model.classes_, np.unique(Y))
    assert not (model.predict(X) == 1).any()
    model = HalfLayerClassifier(**{**options, "early_stopping": False})
    assert_array_equal(model.partial_fit(X, Y, np.unique(Y)).classes_, np.unique(Y))


def test_bad_class_weight():
    with pytest.raises(InvalidParameterError, match="class_weight"):
        HalfLayerClassifier(**OPTIONS, class_weight="ballanced").fit(X, Y)
    with pytest.raises(ValueError, match="class_weight"):
        HalfLayerClassifier(**OPTIONS, class_weight={0: 1, 2: 3}).fit(X, Y)
    for weight in (-1, np.nan, np.inf):
        with pytest.raises(ValueError, match=r"class_weight=.* not negative"):
            HalfLayerClassifier(**OPTIONS, class_weight={0: 1, 1: weight}).fit(X, Y)


@BOTH
@pytest.mark.parametrize(
    "parameter, value, message",
    [
        ("alpha", -1, r"in the range \[0"),
        ("max_iter", 0, r"in the range \[1"),
        ("max_iter", True, "int"),
        ("max_iter", 2.5, "int"),
        ("validation_fraction", 1.0, r"\(0"),
        ("solver", "sgd", "lbfgs"),
        ("activation", "rleu", "relu"),
        ("weight_kind", "nromal", "normal"),
        ("learning_rate_init", 0, r"\(0"),
        ("cache_size", -1, r"\[0"),
        ("dtype", "float16", "float32"),
        ("random_state", -1, "random_state"),
        ("random_state", np.random.default_rng(0), "random_state"),
    ],
)
def test_bad_parameter(estimator, parameter, value, message):
    with pytest.raises(InvalidParameterError, match=message):
        estimator(**{**OPTIONS, parameter: value}).fit(X, Y)


@pytest.mark.parametrize("sizes", [(), (8, 0), (8, 2.5), ("8",), [[8]]])
def test_bad_sizes(sizes):
    with pytest.raises(ValueError, match="hidden_layer_sizes"):
        HalfLayerClassifier(hidden_layer_sizes=sizes).fit(X, Y)


def test_kinds_and_layers_must_match():
    with pytest.raises(ValueError, match="3 kinds for 2 hidden layers"):
        HalfLayerClassifier((8, 8), ["normal"] * 3).fit(X, Y)


def test_misspelt_parameter():
    with pytest.raises(ValueError, match="Valid parameters are"):
        HalfLayerClassifier().set_params(hiden_layer_sizes=3)


def test_unknown_device():
    with pytest.raises(ValueError, match="device='nowhere' cannot be used"):
        HalfLayerClassifier(device="nowhere").fit(X, Y)


def test_too_many_units_for_the_memory(monkeypatch):
    monkeypatch.setattr(_device, "_available_memory", lambda: 2**30)
    with pytest.raises(MemoryError, match="hidden_layer_sizes=200000"):
        HalfLayerClassifier(200_000).fit(np.tile(X, (1, 300)), Y)


@BOTH
def test_early_stopping_of_few_rows_names_the_fraction(estimator):
    model = estimator(**OPTIONS, early_stopping=True)
    assert len(model.fit(X, Y).validation_scores_) == 3
    assert not hasattr(
        model.set_params(early_stopping=False).fit(X, Y), "validation_scores_"
    )
    with pytest.raises(ValueError, match=r"validation_fraction=0\.1 cannot hold out"):
        model.set_params(early_stopping=True).fit(X[:1], [1.0])


# -- training --------------------------------------------------------------------------


@BOTH
def test_divergence_leaves_no_model(estimator):
    model = estimator(**OPTIONS)
    with pytest.raises(ValueError, match="non-finite"):
        model.set_params(learning_rate_init=1e30, max_iter=20).fit(X, Y)
    with pytest.raises(NotFittedError):
        model.predict(X)


@BOTH
@pytest.mark.parametrize(
    "options", [{"solver": "lbfgs", "tol": 0}, {"learning_rate": "constant"}]
)
def test_not_converged(estimator, options):
    with pytest.warns(ConvergenceWarning, match="max_iter=3"):
        model = estimator(**OPTIONS, **options).fit(X, Y)
    assert model.n_iter_ == 3


@BOTH
@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_ctrl_c_keeps_what_was_learned(estimator, solver):
    callback = Interrupt()
    model = estimator(**OPTIONS, solver=solver).set_callbacks(callback)
    with pytest.warns(UserWarning, match="interrupted by the user after 2"):
        model.fit(X, Y)
    assert callback.torn_down
    assert model.n_iter_ == 2
    assert len(model.predict(X)) == 60


@BOTH
@pytest.mark.parametrize(
    "change", [{"learning_rate_init": 1e30, "max_iter": 20}, {"device": "nowhere"}]
)
@pytest.mark.parametrize("warm", [False, True])
def test_failed_refit_leaves_the_old_model(estimator, change, warm):
    model = estimator(**OPTIONS, warm_start=warm).fit(X, Y)
    before, state = model.predict(X), copy.copy(vars(model))
    with pytest.raises(ValueError):
        model.set_params(**change).fit(X, 1 - Y)
    assert_array_equal(model.predict(X), before)
    assert vars(model).keys() == state.keys()


def fit_and_predict(data, target):
    return HalfLayerClassifier(4096, max_iter=1).fit(data, target).predict(data[:3])


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded")
def test_fork_after_a_fit_in_the_parent():
    big = np.tile(X, (40, 1))
    target = np.tile(Y, 40)
    fit_and_predict(big, target)
    with parallel_config("multiprocessing", n_jobs=2):
        tasks = (delayed(fit_and_predict)(big, target) for _ in range(2))
        results = Parallel(timeout=120)(tasks)
    assert [len(result) for result in results] == [3, 3]


@pytest.mark.parametrize(
    "mode",
    [
        torch.no_grad,
        torch.inference_mode,
        lambda: torch.device("meta"),
    ],
    ids=["no_grad", "inference_mode", "meta"],
)
@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_modes_of_torch(mode, solver):
    model = HalfLayerClassifier((16, 8), solver=solver, max_iter=3, random_state=0)
    expected = clone(model).fit(X, Y).read_out_coef_
    with mode():
        assert_array_equal(model.fit(X, Y).read_out_coef_, expected)


def test_default_dtype_of_torch():
    expected = HalfLayerClassifier(**OPTIONS).fit(X, Y).read_out_coef_
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        assert_array_equal(
            HalfLayerClassifier(**OPTIONS).fit(X, Y).read_out_coef_, expected
        )
    finally:
        torch.set_default_dtype(before)


def test_global_random_states_stay():
    before = random.getstate(), np.random.get_state()[1].copy(), torch.get_rng_state()
    HalfLayerClassifier(**{**OPTIONS, "early_stopping": True}).fit(X, Y).predict(X)
    assert random.getstate() == before[0]
    assert_array_equal(np.random.get_state()[1], before[1])
    assert torch.equal(torch.get_rng_state(), before[2])


@pytest.mark.filterwarnings("ignore:One or more of the test scores are non-finite")
def test_grid_with_invalid_candidates():
    model = HalfLayerClassifier(**OPTIONS)
    with pytest.warns(FitFailedWarning):
        GridSearchCV(model, {"alpha": [1e-4, -1]}, cv=2).fit(X, Y)
    with pytest.raises(ValueError, match="All the 4 fits failed"):
        GridSearchCV(model, {"alpha": [-2, -1]}, cv=2).fit(X, Y)
