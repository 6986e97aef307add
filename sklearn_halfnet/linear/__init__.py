"""Closed-form read-outs: ridge regression and its mergeable sums."""
