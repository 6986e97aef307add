"""Members of a HalfNet: networks that share A and Z and are trained together."""

import pickle

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.base import clone
from sklearn.datasets import load_diabetes, load_digits, load_iris
from sklearn.metrics import log_loss
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

from sklearn_halfnet import HalfNetClassifier, HalfNetRegressor
from sklearn_halfnet._random import child_generators
from sklearn_halfnet.estimators._trained.fit import split
from sklearn_halfnet.models import read_out
from sklearn_halfnet.models.low_rank import LowRankModel
from sklearn_halfnet.models.read_out import ridge_start
from sklearn_halfnet.networks.dropout import Dropout
from sklearn_halfnet.networks.members import SIGNS_RATE
from sklearn_halfnet.solvers.losses import Objective, Smoothing

OF_LBFGS = pytest.mark.filterwarnings(
    "ignore:.*solver='lbfgs' stopped:sklearn.exceptions.ConvergenceWarning"
)
CPU = torch.device("cpu")
SHORT = {"max_iter": 4, "random_state": 0, "n_members": 3}
SMALL = {"hidden_layer_sizes": (12, 8), "rank": 3, **SHORT}
UNTRAINED = {"learning_rate_init": 1e-12, "max_iter": 1, "random_state": 0}


@pytest.fixture(scope="module")
def iris():
    X, y = load_iris(return_X_y=True)
    return StandardScaler().fit_transform(X), y


@pytest.fixture(scope="module")
def digits():
    X, y = load_digits(return_X_y=True)
    return train_test_split(X / 16, y, random_state=0, stratify=y)


def real_targets(X):
    return np.c_[10 + 3 * np.tanh(X[:, 0]), X[:, 1] * X[:, 2]]


# -- prediction ------------------------------------------------------------------------


def scores_by_hand(model, X):
    """Scores of the mean, and of each member, from the estimator's attributes alone."""
    each = []
    for m, signs in enumerate(model.signs_):
        hidden = (X - X.mean(axis=0)) / X.std(axis=0) * signs
        for factor, weights, scales, shifts in zip(
            model.factors_, model.weights_, model.scales_, model.shifts_, strict=True
        ):
            pre = hidden @ factor @ weights.T / np.sqrt(weights.shape[1])
            hidden = np.tanh(scales[m] * pre + shifts[m])
        coef, intercept = model.read_out_coef_[m], model.read_out_intercept_[m]
        each.append(hidden @ coef.T + intercept)
    return np.mean(each, axis=0), each


OF_TANH = {
    **{"activation": "tanh", "column_embedding": None, "input_scaling": "standard"},
    **{"dtype": "float64"},
}


def test_classifier_follows_the_equations(iris):
    X, y = iris
    model = HalfNetClassifier(**SMALL, **OF_TANH).fit(X, y)
    mean, each = scores_by_hand(model, X)
    assert_allclose(model.decision_function(X), mean, atol=1e-9)
    of_each = [np.exp(e) / np.exp(e).sum(axis=1, keepdims=True) for e in each]
    assert_allclose(model.predict_members(X), of_each, atol=1e-9)
    assert_array_equal(model.predict(X), mean.argmax(axis=1))
    # They are three, and not one three times.
    assert np.abs(np.diff(of_each, axis=0)).max(axis=(1, 2)).min() > 0.01


@pytest.mark.parametrize("column", [0, slice(None)])
def test_regressor_follows_the_equations(iris, column):
    X, y = iris[0], real_targets(iris[0])[:, column]
    model = HalfNetRegressor(**SMALL, **OF_TANH).fit(X, y)
    mean, each = scores_by_hand(model, X)
    assert_allclose(model.predict(X), mean.reshape(y.shape), atol=1e-9)
    assert_allclose(model.predict_members(X), np.reshape(each, (3, *y.shape)))


def test_multilabel_probabilities_of_members(iris):
    X, labels = iris[0], (iris[0][:, :2] > 0).astype(int)
    model = HalfNetClassifier(**SMALL, **OF_TANH).fit(X, labels)
    mean, each = scores_by_hand(model, X)
    assert_allclose(model.predict_proba(X), 1 / (1 + np.exp(-mean)), atol=1e-9)
    assert_allclose(model.predict_members(X), 1 / (1 + np.exp(-np.array(each))))


def test_embedding_and_metric_are_those_of_all_members(iris):
    X, y = iris
    model = HalfNetClassifier(**SMALL, **OF_TANH).fit(X, y)
    embedded = model.transform(X)
    assert embedded.shape == (150, 9)
    assert len(model.get_feature_names_out()) == 9
    assert_allclose(embedded - embedded[0], (X - X[0]) @ model.metric_, atol=1e-9)
    squares = [
        (((X - X[0]) / X.std(axis=0) * signs @ model.factors_[0]) ** 2).sum(axis=1)
        for signs in model.signs_
    ]
    distances = ((embedded - embedded[0]) ** 2).sum(axis=1)
    assert_allclose(distances, np.mean(squares, axis=0), atol=1e-9)
    assert [each.shape for each in model.transform_layers(X)] == [(150, 36), (150, 24)]


def test_one_member_is_a_network_by_itself(iris):
    X, y = iris
    model = HalfNetClassifier(**{**SMALL, "n_members": 1}).fit(X, y)
    assert isinstance(model.model_, LowRankModel)
    assert model.scales_[0].shape == (12,) and not hasattr(model, "signs_")
    assert_array_equal(model.predict_members(X), model.predict_proba(X)[None])


# -- start -----------------------------------------------------------------------------


def test_the_first_member_starts_as_a_network_alone(iris):
    X, y = iris
    options = {"hidden_layer_sizes": (12, 8), "rank": 3, **UNTRAINED}
    one = HalfNetClassifier(**options, n_members=1).fit(X, y)
    three = HalfNetClassifier(**options, n_members=3).fit(X, y)
    members = three.predict_members(X)
    assert_allclose(members[0], one.predict_proba(X), atol=1e-4)
    assert_array_equal(np.sign(three.signs_[0]), 1)
    assert_allclose(np.abs(three.signs_), 1, atol=1e-6)
    assert (three.signs_[1] < 0).mean() > 0.2 and (three.signs_[2] < 0).mean() > 0.2


def test_pre_activations_of_every_member_start_with_unit_variance(digits):
    X_train, _, y_train, _ = digits
    model = HalfNetClassifier((500, 400), n_members=3, rank=16, **UNTRAINED)
    layers = model.set_params(activation="identity").fit(X_train, y_train)
    for outputs in layers.transform_layers(X_train):
        # A unit's own variance is that of a quadratic form; the mean over them is one.
        variances = outputs.var(axis=0).reshape(3, -1).mean(axis=1)
        assert_allclose(variances, 1, rtol=0.1)


def test_every_member_starts_with_a_read_out_of_its_own(iris):
    X, y = iris
    model = HalfNetClassifier(64, n_members=4, **UNTRAINED).fit(X, y)
    accuracy = (model.predict_members(X).argmax(axis=2) == y).mean(axis=1)
    assert accuracy.min() > 0.9


@pytest.mark.parametrize("init, n_solved", [("ridge", 3), ("random", 1)])
def test_the_strength_is_looked_for_once(iris, init, n_solved, monkeypatch):
    found = []

    def solve(*given):
        found.append(ridge_start(*given))
        return found[-1]

    monkeypatch.setattr(read_out, "ridge_start", solve)
    model = HalfNetClassifier(init=init, dropout=0.0, learning_rate_init=0.01, **SMALL)
    model.fit(*iris)
    assert len(found) == n_solved
    assert model.alpha_ == found[0][2]


# -- the objective ---------------------------------------------------------------------

CASES = {
    "multiclass": (HalfNetClassifier, lambda X, y: y, {"label_smoothing": 0.2}),
    "binary": (HalfNetClassifier, lambda X, y: y > 0, {}),
    "multilabel": (HalfNetClassifier, lambda X, y: (X > 0).astype(int), {}),
    "one": (HalfNetRegressor, lambda X, y: real_targets(X)[:, 0], {}),
    "several": (HalfNetRegressor, lambda X, y: real_targets(X), {}),
}


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("case", CASES)
def test_the_objective_is_the_mean_of_the_members_own(iris, case, weighted):
    """And so are its gradients, found by one network of its own for each member."""
    kind, targets_of, options = CASES[case]
    X, y = iris[0], targets_of(*iris)
    model = kind(**SMALL, dtype="float64", column_embedding=None, **options).fit(X, y)
    network, part = model.model_, options.get("label_smoothing", 0.0)
    smoothing = Smoothing(part, torch.full((3,), 1 / 3, dtype=torch.float64))
    targets = network.targets
    compute, *_ = network.inputs(X)
    rows = torch.from_numpy(compute(np.arange(150)))
    encoded = torch.from_numpy(targets.encode(y, "float64"))
    rng = np.random.default_rng(0)
    weight = torch.from_numpy(rng.random(150)) if weighted else None

    def evaluated(module):
        objective = Objective(module, targets.loss, 0.3, smoothing if part else None)
        value = objective(rows, encoded, weight)
        value.backward()
        return value.item()

    together = network.module(CPU)
    alone = [member.module(CPU) for member in network.members]
    values = [evaluated(module) for module in alone]
    assert_allclose(evaluated(together), np.mean(values), rtol=1e-10)
    assert np.std(values) > 1e-3

    factor = together.factors[0].detach()
    for m, module in enumerate(alone):
        ours = [together.coef, together.intercept, *together.scales, *together.shifts]
        own = [module.coef, module.intercept, *module.scales, *module.shifts]
        for stacked, single in zip(ours, own, strict=True):
            assert_allclose(3 * stacked.grad[m], single.grad, atol=1e-10)
        of_signs = SIGNS_RATE * (factor * module.factors[0].grad).sum(dim=1)
        assert_allclose(3 * together.short_signs.grad[m], of_signs, atol=1e-10)
    signed = [
        signs[:, None] * module.factors[0].grad
        for signs, module in zip(together.signs.detach(), alone, strict=True)
    ]
    later = [module.factors[1].grad for module in alone]
    for shared, of_each in zip(together.factors, (signed, later), strict=True):
        mean = torch.stack(of_each).mean(dim=0)
        assert_allclose(shared.grad, mean, atol=1e-10)


def test_predictions_are_the_mean_and_training_sees_each(iris):
    X, y = iris
    network = HalfNetClassifier(**SMALL).fit(X, y).model_
    module, rows = network.module(CPU), torch.from_numpy(network.inputs(X)[0](slice(9)))
    with torch.no_grad():
        assert module(rows).shape == (3, 9, 3)
        mean = module.eval()(rows)
    assert_allclose(mean, network.scores(X[:9]), atol=1e-4)


def test_each_member_drops_units_of_its_own(iris):
    module = HalfNetClassifier(**SMALL).fit(*iris).model_.module(CPU)
    masks = []

    class Watched(Dropout):
        def drop(self, hidden):
            hidden.fill_(1)
            super().drop(hidden)
            masks.append(hidden.clone())

    module.dropout = Watched(0.5, np.random.default_rng(0))
    module(torch.zeros(9, 68))
    assert [mask.shape for mask in masks] == [(3, 9, 12), (3, 9, 8)]
    assert (masks[0][0] != masks[0][1]).any() and (masks[0][1] != masks[0][2]).any()


# -- what is stored --------------------------------------------------------------------


@pytest.mark.parametrize("train_scales", [True, False])
def test_shared_numbers_count_once(digits, train_scales):
    X_train, _, y_train, _ = digits
    options = {"n_members": 3, "column_embedding": None, "input_scaling": "standard"}
    model = HalfNetClassifier((30, 20), 8, train_scales=train_scales, **options)
    model.set_params(max_iter=1, random_state=0).fit(X_train, y_train)
    a_unit = 2 if train_scales else 1
    shared, own = 8 * (64 + 30), 64 + a_unit * 50 + 21 * 10
    assert model.n_trainable_parameters_ == shared + 3 * own
    # float32, but for the scaling and the intercepts; ones and zeros of A^T x.
    frozen, scaling, linear = 8 * (30 + 20) * 4, 2 * 64 * 8, 2 * 2 * 8 * 4
    stored = shared * 4 + 3 * (4 * (64 + 2 * 50 + 20 * 10) + 8 * 10)
    assert model.n_stored_bytes_ == stored + frozen + scaling + linear


def test_pickles_hold_what_is_shared_once(digits):
    X_train, X_test, y_train, _ = digits
    options = {"hidden_layer_sizes": (64, 64), "max_iter": 1, "random_state": 0}
    model = HalfNetClassifier(n_members=8, **options).fit(X_train, y_train)
    written = pickle.dumps(model)
    assert len(written) < 1.2 * model.n_stored_bytes_
    twin = pickle.loads(written)
    assert_array_equal(twin.predict_proba(X_test), model.predict_proba(X_test))
    # Training goes on from a pickle, and what comes of it shares as well.
    twin.set_params(warm_start=True).fit(X_train, y_train)
    assert len(pickle.dumps(twin)) < len(written) + 2_000
    twin.set_factor(twin.factors_[0] / 2).resample(X_train, y_train, random_state=1)
    assert len(pickle.dumps(twin)) < len(written) + 2_000


# -- usual options ---------------------------------------------------------------------


@OF_LBFGS
@pytest.mark.parametrize(
    "variant",
    [
        {"resample_every": 5},
        {"polish": "ridge"},
        {"polish": "logistic"},
        {"early_stopping": True},
        {"dtype": "float64"},
        {"train_scales": False},
        {"dropout": 0.0, "label_smoothing": 0.0},
        {"solver": "lbfgs", "max_iter": 30},
        {"init": "random", "alpha": 1e-4},
    ],
    ids=str,
)
def test_members_are_good_and_differ(digits, variant):
    X_train, X_test, y_train, y_test = digits
    model = HalfNetClassifier((48, 32), 16, n_members=3, max_iter=10, random_state=0)
    model.set_params(column_embedding=None, input_scaling=None, **variant)
    members = model.fit(X_train, y_train).predict_members(X_test)
    accuracy = (members.argmax(axis=2) == y_test).mean(axis=1)
    assert accuracy.min() > 0.8
    assert model.score(X_test, y_test) > accuracy.mean()
    assert members.std(axis=0).max() > 0.05


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_early_stopping_scores_the_mean(digits):
    X_train, _, y_train, _ = digits
    model = HalfNetClassifier(32, n_members=3, early_stopping=True, random_state=0)
    # At a constant rate the best values are kept, as they were judged.
    model.set_params(max_iter=6, learning_rate="constant").fit(X_train, y_train)
    rng = child_generators(0, 3)[1]
    _, held_out = split(model, y_train, None, rng)
    right = model.score(X_train[held_out], y_train[held_out])
    assert right == model.best_validation_score_ == max(model.validation_scores_)


def test_resampled_members(digits):
    X_train, X_test, y_train, y_test = digits
    options = {"input_scaling": None, "max_iter": 20, "random_state": 0}
    model = HalfNetClassifier(128, 16, n_members=3, **options).fit(X_train, y_train)
    stale = model.resample(X_train, y_train, random_state=1, refit=False)
    new = model.resample(X_train, y_train, random_state=1)
    assert stale.score(X_test, y_test) < 0.6
    assert new.score(X_test, y_test) > model.score(X_test, y_test) - 0.02
    assert_array_equal(new.signs_, model.signs_)
    assert (new.weights_[0] != model.weights_[0]).all()


def test_regressor_can_be_polished_and_resampled():
    X, y = load_diabetes(return_X_y=True)
    model = HalfNetRegressor(64, polish="ridge", **SHORT).fit(X, y)
    assert model.score(X, y) > 0.4
    assert model.resample(X, y, random_state=1).score(X, y) > 0.4


def test_warm_start_goes_on_and_refuses_another_number_of_members(digits):
    X_train, _, y_train, _ = digits
    model = HalfNetClassifier(64, warm_start=True, **SHORT).fit(X_train, y_train)
    weights, signs, loss = model.weights_[0], model.signs_, model.loss_
    model.fit(X_train, y_train)
    assert_array_equal(model.weights_[0], weights)
    assert (model.signs_ != signs).any() and model.loss_ < loss
    for other in (1, 4):
        with pytest.raises(ValueError, match="but n_members changed"):
            clone_with(model, n_members=other).fit(X_train, y_train)


def clone_with(model, **parameters):
    return pickle.loads(pickle.dumps(model)).set_params(**parameters)


def test_partial_fit_learns_and_goes_on_from_a_pickle(digits):
    X_train, X_test, y_train, y_test = digits
    model = HalfNetClassifier(64, n_members=3, random_state=0)
    for rows in np.array_split(np.arange(len(X_train)), 5) * 3:
        model.partial_fit(X_train[rows], y_train[rows], classes=np.arange(10))
    assert model.score(X_test, y_test) > 0.85
    twin = pickle.loads(pickle.dumps(model))
    model.partial_fit(X_train, y_train)
    twin.partial_fit(X_train, y_train)
    assert_array_equal(twin.predict_proba(X_test), model.predict_proba(X_test))


def test_sparse_equals_dense(digits):
    X_train, X_test, y_train, _ = digits
    options = {"column_embedding": None, "dtype": "float64", **SHORT}
    dense = HalfNetClassifier(32, **options).set_params(input_scaling="center")
    thin = clone(dense).fit(sparse.csr_array(X_train), y_train)
    found = thin.predict_members(sparse.csr_array(X_test))
    wanted = dense.fit(X_train, y_train).predict_members(X_test)
    assert_allclose(found, wanted, atol=1e-3)


@OF_LBFGS
def test_a_row_of_weight_two_is_the_row_twice(iris):
    X, y = iris
    weight = np.arange(150) % 3
    options = {"alpha": 1e-3, "init": "random", "solver": "lbfgs", "dtype": "float64"}
    model = HalfNetClassifier(16, **options, **SHORT).set_params(
        geometry="orthogonal", column_embedding=None
    )
    weighted = clone(model).fit(X, y, sample_weight=weight).predict_members(X)
    repeated = model.fit(X.repeat(weight, 0), y.repeat(weight, 0)).predict_members(X)
    assert_allclose(weighted, repeated, atol=1e-6)


def test_the_mean_loses_less_than_the_members(digits):
    """By Jensen's inequality, for the loss is convex in the scores."""
    X_train, X_test, y_train, y_test = digits
    model = HalfNetClassifier(64, n_members=4, max_iter=10, random_state=0)
    model.fit(X_train, y_train)
    losses = [log_loss(y_test, each) for each in model.predict_members(X_test)]
    assert log_loss(y_test, model.predict_proba(X_test)) < np.mean(losses)
