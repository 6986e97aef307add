"""Hidden layers whose weights' covariance is learned, as a torch module."""

from torch import nn

from sklearn_halfnet.networks.units import Units

__all__ = ["LowRankNetwork", "behind_embedding"]


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
        self.units = [Units(activation) for _ in factors]
        self.balances = balances or []
        self.dropout = None

    def forward(self, inputs):
        """Compute scores (n_rows, n_outputs) from inputs (n_rows, n_features)."""
        return behind_embedding(self, inputs @ self.factors[0])

    def penalised(self):
        """Pairs of a factor and what the L2 penalty acts on: the read-out, and A.

        A longer A makes up for shorter V. So A counts by ``balances``.
        """
        factors = zip(self.balances, self.factors, strict=False)
        return [(1, self.coef), *((b * b, factor) for b, factor in factors)]


def behind_embedding(network, embedded):
    """Compute scores (..., n_rows, n_outputs) from u_1 (..., n_rows, rank)."""
    dropout = network.dropout if network.training else None
    behind = [(factor, None) for factor in network.factors[1:]]
    behind.append((network.coef.transpose(-1, -2), network.intercept))
    layers = zip(network.directions, network.scales, network.shifts, strict=True)
    for units, layer, then in zip(network.units, layers, behind, strict=True):
        directions, *own = layer
        embedded = units(embedded @ directions.t(), *own, *then, dropout)
    return embedded
