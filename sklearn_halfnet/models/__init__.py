"""Fitted networks as values: what an estimator has learned, and how it computes.

A model is a frozen dataclass of arrays and frozen parts. It has ``targets``, which go
between y and scores (None of a transformer), ``n_trained`` and ``nbytes``; it computes
scores or features of validated rows, and says by ``steps()`` how, if it can be
exported. Other values make another model. What networks that torch trains have besides
is told by :mod:`~sklearn_halfnet.models.train`.
"""
