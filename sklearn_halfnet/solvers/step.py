"""A step on a minibatch; on a GPU one that is recorded once and then replayed.

A step of a small network is some dozens of short operations, and a GPU waits for the
processor that asks for them one by one. CUDA records them as a graph, which then is
asked for as a whole: it takes a batch of the same shape from the same place in memory,
and the learning rate, too, is read from there.
"""

import torch

__all__ = ["GraphStep", "Step", "make_step"]

# Steps before the recording: libraries choose their routines, and optimisers make their
# state.
_STEPS_BEFORE = 3


def make_step(objective, optimizer, device, n_rows):
    """Make what takes a step; parameters as of ``Step`` and ``GraphStep``."""
    step = Step(objective, optimizer)
    return GraphStep(step, device, n_rows) if device.type == "cuda" else step


class Step:
    """Gradient of an objective on a minibatch, and a step of the optimiser.

    Parameters
    ----------
    objective : Objective
    optimizer : torch.optim.Optimizer
    """

    def __init__(self, objective, optimizer):
        self.objective, self.optimizer = objective, optimizer
        self.parameters = objective.parameters()

    def __call__(self, batch):
        """Take a step; return the objective before it."""
        loss = self.objective(*batch)
        # What zero_grad does takes 1 to 5 % of a step there.
        for parameter in self.parameters:
            parameter.grad = None
        loss.backward()
        self.optimizer.step()
        return loss.detach()


class GraphStep:
    """The same, recorded; or as it is where something in it cannot be recorded.

    Parameters
    ----------
    step : Step
    device : torch.device
    n_rows : int
        Of the batches for which it is recorded; the last of a pass may be smaller.

    Attributes
    ----------
    graph : torch.cuda.CUDAGraph or None
        None before it is recorded.
    refused : str or None
        Why it could not be.
    """

    def __init__(self, step, device, n_rows):
        self.step, self.device, self.n_rows = step, device, n_rows
        self.stream = torch.cuda.Stream(device)
        self.n_before, self.graph = _STEPS_BEFORE, None
        self.batch = self.loss = self.refused = None

    def __call__(self, batch):
        """Take a step; return the objective before it, until the next one."""
        if self.n_before > 0:
            self.n_before -= 1
            return self._beside(batch)
        if len(batch[1]) != self.n_rows:
            return self.step(batch)
        if self.n_before == 0:
            self._record(batch)
        if self.graph is None:
            return self.step(batch)
        for kept, new in zip(self.batch, batch, strict=True):
            if kept is not None:
                kept.copy_(new)
        self.graph.replay()
        return self.loss

    def _beside(self, batch):
        """Take a step on the stream that is going to be recorded."""
        here = torch.cuda.current_stream(self.device)
        self.stream.wait_stream(here)
        with torch.cuda.stream(self.stream):
            loss = self.step(batch)
        here.wait_stream(self.stream)
        return loss

    def _record(self, batch):
        """Record a step, without taking it."""
        self.n_before = -1  # it is tried once
        batch = [None if part is None else part.clone() for part in batch]
        graph = torch.cuda.CUDAGraph()
        for generator in self.step.objective.generators():
            graph.register_generator_state(generator)
        # Other threads may fit networks of their own meanwhile.
        recording = torch.cuda.graph(
            graph, stream=self.stream, capture_error_mode="thread_local"
        )
        try:
            with torch.cuda.stream(self.stream), recording:
                loss = self.step(batch)
        except torch.cuda.OutOfMemoryError:
            raise
        except RuntimeError as error:
            self.refused = str(error)
            return
        self.batch, self.loss, self.graph = batch, loss, graph
