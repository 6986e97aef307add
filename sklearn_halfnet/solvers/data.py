"""Training data in blocks of tensors, kept in memory or computed again."""

import numpy as np
import torch

from sklearn_halfnet._device import free_memory
from sklearn_halfnet.solvers.lbfgs import gradient_vector

__all__ = ["BlockData"]

_BLOCK_BYTES = 8 * 2**20
# Of the free memory of a GPU: the rest is for a step.
_SHARE_KEPT = 0.5


class BlockData:
    """Rows in a fixed shuffled order, cut into blocks; inputs computed a block at once.

    A block's inputs are computed by the same call on the same rows whether they are
    kept or not, so training gives the same result for any ``cache_bytes``. They are
    kept on the device, and minibatches are cut there.

    Parameters
    ----------
    compute : callable
        ``compute(rows)`` returns the network's inputs (n_rows, n_columns), a numpy
        array, for an array of row numbers.
    rows : ndarray of shape (n_rows,)
        Row numbers, in the order of the blocks.
    targets : ndarray of shape (n_samples,) or (n_samples, n_outputs)
    sample_weight : ndarray of shape (n_samples,) or None
        Scaled to a mean of one over ``rows``.
    n_columns : int
        Width of the inputs.
    working_columns : int
        Width of the widest array that ``compute`` needs, by which blocks are sized.
    batch_size : int
        Blocks hold a multiple of this many rows.
    dtype : numpy dtype
        Of inputs.
    cache_bytes : int
        Inputs are kept if all of them fit into this many bytes, and on a GPU into half
        of its free memory.
    device : torch.device
    """

    def __init__(
        self,
        compute,
        rows,
        targets,
        sample_weight=None,
        *,
        n_columns,
        working_columns,
        batch_size,
        dtype,
        cache_bytes,
        device,
    ):
        self.compute = compute
        self.device = device
        itemsize = np.dtype(dtype).itemsize
        batches = max(1, _BLOCK_BYTES // (working_columns * itemsize * batch_size))
        self.blocks = _cut(rows, batches * batch_size)
        self.n_rows = len(rows)
        input_bytes = len(rows) * n_columns * itemsize
        self.keeps = input_bytes <= min(cache_bytes, _SHARE_KEPT * free_memory(device))
        self.kept_bytes = input_bytes if self.keeps else 0
        self.kept = {}
        self.targets = [self._tensor(targets[block]) for block in self.blocks]
        self.weights = [None] * len(self.blocks)
        if sample_weight is not None:
            unit = sample_weight / sample_weight[rows].mean()
            unit = unit.astype(dtype)
            self.weights = [self._tensor(unit[block]) for block in self.blocks]

    def __len__(self):
        return len(self.blocks)

    def block(self, i):
        """Return inputs, targets and weights (None if all one) of block i."""
        inputs = self.kept.get(i)
        if inputs is None:
            inputs = self._tensor(self.compute(self.blocks[i]))
            if self.keeps:
                self.kept[i] = inputs
        return inputs, self.targets[i], self.weights[i]

    def few(self, n_rows):
        """Return inputs, targets and weights of up to so many rows, drawn at random."""
        parts = self.block(0)
        return [None if part is None else part[:n_rows] for part in parts]

    def loss_and_gradient(self, objective, parameters):
        """Mean loss of all rows, without the penalty, and its gradient as a vector."""
        for parameter in parameters:
            parameter.grad = None
        losses = []
        for i in range(len(self)):
            inputs, targets, weights = self.block(i)
            share = len(targets) / self.n_rows
            loss = share * objective.data_loss(inputs, targets, weights)
            loss.backward()
            losses.append(loss.detach())
        # Read at the end: a GPU is not waited for between blocks.
        return sum(loss.item() for loss in losses), gradient_vector(parameters)

    def minibatches(self, batch_size, rng):
        """Visit all rows once: blocks in random order, rows shuffled within a block."""
        for i in rng.permutation(len(self)):
            inputs, targets, weights = self.block(i)
            order = self._tensor(rng.permutation(len(targets)))
            for index in order.split(batch_size):
                yield (
                    inputs.index_select(0, index),
                    targets.index_select(0, index),
                    None if weights is None else weights.index_select(0, index),
                )

    def _tensor(self, array):
        tensor = torch.from_numpy(np.ascontiguousarray(array))
        if self.device.type != "cuda":
            return tensor.to(self.device)
        # From pinned memory the copy need not be waited for.
        return tensor.pin_memory().to(self.device, non_blocking=True)


def _cut(rows, block_rows):
    return [rows[i : i + block_rows] for i in range(0, len(rows), block_rows)]
