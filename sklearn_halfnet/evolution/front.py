"""The best graphs found so far, by loss and by number of connections."""

import numpy as np

from sklearn_halfnet.evolution.calibration import calibrate
from sklearn_halfnet.evolution.losses import losses
from sklearn_halfnet.features.shared_weight import forward

__all__ = ["ParetoFront"]


class ParetoFront:
    """Graphs that no other one beats in both loss and connections.

    Parameters
    ----------
    kind : {"softmax", "logistic", "squared"}
    weights : ndarray of shape (W,)
    batch : tuple of ndarray
        Rows on which all graphs are compared: X (n, d), targets (K, n), shares (n,).
    frequencies : ndarray of shape (K,), default=None
        See ``calibrate``.
    """

    def __init__(self, kind, weights, batch, frequencies=None):
        self.kind, self.weights, self.batch = kind, weights, batch
        self.frequencies = frequencies
        self.losses, self.graphs = [], []

    def offer(self, graph):
        """Measure a graph's mean loss, and keep it if it belongs to the front."""
        X, targets, share = self.batch
        graph = graph.pruned()
        outputs = forward(graph, X, self.weights)[0][graph.n_hidden :]
        sample = self.kind, outputs, targets, share
        scale = calibrate(*sample, frequencies=self.frequencies)
        loss = losses(*sample, *scale).mean()
        # Graphs that compute the same must tie, whatever rounding says.
        point = graph.n_connections, round(float(loss), 9)
        if self.graphs and (self.points <= point).all(axis=1).any():
            return
        kept = [(g, v) for g, v in self if g.n_connections < point[0] or v < point[1]]
        self.graphs, self.losses = map(list, zip(*kept, (graph, point[1]), strict=True))

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
