"""Losses a row, and the objective that a solver minimises."""

from typing import NamedTuple

import torch
from torch.nn import functional

__all__ = ["LOSSES", "Objective", "Smoothing"]


class Smoothing(NamedTuple):
    """How labels are smoothed: a part of each goes to all classes, as they are shared.

    Parameters
    ----------
    part : float
    shares : tensor of shape (n_outputs,)
        Of the rows in each class, or with each label.
    """

    part: float
    shares: torch.Tensor


def _softmax(scores, targets, smoothing=None):
    if smoothing is None:
        return functional.cross_entropy(scores, targets, reduction="none")
    part, shares = smoothing
    surprise = -functional.log_softmax(scores, dim=1)
    of_label = surprise.gather(1, targets[:, None])[:, 0]
    return (1 - part) * of_label + part * (surprise @ shares)


def _logistic(scores, targets, smoothing=None):
    if smoothing is not None:
        targets = torch.lerp(targets, smoothing.shares, smoothing.part)
    loss = functional.binary_cross_entropy_with_logits(
        scores, targets, reduction="none"
    )
    return loss.sum(dim=1)


def _squared(scores, targets, smoothing=None):
    return 0.5 * (scores - targets).square().mean(dim=1)


# Each maps scores (n_rows, n_outputs) and targets to one loss a row. Softmax takes
# class indices (n_rows,), the others targets of the scores' shape; real targets are not
# smoothed.
LOSSES = {"softmax": _softmax, "logistic": _logistic, "squared": _squared}


def _repeated(rows, n_members):
    """Repeat what rows have for each network."""
    return rows.expand(n_members, *rows.shape).flatten(0, 1)


class Objective:
    """Mean weighted loss plus alpha / 2 times the squared norm of the read-out.

    Parameters
    ----------
    network : torch.nn.Module
        With a method ``penalised()`` that lists the tensors under the L2 penalty.
    loss : str
        A name in ``LOSSES``.
    alpha : float
        Strength of the penalty.
    smoothing : Smoothing or None, default=None
    """

    def __init__(self, network, loss, alpha, smoothing=None):
        self.network = network
        self.loss = LOSSES[loss]
        self.alpha = alpha
        self.smoothing = smoothing

    def data_loss(self, inputs, targets, weights):
        """Mean over the rows of weight times loss; weights None are all one.

        Of networks that are trained together, each has a loss of its own.
        """
        scores = self.network(inputs)
        if scores.ndim == 3:
            targets = _repeated(targets, len(scores))
            weights = None if weights is None else _repeated(weights, len(scores))
            scores = scores.flatten(0, 1)
        losses = self.loss(scores, targets, self.smoothing)
        return losses.mean() if weights is None else torch.mean(weights * losses)

    def penalty(self):
        """Compute the L2 term."""
        squares = sum(p.square().sum() for p in self.network.penalised())
        return 0.5 * self.alpha * squares

    def __call__(self, inputs, targets, weights):
        """Compute the objective on some rows, as a scalar tensor."""
        loss = self.data_loss(inputs, targets, weights)
        return loss + self.penalty() if self.alpha else loss

    def parameters(self):
        """List what is trained."""
        return [p for p in self.network.parameters() if p.requires_grad]

    def generators(self):
        """List generators on a GPU from which the network draws in each step."""
        names = ("dropout", "augmentation")
        parts = (getattr(self.network, name, None) for name in names)
        found = (getattr(part, "generator", None) for part in parts)
        return [generator for generator in found if generator is not None]
