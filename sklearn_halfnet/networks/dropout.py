"""Dropout whose masks are drawn by a generator of the fit."""

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

    def __call__(self, hidden):
        """Return hidden units, a tensor of any shape, with some of them zero."""
        kept = self._bytes(hidden) >= self.n_zero
        factor = _LEVELS / (_LEVELS - self.n_zero)
        mask = kept.to(hidden.dtype).mul_(factor).view(hidden.shape)
        return hidden * mask

    def _bytes(self, hidden):
        if self.generator is not None:
            drawn = torch.empty(hidden.numel(), dtype=torch.uint8, device=hidden.device)
            return drawn.random_(0, _LEVELS, generator=self.generator)
        drawn = bytearray(self.rng.bytes(hidden.numel()))
        return torch.frombuffer(drawn, dtype=torch.uint8).to(hidden.device)


def gpu_generator(rng, device):
    """Make a generator of a GPU, whose seed a child of ``rng`` draws; else None.

    A CUDA graph that it is made known to draws anew whenever it is replayed.
    """
    if device is None or device.type != "cuda":
        return None
    (own,) = rng.spawn(1)
    return torch.Generator(device).manual_seed(int(own.integers(2**63)))
