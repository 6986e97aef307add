"""The five sources, each with its claims."""

from sklearn_halfnet.experiments.claims import (
    _half_layers,
    _halfnet,
    _partial_cnn,
    _untrained,
    _weight_agnostic,
)

__all__ = ["SOURCES"]

_ROOMS = (_half_layers, _halfnet, _partial_cnn, _untrained, _weight_agnostic)
SOURCES = {room.SOURCE: room.CLAIMS for room in _ROOMS}
