"""A computation in ONNX operators, from rows to what a model answers."""

import numpy as np

from sklearn_halfnet.export._onnx_steps import write_steps
from sklearn_halfnet.export._source import class_labels
from sklearn_halfnet.export._stored import WEIGHTS_IN_ONNX, stored

__all__ = ["write_model"]


def write_model(graph, computation, rows, options):
    """Write a whole computation.

    Parameters
    ----------
    graph : OnnxGraph
    computation : Computation
    rows : str
        Name of the input.
    options : dict
        ``weights`` and ``trained``, as of ``to_onnx``.

    Returns
    -------
    outputs : list of (str, dtype, list)
        Name, type and shape of each.
    """
    computation = stored(computation, **options, known=WEIGHTS_IN_ONNX)
    last = write_steps(graph, computation, rows)
    return _OUTPUTS[computation.kind](graph, computation, last)


def _values(graph, computation, last):
    graph.add("Identity", last, output="variable")
    return [("variable", graph.dtype, [None, computation.widths[-1]])]


def _classes(graph, computation, last):
    labels = class_labels(computation.classes)
    index = graph.add("ArgMax", last, axis=1, keepdims=0)
    graph.add("Gather", labels, index, axis=0, output="label")
    label = "label", labels.dtype, [None]
    return [label, _probabilities(graph, computation, last)]


def _indicators(graph, computation, last):
    positive = graph.add("Greater", last, np.array(0.5))
    graph.add("Cast", positive, to=graph.type_number(np.int64), output="label")
    shape = [None, len(computation.classes)]
    return [("label", np.int64, shape), _probabilities(graph, computation, last)]


def _probabilities(graph, computation, last):
    graph.add("Identity", last, output="probabilities")
    return "probabilities", graph.dtype, [None, len(computation.classes)]


_OUTPUTS = {
    "values": _values,
    "binary": _classes,
    "multiclass": _classes,
    "multilabel": _indicators,
}
