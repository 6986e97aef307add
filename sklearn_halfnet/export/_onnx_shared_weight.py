"""A graph whose connections share one weight, in ONNX operators."""

import numpy as np

from sklearn_halfnet.export._onnx_values import activate, scattered

__all__ = ["write_graph"]


def write_graph(graph, step, x):
    """Write a SharedWeightGraph, all its shared weights at once.

    Hidden nodes are sorted by level and activation. Each group is then one product with
    the nodes before it and one activation.

    Parameters
    ----------
    graph : OnnxGraph
    step : SharedWeightGraph
    x : str
        Name of the scaled inputs, (n_rows, d).

    Returns
    -------
    name : str
        Of the outputs (n_rows, W * K), weight by weight.
    """
    nodes = _Nodes(graph, step, x)
    acts, begin = None, 0
    for members, activation in _groups(step.graph):
        end = begin + len(members)
        new = activate(graph, activation, nodes.pre(acts, begin, end))
        acts = new if acts is None else graph.add("Concat", acts, new, axis=2)
        begin = end
    outputs = nodes.pre(acts, begin, begin + step.graph.n_outputs)
    outputs = graph.add("Mul", outputs, step.factor)
    outputs = graph.add("Add", outputs, step.offset)
    return graph.add("Reshape", outputs, graph.numbers([0, step.factor.size]))


class _Nodes:
    """Weighted sums of a graph's nodes, (n_rows, W, number of nodes)."""

    def __init__(self, graph, step, x):
        links = _sorted_links(step.graph)
        rows, columns = np.nonzero(links)
        values = links[rows, columns]
        self.graph = graph
        self.matrix = scattered(graph, rows, columns, values, links.shape)
        self.weights = np.reshape(step.weights, (-1, 1))
        self.first_hidden = step.graph.n_inputs + 1
        self.base = self._from_inputs(x, links.shape[1])

    def _from_inputs(self, x, n_targets):
        """Write what inputs and bias give for any weight, (n_rows, 1, H + K)."""
        d = self.first_hidden - 1
        of_inputs = self._links(0, d, 0, n_targets)
        bias = self._links(d, d + 1, 0, n_targets)
        base = self.graph.add("Gemm", x, of_inputs, bias)
        return self.graph.add("Unsqueeze", base, self.graph.numbers([1]))

    def _links(self, *bounds):
        return _cut(self.graph, self.matrix, bounds[::2], bounds[1::2], [0, 1])

    def pre(self, acts, begin, end):
        """Write sums of the nodes begin to end, from inputs and all nodes before."""
        total = _cut(self.graph, self.base, [begin], [end], [2])
        if acts is not None:
            # As many nodes come before as there are columns before.
            first = self.first_hidden
            inner = self._links(first, first + begin, begin, end)
            total = self.graph.add("Add", total, self.graph.add("MatMul", acts, inner))
        return self.graph.add("Mul", total, self.weights)


def _cut(graph, value, begin, end, axes):
    bounds = (graph.numbers(each) for each in (begin, end, axes))
    return graph.add("Slice", value, *bounds)


def _groups(net):
    """Hidden nodes of one level and activation, in an order that can be computed."""
    names = np.array(net.activations, dtype=object)
    return [
        (level[names[level] == name], name)
        for level in net.levels
        for name in dict.fromkeys(names[level])
    ]


def _sorted_links(net):
    """Put the hidden nodes of the connections in the order of the groups."""
    order = [node for members, _ in _groups(net) for node in members]
    first = net.n_inputs + 1
    rows = [*range(first), *(first + node for node in order)]
    columns = [*order, *range(net.n_hidden, net.connections.shape[1])]
    return net.connections[rows][:, columns]
