"""Fitted networks as values: what an estimator has learned, and how it computes."""
