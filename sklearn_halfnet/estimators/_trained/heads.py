"""Heads on convolutional features: half layers, fully trained layers, or neither."""

import numpy as np
from sklearn.utils._param_validation import StrOptions

from sklearn_halfnet._device import resolve_device, training_mode
from sklearn_halfnet._matmul import row_blocks
from sklearn_halfnet.estimators._common.layer_options import (
    LAYER_CONSTRAINTS,
    check_kinds,
    check_sizes,
    fingerprints,
)
from sklearn_halfnet.estimators._trained.hidden_layers import BaseHiddenLayers
from sklearn_halfnet.features import draw_hidden_layers
from sklearn_halfnet.models.tensors import from_tensor, to_tensor

__all__ = ["BaseConvolutional"]


class BaseConvolutional(BaseHiddenLayers):
    """A network whose first part is a subclass's, its head one of three.

    A subclass calls ``_start_head`` at the end of its ``_start``, puts
    ``_head_network(device)`` on its features, and calls ``_store_head`` in its
    ``_store``. ``_widest()`` says how many numbers a row has at the widest.
    """

    _parameter_constraints = {
        **BaseHiddenLayers._parameter_constraints,
        "image_shape": [tuple, list, None],
        "head": [StrOptions({"half", "linear", "full"})],
        "weight_kind": LAYER_CONSTRAINTS["weight_kind"],
    }

    # A refit of the read-out would need the features of all rows at once.
    polish = None
    # Not the steps of the hidden layers alone: a subclass that can be exported adds its
    # convolutions.
    _forward_steps = None

    def _network_parameters(self):
        sizes, kinds = self._head_sizes(), self._head_kinds()
        return super()._network_parameters() | {
            "head": self.head,
            "hidden_layer_sizes": sizes,
            "weight_kind": fingerprints(kinds),
        }

    def _head_sizes(self):
        """Units of the hidden layers in the head."""
        return [] if self.head == "linear" else check_sizes(self.hidden_layer_sizes)

    def _head_kinds(self):
        """How their weights are drawn; those of a full head are trained."""
        kind = "normal" if self.head == "full" else self.weight_kind
        return check_kinds(kind, len(self._head_sizes()))

    def _head_numbers(self, n_inputs, n_rows):
        """How many numbers the hidden layers and their start values take."""
        sizes = self._head_sizes()
        # Trained weights have gradients, and the solver keeps two numbers for each.
        a_weight = 4 if self.head == "full" else 1
        return sum(
            a_weight * size * below + 2 * n_rows * size
            for below, size in zip([n_inputs, *sizes], sizes, strict=False)
        )

    def _start_head(self, sample, rng):
        """Draw hidden layers and read-out, given the sample's features."""
        self._layers, features = draw_hidden_layers(
            sample, self._head_kinds(), self._head_sizes(), self.activation, rng
        )
        self._start_scales = [layer.scales for layer in self._layers]
        self._start_read_out(features, sample, rng)

    @property
    def _units(self):
        return self._layers

    def _n_trained_in_layers(self):
        if self._begun["head"] == "half":
            return sum(2 * layer.n_units for layer in self._layers)
        return sum(
            int(np.prod(layer.weights.shape)) + layer.n_units for layer in self._layers
        )

    # -- between numpy and torch -------------------------------------------------------

    def _head_network(self, device):
        from sklearn_halfnet.networks.half_conv import FullHead, HalfHead
        from sklearn_halfnet.networks.read_out import ReadOut

        def tensors(arrays):
            return [to_tensor(array, self._float, device) for array in arrays]

        read_out = self._read_out_tensors(device)
        if not self._layers:
            return ReadOut(*read_out)
        layers = list(zip(self._layers, self._start_scales, strict=True))
        activation = self._begun["activation"]
        weights = tensors(
            layer.scaled_weights(self._float, start) for layer, start in layers
        )
        shifts = tensors(layer.shifts for layer in self._layers)
        if self._begun["head"] == "full":
            return FullHead(weights, shifts, *read_out, activation)
        first, *later = weights
        scales = tensors(layer.scales / start for layer, start in layers)
        return HalfHead(first, scales, shifts, later, *read_out, activation)

    def _store_head(self, head):
        if self._layers:
            self._layers = self._trained_layers(head)
        self._set_read_out(from_tensor(head.coef), from_tensor(head.intercept))

    def _trained_layers(self, head):
        layers = []
        for i, (layer, start) in enumerate(
            zip(self._layers, self._start_scales, strict=True)
        ):
            shift = from_tensor(head.shifts[i])
            if self._begun["head"] == "half":
                scales = from_tensor(head.scales[i]) * start
                layers.append(layer.with_values(scales, shift))
            else:
                weights = from_tensor(head.weights[i]) / start[:, None]
                layers.append(layer.with_values(start, shift).with_frozen(weights))
        return layers

    # -- prediction --------------------------------------------------------------------

    def _whole_network(self, device):
        """Build the network from the images on, as it predicts."""
        return self._network(device)

    def _prepare(self, rows):
        """Scale a block of rows."""
        return self._scaling.transform(rows, self._float)

    @training_mode(gradients=False)
    def _scores(self, X):
        network = self._whole_network(resolve_device(self.device)).eval()
        (scores,) = self._in_blocks(lambda rows: [network(rows)], X)
        return scores.astype(np.float64) * self._targets.scale + self._targets.mean

    def _in_blocks(self, compute, X, prepare=None):
        """Compute tensors of rows, a block at a time, without gradients.

        Parameters
        ----------
        compute : callable
            From a tensor of prepared rows to a list of tensors (n_rows, ...).
        X : ndarray of shape (n_rows, n_features)
        prepare : callable or None, default=None
            Of a block of rows; None scales it.

        Returns
        -------
        outputs : list of ndarray
        """
        device, prepare = resolve_device(self.device), prepare or self._prepare
        blocks = []
        with training_mode(gradients=False):
            for rows in row_blocks(len(X), 8 * self._widest()):
                tensors = compute(to_tensor(prepare(X[rows]), self._float, device))
                blocks.append([from_tensor(tensor) for tensor in tensors])
        return [np.concatenate(parts) for parts in zip(*blocks, strict=True)]
