"""How each step of a computation is written in C.

A value is an array of one row. A new kind of step, of stored weights or of activation
is one function and one line in a table.
"""

import numpy as np
from scipy import sparse

from sklearn_halfnet.export._c_activations import activation
from sklearn_halfnet.export._c_shared_weight import write_graph
from sklearn_halfnet.features.computation import (
    Join,
    Layer,
    Mean,
    Probabilities,
    Scale,
    SharedWeightGraph,
)
from sklearn_halfnet.weights.storage import BitStorage, DenseStorage, SparseStorage

__all__ = ["write_steps"]


def write_steps(source, computation, row, output):
    """Write all steps; the last one writes into the array ``output``.

    Parameters
    ----------
    source : CSource
    computation : Computation
    row, output : str
        Names of arrays.

    Returns
    -------
    n_bytes : int
        Of the arrays in between, on the stack.
    """
    values, n_bytes = [row], 0
    widths, last = computation.widths, computation.last
    for number, (step, sources) in enumerate(computation.steps, start=1):
        name, width = f"v{number}", widths[number]
        if number == last:
            name = output
        else:
            source.say("{real} {name}[{width}];", name=name, width=width)
            n_bytes += width * source.itemsize
        inputs = [(values[i], widths[i]) for i in sources]
        _STEPS[type(step)](source, step, (name, width), *inputs)
        values.append(name)
    return n_bytes


def _scale(source, step, out, x):
    mean, scale = step.scaling.mean, step.scaling.scale
    value = "{x}[i]"
    if mean is not None:
        value = f"({value} - {source.array(np.asarray(mean))}[i])"
    if scale is not None:
        value = f"{value} * {source.array(1 / np.asarray(scale))}[i]"
    source.say(
        """
        for (long i = 0; i < {n}; i++)
            {out}[i] = %s;
        """
        % value,
        **_words(out, x),
    )


def _join(source, step, out, *values):
    begin = 0
    for x in values:
        source.say(
            """
            for (long i = 0; i < {n_in}; i++)
                {out}[{begin} + i] = {x}[i];
            """,
            begin=begin,
            **_words(out, x),
        )
        begin += x[1]


def _layer(source, step, out, x):
    layer = step.layer
    add, value, words = _PRODUCTS[type(layer.weights)](source, layer)
    source.say(
        """
        for (long i = 0; i < {n}; i++) {
            {real} sum = 0;
        %s
            {out}[i] = %s;
        }
        """
        % (add, activation(source, layer.activation, value)),
        shifts=source.array(layer.shifts.astype(float)),
        **words,
        **_words(out, x),
    )


# Each product returns statements that add to ``sum``, what is then activated, and the
# words in both.


def _dense_product(source, layer):
    add = """\
            for (long j = 0; j < {n_in}; j++)
                sum += {weights}[{n_in} * i + j] * {x}[j];"""
    weights = layer.scaled_weights(_dtype(source))
    return add, "sum + {shifts}[i]", {"weights": source.array(weights)}


def _sparse_product(source, layer):
    add = """\
            for (long j = {starts}[i]; j < (long){starts}[i + 1]; j++)
                sum += {weights}[j] * {x}[{columns}[j]];"""
    csr = sparse.csr_array(layer.scaled_weights(_dtype(source)))
    words = {
        "weights": source.array(csr.data),
        "columns": source.array(csr.indices),
        "starts": source.array(csr.indptr),
    }
    return add, "sum + {shifts}[i]", words


def _bit_product(source, layer):
    # A row's first weight is the highest bit of its first byte; bit 1 means +1.
    add = """\
            for (long j = 0; j < {n_in}; j++)
                sum += (({bits}[{n_bytes} * i + j / 8] >> (7 - j % 8)) & 1) ? {x}[j] : -{x}[j];"""
    bits = layer.weights.bits
    words = {
        "bits": source.array(bits),
        "n_bytes": bits.shape[1],
        "scales": source.array(layer.scales.astype(float)),
    }
    return add, "{scales}[i] * sum + {shifts}[i]", words


def _dtype(source):
    return np.float32 if source.real == "float" else np.float64


_PRODUCTS = {
    DenseStorage: _dense_product,
    SparseStorage: _sparse_product,
    BitStorage: _bit_product,
}


def _mean(source, step, out, x):
    source.say(
        """
        for (long i = 0; i < {n}; i++) {
            {real} sum = 0;
            for (long m = 0; m < {members}; m++)
                sum += {x}[{n} * m + i];
            {out}[i] = sum / {members};
        }
        """,
        members=step.n_pooled,
        **_words(out, x),
    )


def _probabilities(source, step, out, x):
    source.say(
        """
        for (long i = 0; i < {n}; i++)
            {out}[i] = 0;
        for (long m = 0; m < {members}; m++) {
            const {real} *score = {x} + {n_scores} * m;
        %s
        }
        """
        % _LINKS[step.kind],
        members=step.n_pooled,
        n_scores=x[1] // step.n_pooled,
        **_words(out, x),
    )


_SOFTMAX = """\
            {real} largest = score[0], total = 0;
            for (long i = 1; i < {n}; i++)
                largest = score[i] > largest ? score[i] : largest;
            for (long i = 0; i < {n}; i++)
                total += exp{f}(score[i] - largest);
            for (long i = 0; i < {n}; i++)
                {out}[i] += exp{f}(score[i] - largest) / total / {members};"""
_LOGISTIC = """\
            for (long i = 0; i < {n}; i++)
                {out}[i] += 1 / (1 + exp{f}(-score[i])) / {members};"""
_TWO_CLASSES = """\
            {out}[0] += 1 / (1 + exp{f}(score[0])) / {members};
            {out}[1] += 1 / (1 + exp{f}(-score[0])) / {members};"""
_LINKS = {
    "multiclass": _SOFTMAX,
    "multilabel": _LOGISTIC,
    "binary": _TWO_CLASSES,
}


def _words(out, x):
    return {"out": out[0], "n": out[1], "x": x[0], "n_in": x[1]}


_STEPS = {
    Scale: _scale,
    Join: _join,
    Layer: _layer,
    SharedWeightGraph: write_graph,
    Mean: _mean,
    Probabilities: _probabilities,
}
