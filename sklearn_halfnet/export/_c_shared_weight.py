"""A graph whose connections share one weight, in C."""

import numpy as np
from scipy import sparse

from sklearn_halfnet.export._c_activations import expression

__all__ = ["write_graph"]


def write_graph(source, step, out, x):
    """Write a SharedWeightGraph: node by node, as a list of connections.

    Parameters
    ----------
    source : CSource
    step : SharedWeightGraph
    out, x : tuple (str, int)
        Name and width of the outputs, weight by weight, and of the inputs.
    """
    net = step.graph
    into = sparse.csr_array(_without_bias(net).T)
    words = {
        "bias": source.array(net.connections[net.n_inputs].astype(float)),
        "starts": source.array(into.indptr),
        "sources": source.array(into.indices),
        "link": _link(source, into.data.astype(float)),
        "weights": source.array(np.asarray(step.weights, float)),
        "factor": source.array(np.asarray(step.factor, float)),
        "offset": source.array(np.asarray(step.offset, float)),
        "n_members": step.n_members,
        "n_hidden": net.n_hidden,
        "n_nodes": net.n_hidden + net.n_outputs,
        "n_outputs": net.n_outputs,
    }
    node = _node_function(source, net.activations)
    act = source.local("act", net.n_hidden + net.n_outputs)
    source.say(_NODES, act=act, node=node, out=out[0], x=x[0], n_in=x[1], **words)


_NODES = """
for (long m = 0; m < {n_members}; m++) {
    {act}
    for (long i = 0; i < {n_nodes}; i++) {
        {real} sum = {bias}[i];
        for (long j = {starts}[i]; j < (long){starts}[i + 1]; j++) {
            long s = {sources}[j];
            sum += {link}(s < {n_in} ? {x}[s] : act[s - {n_in}]);
        }
        act[i] = {node};
    }
    for (long i = 0; i < {n_outputs}; i++) {
        long k = {n_outputs} * m + i;
        {out}[k] = {factor}[k] * act[{n_hidden} + i] + {offset}[k];
    }
}
"""


def _without_bias(net):
    """Leave out the bias: hidden nodes then follow the inputs."""
    return np.delete(net.connections, net.n_inputs, axis=0)


def _link(source, values):
    """Write what a connection multiplies by: nothing where all are one."""
    return "" if (values == 1).all() else f"{source.array(values)}[j] * "


def _node_function(source, activations):
    """Write what a node makes of its sum: outputs leave it as it is."""
    total = "{weights}[m] * sum"
    if not activations:
        return total
    kinds = sorted(set(activations))
    cases = "\n".join(
        f"case {number}: return {expression(name)};"
        for number, name in enumerate(kinds)
    )
    text = "switch (kind) {\n" + cases + "\ndefault: return z;\n}"
    function = source.function("node", "int kind, {real} z", text)
    numbers = source.array(np.array([kinds.index(name) for name in activations]))
    return f"i < {{n_hidden}} ? {function}({numbers}[i], {total}) : {total}"
