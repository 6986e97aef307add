"""Weights that a counter-based generator gives, in Python and in 20 lines of C."""

import numpy as np

from sklearn_halfnet._checks import one_of
from sklearn_halfnet.weights.base import BaseWeights

__all__ = ["NIBBLE_SCALE", "SeededWeights", "philox", "seeded_integers"]

ROUNDS = 7
MULTIPLIER, KEY_STEP = 0xD256D193, 0x9E3779B9
# The sum of eight digits from 0 to 15 has mean 60 and variance 8 (16^2 - 1) / 12 = 170.
NIBBLE_MEAN, NIBBLE_SCALE = 60, 1 / np.sqrt(170)


class SeededWeights(BaseWeights):
    """Weights of which a device needs to store a key of four bytes only.

    Word j of unit h is a function of the key, h and j, Philox2x32-7 [1]_, that
    ``to_c(..., weights="seed")`` repeats in a few lines of C, bit for bit. The key is
    drawn from the estimator's ``random_state``.

    Parameters
    ----------
    distribution : {"binary", "normal"}, default="binary"
        "binary" weights are -1 or +1, a bit of a word each. "normal" ones are the sum
        of the eight hexadecimal digits of a word, less 60, over the square root of
        170: of mean 0, variance 1 and 121 values between -4.6 and 4.6.

    References
    ----------
    .. [1] J. K. Salmon, M. A. Moraes, R. O. Dror and D. E. Shaw, "Parallel Random
       Numbers: As Easy as 1, 2, 3", SC11, 2011, section 4.3: Philox, whose 2 x 32-bit
       variant passes BigCrush from 7 rounds on.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_halfnet.weights import SeededWeights
    >>> weights = SeededWeights().sample(100, 50, np.random.default_rng(0))
    >>> np.unique(weights)
    array([-1,  1], dtype=int8)
    """

    kind_name = "seeded"
    repeats_exactly = True
    _parameter_constraints = {"distribution": [one_of(("binary", "normal"))]}

    def __init__(self, distribution="binary"):
        self.distribution = distribution

    def _sample(self, n_units, n_features, rng, X, y):
        drawn = seeded_integers(
            self.key(rng), n_units, n_features, self.distribution == "binary"
        )
        if self.distribution == "binary":
            return drawn
        return drawn.astype(np.float32) * np.float32(NIBBLE_SCALE)

    def key(self, rng):
        """Draw the key, from 0 to 2^32 - 1, that ``sample`` would draw."""
        return int(rng.integers(2**32))


def seeded_integers(key, n_units, n_features, binary):
    """Compute the integers that weights of a key are.

    Parameters
    ----------
    key : int
    n_units, n_features : int
    binary : bool
        Whether they are -1 and +1, or sums of digits less their mean.

    Returns
    -------
    weights : ndarray of shape (n_units, n_features), int8

    Examples
    --------
    >>> from sklearn_halfnet.weights.seeded import seeded_integers
    >>> seeded_integers(1, 2, 6, binary=True)
    array([[-1, -1, -1,  1,  1, -1],
           [ 1, -1,  1, -1,  1, -1]], dtype=int8)
    """
    n_words = -(-n_features // 32) if binary else n_features
    counters = np.arange(-(-n_words // 2)), np.arange(n_units)[:, None]
    words = np.stack(philox(key, *counters), axis=-1).reshape(n_units, -1)
    # Little-endian bytes: the lowest bit of the first word comes first.
    octets = words.astype("<u4").view(np.uint8)
    if binary:
        bits = np.unpackbits(octets, axis=1, count=n_features, bitorder="little")
        return 2 * bits.view(np.int8) - 1
    digits = (octets & 15) + (octets >> 4)
    sums = digits.reshape(n_units, -1, 4).sum(axis=2, dtype=np.int8)
    return sums[:, :n_features] - np.int8(NIBBLE_MEAN)


def philox(key, first, second, rounds=ROUNDS):
    """Compute Philox2x32 of a key and counters.

    Parameters
    ----------
    key : int
    first, second : ndarray of int
        The two words of each counter; they are broadcast.
    rounds : int, default=7

    Returns
    -------
    left, right : ndarray of uint32

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_halfnet.weights.seeded import philox
    >>> [hex(word) for word in philox(0, np.uint64(0), np.uint64(0), rounds=10)]
    ['0xff1dae59', '0x6cd10df2']
    """
    low = np.uint64(0xFFFFFFFF)
    left, right = np.broadcast_arrays(
        np.asarray(first, np.uint64), np.asarray(second, np.uint64)
    )
    for turn in range(rounds):
        product = left * np.uint64(MULTIPLIER)
        turned = np.uint64((key + turn * KEY_STEP) & 0xFFFFFFFF)
        left, right = (product >> np.uint64(32)) ^ turned ^ right, product & low
    return left.astype(np.uint32), right.astype(np.uint32)
