"""Adam on shuffled minibatches."""

import torch

from sklearn_halfnet.solvers.minibatch import Minibatches

__all__ = ["Adam"]


class Adam(Minibatches):
    """Adam (Kingma & Ba 2015) with a learning rate schedule; parameters as its base."""

    def _new_optimizer(self, parameters):
        fused = parameters[0].device.type in ("cpu", "cuda")
        return torch.optim.Adam(parameters, lr=self.learning_rate_init, fused=fused)
