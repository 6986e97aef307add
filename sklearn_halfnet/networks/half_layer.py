"""Half layers as a torch module."""

import torch
from torch import nn

from sklearn_halfnet.activations import ACTIVATIONS

__all__ = ["HalfLayerNetwork"]


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
        self.activate = ACTIVATIONS[activation].tensor
        self.dropout = None

    def forward(self, projection):
        """Compute scores (n_rows, n_outputs) from a projection (n_rows, n_units)."""
        hidden = projection
        for i, (scale, shift) in enumerate(zip(self.scales, self.shifts, strict=True)):
            if i > 0:
                hidden = hidden @ self.weights[i - 1].t()
            hidden = self.activate(torch.addcmul(shift, hidden, scale))
            if self.training and self.dropout is not None:
                hidden = self.dropout(hidden)
        return torch.addmm(self.intercept, hidden, self.coef.t())

    def penalised(self):
        """Parameters that the L2 penalty acts on: the read-out's weights."""
        return [self.coef]
