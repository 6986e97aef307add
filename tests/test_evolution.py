"""Topology search: sorting, mutations, forward and backward pass."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import log_softmax

from sklearn_halfnet.evolution import population
from sklearn_halfnet.evolution.front import ParetoFront
from sklearn_halfnet.evolution.losses import calibrate, derivatives, losses
from sklearn_halfnet.evolution.mutation import mutate, random_genome
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


@pytest.mark.parametrize("kind", ["softmax", "logistic", "squared"])
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
        scale = scale if kind == "squared" else (ones, 0 * ones)
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


@pytest.mark.parametrize("kind", ["softmax", "logistic", "squared"])
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
def test_no_other_factor_does_better(kind):
    rng = np.random.default_rng(3)
    targets = np.eye(3)[rng.integers(3, size=200)].T
    outputs = targets[:, None] + rng.normal(size=(3, 2, 200))
    share = np.full(200, 1 / 200)
    factor, offset = calibrate(kind, outputs, targets, share, n_steps=30)
    best = losses(kind, outputs, targets, share, factor, offset)
    for other in (0.9, 1.1):
        worse = losses(kind, outputs, targets, share, other * factor, offset)
        assert (worse > best).all()


def test_regression_is_calibrated_by_least_squares():
    rng = np.random.default_rng(0)
    outputs, targets = rng.normal(size=(1, 1, 30)), rng.normal(size=(1, 30))
    share = rng.dirichlet(np.ones(30))
    factor, offset = calibrate("squared", outputs, targets, share)
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
        front.offer(grown(seed, 20))
    size, loss = front.points[np.argsort(front.points[:, 0])].T
    assert len(size) > 1 and (np.diff(size) > 0).all() and (np.diff(loss) < 0).all()
    assert front.champion.n_connections == size[-1]


def test_front_refuses_what_is_no_better():
    """Of two graphs that tie the first stays; one that is only worse does not enter."""
    links = np.zeros((4, 2))
    links[0, 0] = 1
    X, targets = np.eye(3), np.array([[1.0, 0, 0], [0, 1, 1]])
    front = ParetoFront("softmax", np.ones(1), (X, targets, np.full(3, 1 / 3)))
    front.offer(Graph(3, (), links))
    (kept,) = front.graphs
    for other in (links, links[[1, 0, 2, 3]]):
        front.offer(Graph(3, (), other.copy()))
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
