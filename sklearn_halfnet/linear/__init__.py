"""Closed-form read-outs: ridge regression and its mergeable sums."""

from sklearn_halfnet.linear.fit import RidgeFit
from sklearn_halfnet.linear.gram import Gram
from sklearn_halfnet.linear.packed_gram import PackedGram
from sklearn_halfnet.linear.path import RidgePath
from sklearn_halfnet.linear.ridge import ridge

__all__ = ["Gram", "PackedGram", "RidgeFit", "RidgePath", "ridge"]
