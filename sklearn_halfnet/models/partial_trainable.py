"""What a partially trained network learns: from a user's words to slices of weights."""

from dataclasses import dataclass

import numpy as np

__all__ = ["Trainable", "first_indices", "n_learned", "salient_indices"]

# Name -> dimension of the weights (n_filters, n_channels, height, width) that is cut.
SLICES = {"filters": 0, "input_channels": 1, "kernel_rows": 2, "kernel_columns": 3}
_WORDS = {"all", "batch_norm", "classifier", *SLICES}


def n_learned(size, fraction, n_filters):
    """How many of ``size`` filters are learned: a fraction, or a number of them.

    Examples
    --------
    >>> from sklearn_halfnet.models.partial_trainable import n_learned
    >>> n_learned(16, 0.1, None), n_learned(16, 0.1, 5), n_learned(3, 0.1, 5)
    (2, 5, 3)
    """
    wanted = round(fraction * size) if n_filters is None else n_filters
    return int(min(size, max(1, wanted)))


@dataclass
class Trainable:
    """What is learned of a network with given blocks.

    Parameters
    ----------
    dim : {0, 1, 2, 3} or None
        Dimension of which every convolution learns a slice.
    blocks : set of str
        Blocks that are learned wholly.
    norms : set of str
        Blocks of which gains and shifts are learned.
    classifier : bool
        Whether the head is.
    """

    dim: int | None
    blocks: set
    norms: set
    classifier: bool

    @classmethod
    def of(cls, trainable, block_names, fit_batch_norms=True):
        """Understand the parameters ``trainable`` and ``fit_batch_norms``.

        Raises
        ------
        ValueError
            If a name is not known, or two slices are asked for; or batch norms, and
            none are to be fitted.
        """
        words = {trainable} if isinstance(trainable, str) else set(trainable)
        unknown = words - _WORDS - set(block_names)
        if unknown or not words:
            raise ValueError(
                f"trainable={trainable!r}: name one or several of "
                f"{sorted(_WORDS)} and the blocks {list(block_names)}."
            )
        slices = words & set(SLICES)
        if len(slices) > 1:
            raise ValueError(
                f"trainable={trainable!r} cuts the weights along {len(slices)} "
                f"dimensions; name one of {sorted(SLICES)}."
            )
        if "batch_norm" in words and not fit_batch_norms:
            raise ValueError(
                f"trainable={trainable!r} names batch norms, and fit_batch_norms=False "
                "leaves them as they are: choose one of them."
            )
        everywhere = "all" in words
        whole = bool(slices) or everywhere
        blocks = set(block_names) if everywhere else words & set(block_names)
        norms = set(block_names) if whole or "batch_norm" in words else blocks
        return cls(
            SLICES[slices.pop()] if slices and not everywhere else None,
            blocks,
            norms if fit_batch_norms else set(),
            whole or "classifier" in words,
        )

    def n_fixed_blocks(self, blocks):
        """How many of the first blocks have nothing that is learned."""
        if self.dim is not None:
            return 0
        for i, (name, block) in enumerate(blocks.items()):
            if name in self.blocks or (name in self.norms and _has_norms(block)):
                return i
        return len(blocks)

    def apply(self, blocks, indices):
        """Make the learned part of blocks parameters.

        Parameters
        ----------
        blocks : dict of str to torch.nn.Module
        indices : dict of str to ndarray of int or None
            Of each convolution what is learned along ``dim``; None is all.
        """
        import torch

        from sklearn_halfnet.networks.partial_cnn import parts
        from sklearn_halfnet.networks.partial_conv import BatchNorm, PartialConv2d

        for name, conv in parts(blocks, PartialConv2d).items():
            if _block(name) in self.blocks:
                conv.learn()
            elif self.dim is not None:
                index = indices[name]
                index = None if index is None else torch.from_numpy(index)
                conv.learn(self.dim, index)
        for name, norm in parts(blocks, BatchNorm).items():
            if _block(name) in self.norms:
                norm.learn()


def _block(name):
    return name.split(".")[0]


def _has_norms(block):
    from sklearn_halfnet.networks.partial_conv import BatchNorm

    return any(isinstance(module, BatchNorm) for module in block.modules())


def first_indices(convolutions, dim, count):
    """Choose the first ``count(size)`` of each convolution along ``dim``."""
    return {
        name: _unless_all(np.arange(count(size)), size)
        for name, size in _sizes(convolutions, dim)
    }


def salient_indices(convolutions, dim, count):
    """Choose by |gradient x weight|, which the convolutions' ``learned`` hold.

    So FreezeNet (Wimmer et al. 2020) chooses single weights: those whose change would
    lower the loss the most.
    """
    indices = {}
    for name, size in _sizes(convolutions, dim):
        learned = convolutions[name].learned
        saliency = (learned.grad * learned).detach().abs()
        saliency = saliency.sum(dim=[i for i in range(4) if i != dim]).cpu().numpy()
        largest = np.argsort(-saliency, kind="stable")[: count(size)]
        indices[name] = _unless_all(np.sort(largest), size)
    return indices


def _sizes(convolutions, dim):
    return ((name, conv.weight.shape[dim]) for name, conv in convolutions.items())


def _unless_all(index, size):
    return None if len(index) == size else index
