"""Adam on shuffled minibatches."""

import torch

from sklearn_halfnet.solvers.minibatch import Minibatches

__all__ = ["Adam"]


class Adam(Minibatches):
    """Adam (Kingma & Ba 2015) with a learning rate schedule.

    Parameters
    ----------
    beta_2 : float, default=0.999
    **options : dict
        As of the base.
    """

    def __init__(self, *, beta_2=0.999, **options):
        super().__init__(**options)
        self.betas = 0.9, beta_2

    def _new_optimizer(self, parameters, rate, on_gpu):
        return torch.optim.Adam(
            parameters,
            lr=rate,
            betas=self.betas,
            fused=on_gpu or parameters[0].device.type == "cpu",
            capturable=on_gpu,
        )
