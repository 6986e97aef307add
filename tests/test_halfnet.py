"""HalfNet: the learned geometry, its start values, resampling, and usual options."""

import pickle
import subprocess
import sys

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.datasets import load_diabetes, load_digits, load_iris
from sklearn.metrics import log_loss
from sklearn.model_selection import train_test_split
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline

from sklearn_halfnet import (
    HalfLayerRegressor,
    HalfNetClassifier,
    HalfNetRegressor,
    _device,
)
from sklearn_halfnet.activations import ACTIVATIONS
from sklearn_halfnet.datasets import make_multi_index
from sklearn_halfnet.features.geometry import GEOMETRIES, gradient_outer_product

# One network on the scaled columns themselves, which is what the equations describe.
PLAIN = {"n_members": 1, "column_embedding": None, "random_state": 0}
QUICK = {**PLAIN, "hidden_layer_sizes": 64, "max_iter": 5}
UNTRAINED = {**PLAIN, "learning_rate_init": 1e-12, "max_iter": 1}


@pytest.fixture(scope="module")
def digits():
    X, y = load_digits(return_X_y=True)
    return train_test_split(X / 16, y, random_state=0, stratify=y)


@pytest.fixture(scope="module")
def iris():
    return load_iris(return_X_y=True)


@pytest.fixture(scope="module")
def trained(digits):
    X_train, _, y_train, _ = digits
    model = HalfNetClassifier(256, 16, input_scaling=None, max_iter=30, **PLAIN)
    return model.fit(X_train, y_train)


# -- geometry --------------------------------------------------------------------------


def test_scores_follow_the_equation(trained, digits):
    X = digits[1]
    embedded = X @ trained.factors_[0]
    pre = embedded @ trained.weights_[0].T / np.sqrt(16)
    hidden = np.maximum(trained.scales_[0] * pre + trained.shifts_[0], 0)
    scores = hidden @ trained.read_out_coef_.T + trained.read_out_intercept_
    assert_allclose(trained.decision_function(X), scores, atol=1e-4)


def test_transform_is_the_metric(trained, digits):
    X = digits[1]
    assert trained.transform(X).shape == (len(X), 16)
    model = HalfNetClassifier(**QUICK, rank=5).fit(digits[0], digits[2])
    differences = model.transform(X[:5]) - model.transform(X[5:10])
    assert_allclose(differences, (X[:5] - X[5:10]) @ model.metric_, atol=1e-4)
    assert_array_equal(
        model.get_feature_names_out(), [f"halfnetclassifier{i}" for i in range(5)]
    )


def test_embedding_helps_neighbours(digits):
    X_train, X_test, y_train, y_test = digits
    neighbours = KNeighborsClassifier()
    embed = HalfNetClassifier(256, 4, geometry="orthogonal", max_iter=30, **PLAIN)
    learned = make_pipeline(embed, neighbours).fit(X_train, y_train)
    learned_score = learned.score(X_test, y_test)
    random = make_pipeline(embed.set_params(**UNTRAINED), neighbours)
    random_score = random.fit(X_train, y_train).score(X_test, y_test)
    # Of six seeds: .90 to .95 learned, .51 to .59 random.
    assert learned_score > 0.8 and learned_score > random_score + 0.2


def test_number_of_trained_parameters(trained, digits):
    assert trained.n_trainable_parameters_ == 64 * 16 + 2 * 256 + 257 * 10
    X_train, _, y_train, _ = digits
    one = HalfNetClassifier((30, 20), 8, train_scales=False, max_iter=1, **PLAIN)
    one.fit(X_train, y_train)
    assert one.n_trainable_parameters_ == 8 * (64 + 30) + 50 + 21 * 10
    assert [factor.shape for factor in one.factors_] == [(64, 8), (30, 8)]
    assert_allclose(one.scales_[0], 1, rtol=1e-6)


def test_auto_rank_is_32_or_the_number_of_inputs(digits, iris):
    assert HalfNetClassifier(**QUICK).fit(*iris).factors_[0].shape == (4, 4)
    wide = HalfNetClassifier(**QUICK).fit(digits[0], digits[2])
    assert wide.factors_[0].shape == (64, 32)


def test_rank_above_the_inputs_is_refused(iris):
    with pytest.raises(ValueError, match="rank=5 is more than the 4 inputs"):
        HalfNetClassifier(**QUICK, rank=5).fit(*iris)


# -- start -----------------------------------------------------------------------------


@pytest.mark.parametrize("geometry", GEOMETRIES)
@pytest.mark.parametrize("scaling", ["standard", "center", None])
def test_pre_activations_start_with_unit_variance(digits, geometry, scaling):
    X_train, _, y_train, _ = digits
    model = HalfNetClassifier(
        2000, 16, geometry=geometry, input_scaling=scaling, init="random", **UNTRAINED
    ).fit(X_train, y_train)
    pre = model.transform(X_train) @ model.weights_[0].T / 4
    assert_allclose(pre.var(axis=0).mean(), 1, rtol=0.05)


@pytest.mark.parametrize("scaling", ["standard", None])
def test_pre_activations_start_with_biases_for_means(digits, scaling):
    """Wherever the inputs lie, each unit's mean is drawn from N(0, 1)."""
    X_train, _, y_train, _ = digits
    options = {"input_scaling": scaling, "init": "random", **UNTRAINED}
    model = HalfNetClassifier(2000, 16, **options).fit(X_train + 50, y_train)
    pre = model.transform(X_train + 50) @ model.weights_[0].T / 4 + model.shifts_[0]
    assert abs(pre.mean()) < 0.1
    assert_allclose(pre.mean(axis=0).std(), 1, rtol=0.1)


def test_principal_directions(digits):
    X_train, _, y_train, _ = digits
    model = HalfNetClassifier(64, 3, geometry="principal", input_scaling=None)
    embedded = model.set_params(**UNTRAINED).fit_transform(X_train, y_train)
    covariance = np.cov(embedded.T)
    assert_allclose(covariance, np.diag(np.diag(covariance)), atol=1e-3)
    assert (np.diff(np.diag(covariance)) < 0).all()


def test_gradient_outer_product_equals_a_sum_over_rows():
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((60, 3)), rng.standard_normal((60, 2))
    share = rng.random(60)
    share /= share.sum()
    found = gradient_outer_product(X, y, share, np.random.default_rng(1), n_units=20)
    step, total = 1e-6, np.zeros((3, 3))
    model = quick_model(X, y, share, np.random.default_rng(1), 20)
    for x, weight in zip(X, share, strict=True):
        rows = np.concatenate([x + step * np.eye(3), x - step * np.eye(3)])
        plus, minus = np.split(model(rows), 2)
        jacobian = (plus - minus) / (2 * step)
        total += weight * jacobian @ jacobian.T
    assert_allclose(found, total, rtol=1e-4, atol=1e-6)


def test_gradient_geometry_is_the_nearest_matrix_of_its_rank():
    """A A^T keeps the largest eigenvalues of the outer product of gradients."""
    rng = np.random.default_rng(0)
    X, share = rng.standard_normal((80, 6)), np.full(80, 1 / 80)
    y = np.c_[np.sin(X[:, 0]) + X[:, 1] * X[:, 2], X[:, 3] ** 2]
    factor, _ = GEOMETRIES["gradient"](X, y, share, 3, np.random.default_rng(1))
    whole = gradient_outer_product(X, y, share, np.random.default_rng(1))
    values, vectors = np.linalg.eigh(whole)
    nearest = (vectors[:, 3:] * values[3:]) @ vectors[:, 3:].T
    assert_allclose(factor @ factor.T, nearest, atol=1e-8 * values[-1])


@pytest.mark.parametrize("n_columns", [90, 700])
@pytest.mark.parametrize("geometry", ["principal", "gradient"])
def test_wide_data_have_the_directions_of_the_whole_matrix(geometry, n_columns):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((40, n_columns))
    y, share = np.tanh(X[:, :2]), rng.random(40)
    share /= share.sum()
    found, _ = GEOMETRIES[geometry](X, y, share, 8, np.random.default_rng(1))
    if geometry == "gradient":
        whole = gradient_outer_product(X, y, share, np.random.default_rng(1))
    else:
        whole = np.cov(X.T, aweights=share, ddof=0)
    values, vectors = np.linalg.eigh(whole)
    vectors = vectors[:, :-9:-1]
    vectors *= np.sign(vectors[np.abs(vectors).argmax(axis=0), np.arange(8)])
    if geometry == "gradient":
        vectors *= np.sqrt(values[:-9:-1])
    assert_allclose(found, vectors, atol=1e-9 * np.abs(vectors).max())


def test_directions_without_variance_are_zero():
    rng = np.random.default_rng(0)
    for X in (rng.standard_normal((5, 9)), rng.standard_normal((50, 4)) @ np.eye(4, 9)):
        share = np.full(len(X), 1 / len(X))
        found, _ = GEOMETRIES["principal"](X, X[:, :1], share, 7, rng)
        assert_allclose(found.T @ found, np.diag([1] * 4 + [0] * 3), atol=1e-9)


def test_wide_data_need_no_wide_matrix(monkeypatch):
    X = np.random.default_rng(0).standard_normal((30, 40_000)).astype(np.float32)
    # A matrix of a number for each pair of columns would take 12 GiB.
    monkeypatch.setattr(_device, "_available_memory", lambda: 2 * 2**30)
    for geometry in ("principal", "gradient"):
        model = HalfNetClassifier(8, 4, geometry=geometry, max_iter=1, **PLAIN)
        assert model.fit(X, np.arange(30) % 2).factors_[0].shape == (40_000, 4)
    monkeypatch.setattr(_device, "_available_memory", lambda: 2**28)
    with pytest.raises(MemoryError, match="geometry='orthogonal'"):
        model.fit(X, np.arange(30) % 2)


def quick_model(X, y, share, rng, n_units):
    from sklearn_halfnet.linear.ridge import ridge

    weights = rng.standard_normal((n_units, 3)) / np.sqrt(share @ (X**2).sum(axis=1))
    shifts = rng.standard_normal(n_units)

    def hidden(rows):
        return np.maximum(rows @ weights.T + shifts, 0)

    coef, intercept, *_ = ridge(hidden(X), y, sample_weight=share, solved_at=1e-3)
    return lambda rows: hidden(rows) @ coef.T + intercept


@pytest.mark.parametrize("geometry", GEOMETRIES)
def test_geometries_find_an_active_subspace(geometry):
    X, y, directions = make_multi_index(
        6000, 30, random_state=0, return_directions=True
    )
    model = HalfNetRegressor(
        256, 8, geometry=geometry, alpha=1e-3, max_iter=30, **PLAIN
    )
    model.fit(X[:5000], y[:5000])
    half = HalfLayerRegressor(256, max_iter=30, random_state=0).fit(X[:5000], y[:5000])
    assert model.score(X[5000:], y[5000:]) > 0.7
    assert half.score(X[5000:], y[5000:]) < 0.6
    active, learned = np.linalg.qr(directions.T)[0], np.linalg.qr(model.metric_)[0]
    cosines = np.linalg.svd(active.T @ learned, compute_uv=False)
    assert cosines[:5].min() > 0.98


# -- resampling ------------------------------------------------------------------------


@pytest.mark.parametrize("polish", [None, "ridge"])
def test_resampled_model_is_as_good(trained, digits, polish):
    X_train, X_test, y_train, y_test = digits
    before = trained.decision_function(X_test)
    model = pickle.loads(pickle.dumps(trained)).set_params(polish=polish)
    old_read_out = model.resample(X_train, y_train, random_state=1, refit=False)
    assert old_read_out.score(X_test, y_test) < 0.4
    new = model.resample(X_train, y_train, random_state=1)
    assert new.score(X_test, y_test) > trained.score(X_test, y_test) - 0.02
    assert_array_equal(new.factors_[0], trained.factors_[0])
    assert_array_equal(new.weights_[0], old_read_out.weights_[0])
    assert (new.weights_[0] != trained.weights_[0]).all()
    assert_array_equal(trained.decision_function(X_test), before)


def test_resampled_regressor():
    X, y = make_multi_index(3000, 20, random_state=0)
    model = HalfNetRegressor(256, 8, alpha=1e-3, max_iter=20, **PLAIN)
    model.fit(X[:2500], y[:2500])
    new = model.resample(X[:2500], y[:2500], random_state=3)
    assert new.score(X[2500:], y[2500:]) > model.score(X[2500:], y[2500:]) - 0.05


def test_resampling_during_training(digits):
    X_train, X_test, y_train, y_test = digits
    options = {**PLAIN, "max_iter": 20}
    plain = HalfNetClassifier(64, **options).fit(X_train, y_train)
    redrawn = HalfNetClassifier(64, **options, resample_every=4).fit(X_train, y_train)
    assert (redrawn.weights_[0] != plain.weights_[0]).all()
    assert redrawn.score(X_test, y_test) > 0.95


def test_best_values_come_with_their_weights(digits):
    X_train, _, y_train, _ = digits
    model = HalfNetClassifier(
        64, resample_every=3, early_stopping=True, max_iter=20, **PLAIN
    ).fit(X_train, y_train)
    assert model.best_validation_score_ == max(model.validation_scores_)
    assert model.score(X_train, y_train) > model.best_validation_score_ - 0.03


def test_logistic_polish_lowers_the_training_loss(digits):
    X_train, _, y_train, _ = digits
    losses = [
        log_loss(
            y_train,
            HalfNetClassifier(**QUICK, polish=polish, alpha=1e-6)
            .fit(X_train, y_train)
            .predict_proba(X_train),
        )
        for polish in (None, "ridge", "logistic")
    ]
    assert losses[2] < min(losses[:2]) / 2


def test_regressor_has_no_logistic_polish():
    with pytest.raises(ValueError, match="'polish' parameter of HalfNetRegressor"):
        HalfNetRegressor(polish="logistic").fit(*load_diabetes(return_X_y=True))


# -- as elsewhere ----------------------------------------------------------------------


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("train_scales", [True, False])
def test_every_activation_trains_and_predicts_alike(iris, activation, train_scales):
    import torch

    X, y = iris
    model = HalfNetClassifier(
        (32, 16),
        activation=activation,
        train_scales=train_scales,
        max_iter=20,
        dtype="float64",
        **PLAIN,
    ).fit(X, y)
    assert model.score(X, y) > 0.8
    compute, *_ = model.model_.inputs(X)
    inputs = torch.from_numpy(compute(np.arange(150)))
    with torch.no_grad():
        scores = model.model_.module(torch.device("cpu"))(inputs).numpy()
    assert_allclose(model.decision_function(X), scores, atol=1e-10)


@pytest.mark.parametrize("geometry", GEOMETRIES)
def test_sparse_equals_dense(digits, geometry):
    X_train, X_test, y_train, _ = digits
    options = {**QUICK, "geometry": geometry, "dtype": "float64"}
    options["input_scaling"] = "standard"
    dense = HalfNetClassifier(**options).fit(X_train, y_train)
    thin = HalfNetClassifier(**options).fit(sparse.csr_array(X_train), y_train)
    X_thin = sparse.csr_array(X_test)
    # Rounding puts a unit at its kink on one side or the other, and training goes on.
    assert_allclose(thin.predict_proba(X_thin), dense.predict_proba(X_test), atol=1e-3)
    assert_allclose(thin.transform(X_thin), dense.transform(X_test), atol=1e-3)


def test_warm_start_goes_on_and_refuses_another_rank(digits):
    X_train, _, y_train, _ = digits
    model = HalfNetClassifier(**QUICK, warm_start=True).fit(X_train, y_train)
    weights, loss = model.weights_[0], model.loss_
    model.fit(X_train, y_train)
    assert_array_equal(model.weights_[0], weights)
    assert model.loss_ < loss
    with pytest.raises(ValueError, match="but rank changed"):
        model.set_params(rank=8).fit(X_train, y_train)


def test_partial_fit_learns_and_goes_on_from_a_pickle(digits):
    X_train, X_test, y_train, y_test = digits
    model = HalfNetClassifier(128, input_scaling="center", **PLAIN)
    for rows in np.array_split(np.arange(len(X_train)), 5) * 3:
        model.partial_fit(X_train[rows], y_train[rows], classes=np.arange(10))
    # At a constant rate the last steps go by rounding: seeds, threads give .90 to .96.
    assert model.score(X_test, y_test) > 0.85
    twin = pickle.loads(pickle.dumps(model))
    model.partial_fit(X_train, y_train)
    twin.partial_fit(X_train, y_train)
    assert_array_equal(model.read_out_coef_, twin.read_out_coef_)


def test_cache_changes_nothing(digits):
    X_train, X_test, y_train, _ = digits
    kept = HalfNetClassifier(**QUICK).fit(X_train, y_train)
    computed = HalfNetClassifier(**QUICK, cache_size=0).fit(X_train, y_train)
    assert_array_equal(
        kept.decision_function(X_test), computed.decision_function(X_test)
    )


def test_columns_and_targets_may_be_rescaled():
    X, y = load_diabetes(return_X_y=True)
    plain = HalfNetRegressor(**QUICK).fit(X, y).predict(X)
    other = HalfNetRegressor(**QUICK).fit(1e6 * X + 1e3, np.c_[y, 1e3 - 2 * y])
    first, second = other.predict(1e6 * X + 1e3).T
    assert_allclose(first, plain, rtol=1e-2)
    assert_allclose(second, 1e3 - 2 * first, rtol=1e-2)


def test_class_weight_equals_sample_weight(iris):
    X, y = iris
    options = {**QUICK, "batch_size": "full", "dtype": "float64"}
    by_sample = HalfNetClassifier(**options).fit(X, y, np.where(y == 0, 3.0, 1.0))
    by_class = HalfNetClassifier(**options, class_weight={0: 3, 1: 1, 2: 1}).fit(X, y)
    assert_allclose(by_sample.read_out_coef_, by_class.read_out_coef_)


def test_prediction_needs_no_torch(iris, tmp_path):
    X, y = iris
    model = HalfNetClassifier(**QUICK).fit(X, y)
    path = tmp_path / "model.pickle"
    path.write_bytes(pickle.dumps((model, X, model.predict_proba(X))))
    code = (
        "import pickle, sys, numpy\n"
        f"model, X, expected = pickle.load(open({str(path)!r}, 'rb'))\n"
        "assert numpy.array_equal(model.predict_proba(X), expected)\n"
        "assert model.transform(X).shape == (150, 4)\n"
        "assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_too_many_units_are_refused_before_they_are_allocated(iris):
    with pytest.raises(MemoryError, match=r"hidden_layer_sizes=.* needs about"):
        HalfNetClassifier(10**10).fit(*iris)


def test_read_out_starts_by_the_number_of_rows():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((20_001, 3))
    y = np.abs(X[:, 0])
    for n_rows, init in ((20_000, "ridge"), (20_001, "random")):
        auto, asked, other = (
            HalfNetRegressor(16, init=each, **UNTRAINED).fit(X[:n_rows], y[:n_rows])
            for each in ("auto", init, {"ridge": "random", "random": "ridge"}[init])
        )
        assert_array_equal(auto.read_out_coef_, asked.read_out_coef_)
        assert np.linalg.norm(auto.read_out_coef_ - other.read_out_coef_) > 0.1


@pytest.mark.parametrize("kind", [HalfLayerRegressor, HalfNetRegressor])
def test_memory_counts_the_regression_that_chooses_alpha(kind, monkeypatch):
    asked = []
    for module in ("half_layer", "low_rank"):
        name = f"sklearn_halfnet.models.{module}.check_memory"
        monkeypatch.setattr(name, lambda n_bytes, *_: asked.append(n_bytes))
    X, y = load_iris(return_X_y=True)
    options = {"max_iter": 1, "dropout": 0.0, "learning_rate_init": 1e-3}
    for init, alpha in (("ridge", "auto"), ("random", "auto"), ("random", 0)):
        kind(64, init=init, alpha=alpha, **options).fit(X, y)
    by_ridge, by_alpha, by_none = asked
    assert by_ridge == by_alpha > by_none


# -- data ------------------------------------------------------------------------------


def test_multi_index_data_follow_their_equation():
    X, y, directions = make_multi_index(
        500, 20, noise=0, random_state=0, return_directions=True
    )
    q = (X @ directions.T).T
    clean = np.sin(2 * q[0]) + q[1] * q[2] + np.abs(q[3]) + np.tanh(2 * q[4] + q[5])
    clean += q[6] ** 2 / 2 + q[7]
    assert_allclose(y, (clean - clean.mean()) / clean.std(), atol=1e-12)


def test_multi_index_data_have_the_ceiling_they_promise():
    noisy, clean = (
        make_multi_index(50_000, noise=noise, random_state=0)[1] for noise in (0.3, 0)
    )
    assert_allclose(clean.std(), 1)
    residual = np.mean((noisy - clean) ** 2)
    assert_allclose(1 - residual / noisy.var(), 1 / 1.09, atol=0.005)
    with pytest.raises(ValueError, match=r"'n_features' .* in the range \[8, inf\)"):
        make_multi_index(10, 7)


def test_penalty_is_indifferent_to_a_factor_between_read_out_and_geometry():
    X, y = load_iris(return_X_y=True)
    model = HalfNetClassifier((20, 30), max_iter=1, **PLAIN).fit(X, y)
    network = model.model_.balanced().module("cpu")
    pairs = network.penalised()
    read_out, *factors = [float(f * (p.detach() ** 2).sum()) for f, p in pairs]
    assert_allclose(factors, [read_out] * 2, rtol=1e-5)
