"""How each step of a computation is written in C.

A value is an array of one row. A new kind of step, of stored weights or of activation
is one function and one line in a table.
"""

from textwrap import indent

import numpy as np

from sklearn_halfnet.export._c_activations import activation
from sklearn_halfnet.export._c_convolution import (
    write_channels,
    write_convolution,
    write_pool,
)
from sklearn_halfnet.export._c_products import PRODUCTS, element
from sklearn_halfnet.export._c_shared_weight import write_graph
from sklearn_halfnet.features.computation import (
    ChannelMap,
    Convolution,
    Exponential,
    Join,
    Layer,
    Mean,
    Pool,
    Probabilities,
    Scale,
    SharedWeightGraph,
    Sorted,
    Sum,
)
from sklearn_halfnet.features.scaling import FAR

__all__ = ["write_steps"]


def write_steps(source, computation, row, output):
    """Write all steps; the last one writes into the array ``output``.

    Parameters
    ----------
    source : CSource
    computation : Computation
    row, output : str
        Names of arrays.
    """
    values, widths = [(row, computation.n_features)], computation.widths
    for number, (step, sources) in enumerate(computation.steps, start=1):
        value = f"v{number}", widths[number]
        if number == computation.last:
            value = output, widths[number]
        else:
            source.say(source.local(*value))
        inputs = [values[i] for i in sources]
        _STEPS[type(step)](source, step, value, *inputs)
        values.append(value)


def _words(out, x):
    return {"out": out[0], "n": out[1], "x": x[0], "n_in": x[1]}


def _scale(source, step, out, x):
    coding = step.scaling.coding
    if coding is None:
        _scaled(source, step.scaling, out, x)
        return
    begin = step.width(x[1]) - coding.width
    if len(coding.numeric):
        numbers = f"{out[0]}_numbers", len(coding.numeric)
        source.say(source.local(*numbers))
        columns, filling = source.array(coding.numeric), step.scaling.filling
        words = {"columns": columns, "filling": source.array(filling)}
        source.say(_FILL, **words, **_words(numbers, x))
        _scaled(source, step.scaling, out, numbers)
    if len(coding.flagged):
        words = {"columns": source.array(coding.flagged), "begin": begin}
        source.say(_FLAG, **words, **_words((out[0], len(coding.flagged)), x))
        begin += len(coding.flagged)
    for column, table in coding.tables.items():
        words = {"begin": begin, "column": column, "missing": len(table) - 2}
        width = table.shape[1]
        words["table"] = source.array(table)
        source.say(_LOOK_UP, **words, **_words((out[0], width), x))
        begin += width


# What is not equal to itself is NaN.
_FILL = """
for (long i = 0; i < {n}; i++) {
    {real} number = {x}[{columns}[i]];
    {out}[i] = number != number ? {filling}[i] : number;
}
"""
_FLAG = """
for (long i = 0; i < {n}; i++)
    {out}[{begin} + i] = {x}[{columns}[i]] != {x}[{columns}[i]];
"""
# A row a category, then one for missing, then one for anything else.
_LOOK_UP = """
{
    {real} code = {x}[{column}];
    long row = {missing};
    if (code == code)
        row = code >= 0 && code < {missing} ? (long)code : {missing} + 1;
    for (long i = 0; i < {n}; i++)
        {out}[{begin} + i] = {table}[{n} * row + i];
}
"""


def _scaled(source, scaling, out, x):
    mean, scale = scaling.mean, scaling.scale
    value = "{x}[i]"
    if mean is not None:
        value = f"({value} - {source.array(np.asarray(mean))}[i])"
    if scale is not None:
        value = f"{value} * {source.array(1 / np.asarray(scale))}[i]"
    if scaling.limit is not None:
        limited = source.function("limited", "{real} z, {real} inverse", _LIMITED)
        value = f"{limited}({value}, {source.array(1 / scaling.limit)}[i])"
    source.say(_EACH, value=value, **_words((out[0], x[1]), x))
    if scaling.embedding is not None:
        _waves(source, scaling.embedding, out[0], x[1])


def _waves(source, embedding, out, n_columns):
    source.say(
        _WAVES,
        out=out,
        n_in=n_columns,
        k=embedding.frequencies.shape[1],
        w=source.array(embedding.frequencies.ravel()),
        b=source.array(embedding.phases.ravel()),
        amplitude=source.array(np.array([embedding.amplitude])),
    )


_WAVES = """
for (long i = 0; i < {n_in} * {k}; i++)
    {out}[{n_in} + i] = {amplitude}[0] * cos{f}({w}[i] * {out}[i / {k}] + {b}[i]);
"""

_LIMITED = f"""
z = fmin{{f}}(fmax{{f}}(z, -{FAR}{{f}}), {FAR}{{f}});
return z / sqrt{{f}}(1 + z * inverse * (z * inverse));
"""


_EACH = """
for (long i = 0; i < {n}; i++)
    {out}[i] = {value};
"""


def _join(source, step, out, *values):
    begin = 0
    for x in values:
        source.say(_COPY, begin=begin, **_words(out, x))
        begin += x[1]


_COPY = """
for (long i = 0; i < {n_in}; i++)
    {out}[{begin} + i] = {x}[i];
"""


def _sum(source, step, out, *values):
    value = " + ".join(f"{name}[i]" for name, _ in values)
    source.say(_EACH, value=value, **_words(out, values[0]))


def _layer(source, step, out, x):
    layer = step.layer
    total, scale, before, each = PRODUCTS[type(layer.weights)](source, layer, x)
    value = f"{scale} * sum" if scale else "sum"
    value = f"{value} + {element(source, layer.shifts)}"
    words = {
        "before": before,
        "each": each,
        "total": total,
        "value": activation(source, layer.activation, value),
    }
    source.say(_UNITS if before else _PLAIN_UNITS, **words, **_words(out, x))


_PLAIN_UNITS = """
for (long i = 0; i < {n}; i++) {
    {each}
    {real} sum = {total};
    {out}[i] = {value};
}
"""
_UNITS = f"""
{{
    {{before}}
{indent(_PLAIN_UNITS.strip(), "    ")}
}}
"""


def _mean(source, step, out, x):
    source.say(_MEAN, n_pooled=step.n_pooled, **_words(out, x))


_MEAN = """
for (long i = 0; i < {n}; i++) {
    {real} sum = 0;
    for (long m = 0; m < {n_pooled}; m++)
        sum += {x}[{n} * m + i];
    {out}[i] = sum / {n_pooled};
}
"""


def _probabilities(source, step, out, x):
    link, several = _LINKS[step.kind], step.n_pooled > 1
    words = {
        "link": link,
        "set": "+=" if several else "=",
        "share": f" / {step.n_pooled}" if several else "",
        "n_pooled": step.n_pooled,
        "n_scores": x[1] // step.n_pooled,
    }
    if several:
        source.say(_EACH, value=0, **_words(out, x))
    source.say(_MEMBERS if several else _ONE_MEMBER, **words, **_words(out, x))


_MEMBERS = """
for (long m = 0; m < {n_pooled}; m++) {
    const {real} *score = {x} + {n_scores} * m;
    {link}
}
"""
_ONE_MEMBER = """
const {real} *score = {x};
{link}
"""
_SOFTMAX = """
{real} largest = score[0], total = 0;
for (long i = 1; i < {n}; i++)
    largest = score[i] > largest ? score[i] : largest;
for (long i = 0; i < {n}; i++)
    total += exp{f}(score[i] - largest);
for (long i = 0; i < {n}; i++)
    {out}[i] {set} exp{f}(score[i] - largest) / total{share};
"""
_LOGISTIC = """
for (long i = 0; i < {n}; i++)
    {out}[i] {set} 1 / (1 + exp{f}(-score[i])){share};
"""
_TWO_CLASSES = """
{out}[0] {set} 1 / (1 + exp{f}(score[0])){share};
{out}[1] {set} 1 / (1 + exp{f}(-score[0])){share};
"""
_LINKS = {
    "multiclass": _SOFTMAX,
    "multilabel": _LOGISTIC,
    "binary": _TWO_CLASSES,
}


def _exponential(source, step, out, x):
    source.say(_EACH, value="exp{f}({x}[i])", **_words(out, x))


def _sorted(source, step, out, x):
    source.say(_INSERTED, **_words(out, x))


_INSERTED = """
for (long i = 0; i < {n}; i++) {
    long place = i;
    for (; place > 0 && {out}[place - 1] > {x}[i]; place--)
        {out}[place] = {out}[place - 1];
    {out}[place] = {x}[i];
}
"""

_STEPS = {
    Scale: _scale,
    Join: _join,
    Layer: _layer,
    SharedWeightGraph: write_graph,
    Convolution: write_convolution,
    ChannelMap: write_channels,
    Pool: write_pool,
    Sum: _sum,
    Mean: _mean,
    Probabilities: _probabilities,
    Exponential: _exponential,
    Sorted: _sorted,
}
