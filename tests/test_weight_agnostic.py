"""Weight-agnostic estimators: search, profile, training, pictures, usual options."""

import pickle
import warnings

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from callbacks import Interrupt
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.callback import ProgressBar, ScoringMonitor
from sklearn.datasets import (
    load_breast_cancer,
    load_diabetes,
    load_digits,
    load_wine,
)
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.model_selection import train_test_split

from sklearn_halfnet import (
    DeskewResize,
    WeightAgnosticClassifier,
    WeightAgnosticRegressor,
    _device,
)
from sklearn_halfnet.evolution.guided import GuidedSearch
from sklearn_halfnet.evolution.network import CalibratedNetwork
from sklearn_halfnet.features.shared_weight import Graph, forward
from sklearn_halfnet.inspection.graph import used_nodes
from sklearn_halfnet.inspection.weight_profile_display import WeightProfileDisplay
from sklearn_halfnet.models.shared_weight import scaled_batch


@pytest.fixture(scope="module")
def wine():
    X, y = load_wine(return_X_y=True)
    return X, y, WeightAgnosticClassifier(max_iter=40, random_state=0).fit(X, y)


@pytest.fixture(scope="module")
def diabetes():
    X, y = load_diabetes(return_X_y=True)
    return X, y, WeightAgnosticRegressor(max_iter=20, random_state=0).fit(X, y)


# -- search ----------------------------------------------------------------------------


def test_every_weight_does_well(wine):
    X, y, model = wine
    scores = model.weight_profile(X, y)
    assert len(scores) == 6 and scores.min() > 0.9


def test_few_connections_do_well_on_digits():
    X, y = load_digits(return_X_y=True)
    X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
    model = WeightAgnosticClassifier(
        max_iter=60, input_scaling="center", random_state=0
    ).fit(X_train, y_train)
    assert model.n_connections_ <= 450
    assert model.score(X_test, y_test) > 0.85


def test_evolution_improves_its_champion(wine):
    X, y, _ = wine
    model = WeightAgnosticClassifier("evolution", max_iter=40, random_state=0)
    model.fit(X, y)
    assert model.history_[-1]["loss"] < model.history_[0]["loss"]


def test_same_result_at_any_n_jobs(wine):
    X, y, _ = wine
    model = WeightAgnosticClassifier(
        "evolution", max_iter=5, population_size=20, random_state=0
    )
    one = model.fit(X, y).decision_function(X)
    two = clone(model).set_params(n_jobs=2).fit(X, y).decision_function(X)
    assert_array_equal(one, two)


def test_centred_inputs_have_a_mean_square_of_one():
    """Over all columns together, in which rows count by their weight."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((200, 3)) * [1, 5, 20] + 7
    weight = np.where(X[:, 2] > 7, 9.0, 1.0)
    model = WeightAgnosticRegressor(max_iter=1, input_scaling="center", random_state=0)
    model.fit(X**2, X[:, 0], weight)
    scaled = model.model_.scaling.dense_rows(X**2, "float64")
    assert_allclose(weight @ scaled, 0, atol=1e-8)
    assert_allclose((weight @ scaled**2).mean() / weight.sum(), 1)


def test_no_training_rows_stay_in_the_model():
    X = np.random.default_rng(0).standard_normal((5000, 10))
    model = WeightAgnosticRegressor(max_iter=3, random_state=0).fit(X, X[:, 0])
    assert len(pickle.dumps(model)) < X.nbytes / 4


def test_max_connections_holds(diabetes):
    X, y, _ = diabetes
    model = WeightAgnosticRegressor(
        max_connections=12, complexity_penalty=0, max_iter=30, random_state=0
    ).fit(X, y)
    assert 0 < model.n_connections_ <= 12
    assert model.score(X, y) > 0.2


def test_a_higher_penalty_means_fewer_connections(wine):
    X, y, model = wine
    sparse = clone(model).set_params(complexity_penalty=0.02).fit(X, y)
    assert 0 < sparse.n_connections_ < model.n_connections_


def test_pareto_front_and_history(wine):
    _, _, model = wine
    size, loss = model.pareto_front_.T
    assert (np.diff(size) > 0).all() and (np.diff(loss) < 0).all()
    assert loss[-1] == model.loss_ and size[-1] == model.n_connections_
    assert len(model.history_) == model.n_iter_ == 40
    assert set(model.history_[0]) == {"loss", "n_connections", "seconds"}


def test_max_time_stops(wine):
    X, y, model = wine
    quick = clone(model).set_params(max_iter=100_000, max_time=0.3).fit(X, y)
    assert quick.n_iter_ < 100_000
    assert quick.history_[-2]["seconds"] < 0.3


def test_warm_start_goes_on(wine):
    X, y, model = wine
    warm = clone(model).set_params(max_iter=5, warm_start=True).fit(X, y)
    loss = warm.loss_
    warm.fit(X, y)
    assert warm.n_iter_ == 10 and len(warm.history_) == 10
    assert warm.loss_ < loss


CHANGES = {
    "search": None,
    "shared_weights": [1, 2],
    "population_size": 5,
    "max_iter": 2,
    "max_time": 0.01,
    "batch_size": 30,
    "complexity_penalty": 0.1,
    "max_connections": 2,
    "activations": ["relu"],
    "mutation_probabilities": (1, 0, 0, 0),
    "input_scaling": None,
    "predict_with": "mean",
    "class_weight": {0: 5},
    "warm_start": False,
    "n_jobs": 2,
    "random_state": 3,
    "dtype": "float64",
    "verbose": True,
}
FIXED = {"search", "shared_weights", "input_scaling", "dtype"}


@pytest.mark.parametrize("name", WeightAgnosticClassifier().get_params())
@pytest.mark.parametrize("search", ["guided", "evolution"])
def test_a_changed_setting_waits_for_fit_and_works_or_is_refused(wine, search, name):
    X, y, _ = wine
    options = {"max_iter": 12, "population_size": 9, "random_state": 0}
    model = WeightAgnosticClassifier(search, warm_start=True, **options).fit(X, y)
    before = model.predict_proba(X)
    value = CHANGES[name]
    if name == "search":
        value = {"guided": "evolution", "evolution": "guided"}[search]
    model.set_params(**{name: value})
    if name != "predict_with":
        assert_array_equal(model.predict_proba(X), before)
        assert_array_equal(model.train_weights(X, y, max_iter=1).classes_, [0, 1, 2])
    if name in FIXED:
        with pytest.raises(ValueError, match=f"but {name} changed"):
            model.fit(X, y)
        assert_array_equal(model.predict_proba(X), before)
    else:
        model.fit(X, y)
        assert model.n_connections_ <= model.max_connections
        assert (model.pareto_front_[:, 0] <= model.max_connections).all()


@pytest.mark.parametrize("seed", range(3))
def test_warm_start_grows_beyond_a_former_limit(wine, seed):
    X, y, _ = wine
    options = {"max_iter": 10, "warm_start": True, "random_state": seed}
    warm = WeightAgnosticClassifier(max_connections=4, **options).fit(X, y)
    assert warm.n_connections_ <= 4
    assert warm.set_params(max_connections=450).fit(X, y).n_connections_ > 4


@pytest.mark.parametrize("first", ["binary", "multiclass", "multilabel"])
@pytest.mark.parametrize("then", ["binary", "multiclass", "multilabel"])
def test_warm_start_refuses_labels_of_another_kind(wine, first, then):
    X, y, _ = wine
    labels = {"binary": np.where(y, "b", "a"), "multiclass": y}
    labels["multilabel"] = np.eye(3, dtype=int)[y]
    model = WeightAgnosticClassifier(max_iter=2, warm_start=True, random_state=0)
    before = model.fit(X, labels[first]).predict_proba(X)
    if first == then:
        assert model.fit(X, labels[then]).predict(X).shape == labels[then].shape
        return
    with pytest.raises(ValueError, match=r"^y .*(classes|shape)|mixed"):
        model.fit(X, labels[then])
    assert_array_equal(model.predict_proba(X), before)


@pytest.mark.parametrize(
    "settings, message",
    [
        (
            {"search": "evolution", "population_size": 10**9},
            "population_size=1000000000",
        ),
        (
            {"shared_weights": np.arange(1, 10**6), "batch_size": "full"},
            "batch_size=full",
        ),
    ],
)
def test_memory_is_estimated_before_it_is_taken(wine, settings, message, monkeypatch):
    X, y, _ = wine
    monkeypatch.setattr(_device, "_available_memory", lambda: 2**30)
    with pytest.raises(MemoryError, match=message):
        WeightAgnosticClassifier(**settings).fit(X, y)


def test_a_thousand_classes_take_few_rows_for_the_comparison():
    """All classes are known all the same."""
    n = 3000
    X, y = np.random.default_rng(0).standard_normal((n, 2)), np.arange(n) % 1500
    model = WeightAgnosticClassifier(
        max_iter=1, batch_size=20, shared_weights=(1,), random_state=0
    ).fit(X, y)
    assert_allclose(model.predict_proba(X[:1]).sum(), 1)
    assert model.predict_proba(X[:50]).min() > 0.1 / 1500


@pytest.mark.parametrize("search", ["guided", "evolution"])
def test_failed_warm_start_leaves_the_search(wine, search):
    X, y, model = wine
    options = {"max_iter": 3, "warm_start": True, "search": search}
    options["population_size"] = 8
    failing, other = (clone(model).set_params(**options).fit(X, y) for _ in range(2))
    with pytest.raises(ZeroDivisionError):
        failing.set_callbacks(Interrupt(error=ZeroDivisionError)).fit(X, y)
    assert len(failing.history_) == failing.n_iter_ == 3
    failing.set_callbacks().fit(X, y)
    assert_array_equal(failing.connections_, other.fit(X, y).connections_)


def test_interruption_keeps_the_best_so_far(wine, monkeypatch):
    X, y, model = wine
    step, calls = GuidedSearch.step, []

    def interrupted(self, *args):
        calls.append(1)
        if len(calls) > 10:
            raise KeyboardInterrupt
        return step(self, *args)

    monkeypatch.setattr(GuidedSearch, "step", interrupted)
    with pytest.warns(UserWarning, match="Interrupted"):
        stopped = clone(model).fit(X, y)
    assert stopped.n_iter_ == 10
    assert stopped.score(X, y) > 0.8


def test_callbacks_see_every_iteration(wine):
    X, y, model = wine
    quick = clone(model).set_params(max_iter=3).set_callbacks(ProgressBar())
    assert quick.fit(X, y).n_iter_ == 3


class Watcher:
    """Keep the model as it would be after each iteration."""

    def __init__(self):
        self.models = []

    def setup(self, estimator, context):
        pass

    def teardown(self, estimator, context):
        pass

    def on_fit_task_begin(self, estimator, context):
        pass

    def on_fit_task_end(self, estimator, context, *, fitted_estimator, metadata):
        if context.task_name == "iteration":
            self.models.append(pickle.loads(pickle.dumps(fitted_estimator)))
            self.weight = metadata["sample_weight"]


@pytest.mark.parametrize("search", ["guided", "evolution"])
def test_callbacks_get_the_model_as_it_would_be_if_the_search_stopped(wine, search):
    X, y, _ = wine
    weight = np.linspace(1, 2, len(y))
    options = {"search": search, "population_size": 12, "random_state": 0}
    watcher = Watcher()
    model = WeightAgnosticClassifier(max_iter=6, **options).set_callbacks(watcher)
    model.fit(X, y, weight)
    assert_array_equal(watcher.weight, weight)
    assert len(watcher.models) == 6
    for number, seen in enumerate(watcher.models, 1):
        stopped = WeightAgnosticClassifier(max_iter=number, **options)
        stopped.fit(X, y, weight)
        assert_array_equal(seen.predict_proba(X), stopped.predict_proba(X))
        assert len(seen.history_) == seen.n_iter_ == number
        assert_array_equal(seen.pareto_front_, stopped.pareto_front_)


def test_a_scoring_monitor_scores_every_iteration(wine):
    X, y, _ = wine
    monitor = ScoringMonitor(scoring="accuracy")
    model = WeightAgnosticClassifier(max_iter=4, random_state=0).set_callbacks(monitor)
    model.fit(X, y)
    log = monitor.get_logs().data
    scores = [row["accuracy"] for row in log if row["task_name"] == "iteration"]
    assert len(scores) == 4 and scores[-1] == model.score(X, y)


def test_failed_refit_leaves_the_model(wine):
    X, y, model = wine
    copy = clone(model).set_params(max_iter=3).fit(X, y)
    before = copy.predict(X)
    with pytest.raises(ValueError, match="activations"):
        copy.set_params(activations=("swish",)).fit(X, y)
    assert_array_equal(copy.predict(X), before)


@pytest.mark.parametrize(
    "settings, message",
    [
        ({"shared_weights": [[1, 2]]}, "list of finite numbers"),
        ({"shared_weights": [0, 1]}, "cuts every connection"),
        ({"activations": ()}, "must be names"),
        ({"mutation_probabilities": (1, 0, 0)}, "four numbers"),
    ],
)
def test_wrong_settings_are_refused(wine, settings, message):
    X, y, _ = wine
    with pytest.raises(ValueError, match=message):
        WeightAgnosticClassifier(**settings).fit(X, y)


# -- prediction ------------------------------------------------------------------------


def test_decision_function_follows_the_equations(wine):
    X, _, model = wine
    options = {"predict_with": "tuned", "input_scaling": "standard"}
    model = clone(model).set_params(**options).fit(X, wine[1])
    graph = Graph(13, tuple(model.node_activations_), model.connections_)
    scaled = ((X - X.mean(axis=0)) / X.std(axis=0)).astype(np.float32)
    raw = forward(graph, scaled, [model.tuned_weight_])[0][graph.n_hidden :, 0].T
    scores = model.decision_function(X)
    spread = raw - raw.mean(axis=0)
    factor = (scores * spread).sum() / (spread**2).sum()
    assert factor > 0
    offset = (scores - factor * raw).mean(axis=0)
    assert_allclose(scores, factor * raw + offset, atol=1e-3)


def test_three_ways_to_predict(wine):
    X, y, model = wine
    probabilities = {}
    for how in ("ensemble", "tuned", "mean"):
        probabilities[how] = model.set_params(predict_with=how).predict_proba(X)
        assert model.score(X, y) > 0.9
    model.set_params(predict_with="ensemble")
    assert not np.allclose(probabilities["ensemble"], probabilities["tuned"])
    assert not np.allclose(probabilities["ensemble"], probabilities["mean"])


def test_weight_between_those_of_the_search(diabetes):
    X, y, model = diabetes
    scores = model.weight_profile(X, y, [-1.7, -0.3, 0.3, 1.7])
    assert scores.min() > 0.8 * model.score(X, y) > 0.3


def test_any_weight_is_calibrated_almost_as_if_it_had_been_given(wine):
    """Interpolation follows offsets and factors up to weights of a thirtieth."""
    X, y, model = wine
    network = model.model_
    X_scaled, targets, share = scaled_batch(
        network.targets, network.scaling, X, y, sample_weight=None, dtype="float32"
    )
    batch = X_scaled, targets, share / share.sum()
    weights = np.array([-1.7, -0.6, -0.09, 0.07, 0.15, 1.3], "float32")
    found = model.weight_profile(X, y, weights)
    for weight, score in zip(weights, found, strict=True):
        exact = CalibratedNetwork.fit(
            network.graph, "softmax", np.array([weight]), batch
        )
        right = exact.outputs(X_scaled, [weight])[0].argmax(axis=1) == y
        assert score == pytest.approx(right.mean(), abs=0.03)


@pytest.mark.parametrize("kind", ["binary", "multiclass", "multilabel", "regression"])
def test_fitted_numbers_are_counted(wine, kind):
    X, y, _ = wine
    Y = {"binary": y > 0, "multiclass": y, "multilabel": np.eye(3, dtype=int)[y]}
    Y["regression"] = X[:, :2]
    regresses = kind == "regression"
    family = WeightAgnosticRegressor if regresses else WeightAgnosticClassifier
    model = family(shared_weights=(-1, 1, 2), max_iter=3, random_state=0)
    with pytest.raises(NotFittedError):
        repr(model.n_trainable_parameters_)
    model.fit(X, Y[kind])
    n_outputs = {"binary": 1, "regression": 2}.get(kind, 3)
    n_factors = 1 if kind == "multiclass" else n_outputs
    assert model.n_trainable_parameters_ == 3 * (n_factors + n_outputs)
    trained = model.train_weights(X, Y[kind])
    expected = n_factors + n_outputs + trained.n_connections_
    assert trained.n_trainable_parameters_ == expected


def test_regressor_with_two_outputs(diabetes):
    X, y, _ = diabetes
    model = WeightAgnosticRegressor(max_iter=20, random_state=0)
    model.fit(X, np.column_stack([y, -1000 * y]))
    assert model.predict(X).shape == (len(X), 2)
    assert model.score(X, np.column_stack([y, -1000 * y])) > 0.4


def test_pickle(wine):
    X, _, model = wine
    assert_array_equal(pickle.loads(pickle.dumps(model)).predict(X), model.predict(X))


# -- frequencies of classes ------------------------------------------------------------

MODES = pytest.mark.parametrize("predict_with", ["ensemble", "tuned", "mean"])


@MODES
@pytest.mark.parametrize("search", ["guided", "evolution"])
def test_noise_leaves_the_majority(search, predict_with):
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((500, 5)), (rng.random(500) < 0.95).astype(int)
    options = {"max_iter": 10, "population_size": 16, "random_state": 0}
    model = WeightAgnosticClassifier(search, predict_with=predict_with, **options)
    model.fit(X, y)
    assert model.score(X, y) >= y.mean()
    assert model.predict_proba(X)[:, 1].mean() == pytest.approx(y.mean(), abs=0.01)
    trained = model.train_weights(X, y, max_iter=20)
    assert trained.score(X, y) >= y.mean()


@MODES
@pytest.mark.parametrize("kind", ["binary", "multiclass", "multilabel"])
@pytest.mark.parametrize("n_rows", [60, 6000])
def test_an_empty_graph_predicts_the_weighted_frequencies(kind, predict_with, n_rows):
    """Of all rows, of which a graph is calibrated on some."""
    rng = np.random.default_rng(0)
    X, weight = rng.standard_normal((n_rows, 3)), rng.uniform(0.1, 5, n_rows)
    y = rng.choice(3, n_rows, p=[0.7, 0.2, 0.1])
    y[0], weight[0] = 3, 1e-3
    indicators = np.eye(4)[y]
    if kind == "binary":
        y, indicators = (y > 0).astype(int), np.eye(2)[(y > 0).astype(int)]
    elif kind == "multilabel":
        y = indicators = np.column_stack([indicators, indicators[:, 0]]).astype(int)
    model = WeightAgnosticClassifier(
        complexity_penalty=100, max_iter=2, predict_with=predict_with, random_state=0
    ).fit(X, y, weight)
    assert model.n_connections_ == 0
    expected = np.average(indicators, axis=0, weights=weight)
    p = model.predict_proba(X[:2])
    assert_allclose(p, [expected, expected], atol=1e-5)
    trained = model.train_weights(X, y, weight, max_iter=3)
    assert_allclose(trained.predict_proba(X[:2]), p, atol=1e-5)


def test_weights_move_the_offset():
    """Benign and malignant in turn weigh a hundred times as much as the other."""
    X, y = load_breast_cancer(return_X_y=True)
    for heavy in (0, 1):
        weight = np.where(y == heavy, 10, 0.1)
        model = WeightAgnosticClassifier(max_iter=20, random_state=0)
        model.fit(X, y, weight)
        majority = np.average(y == heavy, weights=weight)
        assert model.score(X, y, weight) >= majority > 0.98
        mean = np.average(model.predict_proba(X)[:, heavy], weights=weight)
        assert mean == pytest.approx(majority, abs=0.01)


def test_a_rare_class_far_away_is_found():
    rng = np.random.default_rng(0)
    y = (rng.random(6000) < 0.05).astype(int)
    X = rng.standard_normal((6000, 5))
    X[:, 0] += 3 * y
    model = WeightAgnosticClassifier(max_iter=30, random_state=0)
    p = model.fit(X[:3000], y[:3000]).predict_proba(X[3000:])
    linear = LogisticRegression().fit(X[:3000], y[:3000])
    expected = linear.score(X[3000:], y[3000:])
    assert model.score(X[3000:], y[3000:]) > expected - 0.01 > 0.96
    assert p[:, 1].mean() == pytest.approx(y[:3000].mean(), abs=0.01)
    assert log_loss(y[3000:], p) < 1.2 * log_loss(
        y[3000:], linear.predict_proba(X[3000:])
    )


def test_labels_of_different_frequency_have_offsets_of_their_own():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((2000, 4))
    Y = (X[:, [0, 1, 2]] + 0.5 * rng.standard_normal((2000, 3)) > [0, 1.5, -2]).astype(
        int
    )
    model = WeightAgnosticClassifier(max_iter=30, random_state=0).fit(X, Y)
    majority = np.maximum(Y.mean(axis=0), 1 - Y.mean(axis=0))
    right = (model.predict(X) == Y).mean(axis=0)
    assert (right >= majority).all() and right[0] > 0.8
    assert_allclose(model.predict_proba(X).mean(axis=0), Y.mean(axis=0), atol=0.01)


# -- training --------------------------------------------------------------------------


def test_trained_weights_do_not_change_the_model(wine):
    X, y, model = wine
    before = model.connections_.copy()
    trained = model.train_weights(X, y, max_iter=50)
    assert trained.score(X, y) >= 0.99
    assert trained.n_connections_ <= model.n_connections_
    assert_array_equal((trained.connections_ != 0) & (before == 0), False)
    assert_array_equal(model.connections_, before)


def test_training_lowers_the_error(diabetes):
    X, y, model = diabetes
    trained = model.train_weights(X, y)
    assert trained.score(X, y) > model.score(X, y)
    assert_array_equal(trained.shared_weights_, [1])


# -- pictures --------------------------------------------------------------------------


def test_networkx_has_the_same_graph(wine):
    networkx = pytest.importorskip("networkx")
    model = wine[2]
    graph = model.to_networkx()
    assert networkx.is_directed_acyclic_graph(graph)
    assert graph.number_of_edges() == model.n_connections_
    layers = networkx.get_node_attributes(graph, "layer")
    assert all(layers[a] < layers[b] for a, b in graph.edges)
    names = [graph.nodes[f"h{i}"]["activation"] for i in range(2)]
    assert names == list(model.node_activations_[:2])


def test_inputs_with_the_names_of_other_nodes_stay_apart(wine):
    X, y, model = wine
    names = [*"abcdefghij", "bias", "h0", "class 1"]
    same = clone(model).fit(pd.DataFrame(X, columns=names), y)
    assert_array_equal(same.connections_, model.connections_)
    assert len(used_nodes(same)) == len(used_nodes(model))
    assert "input h0" in used_nodes(same)


def test_plot_shows_every_connection(wine):
    model = wine[2]
    display = model.plot(plt.figure().add_subplot())
    lines = display.ax_.collections[0].get_segments()
    assert len(lines) == model.n_connections_
    assert all(start[0] < end[0] for start, end in lines)
    texts = {text.get_text() for text in display.ax_.texts}
    assert {"class 0", "class 1", "class 2"} <= texts
    assert set(display.positions) == set(used_nodes(model))
    plt.close("all")


def test_weight_profile_display(wine):
    X, y, model = wine
    display = WeightProfileDisplay.from_estimator(model, X, y).plot()
    assert display.scores.shape == display.weights.shape == (40,)
    assert_allclose(display.ax_.lines[0].get_ydata(), display.scores)
    assert display.pooled_score == model.score(X, y)
    plt.close("all")


# -- images ----------------------------------------------------------------------------


def test_a_sheared_bar_becomes_upright():
    rows, columns = np.indices((20, 20))
    bars = [np.abs(columns - 10 - s * (rows - 10)) < 2 for s in (-0.4, 0, 0.4)]
    bars = np.array(bars).astype(float) * ((rows > 3) & (rows < 17))
    upright = DeskewResize(output_shape=(20, 20)).fit_transform(bars)
    middle = upright.reshape(3, 20, 20)[:, 8:13]
    spread = [np.ptp(np.argwhere(each > 0.5)[:, 1]) for each in middle]
    assert max(spread) <= 5 and max(spread) - min(spread) <= 2


def test_the_centre_of_mass_comes_to_the_middle():
    """Wherever a blot lies: at (n - 1) / 2, counted from 0."""
    rows, columns = np.indices((21, 20))
    blots = [(5, 8), (9.5, 13), (12, 6)]
    images = [np.exp(-((rows - r) ** 2 + (columns - c) ** 2) / 4) for r, c in blots]
    moved = DeskewResize((21, 20), (21, 20)).fit_transform(np.array(images))
    for image in moved.reshape(3, 21, 20):
        centre = [(rows * image).sum(), (columns * image).sum()] / image.sum()
        assert_allclose(centre, [10, 9.5], atol=0.02)


def test_resize_alone_is_a_mean():
    X = np.arange(2 * 64, dtype=float).reshape(2, 64)
    small = DeskewResize(output_shape=(4, 4), deskew=False).fit_transform(X)
    means = X.reshape(2, 4, 2, 4, 2).mean(axis=(2, 4)).reshape(2, 16)
    assert_allclose(small, means)


def test_an_empty_image_stays_empty():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert not DeskewResize().fit_transform(np.zeros((2, 784))).any()


@pytest.mark.parametrize(
    "settings", [{}, {"image_shape": (3, 7)}, {"output_shape": (16, 0)}]
)
def test_shapes_that_do_not_fit(settings):
    with pytest.raises(ValueError, match=r"image|output_shape"):
        DeskewResize(**settings).fit(np.ones((2, 20)))


def test_class_of_weight_zero_is_known():
    X, y = load_digits(return_X_y=True)
    model = WeightAgnosticClassifier(max_iter=3, class_weight={1: 0.0}, random_state=0)
    assert_array_equal(model.fit(X[:300], y[:300]).classes_, np.arange(10))


def test_failed_refit_leaves_the_images_known():
    X = np.random.default_rng(0).random((3, 64))
    model = DeskewResize(output_shape=(4, 4)).fit(X)
    before = model.transform(X)
    with pytest.raises(ValueError, match="not images"):
        model.fit(np.ones((2, 20)))
    assert_array_equal(model.transform(X), before)
