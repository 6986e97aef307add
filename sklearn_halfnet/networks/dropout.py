"""Dropout whose masks are drawn by a generator of the fit."""

import numpy as np
import torch

__all__ = ["Dropout", "gpu_generator"]

_LEVELS = 256


class Dropout:
    """Set units to zero at random, and divide the others by the share that is left.

    A unit takes one random byte. numpy draws it: that is twenty times as fast as
    torch's own draw on a CPU. On a GPU torch does: no step waits for the processor.

    Parameters
    ----------
    rate : float
        Share of the units, in steps of 1 / 256.
    rng : numpy.random.Generator
    device : torch.device, default=None
        Where the units are; None is the CPU.

    References
    ----------
    N. Srivastava et al., "Dropout: a simple way to prevent neural networks from
    overfitting", Journal of Machine Learning Research 15 (2014).
    """

    def __init__(self, rate, rng, device=None):
        # At least one level is left.
        self.n_zero = min(round(rate * _LEVELS), _LEVELS - 1)
        self.rng = rng
        self.generator = gpu_generator(rng, device)

    @property
    def factor(self):
        """What units that are left are multiplied by."""
        return _LEVELS / (_LEVELS - self.n_zero)

    def __call__(self, hidden):
        """Return hidden units, a tensor of any shape, with some of them zero."""
        return hidden * self._drawn(hidden).mul_(self.factor)

    def drop(self, hidden):
        """Set some of the hidden units to zero in place, and leave the others."""
        hidden.mul_(self._drawn(hidden))

    def _drawn(self, hidden):
        """Draw which units are left, a tensor of ones and zeros like them."""
        if self.generator is None:
            drawn = np.frombuffer(self.rng.bytes(hidden.numel()), np.uint8)
            # torch makes numbers of bytes in half of the time that it takes for truth.
            left = (drawn >= self.n_zero).view(np.uint8).reshape(hidden.shape)
            return torch.from_numpy(left).to(hidden.device, hidden.dtype)
        drawn = torch.empty_like(hidden, dtype=torch.uint8)
        drawn.random_(0, _LEVELS, generator=self.generator)
        return (drawn >= self.n_zero).to(hidden.dtype)


def gpu_generator(rng, device):
    """Make a generator of a GPU, whose seed a child of ``rng`` draws; else None.

    A CUDA graph that it is made known to draws anew whenever it is replayed.
    """
    if device is None or device.type != "cuda":
        return None
    (own,) = rng.spawn(1)
    return torch.Generator(device).manual_seed(int(own.integers(2**63)))
