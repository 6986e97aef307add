"""Units of a layer and the product behind them, with a gradient by hand."""

import torch
from torch.autograd.function import once_differentiable

from sklearn_halfnet.activations import ACTIVATIONS

__all__ = ["Units"]


class Units:
    """Pass projections a through a layer's units, and on to what lies behind them.

        out = D(g(scales * a + shifts)) B + c

    with dropout D, and B the next layer's weights or the read-out. A step of a small
    network takes as long as it has operations and as it asks for memory. So rectified
    units have a gradient by hand, which holds what is as large as all units of a
    minibatch in memory that the next step takes up again.

    Parameters
    ----------
    activation : str
        A name in ``ACTIVATIONS``.
    """

    def __init__(self, activation):
        self.activate = ACTIVATIONS[activation].tensor
        self.by_hand = activation == "relu"
        self.idle = None

    def __call__(self, projection, scales, shifts, behind, offset=None, dropout=None):
        """Compute what comes out.

        Parameters
        ----------
        projection : tensor of shape (..., n_rows, n_units)
        scales, shifts : tensor of shape (..., n_units)
        behind : tensor of shape (n_units, n_outputs) or (..., n_units, n_outputs)
        offset : tensor of shape (..., n_outputs) or None, default=None
        dropout : Dropout or None, default=None

        Returns
        -------
        out : tensor of shape (..., n_rows, n_outputs)
        """
        if self.by_hand and torch.is_grad_enabled():
            given = projection, scales, shifts, behind, offset
            return _Rectified.apply(self, dropout, *given)
        shifts, scales = shifts.unsqueeze(-2), scales.unsqueeze(-2)
        hidden = self.outputs(torch.addcmul(shifts, projection, scales), dropout)
        out = _product(hidden, behind)
        return out if offset is None else out + offset.unsqueeze(-2)

    def outputs(self, hidden, dropout=None):
        """Turn pre-activations into outputs of units, of which some are dropped."""
        hidden = self.activate(hidden)
        return hidden if dropout is None else dropout(hidden)

    def take(self, like):
        """Take memory for two tensors like one, as (2, *shape)."""
        idle, self.idle = self.idle, None
        size = 2 * like.numel()
        if idle is None or len(idle) < size or idle.dtype != like.dtype:
            idle = like.new_empty(size)
        return idle, idle[:size].view(2, *like.shape)

    def give_back(self, memory):
        """Let the next step take up what this one no longer needs."""
        # On a GPU memory is not what takes time, and a recorded step has its own.
        if memory.device.type == "cpu":
            self.idle = memory


class _Rectified(torch.autograd.Function):
    """``Units`` that are rectified; operands as there."""

    @staticmethod
    def forward(ctx, units, dropout, projection, scales, shifts, behind, offset):
        memory, (hidden, spare) = units.take(projection)
        shifts, own = shifts.unsqueeze(-2), scales.unsqueeze(-2)
        torch.addcmul(shifts, projection, own, out=hidden).relu_()
        factor = 1
        if dropout is not None:
            dropout.drop(hidden)
            factor = dropout.factor
        ctx.save_for_backward(projection, scales, behind)
        ctx.kept = units, memory, hidden, spare, factor
        out = _product_from_left(hidden, behind)
        # What is behind the units is smaller than they are.
        out = out if factor == 1 else out.mul_(factor)
        return out if offset is None else out.add_(offset.unsqueeze(-2))

    @staticmethod
    @once_differentiable
    def backward(ctx, error):
        if ctx.kept is None:
            raise RuntimeError("Units go back once: they write on what they kept.")
        (units, memory, hidden, spare, factor), ctx.kept = ctx.kept, None
        projection, scales, behind = ctx.saved_tensors
        needs = dict(zip(_OPERANDS, ctx.needs_input_grad, strict=True))
        of = dict.fromkeys(_OPERANDS)
        if needs["offset"]:
            of["offset"] = error.sum(-2)
        error = error if factor == 1 else error * factor
        if needs["behind"]:
            of["behind"] = _transposed_product(hidden, error, behind)
        error = _product(error, behind.transpose(-1, -2), out=spare)
        below = torch.ops.aten.threshold_backward.grad_input
        below(error, hidden, 0, grad_input=error)
        of["shifts"] = error.sum(-2)
        if needs["scales"]:
            of["scales"] = torch.mul(projection, error, out=hidden).sum(-2)
        if needs["projection"]:  # it is read before the next step
            of["projection"] = error.mul_(scales.unsqueeze(-2))
        units.give_back(memory)
        return tuple(of.values())


_FEW_COLUMNS = 32
_OPERANDS = "units", "dropout", "projection", "scales", "shifts", "behind", "offset"


def _product(rows, matrix, out=None):
    """Multiply rows (..., n_rows, n) by one matrix, or by one of each ``...``."""
    if matrix.ndim == rows.ndim:
        return torch.matmul(rows, matrix, out=out)
    flat = None if out is None else out.flatten(0, -2)
    return torch.mm(rows.flatten(0, -2), matrix, out=flat).view(*rows.shape[:-1], -1)


def _product_from_left(rows, matrix):
    """Multiply as ``_product``; to few columns in half of the time on a CPU."""
    if matrix.shape[-1] >= _FEW_COLUMNS:
        return _product(rows, matrix)
    if matrix.ndim == rows.ndim:
        return (matrix.mT @ rows.mT).mT
    return (matrix.t() @ rows.flatten(0, -2).t()).t().unflatten(0, rows.shape[:-1])


def _transposed_product(rows, others, like):
    """Multiply rows' transpose by other rows, to a matrix or one of each ``...``.

    The other way round, too: where others have one column it takes a ninth of the time.
    """
    if like.ndim == rows.ndim:
        return (others.mT @ rows).mT
    return (others.flatten(0, -2).t() @ rows.flatten(0, -2)).t()
