"""What follows from the parameters of a partially trained network alone."""

from dataclasses import dataclass, fields
from functools import cached_property

import numpy as np

from sklearn_halfnet.models.partial_trainable import Trainable, n_learned

__all__ = ["SIZES", "NetworkDesign"]

# Architecture -> depth and width where these are None: networks for small images.
SIZES = {
    "wrn": (16, 2),
    "densenet": (40, 12),
    "vgg": (9, 32),
    "vgg_bn": (9, 32),
    "alexnet": (6, 32),
}


@dataclass(frozen=True)
class NetworkDesign:
    """Which network is built, and what of it is learned.

    Parameters
    ----------
    architecture, depth, width, trainable, fraction, n_filters, frozen
        As the estimator has them.
    image_shape : tuple of int
        (channels, height, width).
    fit_batch_norms : bool, default=True
        As the estimator has it.
    """

    architecture: str
    depth: int
    width: int
    trainable: object
    fraction: float
    n_filters: int
    frozen: str
    image_shape: tuple
    fit_batch_norms: bool = True

    @classmethod
    def of(cls, parameters, image_shape):
        """Take what there is among an estimator's parameters, a dict."""
        names = {field.name for field in fields(cls)} - {"image_shape"}
        return cls(**{n: parameters[n] for n in names}, image_shape=image_shape)

    @property
    def parameters(self):
        """All of them as a dict."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    def __getstate__(self):
        """Leave out what is derived: it need not be pickled."""
        return self.parameters

    def check(self, select):
        """Raise ValueError if parameters contradict each other."""
        blocks, learned = self.build("meta"), self.learned
        if not (learned.classifier or self.n_fixed_blocks < len(blocks)):
            raise ValueError(
                f"trainable={self.trainable!r} leaves nothing to be learned of "
                f"architecture={self.architecture!r}, which has no batch norms."
            )
        is_cut = learned.dim is not None or learned.blocks == set(blocks)
        if self.frozen == "zero" and not is_cut:
            raise ValueError(
                f"frozen='zero' with trainable={self.trainable!r} makes whole layers "
                "zero, so that nothing passes through. Train a slice of every layer, "
                "such as 'filters'."
            )
        if select == "saliency" and self.is_narrow:
            raise ValueError(
                "select='saliency' chooses other filters in each layer, but the "
                "network that is left of frozen='zero' needs the same. Use "
                "select='first' or frozen='random'."
            )

    # -- the network -------------------------------------------------------------------

    def build(self, device):
        """Build the blocks without values, as a dict of name to module."""
        return self._build(device, self.count if self.is_narrow else int)

    def _build(self, device, part):
        import torch

        from sklearn_halfnet.networks.architectures import ARCHITECTURES

        depth, width = SIZES[self.architecture]
        depth = depth if self.depth is None else self.depth
        width = width if self.width is None else self.width
        with torch.device(device):
            return ARCHITECTURES[self.architecture](
                self.image_shape[0], depth, width, part
            )

    @cached_property
    def conv_shapes(self):
        """Name -> shape of the weights of each convolution."""
        from sklearn_halfnet.networks.partial_cnn import parts
        from sklearn_halfnet.networks.partial_conv import PartialConv2d

        convolutions = parts(self.build("meta"), PartialConv2d)
        return {name: tuple(conv.weight.shape) for name, conv in convolutions.items()}

    @cached_property
    def shapes(self):
        """Shapes (channels, height, width) before and after each block."""
        import torch

        from sklearn_halfnet.networks.partial_cnn import Blocks

        blocks = Blocks(self.build("meta"), self.image_shape).eval()
        row = torch.empty(1, int(np.prod(self.image_shape)), device="meta")
        with torch.no_grad():
            after = [tuple(images.shape[1:]) for images in blocks.each(row)]
        return [self.image_shape, *after]

    @property
    def n_numbers_in_maps(self):
        """Numbers that all convolutions make of a row, as large as their blocks end."""
        pixels = {
            name: height * width
            for name, (_, height, width) in zip(
                self.build("meta"), self.shapes[1:], strict=True
            )
        }
        return sum(
            shape[0] * pixels[name.split(".")[0]]
            for name, shape in self.conv_shapes.items()
        )

    # -- what is learned ---------------------------------------------------------------

    @cached_property
    def learned(self):
        """What ``trainable`` says, as a Trainable."""
        blocks = self._build("meta", int)
        return Trainable.of(self.trainable, blocks, self.fit_batch_norms)

    @property
    def is_narrow(self):
        """Whether fixed filters are zero, so that the network is built without them."""
        learned = self.learned
        return self.frozen == "zero" and learned.dim == 0 and not learned.blocks

    @property
    def cuts(self):
        """Whether convolutions are built of which a slice is learned."""
        return self.learned.dim is not None and not self.is_narrow

    @cached_property
    def n_fixed_blocks(self):
        """How many of the first blocks have nothing that is learned."""
        return self.learned.n_fixed_blocks(self.build("meta"))

    def count(self, size):
        """How many of ``size`` filters are learned."""
        return n_learned(size, self.fraction, self.n_filters)
