"""Guided search: score every possible change by the loss's derivatives, make the best.

In a step, all connections that could be added or removed are scored by the gradient
and curvature of the loss (two matrix products), and so is a batch of random new nodes.
The best changes are made together and kept if the loss on another batch, computed
exactly, falls by more than ``penalty`` times the connections they cost. So a batch's
noise is not taken for a gain; where all gains are noise, batches grow.
"""

from dataclasses import dataclass, field

import numpy as np

from sklearn_halfnet.evolution.calibration import calibrate
from sklearn_halfnet.evolution.losses import derivatives, losses
from sklearn_halfnet.features.shared_weight import (
    NODE_ACTIVATIONS,
    Graph,
    backward,
    connection_sums,
    forward,
)

__all__ = ["GuidedSearch"]

# Beyond it, steps get slow faster than they get better.
_MOST_GROWTH = 5.0


@dataclass
class GuidedSearch:
    """State of a guided search.

    Parameters
    ----------
    graph : Graph
    kind : {"softmax", "logistic", "squared_error"}
        Loss.
    weights : ndarray of shape (W,)
        Shared weights.
    activations : sequence of str
        That new nodes may have.
    penalty : float
        Fall of the loss that a connection must earn.
    max_connections : int
    n_candidates : int
        New nodes scored a step.
    n_changes : float
        Changes made together; adapts to what is accepted.
    growth : float
        Size of a batch, in usual ones; rises when nothing is accepted.
    scale : tuple of ndarray of shape (K, W)
        Factors and offsets, the calibration of outputs of mean zero, from which that of
        the next batch starts.
    """

    graph: Graph
    kind: str
    weights: np.ndarray
    activations: tuple
    penalty: float
    max_connections: int
    n_candidates: int
    n_changes: float = 8.0
    growth: float = 1.0
    scale: tuple = field(default=None, repr=False)

    def __post_init__(self):
        """Start with factors that undo the two weights on a path by a hidden node."""
        if self.scale is None:
            square = np.maximum(np.square(self.weights), 1e-3)
            factor = np.tile(0.3 / square, (self.graph.n_outputs, 1))
            self.scale = factor.astype(self.weights.dtype), None

    def go_on_from(self, other, best):
        """Take over what another search of the same data has found.

        Parameters
        ----------
        other : GuidedSearch
        best : Graph or None
            To go on from where the other's graph has too many connections.
        """
        fits = other.graph.n_connections <= self.max_connections
        self.graph = other.graph if fits else best or self.graph
        self.scale = other.scale
        self.n_changes, self.growth = other.n_changes, other.growth

    def step(self, draw, rng):
        """Choose changes on one batch, and test them on another one.

        Parameters
        ----------
        draw : callable
            ``draw(growth)`` returns a fresh batch, that many times the usual size: X
            (n, d), targets (K, n) and the rows' shares (n,), of sum one.
        rng : numpy.random.Generator

        Returns
        -------
        loss : float
            Mean over the shared weights, of the graph that is kept.
        """
        self.graph = self.graph.pruned()
        X, targets, share = draw(self.growth)
        fresh = draw(self.growth)
        pre, acts, slopes = self._derivatives(X, targets, share)
        nodes = backward(self.graph, self.weights, pre, acts, *slopes)
        gain = self._gains(X, share, acts, nodes)
        loss = self._loss(self.graph, fresh)[0]
        loss, toggled = self._attempt(fresh, loss, self._toggled(gain))
        self.n_changes = np.clip(self.n_changes * (1.3 if toggled else 0.6), 1, 200)
        if toggled:
            pre, acts, slopes = self._derivatives(X, targets, share)
        accepted = False
        for grown in self._grown(X, share, acts, slopes, gain, rng):
            loss, accepted = self._attempt(fresh, loss, grown)
            if accepted:
                break
        # What seemed good on a batch was noise: the next ones must be larger.
        if not (toggled or accepted):
            self.growth = min(1.2 * self.growth, _MOST_GROWTH)
        return float(loss)

    def _derivatives(self, X, targets, share):
        """Go forward, and go on with the calibration."""
        pre, acts = forward(self.graph, X, self.weights)
        batch = self._outputs(pre, share), targets, share
        self.scale = calibrate(self.kind, *batch, self.scale, 2)
        return pre, acts, derivatives(self.kind, *batch, *self.scale)

    def _loss(self, graph, batch):
        """Compute a graph's mean loss over the shared weights, and its calibration."""
        X, targets, share = batch
        batch = self._outputs(forward(graph, X, self.weights)[0], share), targets, share
        scale = calibrate(self.kind, *batch, self.scale, 2)
        return losses(self.kind, *batch, *scale).mean(), scale

    def _attempt(self, batch, loss, graph):
        """Keep a changed graph if it is worth its connections."""
        if graph is None:
            return loss, False
        new, scale = self._loss(graph, batch)
        cost = graph.n_connections - self.graph.n_connections
        if not new + self.penalty * cost < loss:
            return loss, False
        self.graph, self.scale = graph, scale
        return new, True

    def _outputs(self, pre, share):
        """Centre the outputs: offsets then stay where a change moves a mean."""
        return _centred(pre[-self.graph.n_outputs :], share)

    def _gains(self, X, share, acts, nodes):
        """Estimate the net gain of toggling each connection; -inf where forbidden.

        An output's offset makes up for the mean of what is added to it.
        """
        links, h = self.graph.connections, self.graph.n_hidden
        sign = np.where(links != 0, -1, 1)
        centred = self.graph, X - share @ X, self.weights, _centred(acts, share)
        first, second = (
            np.hstack(
                [
                    connection_sums(self.graph, X, self.weights, acts, values[:h], p),
                    connection_sums(*centred, values[h:], p),
                ]
            )
            for values, p in zip(nodes, (1, 2), strict=True)
        )
        # Of the bias, which is nothing but its mean, nothing is left.
        first[self.graph.n_inputs, h:] = second[self.graph.n_inputs, h:] = 0
        gain = -(sign * first + 0.5 * second) - self.penalty * sign
        return np.where(self.graph.allowed(), gain, -np.inf)

    def _toggled(self, gain):
        """Toggle the best connections, within ``max_connections``."""
        links, flat = self.graph.connections, gain.ravel()
        best = np.argsort(-flat, kind="stable")[: 4 * int(self.n_changes) + 400]
        present = links.ravel()[best] != 0
        add = best[~present & (flat[best] > 0)][: int(self.n_changes)]
        removal = np.where(links.ravel() != 0, flat, -np.inf)
        drop = np.argsort(-removal, kind="stable")[: len(add) + int(self.n_changes)]
        n_drop = int((removal[drop] > 0).sum())
        room = self.max_connections - self.graph.n_connections
        while n_drop < min(len(drop), len(add) - room):
            # Full: an addition must be worth the removal that makes way for it.
            if removal[drop[n_drop]] + flat[add[min(room + n_drop, len(add) - 1)]] <= 0:
                break
            n_drop += 1
        add = add[: max(room + n_drop, 0)]
        if not len(add) + n_drop:
            return None
        changed = links.copy().ravel()
        changed[add], changed[drop[:n_drop]] = 1, 0
        changed = changed.reshape(links.shape)
        return Graph(self.graph.n_inputs, self.graph.activations, changed)

    def _grown(self, X, share, acts, slopes, gain, rng):
        """Yield the graph with several new nodes, then with the best one alone."""
        graph, d = self.graph, self.graph.n_inputs
        sources, names = self._candidates(X, share, slopes, rng)
        pre = forward(Graph(d, (), sources), X, self.weights)[0]
        new = np.stack(
            [NODE_ACTIVATIONS[name][0](p) for name, p in zip(names, pre, strict=True)]
        )
        new = _centred(new, share)
        first, second = (
            connection_sums(graph, X, self.weights, new, values, power)[d + 1 :]
            for values, power in zip(slopes, (1, 2), strict=True)
        )
        worth = -(first + 0.5 * second) - self.penalty
        chosen = _disjoint(worth, self.penalty * sources.sum(axis=0))
        for taken in (chosen, chosen[:1]) if len(chosen) > 1 else (chosen,):
            grown = graph
            for node, outputs in taken:
                grown = _with_node(grown, sources[:, node], outputs, names[node])
            grown = self._with_room(grown, gain) if taken else None
            if grown is not None:
                yield grown

    def _with_room(self, grown, gain):
        """Remove the least useful old connections if there are too many now."""
        excess = grown.n_connections - self.max_connections
        if excess <= 0:
            return grown
        links, h = self.graph.connections, self.graph.n_hidden
        old = np.where(links != 0, gain, -np.inf)
        if excess > np.isfinite(old).sum():
            return None
        drop = np.argsort(-old.ravel(), kind="stable")[:excess]
        rows, columns = np.unravel_index(drop, links.shape)
        # New nodes are the last hidden ones: outputs move on by their number.
        columns = columns + (columns >= h) * (grown.n_hidden - h)
        grown.connections[rows, columns] = 0
        return grown

    def _candidates(self, X, share, slopes, rng):
        """Draw inputs of new nodes: those that would help some outputs, or any."""
        k, n = self.graph.n_outputs, self.n_candidates
        names = rng.choice(np.array(self.activations, dtype=object), n)
        wanted = rng.random((n, k)) < rng.uniform(0.5 / k, 0.6, (n, 1))
        wanted[np.arange(n), rng.integers(k, size=n)] = True
        w = self.weights.astype(X.dtype)[:, None]
        per_sample = (slopes[0] * w * w).sum(axis=1)
        pull = -(X.T @ per_sample.T) @ wanted.T
        # What helps all classes of a softmax helps none: then only rounding is left.
        rounding = 100 * np.finfo(X.dtype).eps * np.abs(per_sample).sum()
        pull[np.abs(pull) <= rounding] = 0
        slope = np.array(
            [float(NODE_ACTIVATIONS[name][1](_ZERO, _ZERO)[0]) for name in names]
        )
        pull = pull * np.sign(slope) / np.sqrt(share @ (X * X) + 1e-6)[:, None]
        aimless = ~pull.any(axis=0)
        pull += np.where(aimless, rng.random(pull.shape), 0)
        size = np.minimum(rng.geometric(0.15, n), X.shape[1])
        noise = rng.gumbel(size=pull.shape) * pull.std(axis=0) * rng.random(n) * 0.5
        order = (-(pull + noise)).argsort(axis=0).argsort(axis=0)
        sources = np.zeros((X.shape[1] + 1, n), X.dtype)
        sources[:-1] = order < size
        return sources, names


_ZERO = np.zeros(1)


def _centred(values, share):
    """Subtract means over rows."""
    return values - (values @ share)[..., None]


def _disjoint(worth, costs):
    """Choose nodes greedily so that no output gets two: their gains then add up.

    Parameters
    ----------
    worth : ndarray of shape (n_nodes, K)
        Net gain of joining a node to an output.
    costs : ndarray of shape (n_nodes,)
        Of a node's own connections.

    Returns
    -------
    chosen : list of (int, ndarray of bool of shape (K,))
        Nodes and the outputs that they are joined to, the best first.
    """
    worth, chosen = np.maximum(worth, 0), []
    while True:
        total = worth.sum(axis=1) - costs
        best = int(total.argmax())
        if not total[best] > 0:
            return chosen
        outputs = worth[best] > 0
        chosen.append((best, outputs))
        worth = np.where(outputs, 0, worth)


def _with_node(graph, sources, outputs, name):
    """Append a hidden node behind all others."""
    h = graph.n_hidden
    sources = np.append(sources, np.zeros(h, sources.dtype))
    links = np.insert(graph.connections, h, sources, axis=1)
    row = np.zeros(links.shape[1], links.dtype)
    row[h + 1 :] = outputs
    links = np.concatenate([links, row[None]])
    return Graph(graph.n_inputs, (*graph.activations, str(name)), links)
