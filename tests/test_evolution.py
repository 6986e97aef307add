"""Topology search: sorting, mutations, forward and backward pass."""

import numpy as np
import pytest

from sklearn_halfnet.evolution.mutation import mutate, random_genome
from sklearn_halfnet.evolution.ranking import crowding_distance, fronts
from sklearn_halfnet.evolution.search import EvolutionSearch
from sklearn_halfnet.features.shared_weight import NODE_ACTIVATIONS, forward

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


@pytest.mark.parametrize("seed", range(20))
def test_mutations_keep_graphs_feed_forward(seed):
    graph = grown(seed, 300)
    assert not (graph.connections[~graph.allowed()] != 0).any()


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
            search.step(X, targets, share, rng)
        found.append(search.graph)
    np.testing.assert_array_equal(found[0].connections, found[1].connections)
    assert found[0].activations == found[1].activations
