"""Passes over shuffled minibatches, with a learning rate schedule."""

import math

import torch

from sklearn_halfnet.solvers.schedules import SCHEDULES
from sklearn_halfnet.solvers.step import make_step

__all__ = ["Minibatches"]


class Minibatches:
    """Base of the methods that take a step a minibatch.

    A subclass says which by ``_new_optimizer(parameters, rate, on_gpu)``, a torch
    optimiser. On a GPU its step must be one that CUDA can record: with state on the
    device, where the rate is a tensor, too.

    Parameters
    ----------
    learning_rate_init : float
    learning_rate : str
        A name in ``SCHEDULES``.
    batch_size : int
    rng : numpy.random.Generator
        Shuffles the rows.
    """

    def __init__(self, *, learning_rate_init, learning_rate, batch_size, rng):
        self.learning_rate_init = learning_rate_init
        self.schedule = SCHEDULES[learning_rate]
        self.batch_size = batch_size
        self.rng = rng
        self.n_passes, self.optimizer, self.state = 0, None, None
        self.step = None

    def solve(self, objective, data, max_iter, after_iteration):
        """Pass over the data up to ``max_iter`` times.

        Returns
        -------
        converged : bool
            True if ``after_iteration`` stopped it.
        """
        self.optimizer = self.make_optimizer(objective, self.state)
        for epoch in range(self.n_passes, max_iter):
            loss = self.run_epoch(objective, data, self.optimizer, epoch, max_iter)
            self.n_passes += 1
            if after_iteration(loss):
                return True
        return False

    def checkpoint(self):
        """Return what ``resume`` needs to go on from here, as plain data."""
        return {"n_passes": self.n_passes, "state": self.state_arrays(self.optimizer)}

    def resume(self, checkpoint):
        """Let ``solve`` go on from a checkpoint: passes left, rate, momentum."""
        self.n_passes, self.state = checkpoint["n_passes"], checkpoint["state"]

    def make_optimizer(self, objective, state=None):
        """Create the torch optimiser, going on from ``state_arrays`` if given."""
        parameters, rate = objective.parameters(), self.learning_rate_init
        device = parameters[0].device
        on_gpu = device.type == "cuda"
        if on_gpu:
            rate = torch.tensor(rate, dtype=torch.float32, device=device)
        optimizer = self._new_optimizer(parameters, rate, on_gpu)
        for parameter, arrays in zip(parameters, state or [], strict=False):
            optimizer.state[parameter] = {
                name: _in_order_of(parameter, array) for name, array in arrays.items()
            }
        self.step = make_step(objective, optimizer, device, self.batch_size)
        return optimizer

    def state_arrays(self, optimizer):
        """Return the optimiser's state as numpy arrays, a dict for each parameter."""
        return [
            {name: value.cpu().numpy().copy() for name, value in state.items()}
            for state in optimizer.state.values()
        ]

    def run_epoch(self, objective, data, optimizer, epoch=0, max_iter=1):
        """Pass over the data once; return the mean loss seen on the way."""
        total = torch.zeros((), device=data.device)
        done, n_steps = (
            0,
            sum(math.ceil(len(block) / self.batch_size) for block in data.blocks),
        )
        for step, batch in enumerate(data.minibatches(self.batch_size, self.rng)):
            self._set_rate(optimizer, (epoch + step / n_steps) / max_iter)
            total += self.step(batch) * len(batch[1])
            done += len(batch[1])
        return total.item() / done

    def _set_rate(self, optimizer, progress):
        rate = self.learning_rate_init * self.schedule(progress)
        for group in optimizer.param_groups:
            if isinstance(group["lr"], torch.Tensor):
                group["lr"].fill_(rate)
            else:
                group["lr"] = rate


def _in_order_of(parameter, array):
    """Make a tensor; one of the parameter's shape as the parameter lies in memory."""
    tensor = torch.from_numpy(array.copy())
    if tensor.shape != parameter.shape:
        return tensor.to(parameter.device)
    return torch.empty_like(parameter, requires_grad=False).copy_(tensor)
