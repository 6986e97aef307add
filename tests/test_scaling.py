"""What ``input_scaling`` makes of columns: rules against numpy, in every family."""

import pickle

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.base import clone
from sklearn.datasets import (
    load_breast_cancer,
    load_diabetes,
    load_digits,
    load_iris,
    load_wine,
)
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from sklearn_halfnet import (
    ConvHalfLayerClassifier,
    ELMClassifier,
    ELMRegressor,
    HalfLayerClassifier,
    HalfNetClassifier,
    PartialCNNClassifier,
    RandomFeatures,
    RandomNetwork,
    RVFLClassifier,
    WeightAgnosticClassifier,
)
from sklearn_halfnet.features import InputScaling, Moments, Rounding, StartSample
from sklearn_halfnet.features.rounded import RoundedInputs
from sklearn_halfnet.features.scaling_rules import SCALINGS, columns_of_one_unit

rng = np.random.default_rng(0)
DIGITS, LABELS = load_digits(return_X_y=True)
MEASURED = rng.standard_normal((300, 4)) * [1, 20, 0.1, 3] + [0, 50, 1, -7]
KINDS = rng.integers(0, 5, (300, 2))
ONE_HOT = OneHotEncoder(sparse_output=False).fit_transform(KINDS)
COUNTS = np.minimum(rng.poisson(0.5, (300, 6)), 3.0)
TABLES = [load_wine, load_breast_cancer, load_diabetes, load_iris]

SMALL = {"hidden_layer_sizes": 16, "random_state": 0}
SHORT = {**SMALL, "max_iter": 2}
IMAGES = {"image_shape": (8, 8), "max_iter": 1, "random_state": 0}
FAMILIES = [
    ELMClassifier(**SMALL),
    RVFLClassifier(**SMALL),
    HalfLayerClassifier(**SHORT),
    HalfNetClassifier(rank=3, **SHORT),
    WeightAgnosticClassifier(max_iter=2, random_state=0),
    ConvHalfLayerClassifier(16, filters=(2, 2), **IMAGES),
    PartialCNNClassifier("vgg", depth=3, width=4, **IMAGES),
    RandomFeatures(16, random_state=0),
    RandomNetwork((16, 8), random_state=0),
]
ALL = pytest.mark.parametrize(
    "model", FAMILIES, ids=[type(model).__name__ for model in FAMILIES]
)


def output(model, X):
    if hasattr(model, "transform"):
        return model.transform(X)
    return model.predict_proba(X)


def brute_force_group(X):
    """The rule, column by column and in words of Python."""
    columns = [X[:, j] for j in range(X.shape[1])]
    candidates = [j for j, x in enumerate(columns) if x.min() == 0 and x.max() > 0]
    peaks = [columns[j].max() for j in candidates]
    if len(peaks) == len(set(peaks)):
        return []
    unit = max(peaks, key=lambda peak: (peaks.count(peak), peak))
    at_peak = [j for j in candidates if columns[j].max() == unit]
    smaller = [
        j
        for j in candidates
        if columns[j].max() < unit
        and (columns[j].max() >= unit / 2 or (columns[j] == 0).mean() >= 0.5)
    ]
    group = sorted(at_peak + smaller)
    is_group = len(at_peak) >= len(group) / 2 and (X[:, group] == 0).mean() >= 0.25
    return group if is_group else []


# -- which columns share a unit --------------------------------------------------------

# Frames, and the columns that share a unit; None leaves it to the brute force.
FRAMES = {
    "digits": (DIGITS, None),
    "digits of a class": (DIGITS[LABELS == 3], None),
    "one-hot": (ONE_HOT, range(10)),
    "mixed": (np.c_[MEASURED, ONE_HOT], range(4, 14)),
    "counts": (COUNTS, range(6)),
    "counts among measurements": (np.c_[MEASURED[:, 0], COUNTS, MEASURED], range(1, 7)),
    "two flags": (np.c_[MEASURED, KINDS % 2], (4, 5)),
    "one flag": (np.c_[MEASURED, KINDS[:, 0] % 2], ()),
    "one column": (ONE_HOT[:, :1], ()),
    "one measurement": (MEASURED[:, :1], ()),
    "shares": (np.r_[[[0, 0, 0, 0]], rng.random((98, 4)), [[1, 1, 1, 1]]], ()),
    "constant columns": (np.zeros((5, 3)) + [0, 1, 2], ()),
    "flags and constants": (np.c_[ONE_HOT, np.ones(300), np.zeros(300)], range(10)),
    "of two units, the larger": (
        np.c_[ONE_HOT[:, :2], 7 * ONE_HOT[:, 2:4], 9 * ONE_HOT[:, 4]],
        range(4),
    ),
    "few at the peak": (np.c_[ONE_HOT[:, :5] * [1, 2, 3, 4, 4]], ()),
    "negative": (-ONE_HOT, ()),
    "seldom zero": (1.0 * KINDS[:, [0, 1, 0]], ()),
    "rare sums of money": (ONE_HOT[:, :2] * rng.integers(1, (5e4, 4e3), (300, 2)), ()),
}


@pytest.mark.parametrize("name", FRAMES)
def test_group_is_that_of_the_rule(name):
    X, expected = FRAMES[name]
    found = np.flatnonzero(columns_of_one_unit(Moments.of(X)))
    assert_array_equal(found, brute_force_group(X))
    assert_array_equal(found, found if expected is None else expected)


def test_pixels_share_a_unit_those_at_the_border_too():
    group = columns_of_one_unit(Moments.of(DIGITS))
    peak, zeros = DIGITS.max(axis=0), (DIGITS == 0).mean(axis=0)
    assert_array_equal(group, (peak >= 8) | ((peak > 0) & (zeros >= 0.5)))
    assert_array_equal(group, peak > 0)
    at_border = group & (peak < 10)
    assert at_border.sum() == 11
    found = InputScaling.fit(DIGITS, "auto")
    # Of pixels that are never set, too: another image may have one.
    spread = np.sqrt(DIGITS[:, group].var(axis=0).mean())
    assert_allclose(found.scale, spread)
    assert_allclose(found.mean, DIGITS.mean(axis=0))
    assert found.limit is None
    # "standard" makes of a pixel that is set once a value of 42 deviations.
    standard = InputScaling.fit(DIGITS, "standard")
    for scaling, least, most in ((found, 0, 4), (standard, 40, 43)):
        assert least < np.abs(scaling.transform(DIGITS, "float64")).max() < most


def by_the_rule(X):
    """What "auto" makes of columns that share no unit."""
    options = {"axis": 0, "method": "averaged_inverted_cdf"}
    lower, median, upper = np.quantile(X, [0.25, 0.5, 0.75], **options)
    deviation, narrow = X.std(axis=0), (upper - lower) / 1.349
    narrow = np.where(narrow > 0, np.maximum(narrow, 0.001 * deviation), deviation)
    return median, np.minimum(narrow, deviation)


def test_other_columns_are_scaled_and_limited_each_for_itself_beside_a_group():
    X = np.c_[MEASURED, ONE_HOT, np.full(300, 3.0)]
    found = InputScaling.fit(X, "auto")
    median, scale = by_the_rule(MEASURED)
    assert_allclose(found.mean, [*median, *ONE_HOT.mean(axis=0), 3])
    assert_allclose(found.scale[:4], scale)
    assert_allclose(found.scale[4:14], np.sqrt(ONE_HOT.var(axis=0).mean()))
    assert found.scale[14] == 1
    assert_array_equal(found.limit, [*[3.0] * 4, *[np.inf] * 10, 3.0])
    z = (X - found.mean) / found.scale
    expected = np.c_[limited(z[:, :4]), z[:, 4:]]
    assert_allclose(found.transform(X, "float64"), expected)


@pytest.mark.parametrize("load", TABLES)
@pytest.mark.parametrize("scaled", [False, True])
def test_tables_without_a_group_are_scaled_and_limited(load, scaled):
    """A StandardScaler before it changes nothing."""
    X = load().data
    median, scale = by_the_rule(X)
    given = StandardScaler().fit_transform(X) if scaled else X
    found = InputScaling.fit(given, "auto").transform(given, "float64")
    assert_allclose(found, limited((X - median) / scale), atol=1e-9)


def test_heavy_tails_do_not_set_the_scale_nor_pass_the_limit():
    X = np.random.default_rng(0).standard_t(1, (2000, 1))
    found = InputScaling.fit(X, "auto")
    assert found.scale < 2 < 10 < X.std()
    assert np.abs(found.transform(X, "float64")).max() <= 3


def test_a_column_that_hardly_varies_keeps_a_share_of_its_deviation():
    X = np.r_[1e-9 * np.arange(90.0), np.arange(10.0)][:, None]
    assert_allclose(InputScaling.fit(X, "auto").scale, 0.001 * X.std(axis=0))


def test_quartiles_are_of_rows_at_even_distances_where_there_are_many():
    X = np.random.default_rng(0).standard_normal((25_000, 1)) ** 3
    rows = np.linspace(0, 24_999, 10_000).astype(int)
    found = InputScaling.fit(X, "auto")
    assert_allclose([found.mean, found.scale], by_the_rule(X[rows]))
    weight = np.r_[np.zeros(15_000), np.ones(10_000)]
    found = InputScaling.fit(X, "auto", weight)
    assert_allclose([found.mean, found.scale], by_the_rule(X[15_000:]))


@pytest.mark.parametrize("how", ["auto", "robust"])
@pytest.mark.parametrize("X", [DIGITS, np.c_[MEASURED, ONE_HOT]])
@pytest.mark.parametrize("unit", [1, 0.1, 1 / 3])
def test_weights_are_repeated_rows(how, X, unit):
    weight = np.random.default_rng(1).integers(0, 4, len(X))
    found = InputScaling.fit(X, how, unit * weight)
    expected = InputScaling.fit(np.repeat(X, weight, axis=0), how)
    assert_allclose(found.mean, expected.mean, rtol=1e-12, atol=1e-12)
    assert_allclose(found.scale, expected.scale, rtol=1e-12)


def test_half_of_the_rows_is_half_whatever_the_weights_round_to():
    """Ten times 0.1 is a little less than one."""
    smaller = np.repeat([[0.0], [2.0]], 10, axis=0)
    X = np.c_[np.tile([[0.0, 0.0], [5, 5]], (10, 1)), smaller]
    for weight in (None, np.full(20, 0.1), np.full(20, 1 / 3)):
        assert columns_of_one_unit(Moments.of(X, weight)).all()


@pytest.mark.parametrize("container", [np.asarray, sparse.csr_array])
@pytest.mark.parametrize("weighted", [False, True])
def test_ranges_and_zeros_add_up_over_rows(container, weighted):
    X = np.c_[COUNTS, MEASURED, -ONE_HOT, np.zeros(300)]
    weight = KINDS[:, 0].astype(float) if weighted else None
    shown = X if weight is None else np.repeat(X, KINDS[:, 0], axis=0)
    parts = [slice(0, 7), slice(7, 7), slice(7, 200), slice(200, 300)]
    merged = Moments.of(container(X)[:0])
    for rows in parts:
        of_rows = None if weight is None else weight[rows]
        merged = merged.merged(Moments.of(container(X)[rows], of_rows))
    for found in (merged, Moments.of(container(X), weight)):
        assert_array_equal(found.low, shown.min(axis=0))
        assert_array_equal(found.high, shown.max(axis=0))
        assert_array_equal(found.zeros, (shown == 0).sum(axis=0))
        assert_array_equal(found.peak, np.abs(shown).max(axis=0))


def test_sparse_columns_are_divided_by_one_number():
    X = sparse.random_array((200, 9), density=0.2, rng=rng, format="csr")
    X = (X @ sparse.diags_array(np.arange(1.0, 10))).tocsr()
    dense = X.toarray()
    found = InputScaling.fit(X, "auto")
    assert_allclose(found.scale, np.sqrt(dense.var(axis=0).mean()))
    assert_allclose(found.transform(X, "float64").toarray(), dense / found.scale)
    weights = rng.standard_normal((4, 9))
    projected = ((dense - dense.mean(axis=0)) / found.scale) @ weights.T
    assert_allclose(found.project(X, weights, "float64"), projected)


@pytest.mark.parametrize("model", [ELMClassifier(**SMALL), HalfNetClassifier(**SHORT)])
def test_sparse_equals_dense_where_all_columns_share_a_unit(model):
    X = ONE_HOT
    y = KINDS[:, 0]
    dense = clone(model).set_params(dtype="float64").fit(X, y)
    thin = clone(dense).fit(sparse.csr_array(X), y)
    assert_allclose(output(thin, sparse.csr_array(X)), output(dense, X), atol=1e-6)


# -- robust ----------------------------------------------------------------------------


def limited(z):
    return z / np.sqrt(1 + (z / 3) ** 2)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_robust_is_median_quartiles_and_a_limit(dtype):
    X = np.c_[MEASURED, ONE_HOT].astype(dtype)
    X[:3, 0] = [1e6, -1e30, np.finfo(dtype).max / 1e200 if dtype == "float64" else 3e10]
    quartiles = np.quantile(
        X.astype(float), [0.25, 0.5, 0.75], axis=0, method="averaged_inverted_cdf"
    )
    width = quartiles[2] - quartiles[0]
    width = np.where(width > 0, width, (X.max(axis=0) - X.min(axis=0)) / 2)
    if dtype == "float32":
        X[1, 0] = -1e15  # the variance of a column is a number
    found = InputScaling.fit(X, "robust")
    assert_allclose(found.mean, np.median(X.astype(float), axis=0))
    assert_allclose(found.scale, width)
    expected = limited((X - found.mean) / width)
    assert_allclose(found.transform(X, dtype), expected, rtol=1e-5, atol=1e-6)
    assert np.abs(found.transform(X, dtype)).max() <= 3


def test_limits_bend_nothing_near_the_centre_and_nothing_passes_them():
    found = InputScaling(np.zeros(1), np.ones(1), limit=np.array([3.0]))
    z = np.array([[0.01], [1], [3], [1e5], [1e300], [-1e308]])
    expected = [[0.01], [0.94868], [2.12132], [3], [3], [-3]]
    assert_allclose(found.transform(z, "float64"), expected, rtol=1e-5)
    assert_allclose(found.transform(z[:4].astype("f"), "float32"), expected[:4], 1e-5)
    assert_allclose(found.transform(np.float32([[3e38]]), "float32"), 3)


def test_robust_of_constant_columns():
    X = np.c_[np.full(8, 1e5), np.full(8, 0.1), np.arange(8.0)].astype("f")
    found = InputScaling.fit(X, "robust")
    assert_array_equal(found.mean[:2], X[0, :2])
    assert_array_equal(found.scale[:2], 1)


@ALL
def test_robust_refuses_sparse_rows_to_learn_from(model):
    model = clone(model).set_params(input_scaling="robust")
    if model.__sklearn_tags__().input_tags.sparse:
        with pytest.raises(ValueError, match="'auto' or 'standard'"):
            model.fit(sparse.csr_array(DIGITS), LABELS)


@pytest.mark.parametrize("how", ["auto", "robust"])
def test_a_limit_takes_sparse_rows_after_dense_ones(how):
    X = np.c_[MEASURED, ONE_HOT]
    model = ELMClassifier(input_scaling=how, **SMALL).fit(X, KINDS[:, 0])
    thin = output(model, sparse.csr_array(X))
    assert_allclose(thin, output(model, X), rtol=1e-6)


def test_limited_inputs_are_not_rounded_but_their_features_are():
    rows = MEASURED.astype("f")
    scaling = InputScaling.fit(rows, "robust")
    assert RoundedInputs.of(scaling.transform(rows, "float32"), scaling) is None
    sample = StartSample(scaling.transform(rows, "f"), None, np.ones(300), 300)
    model = ELMClassifier(input_scaling="robust", **SMALL).fit(rows, KINDS[:, 0])
    layers = model.model_.layers
    rounding = Rounding.of(sample, layers, scaling)
    assert rounding.inputs is None
    ((_, exact),) = model.model_.features(rows)
    (((_, rounded),)) = rounded_features(rows, scaling, layers, rounding)
    assert np.abs(rounding.step * rounded - exact).max() <= 0.5001 * rounding.step


def rounded_features(rows, scaling, layers, rounding):
    from sklearn_halfnet.features import rounded_blocks

    return list(rounded_blocks(rows, scaling, layers, rounding, 2**20))


# -- estimators ------------------------------------------------------------------------


@ALL
@pytest.mark.parametrize("how", [*SCALINGS, None])
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_every_family_takes_every_scaling(model, how):
    model = clone(model).set_params(input_scaling=how).fit(DIGITS, LABELS)
    found = output(model, DIGITS)
    assert np.isfinite(found).all()
    again = pickle.loads(pickle.dumps(model))
    assert_array_equal(output(again, DIGITS), found)


@ALL
def test_default_is_auto(model):
    default = clone(model).get_params()["input_scaling"]
    assert default == (None if isinstance(model, RandomNetwork) else "auto")


@pytest.mark.parametrize(
    "model", [m for m in FAMILIES if "image_shape" in m.get_params()]
)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_pixels_of_images_share_a_unit_without_looking(model):
    """Also those of photographs, of which none is zero."""
    X = 3 + DIGITS
    found = clone(model).fit(X, LABELS)
    centred = clone(model).set_params(input_scaling="center").fit(X, LABELS)
    assert_array_equal(output(found, X), output(centred, X))
    assert len(np.unique(found.model_.scaling.scale)) == 1


@pytest.mark.parametrize("how", ["auto", "robust"])
@pytest.mark.parametrize("Model", [ELMRegressor, HalfLayerClassifier])
def test_the_first_chunk_sets_the_scaling(how, Model):
    model = Model(input_scaling=how, **SMALL)
    model.partial_fit(DIGITS[:500], LABELS[:500], **classes(Model))
    expected = InputScaling.fit(DIGITS[:500], how)
    model.partial_fit(2 * DIGITS[500:1000], LABELS[500:1000])
    assert_allclose(model.model_.scaling.mean, expected.mean, rtol=1e-12)
    assert_allclose(model.model_.scaling.scale, expected.scale, rtol=1e-12)
    if Model is ELMRegressor:
        blocks = [(DIGITS[:500], LABELS[:500]), (2 * DIGITS[500:], LABELS[500:])]
        model = clone(model).fit_blocks(blocks)
        assert_array_equal(model.model_.scaling.scale, expected.scale)


def classes(Model):
    return {"classes": range(10)} if Model is HalfLayerClassifier else {}


def test_warm_start_keeps_the_scaling_and_its_limit():
    options = {"warm_start": True, "input_scaling": "robust"}
    model = HalfLayerClassifier(**SHORT, **options).fit(DIGITS, LABELS)
    before = model.model_.scaling
    model.fit(2 * DIGITS, LABELS)
    assert model.model_.scaling is before and (before.limit == 3).all()
    with pytest.raises(ValueError, match="input_scaling"):
        model.set_params(input_scaling="auto").fit(DIGITS, LABELS)


@pytest.mark.parametrize("how", ["auto", "robust"])
def test_columns_that_cannot_be_scaled_are_named(how):
    frame = pd.DataFrame(MEASURED, columns=list("abcd"))
    for value, size in ((1e200, "large"), (1e-200, "small")):
        bad = frame.assign(c=value * rng.random(300))
        model = ELMClassifier(input_scaling=how, **SMALL)
        with pytest.raises(ValueError, match=f"Column 'c' of X .* too {size}"):
            model.fit(bad, KINDS[:, 0])


@pytest.mark.parametrize("how", ["auto", "robust"])
def test_metric_is_the_derivative_of_the_embedding_at_the_centre(how):
    X = np.c_[MEASURED, ONE_HOT]
    options = {"input_scaling": how, "column_embedding": None, "dtype": "float64"}
    options |= {"n_members": 1, "rank": 3}
    model = HalfNetClassifier(**SHORT, **options).fit(X, KINDS[:, 0])
    scaling, step = model.model_.scaling, 1e-4
    moved = scaling.mean + step * scaling.scale * rng.standard_normal(X.shape)
    embedded = model.model_.embedded(moved)
    expected = (moved - scaling.mean) @ model.metric_
    assert_allclose(embedded, expected, rtol=1e-6, atol=1e-9)


def test_what_is_trained_at_the_inputs_gets_a_mean_variance_of_one():
    """So the rates of "standard" suit "auto", and no unit of training is found."""
    model = HalfNetClassifier(rank=3, n_members=1, **SHORT).fit(DIGITS, LABELS)
    scaled = model.model_.scaling.transform(DIGITS, "float64")
    varying = scaled.std(axis=0) > 0
    assert_allclose(scaled[:, varying].var(axis=0).mean(), 1)
    assert model.model_.unit == 1
