"""Stochastic gradient descent with momentum on shuffled minibatches."""

import torch

from sklearn_halfnet.solvers.minibatch import Minibatches

__all__ = ["SGD"]


class SGD(Minibatches):
    """Gradient descent with momentum and a learning rate schedule.

    Parameters
    ----------
    momentum : float, default=0.9
    **options : dict
        As of the base.
    """

    def __init__(self, *, momentum=0.9, **options):
        super().__init__(**options)
        self.momentum = momentum

    def _new_optimizer(self, parameters, rate, on_gpu):
        # The fused one alone takes a rate on the device without waiting for it.
        fused = on_gpu or None
        return torch.optim.SGD(parameters, lr=rate, momentum=self.momentum, fused=fused)
