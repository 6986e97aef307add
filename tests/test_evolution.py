"""Topology search: sorting, mutations, forward and backward pass."""

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from scipy.optimize import minimize
from scipy.special import log_softmax

from sklearn_halfnet.evolution import network, population, search
from sklearn_halfnet.evolution.calibration import calibrate
from sklearn_halfnet.evolution.front import ParetoFront
from sklearn_halfnet.evolution.guided import GuidedSearch, _disjoint
from sklearn_halfnet.evolution.losses import derivatives, losses, probabilities
from sklearn_halfnet.evolution.mutation import mutate, random_genome
from sklearn_halfnet.evolution.network import CalibratedNetwork
from sklearn_halfnet.evolution.population import NodeTable, population_losses
from sklearn_halfnet.evolution.ranking import crowding_distance, fronts, nsga_order
from sklearn_halfnet.evolution.search import EvolutionSearch
from sklearn_halfnet.features.shared_weight import (
    NODE_ACTIVATIONS,
    Graph,
    backward,
    connection_sums,
    forward,
)

NAMES = tuple(NODE_ACTIVATIONS)


def grown(seed, n_changes=80):
    rng = np.random.default_rng(seed)
    genome = random_genome(4, 3, 0.5, rng)
    for _ in range(n_changes):
        genome = mutate(genome, NAMES, (0.2, 0.25, 0.05, 0.5), rng)
    return genome.graph


def slow_outputs(graph, x, w):
    acts = [*x, 1.0]
    for target, links in enumerate(graph.connections.T):
        pre = w * sum(a * float(link) for a, link in zip(acts, links, strict=False))
        if target < graph.n_hidden:
            f = NODE_ACTIVATIONS[graph.activations[target]][0]
            acts.append(float(f(np.array([pre]))[0]))
        else:
            yield pre


@pytest.mark.parametrize("seed", range(5))
def test_forward_equals_a_slow_one(seed):
    graph = grown(seed)
    assert graph.n_hidden > 5
    X, weights = np.random.default_rng(seed).normal(size=(6, 4)), np.array([-2, 0.5])
    outputs = forward(graph, X, weights)[0][graph.n_hidden :]
    for i, x in enumerate(X):
        for j, w in enumerate(weights):
            expected = list(slow_outputs(graph, x, w))
            np.testing.assert_allclose(outputs[:, j, i], expected, atol=1e-9)


def test_table_of_nodes_equals_a_slow_pass():
    graphs = [grown(seed) for seed in range(5)]
    X, weights = np.random.default_rng(0).normal(size=(6, 4)), np.array([-2, 0.5])
    table = NodeTable()
    outputs = [table.add(graph) for graph in graphs]
    acts, place = table.activities(X, weights)
    for graph, nodes in zip(graphs, outputs, strict=True):
        for i, x in enumerate(X):
            for j, w in enumerate(weights):
                found = [acts[place[node], j, i] for node in nodes]
                expected = list(slow_outputs(graph, x, w))
                np.testing.assert_allclose(found, expected, atol=1e-9)


def test_equal_nodes_are_computed_once():
    parent, table = grown(0), NodeTable()
    outputs, n_nodes = table.add(parent), len(table.depths)
    assert n_nodes <= parent.pruned().n_hidden + 3
    assert table.add(parent.pruned()) == outputs and len(table.depths) == n_nodes
    links = parent.connections.copy()
    links[0, -1] = 1 - links[0, -1]
    child = table.add(Graph(4, parent.activations, links))
    assert child[:2] == outputs[:2] and len(table.depths) == n_nodes + 1


@pytest.mark.parametrize("kind", ["softmax", "logistic", "squared_error"])
def test_losses_of_a_population_are_those_of_its_graphs(kind, monkeypatch):
    graphs = [grown(seed) for seed in (0, 1, 2, 1)]
    rng, weights = np.random.default_rng(0), np.array([-1.0, 0.3])
    targets, share = np.eye(3)[rng.integers(3, size=9)].T, rng.dirichlet(np.ones(9))
    batch = rng.normal(size=(9, 4)), targets, share
    found = population_losses(graphs, kind, weights, batch)
    for graph, row in zip(graphs, found, strict=True):
        outputs = forward(graph, batch[0], weights)[0][graph.n_hidden :]
        ones = np.ones(outputs.shape[:2])
        scale = calibrate(kind, outputs, targets, share)
        scale = scale if kind == "squared_error" else (ones, 0 * ones)
        expected = losses(kind, outputs, targets, share, *scale)
        np.testing.assert_allclose(row, expected)
    monkeypatch.setattr(population, "_MOST_VALUES", 1)
    for n_jobs in (1, 2, 7):
        again = population_losses(graphs, kind, weights, batch, n_jobs)
        np.testing.assert_array_equal(again, found)


def test_cross_entropy_of_huge_scores():
    outputs = np.array([[[1e4, -3e4]], [[-2e4, 1e4]]], np.float32)
    targets, share = np.eye(2, dtype=np.float32)[::-1], np.array([0.5, 0.5], "float32")
    np.testing.assert_allclose(losses("softmax", outputs, targets, share), 3.5e4)


@settings(max_examples=100, deadline=None)
@given(
    seed=st.integers(0, 2**32),
    shares=st.tuples(*[st.floats(0.01, 1)] * 4),
    shape=st.tuples(st.integers(1, 5), st.integers(1, 4)),
)
def test_graphs_stay_feed_forward_in_100_000_mutations(seed, shares, shape):
    rng = np.random.default_rng(seed)
    genome = random_genome(*shape, 0.5, rng)
    for _ in range(1000):
        genome = mutate(genome, NAMES, shares, rng)
        graph = genome.graph
        assert not graph.connections[~graph.allowed()].any()
        assert not (genome.disabled & (graph.connections != 0)).any()
        if graph.n_hidden > 25:
            genome = random_genome(*shape, 0.5, rng)


def test_derivatives_by_connections_are_those_of_differences():
    graph, rng = grown(1), np.random.default_rng(0)
    smooth = tuple("tanh" if f == "step" else f for f in graph.activations)
    graph = Graph(4, smooth, graph.connections.astype(float))
    X, weights = rng.normal(size=(9, 4)), np.array([-0.7, 0.5])
    targets, share = np.eye(3)[rng.integers(3, size=9)].T, rng.dirichlet(np.ones(9))
    scale = np.full((3, 2), 0.6), np.zeros((3, 2))

    def loss(links):
        trial = Graph(4, smooth, links)
        outputs = forward(trial, X, weights)[0][trial.n_hidden :]
        return losses("softmax", outputs, targets, share, *scale).mean()

    pre, acts = forward(graph, X, weights)
    slopes = derivatives("softmax", pre[graph.n_hidden :], targets, share, *scale)
    first, _ = backward(graph, weights, pre, acts, *slopes)
    found = connection_sums(graph, X, weights, acts, first, 1)
    for i, j in np.argwhere(graph.allowed()):
        step = np.zeros_like(graph.connections)
        step[i, j] = 1e-6
        links = graph.connections
        expected = (loss(links + step) - loss(links - step)) / 2e-6
        np.testing.assert_allclose(found[i, j], expected, atol=1e-6)


@pytest.mark.parametrize("kind", ["softmax", "logistic", "squared_error"])
def test_curvature_by_connections_is_that_of_differences(kind):
    """It is exact where nodes are linear and each feeds one other."""
    rng = np.random.default_rng(0)
    links = np.zeros((3 + 1 + 2, 2 + 3))
    links[:4] = rng.normal(size=(4, 5))
    links[4, 1], links[5, 2] = 1.5, -0.8  # input -> node 0 -> node 1 -> output 0
    X, weights = rng.normal(size=(7, 3)), np.array([-0.7, 0.5])
    targets, share = np.eye(3)[rng.integers(3, size=7)].T, rng.dirichlet(np.ones(7))
    scale = rng.uniform(0.3, 0.9, (3, 2)), np.zeros((3, 2))

    def loss(links):
        outputs = forward(Graph(3, ("linear",) * 2, links), X, weights)[0][2:]
        return losses(kind, outputs, targets, share, *scale).mean()

    graph = Graph(3, ("linear",) * 2, links)
    pre, acts = forward(graph, X, weights)
    slopes = derivatives(kind, pre[2:], targets, share, *scale)
    _, second = backward(graph, weights, pre, acts, *slopes)
    found = connection_sums(graph, X, weights, acts, second, 2)
    for i, j in np.argwhere(links != 0):
        step = np.zeros_like(links)
        step[i, j] = 1e-3
        expected = loss(links + step) - 2 * loss(links) + loss(links - step)
        np.testing.assert_allclose(found[i, j], expected / 1e-6, rtol=1e-3, atol=1e-6)


def test_losses_by_hand():
    rng = np.random.default_rng(0)
    outputs, targets = rng.normal(size=(3, 2, 5)), np.eye(3)[rng.integers(3, size=5)].T
    share, factor = rng.dirichlet(np.ones(5)), rng.random((3, 2))
    found = losses("softmax", outputs, targets, share, factor, np.zeros((3, 2)))
    for w in range(2):
        logs = log_softmax(factor[:, w, None] * outputs[:, w], axis=0)
        expected = -sum(share[i] * logs[targets[:, i].argmax(), i] for i in range(5))
        np.testing.assert_allclose(found[w], expected)


@pytest.mark.parametrize("kind", ["softmax", "logistic"])
def test_no_other_calibration_does_better(kind):
    """By scipy's BFGS on the loss and the decay of the centred scores."""
    rng = np.random.default_rng(3)
    n, k = 300, 4
    targets = np.eye(k)[rng.choice(k, n, p=[0.02, 0.08, 0.3, 0.6])].T
    outputs = 0.7 * targets[:, None] + rng.normal(size=(k, 2, n)) * [[1], [3]] + 5
    share = rng.dirichlet(np.ones(n))
    centred = outputs - (outputs @ share)[..., None]
    factor, offset = calibrate(kind, outputs, targets, share, n_steps=200)
    n_factors = 1 if kind == "softmax" else k

    def objective(values, w):
        f, b = values[:n_factors, None], values[n_factors:, None]
        decay = 0.5e-4 * (f[:, None] ** 2 * centred[:, [w]] ** 2).sum(axis=0) @ share
        f = np.broadcast_to(f, (k, 1))
        loss = losses(kind, centred[:, [w]], targets, share, f, b)
        return float((loss + decay)[0])

    for w in range(2):
        best = minimize(objective, np.ones(n_factors + k), args=(w,), tol=1e-9).fun
        level = offset[:, w] + factor[:, w] * (outputs[:, w] @ share)
        found = objective(np.append(factor[:n_factors, w], level), w)
        assert found == pytest.approx(best, abs=2e-6)


@pytest.mark.parametrize("kind", ["softmax", "logistic"])
def test_outputs_that_say_nothing_leave_the_weighted_frequencies(kind):
    rng = np.random.default_rng(0)
    targets = np.eye(3)[[0] * 95 + [1] * 4 + [2]].T
    share = rng.dirichlet(np.ones(100))
    start = np.full((3, 2), 7.0), None
    constant = np.ones((3, 2, 100)) * [[[-1], [4]]]
    factor, offset = calibrate(kind, constant, targets, share, start)
    np.testing.assert_array_equal(factor, 7)
    p = probabilities(kind, factor[..., None] * constant + offset[..., None])
    np.testing.assert_allclose(p, (targets @ share)[:, None, None] + 0 * p, atol=1e-6)


@pytest.mark.parametrize("kind", ["softmax", "logistic", "squared_error"])
def test_a_row_of_weight_two_is_calibrated_as_two_rows(kind):
    rng = np.random.default_rng(0)
    outputs, targets = rng.normal(size=(3, 2, 40)), np.eye(3)[np.arange(40) % 3].T
    repeats = rng.integers(1, 4, 40)
    weighted = calibrate(kind, outputs, targets, repeats / repeats.sum())
    rows = np.repeat(np.arange(40), repeats)
    share = np.full(len(rows), 1 / len(rows))
    repeated = calibrate(kind, outputs[..., rows], targets[:, rows], share)
    np.testing.assert_allclose(weighted, repeated)


def test_a_sample_is_calibrated_to_the_frequencies_of_all_rows():
    """So that a class of which the sample holds no row keeps its probability."""
    rng = np.random.default_rng(0)
    targets, share = np.eye(3)[np.arange(60) % 2].T, np.full(60, 1 / 60)
    outputs, frequencies = rng.normal(size=(3, 1, 60)), np.array([0.9, 0.07, 0.03])
    scale = calibrate(
        "softmax", outputs, targets, share, None, 99, frequencies=frequencies
    )
    p = probabilities("softmax", scale[0][..., None] * outputs + scale[1][..., None])
    np.testing.assert_allclose((p @ share)[:, 0], frequencies, atol=1e-4)


def test_calibration_of_blocks_of_weights_is_that_of_all(monkeypatch):
    rng = np.random.default_rng(0)
    targets, share = np.eye(3)[rng.integers(3, size=60)].T, np.full(60, 1 / 60)
    problem = (
        grown(1),
        "softmax",
        np.array([-1.0, 2.0]),
        (rng.normal(size=(60, 4)), targets, share),
    )
    whole = CalibratedNetwork.fit(*problem)
    monkeypatch.setattr(network, "_MOST", 1)
    parts = CalibratedNetwork.fit(*problem)
    np.testing.assert_array_equal(parts.grid, whole.grid)
    for w in (-2.0, 0.3, 2.0):
        found, expected = (n.outputs(problem[3][0], [w]) for n in (parts, whole))
        np.testing.assert_allclose(
            log_softmax(found, 2), log_softmax(expected, 2), atol=0.01
        )


def test_regression_is_calibrated_by_least_squares():
    rng = np.random.default_rng(0)
    outputs, targets = rng.normal(size=(1, 1, 30)), rng.normal(size=(1, 30))
    share = rng.dirichlet(np.ones(30))
    factor, offset = calibrate("squared_error", outputs, targets, share)
    slope, intercept = np.polyfit(outputs[0, 0], targets[0], 1, w=np.sqrt(share))
    np.testing.assert_allclose([factor[0, 0], offset[0, 0]], [slope, intercept])


def test_levels_follow_connections_only():
    graph = grown(2, 200)
    place = {node: i for i, level in enumerate(graph.levels) for node in level}
    assert sorted(place) == list(range(graph.n_hidden))
    for source, target in np.argwhere(graph.between_hidden[:, : graph.n_hidden]):
        assert place[source] < place[target]


def test_pruned_graph_has_the_same_outputs():
    graph, X = grown(3, 300), np.random.default_rng(0).normal(size=(5, 4))
    graph.connections[4 + 1 + graph.n_hidden // 2 :, graph.n_hidden // 2 :] = 0
    smaller = graph.pruned()
    assert smaller.n_hidden < graph.n_hidden
    expected = forward(graph, X, [0.5])[0][graph.n_hidden :]
    np.testing.assert_allclose(forward(smaller, X, [0.5])[0][-3:], expected)


@pytest.mark.parametrize("seed", range(10))
def test_fronts_equal_a_slow_peeling(seed):
    points = np.random.default_rng(seed).integers(6, size=(40, 2))
    left, number, expected = set(range(40)), 0, np.zeros(40, int)
    while left:
        best = {
            i
            for i in left
            if not any(
                (points[j] >= points[i]).all() and (points[j] > points[i]).any()
                for j in left
            )
        }
        expected[list(best)] = number
        left, number = left - best, number + 1
    np.testing.assert_array_equal(fronts(points), expected)


@pytest.mark.parametrize("seed", range(10))
def test_crowding_distance_equals_a_slow_one(seed):
    points = np.random.default_rng(seed).normal(size=(30, 3))
    expected = np.zeros(30)
    for values in points.T:
        span = values.max() - values.min()
        for i, value in enumerate(values):
            below, above = values[values < value], values[values > value]
            inner = len(below) and len(above)
            gap = (above.min() - below.max()) / span if inner else np.inf
            expected[i] += gap
    np.testing.assert_allclose(crowding_distance(points), expected)


def test_best_order_first_the_front_then_the_lonely():
    points = np.array([[0, 0], [0, 10], [1, 6], [4, 1], [10, 0], [1.1, 5.9]])
    order = nsga_order(points)
    assert set(order[:2]) == {1, 4} and order[-1] == 0 and order[2] == 3


def test_front_keeps_what_no_other_graph_beats():
    rng = np.random.default_rng(0)
    X, targets = rng.normal(size=(60, 4)), np.eye(3)[rng.integers(3, size=60)].T
    batch = X, targets, np.full(60, 1 / 60)
    front = ParetoFront("softmax", np.array([-1.0, 1.0]), batch)
    for seed in range(30):
        front = front.offered(grown(seed, 20))
    size, loss = front.points[np.argsort(front.points[:, 0])].T
    assert len(size) > 1 and (np.diff(size) > 0).all() and (np.diff(loss) < 0).all()
    assert front.champion.n_connections == size[-1]


def test_front_refuses_what_is_no_better():
    """Of two graphs that tie the first stays; one that is only worse does not enter."""
    links = np.zeros((4, 2))
    links[0, 0] = 1
    X, targets = np.eye(3), np.array([[1.0, 0, 0], [0, 1, 1]])
    front = ParetoFront("softmax", np.ones(1), (X, targets, np.full(3, 1 / 3)))
    front = front.offered(Graph(3, (), links))
    (kept,) = front.graphs
    for other in (links, links[[1, 0, 2, 3]]):
        front = front.offered(Graph(3, (), other.copy()))
        assert len(front.graphs) == 1 and front.graphs[0] is kept


def test_crowding_distance_by_hand():
    points = np.array([[0, 10], [1, 6], [4, 1], [10, 0]])
    expected = [np.inf, 0.4 + 0.9, 0.9 + 0.6, np.inf]
    np.testing.assert_allclose(crowding_distance(points), expected)


def test_same_champion_at_any_n_jobs():
    X = np.random.default_rng(0).normal(size=(50, 4))
    targets, share = np.eye(3)[np.arange(50) % 3].T, np.full(50, 0.02)
    found = []
    for n_jobs in (1, 2):
        rng = np.random.default_rng(0)
        search = EvolutionSearch(
            4,
            3,
            "softmax",
            np.array([-1.0, 1.0]),
            NAMES,
            (1, 1, 1, 1),
            12,
            50,
            n_jobs,
            rng,
        )
        for _ in range(5):
            search.step(lambda _: (X, targets, share), rng)
        found.append(search.graph)
    np.testing.assert_array_equal(found[0].connections, found[1].connections)
    assert found[0].activations == found[1].activations


# -- search ----------------------------------------------------------------------------


def evolution(**settings):
    options = {"n_inputs": 4, "n_outputs": 3, "kind": "softmax", "n_jobs": 1}
    options |= {"weights": np.array([-1.0, 1.0]), "activations": NAMES}
    options |= {"probabilities": (1, 1, 1, 1), "population_size": 6}
    options |= {"max_connections": 50, "rng": np.random.default_rng(0)}
    return EvolutionSearch(**{**options, **settings})


def test_four_of_five_generations_rank_by_size_and_the_others_by_the_best(monkeypatch):
    rng = np.random.default_rng(0)
    batch = rng.normal(size=(9, 4)), np.eye(3)[np.arange(9) % 3].T, np.full(9, 1 / 9)
    evolved, seen, by_size = evolution(), [], []
    monkeypatch.setattr(
        search, "nsga_order", lambda points: seen.append(points) or nsga_order(points)
    )
    for _ in range(600):
        graphs = [genome.graph for genome in evolved.population]
        evolved.step(lambda _: batch, rng)
        expected = [1 / max(graph.n_connections, 1) for graph in graphs]
        by_size.append(np.allclose(seen[-1][:, 1], expected))
        if not by_size[-1]:
            found = population_losses(graphs, "softmax", evolved.weights, batch)
            np.testing.assert_allclose(seen[-1][:, 1], -found.min(axis=1), atol=1e-8)
    assert np.mean(by_size) == pytest.approx(0.8, abs=0.05)


def test_a_fifth_survives_and_a_fifth_has_no_children(monkeypatch):
    evolved = evolution(population_size=10)
    before, parents = list(evolved.population), []
    monkeypatch.setattr(search, "_TOURNAMENT", 1)
    monkeypatch.setattr(search, "mutate", lambda one, *_: parents.append(one) or one)
    order = np.random.default_rng(1).permutation(10)
    for seed in range(50):
        evolved.population = list(before)
        evolved._breed(order, np.random.default_rng(seed))
        assert len(evolved.population) == 10
        for one, best in zip(evolved.population, order[:2], strict=False):
            assert one is before[best]
    assert {*map(id, parents)} == {id(before[i]) for i in order[:8]}


def test_no_genome_has_more_connections_than_are_allowed():
    found = [evolution(n_inputs=400, max_connections=m) for m in (1, 30)]
    sizes = [[g.graph.n_connections for g in each.population] for each in found]
    assert sizes == [[1] * 6, [30] * 6]


def without(node, array):
    return np.delete(np.delete(array, 4 + 1 + node, axis=0), node, axis=1)


def test_a_split_connection_is_disabled_and_its_new_node_joins_both_ends():
    rng = np.random.default_rng(0)
    genome = random_genome(4, 3, 0.5, rng)
    for name in "abcdefghijklmnopqrstuvwxyz":
        split, links = mutate(genome, name, (0, 1, 0, 0), rng), genome.graph.connections
        node = split.graph.activations.index(name)
        ((source, target),) = np.argwhere(
            without(node, split.graph.connections) != links
        )
        assert links[source, target] == 1
        disabled = genome.disabled.copy()
        disabled[source, target] = True
        np.testing.assert_array_equal(without(node, split.disabled), disabled)
        into = np.delete(split.graph.connections[:, node], 4 + 1 + node)
        out_of = np.delete(split.graph.connections[4 + 1 + node], node)
        assert np.flatnonzero(into).tolist() == [source]
        assert np.flatnonzero(out_of).tolist() == [target]
        genome = split


def test_new_connections_are_new_and_enabled_ones_were_disabled():
    rng = np.random.default_rng(0)
    genome = random_genome(4, 3, 0.5, rng)
    for _ in range(4):
        genome = mutate(genome, NAMES, (0, 1, 0, 0), rng)
    links, disabled = genome.graph.connections, genome.disabled
    new = genome.graph.allowed() & (links == 0) & ~disabled
    for shares, free in [((1, 0, 0, 0), new), ((0, 0, 1, 0), disabled)]:
        found = np.zeros(links.shape, bool)
        for _ in range(2000):
            child = mutate(genome, NAMES, shares, rng)
            ((source, target),) = np.argwhere(child.graph.connections != links)
            found[source, target] = True
            disabled_now = disabled & (child.graph.connections == 0)
            np.testing.assert_array_equal(child.disabled, disabled_now)
        np.testing.assert_array_equal(found, free)


def regression(n_outputs):
    rng = np.random.default_rng(0)
    X, share = rng.normal(size=(30, 4)) + 1, rng.dirichlet(np.ones(30))
    return X, rng.normal(size=(n_outputs, 30)), share


def guided(graph, penalty):
    weights = np.array([-1.0, 0.7])
    return GuidedSearch(graph, "squared_error", weights, NAMES, penalty, 999, 8)


def fall_of_loss(search, graph, batch):
    """Of a changed graph, exactly: its factors stay, its offsets follow."""
    X, targets, share = batch

    def loss(graph):
        outputs = forward(graph, X, search.weights)[0][graph.n_hidden :]
        outputs = outputs - (outputs @ share)[..., None]
        offset = 0 * search.scale[0] + (targets @ share)[:, None]
        return losses(
            "squared_error", outputs, targets, share, search.scale[0], offset
        ).mean()

    return loss(search.graph) - loss(graph)


def test_gain_is_the_fall_of_the_loss_less_the_penalty():
    """A squared error is a quadratic function: the estimate is exact at outputs."""
    found, batch = guided(grown(1), 0.03), regression(3)
    X, _, share = batch
    pre, acts, slopes = found._derivatives(*batch)
    nodes = backward(found.graph, found.weights, pre, acts, *slopes)
    gain, links = found._gains(X, share, acts, nodes), found.graph.connections
    for place in np.argwhere(found.graph.allowed()):
        if place[1] >= found.graph.n_hidden:
            place, toggled = tuple(place), links.copy()
            toggled[place] = 1 - links[place]
            graph = Graph(4, found.graph.activations, toggled)
            cost = 0.03 * (toggled[place] - links[place])
            expected = fall_of_loss(found, graph, batch) - cost
            np.testing.assert_allclose(gain[place], expected, atol=1e-9)


@pytest.mark.parametrize("name", ["relu", "gaussian", "tanh", "step"])
@pytest.mark.parametrize("inputs", [[0], [1, 2], [0, 1, 3]])
def test_a_new_node_must_be_worth_all_its_connections(name, inputs, monkeypatch):
    batch, start = regression(1), Graph(4, (), np.eye(5, 1))
    X, _, share = batch
    sources = np.zeros((5, 1))
    sources[inputs] = 1
    monkeypatch.setattr(GuidedSearch, "_candidates", lambda *_: (sources, [name]))
    links = np.block([[sources, np.eye(5, 1)], [0, 1]])
    grown_by_one = Graph(4, (name,), links)

    def offered(penalty):
        found = guided(start, penalty)
        _, acts, slopes = found._derivatives(*batch)
        return list(found._grown(X, share, acts, slopes, np.zeros((5, 1)), None))

    fall = fall_of_loss(_calibrated_search(start, batch), grown_by_one, batch)
    each = fall / (len(inputs) + 1)
    if fall > 0:
        (graph,) = offered(0.99 * each)
        np.testing.assert_array_equal(graph.connections, links)
        assert not offered(1.01 * each)
    else:
        assert not offered(0)


def _calibrated_search(graph, batch):
    found = guided(graph, 0)
    found._derivatives(*batch)
    return found


@pytest.mark.parametrize("factor, accepted", [(0.99, True), (1.01, False)])
def test_a_change_is_kept_if_it_earns_its_connections(factor, accepted):
    X, _, share = regression(3)
    batch = X, X[:, :3].T, share
    start, changed = (Graph(4, (), size * np.eye(5, 3)) for size in (0, 1))
    found = guided(start, 0)
    loss = found._loss(start, batch)[0]
    found.penalty = factor * (loss - found._loss(changed, batch)[0]) / 3
    assert found._attempt(batch, loss, changed)[1] == accepted
    assert (found.graph is changed) == accepted


def test_new_nodes_share_no_output_and_earn_their_inputs():
    worth = np.array([[5.0, 1, -1], [4, 3, 0], [0, 0, 2]])
    chosen = _disjoint(worth, np.array([1, 2.5, 1.5]))
    assert [(node, outputs.tolist()) for node, outputs in chosen] == [
        (0, [True, True, False]),
        (2, [False, False, True]),
    ]
    assert [node for node, _ in _disjoint(worth, np.array([1, 2.5, 2.5]))] == [0]
