"""Forward and backward pass of a graph whose connections share one weight.

Shapes: d inputs, H hidden nodes, K outputs, W shared weights, n samples. Sources are
the d inputs, a bias of one and the H hidden nodes; targets are the H hidden nodes and
the K outputs. Hidden nodes stand in topological order. With connections A[source,
target] and one weight w,

    pre[target] = w * sum over sources of A[source, target] * act[source],

a hidden node's activity is f(pre) with its own f, and an output is its pre [1]_.

References
----------
.. [1] A. Gaier and D. Ha, "Weight Agnostic Neural Networks", arXiv:1906.04358, 2019.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.special import expit

__all__ = ["NODE_ACTIVATIONS", "Graph", "backward", "connection_sums", "forward"]

# name -> (f, derivative as a function of pre and act). A step has no slope that could
# guide a search; that of a steep logistic function stands for it.
NODE_ACTIVATIONS = {
    "linear": (lambda z: z.copy(), lambda z, a: np.ones_like(z)),
    "step": (lambda z: (z > 0).astype(z.dtype), lambda z, a: np.exp(-(z**2))),
    "sin": (np.sin, lambda z, a: np.cos(z)),
    "gaussian": (lambda z: np.exp(-0.5 * z * z), lambda z, a: -z * a),
    "tanh": (np.tanh, lambda z, a: 1 - a * a),
    "logistic": (expit, lambda z, a: a * (1 - a)),
    "inverse": (np.negative, lambda z, a: -np.ones_like(z)),
    "absolute": (np.abs, lambda z, a: np.sign(z)),
    "relu": (lambda z: np.maximum(z, 0), lambda z, a: (z > 0).astype(z.dtype)),
}


@dataclass(frozen=True)
class Graph:
    """A feed-forward graph.

    Parameters
    ----------
    n_inputs : int
    activations : tuple of str
        Names in ``NODE_ACTIVATIONS``, one a hidden node, in topological order.
    connections : ndarray of shape (d + 1 + H, H + K)
        Zero where there is no connection; else one, or a trained weight.
    """

    n_inputs: int
    activations: tuple
    connections: np.ndarray

    @property
    def n_hidden(self):
        """Hidden nodes H."""
        return len(self.activations)

    @property
    def n_outputs(self):
        """Outputs K."""
        return self.connections.shape[1] - self.n_hidden

    @property
    def n_connections(self):
        """Connections present."""
        return int(np.count_nonzero(self.connections))

    @property
    def between_hidden(self):
        """Connections from hidden nodes, (H, H + K)."""
        return self.connections[self.n_inputs + 1 :]

    def allowed(self):
        """Mask of the connections that keep the graph feed-forward."""
        mask = np.ones(self.connections.shape, bool)
        h = self.n_hidden
        mask[self.n_inputs + 1 :, :h] = np.triu(np.ones((h, h), bool), 1)
        return mask

    @cached_property
    def levels(self):
        """Lists of hidden nodes that depend only on nodes of the lists before."""
        depth, before = np.zeros(self.n_hidden, int), None
        inner = self.between_hidden[:, : self.n_hidden] != 0
        # The depth of level k is final after k rounds.
        while not np.array_equal(depth, before):
            before = depth
            depth = np.where(inner, depth[:, None] + 1, 0).max(axis=0, initial=0)
        return [np.flatnonzero(depth == level) for level in np.unique(depth)]

    def pruned(self):
        """Without hidden nodes that reach no output."""
        alive = np.zeros(self.n_hidden, bool)
        inner = self.between_hidden != 0
        for node in reversed(range(self.n_hidden)):
            targets = np.append(alive, np.ones(self.n_outputs, bool))
            alive[node] = (inner[node] & targets).any()
        rows = np.append(np.ones(self.n_inputs + 1, bool), alive)
        columns = np.append(alive, np.ones(self.n_outputs, bool))
        names = tuple(np.array(self.activations, dtype=object)[alive])
        return Graph(self.n_inputs, names, self.connections[rows][:, columns])


def forward(graph, X, weights):
    """Compute activities for every shared weight at once.

    Parameters
    ----------
    graph : Graph
    X : ndarray of shape (n, d)
    weights : ndarray of shape (W,)

    Returns
    -------
    pre : ndarray of shape (H + K, W, n)
        Of hidden nodes and outputs; ``pre[H:]`` are the outputs.
    acts : ndarray of shape (H, W, n)
    """
    d, h = graph.n_inputs, graph.n_hidden
    links = graph.connections.astype(X.dtype)
    w = np.asarray(weights, X.dtype)[:, None]
    # What comes from inputs is the same sum for every weight: one product for all.
    base = links[:d].T @ X.T + links[d][:, None]
    pre = w * base[:, None, :]
    acts = np.zeros((h, *pre.shape[1:]), X.dtype)
    flat = acts.reshape(h, pre[0].size)
    names = np.array(graph.activations, dtype=object)
    for number, level in enumerate(graph.levels):
        if number:
            pre[level] += w * _from_hidden(graph, links, flat, level, pre)
        for name in dict.fromkeys(names[level]):
            nodes = level[names[level] == name]
            acts[nodes] = NODE_ACTIVATIONS[name][0](pre[nodes])
    if h:
        outputs = np.arange(h, len(pre))
        pre[outputs] += w * _from_hidden(graph, links, flat, outputs, pre)
    return pre, acts


def _from_hidden(graph, links, flat, targets, pre):
    inner = links[graph.n_inputs + 1 :][:, targets]
    return (inner.T @ flat).reshape(len(targets), *pre.shape[1:])


def backward(graph, weights, pre, acts, gradient, curvature):
    """Carry a loss's derivatives at the outputs back to every node.

    Parameters
    ----------
    graph : Graph
    weights : ndarray of shape (W,)
    pre, acts : ndarray
        From ``forward``.
    gradient, curvature : ndarray of shape (K, W, n)
        First and second derivatives of the loss by each output.

    Returns
    -------
    gradient, curvature : ndarray of shape (H + K, W, n)
        By each node's pre; the curvature is the diagonal of Gauss and Newton's
        approximation.
    """
    h, w = graph.n_hidden, np.asarray(weights, pre.dtype)[:, None]
    first, second = np.zeros_like(pre), np.zeros_like(pre)
    first[h:], second[h:] = gradient, curvature
    links = graph.between_hidden.astype(pre.dtype)
    for level in reversed(graph.levels):
        names = [graph.activations[node] for node in level]
        slope = np.stack(
            [
                NODE_ACTIVATIONS[name][1](pre[node], acts[node])
                for name, node in zip(names, level, strict=True)
            ]
        )
        slope *= w
        for store, power in ((first, 1), (second, 2)):
            later = (links[level] ** power) @ store.reshape(len(store), -1)
            store[level] = slope**power * later.reshape(slope.shape)
    return first, second


def connection_sums(graph, X, weights, acts, values, power):
    """Sum (w * act[source])**power * values[target] over weights and samples.

    With a loss's gradient and power 1 this is the derivative by every possible
    connection; with its curvature and power 2 the second derivative.

    Parameters
    ----------
    graph : Graph
    X : ndarray of shape (n, d)
    weights : ndarray of shape (W,)
    acts : ndarray of shape (H, W, n)
    values : ndarray of shape (T, W, n)
    power : {1, 2}

    Returns
    -------
    sums : ndarray of shape (d + 1 + H, T)
    """
    w = np.asarray(weights, X.dtype)[:, None]
    scaled = values * w**power
    per_sample = scaled.sum(axis=1)
    flat = scaled.reshape(len(values), per_sample.shape[1] * len(w))
    hidden = acts.reshape(len(acts), flat.shape[1])
    if power == 2:
        X, hidden = X * X, hidden * hidden
    return np.concatenate(
        [X.T @ per_sample.T, per_sample.sum(axis=1)[None], hidden @ flat.T]
    )
