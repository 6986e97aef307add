"""A linear read-out alone, as a torch module."""

import torch
from torch import nn

__all__ = ["ReadOut"]


class ReadOut(nn.Module):
    """scores = V h + c on given features h: a convex problem in V and c.

    Parameters
    ----------
    coef : tensor of shape (n_outputs, n_units)
    intercept : tensor of shape (n_outputs,)
    """

    def __init__(self, coef, intercept):
        super().__init__()
        self.coef = nn.Parameter(coef)
        self.intercept = nn.Parameter(intercept)

    def forward(self, features):
        """Compute scores (n_rows, n_outputs) from features (n_rows, n_units)."""
        return torch.addmm(self.intercept, features, self.coef.t())

    def penalised(self):
        """Pairs of a factor and what the L2 penalty acts on."""
        return [(1, self.coef)]
