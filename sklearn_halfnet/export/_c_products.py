"""Products of a layer's weights and a row in C, one function a kind of numbers."""

import numpy as np
from scipy import sparse

from sklearn_halfnet.export._stored import SeedStorage
from sklearn_halfnet.weights.rounded import Rounded, RoundedStorage
from sklearn_halfnet.weights.seeded import (
    KEY_STEP,
    MULTIPLIER,
    NIBBLE_MEAN,
    ROUNDS,
)
from sklearn_halfnet.weights.storage import BitStorage, DenseStorage, SparseStorage

__all__ = ["PRODUCTS", "element"]

# A loop over lanes is what gcc makes vectors of: a plain sum has an order to be kept.
_LANES = 16


def element(source, values, place="i"):
    """Write one of constants that may be rounded.

    Parameters
    ----------
    source : CSource
    values : ndarray or Rounded of shape (n_units,)
    place : str, default="i"
        C expression.
    """
    if not isinstance(values, Rounded):
        return f"{source.array(np.asarray(values, float))}[{place}]"
    (factor,) = values.factor.ravel()
    return f"{source.number(factor)} * {source.array(values.integers)}[{place}]"


# Each product takes the layer and the row, (name, width), and returns C expressions for
# unit i: the sum, what it is multiplied by or None; and statements before all units and
# before each.


def _dense(source, layer, x):
    weights = layer.scaled_weights(source.dtype)
    return _dot(source, weights.astype(float), x), None, "", ""


def _rounded(source, layer, x):
    rounded = layer.weights.rounded
    factor = element(source, rounded.factor.ravel())
    return _dot(source, rounded.integers, x), _times(source, layer, factor), "", ""


def _times(source, layer, factor=""):
    """Write the unit's scale, where it is not one, times a factor."""
    if (np.asarray(layer.scales) == 1).all():
        return factor or None
    scale = element(source, layer.scales)
    return f"{factor} * {scale}" if factor else scale


def _dot(source, weights, x):
    """Write the sum of row i of a matrix times x."""
    array, n_in = source.array(weights), x[1]
    c_type = "signed char" if weights.dtype == np.int8 else "{real}"
    return f"{_dot_function(source, c_type, x)}({array} + {n_in} * i, {x[0]}, {n_in})"


def _dot_function(source, w_type, x):
    x_type = source.type_of(x[0])
    whole = w_type != "{real}" and x_type != "{real}"
    total = "int32_t" if whole else "{real}"
    name = "dot" + ("8" if w_type != "{real}" else "") + _of_bytes(x_type)
    arguments = f"const {w_type} *w, const {x_type} *x, long n"
    text = _DOT.replace("{total}", total).replace("{lanes}", str(_LANES))
    return source.function(
        name, arguments, text, total, stack=source.dtype.itemsize * _LANES
    )


def _of_bytes(x_type):
    return "_bytes" if x_type != "{real}" else ""


_DOT = """
{total} lanes[{lanes}] = {0}, sum = 0;
long whole = n / {lanes} * {lanes};
for (long j = 0; j < whole; j += {lanes})
    for (int k = 0; k < {lanes}; k++)
        lanes[k] += w[j + k] * x[j + k];
for (long j = whole; j < n; j++)
    sum += w[j] * x[j];
for (int k = 0; k < {lanes}; k++)
    sum += lanes[k];
return sum;
"""


def _sparse(source, layer, x):
    csr = sparse.csr_array(layer.scaled_weights(source.dtype))
    words = {"weights": csr.data, "columns": csr.indices, "starts": csr.indptr}
    text = _ADD_SPARSE.replace("{x}", x[0])
    for name, values in words.items():
        text = text.replace("{" + name + "}", source.array(values))
    return "total", None, "", text


_ADD_SPARSE = """
{real} total = 0;
for (long j = {starts}[i]; j < (long){starts}[i + 1]; j++)
    total += {weights}[j] * {x}[{columns}[j]];
"""


def _bits(source, layer, x):
    words = packed(layer.weights.bits, layer.weights.shape[1])
    first = f"{source.array(words)} + {words.shape[1]} * i"
    total, before = _signed_sum(source, first, x)
    return total, _times(source, layer), before, ""


def packed(bits, n_columns):
    """Turn bits of BitStorage into words of 32, the first weight the lowest bit."""
    signs = np.unpackbits(bits, axis=1, count=n_columns)
    octets = np.packbits(signs, axis=1, bitorder="little")
    octets = np.pad(octets, [(0, 0), (0, -octets.shape[1] % 4)])
    return octets.view("<u4").astype(np.uint32)


def _signed_sum(source, words, x):
    """Write the sum of x with signs of the bits of words, and what comes before."""
    if source.type_of(x[0]) == "{real}":
        masks = source.array(np.uint32(1) << np.arange(32, dtype=np.uint32))
        text = _SIGNED_SUM.replace("{masks}", masks)
        arguments = "const uint32_t *signs, const {real} *x, long n"
        name = source.function(
            "signed_sum", arguments, text, stack=source.dtype.itemsize * 32
        )
        return f"{name}({words}, {x[0]}, {x[1]})", ""
    n_words = -(-x[1] // 32)
    planes = source.function(
        "planes", "const unsigned char *x, long n, uint32_t *planes", _PLANES, "int32_t"
    )
    ones = source.function(
        "positive_sum",
        "const uint32_t *signs, const uint32_t *planes, long n_words",
        _POSITIVE_SUM,
        "int32_t",
        stack=4 * 8,
    )
    local = source.local("planes", 8 * n_words, "uint32_t")
    before = f"{local}\nint32_t all = {planes}({x[0]}, {x[1]}, planes);"
    return f"2 * {ones}({words}, planes, {n_words}) - all", before


_SIGNED_SUM = """
{real} lanes[32] = {0}, sum = 0;
long whole = n / 32 * 32;
for (long j = 0; j < whole; j += 32)
    for (int k = 0; k < 32; k++)
        lanes[k] += signs[j / 32] & {masks}[k] ? x[j + k] : -x[j + k];
for (long j = whole; j < n; j++)
    sum += signs[j / 32] & {masks}[j % 32] ? x[j] : -x[j];
for (int k = 0; k < 32; k++)
    sum += lanes[k];
return sum;
"""
# Bit p of byte 32 j + k of x is bit k of word 8 j + p.
_PLANES = """
int32_t sum = 0;
for (long j = 0; j < n; j++) {
    uint32_t *word = planes + j / 32 * 8;
    for (int p = 0; p < 8; p++) {
        word[p] = j % 32 ? word[p] : 0;
        word[p] |= (uint32_t)(x[j] >> p & 1) << j % 32;
    }
    sum += x[j];
}
return sum;
"""
# Bits of a word are counted by adding neighbours: pairs, fours, bytes.
_POSITIVE_SUM = """
int32_t counts[8] = {0}, sum = 0;
for (long j = 0; j < n_words; j++, planes += 8)
    for (int p = 0; p < 8; p++) {
        uint32_t ones = signs[j] & planes[p];
        ones -= ones >> 1 & 0x55555555u;
        ones = (ones & 0x33333333u) + (ones >> 2 & 0x33333333u);
        ones = (ones + (ones >> 4)) & 0x0f0f0f0fu;
        ones += ones >> 8;
        counts[p] += (ones + (ones >> 16)) & 255;
    }
for (int p = 0; p < 8; p++)
    sum += counts[p] * ((int32_t)1 << p);
return sum;
"""


def _seed(source, layer, x):
    seed = layer.weights
    text = _ROW
    for word, value in (("rounds", ROUNDS), ("m", MULTIPLIER), ("step", KEY_STEP)):
        text = text.replace("{" + word + "}", str(value))
    arguments = "uint32_t key, uint32_t unit, long n_blocks, uint32_t *words"
    row = source.function("row", arguments, text, "void")
    n_in = x[1]
    n_words = -(-n_in // 32) if seed.binary else n_in
    n_blocks = -(-n_words // 2)
    words = source.local("words", 2 * n_blocks, "uint32_t")
    each = f"{row}({seed.key}u, (uint32_t)i, {n_blocks}, words);"
    if seed.binary:
        total, before = _signed_sum(source, "words", x)
        return total, _times(source, layer), f"{words}\n{before}", each
    digits = source.function(
        "digit_sums",
        "const uint32_t *words, long n, signed char *sums",
        _DIGIT_SUMS.replace("{mean}", str(NIBBLE_MEAN)),
        "void",
    )
    sums = source.local("sums", n_in, "signed char")
    total = f"{_dot_function(source, 'signed char', x)}(sums, {x[0]}, {n_in})"
    each += f"\n{digits}(words, {n_in}, sums);"
    scale = _times(source, layer, source.number(seed.unit))
    return total, scale, f"{words}\n{sums}", each


# Philox2x32 of the counters (block, unit): Salmon et al., SC11, 2011.
_ROW = """
for (long block = 0; block < n_blocks; block++) {
    uint32_t left = (uint32_t)block, right = unit, turned = key;
    for (int i = 0; i < {rounds}; i++) {
        uint64_t product = (uint64_t){m}u * left;
        left = (uint32_t)(product >> 32) ^ turned ^ right;
        right = (uint32_t)product;
        turned += {step}u;
    }
    words[2 * block] = left;
    words[2 * block + 1] = right;
}
"""
# The eight hexadecimal digits of a word, less their mean.
_DIGIT_SUMS = """
for (long j = 0; j < n; j++) {
    uint32_t pairs = (words[j] & 0x0f0f0f0fu) + (words[j] >> 4 & 0x0f0f0f0fu);
    sums[j] = (signed char)((int)((pairs * 0x01010101u) >> 24) - {mean});
}
"""

PRODUCTS = {
    DenseStorage: _dense,
    RoundedStorage: _rounded,
    SparseStorage: _sparse,
    BitStorage: _bits,
    SeedStorage: _seed,
}
