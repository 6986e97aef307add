"""Losses a row, and the objective that a solver minimises."""

import torch
from torch.nn import functional

__all__ = ["LOSSES", "Objective"]


def _softmax(scores, targets, smoothing):
    return functional.cross_entropy(
        scores, targets, reduction="none", label_smoothing=smoothing
    )


def _logistic(scores, targets, smoothing):
    if smoothing:
        targets = targets * (1 - smoothing) + smoothing / 2
    loss = functional.binary_cross_entropy_with_logits(
        scores, targets, reduction="none"
    )
    return loss.sum(dim=1)


def _squared(scores, targets, smoothing):
    return 0.5 * (scores - targets).square().mean(dim=1)


# Each maps scores (n_rows, n_outputs), targets and the share of label smoothing to one
# loss a row. Softmax takes class indices (n_rows,), the others targets of the scores'
# shape; real targets are not smoothed.
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
    label_smoothing : float, default=0
        Share of a label that is spread evenly over all classes.
    """

    def __init__(self, network, loss, alpha, label_smoothing=0.0):
        self.network = network
        self.loss = LOSSES[loss]
        self.alpha = alpha
        self.label_smoothing = label_smoothing

    def data_loss(self, inputs, targets, weights):
        """Mean over the rows of weight times loss; weights None are all one.

        Of networks that are trained together, each has a loss of its own.
        """
        scores = self.network(inputs)
        if scores.ndim == 3:
            targets = _repeated(targets, len(scores))
            weights = None if weights is None else _repeated(weights, len(scores))
            scores = scores.flatten(0, 1)
        losses = self.loss(scores, targets, self.label_smoothing)
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
