"""Networks that torch computes: something trained, then one of three heads.

The head is half layers, fully trained layers, or the read-out alone.
"""

from abc import abstractmethod
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from sklearn_halfnet._device import resolve_device, training_mode
from sklearn_halfnet._matmul import row_blocks
from sklearn_halfnet.models.half_layer import (
    draw_stack,
    layers_module,
    layers_numbers,
    n_trained_in,
    trained_layers,
)
from sklearn_halfnet.models.network import NetworkStart, TrainedNetwork
from sklearn_halfnet.models.read_out import start_read_out
from sklearn_halfnet.models.tensors import from_tensor, to_tensor

__all__ = ["TorchNetwork", "TorchNetworkStart", "in_blocks"]

# Of rows that are computed at once: as many as a cache holds, or keep a GPU busy.
_CPU_BLOCK_BYTES, _GPU_BLOCK_BYTES = 16 * 2**20, 512 * 2**20


def in_blocks(compute, X, *, prepare, widest, dtype, device):
    """Compute tensors of rows, a block at a time, without gradients.

    Parameters
    ----------
    compute : callable
        From a tensor of prepared rows to a list of tensors (n_rows, ...).
    X : ndarray of shape (n_rows, n_features)
    prepare : callable
        Of a block of rows.
    widest : int
        Numbers that a row has where it has most.
    dtype : str
    device : str

    Returns
    -------
    outputs : list of ndarray
    """
    device, blocks = resolve_device(device), []
    max_bytes = _CPU_BLOCK_BYTES if device.type == "cpu" else _GPU_BLOCK_BYTES
    with training_mode(gradients=False):
        for rows in row_blocks(len(X), 8 * widest, max_bytes):
            tensors = compute(to_tensor(prepare(X[rows]), dtype, device))
            blocks.append([from_tensor(tensor) for tensor in tensors])
    return [np.concatenate(parts) for parts in zip(*blocks, strict=True)]


@dataclass(frozen=True, kw_only=True)
class TorchNetworkStart(NetworkStart):
    """What a network with a head is started from.

    Parameters
    ----------
    head : {"half", "linear", "full"}
    kinds : list of BaseWeights
        How the weights of each of its layers are drawn.
    fingerprints : list of str
        What tells them apart.
    image_shape : tuple of int
        (channels, height, width).
    device : str
    full_sizes : list of int
        Units of full layers before the head, of networks that may have some.
    """

    head: str
    kinds: list
    fingerprints: list
    image_shape: tuple
    device: str
    full_sizes: list = field(default_factory=list)

    @property
    def begun(self):
        """Parameters that the network keeps from its start on."""
        return super().begun | {"head": self.head, "weight_kind": self.fingerprints}

    def ready(self, network, n_passes):
        """Return the network where it is to be trained."""
        return network.on(self.device)

    def start_head(self, sample, targets, scaling, rng):
        """Draw hidden layers and read-out, given the sample's features.

        Returns
        -------
        fields : dict
            Of the network.
        """
        layers, features = draw_stack(self, sample, rng)
        read_out, alpha = start_read_out(features, sample, targets, self, rng)
        return self.common(scaling, targets, read_out, alpha) | {
            "layers": layers,
            "start_scales": [layer.scales for layer in layers],
            "image_shape": self.image_shape,
            "device": self.device,
        }

    def head_numbers(self, n_inputs, n_rows):
        """How many numbers the hidden layers and their start values take."""
        sizes = [*self.full_sizes, *self.sizes]
        n_full = len(self.full_sizes) if self.head == "half" else len(sizes)
        return layers_numbers(sizes, n_full, n_inputs, n_rows)


@dataclass(frozen=True, kw_only=True)
class TorchNetwork(TrainedNetwork):
    """A network with a head.

    Parameters
    ----------
    layers : list of HiddenLayer
        Of the head, after full layers before it.
    start_scales : list of ndarray of shape (n_units,)
        Scales as they started: the units in which they are trained.
    image_shape : tuple of int
        (channels, height, width).
    device : str
        Where to compute.
    """

    layers: list
    start_scales: list
    image_shape: tuple
    device: str

    @abstractmethod
    def whole(self, device) -> Any:
        """Make the torch module from scaled images on, as it predicts."""

    @property
    @abstractmethod
    def widest(self) -> int:
        """Numbers that a row has where it has most."""

    def on(self, device):
        """Return the network to be computed elsewhere."""
        return self if device == self.device else replace(self, device=device)

    @property
    def stack(self):
        """Hidden layers of the head."""
        return self.layers

    @property
    def units(self):
        """Hidden layers of the head."""
        return self.layers

    @property
    def n_full(self):
        """Number of layers, the first ones, whose weights are trained."""
        if self.begun["head"] != "half":
            return len(self.layers)
        return len(self.begun.get("full_layer_sizes", ()))

    @property
    def n_trained_in_head(self):
        """Numbers of the hidden layers that are trained."""
        return n_trained_in(self.layers, self.n_full)

    # -- computing ---------------------------------------------------------------------

    def scores(self, X):
        """Compute scores on the scale of y, (n_rows, n_outputs)."""
        with training_mode(gradients=False):
            module = self.whole(resolve_device(self.device)).eval()
            (scores,) = self.in_blocks(lambda rows: [module(rows)], X)
        return scores.astype(np.float64) * self.targets.scale + self.targets.mean

    def prepare(self, rows):
        """Scale a block of rows."""
        return self.scaling.transform(rows, self.dtype)

    def in_blocks(self, compute, X):
        """Compute tensors of rows, a block at a time, from a tensor of scaled ones."""
        return in_blocks(
            compute,
            X,
            prepare=self.prepare,
            widest=self.widest,
            dtype=self.dtype,
            device=self.device,
        )

    # -- the head ----------------------------------------------------------------------

    def head_module(self, device):
        """Make the head as a torch module, fed with features."""
        from sklearn_halfnet.networks.read_out import ReadOut

        if self.layers:
            return layers_module(self, device)
        return ReadOut(*self.read_out.tensors(self.targets, self.dtype, device))

    def trained_head(self, head):
        """Return the fields that training the head has changed, as a dict."""
        layers = trained_layers(self, head) if self.layers else []
        read_out = self.read_out_of(from_tensor(head.coef), from_tensor(head.intercept))
        return {"layers": layers, "read_out": read_out}
