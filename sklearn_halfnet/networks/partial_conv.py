"""Convolutions of which a slice of the weights is learned and the rest is constant.

Rosenfeld & Tsotsos (2018, arXiv 1802.00844) split the weights (n_filters, n_channels,
height, width) of each layer along one dimension. What is fixed is a constant of the
graph: no gradient is computed for it, and no optimiser state is kept.
"""

import torch
from torch import nn
from torch.nn import functional

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
        a seed, what is learned is in ``learned``.
    learned : Parameter or None
        The slice that is trained.
    """

    def __init__(self, n_channels, n_filters, size, stride=1, *, bias=False):
        super().__init__()
        self.stride = stride
        weight = torch.zeros(n_filters, n_channels, size, size)
        self.register_buffer("weight", weight, persistent=False)
        self.register_parameter("learned", None)
        self.register_parameter("bias", None)
        self.register_buffer("index", None, persistent=False)
        self.has_bias = bias
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
        learned = self.weight
        if index is not None:
            learned = self.weight.index_select(dim, index)
        self.learned = nn.Parameter(learned.clone())
        if self.has_bias:
            n_biases = len(learned) if dim == 0 else len(self.weight)
            self.bias = nn.Parameter(self.weight.new_zeros(n_biases))

    def full(self):
        """All weights, what is learned among them."""
        if self.learned is None or self.index is None:
            return self.weight if self.learned is None else self.learned
        return self.weight.index_copy(self.dim, self.index, self.learned)

    def forward(self, images):
        """Convolve images (n_images, n_channels, height, width)."""
        bias = self._full_bias()
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
        return out if bias is None else out + bias[:, None, None]

    def _full_bias(self):
        if self.bias is None or self.index is None or self.dim != 0:
            return self.bias
        fixed = self.bias.new_zeros(len(self.weight))
        return fixed.index_copy(0, self.index, self.bias)

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
        gamma and beta; None is one and zero.
    mean, variance : tensor of shape (n_channels,)
        Of the training images, for prediction.
    """

    momentum = 0.1

    def __init__(self, n_channels):
        super().__init__()
        self.register_buffer("mean", torch.zeros(n_channels))
        self.register_buffer("variance", torch.ones(n_channels))
        self.register_parameter("gain", None)
        self.register_parameter("shift", None)

    def learn(self):
        """Train gain and shift."""
        self.gain = nn.Parameter(torch.ones_like(self.mean))
        self.shift = nn.Parameter(torch.zeros_like(self.mean))

    def forward(self, images):
        """Normalise by the batch in training, else by what was seen in training."""
        # One value a channel has no variance.
        by_batch = self.training and images.numel() > images.shape[1]
        return functional.batch_norm(
            images,
            self.mean,
            self.variance,
            self.gain,
            self.shift,
            by_batch,
            self.momentum,
        )
