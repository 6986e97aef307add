"""Closed-form read-outs: ridge regression and its mergeable sums."""

from sklearn_halfnet.linear.gram import Gram
from sklearn_halfnet.linear.leave_one_out import leave_one_out
from sklearn_halfnet.linear.path import RidgePath
from sklearn_halfnet.linear.ridge import ridge

__all__ = ["Gram", "RidgePath", "leave_one_out", "ridge"]
