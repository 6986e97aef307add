"""Waves beside the columns: by their definition, and what follows for a HalfNet."""

import pickle

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.base import clone
from sklearn.datasets import load_digits, load_wine

from sklearn_halfnet import (
    ELMClassifier,
    HalfLayerClassifier,
    HalfNetClassifier,
    HalfNetRegressor,
    RVFLClassifier,
)
from sklearn_halfnet.features import InputScaling
from sklearn_halfnet.features.embedding import ColumnEmbedding, with_waves
from sklearn_halfnet.features.scaling_rules import SCALINGS

rng = np.random.default_rng(0)
X, y = load_wine(return_X_y=True)
SHORT = {
    "hidden_layer_sizes": 20,
    "rank": 3,
    "n_members": 1,
    "max_iter": 3,
    "random_state": 0,
}


def by_definition(X, embedding):
    """Rows with their waves, number by number."""
    rows = []
    for row in X:
        waves = [
            1.5 / np.sqrt(16) * np.cos(w * x + b)
            for x, of_column, phases in zip(
                row, embedding.frequencies, embedding.phases, strict=True
            )
            for w, b in zip(of_column, phases, strict=True)
        ]
        rows.append([*row, *waves])
    return np.array(rows)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_waves_are_cosines_of_each_column(dtype):
    embedding = ColumnEmbedding.draw(4, rng)
    rows = rng.standard_normal((7, 4)).astype(dtype)
    found = embedding(rows)
    assert found.dtype == dtype and found.shape == (7, embedding.width) == (7, 68)
    assert_allclose(found, by_definition(rows, embedding), rtol=1e-4, atol=1e-5)
    assert embedding.nbytes == 2 * 4 * 16 * 8


def test_frequencies_and_phases_have_the_distribution_that_is_told():
    embedding = ColumnEmbedding.draw(500, np.random.default_rng(1))
    turns = embedding.frequencies / (2 * np.pi)
    assert abs(turns.mean()) < 0.02 and abs(turns.std() - 0.2) < 0.01
    assert np.abs(embedding.phases).max() <= np.pi
    assert_allclose(embedding.phases.std(), 2 * np.pi / np.sqrt(12), rtol=0.02)


WIDE = rng.standard_normal((20, 129))
CASES = {
    "dense": (X, "auto", True),
    "sparse": (sparse.csr_array(X), "auto", False),
    "wide": (WIDE, "auto", False),
    "nearly wide": (WIDE[:, :128], "auto", True),
    "pixels": (load_digits().data, "auto", False),
    "pixels and a measurement": (
        np.c_[load_digits().data, rng.standard_normal(1797)],
        "auto",
        True,
    ),
    "sparse if asked": (sparse.csr_array(X), "periodic", True),
    "wide if asked": (WIDE, "periodic", True),
    "never": (X, None, False),
}


@pytest.mark.parametrize("name", CASES)
def test_columns_that_get_waves(name):
    rows, how, expected = CASES[name]
    scaling = InputScaling.fit(rows, "auto")
    found = with_waves(scaling, how, rows, np.random.default_rng(0))
    assert (found.embedding is not None) == expected
    n_features = rows.shape[1]
    assert found.width(n_features) == n_features * (17 if expected else 1)
    assert scaling.embedding is None


@pytest.mark.parametrize("scaling", [*SCALINGS, None])
@pytest.mark.parametrize("how, unscaled", [("auto", False), ("periodic", True)])
def test_columns_of_any_size_get_waves_if_asked_only(scaling, how, unscaled):
    fitted = InputScaling.fit(X, scaling)
    found = with_waves(fitted, how, X, np.random.default_rng(0))
    expected = unscaled if scaling in ("center", None) else True
    assert (found.embedding is not None) == expected


def test_network_is_fed_with_the_columns_and_their_waves():
    model = HalfNetClassifier(**SHORT, dtype="float64").fit(X, y)
    scaling = model.model_.scaling
    plain = InputScaling(scaling.mean, scaling.scale, limit=scaling.limit)
    inputs = by_definition(plain.transform(X, "float64"), scaling.embedding)
    (factor,), (weights,) = model.factors_, model.weights_
    assert factor.shape == (17 * 13, 3)
    assert_allclose(model.transform(X), inputs @ factor, rtol=1e-9, atol=1e-12)
    units = inputs @ factor @ weights.T / np.sqrt(3) * model.scales_[0]
    hidden = np.maximum(units + model.shifts_[0], 0)
    scores = hidden @ model.read_out_coef_.T + model.read_out_intercept_
    assert_allclose(model.decision_function(X), scores, rtol=1e-8, atol=1e-10)
    assert model.n_trainable_parameters_ == 17 * 13 * 3 + 2 * 20 + 21 * 3


def test_stored_bytes_count_the_waves():
    sizes = [
        HalfNetClassifier(**SHORT, column_embedding=how).fit(X, y).n_stored_bytes_
        for how in ("periodic", None)
    ]
    # 16 waves a column: A, of type float32, is longer; two numbers of type float64.
    assert sizes[0] - sizes[1] == 13 * 16 * (3 * 4 + 2 * 8)


def test_sparse_rows_after_dense_ones():
    model = HalfNetClassifier(**SHORT).fit(X, y)
    thin = model.predict_proba(sparse.csr_array(X))
    assert_allclose(thin, model.predict_proba(X), rtol=1e-5, atol=1e-6)


def test_chunks_and_pickles_keep_the_waves():
    model = HalfNetRegressor(**SHORT).partial_fit(X[:90], y[:90])
    waves = model.model_.scaling.embedding
    model.partial_fit(X[90:], y[90:])
    assert model.model_.scaling.embedding is waves
    again = pickle.loads(pickle.dumps(model))
    assert_array_equal(again.predict(X), model.predict(X))


def test_a_warm_start_refuses_other_waves():
    model = HalfNetClassifier(**SHORT, warm_start=True).fit(X, y)
    with pytest.raises(ValueError, match="column_embedding"):
        model.set_params(column_embedding=None).fit(X, y)


def test_there_is_no_linear_metric_with_waves():
    model = HalfNetClassifier(**SHORT).fit(X, y)
    with pytest.raises(AttributeError, match="column_embedding=None"):
        _ = model.metric_
    model.set_params(column_embedding=None).fit(X, y)
    assert model.metric_.shape == (13, 3)


WAVES = {"column_embedding": "periodic", "dtype": "float64", "random_state": 0}
OTHERS = [
    ELMClassifier(30, **WAVES),
    RVFLClassifier(30, **WAVES),
    HalfLayerClassifier(30, max_iter=2, **WAVES),
]


@pytest.mark.parametrize("model", OTHERS, ids=lambda model: type(model).__name__)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_other_families_compute_with_waves(model):
    model = clone(model).fit(X, y)
    scaling, (weights,) = model.model_.scaling, model.weights_
    plain = InputScaling(scaling.mean, scaling.scale, limit=scaling.limit)
    inputs = by_definition(plain.transform(X, "float64"), scaling.embedding)
    (layer,) = model.model_.layers
    columns = np.maximum(inputs @ weights.T * layer.scales + layer.shifts, 0)
    if isinstance(model, RVFLClassifier):
        columns = np.c_[columns, inputs]
    scores = columns @ model.read_out_coef_.T + model.read_out_intercept_
    assert_allclose(model.decision_function(X), scores, rtol=1e-8, atol=1e-8)
    assert clone(model).set_params(column_embedding=None).fit(X, y).weights_[
        0
    ].shape == (30, 13)


@pytest.mark.parametrize("model", OTHERS[:2], ids=lambda model: type(model).__name__)
def test_chunks_of_closed_forms_with_waves_add_up(model):
    whole = clone(model).fit_blocks([(X, y)])
    first, second = np.arange(0, 178, 2), np.arange(1, 178, 2)
    parts = clone(model).partial_fit(X[first], y[first], classes=[0, 1, 2])
    waves = parts.model_.scaling.embedding
    assert_array_equal(waves.phases, whole.model_.scaling.embedding.phases)
    parts.partial_fit(X[second], y[second])
    assert parts.model_.scaling.embedding is waves
    assert parts.score(X, y) > 0.95


@pytest.mark.parametrize("model", OTHERS, ids=lambda model: type(model).__name__)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_clusters_draw_the_same_waves(model):
    da = pytest.importorskip("dask.array")
    from sklearn_halfnet import dask as on_dask

    model = clone(model)
    if isinstance(model, HalfLayerClassifier):
        model.set_params(solver="lbfgs")
    alone = clone(model).fit(X, y)
    chunks = (60, 13)
    on_dask.fit(model, da.from_array(X, chunks), da.from_array(y, 60))
    for name in ("frequencies", "phases"):
        found, expected = (
            getattr(each.model_.scaling.embedding, name) for each in (model, alone)
        )
        assert_array_equal(found, expected)
    assert_allclose(model.predict_proba(X), alone.predict_proba(X), atol=1e-5)
