"""The control of HalfNet's claim: the same network, with Z trained like all else."""

from dataclasses import dataclass, fields

from sklearn_halfnet import HalfNetClassifier
from sklearn_halfnet.models.low_rank import LowRankModel, LowRankStart

__all__ = ["TrainedDirections"]


def _as(kind, value):
    """Make a value of a derived class, with the same fields."""
    return kind(**{field.name: getattr(value, field.name) for field in fields(value)})


class TrainedDirections(HalfNetClassifier):
    """A HalfNet of one member whose Z is trained: an MLP with a bottleneck."""

    def _start(self, X, network):
        return _as(_Start, super()._start(X, network))


@dataclass(frozen=True, kw_only=True)
class _Start(LowRankStart):
    def network(self, rows, targets, rng):
        return _as(_Network, super().network(rows, targets, rng))


@dataclass(frozen=True, kw_only=True)
class _Network(LowRankModel):
    @property
    def n_trained(self):
        return super().n_trained + sum(z.size for z in self.weights)

    def module(self, device):
        module = super().module(device)
        module.directions.requires_grad_(True)
        return module
