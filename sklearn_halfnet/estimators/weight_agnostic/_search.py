"""A search as it stands, as a value: what a warm start goes on with."""

import copy
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from sklearn_halfnet.evolution.front import ParetoFront
from sklearn_halfnet.evolution.guided import GuidedSearch
from sklearn_halfnet.evolution.search import EvolutionSearch

__all__ = ["SearchState", "draw_batch"]

# Rows of the training set on which graphs are compared and calibrated.
_JUDGED_ROWS = 5_000
# Fewer where classes are so many that their outputs would be more numbers than these.
_JUDGED_VALUES = 2**20


@dataclass(frozen=True)
class SearchState:
    """A search between two of its steps.

    Parameters
    ----------
    engine : GuidedSearch or EvolutionSearch
    front : ParetoFront
        The best graphs so far.
    settings : dict
        Parameters that the search keeps to its end.
    history : tuple of dict
        Loss, connections and seconds after each step.
    """

    engine: GuidedSearch | EvolutionSearch
    front: ParetoFront
    settings: dict[str, Any]
    history: tuple[dict[str, Any], ...] = ()

    @classmethod
    def start(cls, engine, settings, data, rng):
        """Begin, with an empty front that compares graphs on some of the rows."""
        _, targets, share = data
        n_rows = min(_JUDGED_ROWS, max(1, _JUDGED_VALUES // len(targets)))
        batch = draw_batch(data, n_rows, rng)
        frequencies = targets @ (share / share.sum())
        front = ParetoFront(engine.kind, engine.weights, batch, frequencies)
        return cls(engine, front, settings)

    def resumed(self, former, max_connections):
        """Go on from another search of the same settings, with its best graphs."""
        front = self.front
        for graph, _ in former.front:
            if graph.n_connections <= max_connections:
                front = front.offered(graph)
        engine = copy.copy(self.engine)
        engine.go_on_from(former.engine, front.champion)
        return replace(self, engine=engine, front=front, history=former.history)

    def stepped(self, draw, rng):
        """Make a step.

        Parameters
        ----------
        draw : callable
            As the engines take it.
        rng : numpy.random.Generator

        Returns
        -------
        state : SearchState
            Its history does not tell of the step yet.
        loss : float
        """
        engine = copy.copy(self.engine)  # which sets its attributes anew in a step
        loss = engine.step(draw, rng)
        return replace(self, engine=engine), loss

    def noted(self, loss, seconds):
        """Add a step to the history."""
        entry = {"loss": loss, "n_connections": self.graph.n_connections}
        return replace(self, history=(*self.history, entry | {"seconds": seconds}))

    def judged(self):
        """Offer the graph of the last step to the front."""
        return replace(self, front=self.front.offered(self.graph))

    def without_rows(self):
        """Return the state as it stays in a model: without training rows."""
        return replace(self, front=self.front.without_rows())

    @property
    def graph(self):
        """The graph of the last step."""
        return self.engine.graph

    @property
    def weights(self):
        """Shared weights for which graphs are to do well."""
        return self.engine.weights

    @property
    def loss(self):
        """The smallest loss of the front."""
        return float(min(self.front.losses))

    @property
    def points(self):
        """Connections and loss of the front, (n_graphs, 2), smallest graph first."""
        points = self.front.points
        return points[np.argsort(points[:, 0])]


def draw_batch(data, size, rng):
    """Draw rows without repetition; all of them, in order, if there are no more."""
    X, targets, share = data
    if size < len(X):
        rows = rng.choice(len(X), size, replace=False)
        X, targets, share = X[rows], np.take(targets, rows, axis=1), share[rows]
    return X, targets, share / share.sum()
