"""Half layers behind trained convolutions, between scikit-learn and torch."""

import itertools

import numpy as np

from sklearn_halfnet._checks import whole
from sklearn_halfnet._device import check_memory, resolve_device, training_mode
from sklearn_halfnet.estimators._common.images import conv_shapes
from sklearn_halfnet.estimators._common.layer_options import SPREAD, fit_scaling
from sklearn_halfnet.estimators._common.validation import finite_outputs
from sklearn_halfnet.estimators._trained.heads import BaseConvolutional
from sklearn_halfnet.features import InputScaling, StartSample, all_features
from sklearn_halfnet.features.computation import Computation, Convolution, Scale
from sklearn_halfnet.models.tensors import from_tensor, to_tensor

__all__ = ["BaseConvHalfLayer"]

# Rows from which start values are computed.
_START_ROWS = 4_000


class BaseConvHalfLayer(BaseConvolutional):
    """Fit and predict of convolutional networks, for classifier and regressor alike."""

    _parameter_constraints = {
        **BaseConvolutional._parameter_constraints,
        "filters": [tuple, list],
        "kernel_sizes": [tuple, list],
        "paddings": [tuple, list],
        "pool_size": [whole(1)],
    }

    def _network_parameters(self):
        return super()._network_parameters() | {
            "filters": tuple(self.filters),
            "kernel_sizes": tuple(self.kernel_sizes),
            "paddings": tuple(self.paddings),
            "pool_size": self.pool_size,
        }

    # -- start -------------------------------------------------------------------------

    def _start(self, X, encoded, train_weight, rng):
        """Draw kernels and hidden layers, and set the read-out's start value."""
        sizes, shapes = self._head_sizes(), self._checked_shapes()
        n_inputs = int(np.prod(shapes[-1]))
        self._check_memory(X.shape[0], shapes)
        self._scaling = fit_scaling(self, X, train_weight, SPREAD)
        self._shapes = shapes
        self.kernels_ = self._draw_kernels(shapes, rng)
        self.biases_ = [np.zeros(len(kernel), self._float) for kernel in self.kernels_]
        sample = StartSample.draw(
            X,
            encoded,
            train_weight,
            self._scaling,
            max([n_inputs, *sizes]),
            rng,
            self._float,
            max_rows=_START_ROWS,
        )
        sample.features = self._features(sample.features)
        self._start_head(sample, rng)

    def _checked_shapes(self):
        """Shapes (channels, height, width) before each layer and after the last."""
        layers = (self.filters, self.kernel_sizes, self.paddings)
        if not len(set(map(len, layers))) == 1 or len(self.filters) == 0:
            raise ValueError(
                "filters, kernel_sizes and paddings must have one entry for each "
                f"convolutional layer, got {layers}."
            )
        if not set(self.paddings) <= {"same", "valid"}:
            raise ValueError(f"paddings must be 'same' or 'valid', got {layers[2]}.")
        numbers = (*self.filters, *self.kernel_sizes)
        if not all(isinstance(n, (int, np.integer)) and n > 0 for n in numbers):
            raise ValueError(
                f"filters and kernel_sizes must be positive ints, got {layers[:2]}."
            )
        return conv_shapes(self.image_shape_, *layers, self.pool_size)

    def _draw_kernels(self, shapes, rng):
        """Draw kernels of He et al.'s variance, 2 / fan-in."""
        kernels = []
        for n_filters, size, (n_channels, *_) in zip(
            self.filters, self.kernel_sizes, shapes, strict=False
        ):
            drawn = rng.standard_normal((n_filters, n_channels, size, size))
            drawn *= np.sqrt(2 / (n_channels * size**2))
            kernels.append(drawn.astype(self._float))
        return kernels

    def _check_memory(self, n_rows, shapes):
        """Estimate what ``_start`` and a training step will allocate."""
        n_inputs, kernels, maps = int(np.prod(shapes[-1])), 0, int(np.prod(shapes[0]))
        for size, (n_channels, *_), after in zip(
            self.kernel_sizes, shapes, shapes[1:], strict=False
        ):
            kernels += after[0] * n_channels * size**2
            maps += int(np.prod(after)) * (self.pool_size**2 + 1)
        start_rows = min(n_rows, max(_START_ROWS, n_inputs, *self._head_sizes(), 0))
        numbers = (
            4 * kernels  # with gradients, and what the solver keeps
            + 3 * maps * self._batch_size(n_rows)
            + start_rows * (int(np.prod(shapes[0])) + n_inputs)
            + self._head_numbers(n_inputs, start_rows)
        )
        check_memory(
            numbers * np.dtype(self._float).itemsize,
            f"filters={self.filters!r} with "
            f"hidden_layer_sizes={self.hidden_layer_sizes!r} on {n_inputs} features",
            "Use fewer filters, fewer hidden units or a smaller batch_size.",
        )

    def _n_trained_in_layers(self):
        conv = sum(array.size for array in (*self.kernels_, *self.biases_))
        return conv + super()._n_trained_in_layers()

    # -- between numpy and torch -------------------------------------------------------

    def _step_size(self, batch_size):
        shapes, n_products = self._shapes, 0
        for kernel, (_, height, width) in zip(self.kernels_, shapes, strict=False):
            n_products += kernel.size * height * width
        sizes = [int(np.prod(shapes[-1])), *(layer.n_units for layer in self._layers)]
        n_products += sum(a * b for a, b in itertools.pairwise(sizes))
        return batch_size * n_products

    def _inputs(self, X):
        def scale(rows):
            block = X[rows]
            return self._scaling.transform(block, self._float, out=block)

        return scale, X.shape[1], X.shape[1]

    def _convolutions(self, device):
        from sklearn_halfnet.networks.half_conv import Convolutions

        kernels, biases = (
            [to_tensor(array, self._float, device) for array in arrays]
            for arrays in (self.kernels_, self.biases_)
        )
        shape = self.image_shape_
        paddings, pool_size = self._begun["paddings"], self._begun["pool_size"]
        return Convolutions(shape, kernels, biases, paddings, pool_size)

    def _network(self, device):
        from sklearn_halfnet.networks.half_conv import ConvNetwork

        return ConvNetwork(self._convolutions(device), self._head_network(device))

    def _store(self, network):
        convolutions = network.convolutions
        self.kernels_ = [from_tensor(kernel) for kernel in convolutions.kernels]
        self.biases_ = [from_tensor(bias) for bias in convolutions.biases]
        self._store_head(network.head)

    @property
    def n_stored_bytes_(self):
        """Bytes of all arrays that prediction needs."""
        kernels = sum(array.nbytes for array in (*self.kernels_, *self.biases_))
        return kernels + super().n_stored_bytes_

    # -- prediction --------------------------------------------------------------------

    def _forward_steps(self):
        steps = Computation(self.n_features_in_).then(Scale(self._scaling))
        pool_size = self._begun["pool_size"]
        for shapes, kernel, bias, padding in zip(
            itertools.pairwise(self._shapes),
            self.kernels_,
            self.biases_,
            self._begun["paddings"],
            strict=True,
        ):
            convolution = Convolution(*shapes, kernel, bias, padding, pool_size)
            steps = steps.then(convolution)
        return steps.through(self._layers).read_out(
            self.read_out_coef_, self.read_out_intercept_
        )

    @training_mode(gradients=False)
    def transform_layers(self, X):
        """Compute the outputs of the convolutional and of the hidden layers.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features), or images

        Returns
        -------
        outputs : list of ndarray of shape (n_samples, n_units)
            One a layer, the first layer's first; maps after pooling, flattened.
        """
        return finite_outputs(self, self._all_outputs, X)

    def _all_outputs(self, X):
        convolutions = self._convolutions(resolve_device(self.device))

        def maps(rows):
            return [images.flatten(1) for images in convolutions.each(rows)]

        outputs = self._in_blocks(maps, X)
        if self._layers:
            hidden = (outputs[-1], InputScaling(), self._layers, self._float)
            outputs += all_features(*hidden)
        return outputs

    def _features(self, rows):
        """Convolutional features of scaled rows."""
        convolutions = self._convolutions(resolve_device(self.device))

        def features(scaled):
            return [convolutions(scaled)]

        return self._in_blocks(features, rows, lambda scaled: scaled)[0]

    def _widest(self):
        return max(
            filters * height * width * self._begun["pool_size"] ** 2
            for filters, height, width in self._shapes[1:]
        )
