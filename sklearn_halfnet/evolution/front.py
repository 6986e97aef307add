"""The best graphs found so far, by loss and by number of connections."""

from dataclasses import dataclass, replace

import numpy as np

from sklearn_halfnet.evolution.calibration import calibrate
from sklearn_halfnet.evolution.losses import losses
from sklearn_halfnet.features.shared_weight import Graph, forward

__all__ = ["ParetoFront"]


@dataclass(frozen=True)
class ParetoFront:
    """Graphs that no other one beats in both loss and connections.

    Parameters
    ----------
    kind : {"softmax", "logistic", "squared_error"}
    weights : ndarray of shape (W,)
    batch : tuple of ndarray or None
        Rows on which all graphs are compared: X (n, d), targets (K, n), shares (n,).
        None once nothing is compared any more.
    frequencies : ndarray of shape (K,), default=None
        See ``calibrate``.
    graphs : tuple of Graph
    losses : tuple of float
        Of each graph.
    """

    kind: str
    weights: np.ndarray
    batch: tuple[np.ndarray, ...] | None
    frequencies: np.ndarray | None = None
    graphs: tuple[Graph, ...] = ()
    losses: tuple[float, ...] = ()

    def offered(self, graph):
        """Measure a graph's mean loss, and take it in if it belongs to the front."""
        X, targets, share = self.batch
        graph = graph.pruned()
        outputs = forward(graph, X, self.weights)[0][graph.n_hidden :]
        sample = self.kind, outputs, targets, share
        scale = calibrate(*sample, frequencies=self.frequencies)
        loss = losses(*sample, *scale).mean()
        # Graphs that compute the same must tie, whatever rounding says.
        point = graph.n_connections, round(float(loss), 9)
        if self.graphs and (self.points <= point).all(axis=1).any():
            return self
        kept = [(g, v) for g, v in self if g.n_connections < point[0] or v < point[1]]
        graphs, values = zip(*kept, (graph, point[1]), strict=True)
        return replace(self, graphs=graphs, losses=values)

    def without_rows(self):
        """Return the same front without the rows on which graphs were compared."""
        return replace(self, batch=None)

    def __iter__(self):
        """Iterate over graphs and their losses."""
        return zip(self.graphs, self.losses, strict=True)

    @property
    def points(self):
        """Connections and loss of each graph, (n_graphs, 2)."""
        sizes = [graph.n_connections for graph in self.graphs]
        return np.column_stack([sizes, self.losses])

    @property
    def champion(self):
        """The graph of the smallest loss; None if there is none yet."""
        return self.graphs[int(np.argmin(self.losses))] if self.graphs else None
