"""A picture of a weight-agnostic network: nodes in layers, connections between."""

import numpy as np

from sklearn_halfnet.inspection._axes import axes_of
from sklearn_halfnet.inspection.graph import node_names, used_nodes

__all__ = ["GraphDisplay"]

# Beyond so many nodes in a layer, names would cover each other.
_MOST_NAMES = 40


class GraphDisplay:
    """A weight-agnostic network in layers, from the inputs on the left.

    Parameters
    ----------
    positions : dict of str to (float, float)
        Of each node.
    edges : list of (str, str)
        Source and target of each connection.
    activations : dict of str to str
        Of the hidden nodes.

    Attributes
    ----------
    ax_ : matplotlib Axes
    figure_ : matplotlib Figure

    Examples
    --------
    >>> from sklearn.datasets import load_wine
    >>> from sklearn_halfnet import WeightAgnosticClassifier
    >>> from sklearn_halfnet.inspection.graph_display import GraphDisplay
    >>> X, y = load_wine(return_X_y=True)
    >>> model = WeightAgnosticClassifier(max_iter=5, random_state=0).fit(X, y)
    >>> display = GraphDisplay.from_estimator(model)
    >>> len(display.edges) == model.n_connections_
    True
    """

    def __init__(self, positions, edges, activations):
        self.positions = positions
        self.edges = edges
        self.activations = activations

    @classmethod
    def from_estimator(cls, model):
        """Place the nodes: each layer in the order of what feeds it.

        Parameters
        ----------
        model : WeightAgnosticClassifier or WeightAgnosticRegressor
            Fitted.

        Returns
        -------
        display : GraphDisplay
        """
        sources, targets = node_names(model)
        pairs = np.argwhere(model.connections_)
        edges = [(sources[i], targets[j]) for i, j in pairs]
        names = zip(targets, model.node_activations_, strict=False)
        positions = _positions(used_nodes(model), edges)
        return cls(positions, edges, {name: str(f) for name, f in names})

    def plot(self, ax=None):
        """Draw it; a connection has the colour of its source's activation.

        Parameters
        ----------
        ax : matplotlib Axes, default=None

        Returns
        -------
        self : GraphDisplay
        """
        from matplotlib.collections import LineCollection

        self.ax_ = axes_of(ax)
        self.figure_ = self.ax_.figure
        colours = self._colours()
        lines = [(self.positions[a], self.positions[b]) for a, b in self.edges]
        shades = [colours[self.activations.get(a)] for a, _ in self.edges]
        alpha = np.clip(25 / np.sqrt(1 + len(lines) ** 1.3), 0.15, 0.8)
        self.ax_.add_collection(LineCollection(lines, colors=shades, alpha=alpha, lw=1))
        for kind, colour in colours.items():
            nodes = [n for n in self.positions if self.activations.get(n) == kind]
            if nodes:
                places = np.array([self.positions[node] for node in nodes])
                label = kind or "input, output"
                self.ax_.scatter(*places.T, s=24, color=colour, label=label, zorder=3)
        self._write_names()
        self.ax_.legend(loc="upper center", bbox_to_anchor=(0.5, 0), ncols=5)
        self.ax_.set_axis_off()
        return self

    def _colours(self):
        kinds = sorted(set(self.activations.values()))
        return {None: "0.35"} | {kind: f"C{i}" for i, kind in enumerate(kinds)}

    def _write_names(self):
        """Name inputs and outputs where there is room."""
        columns = [x for x, _ in self.positions.values()]
        for name, (x, y) in self.positions.items():
            outside = name not in self.activations
            if outside and columns.count(x) <= _MOST_NAMES:
                side = "right" if x == min(columns) else "left"
                offset = (-6 if side == "right" else 6, 0)
                self.ax_.annotate(
                    name,
                    (x, y),
                    offset,
                    textcoords="offset points",
                    ha=side,
                    va="center",
                    fontsize=8,
                )


def _positions(layers, edges):
    """Spread each layer over the height, ordered by the mean place of its sources."""
    feeding = {name: [] for name in layers}
    for source, target in edges:
        feeding[target].append(source)
    positions = {}
    for layer in sorted(set(layers.values())):
        names = [name for name, its in layers.items() if its == layer]
        if 0 < layer < max(layers.values()):
            names.sort(key=lambda name: -_mean_height(feeding[name], positions))
        heights = 1 - (np.arange(len(names)) + 0.5) / len(names)
        heights = heights.tolist()
        places = zip(names, heights, strict=True)
        positions |= {name: (float(layer), y) for name, y in places}
    return positions


def _mean_height(names, positions):
    return float(np.mean([positions[name][1] for name in names])) if names else 0.5
