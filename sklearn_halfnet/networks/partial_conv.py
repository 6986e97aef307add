"""Convolutions of which a slice of the weights is learned and the rest is constant.

Rosenfeld & Tsotsos (2018, arXiv 1802.00844) split the weights (n_filters, n_channels,
height, width) of each layer along one dimension. What is fixed is a constant of the
graph: no gradient is computed for it, and no optimiser state is kept.
"""

import torch
from torch import nn
from torch.nn import functional

from sklearn_halfnet.features.computation import ChannelMap, Convolution

__all__ = ["BatchNorm", "PartialConv2d"]


class PartialConv2d(nn.Module):
    """Convolution that keeps the size of images, or divides it by the stride.

    As made, it is wholly fixed; :meth:`learn` names what is trained.

    Parameters
    ----------
    n_channels, n_filters : int
    size : int
        Height and width of the kernels; odd.
    stride : int, default=1
    bias : bool, default=False

    Attributes
    ----------
    weight : tensor of shape (n_filters, n_channels, size, size)
        All weights. A buffer that a state dict does not hold: what is fixed comes from
        elsewhere, what is learned is in ``learned``.
    offset : tensor of shape (n_filters,) or None
        All biases, in the same way.
    learned, bias : Parameter or None
        The slice that is trained, and its biases.
    """

    weight: torch.Tensor
    offset: torch.Tensor | None
    index: torch.Tensor | None
    learned: nn.Parameter | None
    bias: nn.Parameter | None

    def __init__(self, n_channels, n_filters, size, stride=1, *, bias=False):
        super().__init__()
        self.stride = stride
        weight = torch.zeros(n_filters, n_channels, size, size)
        self.register_buffer("weight", weight, persistent=False)
        self.register_parameter("learned", None)
        self.register_parameter("bias", None)
        offset = torch.zeros(n_filters) if bias else None
        self.register_buffer("offset", offset, persistent=False)
        self.register_buffer("index", None, persistent=False)
        self.dim = 0

    def learn(self, dim=0, index=None):
        """Train a slice of the weights, and the biases that belong to it.

        Parameters
        ----------
        dim : {0, 1, 2, 3}, default=0
            Filters, input channels, rows or columns of the kernels.
        index : tensor of int64 or None, default=None
            Which of them; None trains all weights.
        """
        self.dim, self.index = dim, index
        learned = self.cut(self.weight)
        self.learned = nn.Parameter(learned.clone())
        if self.offset is not None:
            bias = self.offset
            if index is not None and dim == 0:
                bias = bias.index_select(0, index)
            self.bias = nn.Parameter(bias.clone())

    def cut(self, weight):
        """Cut what is learned out of all weights."""
        if self.index is None:
            return weight
        return weight.index_select(self.dim, self.index)

    def full(self):
        """All weights, what is learned among them."""
        if self.learned is None or self.index is None:
            return self.weight if self.learned is None else self.learned
        return self.weight.index_copy(self.dim, self.index, self.learned)

    def is_learned(self):
        """Tell of each weight whether it is trained."""
        fixed = torch.zeros_like(self.weight, dtype=torch.bool)
        if self.learned is None:
            return fixed
        return (
            ~fixed
            if self.index is None
            else fixed.index_fill(self.dim, self.index, True)
        )

    def forward(self, images):
        """Convolve images (n_images, n_channels, height, width)."""
        bias = self.full_bias()
        if self.learned is None or self.index is None:
            return functional.conv2d(
                images, self.full(), bias, self.stride, self._padding
            )
        out = _PartialConvolution.apply(
            images,
            self.learned,
            self.weight,
            self.dim,
            self.index,
            self.stride,
            self._padding,
        )
        return out if bias is None else out + bias[:, None, None].to(out.dtype)

    def full_bias(self):
        """All biases, what is learned among them; None if there are none."""
        if self.bias is None:
            return self.offset
        if self.index is None or self.dim != 0:
            return self.bias
        return self.offset.index_copy(0, self.index, self.bias)

    def add_to(self, steps, source, shape, *, rectified=False):
        """Add what it computes to a Computation.

        Parameters
        ----------
        steps : Computation
        source : int
            Number of the value that is its image.
        shape : tuple of int
            (channels, height, width) of that.
        rectified : bool, default=False
            Whether a ReLU follows.

        Returns
        -------
        steps : Computation
            Whose last value is the new image.
        shape : tuple of int
        """
        kernel, bias = self.full(), self.full_bias()
        after = len(kernel), *(-(-side // self.stride) for side in shape[1:])
        bias = kernel.new_zeros(len(kernel)) if bias is None else bias
        arrays = (array.detach().cpu().numpy() for array in (kernel, bias))
        options = {"stride": self.stride, "rectified": rectified}
        step = Convolution(shape, after, *arrays, "same", 1, **options)
        return steps.then(step, [source]), after

    @property
    def _padding(self):
        return self.weight.shape[-1] // 2


class _PartialConvolution(torch.autograd.Function):
    """Convolution whose backward pass computes the learned slice's gradient only.

    The filters of a convolution are independent, and so are its input channels: with
    ``dim`` 0 the gradient needs the outputs of the learned filters alone, with 1 the
    learned inputs alone. Rows and columns of the kernels are cut from the whole
    gradient.
    """

    @staticmethod
    def forward(ctx, images, learned, weight, dim, index, stride, padding):
        weight.index_copy_(dim, index, learned.detach())
        dtype = _dtype_of_products(images)
        images, weight = images.to(dtype), weight.to(dtype)
        ctx.save_for_backward(images, weight, index)
        ctx.dim, ctx.stride, ctx.padding = dim, stride, padding
        return functional.conv2d(images, weight, None, stride, padding)

    @staticmethod
    def backward(ctx, grad):
        images, weight, index = ctx.saved_tensors
        grad_images = grad_learned = None
        if ctx.needs_input_grad[0]:
            grad_images = _gradients(ctx, grad, images, weight, of_weight=False)
        if ctx.needs_input_grad[1]:
            if ctx.dim == 0:
                grad = grad.index_select(1, index)
            elif ctx.dim == 1:
                images = images.index_select(1, index)
            if ctx.dim <= 1:
                weight = weight.index_select(ctx.dim, index)
            grad_learned = _gradients(ctx, grad, images, weight, of_weight=True)
            if ctx.dim > 1:
                grad_learned = grad_learned.index_select(ctx.dim, index)
        return grad_images, grad_learned, None, None, None, None, None


def _dtype_of_products(images):
    """Type in which to convolve: torch's own functions ask for it by themselves."""
    device = images.device.type
    if torch.is_autocast_enabled(device):
        return torch.get_autocast_dtype(device)
    return images.dtype


def _gradients(ctx, grad, images, weight, *, of_weight):
    """Gradient with respect to the weights or to the images."""
    gradients = torch.ops.aten.convolution_backward(
        grad,
        images,
        weight,
        None,
        [ctx.stride] * 2,
        [ctx.padding] * 2,
        [1, 1],
        False,
        [0, 0],
        1,
        [not of_weight, of_weight, False],
    )
    return gradients[1 if of_weight else 0]


class BatchNorm(nn.Module):
    """Batch normalisation (Ioffe & Szegedy 2015) whose gain and shift may be fixed.

    Parameters
    ----------
    n_channels : int

    Attributes
    ----------
    gain, shift : Parameter or None
        gamma and beta, if they are trained.
    fixed_gain, fixed_shift : tensor of shape (n_channels,)
        In their place, if not: one and zero unless set. No state dict holds them.
    mean, variance : tensor of shape (n_channels,)
        Of the training images, for prediction.
    """

    momentum, epsilon = 0.1, 1e-5

    def __init__(self, n_channels):
        super().__init__()
        self.register_buffer("mean", torch.zeros(n_channels))
        self.register_buffer("variance", torch.ones(n_channels))
        self.register_buffer("fixed_gain", torch.ones(n_channels), persistent=False)
        self.register_buffer("fixed_shift", torch.zeros(n_channels), persistent=False)
        self.register_parameter("gain", None)
        self.register_parameter("shift", None)

    def add_to(self, steps, source, shape, *, rectified=False):
        """Add what it computes in prediction to a Computation.

        Parameters and what is returned are those of ``PartialConv2d.add_to``.
        """
        gain = self.fixed_gain if self.gain is None else self.gain
        shift = self.fixed_shift if self.shift is None else self.shift
        factor = gain / torch.sqrt(self.variance + self.epsilon)
        pair = factor, shift - factor * self.mean
        arrays = (array.detach().cpu().numpy() for array in pair)
        return steps.then(ChannelMap(shape, *arrays, rectified), [source]), shape

    def learn(self):
        """Train gain and shift."""
        self.gain = nn.Parameter(self.fixed_gain.clone())
        self.shift = nn.Parameter(self.fixed_shift.clone())

    def forward(self, images):
        """Normalise by the batch in training, else by what was seen in training."""
        # One value a channel has no variance.
        by_batch = self.training and images.numel() > images.shape[1]
        return functional.batch_norm(
            images,
            self.mean,
            self.variance,
            self.fixed_gain if self.gain is None else self.gain,
            self.fixed_shift if self.shift is None else self.shift,
            by_batch,
            self.momentum,
            self.epsilon,
        )
