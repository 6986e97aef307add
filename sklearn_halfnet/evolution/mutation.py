"""Random changes of a graph; each keeps it feed-forward.

References
----------
Gaier and Ha (2019), "Weight Agnostic Neural Networks", arXiv:1906.04358.
"""

from dataclasses import dataclass

import numpy as np

from sklearn_halfnet.features.shared_weight import Graph

__all__ = ["Genome", "mutate", "random_genome"]


@dataclass(frozen=True)
class Genome:
    """A graph and the connections that were there once and can be enabled again.

    Parameters
    ----------
    graph : Graph
    disabled : ndarray of bool, of the shape of ``graph.connections``
    """

    graph: Graph
    disabled: np.ndarray


def random_genome(n_inputs, n_outputs, probability, rng, most=None):
    """Join inputs and outputs, each connection enabled with a probability.

    Where these are more than ``most``, so many of them stay.
    """
    enabled = rng.random((n_inputs + 1, n_outputs)) < probability
    if most is not None and np.count_nonzero(enabled) > most:
        enabled.flat[rng.permutation(np.flatnonzero(enabled))[most:]] = False
    return Genome(Graph(n_inputs, (), enabled.astype(np.float32)), ~enabled)


def mutate(genome, activations, probabilities, rng):
    """Make one change; the genome itself where the change drawn is impossible.

    Parameters
    ----------
    genome : Genome
    activations : sequence of str
        Names that nodes may have.
    probabilities : sequence of 4 floats
        Of a new connection, of a node that splits one, of enabling one again, of a
        node's other activation.
    rng : numpy.random.Generator

    Returns
    -------
    Genome
    """
    shares = np.cumsum(probabilities)
    change = np.searchsorted(shares / shares[-1], rng.random(), side="right")
    if change == 1:
        return _split(genome, activations, rng)
    if change == 3:
        return _change_activation(genome, activations, rng)
    free = genome.disabled
    if change == 0:
        graph = genome.graph
        free = graph.allowed() & (graph.connections == 0) & ~genome.disabled
    return _enable(genome, free, rng)


def _pick(mask, rng):
    places = np.flatnonzero(mask)
    return np.unravel_index(places[rng.integers(len(places))], mask.shape)


def _one_of(names, rng):
    return names[rng.integers(len(names))]


def _widened(array, row, column):
    """Insert an empty row and an empty column, as numpy does in thrice the time."""
    wide = np.zeros(np.add(array.shape, 1), array.dtype)
    wide[:row, :column] = array[:row, :column]
    wide[:row, column + 1 :] = array[:row, column:]
    wide[row + 1 :, :column] = array[row:, :column]
    wide[row + 1 :, column + 1 :] = array[row:, column:]
    return wide


def _enable(genome, free, rng):
    if not free.any():
        return genome
    place = _pick(free, rng)
    links, disabled = genome.graph.connections.copy(), genome.disabled.copy()
    links[place], disabled[place] = 1, False
    graph = Graph(genome.graph.n_inputs, genome.graph.activations, links)
    return Genome(graph, disabled)


def _split(genome, activations, rng):
    """Put a node amid a connection: after its source, right before its target."""
    graph = genome.graph
    if not graph.n_connections:
        return genome
    source, target = _pick(graph.connections != 0, rng)
    position = min(target, graph.n_hidden)
    row = graph.n_inputs + 1 + position
    links = _widened(graph.connections, row, position)
    disabled = _widened(genome.disabled, row, position)
    source, target = source + (source >= row), target + 1
    links[source, target], disabled[source, target] = 0, True
    links[source, position] = links[row, target] = 1
    names = list(graph.activations)
    names.insert(position, _one_of(activations, rng))
    return Genome(Graph(graph.n_inputs, tuple(names), links), disabled)


def _change_activation(genome, activations, rng):
    graph = genome.graph
    if not graph.n_hidden:
        return genome
    names = list(graph.activations)
    names[rng.integers(len(names))] = _one_of(activations, rng)
    return Genome(
        Graph(graph.n_inputs, tuple(names), graph.connections), genome.disabled
    )
