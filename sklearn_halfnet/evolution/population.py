"""Losses of a whole population on a batch, each distinct node computed once.

A child differs from its parent by one change, so that most nodes of a population are
the same: they have the same activation and the same sources. ``NodeTable`` gives equal
nodes one number, whichever graph they stand in. Nodes of the same depth are then
computed together: one sparse product over their incoming connections, and one call for
each activation.
"""

from bisect import bisect_left
from itertools import count, groupby

import numpy as np
from joblib import Parallel, delayed, effective_n_jobs
from scipy.sparse import csr_array

from sklearn_halfnet.evolution.calibration import calibrate
from sklearn_halfnet.evolution.losses import losses
from sklearn_halfnet.features.shared_weight import NODE_ACTIVATIONS

__all__ = ["NodeTable", "population_losses"]

# Numbers that a table's activities may hold: 256 MB in single precision.
_MOST_VALUES = 2**26


class NodeTable:
    """Distinct nodes of graphs with the same inputs; an output is a linear node."""

    def __init__(self):
        self.numbers, self.depths = {}, []

    def add(self, graph):
        """Give numbers to the nodes that feed an output.

        Parameters
        ----------
        graph : Graph
            Its connections are taken for ones.

        Returns
        -------
        outputs : tuple of int
            Numbers of its outputs.
        """
        h, outputs = graph.n_hidden, []
        numbers = [None] * h
        for target, inputs, hidden in _incoming(graph):
            known = tuple(numbers[source] for source in hidden)
            if target < h:
                numbers[target] = self._number(graph.activations[target], inputs, known)
            else:
                outputs.append(self._number("linear", inputs, known))
        return tuple(outputs)

    def _number(self, *node):
        number = self.numbers.setdefault(node, len(self.depths))
        if number == len(self.depths):
            before = [self.depths[source] for source in node[2]]
            self.depths.append(1 + max(before, default=-1))
        return number

    def activities(self, X, weights):
        """Compute all nodes for every shared weight.

        Parameters
        ----------
        X : ndarray of shape (n, d)
        weights : ndarray of shape (W,)

        Returns
        -------
        acts : ndarray of shape (n_nodes, W, n)
        place : dict of int to int
            Where in ``acts`` a node of some number is.
        """
        n, w = len(X), np.asarray(weights, X.dtype)[:, None]
        rows = np.concatenate([X.T, np.ones((1, n), X.dtype)])
        acts = np.empty((len(self.depths), len(w), n), X.dtype)
        flat, place, end = acts.reshape(len(acts), len(w) * n), {}, 0
        for (depth, name), group in groupby(self._in_order(), lambda node: node[:2]):
            _, _, numbers, inputs, hidden = zip(*group, strict=True)
            begin, end = end, end + len(numbers)
            new = acts[begin:end]
            # What comes from inputs is the same sum for every weight.
            np.multiply(w, _sums(inputs, rows)[:, None], out=new)
            if depth:
                sources = [[place[source] for source in node] for node in hidden]
                new += w * _sums(sources, flat[:begin]).reshape(new.shape)
            if name != "linear":
                new[:] = NODE_ACTIVATIONS[name][0](new)
            place.update(zip(numbers, range(begin, end), strict=True))
        return acts, place

    def _in_order(self):
        """Sort nodes by depth, then by activation."""
        nodes = (
            (depth, name, number, inputs, hidden)
            for (name, inputs, hidden), number, depth in zip(
                self.numbers, count(), self.depths, strict=False
            )
        )
        return sorted(nodes, key=lambda node: node[:3])


def _incoming(graph):
    """Yield hidden nodes and outputs, in order, with their inputs and hidden sources.

    Only nodes that feed an output; sources are in order.
    """
    first, n_targets = graph.n_inputs + 1, graph.connections.shape[1]
    places = np.flatnonzero(graph.connections != 0)
    sources, targets = np.divmod(places, n_targets)
    sources = sources[np.argsort(targets, kind="stable")].tolist()
    ends = np.cumsum(np.bincount(targets, minlength=n_targets)).tolist()
    found, alive = [], set(range(graph.n_hidden, n_targets))
    for target in reversed(range(n_targets)):
        if target in alive:
            begin, end = ends[target - 1] if target else 0, ends[target]
            split = bisect_left(sources, first, begin, end)
            hidden = [source - first for source in sources[split:end]]
            alive.update(hidden)
            found.append((target, tuple(sources[begin:split]), hidden))
    return reversed(found)


def _sums(sources, rows):
    """Add up the rows that each list names."""
    ends = np.cumsum([0, *map(len, sources)])
    places = np.concatenate([np.asarray(s, np.int64) for s in sources])
    ones = np.ones(len(places), rows.dtype)
    return csr_array((ones, places, ends), shape=(len(sources), len(rows))) @ rows


def population_losses(graphs, kind, weights, batch, n_jobs=None):
    """Compute the loss of every graph for each shared weight.

    Uncalibrated for classes, as published; a squared error is that of the best line.

    Parameters
    ----------
    graphs : list of Graph
        With the same inputs.
    kind : {"softmax", "logistic", "squared_error"}
    weights : ndarray of shape (W,)
    batch : tuple of ndarray
        X (n, d), targets (K, n) and the rows' shares (n,), of sum one.
    n_jobs : int or None
        Threads; the result is the same.

    Returns
    -------
    losses : ndarray of shape (n_graphs, W)
    """
    found, n_rows = [], len(weights) * len(batch[0])
    for outputs, table in _tables(graphs, _MOST_VALUES // n_rows):
        acts, place = table.activities(batch[0], weights)
        # Graphs that compute the same are judged once.
        distinct = list(dict.fromkeys(outputs))
        places = np.array([[place[node] for node in nodes] for nodes in distinct])
        values = Parallel(n_jobs=n_jobs, prefer="threads")(
            delayed(_losses)(kind, acts, part, *batch[1:])
            for part in np.array_split(places, effective_n_jobs(n_jobs))
        )
        known = dict(zip(distinct, np.concatenate(values), strict=True))
        found += [known[nodes] for nodes in outputs]
    return np.stack(found)


def _tables(graphs, most):
    """Give numbers to the nodes of all graphs; yield a table when it is full.

    Yields
    ------
    outputs : list of tuple of int
        Numbers of the outputs of each of the next graphs.
    table : NodeTable
        With hardly more than ``most`` nodes.
    """
    outputs, table = [], NodeTable()
    for number, graph in enumerate(graphs, 1):
        outputs.append(table.add(graph))
        if len(table.depths) >= most or number == len(graphs):
            yield outputs, table
            outputs, table = [], NodeTable()


def _losses(kind, acts, places, targets, share):
    """Compute the losses of graphs whose outputs stand at these places."""
    found = np.empty((len(places), acts.shape[1]), acts.dtype)
    for loss, place in zip(found, places, strict=True):
        outputs = acts[place]
        scale = (
            calibrate(kind, outputs, targets, share) if kind == "squared_error" else ()
        )
        loss[:] = losses(kind, outputs, targets, share, *scale)
    return found
