"""Losses a row, and the objective that a solver minimises."""

from functools import partial
from typing import NamedTuple

import torch
from torch.nn import functional

__all__ = ["LOSSES", "Objective", "Smoothing", "loss_of"]


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

    def to(self, device):
        """Return the same with its shares on a device."""
        return self._replace(shares=self.shares.to(device))


def _softmax(scores, targets, smoothing=None):
    if smoothing is None:
        return functional.cross_entropy(scores, targets, reduction="none")
    part, shares = smoothing
    logs = functional.log_softmax(scores, dim=1)
    of_label = logs.gather(1, targets[:, None])[:, 0]
    return -torch.lerp(of_label, logs @ shares, part)


def _logistic(scores, targets, smoothing=None):
    if smoothing is not None:
        targets = torch.lerp(targets, smoothing.shares, smoothing.part)
    loss = functional.binary_cross_entropy_with_logits(
        scores, targets, reduction="none"
    )
    return loss.sum(dim=1)


def _squared_error(scores, targets, smoothing=None):
    return 0.5 * (scores - targets).square().mean(dim=1)


def _absolute_error(scores, targets, smoothing=None):
    return (scores - targets).abs().mean(dim=1)


def _huber(scores, targets, smoothing=None, *, epsilon):
    losses = functional.huber_loss(scores, targets, reduction="none", delta=epsilon)
    return losses.mean(dim=1)


def _quantile(scores, targets, smoothing=None, *, levels):
    if len(levels) > 1:  # they are predicted in this order, so they are trained in it
        scores = scores.sort(dim=1).values
    above, levels = targets - scores, scores.new_tensor(levels)
    return torch.maximum(levels * above, (levels - 1) * above).mean(dim=1)


def _poisson(scores, targets, smoothing=None):
    return (scores.exp() - targets * scores).mean(dim=1)


def _gamma(scores, targets, smoothing=None):
    return (scores + targets * (-scores).exp()).mean(dim=1)


def _callable(scores, targets, smoothing=None, *, function, mean, scale, is_vector):
    mean, scale = scores.new_tensor(mean), scores.new_tensor(scale)
    values = [scores * scale + mean, targets * scale + mean]
    losses = function(*(each[:, 0] if is_vector else each for each in values))
    shape = getattr(losses, "shape", type(losses).__name__)
    if not isinstance(losses, torch.Tensor) or shape != (len(scores),):
        raise ValueError(
            "loss(y_pred, y_true) must return a tensor of one loss a row, of shape "
            f"({len(scores)},), got {shape}."
        )
    return losses


# Each maps scores (n_rows, n_outputs) and targets to one loss a row. Softmax takes
# class indices (n_rows,), the others targets of the scores' shape; real targets are not
# smoothed, and their losses are means over the outputs of what scikit-learn's
# ``sklearn._loss`` has for one.
LOSSES = {
    "softmax": _softmax,
    "logistic": _logistic,
    "squared_error": _squared_error,
    "absolute_error": _absolute_error,
    "huber": _huber,
    "quantile": _quantile,
    "poisson": _poisson,
    "gamma": _gamma,
    "callable": _callable,
}


def loss_of(targets):
    """Return the function of scores and targets that gives the losses of the rows.

    Parameters
    ----------
    targets : ClassTargets or RealTargets
    """
    return partial(LOSSES[targets.loss], **targets.loss_options)


def _repeated(rows, n_members):
    """Repeat what rows have for each network."""
    return rows.expand(n_members, *rows.shape).flatten(0, 1)


class _SquaredNorms(torch.autograd.Function):
    """Squared norms of some tensors, each times a factor, added up.

    By hand, for a step of a small network takes as long as it has operations.
    """

    @staticmethod
    def forward(ctx, factors, *tensors):
        ctx.factors = factors
        ctx.save_for_backward(*tensors)
        norms = [torch.linalg.vector_norm(tensor) for tensor in tensors]
        return sum(f * norm * norm for f, norm in zip(factors, norms, strict=True))

    @staticmethod
    def backward(ctx, gradient):
        pairs = zip(ctx.factors, ctx.saved_tensors, strict=True)
        return None, *(tensor * (2 * factor * gradient) for factor, tensor in pairs)


class Objective:
    """Mean weighted loss plus alpha / 2 times the squared norm of the read-out.

    Parameters
    ----------
    network : torch.nn.Module
        With a method ``penalised()`` that lists what is under the L2 penalty, pairs of
        a factor and the tensor whose squared norm it is for.
    loss : callable or str
        What ``loss_of`` returned, or a name in ``LOSSES`` of a loss without options.
    alpha : float
        Strength of the penalty.
    smoothing : Smoothing or None, default=None
    """

    def __init__(self, network, loss, alpha, smoothing=None):
        self.network = network
        self.loss = LOSSES.get(loss, loss)
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
        pairs = self.network.penalised()
        factors = [0.5 * self.alpha * factor for factor, _ in pairs]
        return _SquaredNorms.apply(factors, *(tensor for _, tensor in pairs))

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
