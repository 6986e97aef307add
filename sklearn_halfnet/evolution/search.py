"""Topology search by mutation and selection, as published (arXiv:1906.04358)."""

from dataclasses import dataclass

import numpy as np

from sklearn_halfnet.evolution.mutation import mutate, random_genome
from sklearn_halfnet.evolution.population import population_losses
from sklearn_halfnet.evolution.ranking import nsga_order

__all__ = ["EvolutionSearch"]

_START, _CULL, _ELITE, _TOURNAMENT, _BY_SIZE = 0.05, 0.2, 0.2, 32, 0.8


@dataclass
class EvolutionSearch:
    """A population of genomes; ``graph`` is the champion of the last generation.

    Parameters
    ----------
    n_inputs, n_outputs : int
    kind : {"softmax", "logistic", "squared_error"}
    weights : ndarray of shape (W,)
    activations : sequence of str
    probabilities : sequence of 4 floats
        See ``mutate``.
    population_size : int
    max_connections : int
        Genomes that grow beyond lose their child's change.
    n_jobs : int or None
        Threads that evaluate; the result does not depend on it.
    rng : numpy.random.Generator
    """

    n_inputs: int
    n_outputs: int
    kind: str
    weights: np.ndarray
    activations: tuple
    probabilities: tuple
    population_size: int
    max_connections: int
    n_jobs: int | None
    rng: np.random.Generator

    def __post_init__(self):
        most = self.max_connections
        self.population = [
            random_genome(self.n_inputs, self.n_outputs, _START, self.rng, most)
            for _ in range(self.population_size)
        ]
        self.graph = self.population[0].graph

    def go_on_from(self, other, best):
        """Take over the genomes of another search that are small enough.

        Parameters
        ----------
        other : EvolutionSearch
        best : Graph or None
            What a guided search falls back on; here new genomes begin where none fits.
        """
        fit = [g for g in other.population if self._fits(g)]
        self.population = fit or self.population
        self.graph = self.population[0].graph

    def _fits(self, genome):
        return genome.graph.n_connections <= self.max_connections

    def step(self, draw, rng):
        """Evaluate the population on a batch, and breed the next.

        Parameters
        ----------
        draw : callable
            ``draw(1)`` returns a batch: X (n, d), targets (K, n) and the rows' shares
            (n,), of sum one.
        rng : numpy.random.Generator

        Returns
        -------
        loss : float
            The champion's mean over the shared weights.
        """
        graphs = [genome.graph for genome in self.population]
        fitness = -population_losses(
            graphs, self.kind, self.weights, draw(1), self.n_jobs
        )
        # Graphs that compute the same must tie, whatever rounding says.
        fitness = fitness.round(9)
        mean, best = fitness.mean(axis=1), fitness.max(axis=1)
        size = np.array([graph.n_connections for graph in graphs])
        second = 1 / np.maximum(size, 1) if rng.random() < _BY_SIZE else best
        champion = int(mean.argmax())
        self.graph = graphs[champion]
        self._breed(nsga_order(np.column_stack([mean, second])), rng)
        return float(-mean[champion])

    def _breed(self, order, rng):
        n = self.population_size
        n_elite = max(1, int(_ELITE * n))
        parents = [self.population[i] for i in order[: max(1, n - int(_CULL * n))]]
        # Sorted by rank, the winner of a tournament is its smallest number.
        winners = rng.integers(len(parents), size=(n - n_elite, _TOURNAMENT)).min(1)
        self.population = parents[:n_elite] + [
            self._child(parents[i], rng) for i in winners
        ]

    def _child(self, parent, rng):
        child = mutate(parent, self.activations, self.probabilities, rng)
        return child if self._fits(child) else parent
