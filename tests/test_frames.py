"""Data frames with categories and missing values, as people have them."""

import pickle

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from exported import answers, run_c, run_onnx
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.base import clone
from sklearn.compose import ColumnTransformer, make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.utils import get_tags

from sklearn_halfnet import (
    BoostedFeaturesClassifier,
    BoostedFeaturesRegressor,
    ConvHalfLayerClassifier,
    ELMClassifier,
    ELMRegressor,
    HalfLayerClassifier,
    HalfLayerRegressor,
    HalfNetClassifier,
    HalfNetRegressor,
    RandomFeatures,
    RVFLClassifier,
    RVFLRegressor,
    WeightAgnosticClassifier,
)
from sklearn_halfnet.estimators._common.types import CategoricalFeatures
from sklearn_halfnet.exceptions import DatasetError
from sklearn_halfnet.experiments._common.experiment import reproduce
from sklearn_halfnet.experiments.frames import raw_frames
from sklearn_halfnet.export import model_rows, to_c

N = 120
RNG = np.random.default_rng(0)
NUMBERS = RNG.normal(size=N)
CITIES = RNG.choice(["york", "bath", "hull"], N)
# What the city adds is not in the order of the names.
Y = NUMBERS + np.select([CITIES == "york", CITIES == "bath"], [3.0, -2.0], 0.0)
LABELS = Y > 0.5

ELM = {"hidden_layer_sizes": 40, "random_state": 0, "dtype": "float64"}
FAST = {**ELM, "hidden_layer_sizes": 8, "max_iter": 3, "dropout": 0.0}
REGRESSORS = [
    ELMRegressor(**ELM),
    RVFLRegressor(**ELM),
    HalfLayerRegressor(**FAST),
    HalfNetRegressor(**FAST),
    HalfNetRegressor(**FAST, n_members=1, column_embedding=None),
]
CLASSIFIERS = [
    ELMClassifier(**ELM),
    RVFLClassifier(**ELM),
    HalfLayerClassifier(**FAST),
    HalfNetClassifier(**FAST),
]
BOOSTED = {"n_layers": 2, "n_units": 20, "random_state": 0, "dtype": "float64"}
FAMILIES = [
    *REGRESSORS,
    BoostedFeaturesRegressor(**BOOSTED),
    *CLASSIFIERS,
    BoostedFeaturesClassifier(**BOOSTED),
]
BY_NAME = {"argvalues": FAMILIES, "ids": lambda model: type(model).__name__}


def frame(**columns):
    """Two columns that tell y, and others."""
    city = pd.Categorical(CITIES)
    return pd.DataFrame({"size": NUMBERS, "city": city} | columns)


def with_holes():
    """The same with missing values in a number, a category and a flag."""
    X = frame(age=RNG.normal(40, 10, N), flag=pd.array(NUMBERS > 0, "boolean"))
    X.loc[::7, "age"] = np.nan
    X.loc[::11, "city"] = None
    X.loc[::13, "flag"] = pd.NA
    return X


def targets(model):
    return LABELS if hasattr(model, "predict_proba") else Y


def outputs(model, X):
    return (
        model.predict_proba(X) if hasattr(model, "predict_proba") else model.predict(X)
    )


# -- the same as by hand ---------------------------------------------------------------


def by_hand(*codes):
    """Numbers scaled, then indicators, then codes: what an estimator does inside."""
    imputer = SimpleImputer(strategy="median", add_indicator=True)
    n_numbers = 2
    scaled = ColumnTransformer(
        [("scaled", StandardScaler(), slice(0, n_numbers))], remainder="passthrough"
    )
    numbers = make_pipeline(imputer, scaled)
    encoder = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    return make_column_transformer((numbers, ["size", "age"]), (encoder, list(codes)))


@pytest.mark.parametrize("model", REGRESSORS[:3] + CLASSIFIERS[:3])
def test_same_as_a_column_transformer(model):
    X = frame(age=RNG.normal(40, 10, N))
    X.loc[::7, "age"] = np.nan
    new = X.assign(city=X["city"].cat.set_categories(["hull", "oslo", "york", "bath"]))
    new.loc[:9, "city"] = "oslo"
    new.loc[5, "age"] = np.nan
    inside = clone(model).set_params(input_scaling="standard").fit(X, targets(model))
    plain = clone(model).set_params(input_scaling=None)
    beside = make_pipeline(by_hand("city"), plain).fit(X, targets(model))
    for rows in (X, new):
        assert_allclose(outputs(inside, rows), outputs(beside, rows), atol=1e-9)


@pytest.mark.parametrize("scaling", ["auto", "standard", "robust", "center", None])
@pytest.mark.parametrize("n_rows", [40, N])
def test_missing_numbers_are_medians_with_an_indicator(scaling, n_rows):
    X = np.column_stack([NUMBERS, RNG.lognormal(size=N), RNG.normal(size=N)])[:n_rows]
    X[::5, 1] = X[2::9, 2] = np.nan
    y = np.nan_to_num(X).sum(axis=1) + np.isnan(X[:, 1])
    inside = ELMRegressor(**ELM, input_scaling=scaling).fit(X, y)
    filled = SimpleImputer(strategy="median", add_indicator=True).fit_transform(X)
    scaled = ELMRegressor(**ELM, input_scaling=scaling).fit(filled[:, :3], y)
    numbers = scaled.model_.scaling.transform(filled[:, :3], float)
    inputs = np.hstack([numbers, filled[:, 3:]])
    beside = ELMRegressor(**ELM, input_scaling=None).fit(inputs, y)
    assert_allclose(inside.predict(X), beside.predict(inputs), atol=1e-9)


def test_weight_is_a_row_several_times_and_none_is_no_row():
    X, weight = with_holes(), np.arange(N) % 3
    X["city"] = X["city"].cat.add_categories("oslo")
    nowhere = np.flatnonzero(weight == 0)
    X.loc[nowhere[:5], "city"] = "oslo"
    X.loc[nowhere, "size"] = np.nan
    repeated = np.repeat(np.arange(N), weight)
    weighted = ELMRegressor(**ELM, alpha=1.0).fit(X, Y, weight)
    twice = ELMRegressor(**ELM, alpha=1.0).fit(X.iloc[repeated], Y[repeated])
    assert_allclose(weighted.predict(X), twice.predict(X), rtol=1e-6)


@pytest.mark.parametrize("model", **BY_NAME)
def test_missing_where_fit_missed_nothing_is_the_centre(model):
    X = np.column_stack([NUMBERS, Y + RNG.normal(size=N)])
    model = clone(model).set_params(input_scaling="standard").fit(X, targets(model))
    rows, filled = X[:6].copy(), X[:6].copy()
    rows[2, 1], filled[2, 1] = np.nan, X[:, 1].mean()
    rows[4], filled[4] = np.nan, X.mean(axis=0)
    assert_allclose(outputs(model, rows), outputs(model, filled), atol=1e-6)


# -- categories ------------------------------------------------------------------------


@pytest.mark.parametrize("model", **BY_NAME)
def test_categories_are_learned_in_all_families(model):
    """Numbers alone tell less: what is missing is what the city adds."""
    X = with_holes()
    whole = X["city"].notna().to_numpy()
    model = clone(model)
    if "max_iter" in model.get_params():
        model.set_params(hidden_layer_sizes=40, max_iter=60)
    model.fit(X, targets(model))
    assert model.score(X[whole], targets(model)[whole]) > 0.9
    assert model.categories_["city"].tolist() == ["bath", "hull", "york"]
    assert model.categories_["flag"].tolist() == [False, True]
    assert model.n_features_in_ == 4
    assert model.feature_names_in_.tolist() == list(X)
    assert "categorical_features" in model.get_params()
    assert type(model).__name__ in model._repr_html_()
    again = pickle.loads(pickle.dumps(model))
    assert_array_equal(outputs(again, X), outputs(model, X))
    assert not hasattr(clone(model), "_vocabulary")


def test_many_categories_have_codes_of_a_fixed_width():
    """Each of forty levels adds a number of its own: codes of 16 numbers tell many."""
    n, levels = 2_000, 40
    rng = np.random.default_rng(1)
    which = rng.integers(levels, size=n)
    y = rng.normal(size=levels)[which]
    X = pd.DataFrame({"level": pd.Categorical([f"l{k}" for k in which])})
    few = ELMRegressor(**ELM).fit(X[which < 32], y[which < 32])
    assert few.model_.scaling.width(1) == 32
    many = ELMRegressor(200, random_state=0).fit(X, y)
    assert many.model_.scaling.width(1) == 16
    assert many.score(X, y) > 0.95
    other = ELMRegressor(200, random_state=1).fit(X, y)
    assert not np.allclose(other.predict(X), many.predict(X), rtol=1e-6)
    again = ELMRegressor(200, random_state=0).fit(X, y)
    assert_array_equal(again.predict(X), many.predict(X))


def test_codes_are_not_scaled_limited_or_waved():
    """One row in a hundred has the flag: divided by its deviation it would be ten."""
    rare = pd.Categorical(np.where(np.arange(N) == 7, "yes", "no"))
    model = HalfNetRegressor(**FAST).fit(frame(rare=rare), Y)
    inputs = model.model_.scaling.transform(model_rows(model, frame(rare=rare)), float)
    assert inputs.shape == (N, 17 + 3 + 2)
    assert_array_equal(
        inputs[:, 17:20],
        OneHotEncoder(sparse_output=False).fit_transform(CITIES[:, None]),
    )
    assert_array_equal(inputs[:, 20:], np.eye(2)[(np.arange(N) == 7).astype(int)])


FORMS = {
    "mask": [False, True],
    "numbers": [1],
    "names": ["city"],
    "array of names": np.array(["city"]),
}


@pytest.mark.parametrize("how", FORMS)
def test_text_is_declared_in_any_form(how):
    X = pd.DataFrame({"size": NUMBERS, "city": CITIES})
    found = ELMRegressor(**ELM, categorical_features=FORMS[how]).fit(X, Y).predict(X)
    by_type = ELMRegressor(**ELM).fit(frame(), Y).predict(frame())
    assert_allclose(found, by_type)


def in_forms():
    pandas = frame()
    plain = {"size": NUMBERS, "city": CITIES}
    polars, arrow = pl.DataFrame(plain), pa.table(plain)
    dictionary = arrow["city"].dictionary_encode()
    ordered = pd.CategoricalDtype(["york", "bath", "hull"], ordered=True)
    arrow_type = pd.ArrowDtype(pa.dictionary(pa.int32(), pa.string()))
    return {
        "polars Categorical": polars.with_columns(pl.col("city").cast(pl.Categorical)),
        "polars Enum": polars.with_columns(
            pl.col("city").cast(pl.Enum(["york", "hull", "bath"]))
        ),
        "pyarrow dictionary": arrow.set_column(1, "city", dictionary),
        "pandas on pyarrow": pandas.astype({"city": arrow_type}),
        "ordered": pandas.astype({"city": ordered}),
        "decimal": polars.with_columns(
            pl.col("city").cast(pl.Categorical), pl.col("size").cast(pl.Decimal(38, 16))
        ),
        "nullable numbers": pandas.astype({"size": "Float64"}),
    }


@pytest.mark.parametrize("form", in_forms())
def test_frames_of_all_libraries_are_one(form):
    X = in_forms()[form]
    expected = ELMRegressor(**ELM).fit(frame(), Y).predict(frame())
    model = ELMRegressor(**ELM).fit(X, Y)
    assert_allclose(model.predict(X), expected, rtol=1e-7)
    assert model.feature_names_in_.tolist() == ["size", "city"]


@pytest.mark.parametrize("make", [np.array, lambda rows, dtype: rows])
def test_arrays_and_lists_take_a_mask(make):
    rows = [[number, city] for number, city in zip(NUMBERS, CITIES, strict=True)]
    X = make(rows, dtype=object)
    model = ELMRegressor(**ELM, categorical_features=[False, True]).fit(X, Y)
    assert_allclose(
        model.predict(X), ELMRegressor(**ELM).fit(frame(), Y).predict(frame())
    )
    assert model.categories_[1].tolist() == ["bath", "hull", "york"]


def test_categories_can_be_numbers_of_an_array():
    """As they would be in text: neither order nor distance counts."""
    values = {"york": 7.5, "bath": -1.0, "hull": np.nan}
    X = np.column_stack([NUMBERS, [values[city] for city in CITIES]])
    model = ELMRegressor(**ELM, categorical_features=[1]).fit(X, Y)
    missing = frame(city=pd.Categorical(np.where(CITIES == "hull", None, CITIES)))
    expected = ELMRegressor(**ELM).fit(missing, Y).predict(missing)
    assert_allclose(model.predict(X), expected)
    X[3, 1] = np.inf
    with pytest.raises(ValueError, match="Column 1 of X contains infinity"):
        model.fit(X, Y)


def test_none_takes_booleans_as_numbers():
    X = pd.DataFrame({"size": NUMBERS, "flag": CITIES == "york"})
    model = ELMRegressor(**ELM, categorical_features=None).fit(X, Y)
    expected = ELMRegressor(**ELM).fit(X.to_numpy(float), Y)
    assert_array_equal(model.predict(X), expected.predict(X.to_numpy(float)))
    assert model.categories_ == {}


def test_parameter_has_a_name():
    assert "from_dtype" in str(CategoricalFeatures)
    for model in FAMILIES:
        assert model.categorical_features == "from_dtype"
        for wrong in ("all", 3):
            with pytest.raises(
                ValueError, match="The 'categorical_features' parameter"
            ):
                clone(model).set_params(categorical_features=wrong).fit(frame(), Y > 0)


# -- twenty frames with quirks: a right value, ... -------------------------------------


def flagged(name, values):
    return frame(**{name: values})


DAYS = pd.date_range("2020-01-01", periods=N)
MIXED = pd.Series([1, "b", 2.5, None] * (N // 4), dtype=object)
FINE = {
    "a number all missing": (flagged("more", np.full(N, np.nan)), 3 + 2 + 1),
    "objects all missing": (flagged("more", [None] * N), 3 + 2 + 1),
    "a category all missing": (
        flagged("more", pd.Categorical([None] * N, categories=["u"])),
        3 + 1 + 1,
    ),
    "one category": (flagged("more", pd.Categorical(["u"] * N)), 3 + 1 + 1),
    "10,000 categories, a few of them there": (
        flagged("more", pd.Categorical.from_codes(np.arange(N) % 20, range(10_000))),
        3 + 1 + 20,
    ),
    "integers with NA": (
        flagged("more", pd.array([None, *range(N - 1)], dtype="Int64")),
        3 + 2 + 1,
    ),
    "booleans with NA": (
        flagged("more", pd.array([None, *[True, False] * N][:N], dtype="boolean")),
        3 + 1 + 3,
    ),
    "numbers as objects": (flagged("more", NUMBERS.astype(object)), 3 + 2),
    "ordered": (
        frame(city=pd.Categorical(CITIES, ["york", "bath", "hull"], ordered=True)),
        3 + 1,
    ),
    "intervals": (flagged("more", pd.cut(NUMBERS, 4)), 3 + 1 + 4),
    "days as categories": (
        flagged("more", pd.Categorical(DAYS[:3][np.arange(N) % 3])),
        3 + 1 + 3,
    ),
    "numbers for names": (frame().set_axis([5, 9], axis=1), 3 + 1),
}


@pytest.mark.parametrize("case", FINE)
def test_quirks_that_have_a_right_value(case):
    """What is beside the two columns that tell y neither harms nor gets lost."""
    X, width = FINE[case]
    model = ELMRegressor(100, random_state=0).fit(X, Y)
    assert model.model_.scaling.width(X.shape[1]) == width
    assert model.score(X, Y) > 0.98


def test_mixed_types_are_categories_if_declared():
    X = flagged("more", MIXED)
    model = ELMRegressor(**ELM, categorical_features=["city", "more"]).fit(X, Y)
    assert model.categories_["more"].tolist() == [2.5, 1, "b"]
    assert model.score(X, Y) > 0.9


def test_only_categories():
    model = ELMRegressor(**ELM, alpha=1e-8).fit(frame()[["city"]], Y)
    means = pd.Series(Y).groupby(CITIES).transform("mean")
    assert_allclose(model.predict(frame()[["city"]]), means, rtol=1e-6)


# ... or an error that names the column ------------------------------------------------


def renamed(**columns):
    return frame().rename(columns=columns)


NO_NUMBERS = r"Column 'more' of X holds no numbers.*categorical_features"
REFUSED = {
    "text": (flagged("more", CITIES), {}, NO_NUMBERS),
    "text as objects": (flagged("more", CITIES.astype(object)), {}, NO_NUMBERS),
    "mixed types": (flagged("more", MIXED), {}, NO_NUMBERS),
    "complex": (flagged("more", NUMBERS + 1j), {}, NO_NUMBERS),
    "category not declared": (
        flagged("more", pd.Categorical(CITIES)),
        {"categorical_features": ["city"]},
        NO_NUMBERS,
    ),
    "dates": (flagged("more", DAYS), {}, "'more' of X holds dates or times"),
    "durations": (
        flagged("more", DAYS - DAYS[0]),
        {},
        "'more' of X holds dates or times",
    ),
    "lists": (
        flagged("more", pd.Series([[1]] * N)),
        {"categorical_features": ["more", "city"]},
        "Column 'more' of X holds categories that are no plain values",
    ),
    "names twice": (renamed(size="city"), {}, "(?s)unique.*'city' 2 times"),
    "no such name": (frame(), {"categorical_features": ["town"]}, "'town'"),
    "no such number": (frame(), {"categorical_features": [2]}, "n_features - 1"),
    "mask of another length": (frame(), {"categorical_features": [True]}, "shape"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_quirks_that_are_refused(case):
    X, parameters, message = REFUSED[case]
    model = ELMRegressor(**ELM).fit(frame(), Y)
    before = model.predict(frame())
    with pytest.raises(ValueError, match=message):
        model.set_params(**parameters).fit(X, Y)
    assert_array_equal(model.predict(frame()), before)


LATER = {
    "another order": (frame()[["city", "size"]], "must be in the same order"),
    "a name missing": (frame()[["size"]], "(?s)missing.*city"),
    "a name more": (flagged("more", NUMBERS), "(?s)unseen.*more"),
    "another name": (renamed(city="town"), "(?s)unseen.*town.*missing.*city"),
    "text for a number": (frame(size=CITIES), "Column 'size' of X holds no numbers"),
    "infinity": (frame(size=np.inf), "infinity"),
}


@pytest.mark.parametrize("case", LATER)
def test_quirks_of_rows_to_predict(case):
    X, message = LATER[case]
    with pytest.raises(ValueError, match=message):
        ELMRegressor(**ELM).fit(frame(), Y).predict(X)


def test_unseen_categories_are_zeros_and_missing_has_a_column():
    model = ELMRegressor(**ELM).fit(with_holes(), Y)
    scaling, X = model.model_.scaling, with_holes()[:3]
    X["city"] = pd.Series(["oslo", None, "york"], dtype="category")
    coded = scaling.transform(model_rows(model, X), float)[:, 3:7]
    assert_array_equal(coded, [[0, 0, 0, 0], [0, 0, 0, 1], [0, 0, 1, 0]])
    whole = ELMRegressor(**ELM).fit(frame(), Y)
    nowhere = frame(city=pd.Categorical([None] * N))
    oslo = frame(city=pd.Categorical(["oslo"] * N))
    assert_array_equal(whole.predict(nowhere), whole.predict(oslo))


def test_categories_renamed_are_told():
    X = frame()
    model = ELMRegressor(**ELM).fit(X, Y)
    shouted = X.assign(city=X["city"].cat.rename_categories(str.upper))
    with pytest.warns(UserWarning, match="'city' of X has 3 categories, none of which"):
        model.predict(shouted)


# -- missing values --------------------------------------------------------------------


@pytest.mark.parametrize("model", **BY_NAME)
def test_tags_and_what_stays_an_error(model):
    assert get_tags(model).input_tags.allow_nan
    X = np.column_stack([NUMBERS, Y])
    missing = targets(model).astype(float)
    missing[3] = np.nan
    with pytest.raises(ValueError, match="contains NaN"):
        clone(model).fit(X, missing)
    X[3, 0] = np.inf
    with pytest.raises(ValueError, match="infinity"):
        clone(model).fit(X, targets(model))
    X[3, 0] = np.nan
    with pytest.raises(ValueError, match="X contains NaN, and is sparse"):
        clone(model).fit(sparse.csr_array(X), targets(model))
    with pytest.raises(TypeError, match="X is sparse, but has columns of categories"):
        clone(model).set_params(categorical_features=[0]).fit(
            sparse.csr_array(np.eye(N)), targets(model)
        )


@pytest.mark.parametrize(
    "model",
    [
        ConvHalfLayerClassifier(image_shape=(1, -1)),
        RandomFeatures(),
        WeightAgnosticClassifier(),
    ],
)
def test_other_families_take_no_missing_values(model):
    X = np.column_stack([NUMBERS, Y])
    X[3, 0] = np.nan
    assert not get_tags(model).input_tags.allow_nan
    with pytest.raises(ValueError, match="Input X contains NaN"):
        model.fit(X, LABELS)


def test_sparse_rows_after_missing_ones():
    X = np.where(RNG.random((N, 3)) < 0.5, 0, RNG.normal(size=(N, 3)))
    holed = X.copy()
    holed[::9, 1] = np.nan
    model = ELMRegressor(**ELM).fit(holed, Y)
    assert_array_equal(model.predict(sparse.csr_array(X)), model.predict(X))


# -- chunks, clusters, other files -----------------------------------------------------


def chunks(X, y, size=50):
    return [(X[i : i + size], y[i : i + size]) for i in range(0, len(y), size)]


@pytest.mark.parametrize("Model", [ELMRegressor, RVFLRegressor])
def test_blocks_and_chunks_are_one_fit_after_the_start(Model):
    """A category that the first chunk lacks has its place if the type declares it."""
    X = with_holes().sort_values("city", kind="stable")  # hull and york come later
    y, parts = Y[X.index], chunks(X, Y[X.index], 30)
    assert parts[0][0]["city"].nunique() == 1
    first = {"input_scaling": None, **ELM}
    in_blocks = Model(**first).fit_blocks(parts)
    in_chunks = Model(**first)
    for part in parts:
        in_chunks.partial_fit(*part)
    assert_allclose(in_blocks.predict(X), in_chunks.predict(X), rtol=1e-9)
    assert in_chunks.categories_["city"].tolist() == ["bath", "hull", "york"]
    known = X["city"].notna().to_numpy()
    assert in_chunks.score(X[known], y[known]) > 0.95


def test_categories_of_text_are_those_of_the_first_chunk():
    X = pd.DataFrame({"size": NUMBERS, "city": np.sort(CITIES)})
    model = ELMRegressor(**ELM, categorical_features=["city"])
    for part in chunks(X, Y):
        model.partial_fit(*part)
    assert set(model.categories_["city"]) == set(np.sort(CITIES)[:50])


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize(
    "model", [HalfLayerClassifier(**FAST), HalfNetClassifier(**FAST, n_members=1)]
)
def test_networks_go_on_with_codes(model):
    X = with_holes()
    model = clone(model).partial_fit(X[:60], LABELS[:60], classes=[False, True])
    model.partial_fit(X[60:], LABELS[60:])
    warm = clone(model).set_params(warm_start=True, learning_rate="constant")
    width = warm.fit(X, LABELS).model_.scaling.width(4)
    assert warm.fit(X[:40], LABELS[:40]).model_.scaling.width(4) == width
    with pytest.raises(ValueError, match="categorical_features changed"):
        warm.set_params(categorical_features=["city"]).fit(X, LABELS)


def test_rows_to_judge_by_are_coded_as_well():
    X = with_holes()
    model = HalfLayerRegressor(**FAST).fit(X[:80], Y[:80], X_val=X[80:], y_val=Y[80:])
    assert_allclose(
        model.best_validation_score_, model.score(X[80:], Y[80:]), rtol=1e-6
    )


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize(
    "model",
    [
        ELMRegressor(**ELM),
        RVFLClassifier(**ELM, column_embedding="periodic"),
        HalfLayerRegressor(**FAST, solver="lbfgs"),
        ELMRegressor(**ELM, input_scaling=None),
    ],
)
def test_clusters_find_the_same(model):
    dd = pytest.importorskip("dask.dataframe")
    da = pytest.importorskip("dask.array")
    from sklearn_halfnet import dask as halfnet_dask

    X = with_holes()
    level = [f"l{k}" for k in np.arange(N) % 40]
    X["level"] = pd.Series(level, dtype="category")
    alone = clone(model).fit(X, targets(model))
    y = da.from_array(targets(model), chunks=(30,))
    known = dd.from_pandas(X, npartitions=4)
    for collection in (known, known.assign(city=known["city"].cat.as_unknown())):
        found = halfnet_dask.fit(clone(model), collection, y)
        assert_allclose(outputs(found, X), outputs(alone, X), rtol=1e-4, atol=1e-6)
        predicted = halfnet_dask.predict(found, collection).compute()
        assert_allclose(predicted, found.predict(X))


def test_blocks_of_a_cluster_may_show_other_categories():
    dd = pytest.importorskip("dask.dataframe")
    delayed = pytest.importorskip("dask").delayed
    from sklearn_halfnet import dask as halfnet_dask

    X = pd.DataFrame({"size": NUMBERS, "city": CITIES}).sort_values("city")
    y = Y[X.index]
    parts = [X[:40], X[40:80], X[80:]]
    own = [part.assign(city=part["city"].astype("category")) for part in parts]
    meta = own[0].iloc[:0]
    collection = dd.from_delayed(
        [delayed(part) for part in own], meta=meta, verify_meta=False
    )
    found = halfnet_dask.fit(ELMRegressor(**ELM), collection, _in_parts(y))
    whole = X.assign(city=X["city"].astype("category"))
    alone = ELMRegressor(**ELM).fit(whole, y)
    assert found.categories_["city"].tolist() == ["bath", "hull", "york"]
    assert_allclose(found.predict(whole), alone.predict(whole), rtol=1e-6)


def _in_parts(y):
    from dask import array as da

    return da.from_array(y, chunks=((40, 40, len(y) - 80),))


@pytest.mark.parametrize("model", **BY_NAME)
def test_exports_compute_the_same(model, tmp_path):
    X = with_holes()
    X["level"] = pd.Categorical([f"*/l{k}" for k in np.arange(N) % 40])
    model = clone(model).fit(X, targets(model))
    new = X[:20].copy()
    new["city"] = new["city"].cat.add_categories("oslo")
    new.loc[3:5, "city"] = "oslo"
    new.loc[4:6, "size"] = np.nan
    codes = np.column_stack([in_codes(new[name], model) for name in new])
    assert_array_equal(model_rows(model, new), codes)
    expected = answers(model, new)
    for made in (
        run_onnx(model, codes, dtype="float64"),
        run_c(model, codes, tmp_path, "float64", new),
    ):
        for name in set(made) - {"label"}:
            assert_allclose(made[name], expected[name], atol=1e-9)


def in_codes(column, model):
    """Make a column's codes by its place in ``categories_``."""
    values = [np.nan if pd.isna(value) else value for value in column]
    if column.name not in model.categories_:
        return values
    known = model.categories_[column.name].tolist()
    codes = {each: place for place, each in enumerate(known)} | {np.nan: np.nan}
    return [codes.get(value, -1) for value in values]


def test_the_table_of_categories_stands_in_the_header():
    X = frame(city=pd.Categorical(np.where(CITIES == "hull", "*/ \n", CITIES)))
    source = to_c(ELMRegressor(**ELM).fit(X, Y))
    head = source[: source.index("*/")]
    assert "x[1], 'city':" in head
    assert "0: '* / \\n'" in head
    assert "2: 'york'" in head


# -- nothing else changes --------------------------------------------------------------


@pytest.mark.parametrize("model", **BY_NAME)
def test_frames_of_numbers_are_arrays(model):
    X = pd.DataFrame(RNG.normal(size=(N, 3)), columns=list("abc"))
    of_frame = clone(model).fit(X, targets(model))
    of_array = clone(model).fit(X.to_numpy(), targets(model))
    assert of_array.model_.scaling.coding is None
    assert_array_equal(outputs(of_frame, X), outputs(of_array, X.to_numpy()))


def test_transform_keeps_its_frame():
    X = with_holes()
    model = HalfNetRegressor(**FAST).set_output(transform="pandas").fit(X, Y)
    embedded = model.transform(X)
    assert list(embedded) == model.get_feature_names_out().tolist()
    assert embedded.index.equals(X.index)
    with pytest.raises(AttributeError, match="codes of categories"):
        _ = HalfNetRegressor(**FAST, column_embedding=None).fit(X, Y).metric_


# -- the experiment --------------------------------------------------------------------


def test_experiment_reports_every_model(data_home, tmp_path, monkeypatch):
    small = ELMClassifier, ELMRegressor
    twice = f"ELM{raw_frames._TWICE}"
    names = raw_frames._RIVAL, "ELM", twice
    models = {name: raw_frames._MODELS[name] for name in names}
    monkeypatch.setattr(
        raw_frames, "_MODELS", models | {"ColumnTransformer, ELM": small}
    )
    options = {"data_home": data_home, "seeds": 1, "quick": True, "out": tmp_path}
    text = reproduce(raw_frames.EXPERIMENT, **options).read_text(encoding="utf-8")
    for name in ("adult, 500 rows", "diamonds, 500 rows"):
        _, _, part = text.partition(f"## {name}\n")
        table = part.split("##")[0]
        for model in models:
            shown = model != twice or name.startswith("adult")
            assert (f"| {model} | 0." in table) == shown
    assert "nan" not in text


def test_numbers_are_given_twice_where_most_are_the_same(data_home):
    X, X_test, *_ = raw_frames._adult(data_home)
    names = raw_frames._mostly_one_value(X)
    assert list(names) == ["capital-gain", "capital-loss"]
    twice = raw_frames._with_categories(X_test, names)
    assert twice.drop(columns=twice.columns[-2:]).equals(X_test)
    for name in names:
        codes = twice[f"{name}, category"]
        assert codes.dtype == "category"
        assert (codes.astype(X_test[name].dtype) == X_test[name]).all()


def test_experiment_reads_categories_and_gaps(data_home):
    X, X_test, y, y_test, _ = raw_frames._adult(data_home)
    assert (len(X), len(X_test)) == (32_561, 16_281)
    assert (y.sum(), y_test.sum()) == (7_841, 3_846)
    assert (X.dtypes == "category").sum() == 8
    assert X.columns[X.isna().any()].tolist() == [
        "workclass",
        "occupation",
        "native-country",
    ]


@pytest.mark.parametrize("name", ["adult", "diamonds"])
def test_experiment_says_what_to_do_without_data(name, tmp_path, monkeypatch):
    with pytest.raises(DatasetError, match="leave it out to take the data from OpenML"):
        raw_frames._DATA[name](tmp_path)

    def no_network(*args, **options):
        raise OSError("no route")

    monkeypatch.setattr(raw_frames, "fetch_openml", no_network)
    with pytest.raises(DatasetError, match=f"{name} could not be fetched.*--data-home"):
        raw_frames._DATA[name](None)
