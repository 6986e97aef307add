"""Convolution, maximum pooling and ReLU in C."""

__all__ = ["write_convolution"]


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
    words = {
        "kernel": source.array(step.kernel.astype(float)),
        "bias": source.array(step.bias.astype(float)),
        "n_weights": step.kernel[0].size,
        "area": size**2,
        "size": size,
        "pad": step.pads[0],
        "pool": step.pool_size,
        "pooled": step.pool_size**2,
        **{"height": height, "width": width},
        **{"n_filters": n_filters, "n_rows": n_rows, "n_columns": n_columns},
    }
    source.say(_MAPS, out=out[0], x=x[0], **words)


# The ReLU is where the largest number of a pool starts.
_MAPS = """
for (long f = 0; f < {n_filters}; f++)
    for (long i = 0; i < {n_rows}L * {n_columns}; i++) {
        {real} largest = 0;
        for (long p = 0; p < {pooled}; p++) {
            long top = {pool} * (i / {n_columns}) + p / {pool} - {pad};
            long left = {pool} * (i % {n_columns}) + p % {pool} - {pad};
            {real} sum = {bias}[f];
            for (long k = 0; k < {n_weights}; k++) {
                long row = top + k / {size} % {size}, column = left + k % {size};
                if (row < 0 || row >= {height} || column < 0 || column >= {width})
                    continue;
                long place = (k / {area} * {height} + row) * {width} + column;
                sum += {kernel}[{n_weights} * f + k] * {x}[place];
            }
            largest = sum > largest ? sum : largest;
        }
        {out}[{n_rows}L * {n_columns} * f + i] = largest;
    }
"""
