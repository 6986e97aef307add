"""A convolutional network in named blocks, and what is done to its images."""

from collections.abc import Iterator
from contextlib import nullcontext
from typing import TypeVar

import torch
from torch import nn
from torch.nn import functional

from sklearn_halfnet.networks.dropout import gpu_generator
from sklearn_halfnet.networks.partial_conv import BatchNorm, PartialConv2d

__all__ = [
    "Augmentation",
    "Blocks",
    "PartialCNN",
    "constants",
    "parts",
    "set_constants",
    "set_learned",
]

_Kind = TypeVar("_Kind", bound=nn.Module)


def parts(blocks, kind: type[_Kind]) -> dict[str, _Kind]:
    """Name -> module of all convolutions, or all batch norms, in order.

    Parameters
    ----------
    blocks : dict of str to torch.nn.Module
    kind : {PartialConv2d, BatchNorm}
    """
    return {
        ".".join(filter(None, (block, name))): module
        for block, whole in blocks.items()
        for name, module in whole.named_modules()
        if isinstance(module, kind)
    }


def constants(blocks):
    """Name -> tensor of what is or could be fixed, with its present values.

    Parameters
    ----------
    blocks : dict of str to torch.nn.Module
    """
    found = {}
    for name, conv in parts(blocks, PartialConv2d).items():
        found[f"{name}.weight"] = conv.full()
        if conv.offset is not None:
            found[f"{name}.offset"] = conv.full_bias()
    for name, norm in parts(blocks, BatchNorm).items():
        for kind in ("gain", "shift"):
            learned = getattr(norm, kind)
            fixed = f"fixed_{kind}"
            found[f"{name}.{fixed}"] = (
                getattr(norm, fixed) if learned is None else learned
            )
    return found


def set_constants(blocks, values):
    """Give blocks fixed values, tensors by the names of :func:`constants`."""
    whole = nn.ModuleDict(blocks)
    for name, value in values.items():
        module, _, buffer = name.rpartition(".")
        setattr(whole.get_submodule(module), buffer, value)


def set_learned(blocks, weights):
    """Give what is learned of convolutions the values that whole weights have there."""
    for name, conv in parts(blocks, PartialConv2d).items():
        if conv.learned is not None:
            whole = weights[f"{name}.weight"].to(conv.learned)
            with torch.no_grad():
                conv.learned.copy_(conv.cut(whole))


class Blocks(nn.Module):
    """Blocks in a row, from flat images to flat channels.

    Parameters
    ----------
    blocks : dict of str to torch.nn.Module
    image_shape : tuple of int
        (channels, height, width) of the flat rows that come in.
    """

    def __init__(self, blocks, image_shape):
        super().__init__()
        self.blocks = nn.ModuleDict(blocks)
        self.image_shape = image_shape

    def each(self, rows: torch.Tensor) -> Iterator[torch.Tensor]:
        """Yield the images (n_rows, n_channels, height, width) after each block."""
        images = rows.view(len(rows), *self.image_shape)
        # With the channels last, most steps on a CPU are faster by half.
        images = images.contiguous(memory_format=torch.channels_last)
        for block in self.blocks.values():
            images = block(images)
            yield images

    def images(self, rows):
        """Compute the images after the last block; without blocks what comes in."""
        images = rows.view(len(rows), *self.image_shape)
        for after in self.each(rows):
            images = after
        return images

    def forward(self, rows):
        """Compute what the last block gives, (n_rows, channels * height * width)."""
        return self.images(rows).flatten(1)

    def averages(self, rows):
        """Average each channel of the last block over the image."""
        return self.images(rows).mean(dim=(2, 3), dtype=rows.dtype)

    def calibrate(self, batches):
        """Set the batch norms' means and variances to averages over batches of rows."""
        norms = list(parts(self.blocks, BatchNorm).values())
        self.train()
        with torch.no_grad():
            for i, rows in enumerate(batches):
                for norm in norms:
                    norm.momentum = 1 / (i + 1)
                self(rows)
        for norm in norms:
            norm.momentum = BatchNorm.momentum
        return self.eval()


class PartialCNN(nn.Module):
    """A head on the blocks' channels, averaged over the image.

    Parameters
    ----------
    blocks : Blocks
    head : torch.nn.Module
        From features (n_rows, n_channels) to scores; with ``penalised()``.
    augmentation : Augmentation or None, default=None
        Done to images in training.
    mixed : bool, default=False
        Whether the blocks compute in bfloat16 in training. Weights, averages, gradients
        and the head keep their type.
    """

    def __init__(self, blocks, head, augmentation=None, mixed=False):
        super().__init__()
        self.blocks = blocks
        self.head = head
        self.augmentation = augmentation
        self.mixed = mixed

    def forward(self, rows):
        """Compute scores (n_rows, n_outputs) from flat images (n_rows, n_pixels)."""
        if self.training and self.augmentation is not None:
            images = rows.view(len(rows), *self.blocks.image_shape)
            rows = self.augmentation(images).flatten(1)
        with self._precision(rows.device.type):
            averages = self.blocks.averages(rows)
        return self.head(averages)

    def _precision(self, device):
        if not (self.training and self.mixed):
            return nullcontext()
        # Each weight is used once: there is nothing to keep its copy for.
        return torch.autocast(device, torch.bfloat16, cache_enabled=False)

    def penalised(self):
        """Pairs of a factor and what the L2 penalty acts on: no offsets or gains."""
        convolutions = parts(self.blocks.blocks, PartialConv2d).values()
        learned = [conv.learned for conv in convolutions]
        pairs = [(1, weights) for weights in learned if weights is not None]
        return pairs + [pair for pair in self.head.penalised() if pair[1].requires_grad]


class Augmentation:
    """Random flips, left to right, and random crops of padded images.

    Parameters
    ----------
    flips : bool
        Whether half of the images are mirrored.
    padding : int
        Zeros put at each side, of which a crop of the old size is cut.
    rng : numpy.random.Generator
    device : torch.device, default=None
        Where the images are; None is the CPU. On a GPU torch draws.
    """

    def __init__(self, flips, padding, rng, device=None):
        self.flips, self.padding, self.rng = flips, padding, rng
        self.generator = gpu_generator(rng, device)

    def __call__(self, images):
        """Change images (n_images, n_channels, height, width)."""
        n_images, _, height, width = images.shape
        rows, columns = (
            self._crop(n_images, side, images.device) for side in (height, width)
        )
        if self.flips:
            mirrored = self._mirrored(n_images, images.device)
            columns = torch.where(mirrored, columns.flip(1), columns)
        padded = functional.pad(images, [self.padding] * 4)
        which = torch.arange(n_images, device=images.device)[:, None, None]
        cut = padded.movedim(1, -1)[which, rows[:, :, None], columns[:, None, :]]
        return cut.movedim(-1, 1)

    def _mirrored(self, n_images, device):
        """Which images are mirrored, (n_images, 1)."""
        if self.generator is None:
            drawn = torch.from_numpy(self.rng.random(n_images) < 0.5)
            return drawn.to(device)[:, None]
        return self._below(2, n_images, device) == 1

    def _crop(self, n_images, side, device):
        """Which pixels of a padded side each image keeps, (n_images, side)."""
        start = self._below(2 * self.padding + 1, n_images, device)
        return start + torch.arange(side, device=device)

    def _below(self, end, n_images, device):
        """Draw an integer from 0 to ``end`` - 1 for each image, (n_images, 1)."""
        if self.generator is None:
            drawn = self.rng.integers(end, size=(n_images, 1))
            return torch.from_numpy(drawn).to(device)
        drawn = torch.empty((n_images, 1), dtype=torch.int64, device=device)
        return drawn.random_(0, end, generator=self.generator)
