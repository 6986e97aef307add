"""Hidden features h = g(scales * (W x') + shifts), in numpy and in blocks.

What half layers, random features, ELM and RVFL share: the scaling of the inputs
(:mod:`~sklearn_halfnet.features.scaling`), the hidden layer and its forward pass
(:mod:`~sklearn_halfnet.features.hidden_layer`), and its start values
(:mod:`~sklearn_halfnet.features.start`), also of layers whose geometry is learned
(:mod:`~sklearn_halfnet.features.low_rank`), and deep stacks whose weight scale is
prescribed (:mod:`~sklearn_halfnet.features.deep`).
"""

from sklearn_halfnet.features.deep import draw_deep_layers, draw_layer
from sklearn_halfnet.features.hidden_layer import (
    HiddenLayer,
    all_features,
    forward_blocks,
    last_features,
    linear_scores,
)
from sklearn_halfnet.features.low_rank import LowRankLayer, draw_low_rank_layers
from sklearn_halfnet.features.moments import Moments
from sklearn_halfnet.features.rounded import Rounding, rounded_blocks
from sklearn_halfnet.features.scaling import InputScaling, working_columns
from sklearn_halfnet.features.start import StartSample, draw_hidden_layers

__all__ = [
    "HiddenLayer",
    "InputScaling",
    "LowRankLayer",
    "Moments",
    "Rounding",
    "StartSample",
    "all_features",
    "draw_deep_layers",
    "draw_hidden_layers",
    "draw_layer",
    "draw_low_rank_layers",
    "forward_blocks",
    "last_features",
    "linear_scores",
    "rounded_blocks",
    "working_columns",
]
