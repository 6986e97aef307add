"""What users rely on: kinds of data and targets, options, attributes, persistence."""

import io
import pickle
import subprocess
import sys

import numpy as np
import pandas as pd
import polars as pl
import pytest
from callbacks import Interrupt
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.callback import ProgressBar
from sklearn.datasets import (
    load_diabetes,
    load_digits,
    load_iris,
    make_multilabel_classification,
)
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, log_loss
from sklearn.model_selection import GridSearchCV, train_test_split
from sklearn.multioutput import MultiOutputClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_halfnet import (
    ELMClassifier,
    ELMRegressor,
    HalfLayerClassifier,
    HalfLayerRegressor,
    HalfNetClassifier,
    HalfNetRegressor,
)
from sklearn_halfnet.activations import ACTIVATIONS
from sklearn_halfnet.models.targets import ClassTargets
from sklearn_halfnet.weights import WEIGHTS, MexicanHatWeights

QUICK = {"hidden_layer_sizes": 32, "max_iter": 5, "random_state": 0}
GROUPS = np.arange(72) // 7


@pytest.fixture(scope="module")
def digits():
    X, y = load_digits(return_X_y=True)
    return train_test_split(X, y, random_state=0, stratify=y)


@pytest.fixture(scope="module")
def iris():
    return load_iris(return_X_y=True)


@pytest.fixture(scope="module")
def diabetes():
    return load_diabetes(return_X_y=True)


# -- targets ---------------------------------------------------------------------------


def test_string_labels(iris):
    X, y = iris
    names = np.array(["setosa", "versicolor", "virginica"])[y]
    model = HalfLayerClassifier(max_iter=20, random_state=0).fit(X, names)
    assert_array_equal(model.classes_, ["setosa", "versicolor", "virginica"])
    assert model.score(X, names) > 0.95


def test_binary_has_one_output(iris):
    X, y = iris
    model = HalfLayerClassifier(**QUICK).fit(X, y == 1)
    assert model.read_out_coef_.shape == (1, 32)
    assert model.decision_function(X).shape == (150,)
    positive = model.predict_proba(X)[:, 1] > 0.5
    assert_array_equal(model.predict(X), positive)


def test_multilabel():
    X, Y = make_multilabel_classification(n_samples=600, random_state=0)
    X, X_test, Y, Y_test = train_test_split(X, Y, random_state=0)
    model = HalfLayerClassifier(128, max_iter=30, random_state=0).fit(X, Y)
    assert model.predict(X).shape == Y.shape
    assert model.predict_proba(X).shape == Y.shape
    linear = MultiOutputClassifier(LogisticRegression(max_iter=1000)).fit(X, Y)
    assert model.score(X_test, Y_test) > linear.score(X_test, Y_test)


def test_multi_output_regression(diabetes):
    X, y = diabetes
    model = HalfLayerRegressor(**QUICK).fit(X, np.c_[y, 1000 - 5 * y])
    first, second = model.predict(X).T
    assert_allclose(second, 1000 - 5 * first, rtol=1e-3)


@pytest.mark.parametrize("scale, offset", [(1e-6, 0), (1e6, 1e8)])
def test_target_units_do_not_matter(diabetes, scale, offset):
    X, y = diabetes
    expected = HalfLayerRegressor(**QUICK).fit(X, y).predict(X)
    found = HalfLayerRegressor(**QUICK).fit(X, scale * y + offset).predict(X)
    assert_allclose((found - offset) / scale, expected, rtol=1e-3, atol=1e-2)


def test_probabilities_mean_something(digits):
    X_train, X_test, y_train, y_test = digits
    model = HalfLayerClassifier(max_iter=20, random_state=0).fit(X_train, y_train)
    probability = model.predict_proba(X_test)
    assert_allclose(probability.sum(axis=1), 1)
    assert (probability >= 0).all()
    assert log_loss(y_test, probability) < 0.2
    assert_allclose(np.exp(model.predict_log_proba(X_test)), probability)


@pytest.mark.parametrize(
    "y",
    [GROUPS % 2, GROUPS % 3, np.column_stack([GROUPS % 2, GROUPS % 3 == 0])],
    ids=["binary", "multiclass", "multilabel"],
)
def test_validation_scores_are_accuracies(y):
    """As scikit-learn counts them: of several labels all must be right."""
    rng = np.random.default_rng(0)
    targets, weight = ClassTargets.from_labels(y), rng.random(len(y))
    encoded = targets.encode(y, "float64")
    scores = targets.indicators(encoded) - 0.5
    scores = scores + rng.standard_normal(scores.shape)
    expected = accuracy_score(y, targets.decode(scores), sample_weight=weight)
    assert_allclose(targets.score(encoded, scores, weight), expected)
    assert 0.2 < expected < 0.9


# -- inputs ----------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["normal", "binary", "instances", "sparse"])
def test_sparse_equals_dense(digits, kind):
    X_train, X_test, y_train, _ = digits
    options = {**QUICK, "weight_kind": kind, "dtype": "float64"}
    options["input_scaling"] = "standard"
    dense = HalfLayerClassifier(**options).fit(X_train, y_train)
    thin = HalfLayerClassifier(**options).fit(sparse.csr_array(X_train), y_train)
    assert_allclose(
        thin.predict_proba(sparse.csr_array(X_test)),
        dense.predict_proba(X_test),
        atol=1e-8,
    )


@pytest.mark.parametrize("frame", [pd.DataFrame, pl.DataFrame])
def test_data_frames(iris, frame):
    X, y = iris
    table = frame({name: X[:, i] for i, name in enumerate("abcd")})
    model = HalfLayerClassifier(**QUICK).fit(table, y)
    assert_array_equal(model.feature_names_in_, list("abcd"))
    assert_array_equal(
        model.predict(table), HalfLayerClassifier(**QUICK).fit(X, y).predict(X)
    )


def test_unscaled_columns_do_not_fail_in_silence(iris):
    X, y = iris
    far = X * [1e6, 1, 1e-6, 1] + [1e8, 0, 0, -1e3]
    model = HalfLayerClassifier(max_iter=20, random_state=0).fit(far, y)
    assert model.score(far, y) > 0.95


# -- options ---------------------------------------------------------------------------


@pytest.mark.parametrize("kind", WEIGHTS)
@pytest.mark.parametrize("estimator", [HalfLayerClassifier, HalfLayerRegressor])
def test_every_weight_kind_trains(iris, kind, estimator):
    X, y = iris
    kind = WEIGHTS[kind]()
    if "image_shape" in kind.get_params() and type(kind).__name__.startswith("Recep"):
        kind.set_params(image_shape=(2, 2), border=0, min_size=1)
    model = estimator(64, kind, max_iter=20, random_state=0).fit(X, y)
    assert model.weights_[0].shape == (64, 4)
    assert model.score(X, y) > 0.8


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_every_activation_trains_and_predicts_alike(iris, activation):
    import torch

    X, y = iris
    model = HalfLayerClassifier(
        (32, 16), activation=activation, max_iter=20, random_state=0, dtype="float64"
    ).fit(X, y)
    assert model.score(X, y) > 0.8
    compute, *_ = model.model_.inputs(X)
    inputs = torch.from_numpy(compute(np.arange(150)))
    with torch.no_grad():
        trained = model.model_.module(torch.device("cpu"))(inputs).numpy()
    assert_allclose(model.decision_function(X), trained, atol=1e-10)


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
@pytest.mark.parametrize("init", ["ridge", "random"])
@pytest.mark.parametrize("scaling", ["standard", "center", None])
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_options_work_together(iris, solver, init, scaling):
    X, y = iris
    model = HalfLayerClassifier(
        64,
        solver=solver,
        init=init,
        input_scaling=scaling,
        early_stopping=True,
        validation_fraction=0.2,
        max_iter=60,
        polish=True,
        random_state=0,
    ).fit(X, y)
    assert model.score(X, y) > 0.9
    assert log_loss(y, model.predict_proba(X)) < 0.6


def test_a_kind_a_layer(iris):
    X, y = iris
    model = HalfLayerClassifier((40, 20), ["binary", "sparse"], max_iter=5).fit(X, y)
    first, second = model.weights_
    assert set(np.unique(first)) == {-1, 1}
    assert sparse.issparse(second)
    assert second.shape == (20, 40)


def own_kind(n_units, n_features, rng):
    return rng.exponential(size=(n_units, n_features))


class OwnKind:
    def sample(self, n_units, n_features, rng, X=None, y=None):
        return own_kind(n_units, n_features, rng)


@pytest.mark.parametrize("kind", [own_kind, OwnKind(), np.eye(32, 4)])
def test_own_weights(iris, kind):
    X, y = iris
    model = HalfLayerClassifier(**QUICK, weight_kind=kind).fit(X, y)
    if isinstance(kind, np.ndarray):
        assert_allclose(model.weights_[0], kind)
    assert (model.weights_[0] >= 0).all()


def test_grid_search_over_units_kind_and_its_parameters(digits):
    X_train, _, y_train, _ = digits
    model = HalfLayerClassifier(**QUICK, weight_kind=MexicanHatWeights((8, 8)))
    grid = {
        "hidden_layer_sizes": [16, 64],
        "weight_kind__sigma_range": [(1.0, 2.0), (0.5, 4.0)],
    }
    search = GridSearchCV(model, grid, cv=2).fit(X_train, y_train)
    assert search.best_params_["hidden_layer_sizes"] == 64
    kinds = {"weight_kind": ["normal", "binary"]}
    scores = GridSearchCV(model, kinds, cv=2).fit(X_train, y_train).cv_results_
    assert scores["mean_test_score"].min() > 0.8


def test_progress_bars_through_pipeline_and_search(iris, capsys):
    X, y = iris
    pipeline = make_pipeline(StandardScaler(), HalfLayerClassifier(**QUICK))
    grid = {"halflayerclassifier__hidden_layer_sizes": [8, 16]}
    search = GridSearchCV(pipeline, grid, cv=2).set_callbacks(
        ProgressBar(max_propagation_depth=None)
    )
    search.fit(X, y)
    assert "HalfLayerClassifier" in capsys.readouterr().out


class Stopper:
    """Ask to stop after two iterations; look at the model in between."""

    def __init__(self):
        self.scores = []

    def setup(self, estimator, context):
        self.torn_down = False

    def teardown(self, estimator, context):
        self.torn_down = True

    def on_fit_task_begin(self, estimator, context, *, X=None, y=None):
        pass

    def on_fit_task_end(self, estimator, context, *, X, y, fitted_estimator):
        if context.task_name == "iteration":
            self.scores.append(fitted_estimator.score(X, y))
        return len(self.scores) == 2


def test_callback_sees_the_model_and_stops_training(iris):
    X, y = iris
    stopper = Stopper()
    model = HalfLayerClassifier(**QUICK).set_callbacks(stopper).fit(X, y)
    assert model.n_iter_ == 2
    assert stopper.torn_down
    assert stopper.scores[-1] == model.score(X, y)


# -- training --------------------------------------------------------------------------


def test_weights(iris):
    X, y = iris
    options = {**QUICK, "batch_size": "full", "dtype": "float64"}
    weight = np.where(y == 0, 3.0, 1.0)
    by_sample = HalfLayerClassifier(**options).fit(X, y, weight)
    by_class = HalfLayerClassifier(**options, class_weight={0: 3, 1: 1, 2: 1}).fit(X, y)
    assert_allclose(by_sample.read_out_coef_, by_class.read_out_coef_)
    plain = HalfLayerClassifier(**options).fit(X, y)
    assert plain.score(X, y, weight) != plain.score(X, y)
    balanced = HalfLayerClassifier(**options, class_weight="balanced").fit(X, y)
    assert_allclose(balanced.read_out_coef_, plain.read_out_coef_)


def test_early_stopping_goes_back_to_the_best(digits):
    X_train, X_test, y_train, y_test = digits
    options = {"learning_rate": "constant", "learning_rate_init": 0.3}
    model = HalfLayerClassifier(64, **options, max_iter=40, random_state=2)
    model.fit(X_train, y_train, X_val=X_test, y_val=y_test)
    assert len(model.validation_scores_) == model.n_iter_ < 40
    assert model.best_validation_score_ == max(model.validation_scores_)
    assert model.validation_scores_[-1] < model.best_validation_score_
    score = model.score(X_test, y_test)
    assert score == pytest.approx(model.best_validation_score_)


def test_warm_start_goes_on(digits):
    X_train, _, y_train, _ = digits
    model = HalfLayerClassifier(**QUICK, warm_start=True).fit(X_train, y_train)
    weights, loss = model.weights_[0], model.loss_
    model.set_params(max_iter=10).fit(X_train, y_train)
    assert_array_equal(model.weights_[0], weights)
    assert model.loss_ < loss


def test_warm_start_refuses_other_layers(iris):
    model = HalfLayerClassifier(**QUICK, warm_start=True).fit(*iris)
    with pytest.raises(ValueError, match="but hidden_layer_sizes changed"):
        model.set_params(hidden_layer_sizes=64).fit(*iris)


def test_polish_makes_up_for_passes_that_a_regressor_has_not_had(diabetes):
    X, y = diabetes
    options = {"hidden_layer_sizes": 64, "max_iter": 3, "init": "random"}
    options["random_state"] = 0
    plain = HalfLayerRegressor(**options).fit(X[:300], y[:300])
    polished = HalfLayerRegressor(**options, polish=True).fit(X[:300], y[:300])
    # Of six seeds: .02 to .13; after ten passes it is a matter of the seed.
    assert polished.score(X[300:], y[300:]) > plain.score(X[300:], y[300:]) + 0.01


@pytest.mark.parametrize("labels", [lambda y: y == 1, lambda y: y, np.float64])
def test_polish_is_a_closed_form_on_the_features_that_were_trained(iris, labels):
    X, y = iris[0], labels(iris[1])
    models, reference = (HalfLayerClassifier, HalfNetClassifier), ELMClassifier
    if y.dtype.kind == "f":
        models, reference = (HalfLayerRegressor, HalfNetRegressor), ELMRegressor
    as_they_are = {"activation": "identity", "scale": 1.0, "bias": "zero"}
    as_they_are |= {"input_scaling": None, "dtype": "float64"}
    # Members of a HalfNet would be polished each by itself.
    polished = {"polish": True}, {"polish": "ridge", "n_members": 1}
    for Model, options in zip(models, polished, strict=True):
        model = Model(16, max_iter=2, dtype="float64", random_state=0, **options)
        features = model.fit(X, y).transform_layers(X)[-1]
        closed = reference(16, np.eye(16), **as_they_are).fit(features, y)
        found, expected = (
            m.predict(Z) if y.dtype.kind == "f" else m.decision_function(Z)
            for m, Z in ((model, X), (closed, features))
        )
        assert_allclose(found, expected, rtol=1e-4, atol=1e-4)


def test_partial_fit_learns_and_goes_on_from_a_pickle(digits):
    X_train, X_test, y_train, y_test = digits
    model = HalfLayerClassifier(128, input_scaling="center", random_state=0)
    chunks = np.array_split(np.arange(len(X_train)), 5)
    for rows in chunks * 3:
        model.partial_fit(X_train[rows], y_train[rows], classes=np.arange(10))
    assert model.n_iter_ == 15
    assert model.score(X_test, y_test) > 0.93
    twin = pickle.loads(pickle.dumps(model))
    model.partial_fit(X_train, y_train)
    twin.partial_fit(X_train, y_train)
    assert_array_equal(model.read_out_coef_, twin.read_out_coef_)


def test_partial_fit_needs_adam():
    assert not hasattr(HalfLayerRegressor(solver="lbfgs"), "partial_fit")


def test_cache_changes_nothing(digits):
    X_train, X_test, y_train, _ = digits
    options = {"hidden_layer_sizes": 1024, "max_iter": 3, "random_state": 0}
    kept = HalfLayerClassifier(**options, cache_size=1024).fit(X_train, y_train)
    computed = HalfLayerClassifier(**options, cache_size=0).fit(X_train, y_train)
    assert_array_equal(
        kept.decision_function(X_test), computed.decision_function(X_test)
    )


@pytest.mark.parametrize(
    "y",
    [GROUPS % 2, GROUPS % 3, np.column_stack([GROUPS % 2, GROUPS % 3 == 0])],
    ids=["binary", "multiclass", "multilabel"],
)
@pytest.mark.parametrize("Model", [HalfLayerClassifier, HalfNetClassifier])
def test_ridge_starts_from_scores_that_count_from_equal_chances(Model, y):
    """A class's mean score is proportional to its share less that of equal chances."""
    X = np.random.default_rng(0).standard_normal((72, 3))
    weight = 1.0 + np.arange(72) % 5
    model = Model(8, learning_rate_init=1e-12, max_iter=1, dtype="float64")
    found = weight @ model.fit(X, y, weight).decision_function(X) / weight.sum()
    is_member, chance = (np.eye(3)[y], 1 / 3) if y.max() == 2 else (y, 1 / 2)
    excess = weight @ is_member / weight.sum() - chance
    # The factor turns predictions of 0 and 1 into confident scores.
    factors = np.ravel(found / excess)
    assert_allclose(factors, factors[0], rtol=1e-6)
    assert factors[0] > 1


def test_pre_activations_start_with_unit_variance(iris):
    X, y = iris
    options = {"input_scaling": "standard", "learning_rate_init": 1e-12, "max_iter": 1}
    model = HalfLayerClassifier(200, **options).fit(X, y)
    scaled = (X - X.mean(axis=0)) / X.std(axis=0)
    pre_activations = scaled @ model.weights_[0].T * model.scales_[0]
    assert_allclose(pre_activations.std(axis=0), 1, rtol=1e-3)


# -- attributes and persistence --------------------------------------------------------


def test_number_of_trained_parameters(digits):
    X_train, _, y_train, _ = digits
    one = HalfLayerClassifier(512, max_iter=1).fit(X_train, y_train)
    assert one.n_trainable_parameters_ == 2 * 512 + 513 * 10 == 6_154
    two = HalfLayerClassifier((30, 20), max_iter=1).fit(X_train, y_train)
    assert two.n_trainable_parameters_ == 2 * 50 + 21 * 10


def test_binary_model_is_small():
    rng = np.random.default_rng(0)
    X, y = rng.random((300, 784), dtype=np.float32), np.arange(300) % 10
    model = HalfLayerClassifier(1000, "binary", max_iter=1).fit(X, y)
    assert len(pickle.dumps(model)) < 200_000
    assert model.n_stored_bytes_ < 170_000


def test_attributes_are_numpy(iris):
    X, y = iris
    model = HalfLayerClassifier((16, 8), max_iter=2).fit(X, y)
    for name in ("scales_", "shifts_", "weights_"):
        assert [type(array) for array in getattr(model, name)] == [np.ndarray] * 2
    assert isinstance(model.read_out_coef_, np.ndarray)
    assert len(model.loss_curve_) == model.n_iter_ == 2


def test_prediction_needs_no_torch(iris, tmp_path):
    X, y = iris
    model = HalfLayerClassifier(**QUICK).fit(X, y)
    path = tmp_path / "model.pickle"
    path.write_bytes(pickle.dumps((model, X, model.predict_proba(X))))
    code = (
        "import pickle, sys, numpy\n"
        f"model, X, expected = pickle.load(open({str(path)!r}, 'rb'))\n"
        "assert numpy.array_equal(model.predict_proba(X), expected)\n"
        "assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_verbose_prints_each_pass(iris, capsys):
    HalfLayerClassifier(**QUICK, verbose=True).fit(*iris)
    assert capsys.readouterr().out.count("loss = ") == 5


def test_repr_and_pickle_of_unfitted():
    model = HalfLayerClassifier(64, MexicanHatWeights((8, 8)))
    buffer = io.BytesIO(pickle.dumps(model))
    assert repr(pickle.load(buffer)) == repr(model)


@pytest.mark.gpu
def test_gpu_gives_the_same_model(digits):
    X_train, X_test, y_train, _ = digits
    options = {**QUICK, "dtype": "float64"}
    cpu = HalfLayerClassifier(**options, device="cpu").fit(X_train, y_train)
    gpu = HalfLayerClassifier(**options, device="cuda").fit(X_train, y_train)
    assert_array_equal(cpu.weights_[0], gpu.weights_[0])
    assert_allclose(cpu.predict_proba(X_test), gpu.predict_proba(X_test), atol=1e-6)


@pytest.mark.parametrize("before, after", [("adam", "lbfgs"), ("lbfgs", "adam")])
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_another_solver_goes_on_from_the_values_after_ctrl_c(iris, before, after):
    model = HalfLayerClassifier(**QUICK, solver=before).set_callbacks(Interrupt())
    with pytest.warns(UserWarning, match="interrupted by the user after 2"):
        model.fit(*iris)
    loss = model.loss_
    model.set_callbacks().set_params(solver=after, warm_start=True, max_iter=20)
    assert model.fit(*iris).loss_ < loss
    assert model.n_iter_ == len(model.loss_curve_) <= 20


def test_a_fitted_network_is_a_value(iris):
    """A warm start and a chunk make other networks; this one stays as it was."""
    X, y = iris
    model = HalfLayerClassifier(**QUICK, warm_start=True).fit(X, y)
    network, before = model.model_, model.model_.scores(X)
    model.fit(X, y).partial_fit(X, y)
    assert model.model_ is not network
    assert_array_equal(network.scores(X), before)
