"""Facts that hold for every network that torch trains: a matrix."""

import copy
import pickle

import numpy as np
import pytest
import torch
from callbacks import Interrupt
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone, is_classifier
from sklearn.datasets import load_breast_cancer, load_digits, load_iris
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import accuracy_score, r2_score
from sklearn.utils._param_validation import InvalidParameterError

from sklearn_halfnet import (
    ConvHalfLayerClassifier,
    ConvHalfLayerRegressor,
    ELMClassifier,
    ELMRegressor,
    HalfLayerClassifier,
    HalfLayerRegressor,
    HalfNetClassifier,
    HalfNetRegressor,
    PartialCNNClassifier,
    PartialCNNRegressor,
    SharedBackboneEnsembleClassifier,
)
from sklearn_halfnet.exceptions import NonFiniteError

COMMON = {"max_iter": 2, "random_state": 0}
CONV = {
    **COMMON,
    **{"image_shape": (4, 4), "filters": (3,), "kernel_sizes": (3,)},
    **{"paddings": ("same",), "hidden_layer_sizes": 8},
}
CNN = {**COMMON, "image_shape": (4, 4), "depth": 10, "width": 1}
CLASSIFIERS = [
    HalfLayerClassifier(12, **COMMON),
    HalfNetClassifier(12, **COMMON),
    HalfNetClassifier(12, polish="logistic", **COMMON),
    ConvHalfLayerClassifier(**CONV),
    PartialCNNClassifier(**CNN),
    PartialCNNClassifier(select="saliency", **CNN),
]
REGRESSORS = [
    HalfLayerRegressor(12, **COMMON),
    HalfNetRegressor(12, **COMMON),
    ConvHalfLayerRegressor(**CONV),
    PartialCNNRegressor(**CNN),
]
# One of each class.
FAMILIES = [*CLASSIFIERS[:2], *CLASSIFIERS[3:5], *REGRESSORS]
SMALL = [*CLASSIFIERS[:2], *REGRESSORS[:2]]

rng = np.random.default_rng(0)
X = rng.standard_normal((60, 16)).astype(np.float32)
Y = (X[:, 0] + X[:, 1] > 0).astype(int)


def names(model):
    options = [model.get_params().get(name) for name in ("polish", "select")]
    extra = [option for option in options if option in ("logistic", "saliency")]
    return "-".join([type(model).__name__, *extra])


def each(models):
    return pytest.mark.parametrize("model", models, ids=names)


def outputs(model, data=X):
    return model.predict_proba(data) if is_classifier(model) else model.predict(data)


# -- divergence ------------------------------------------------------------------------


def go(model, how):
    """Train a little; return whether it ended without an error or a warning."""
    try:
        if how == "fit":
            model.fit(X, Y)
        elif is_classifier(model):
            model.partial_fit(X, Y, classes=[0, 1])
        else:
            model.partial_fit(X, Y)
    except NonFiniteError as error:
        assert "diverged" in str(error)
        assert not hasattr(model, "read_out_coef_")
        return False
    return True


@each(FAMILIES)
@pytest.mark.parametrize("how", ["fit", "partial_fit"])
@pytest.mark.parametrize("rate", [1e3, 1e9, 1e15, 1e20, 1e30])
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.filterwarnings("ignore:overflow:RuntimeWarning")
def test_no_network_that_predicts_nan_is_kept(model, how, rate):
    model = clone(model).set_params(learning_rate_init=rate, max_iter=1)
    if go(model, how):
        assert np.isfinite(outputs(model)).all()


@each(FAMILIES)
def test_network_that_diverged_in_its_last_step_is_noticed(model):
    # One batch: the loss of the only pass is that of the start.
    model = clone(model).set_params(max_iter=1, learning_rate_init=1e9)
    with pytest.raises((NonFiniteError, ConvergenceWarning), match="diverged"):
        model.fit(X, Y)


@pytest.mark.parametrize("early_stopping", [False, True])
def test_diverged_fit_is_not_silent(early_stopping):
    cancer = load_breast_cancer(return_X_y=True)
    model = HalfLayerClassifier(
        32, learning_rate_init=1e9, early_stopping=early_stopping, random_state=0
    )
    with pytest.warns(ConvergenceWarning, match="diverged") as caught:
        model.fit(*cancer)
    # A read-out of zero has the loss log 2.
    assert "a read-out of zero has 0.693" in str(caught[0].message)


def test_penalty_that_was_not_minimised_is_not_silent():
    model = HalfLayerClassifier(12, alpha=1e30, **COMMON)
    with pytest.warns(ConvergenceWarning, match="max_iter is too small"):
        model.fit(X, Y)


@each([*SMALL, PartialCNNClassifier(**CNN)])
@pytest.mark.parametrize("early_stopping", [False, True])
def test_no_alarm_on_ordinary_data(model, early_stopping):
    noise = rng.standard_normal((80, 16)), rng.integers(2, size=80)
    tiny = X[:20], Y[:20]
    rare = rng.standard_normal((300, 16)), (np.arange(300) < 12).astype(int)
    for data in (noise, tiny, rare, (X, Y)):
        fresh = clone(model).set_params(max_iter=50, early_stopping=early_stopping)
        fresh.fit(*data)


@each(FAMILIES)
def test_divergence_with_held_out_rows_is_called_so(model):
    model = clone(model).set_params(
        learning_rate_init=1e30, early_stopping=True, max_iter=20
    )
    with pytest.raises(ValueError, match="non-finite"):
        model.fit(X, Y)


# -- global modes of torch -------------------------------------------------------------

MODES = {
    "autocast": lambda: torch.autocast("cpu"),
    "no_grad": torch.no_grad,
    "inference": torch.inference_mode,
    "meta": lambda: torch.device("meta"),
}


@each([*CLASSIFIERS, HalfLayerClassifier(12, solver="lbfgs", **COMMON)])
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_modes_of_torch_change_nothing(model, mode):
    fitted = clone(model).fit(X, Y)
    expected = fitted.predict_proba(X)
    layers = fitted.transform_layers(X)
    with MODES[mode]():
        assert_array_equal(fitted.predict_proba(X), expected)
        for found, wanted in zip(fitted.transform_layers(X), layers, strict=True):
            assert_array_equal(found, wanted)
        again = clone(model).fit(X, Y)
    assert_array_equal(again.predict_proba(X), expected)


# -- going on --------------------------------------------------------------------------

CHANGES = [
    (CLASSIFIERS[0], {"input_scaling": None}),
    (CLASSIFIERS[0], {"weight_kind": "binary"}),
    (CLASSIFIERS[0], {"dtype": "float64"}),
    (CLASSIFIERS[0], {"hidden_layer_sizes": (12, 4)}),
    (CLASSIFIERS[0], {"activation": "tanh"}),
    (CLASSIFIERS[1], {"input_scaling": "center"}),
    (CLASSIFIERS[1], {"rank": 3}),
    (ConvHalfLayerClassifier(**CONV), {"pool_size": 1}),
    (ConvHalfLayerClassifier(**CONV), {"head": "full"}),
    (ConvHalfLayerClassifier(**CONV), {"filters": (5,)}),
    (ConvHalfLayerClassifier(**CONV), {"weight_kind": "binary"}),
    (PartialCNNClassifier(**CNN), {"trainable": "classifier"}),
    (PartialCNNClassifier(**CNN), {"input_scaling": None}),
    (PartialCNNClassifier(**CNN), {"frozen": "zero"}),
]


@pytest.mark.parametrize("model, change", CHANGES, ids=str)
@pytest.mark.parametrize("how", ["fit", "partial_fit"])
def test_going_on_refuses_another_network(model, change, how):
    model = clone(model).set_params(warm_start=True).fit(X, Y)
    before = model.predict_proba(X)
    (name,) = change
    with pytest.raises(ValueError, match=f"begun, but .*{name}.* changed"):
        getattr(model.set_params(**change), how)(X, Y)
    assert_array_equal(model.predict_proba(X), before)
    assert len(model.set_params(warm_start=False).fit(X, Y).predict(X)) == 60


def test_going_on_refuses_a_network_of_a_version_that_knew_less():
    model = clone(CLASSIFIERS[1]).set_params(warm_start=True).fit(X, Y)
    before = model.predict_proba(X)
    del model.model_.begun["rank"]
    with pytest.raises(ValueError, match=r"another version .* nothing of rank\. Fit"):
        model.fit(X, Y)
    assert_array_equal(model.predict_proba(X), before)


def own_weights(n_units, n_features, rng):
    return rng.standard_normal((n_units, n_features))


@pytest.mark.parametrize(
    "kind, same, other",
    [
        (rng.standard_normal((12, 16)), None, np.ones((12, 16))),
        (own_weights, own_weights, lambda n, d, rng: np.ones((n, d))),
        (lambda n, d, rng: np.ones((n, d)), None, own_weights),
        ("normal", ["normal"], ["binary"]),
    ],
    ids=["array", "function", "lambda", "list"],
)
def test_weight_kinds_are_told_apart(kind, same, other):
    model = HalfLayerClassifier(12, kind, warm_start=True, **COMMON).fit(X, Y)
    model.set_params(weight_kind=kind if same is None else same).fit(X, Y)
    with pytest.raises(ValueError, match="weight_kind changed"):
        model.set_params(weight_kind=other).fit(X, Y)


def test_sizes_that_mean_the_same_are_no_change():
    model = HalfLayerClassifier(12, warm_start=True, **COMMON).fit(X, Y)
    model.set_params(hidden_layer_sizes=(12,)).fit(X, Y)
    model.set_params(hidden_layer_sizes=np.array([12])).fit(X, Y)


@pytest.mark.parametrize(
    "model, solver",
    [
        (HalfLayerClassifier(12, **COMMON), "lbfgs"),
        (HalfNetRegressor(12, **COMMON), "lbfgs"),
        (PartialCNNClassifier(solver="adam", **CNN), "sgd"),
        (PartialCNNClassifier(solver="sgd", **CNN), "adam"),
    ],
    ids=str,
)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_another_solver_takes_over_after_an_interrupt(model, solver):
    model = clone(model).set_params(max_iter=6, warm_start=True)
    with pytest.warns(UserWarning, match="warm_start=True goes on from there"):
        model.set_callbacks(Interrupt()).fit(X, Y)
    model = pickle.loads(pickle.dumps(model.set_callbacks()))
    assert model.n_iter_ == 2
    model.set_params(solver=solver).fit(X, Y)
    # A new schedule, with max_iter passes or iterations of its own.
    assert model.n_iter_ == len(model.loss_curve_) <= 6
    if solver != "lbfgs":
        model.partial_fit(X, Y)
        former = "sgd" if solver == "adam" else "adam"
        assert model.set_params(solver=former).partial_fit(X, Y).n_iter_ == 8


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_interrupted_lbfgs_says_that_it_starts_anew():
    model = HalfLayerClassifier(12, solver="lbfgs", warm_start=True, random_state=0)
    with pytest.warns(UserWarning, match="starts L-BFGS anew, with max_iter"):
        model.set_callbacks(Interrupt()).set_params(max_iter=5).fit(X, Y)
    loss = model.loss_
    model.set_callbacks().fit(X, Y)
    assert model.n_iter_ == 5
    assert model.loss_ < loss


@pytest.mark.parametrize("estimator", [HalfLayerClassifier, ELMClassifier])
@pytest.mark.parametrize("labels", [Y, Y + (X[:, 2] > 0)], ids=["binary", "three"])
def test_going_on_refuses_another_kind_of_labels(estimator, labels):
    model = estimator(8, random_state=0)
    model.partial_fit(X, labels, classes=np.unique(labels))
    with pytest.raises(ValueError, match="y must be 1-D labels"):
        model.partial_fit(X, np.column_stack([Y, 1 - Y]))
    model = estimator(8, random_state=0).partial_fit(X, np.column_stack([Y, 1 - Y]))
    with pytest.raises(ValueError, match="indicator matrix with 2 columns"):
        model.partial_fit(X, Y)


@pytest.mark.parametrize(
    "change", [{"read_out": "ensemble"}, {"scale": 2.0}, {"dtype": "float64"}], ids=str
)
def test_sums_go_on_with_the_same_layers(change):
    model = ELMRegressor((8, 4), random_state=0).partial_fit(X, Y)
    before = model.predict(X)
    (name,) = change
    with pytest.raises(ValueError, match=f"begun, but {name} changed"):
        model.set_params(**change).partial_fit(X, Y)
    assert_array_equal(model.predict(X), before)


def test_partial_fit_needs_two_classes():
    for classes in ([], [1]):
        with pytest.raises(ValueError, match="at least 2 classes"):
            HalfLayerClassifier().partial_fit(X, Y, classes=classes)


# -- early stopping, as scikit-learn tests that of its MLPClassifier and MLPRegressor --

digits_X, digits_y = load_digits(n_class=2, return_X_y=True)
DIGITS = digits_X[:100], digits_y[:100]
STOPS = {"early_stopping": True, "learning_rate": "constant", "random_state": 0}


def stopper(model, **options):
    return clone(model).set_params(**{**STOPS, **options})


@each(SMALL)
def test_scores_are_kept_and_training_stops(model):
    tol = 0.2
    model = stopper(model, tol=tol, max_iter=3000).fit(*DIGITS)
    assert model.n_iter_ < 3000
    assert type(model.validation_scores_) is list
    assert len(model.validation_scores_) == model.n_iter_
    assert np.isfinite(model.validation_scores_).all()
    best = model.best_validation_score_
    assert best == max(model.validation_scores_)
    assert best + tol > model.validation_scores_[-1]
    assert best + tol > model.validation_scores_[-2]
    model.set_params(early_stopping=False).fit(*DIGITS)
    assert not hasattr(model, "validation_scores_")
    assert not hasattr(model, "best_validation_score_")


@each(SMALL)
@pytest.mark.parametrize("patience", [2, 5, 20])
def test_as_many_passes_without_progress_as_asked_for(model, patience):
    # No score is better than the first by so much.
    model = stopper(model, tol=1e9, max_iter=100, n_iter_no_change=patience)
    assert model.fit(*DIGITS).n_iter_ == patience + 1


@each([HalfLayerClassifier(12, **COMMON), HalfLayerRegressor(12, **COMMON)])
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_without_patience_all_passes_are_done(model):
    model = stopper(model, tol=1e9, max_iter=30, n_iter_no_change=31)
    assert model.fit(*DIGITS).n_iter_ == 30


def held_out(model, y, weight=None):
    from sklearn_halfnet._random import child_generators
    from sklearn_halfnet.estimators._trained.fit import split

    return split(model, y, weight, child_generators(0, 3)[1])


@each([*SMALL, PartialCNNClassifier(**CNN), ConvHalfLayerRegressor(**CONV)])
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_best_values_come_back(model):
    model = stopper(model, max_iter=12).fit(X, Y)
    train, held = held_out(model, Y)
    assert len(held) == 6
    assert not set(train) & set(held)
    measure = accuracy_score if is_classifier(model) else r2_score
    score = measure(Y[held], model.predict(X[held]))
    assert_allclose(score, model.best_validation_score_, rtol=1e-5, atol=1e-6)


def test_held_out_rows_keep_the_shares_of_the_classes():
    y = np.repeat([0, 1, 2], [120, 60, 20])
    model = stopper(HalfLayerClassifier(), validation_fraction=0.1)
    train, held = held_out(model, y)
    assert_array_equal(np.bincount(y[held]), [12, 6, 2])
    assert_array_equal(np.bincount(y[train]), [108, 54, 18])


def test_class_of_one_row_cannot_be_shared_out():
    with pytest.raises(ValueError, match="least populated class"):
        stopper(HalfLayerClassifier()).fit(
            [[1, 2], [2, 3], [3, 4], [4, 5]], [0] * 3 + [1]
        )


@each(SMALL)
def test_validation_fraction_says_how_many(model):
    for fraction, n_held in ((0.1, 10), (0.25, 25)):
        model = stopper(model, validation_fraction=fraction)
        train, held = held_out(model, DIGITS[1])
        assert (len(train), len(held)) == (100 - n_held, n_held)


@pytest.mark.parametrize("dtype", [object, str])
def test_labels_may_be_strings(dtype):
    data, y = load_iris(return_X_y=True)
    labels = np.array(["class_a", "class_b", "class_c"], dtype=dtype)[y]
    plain = stopper(HalfLayerClassifier(12), max_iter=50).fit(data, y)
    named = stopper(HalfLayerClassifier(12), max_iter=50).fit(data, labels)
    assert len(named.validation_scores_) == named.n_iter_
    assert named.validation_scores_ == plain.validation_scores_
    assert_array_equal(named.predict_proba(data), plain.predict_proba(data))


@each(SMALL)
def test_warm_start_keeps_scoring(model):
    model = stopper(model, warm_start=True, max_iter=10, learning_rate="one_cycle")
    n_scores = len(model.fit(*DIGITS).validation_scores_)
    model.set_params(max_iter=20, n_iter_no_change=20).fit(*DIGITS)
    assert len(model.validation_scores_) > n_scores


@each(SMALL)
def test_no_partial_fit_with_early_stopping(model):
    model = stopper(model, max_iter=5, learning_rate="one_cycle").fit(*DIGITS)
    with pytest.raises(ValueError, match="does not support early_stopping=True"):
        model.partial_fit(*DIGITS)


@each(SMALL)
def test_weights_of_one_are_no_weights(model):
    model = stopper(model, max_iter=8, learning_rate="one_cycle")
    plain = clone(model).fit(*DIGITS)
    weighted = clone(model).fit(*DIGITS, np.ones(100))
    assert weighted.validation_scores_ == pytest.approx(plain.validation_scores_)
    assert_allclose(outputs(weighted, DIGITS[0]), outputs(plain, DIGITS[0]), atol=1e-5)


@each(SMALL)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_scores_count_the_weights(model):
    weight = rng.uniform(0.1, 5, 60)
    model = stopper(model, max_iter=8)
    model.set_params(validation_fraction=0.3).fit(X, Y, weight)
    _, held = held_out(model, Y, weight)
    measure = accuracy_score if is_classifier(model) else r2_score
    score = measure(Y[held], model.predict(X[held]), sample_weight=weight[held])
    assert_allclose(score, model.best_validation_score_, rtol=1e-4)


@each(SMALL)
@pytest.mark.parametrize("early_stopping", [False, True])
def test_rows_of_weight_zero_are_as_if_they_were_not_there(model, early_stopping):
    weight = (np.arange(60) % 3 > 0).astype(float)
    model = clone(model).set_params(early_stopping=early_stopping, batch_size=16)
    weighted = clone(model).fit(X, Y, weight)
    without = clone(model).fit(X[weight > 0], Y[weight > 0], weight[weight > 0])
    assert_allclose(outputs(weighted), outputs(without), atol=1e-5)
    if early_stopping:
        assert weighted.validation_scores_ == without.validation_scores_


def test_regressor_needs_two_held_out_rows():
    # R2 of one row is not defined.
    few, y = X[:8], X[:8, 0]
    with pytest.raises(ValueError, match=r"validation_fraction=0\.1 cannot .* R2"):
        stopper(HalfLayerRegressor(8)).fit(few, y)
    model = stopper(HalfLayerRegressor(8), validation_fraction=0.25, max_iter=20)
    assert np.isfinite(model.fit(few, y).validation_scores_).all()


# -- degenerate and wide data ----------------------------------------------------------


@each(SMALL)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("value", [0.1, 1 / 3, 1e5 + 0.1])
def test_rows_that_are_all_alike(model, dtype, value):
    model = clone(model).set_params(
        dtype=dtype, init="random", learning_rate_init=0.1, max_iter=100
    )
    alike = np.full((60, 4), value)
    predicted = outputs(model.fit(alike, Y), alike)
    assert np.ptp(predicted, axis=0).max() == 0
    wanted = [1 - Y.mean(), Y.mean()] if is_classifier(model) else Y.mean()
    assert_allclose(predicted[0], wanted, atol=0.05)


# -- callbacks and bounds --------------------------------------------------------------


class Recorder:
    """Note which tasks of which estimators end."""

    max_propagation_depth = None

    def setup(self, estimator, context):
        self.ended, self.torn_down = [], False

    def teardown(self, estimator, context):
        self.torn_down = True

    def on_fit_task_begin(self, estimator, context):
        pass

    def on_fit_task_end(self, estimator, context):
        self.ended.append((context.estimator_name, context.task_name))


@pytest.mark.parametrize("shared_max_iter", [0, 1])
def test_callbacks_of_an_ensemble_see_its_members(shared_max_iter):
    callback = Recorder()
    ensemble = SharedBackboneEnsembleClassifier(
        PartialCNNClassifier(**CNN),
        3,
        shared_max_iter=shared_max_iter,
        random_state=0,
    )
    expected = clone(ensemble).fit(X, Y).predict_proba(X)
    ensemble.set_callbacks(callback).fit(X, Y)
    member = PartialCNNClassifier.__name__
    assert callback.ended.count((member, "fit")) == 3 + shared_max_iter
    assert callback.ended.count((member, "iteration")) == 6 + shared_max_iter
    assert callback.ended[-1] == (type(ensemble).__name__, "fit")
    assert callback.torn_down
    assert_array_equal(ensemble.predict_proba(X), expected)


def test_error_in_a_member_tears_the_callbacks_down():
    callback = Interrupt(at=2, error=RuntimeError)
    callback.max_propagation_depth = None
    ensemble = SharedBackboneEnsembleClassifier(PartialCNNClassifier(**CNN), 2)
    with pytest.raises(RuntimeError):
        ensemble.set_callbacks(callback).fit(X, Y)
    assert callback.torn_down
    assert not hasattr(ensemble, "estimators_")


def test_depth_has_a_bound():
    with pytest.raises(InvalidParameterError, match=r"depth.*\[2, 2000\]"):
        PartialCNNClassifier(**{**CNN, "depth": 600_004}).fit(X, Y)


# -- a fitted model and its parameters -------------------------------------------------


@each(FAMILIES)
def test_copies_do_not_disturb_each_other(model):
    model = clone(model).fit(X, Y)
    before, twin = outputs(model), copy.deepcopy(model)
    twin.set_params(random_state=1).partial_fit(X, 1 - Y)
    assert_array_equal(outputs(model), before)
