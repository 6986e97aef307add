"""Laws that hold for any data, tried on data that hypothesis makes up."""

import numpy as np
from hypothesis import given, settings, strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_allclose
from sklearn.base import clone

from sklearn_halfnet import HalfLayerClassifier, HalfLayerRegressor

few = settings(max_examples=25, deadline=None, derandomize=True)
seeds = st.integers(0, 1000)
EXACT = {
    "hidden_layer_sizes": 12,
    "max_iter": 5,
    "batch_size": "full",
    "dtype": "float64",
    "random_state": 0,
}


def normal_data(seed, n_rows=30):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n_rows, 4))
    return X, (X[:, 0] + rng.standard_normal(n_rows) > 0).astype(int), rng


@few
@given(arrays(np.float64, (8, 3), elements=st.floats(width=64)))
def test_any_numbers_give_an_error_or_probabilities(X):
    model = HalfLayerClassifier(8, max_iter=2, random_state=0)
    try:
        probability = model.fit(X, [0, 1, 2, 0, 1, 2, 0, 1]).predict_proba(X)
    except ValueError as error:
        assert len(str(error)) > 20
        return
    assert np.isfinite(probability).all()
    assert_allclose(probability.sum(axis=1), 1)


@few
@given(seeds)
def test_columns_may_be_permuted_with_their_weights(seed):
    X, y, rng = normal_data(seed)
    weights, order = rng.standard_normal((12, 4)), rng.permutation(4)
    plain = HalfLayerClassifier(**EXACT, weight_kind=weights).fit(X, y)
    permuted = HalfLayerClassifier(**EXACT, weight_kind=weights[:, order])
    permuted.fit(X[:, order], y)
    assert_allclose(
        permuted.predict_proba(X[:, order]), plain.predict_proba(X), atol=1e-8
    )


@few
@given(seeds)
def test_row_twice_equals_weight_two(seed):
    X, y, rng = normal_data(seed)
    twice = rng.integers(1, 3, len(X))
    # A choice by rows left out, as of the ridge start, takes a row for one row.
    model = HalfLayerClassifier(**EXACT, alpha=1e-4, init="random")
    weighted, repeated = clone(model).fit(X, y, twice), clone(model)
    repeated.fit(np.repeat(X, twice, axis=0), np.repeat(y, twice))
    assert_allclose(weighted.predict_proba(X), repeated.predict_proba(X), atol=1e-7)


@few
@given(seeds, st.integers(-60, 60), st.floats(-5, 5))
def test_columns_may_be_rescaled_and_shifted(seed, exponent, offset):
    X, y, _ = normal_data(seed)
    other = X.copy()
    other[:, 1] = (X[:, 1] + offset) * 2.0**exponent
    plain = HalfLayerRegressor(**EXACT).fit(X, y).predict(X)
    assert_allclose(
        HalfLayerRegressor(**EXACT).fit(other, y).predict(other), plain, atol=1e-7
    )


@few
@given(seeds, st.integers(1, 29))
def test_chunks_equal_the_whole(seed, cut):
    X, y, _ = normal_data(seed)
    model = HalfLayerRegressor(**EXACT).fit(X, y)
    parts = np.concatenate([model.predict(X[:cut]), model.predict(X[cut:])])
    assert_allclose(parts, model.predict(X), atol=1e-12)
