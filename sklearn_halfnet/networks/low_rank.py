"""Hidden layers whose weights' covariance is learned, as a torch module."""

import torch
from torch import nn

from sklearn_halfnet.activations import ACTIVATIONS

__all__ = ["LowRankNetwork"]


class LowRankNetwork(nn.Module):
    """Read-out on a stack of layers of random weights with learned covariance.

        u_l = A_l^T z_{l-1}                                 z_0 = x
        z_l = g(scales_l * (Z_l u_l) + shifts_l)            l = 1, ..., L
        scores = V z_L + c

    Z_l is frozen; trained are A_l, the shifts, V and c, and the scales if
    ``train_scales``. Row h of Z_l A_l^T is a draw from N(0, A_l A_l^T)
    (Alpaydin 2026, arXiv 2606.04583).

    Parameters
    ----------
    factors : list of tensor of shape (n_inputs, rank)
        Start values of A, one a layer.
    directions : list of tensor of shape (n_units, rank)
        Z, one a layer.
    scales, shifts : list of tensor of shape (n_units,)
        Start values, one a layer.
    coef : tensor of shape (n_outputs, n_units)
    intercept : tensor of shape (n_outputs,)
    activation : str
        A name in ``ACTIVATIONS``.
    train_scales : bool, default=True
    balances : list of float, default=None
        How much of A's norm the L2 penalty sees, one a layer; None is nothing of it.
    """

    def __init__(
        self,
        factors,
        directions,
        scales,
        shifts,
        coef,
        intercept,
        activation,
        train_scales=True,
        balances=None,
    ):
        super().__init__()
        self.factors = nn.ParameterList(factors)
        # Parameters too, so that whoever keeps the best values keeps theirs.
        self.directions = nn.ParameterList(
            nn.Parameter(z, requires_grad=False) for z in directions
        )
        self.scales = nn.ParameterList(
            nn.Parameter(scale, requires_grad=train_scales) for scale in scales
        )
        self.shifts = nn.ParameterList(shifts)
        self.coef = nn.Parameter(coef)
        self.intercept = nn.Parameter(intercept)
        self.activate = ACTIVATIONS[activation].tensor
        self.balances = balances or []
        self.dropout = None

    def forward(self, inputs):
        """Compute scores (n_rows, n_outputs) from inputs (n_rows, n_features)."""
        return torch.addmm(self.intercept, self.hidden(inputs), self.coef.t())

    def hidden(self, inputs):
        """Compute the last layer's features (n_rows, n_units)."""
        hidden = inputs
        for factor, directions, scale, shift in zip(
            self.factors, self.directions, self.scales, self.shifts, strict=True
        ):
            # Scaling Z touches n_units * rank numbers, scaling the product
            # n_rows * n_units, several times as many.
            weights = directions * scale[:, None]
            hidden = self.activate(torch.addmm(shift, hidden @ factor, weights.t()))
            if self.training and self.dropout is not None:
                hidden = self.dropout(hidden)
        return hidden

    def penalised(self):
        """Tensors that the L2 penalty acts on: the read-out's weights, and A.

        A longer A makes up for shorter V. So A counts by ``balances``.
        """
        factors = zip(self.balances, self.factors, strict=False)
        return [self.coef, *(balance * factor for balance, factor in factors)]
