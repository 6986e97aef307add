"""Input scaling, start values and the forward pass of hidden layers."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse

from sklearn_halfnet._random import child_generators
from sklearn_halfnet.activations import ACTIVATIONS
from sklearn_halfnet.features import (
    InputScaling,
    StartSample,
    draw_hidden_layers,
    forward_blocks,
    moments,
)
from sklearn_halfnet.features.rounded import RoundedInputs
from sklearn_halfnet.weights import check_weight_kind

rng = np.random.default_rng(0)
X = rng.standard_normal((400, 5)) * [1, 10, 0.1, 3, 1] + [0, 100, 0, -5, 1e4]
WEIGHT = rng.integers(0, 4, len(X)).astype(float)


@pytest.fixture
def small_blocks(monkeypatch):
    """Cut rows into blocks of about 30."""
    cut = moments.row_blocks
    monkeypatch.setattr(
        moments, "row_blocks", lambda n, size, _: cut(n, size, max_bytes=30 * size)
    )


@pytest.mark.parametrize("dtype, tolerance", [("float64", 1e-10), ("float32", 1e-4)])
@pytest.mark.parametrize("weight", [None, WEIGHT])
def test_moments_over_blocks(small_blocks, dtype, tolerance, weight):
    found = InputScaling.fit(X.astype(dtype), "standard", weight)
    mean = np.average(X, axis=0, weights=weight)
    variance = np.average((X - mean) ** 2, axis=0, weights=weight)
    assert_allclose(found.mean, mean, rtol=tolerance, atol=tolerance)
    assert_allclose(found.scale, np.sqrt(variance), rtol=100 * tolerance)


def test_rows_of_weight_zero_do_not_count(small_blocks):
    rows = np.zeros(len(X))
    rows[200:300] = 1
    found = InputScaling.fit(X, "standard", rows)
    assert_allclose(found.mean, X[200:300].mean(axis=0))


@pytest.mark.parametrize("how", ["standard", "center", None])
@pytest.mark.parametrize("kind", ["normal", "sparse", "binary"])
def test_projection_of_sparse_rows_equals_dense(how, kind):
    weights = check_weight_kind(kind).sample(7, 5, np.random.default_rng(1))
    thin = X * (rng.random(X.shape) < 0.3)
    found = InputScaling.fit(thin, how)
    expected = found.transform(thin, "float64") @ weights.T
    assert_allclose(found.project(thin, weights, "float64"), expected, atol=1e-10)
    from_sparse = InputScaling.fit(sparse.csr_array(thin), how)
    projected = from_sparse.project(sparse.csr_array(thin), weights, "float64")
    assert_allclose(projected, expected, atol=1e-8)


def test_transform_keeps_its_input_unless_told():
    found, kept = InputScaling.fit(X, "standard"), X.copy()
    scaled = found.transform(X, "float64")
    assert_array_equal(X, kept)
    assert found.transform(kept, "float64", out=kept) is kept
    assert_array_equal(kept, scaled)


def test_start_sample_is_bounded_and_leaves_out_weight_zero():
    found = InputScaling.fit(X, "standard")
    arguments = (X, np.arange(400), WEIGHT, found)
    draw = np.random.default_rng(0)
    few = StartSample.draw(
        *arguments, n_units=10, rng=draw, dtype="float32", max_rows=50
    )
    assert len(few.targets) == 50
    many = StartSample.draw(
        *arguments, n_units=120, rng=draw, dtype="float32", max_rows=50
    )
    assert len(many.targets) == 120
    assert (many.sample_weight > 0).all()


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_layers_start_with_unit_variance_and_forward_repeats_them(activation):
    found = InputScaling.fit(X, "standard")
    sample = StartSample.draw(
        X, X[:, 0], None, found, n_units=30, rng=rng, dtype="float64"
    )
    kinds = [check_weight_kind("normal"), check_weight_kind("orthogonal")]
    layers, features = draw_hidden_layers(sample, kinds, [30, 20], activation, rng=rng)
    first = found.project(X, layers[0].weights.matrix("float64"), "float64")
    assert_allclose((first * layers[0].scales).std(axis=0), 1)
    passes = forward_blocks(X, found, layers, "float64", max_bytes=30_000)
    blocks = [last.copy() for _, (_, last) in passes]
    assert len(blocks) > 2
    assert_allclose(np.vstack(blocks), features, atol=1e-12)


def test_units_that_are_nearly_dead_are_not_blown_up():
    """Their variance counts as 1e-4 of the median unit's; a constant unit's as 1."""
    deviations = np.array([1.0, 2.0, 3.0, 1e-4, 0.0])
    columns = np.linalg.qr(rng.standard_normal((400, 5)))[0]
    columns -= columns.mean(axis=0)
    sample = StartSample(
        columns / columns.std(axis=0) * deviations, None, np.ones(400), 400
    )
    kinds = [check_weight_kind(np.eye(5))]
    (layer,), _ = draw_hidden_layers(sample, kinds, [5], "identity", rng=rng)
    assert_allclose(layer.scales, [1, 1 / 2, 1 / 3, 1e2, 1], rtol=1e-6)


@pytest.mark.parametrize("how", ["auto", "standard", "center", None])
def test_inputs_are_rounded_to_the_nearest_level(how):
    """To 8 bits: errors of at most half a unit, and of mean zero."""
    rows = rng.uniform(-1, 3, (500, 200)).astype(np.float32)
    if how == "auto":  # would limit columns that do not share a unit
        rows = np.clip(rows - 0.2, 0, 2.5)
    found = InputScaling.fit(rows, how)
    scaled = found.transform(rows, "float32")
    inputs = RoundedInputs.of(scaled, found)
    whole = inputs.tensor(rows, np.empty_like(rows)).numpy()
    errors = inputs.low + inputs.unit * whole - (scaled + inputs.below)
    assert np.abs(errors).max() < 0.502 * inputs.unit
    assert abs(errors.mean()) < 0.03 * inputs.unit


@pytest.mark.parametrize("bias", ["normal", "uniform", "zero"])
def test_layers_as_drawn(bias):
    sample = StartSample(X, None, np.ones(len(X)), len(X))
    kinds = [check_weight_kind(np.eye(X.shape[1]))]
    (layer,), features = draw_hidden_layers(
        sample, kinds, [X.shape[1]], "identity", rng=rng, scale=0.5, bias=bias
    )
    assert_allclose(features, 0.5 * X + layer.shifts)
    assert (layer.shifts == 0).all() == (bias == "zero")
    assert np.abs(layer.shifts).max() <= np.pi or bias == "normal"


def test_children_of_a_seed_are_independent():
    first, second = child_generators(3, 2)
    again, _ = child_generators(3, 2)
    draw = first.random(4)
    assert_array_equal(draw, again.random(4))
    assert (draw != second.random(4)).all()


@pytest.mark.parametrize("container", [np.asarray, sparse.csr_array])
def test_rows_of_weight_zero_do_not_count_in_scaling(container):
    X = np.random.default_rng(0).random((6, 3)) + 1
    X[:4, 1] = 0  # only rows of weight zero show this column
    weight = np.array([1.0, 2, 1, 1, 0, 0])
    found = InputScaling.fit(container(X), "standard", weight)
    expected = InputScaling.fit(container(X[:4]), "standard", weight[:4])
    assert_allclose(found.mean, expected.mean)
    assert_allclose(found.scale, expected.scale)
