"""Convolutional architectures at any depth and width, as lists of named blocks.

Every function takes the channels of an image, ``depth`` and ``width``, and ``part``:
how many filters of a layer exist, as a function of how many it has by design. So the
same lines build a network and what remains of it when fixed filters are zero.
"""

import torch
from torch import nn
from torch.nn import functional

from sklearn_halfnet.features.computation import Join, Pool, Sum
from sklearn_halfnet.networks.partial_conv import BatchNorm, PartialConv2d

__all__ = ["ARCHITECTURES", "in_a_row"]


def wide_residual(n_channels, depth, width, part):
    """Wide residual network (Zagoruyko & Komodakis 2016): depth 6 n + 4."""
    n_units = _units_of_depth(depth, "wrn")
    blocks = {"conv1": PartialConv2d(n_channels, part(16), 3)}
    designed, n_in = 16, part(16)
    for i, n_out in enumerate((16 * width, 32 * width, 64 * width)):
        units = []
        for j in range(n_units):
            stride = 2 if i > 0 and j == 0 else 1
            same = designed == n_out and stride == 1
            units.append(_ResidualUnit(n_in, part(n_out), stride, same=same))
            designed, n_in = n_out, part(n_out)
        blocks[f"block{i + 1}"] = nn.Sequential(*units)
    blocks["block3"].extend([_NormActivation(n_in)])
    return blocks


def densenet(n_channels, depth, width, part):
    """DenseNet-BC (Huang et al. 2017): depth 6 n + 4, ``width`` is the growth rate."""
    n_units = _units_of_depth(depth, "densenet")
    designed = 2 * width
    n_in = part(designed)
    blocks = {"conv1": PartialConv2d(n_channels, n_in, 3)}
    for i in range(3):
        block = nn.Sequential()
        for _ in range(n_units):
            block.append(_DenseUnit(n_in, part(4 * width), part(width)))
            designed, n_in = designed + width, n_in + part(width)
        if i < 2:
            designed //= 2
            block.append(_Transition(n_in, part(designed)))
            n_in = part(designed)
        else:
            block.append(_NormActivation(n_in))
        blocks[f"block{i + 1}"] = block
    return blocks


def vgg(n_channels, depth, width, part, norm=False):
    """VGG (Simonyan & Zisserman 2015): depth - 1 convolutions in at most 5 stages."""
    n_convs = depth - 1
    n_stages = min(5, n_convs)
    small, n_larger = divmod(n_convs, n_stages)
    blocks, n_in = {}, n_channels
    for i in range(n_stages):
        n_out = part(width * min(2**i, 8))
        stage = nn.Sequential()
        for _ in range(small + (i >= n_stages - n_larger)):
            stage.append(_ConvActivation(n_in, n_out, 3, norm=norm))
            n_in = n_out
        blocks[f"block{i + 1}"] = stage.append(_MaxPool())
    return blocks


def vgg_with_norm(n_channels, depth, width, part):
    """VGG with batch normalisation after each convolution."""
    return vgg(n_channels, depth, width, part, norm=True)


def alexnet(n_channels, depth, width, part):
    """After AlexNet (Krizhevsky et al. 2012): depth - 1 convolutions and a read-out.

    Kernels of 5 x 5 in the first two layers, of 3 x 3 in the others; pooling after the
    first two and the last. The fully connected layers are left out.
    """
    factors = (1, 3, 6, 4, 4)
    blocks, n_in, n_convs = {}, n_channels, depth - 1
    for i in range(n_convs):
        n_out = part(width * factors[min(i, 4)])
        layer = _ConvActivation(n_in, n_out, 5 if i < 2 else 3)
        pools = i < 2 or i == n_convs - 1
        blocks[f"block{i + 1}"] = nn.Sequential(layer, *[_MaxPool()] * pools)
        n_in = n_out
    return blocks


def in_a_row(modules, steps, source, shape):
    """Add modules to a Computation, each on the image of the one before.

    Parameters
    ----------
    modules : iterable of torch.nn.Module
        Of this file, of ``partial_conv``, or rows of these.
    steps, source, shape
        As ``PartialConv2d.add_to`` takes them.

    Returns
    -------
    steps : Computation
    shape : tuple of int
    """
    for module in modules:
        if isinstance(module, nn.Sequential):
            steps, shape = in_a_row(module, steps, source, shape)
        else:
            steps, shape = module.add_to(steps, source, shape)
        source = steps.last
    return steps, shape


# Name -> function that returns the blocks in order, as a dict of modules.
ARCHITECTURES = {
    "wrn": wide_residual,
    "densenet": densenet,
    "vgg": vgg,
    "vgg_bn": vgg_with_norm,
    "alexnet": alexnet,
}


def _units_of_depth(depth, name):
    if depth < 10 or (depth - 4) % 6:
        raise ValueError(
            f"depth of architecture={name!r} must be 6 n + 4: 10, 16, 22, ...; got "
            f"{depth}."
        )
    return (depth - 4) // 6


class _NormActivation(nn.Module):
    def __init__(self, n_channels):
        super().__init__()
        self.norm = BatchNorm(n_channels)

    def forward(self, images):
        return functional.relu(self.norm(images), inplace=True)

    def add_to(self, steps, source, shape):
        """Do as ``PartialConv2d.add_to`` does, as all modules here."""
        return self.norm.add_to(steps, source, shape, rectified=True)


class _ResidualUnit(nn.Module):
    """Batch norm, ReLU and convolution, twice, added to what came in."""

    def __init__(self, n_in, n_out, stride, *, same):
        super().__init__()
        self.before = _NormActivation(n_in)
        self.first = PartialConv2d(n_in, n_out, 3, stride)
        self.between = _NormActivation(n_out)
        self.second = PartialConv2d(n_out, n_out, 3)
        self.shortcut = None if same else PartialConv2d(n_in, n_out, 1, stride)

    def forward(self, images):
        hidden = self.before(images)
        kept = images if self.shortcut is None else self.shortcut(hidden)
        return kept + self.second(self.between(self.first(hidden)))

    def add_to(self, steps, source, shape):
        steps, _ = self.before.add_to(steps, source, shape)
        hidden, kept = steps.last, source
        if self.shortcut is not None:
            steps, _ = self.shortcut.add_to(steps, hidden, shape)
            kept = steps.last
        steps, after = self.first.add_to(steps, hidden, shape)
        steps, after = in_a_row([self.between, self.second], steps, steps.last, after)
        return steps.then(Sum(), [kept, steps.last]), after


class _DenseUnit(nn.Module):
    """New channels computed of all before, through a bottleneck; appended to them."""

    def __init__(self, n_in, n_bottleneck, growth):
        super().__init__()
        self.before = _NormActivation(n_in)
        self.bottleneck = PartialConv2d(n_in, n_bottleneck, 1)
        self.between = _NormActivation(n_bottleneck)
        self.grow = PartialConv2d(n_bottleneck, growth, 3)

    def forward(self, images):
        new = self.grow(self.between(self.bottleneck(self.before(images))))
        return torch.cat([images, new], dim=1)

    def add_to(self, steps, source, shape):
        new = [self.before, self.bottleneck, self.between, self.grow]
        steps, after = in_a_row(new, steps, source, shape)
        joined = shape[0] + after[0], *after[1:]
        return steps.then(Join(), [source, steps.last]), joined


class _Transition(nn.Module):
    """Fewer channels, and half the height and width."""

    def __init__(self, n_in, n_out):
        super().__init__()
        self.before = _NormActivation(n_in)
        self.conv = PartialConv2d(n_in, n_out, 1)

    def forward(self, images):
        return _halved(functional.avg_pool2d, self.conv(self.before(images)))

    def add_to(self, steps, source, shape):
        steps, after = in_a_row([self.before, self.conv], steps, source, shape)
        return _add_halved(steps, steps.last, after, "mean")


class _ConvActivation(nn.Module):
    def __init__(self, n_in, n_out, size, *, norm=False):
        super().__init__()
        self.conv = PartialConv2d(n_in, n_out, size, bias=not norm)
        self.norm = BatchNorm(n_out) if norm else nn.Identity()

    def forward(self, images):
        return functional.relu(self.norm(self.conv(images)))

    def add_to(self, steps, source, shape):
        if isinstance(self.norm, nn.Identity):
            return self.conv.add_to(steps, source, shape, rectified=True)
        steps, after = self.conv.add_to(steps, source, shape)
        return self.norm.add_to(steps, steps.last, after, rectified=True)


class _MaxPool(nn.Module):
    def forward(self, images):
        return _halved(functional.max_pool2d, images)

    def add_to(self, steps, source, shape):
        return _add_halved(steps, source, shape, "max")


def _halved(pool, images):
    """Pool over 2 x 2 pixels, along the sides that have two pixels."""
    return pool(images, [min(2, side) for side in images.shape[2:]])


def _add_halved(steps, source, shape, kind):
    pool = Pool(shape, kind, tuple(min(2, side) for side in shape[1:]))
    return steps.then(pool, [source]), pool.result_shape
