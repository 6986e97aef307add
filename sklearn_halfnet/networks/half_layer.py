"""Half layers, and full layers before them, as torch modules."""

import torch
from torch import nn

from sklearn_halfnet.networks.units import Units

__all__ = ["FullHalfNetwork", "HalfLayerNetwork"]


class HalfLayerNetwork(nn.Module):
    """Read-out on a stack of half layers, fed with the first layer's projection.

    The first half layer's a = W x' never changes while the network is trained, so it is
    the input here, not x:

        z_1 = g(scales_1 * a + shifts_1)
        z_l = g(scales_l * (W_l z_{l-1}) + shifts_l)        l = 2, ..., L
        scores = V z_L + c

    Trained are all scales and shifts, V and c; the W_l are constants through which the
    error is propagated back (Alpaydin 2025, arXiv 2506.04352).

    Parameters
    ----------
    scales, shifts : list of tensor of shape (n_units,)
        Start values, one a layer.
    weights : list of tensor of shape (n_units, n_inputs)
        W_2, ..., W_L.
    coef : tensor of shape (n_outputs, n_units)
    intercept : tensor of shape (n_outputs,)
    activation : str
        A name in ``ACTIVATIONS``.
    """

    def __init__(self, scales, shifts, weights, coef, intercept, activation):
        super().__init__()
        self.scales = nn.ParameterList(scales)
        self.shifts = nn.ParameterList(shifts)
        self.coef = nn.Parameter(coef)
        self.intercept = nn.Parameter(intercept)
        self.weights = weights
        self.units = [Units(activation) for _ in scales]
        self.dropout = None

    def forward(self, projection):
        """Compute scores (n_rows, n_outputs) from a projection (n_rows, n_units)."""
        behind = [(weights.t(), None) for weights in self.weights]
        behind.append((self.coef.t(), self.intercept))
        layers = zip(self.units, self.scales, self.shifts, behind, strict=True)
        for units, scales, shifts, then in layers:
            projection = units(projection, scales, shifts, *then, self.dropping)
        return projection

    @property
    def dropping(self):
        """Dropout, in training."""
        return self.dropout if self.training else None

    def penalised(self):
        """Pairs of a factor and what the L2 penalty acts on: the read-out's weights."""
        return [(1, self.coef)]


class FullHalfNetwork(HalfLayerNetwork):
    """Full layers, all of whose weights are trained, and half layers behind them.

    The first half layer's projection changes with what is trained before it, so the
    input is x', scaled rows or trained features. Either kind of layer may be missing:

        z_l = g(W_l z_{l-1} + shifts_l)                     l = 1, ..., F trained W_l
        z_l = g(scales_l * (W_l z_{l-1}) + shifts_l)        l = F + 1, ..., L frozen W_l

    Parameters
    ----------
    full_weights : list of tensor of shape (n_units, n_inputs)
    full_shifts : list of tensor of shape (n_units,)
    weights : list of tensor of shape (n_units, n_inputs)
        Frozen, of all half layers.
    scales, shifts, coef, intercept, activation
        As of HalfLayerNetwork.
    """

    def __init__(
        self,
        full_weights,
        full_shifts,
        weights,
        scales,
        shifts,
        coef,
        intercept,
        activation,
    ):
        super().__init__(scales, shifts, weights[1:], coef, intercept, activation)
        self.full_weights = nn.ParameterList(full_weights)
        self.full_shifts = nn.ParameterList(full_shifts)
        self.full_units = Units(activation)
        self.first = weights[:1]

    def forward(self, hidden):
        """Compute scores (n_rows, n_outputs) from x' (n_rows, n_inputs)."""
        full = zip(self.full_weights, self.full_shifts, strict=True)
        for weights, shifts in full:
            hidden = torch.addmm(shifts, hidden, weights.t())
            hidden = self.full_units.outputs(hidden, self.dropping)
        for weights in self.first:
            hidden = hidden @ weights.t()
        if self.scales:
            return super().forward(hidden)
        return torch.addmm(self.intercept, hidden, self.coef.t())
