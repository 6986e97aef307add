"""The engine: networks, losses, blocks of data, solvers, schedules, the monitor."""

import inspect
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import log_softmax
from sklearn.linear_model import (
    GammaRegressor,
    LogisticRegression,
    PoissonRegressor,
    Ridge,
)

from sklearn_halfnet import (
    ConvHalfLayerClassifier,
    HalfLayerClassifier,
    HalfNetClassifier,
    HalfNetRegressor,
    PartialCNNClassifier,
)
from sklearn_halfnet.exceptions import NonFiniteError
from sklearn_halfnet.models.training_options import n_passes, rows_a_step
from sklearn_halfnet.networks.dropout import Dropout
from sklearn_halfnet.networks.half_layer import HalfLayerNetwork
from sklearn_halfnet.networks.low_rank import LowRankNetwork
from sklearn_halfnet.networks.read_out import ReadOut
from sklearn_halfnet.solvers import SOLVERS
from sklearn_halfnet.solvers.data import BlockData
from sklearn_halfnet.solvers.losses import LOSSES, Objective, Smoothing
from sklearn_halfnet.solvers.monitor import Monitor
from sklearn_halfnet.solvers.schedules import SCHEDULES, ends_at_zero

CPU = torch.device("cpu")
rng = np.random.default_rng(0)


def drawing():
    rng = np.random.default_rng(0)
    return lambda *shape: torch.from_numpy(rng.standard_normal(shape))


def make_low_rank_network(n_outputs=2, activation="tanh"):
    draw = drawing()
    return LowRankNetwork(
        [draw(5, 3), draw(4, 2)],
        [draw(4, 3), draw(3, 2)],
        [draw(4), draw(3)],
        [draw(4), draw(3)],
        draw(n_outputs, 3),
        draw(n_outputs),
        activation,
    )


def make_network(n_outputs=2, activation="tanh"):
    draw = drawing()
    return HalfLayerNetwork(
        [draw(5), draw(4)],
        [draw(5), draw(4)],
        [draw(4, 5)],
        draw(n_outputs, 4),
        draw(n_outputs),
        activation,
    )


def make_data(n_rows=50, cache_bytes=1e9, batch_size=8, weight=None, n_used=None):
    rng = np.random.default_rng(1)
    inputs = rng.standard_normal((n_rows, 5))
    calls = []

    def compute(rows):
        calls.append(rows)
        return inputs[rows]

    data = BlockData(
        compute,
        rng.permutation(n_rows)[:n_used],
        rng.standard_normal((n_rows, 2)),
        weight,
        n_columns=5,
        working_columns=2**17,
        batch_size=batch_size,
        dtype=np.dtype("float64"),
        cache_bytes=cache_bytes,
        device=CPU,
    )
    return data, calls


@pytest.mark.parametrize("make", [make_network, make_low_rank_network])
@pytest.mark.parametrize("activation", ["tanh", "gelu", "cos", "logistic"])
@pytest.mark.parametrize(
    "loss, targets",
    [
        ("softmax", torch.tensor([0, 1, 1])),
        ("logistic", torch.tensor([[0.0, 1], [1, 1], [0, 0]], dtype=torch.float64)),
        ("squared_error", torch.randn(3, 2, dtype=torch.float64)),
    ],
)
def test_gradients_equal_finite_differences(make, activation, loss, targets):
    network = make(activation=activation)
    objective = Objective(network, loss, alpha=0.3)
    inputs, weights = torch.randn(3, 5, dtype=torch.float64), torch.tensor([1, 2, 0.5])
    objective(inputs, targets, weights.double()).backward()
    for parameter in objective.parameters():
        flat, grad = parameter.detach().view(-1), parameter.grad.view(-1)
        for i in range(len(flat)):
            values = []
            for step in (1e-6, -2e-6):
                flat[i] += step
                values.append(objective(inputs, targets, weights.double()).item())
            flat[i] += 1e-6
            assert_allclose((values[0] - values[1]) / 2e-6, grad[i], atol=1e-6)


def test_losses_are_one_a_row():
    scores = torch.randn(7, 3)
    assert LOSSES["softmax"](scores, torch.zeros(7).long()).shape == (7,)
    for name in ("logistic", "squared_error"):
        assert LOSSES[name](scores, torch.zeros(7, 3)).shape == (7,)


@pytest.mark.parametrize("part", [0.0, 0.1, 0.5])
def test_labels_are_smoothed_towards_their_shares(part):
    scores = rng.standard_normal((9, 4))
    labels = rng.integers(0, 4, 9)
    shares = np.array([0.4, 0.3, 0.2, 0.1])
    wanted = (1 - part) * np.eye(4)[labels] + part * shares
    expected = -(wanted * log_softmax(scores, axis=1)).sum(axis=1)
    smoothing = Smoothing(part, torch.tensor(shares))
    found = LOSSES["softmax"](torch.tensor(scores), torch.tensor(labels), smoothing)
    assert_allclose(found, expected)
    # Of two classes, one score: the same as the softmax of 0 and the score.
    one, binary = torch.tensor(scores[:, :1]), torch.tensor(labels % 2)
    of_one = Smoothing(part, torch.tensor([0.3]).double())
    found = LOSSES["logistic"](one, binary[:, None].double(), of_one)
    both, of_both = torch.cat([0 * one, one], 1), torch.tensor([0.7, 0.3]).double()
    expected = LOSSES["softmax"](both, binary, Smoothing(part, of_both))
    assert_allclose(found, expected, rtol=1e-6)


def test_a_network_that_knows_nothing_predicts_the_shares_of_the_classes():
    """Smoothed towards them, and not evenly, labels keep them in the mean."""
    X = np.zeros((400, 2))
    y = np.repeat([0, 1, 2], [360, 30, 10])
    weight = np.where(y == 2, 2.0, 1.0)
    options = {"label_smoothing": 0.3, "max_iter": 60, "random_state": 0}
    model = HalfNetClassifier(8, n_members=1, dropout=0, **options)
    found = model.fit(X, y, sample_weight=weight).predict_proba(X[:1])[0]
    assert_allclose(found, np.array([360, 30, 20]) / 410, atol=0.01)


def test_dropout_zeroes_a_share_and_keeps_the_mean():
    drop = Dropout(0.25, np.random.default_rng(0))
    hidden = torch.ones(300, 200)
    found = drop(hidden)
    assert set(found.unique().tolist()) == {0.0, float(np.float32(4 / 3))}
    assert abs(float((found == 0).float().mean()) - 0.25) < 0.01
    # Rows and units alike; drawn anew each time, and the same from the same generator.
    for axis in (0, 1):
        shares = (found == 0).float().mean(dim=axis)
        assert 0.1 < float(shares.min()) and float(shares.max()) < 0.4
    assert not torch.equal(drop(hidden), found)
    assert torch.equal(Dropout(0.25, np.random.default_rng(0))(hidden), found)


@pytest.mark.parametrize("make", [make_network, make_low_rank_network])
def test_units_are_dropped_in_training_only(make):
    network, inputs = make(), torch.randn(6, 5, dtype=torch.float64)
    whole = network(inputs)
    network.dropout = Dropout(0.5, np.random.default_rng(0))
    assert not torch.allclose(network(inputs), whole)
    assert torch.equal(network.eval()(inputs), whole)


def test_gradients_pass_by_the_units_that_are_left():
    hidden = torch.ones(5, 40, requires_grad=True)
    found = Dropout(0.5, np.random.default_rng(0))(hidden)
    found.sum().backward()
    assert torch.equal(hidden.grad, found.detach())


@pytest.mark.parametrize(
    "n_rows, batch_size, passes",
    [
        (20, 32, 100),
        (300, 32, 100),
        (600, 32, 100),
        (2_000, 128, 100),
        (4_000, 256, 100),
        (5_000, 256, 80),
        (10_000, 256, 40),
        (60_000, 256, 10),
    ],
)
def test_few_rows_get_small_batches_and_many_few_passes(n_rows, batch_size, passes):
    assert rows_a_step("auto", n_rows) == min(batch_size, n_rows)
    assert n_passes("auto", n_rows) == passes
    assert rows_a_step("full", n_rows) == n_rows
    assert rows_a_step(64, n_rows) == min(64, n_rows) and n_passes(7, n_rows) == 7


@pytest.mark.parametrize("given, beta_2", [({}, 0.999), ({"beta_2": 0.9}, 0.9)])
def test_adam_takes_the_steps_of_its_paper(given, beta_2):
    """Kingma & Ba 2015, algorithm 1."""
    start, gradients = (
        np.array([1.0, -2.0]),
        np.random.default_rng(0).normal(size=(5, 2)),
    )
    parameter = torch.nn.Parameter(torch.tensor(start))
    solver = SOLVERS["adam"].make(
        learning_rate_init=0.1,
        learning_rate="constant",
        batch_size=1,
        rng=None,
        **given,
    )
    optimizer = solver.make_optimizer(SimpleNamespace(parameters=lambda: [parameter]))
    mean, square, expected = 0.0, 0.0, start
    for t, gradient in enumerate(gradients, 1):
        parameter.grad = torch.tensor(gradient)
        optimizer.step()
        mean = 0.9 * mean + 0.1 * gradient
        square = beta_2 * square + (1 - beta_2) * gradient**2
        longest = np.sqrt(square / (1 - beta_2**t)) + 1e-8
        expected = expected - 0.1 * mean / (1 - 0.9**t) / longest
    assert_allclose(parameter.detach(), expected, rtol=1e-10)


@pytest.mark.parametrize(
    "kind, options",
    [
        (HalfLayerClassifier, {}),
        (ConvHalfLayerClassifier, {"image_shape": (8, 8)}),
        (HalfNetClassifier, {"n_members": 1, "dropout": 0}),
        (
            PartialCNNClassifier,
            {"solver": "adam", "depth": 10, "width": 1, "image_shape": (8, 8)},
        ),
    ],
)
def test_every_family_has_its_beta_2(kind, options):
    X = np.random.default_rng(0).random((12, 64))
    options |= {"learning_rate_init": 0.01, "max_iter": 3, "random_state": 0}
    model, other = (
        kind(**options, beta_2=beta_2).fit(X, [0, 1] * 6) for beta_2 in (0.999, 0.5)
    )
    assert (model.read_out_coef_ != other.read_out_coef_).any()
    with pytest.raises(ValueError, match="beta_2"):
        kind(**options, beta_2=1.0).fit(X, [0, 1] * 6)


@pytest.mark.parametrize("n_rows, passes", [(60, 50), (8_000, 50), (10_000, 40)])
def test_halfnet_goes_half_as_often_over_few_rows(n_rows, passes):
    X = np.random.default_rng(0).standard_normal((n_rows, 2))
    model = HalfNetRegressor(2, n_members=1, dropout=0, learning_rate_init=0.01)
    assert model.fit(X, X[:, 0]).n_iter_ == passes


def test_blocks_hold_every_row_once():
    data, _ = make_data()
    assert len(data) > 1
    assert_array_equal(np.sort(np.concatenate(data.blocks)), np.arange(50))
    seen = list(data.minibatches(8, np.random.default_rng(0)))
    assert sum(len(targets) for _, targets, _ in seen) == 50
    for inputs, targets, weights in seen:
        assert len(inputs) == len(targets) <= 8
        assert weights is None


@pytest.mark.parametrize("cache_bytes, n_calls", [(1e9, 1), (0, 2)])
def test_blocks_are_computed_once_if_they_fit(cache_bytes, n_calls):
    data, calls = make_data(cache_bytes=cache_bytes)
    for _ in range(2):
        list(data.minibatches(8, np.random.default_rng(0)))
    assert len(calls) == n_calls * len(data)


def test_only_the_inputs_have_to_fit_into_the_cache():
    input_bytes = 50 * 5 * 8
    assert make_data(cache_bytes=input_bytes)[0].keeps
    assert not make_data(cache_bytes=input_bytes - 1)[0].keeps


@pytest.mark.parametrize("n_used", [50, 30], ids=["all rows", "held out"])
def test_weights_have_a_mean_of_one(n_used):
    weight = np.arange(50.0)
    data, _ = make_data(weight=weight, n_used=n_used)
    weights = torch.cat([data.block(i)[2] for i in range(len(data))])
    assert_allclose(weights.mean(), 1)
    rows = np.concatenate(data.blocks)
    assert_allclose(weights, weight[rows] / weight[rows].mean())


@pytest.mark.parametrize("name", SOLVERS)
def test_solvers_lower_the_loss(name):
    data, _ = make_data()
    network, losses = make_network(), []
    solver = SOLVERS[name].make(
        learning_rate_init=0.05,
        learning_rate="one_cycle",
        batch_size=8,
        tol=1e-6,
        rng=np.random.default_rng(0),
    )
    solver.solve(Objective(network, "squared_error", 1e-3), data, 40, losses.append)
    assert losses[-1] < 0.8 * losses[0]


GLMS = {"poisson": PoissonRegressor, "gamma": GammaRegressor}


def optimum(loss, X, targets, weight, alpha):
    """Coefficients and intercepts by scikit-learn, whose loss is a sum over rows."""
    n_rows, n_outputs = len(X), 3
    if loss == "squared_error":
        model = Ridge(alpha * n_rows * n_outputs).fit(X, targets, weight)
        return model.coef_, model.intercept_
    if loss in GLMS:
        options = {"alpha": alpha * n_outputs, "tol": 1e-10, "max_iter": 1000}
        models = [GLMS[loss](**options).fit(X, y, weight) for y in targets.T]
        return np.array([m.coef_ for m in models]), [m.intercept_ for m in models]
    columns = targets.T if loss == "logistic" else [targets]
    models = [
        LogisticRegression(C=1 / (alpha * n_rows), tol=1e-10).fit(X, column, weight)
        for column in columns
    ]
    return np.vstack([m.coef_ for m in models]), np.hstack(
        [m.intercept_ for m in models]
    )


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize(
    "loss", ["softmax", "logistic", "squared_error", "poisson", "gamma"]
)
def test_lbfgs_finds_the_known_optimum_at_a_large_penalty(loss, weighted):
    rng = np.random.default_rng(0)
    X, alpha = rng.standard_normal((60, 4)), 0.2
    scores = X @ rng.standard_normal((4, 3)) + rng.standard_normal((60, 3))
    targets = {
        "squared_error": scores,
        "poisson": rng.poisson(np.exp(scores / 2)).astype(float),
        "gamma": np.exp(scores / 2),
        "logistic": (scores > 0.5).astype(float),
        "softmax": scores.argmax(axis=1),
    }[loss]
    weight = rng.random(60) if weighted else np.ones(60)
    weight /= weight.mean()
    data = BlockData(
        lambda rows: X[rows],
        rng.permutation(60),
        targets,
        3 * weight,
        n_columns=4,
        working_columns=2**17,
        batch_size=8,
        dtype=np.dtype("float64"),
        cache_bytes=1e9,
        device=CPU,
    )
    network = ReadOut(torch.zeros(3, 4).double(), torch.zeros(3).double())
    solver = SOLVERS["lbfgs"].make(tol=1e-9)
    solver.solve(Objective(network, loss, alpha), data, 500, lambda loss: False)
    coef, intercept = optimum(loss, X, targets, weight, alpha)
    assert_allclose(network.coef.detach(), coef, atol=1e-4)
    found = network.intercept.detach().numpy()
    if loss == "softmax":  # the same for any number added to all
        found, intercept = found - found.mean(), intercept - intercept.mean()
    assert_allclose(found, intercept, atol=1e-4)


class Slope:
    """An objective of slope 1 in one number, whatever the rows."""

    alpha = 0.0

    def __init__(self):
        self.number = torch.zeros(1, dtype=torch.float64, requires_grad=True)

    def parameters(self):
        return [self.number]

    def __call__(self, inputs, targets, weights):
        return self.number.sum()


@pytest.mark.parametrize("name", SCHEDULES)
def test_the_rate_follows_its_schedule_step_by_step(name):
    data, _ = make_data()
    options = {"learning_rate_init": 0.1, "batch_size": 4}
    rng = np.random.default_rng(0)
    solver = SOLVERS["sgd"].make(learning_rate=name, momentum=0.0, rng=rng, **options)
    objective, places, n_steps = Slope(), [], 13  # of blocks of 8 rows and one of 2
    solver.solve(
        objective, data, 5, lambda loss: places.append(objective.number.item())
    )
    factors = [SCHEDULES[name](step / (5 * n_steps)) for step in range(5 * n_steps)]
    assert_allclose(places, -0.1 * np.cumsum(factors)[n_steps - 1 :: n_steps])


def test_one_cycle_warms_up_and_falls_as_half_a_cosine():
    rate = SCHEDULES["one_cycle"]
    assert_allclose([rate(p) for p in (0, 0.1, 0.2)], [0.04, 0.52, 1])
    falling = np.linspace(0.2, 1, 9)
    expected = (1 + np.cos(np.pi * np.linspace(0, 1, 9))) / 2
    assert_allclose([rate(p) for p in falling], expected, atol=1e-12)


@pytest.mark.parametrize("weight", [None, np.arange(50.0)])
def test_loss_of_a_pass_is_the_mean_over_rows(weight):
    """Although the last batch is smaller: 50 rows in batches of 8."""
    data, _ = make_data(weight=weight, batch_size=8)
    objective = Objective(make_network(), "squared_error", 0.3)
    options = {"learning_rate_init": 0.0, "learning_rate": "constant"}
    solver = SOLVERS["sgd"].make(batch_size=8, rng=np.random.default_rng(0), **options)
    found = solver.run_epoch(objective, data, solver.make_optimizer(objective))
    blocks = zip(*[data.block(i) for i in range(len(data))], strict=True)
    rows = [None if part[0] is None else torch.cat(part) for part in blocks]
    assert_allclose(found, objective(*rows).item())


def test_solvers_stop_when_asked():
    data, _ = make_data()
    for name in SOLVERS:
        seen = []
        solver = SOLVERS[name].make(
            learning_rate_init=0.05,
            learning_rate="constant",
            batch_size=8,
            tol=0,
            rng=np.random.default_rng(0),
        )

        def stop_at_three(loss, seen=seen):
            seen.append(loss)
            return len(seen) == 3

        objective = Objective(make_network(), "squared_error", 0.0)
        assert solver.solve(objective, data, 40, stop_at_three)
        assert len(seen) == 3


def test_schedules():
    assert [name for name in SCHEDULES if ends_at_zero(name)] == ["cosine", "one_cycle"]
    rates = [SCHEDULES["one_cycle"](p) for p in np.linspace(0, 1, 101)]
    assert np.argmax(rates) == 20
    assert max(rates) == 1
    assert min(rates) == rates[-1]


def test_monitor_counts_patience_and_goes_back_to_the_best():
    network = make_network()
    judged = [(0.5, 3.0), (0.9, 2.0), (0.8, 1.0), (0.9, 2.0), (0.7, 3.0)]
    each = iter(judged)
    monitor = Monitor(network, tol=1e-4, patience=3, validate=lambda: next(each))
    start, stops = network.coef.detach().clone(), []
    for loss in (1.0, 0.9, 0.8, 0.7, 0.6):
        with torch.no_grad():
            network.coef.add_(1)
        stops.append(monitor(loss))
    assert stops == [False, False, False, False, True]
    assert list(zip(monitor.scores, monitor.validation_losses, strict=True)) == judged
    # Of the two best the last.
    monitor.restore_best()
    assert torch.allclose(network.coef, start + 4)


def test_monitor_refuses_what_is_not_finite():
    network = make_network()
    monitor = Monitor(network, tol=0, patience=None)
    with pytest.raises(NonFiniteError, match="the loss is non-finite after pass 1"):
        monitor(float("nan"))
    judging = Monitor(network, tol=0, patience=None, validate=lambda: (np.nan, 1.0))
    with pytest.raises(NonFiniteError, match="prediction of a held-out row is non-fin"):
        judging(0.5)
    with torch.no_grad():
        network.intercept[0] = float("inf")
    with pytest.raises(NonFiniteError, match="a trained parameter"):
        monitor.check_parameters()


def test_the_table_says_what_each_solver_takes():
    for solver in SOLVERS.values():
        made = solver.make(
            learning_rate_init=0.1,
            learning_rate="cosine",
            batch_size=8,
            tol=0.1,
            momentum=0.5,
            rng=None,
            unknown=1,
        )
        assert hasattr(made, "run_epoch") == solver.minibatches
        taken = set(inspect.signature(type(made)).parameters) - {"options"}
        assert taken <= set(solver.takes)
        assert solver.ends_by_itself("cosine") == solver.minibatches
        assert solver.watches_the_loss("constant") == solver.minibatches
