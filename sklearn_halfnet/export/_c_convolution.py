"""Images in C: convolutions, channels, pooling."""

import numpy as np

from sklearn_halfnet.export._c_products import element
from sklearn_halfnet.weights.rounded import Rounded

__all__ = ["write_channels", "write_convolution", "write_pool"]


def write_convolution(source, step, out, x):
    """Write a Convolution, one number after the other.

    Parameters
    ----------
    source : CSource
    step : Convolution
    out, x : tuple (str, int)
        Name and width of the maps, and of the image.
    """
    (_, height, width), (n_filters, n_rows, n_columns) = step.shape, step.result_shape
    size = step.kernel.shape[2]
    kernel, factor = step.kernel, ""
    if isinstance(kernel, Rounded):
        factor = f"{element(source, kernel.factor.ravel(), 'f')} * "
        kernel = kernel.integers
    words = {
        "kernel": source.array(_floats(kernel)),
        "value": f"{factor}sum + {element(source, step.bias, 'f')}",
        "start": "0" if step.rectified else _LEAST[source.real],
        "n_weights": int(np.prod(kernel.shape[1:])),
        "area": size**2,
        "size": size,
        "pad": step.pads[0],
        "stride": step.stride,
        "pool": step.pool_size,
        "pooled": step.pool_size**2,
        **{"height": height, "width": width},
        **{"n_filters": n_filters, "n_rows": n_rows, "n_columns": n_columns},
    }
    source.say(_MAPS, out=out[0], x=x[0], **words)


# What no number is smaller than, where there is no ReLU.
_LEAST = {"float": "-3.4e38f", "double": "-1.7e308"}


def _floats(values):
    return values if values.dtype.kind == "i" else values.astype(float)


# The ReLU is where the largest number of a pool starts.
_MAPS = """
for (long f = 0; f < {n_filters}; f++)
    for (long i = 0; i < {n_rows}L * {n_columns}; i++) {
        {real} largest = {start};
        for (long p = 0; p < {pooled}; p++) {
            long top = {stride} * ({pool} * (i / {n_columns}) + p / {pool}) - {pad};
            long left = {stride} * ({pool} * (i % {n_columns}) + p % {pool}) - {pad};
            {real} sum = 0;
            for (long k = 0; k < {n_weights}; k++) {
                long row = top + k / {size} % {size}, column = left + k % {size};
                if (row < 0 || row >= {height} || column < 0 || column >= {width})
                    continue;
                long place = (k / {area} * {height} + row) * {width} + column;
                sum += {kernel}[{n_weights} * f + k] * {x}[place];
            }
            {real} value = {value};
            largest = value > largest ? value : largest;
        }
        {out}[{n_rows}L * {n_columns} * f + i] = largest;
    }
"""


def write_channels(source, step, out, x):
    """Write a ChannelMap: a factor and an offset a channel; arguments as above."""
    place = f"i / {int(np.prod(step.shape[1:]))}"
    value = f"{element(source, step.factor, place)} * {x[0]}[i]"
    value += f" + {element(source, step.offset, place)}"
    text = _RECTIFIED if step.rectified else _MAPPED
    source.say(text, value=value, out=out[0], n=out[1])


_MAPPED = """
for (long i = 0; i < {n}; i++)
    {out}[i] = {value};
"""
_RECTIFIED = """
for (long i = 0; i < {n}; i++) {
    {real} value = {value};
    {out}[i] = value > 0 ? value : 0;
}
"""


def write_pool(source, step, out, x):
    """Write a Pool; arguments as above."""
    (_, height, width), (_, n_rows, n_columns) = step.shape, step.result_shape
    words = {
        "start": f"{x[0]}[first]" if step.kind == "max" else "0",
        "join": _JOINED[step.kind],
        "share": f" / {step.size[0] * step.size[1]}" if step.kind == "mean" else "",
        **{"rows": step.size[0], "columns": step.size[1]},
        **{"height": height, "width": width, "area": height * width},
        **{"n_rows": n_rows, "n_columns": n_columns, "n": out[1]},
    }
    source.say(_POOL, out=out[0], x=x[0], **words)


_JOINED = {"max": "z > pooled ? z : pooled", "mean": "pooled + z"}
_POOL = """
for (long i = 0; i < {n}; i++) {
    long row = i / {n_columns} % {n_rows} * {rows};
    long column = i % {n_columns} * {columns};
    long first = i / ({n_rows}L * {n_columns}) * {area} + row * {width} + column;
    {real} pooled = {start};
    for (long p = 0; p < {rows}L * {columns}; p++) {
        {real} z = {x}[first + p / {columns} * {width} + p % {columns}];
        pooled = {join};
    }
    {out}[i] = pooled{share};
}
"""
