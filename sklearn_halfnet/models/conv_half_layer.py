"""A network of trained convolutions before a head."""

import itertools
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from sklearn_halfnet._device import check_memory, resolve_device, training_mode
from sklearn_halfnet.features import InputScaling, all_features
from sklearn_halfnet.features.computation import Computation, Convolution, Scale
from sklearn_halfnet.models.half_layer import told_sizes
from sklearn_halfnet.models.network import SPREAD
from sklearn_halfnet.models.tensors import from_tensor, to_tensor
from sklearn_halfnet.models.torch_network import (
    TorchNetwork,
    TorchNetworkStart,
    in_blocks,
)
from sklearn_halfnet.models.training_options import rows_a_step

__all__ = ["ConvHalfLayerModel", "ConvHalfLayerStart"]

# Rows from which start values are computed.
_START_ROWS = 4_000


@dataclass(frozen=True, kw_only=True)
class ConvHalfLayerStart(TorchNetworkStart):
    """What convolutions and their head are started from.

    Parameters
    ----------
    filters, kernel_sizes : tuple of int
        One a layer.
    paddings : tuple of {"same", "valid"}
    pool_size : int
    shapes : list of tuple of int
        (channels, height, width) before each layer and after the last.
    batch_size : int, "auto" or "full"
        Which takes memory.
    """

    filters: tuple
    kernel_sizes: tuple
    paddings: tuple
    pool_size: int
    shapes: list
    batch_size: int | Literal["auto", "full"]

    @property
    def begun(self):
        """Parameters that the network keeps from its start on."""
        return super().begun | {
            "full_layer_sizes": self.full_sizes,
            "filters": self.filters,
            "kernel_sizes": self.kernel_sizes,
            "paddings": self.paddings,
            "pool_size": self.pool_size,
        }

    def network(self, rows, targets, rng):
        """Draw kernels and hidden layers, and set the read-out's start value."""
        self._check_memory(rows.X.shape[0])
        scaling = self.fit_scaling(rows, spread=SPREAD, one_unit=True)
        kernels = self._draw_kernels(rng)
        n_inputs = int(np.prod(self.shapes[-1]))
        n_units = max([n_inputs, *self.full_sizes, *self.sizes])
        sample = self.sample(rows, scaling, n_units, rng, max_rows=_START_ROWS)
        maps = Maps(
            kernels=kernels,
            biases=[np.zeros(len(kernel), self.dtype) for kernel in kernels],
            shapes=self.shapes,
            paddings=self.paddings,
            pool_size=self.pool_size,
        )
        features = maps.features(sample.features, self.dtype, self.device)
        sample = replace(sample, features=features)
        head = self.start_head(sample, targets, scaling, rng)
        return ConvHalfLayerModel(**head, maps=maps)

    def _draw_kernels(self, rng):
        """Draw kernels of He et al.'s variance, 2 / fan-in."""
        kernels = []
        for n_filters, size, (n_channels, *_) in zip(
            self.filters, self.kernel_sizes, self.shapes, strict=False
        ):
            drawn = rng.standard_normal((n_filters, n_channels, size, size))
            drawn *= np.sqrt(2 / (n_channels * size**2))
            kernels.append(drawn.astype(self.dtype))
        return kernels

    def _check_memory(self, n_rows):
        """Estimate what a start and a training step will allocate."""
        shapes, dtype = self.shapes, self.dtype
        n_inputs, kernels, maps = int(np.prod(shapes[-1])), 0, int(np.prod(shapes[0]))
        for size, (n_channels, *_), after in zip(
            self.kernel_sizes, shapes, shapes[1:], strict=False
        ):
            kernels += after[0] * n_channels * size**2
            maps += int(np.prod(after)) * (self.pool_size**2 + 1)
        sizes = [*self.full_sizes, *self.sizes]
        start_rows = min(n_rows, max([_START_ROWS, n_inputs, *sizes]))
        numbers = (
            4 * kernels  # with gradients, and what the solver keeps
            + 3 * maps * rows_a_step(self.batch_size, n_rows)
            + start_rows * (int(np.prod(shapes[0])) + n_inputs)
            + self.head_numbers(n_inputs, start_rows)
        )
        check_memory(
            numbers * np.dtype(dtype).itemsize,
            f"filters={self.filters!r} with {told_sizes(self)} on {n_inputs} features",
            "Use fewer filters, fewer hidden units or a smaller batch_size.",
        )


@dataclass(frozen=True, kw_only=True)
class Maps:
    """Convolutions, each with its maximum pooling.

    Parameters
    ----------
    kernels : list of ndarray of shape (n_filters, n_channels, size, size)
    biases : list of ndarray of shape (n_filters,)
    shapes : list of tuple of int
        (channels, height, width) before each layer and after the last.
    paddings : tuple of {"same", "valid"}
    pool_size : int
    """

    kernels: list
    biases: list
    shapes: list
    paddings: tuple
    pool_size: int

    @property
    def arrays(self):
        """All that is trained."""
        return [*self.kernels, *self.biases]

    @property
    def widest(self):
        """Numbers that a row has where it has most."""
        return max(
            filters * height * width * self.pool_size**2
            for filters, height, width in self.shapes[1:]
        )

    @property
    def n_products(self):
        """Multiply-adds of a row."""
        return sum(
            kernel.size * height * width
            for kernel, (_, height, width) in zip(
                self.kernels, self.shapes, strict=False
            )
        )

    def module(self, dtype, device):
        """Make the torch module."""
        from sklearn_halfnet.networks.half_conv import Convolutions

        kernels, biases = (
            [to_tensor(array, dtype, device) for array in arrays]
            for arrays in (self.kernels, self.biases)
        )
        paddings, pool_size = self.paddings, self.pool_size
        return Convolutions(self.shapes[0], kernels, biases, paddings, pool_size)

    def trained(self, module):
        """Return the same with the values of a module."""
        return replace(
            self,
            kernels=[from_tensor(kernel) for kernel in module.kernels],
            biases=[from_tensor(bias) for bias in module.biases],
        )

    def features(self, scaled, dtype, device):
        """Compute the features of scaled rows."""
        module = self.module(dtype, resolve_device(device))
        return in_blocks(
            lambda rows: [module(rows)],
            scaled,
            prepare=lambda rows: rows,
            widest=self.widest,
            dtype=dtype,
            device=device,
        )[0]

    def steps(self, before):
        """Add the convolutions to a Computation."""
        for shapes, kernel, bias, padding in zip(
            itertools.pairwise(self.shapes),
            self.kernels,
            self.biases,
            self.paddings,
            strict=True,
        ):
            convolution = Convolution(*shapes, kernel, bias, padding, self.pool_size)
            before = before.then(convolution)
        return before


@dataclass(frozen=True, kw_only=True)
class ConvHalfLayerModel(TorchNetwork):
    """Convolutions before a head.

    Parameters
    ----------
    maps : Maps
    """

    maps: Maps

    @property
    def kernels(self):
        """Kernels, an array a layer."""
        return self.maps.kernels

    @property
    def biases(self):
        """Offsets of the maps, an array a layer."""
        return self.maps.biases

    @property
    def n_trained(self):
        """Kernels and offsets, the head and the read-out."""
        in_maps = sum(array.size for array in self.maps.arrays)
        return in_maps + self.n_trained_in_head + self.read_out.size

    @property
    def nbytes(self):
        """Bytes of all arrays that prediction needs."""
        return sum(array.nbytes for array in self.maps.arrays) + super().nbytes

    @property
    def widest(self):
        """Numbers that a row has where it has most."""
        return self.maps.widest

    def steps(self):
        """Return the Computation of the scores."""
        n_features = int(np.prod(self.image_shape))
        steps = self.maps.steps(Computation(n_features).then(Scale(self.scaling)))
        return steps.through(self.layers).read_out(self.coef, self.intercept)

    def features(self, X):
        """Compute maps after each convolution, flattened, and the hidden layers."""
        with training_mode(gradients=False):
            module = self.maps.module(self.dtype, resolve_device(self.device))

            def maps(rows):
                return [images.flatten(1) for images in module.each(rows)]

            outputs = self.in_blocks(maps, X)
        if self.layers:
            hidden = (outputs[-1], InputScaling(), self.layers, self.dtype)
            outputs += all_features(*hidden)
        return outputs

    # -- training ----------------------------------------------------------------------

    def step_size(self, batch_size):
        """Multiply-adds of a step."""
        n_inputs = int(np.prod(self.maps.shapes[-1]))
        sizes = [n_inputs, *(layer.n_units for layer in self.layers)]
        in_head = sum(a * b for a, b in itertools.pairwise(sizes))
        return batch_size * (self.maps.n_products + in_head)

    def inputs(self, X):
        """Return what scales rows, and the widths of that."""

        def scale(rows):
            block = X[rows]
            return self.scaling.transform(block, self.dtype, out=block)

        return scale, X.shape[1], X.shape[1]

    def module(self, device):
        """Make the torch module, fed with scaled rows."""
        from sklearn_halfnet.networks.half_conv import ConvNetwork

        convolutions = self.maps.module(self.dtype, device)
        return ConvNetwork(convolutions, self.head_module(device))

    def whole(self, device):
        """Make the torch module as it predicts: the same."""
        return self.module(device)

    def trained(self, module):
        """Return the network with the values of a module."""
        maps = self.maps.trained(module.convolutions)
        return replace(self, maps=maps, **self.trained_head(module.head))
