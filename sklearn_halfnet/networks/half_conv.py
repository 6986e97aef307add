"""Trained convolutions before a half layer, a full layer or nothing, as torch modules.

Alpaydin (2025, arXiv 2506.04352) calls these networks crnd, cmlp and clp.
"""

import torch
from torch import nn
from torch.nn import functional

__all__ = ["ConvNetwork", "Convolutions"]


class Convolutions(nn.Module):
    """Convolution, ReLU and maximum pooling, layer by layer; then flattened.

    Parameters
    ----------
    image_shape : tuple of int
        (channels, height, width) of the flat rows.
    kernels : list of tensor of shape (n_filters, n_channels, size, size)
    biases : list of tensor of shape (n_filters,)
    paddings : list of {"same", "valid"}
    pool_size : int
    """

    def __init__(self, image_shape, kernels, biases, paddings, pool_size):
        super().__init__()
        self.image_shape = image_shape
        self.kernels = nn.ParameterList(kernels)
        self.biases = nn.ParameterList(biases)
        self.paddings = paddings
        self.pool_size = pool_size

    def each(self, rows):
        """Yield the images (n_rows, n_filters, height, width) after each layer."""
        # With the channels last, pooling and its gradient pass over memory in order.
        order = torch.channels_last
        images = rows.view(len(rows), *self.image_shape).contiguous(memory_format=order)
        for kernel, bias, padding in zip(
            self.kernels, self.biases, self.paddings, strict=True
        ):
            kernel = kernel.contiguous(memory_format=order)
            images = functional.conv2d(images, kernel, bias, padding=padding)
            # Rectified after pooling: the same numbers, and fewer of them.
            images = torch.relu(functional.max_pool2d(images, self.pool_size))
            yield images

    def forward(self, rows):
        """Compute features (n_rows, n_features) from flat images (n_rows, n_pixels)."""
        for after in self.each(rows):
            images = after
        return images.flatten(1)


class ConvNetwork(nn.Module):
    """A head on the features that convolutions find.

    Parameters
    ----------
    convolutions : Convolutions
    head : torch.nn.Module
        FullHalfNetwork or ReadOut.
    """

    def __init__(self, convolutions, head):
        super().__init__()
        self.convolutions = convolutions
        self.head = head

    def forward(self, rows):
        """Compute scores (n_rows, n_outputs) from flat images (n_rows, n_pixels)."""
        return self.head(self.convolutions(rows))

    def penalised(self):
        """Pairs of a factor and what the L2 penalty acts on: the read-out's weights."""
        return self.head.penalised()
