"""Adam on shuffled minibatches."""

import torch

from sklearn_halfnet.solvers.minibatch import Minibatches

__all__ = ["Adam"]


class Adam(Minibatches):
    """Adam (Kingma & Ba 2015) with a learning rate schedule; parameters as its base."""

    def _new_optimizer(self, parameters, rate, on_gpu):
        fused = on_gpu or parameters[0].device.type == "cpu"
        return torch.optim.Adam(parameters, lr=rate, fused=fused, capturable=on_gpu)
