"""A convolutional network of which a part is learned, before a head."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal
from weakref import WeakValueDictionary

import numpy as np

from sklearn_halfnet._device import (
    check_memory,
    import_torch,
    resolve_device,
    training_mode,
)
from sklearn_halfnet._matmul import row_blocks
from sklearn_halfnet.features.computation import Computation, Join, Pool, Scale
from sklearn_halfnet.models.partial_design import NetworkDesign
from sklearn_halfnet.models.partial_trainable import first_indices, salient_indices
from sklearn_halfnet.models.tensors import from_tensor, to_tensor
from sklearn_halfnet.models.torch_network import (
    TorchNetwork,
    TorchNetworkStart,
    in_blocks,
)
from sklearn_halfnet.models.training_options import rows_a_step

__all__ = [
    "Backbone",
    "Constants",
    "EnsembleModel",
    "PartialCNNModel",
    "PartialCNNStart",
    "draw_convolutions",
]

# Rows from which the batch norms' first averages and the saliencies are computed.
_START_ROWS = 1_000
_START_BATCH = 100
# Drawn weights that are in use, by seed, shape and type: networks share them.
_DRAWN: WeakValueDictionary[tuple, np.ndarray] = WeakValueDictionary()


@dataclass(frozen=True)
class Constants:
    """What is fixed, by name: drawn from a seed, or given.

    Parameters
    ----------
    design : NetworkDesign
    dtype : str
    seed : int or None
    given : dict of str to ndarray, or None
    """

    design: NetworkDesign
    dtype: str
    seed: int | None
    given: dict | None = None

    @cached_property
    def arrays(self):
        """The values: those given, or weights of convolutions as drawn."""
        return self.drawn(self.seed) if self.given is None else self.given

    def drawn(self, seed):
        """Draw weights of all convolutions, of He et al.'s variance."""
        return draw_convolutions(self.design.conv_shapes, seed, self.dtype)

    @property
    def nbytes(self):
        """Bytes of what no seed stands for."""
        return sum(array.nbytes for array in (self.given or {}).values())

    def __getstate__(self):
        """Leave out what a seed gives again."""
        return {name: value for name, value in vars(self).items() if name != "arrays"}


@dataclass(frozen=True)
class Backbone:
    """Convolutions in blocks, fixed and learned.

    Parameters
    ----------
    design : NetworkDesign
    constants : Constants
    learned : dict of str to ndarray, default=None
        What is learned, by name, and averages of batch norms.
    selected : dict of str to ndarray of int, default=None
        Which filters of each convolution are learned; None is the first.
    """

    design: NetworkDesign
    constants: Constants
    learned: Any = None
    selected: dict | None = None

    def module(self, device, *, learns=True, learned=True):
        """Build the blocks with values.

        Parameters
        ----------
        device : torch.device
        learns : bool, default=True
            Whether what is learned is to be parameters.
        learned : bool, default=True
            Whether to take the values in ``learned``.
        """
        torch = import_torch()

        from sklearn_halfnet.networks.partial_cnn import Blocks, set_constants

        dtype = self.constants.dtype
        blocks = self.design.build("cpu")
        set_constants(blocks, _tensors(self.constants.arrays))
        if learns:
            self._make_learnable(blocks)
        # The types that torch announces leave memory_format out.
        module: Any = Blocks(blocks, self.design.image_shape)
        module.to(device, getattr(torch, dtype), memory_format=torch.channels_last)
        if learned:
            arrays = self.learned if learns else _averages(self.learned)
            values = {
                name: to_tensor(array, dtype, device) for name, array in arrays.items()
            }
            module.blocks.load_state_dict(values)
        return module

    def _make_learnable(self, blocks):
        from sklearn_halfnet.networks.partial_cnn import parts
        from sklearn_halfnet.networks.partial_conv import PartialConv2d

        design, convolutions = self.design, parts(blocks, PartialConv2d)
        indices = dict.fromkeys(convolutions)
        if self.selected is not None:
            indices = self.selected
        elif design.cuts:
            indices = first_indices(convolutions, design.learned.dim, design.count)
        design.learned.apply(blocks, indices)
        if design.cuts and design.frozen == "zero":
            for conv in convolutions.values():
                if conv.index is not None:
                    conv.weight.zero_()

    def calibrated(self, images, own_seed, device):
        """Return it with start values, and averages of batch norms of scaled images.

        Parameters
        ----------
        images : ndarray of shape (n_rows, n_pixels)
        own_seed : int
            Of what is learned, if the constants' seed is another.
        device : torch.device
        """
        from sklearn_halfnet.networks.partial_cnn import set_learned

        blocks = self.module(device, learned=False)
        if own_seed != self.constants.seed:
            set_learned(blocks.blocks, _tensors(self.constants.drawn(own_seed)))
        batches = (
            to_tensor(images[rows], self.constants.dtype, device)
            for rows in _batches(len(images))
        )
        blocks.calibrate(batches)
        return replace(self, learned=_arrays(blocks))

    def trained(self, module):
        """Return it with the values of some of its blocks."""
        return replace(self, learned=self.learned | _arrays(module))

    def branch(self, design, constants):
        """Return one of which other parts are learned, with the same values now."""
        other = Backbone(design, constants)
        blocks = other.module("cpu", learned=False)
        return replace(other, learned=_arrays(blocks) | _averages(self.learned))

    @property
    def present_values(self):
        """All that could be fixed, with the values that it has now, by name."""
        from sklearn_halfnet.networks.partial_cnn import constants

        values = constants(self.module("cpu").blocks)
        return {name: from_tensor(value) for name, value in values.items()}

    @property
    def weights(self):
        """All weights of each convolution by name, fixed and learned together."""
        return {name: from_tensor(c.full()) for name, c in self._convolutions().items()}

    @property
    def is_learned(self):
        """Which of the weights are learned: arrays of bool by name."""
        convolutions = self._convolutions().items()
        return {name: from_tensor(conv.is_learned()) for name, conv in convolutions}

    def _convolutions(self):
        from sklearn_halfnet.networks.partial_cnn import parts
        from sklearn_halfnet.networks.partial_conv import PartialConv2d

        return parts(self.module("cpu").blocks, PartialConv2d)

    @property
    def n_trained(self):
        """How many numbers are learned."""
        return _n_numbers(self.learned) - _n_numbers(_averages(self.learned))

    @property
    def nbytes(self):
        """Bytes of what no seed stands for."""
        learned = sum(array.nbytes for array in self.learned.values())
        return learned + self.constants.nbytes

    @property
    def widest(self):
        """Numbers that a row has where it has most."""
        # Several arrays of the widest shape are alive at once.
        return 4 * max(int(np.prod(shape)) for shape in self.design.shapes)

    def features(self, scaled, device):
        """Compute the features of scaled rows: averages over the image."""
        blocks = self.module(resolve_device(device)).eval()
        return in_blocks(
            lambda rows: [blocks.averages(rows)],
            scaled,
            prepare=lambda rows: rows,
            widest=self.widest,
            dtype=self.constants.dtype,
            device=device,
        )[0]


@dataclass(frozen=True, kw_only=True)
class PartialCNNStart(TorchNetworkStart):
    """What a network that is trained in part is started from.

    Parameters
    ----------
    design : NetworkDesign
    select : {"first", "saliency"}
    flips : bool
    crop_padding : int
    mixed_precision : bool
    batch_size : int, "auto" or "full"
        Which takes memory.
    backbone_seed : int or None
        Of the constants, where several networks share them.
    """

    design: NetworkDesign
    select: str
    flips: bool
    crop_padding: int
    mixed_precision: bool
    batch_size: int | Literal["auto", "full"]
    backbone_seed: int | None

    @property
    def begun(self):
        """Parameters that the network keeps from its start on."""
        own = {"backbone_seed": self.backbone_seed}
        return super().begun | self.design.parameters | own

    def ready(self, network, n_passes):
        """Return the network where it is to be trained, with images moved or not."""
        moves = None
        if self.flips or self.crop_padding:
            moves = (self.flips, self.crop_padding, [network.own_seed, n_passes])
        mixed = self.mixed_precision
        return replace(network.on(self.device), moves=moves, mixed_precision=mixed)

    def network(self, rows, targets, rng):
        """Draw all weights, choose what is learned, and set the head's start value."""
        own_seed, device = int(rng.integers(2**63)), resolve_device(self.device)
        seed = own_seed if self.backbone_seed is None else self.backbone_seed
        self.design.check(self.select)
        self._check_memory(rows.X.shape[0])
        scaling = self.fit_scaling(rows, spread=1.0, one_unit=True)
        n_units, n_rows = max(self.sizes, default=0), max([_START_ROWS, *self.sizes])
        sample = self.sample(rows, scaling, n_units, rng, max_rows=n_rows)
        images = sample.features
        with training_mode():
            backbone = Backbone(self.design, Constants(self.design, self.dtype, seed))
            backbone = backbone.calibrated(images, own_seed, device)
            features = backbone.features(images, self.device)
            sample = replace(sample, features=features)
            head = self.start_head(sample, targets, scaling, rng)
            network = PartialCNNModel(**head, backbone=backbone, own_seed=own_seed)
            if self.select == "saliency" and self.design.cuts:
                selected = network.salient(images, sample, device)
                backbone = replace(backbone, selected=selected)
                backbone = backbone.calibrated(images, own_seed, device)
                network = replace(network, backbone=backbone)
        return network

    def _check_memory(self, n_rows):
        """Estimate what a start and a training step will allocate."""
        design, start_rows = self.design, min(n_rows, _START_ROWS)
        weights = sum(map(int, map(np.prod, design.conv_shapes.values())))
        head = self.head_numbers(design.shapes[-1][0], start_rows)
        # Weights as drawn and as trained, gradients and what the solver keeps; maps
        # before and after they are normalised, and their gradients.
        maps = 3 * design.n_numbers_in_maps * rows_a_step(self.batch_size, n_rows)
        images = start_rows * int(np.prod(self.image_shape))
        check_memory(
            (4 * weights + head + maps + images) * np.dtype(self.dtype).itemsize,
            f"architecture={design.architecture!r} of depth={design.depth} and "
            f"width={design.width} with hidden_layer_sizes={self.hidden_layer_sizes!r} "
            f"and batch_size={self.batch_size!r}",
            "Use smaller ones.",
        )


@dataclass(frozen=True, kw_only=True)
class PartialCNNModel(TorchNetwork):
    """A partly learned backbone before a head.

    Parameters
    ----------
    backbone : Backbone
    own_seed : int
        Of what no other network shares.
    moves : tuple or None, default=None
        Whether to flip, by how much to crop, and a seed: of images in training.
    mixed_precision : bool, default=False
        Whether training computes in bfloat16.
    """

    backbone: Backbone
    own_seed: int
    moves: tuple | None = None
    mixed_precision: bool = False

    @property
    def design(self):
        """What follows from the parameters alone."""
        return self.backbone.design

    @property
    def constants(self):
        """What is fixed."""
        return self.backbone.constants

    @property
    def learned(self):
        """What is learned of the backbone, by name."""
        return self.backbone.learned

    @property
    def selected(self):
        """Which filters are learned, where they were chosen."""
        return self.backbone.selected

    @property
    def weights(self):
        """All weights of each convolution by name."""
        return self.backbone.weights

    @property
    def is_learned(self):
        """Which of the weights are learned."""
        return self.backbone.is_learned

    @property
    def n_trained(self):
        """Numbers learned, those of the head among them if it is."""
        head = self.n_trained_in_head + self.read_out.size
        return self.backbone.n_trained + head * self.design.learned.classifier

    @property
    def nbytes(self):
        """Bytes of the arrays that a pickled model holds; a seed stands for others."""
        return self.backbone.nbytes + super().nbytes

    @property
    def n_constant_bytes(self):
        """Bytes of what is fixed, as far as no seed stands for it."""
        return self.constants.nbytes

    @property
    def widest(self):
        """Numbers that a row has where it has most."""
        return self.backbone.widest

    def features(self, X):
        """Compute what each block gives, averaged over the image."""
        with training_mode(gradients=False):
            blocks = self.backbone.module(resolve_device(self.device)).eval()

            def averages(rows):
                return [images.mean(dim=(2, 3)) for images in blocks.each(rows)]

            return self.in_blocks(averages, X)

    def steps(self):
        """Return the Computation of the scores."""
        from sklearn_halfnet.networks.architectures import in_a_row

        n_features = int(np.prod(self.image_shape))
        steps = Computation(n_features).then(Scale(self.scaling))
        blocks = self.backbone.module("cpu").eval().blocks.values()
        steps, shape = in_a_row(blocks, steps, steps.last, self.image_shape)
        steps = steps.then(Pool(shape, "mean", shape[1:]))
        return steps.through(self.layers).read_out(self.coef, self.intercept)

    # -- other values ------------------------------------------------------------------

    def branch(self, start, constants, own_seed):
        """Return a network that goes on from here, with other things learned.

        Parameters
        ----------
        start : PartialCNNStart
            What the branch would be started from.
        constants : Constants
            With the values that all has now: branches share them.
        own_seed : int
        """
        return replace(
            self,
            backbone=self.backbone.branch(start.design, constants),
            begun=start.begun,
            own_seed=own_seed,
        )

    def with_constants(self, constants):
        """Return the network with another copy of what is fixed."""
        backbone = replace(self.backbone, constants=constants)
        return replace(self, backbone=backbone)

    def salient(self, images, sample, device):
        """Choose what to learn by one gradient on a StartSample."""
        torch = import_torch()

        from sklearn_halfnet.networks.partial_cnn import PartialCNN, parts
        from sklearn_halfnet.networks.partial_conv import PartialConv2d
        from sklearn_halfnet.solvers.losses import Objective, loss_of

        blocks = self.backbone.module(device, learns=False)
        convolutions = parts(blocks.blocks, PartialConv2d)
        for conv in convolutions.values():
            conv.learn()
        module = PartialCNN(blocks.eval(), self.head_module(device))
        objective = Objective(module, loss_of(self.targets), alpha=0)
        targets = torch.from_numpy(sample.targets).to(device)
        weight = torch.from_numpy(sample.sample_weight.astype(self.dtype)).to(device)
        for rows in _batches(len(images)):
            batch = to_tensor(images[rows], self.dtype, device)
            objective.data_loss(batch, targets[rows], weight[rows]).backward()
        design = self.design
        return salient_indices(convolutions, design.learned.dim, design.count)

    # -- training ----------------------------------------------------------------------

    @property
    def n_kept_blocks(self):
        """How many blocks are computed once: fixed ones, if images stay the same."""
        return 0 if self.moves else self.design.n_fixed_blocks

    def step_size(self, batch_size):
        """Multiply-adds of a step."""
        design = self.design
        pixels = max(height * width for _, height, width in design.shapes)
        weights = sum(map(np.prod, design.conv_shapes.values()))
        return batch_size * pixels * int(weights) // 8

    def inputs(self, X):
        """Return what computes the blocks that are kept, and the widths of that."""
        from sklearn_halfnet.networks.partial_cnn import Blocks

        n_kept = self.n_kept_blocks
        n_columns = int(np.prod(self.design.shapes[n_kept]))
        if n_kept == 0:
            return lambda rows: self.prepare(X[rows]), n_columns, n_columns
        blocks = self.backbone.module(resolve_device(self.device)).blocks
        kept = Blocks(dict(list(blocks.items())[:n_kept]), self.image_shape).eval()

        def compute(rows):
            return self.in_blocks(lambda images: [kept(images)], X[rows])[0]

        return compute, n_columns, max(X.shape[1], n_columns)

    def module(self, device):
        """Make the torch module: all behind the blocks that are computed once."""
        from sklearn_halfnet.networks.partial_cnn import Augmentation, Blocks

        blocks, n_kept = self.backbone.module(device).blocks, self.n_kept_blocks
        behind = dict(list(blocks.items())[n_kept:])
        behind = Blocks(behind, self.design.shapes[n_kept])
        augmentation = None
        if self.moves:
            flips, crop_padding, seed = self.moves
            rng = np.random.default_rng(seed)
            augmentation = Augmentation(flips, crop_padding, rng, device)
        return self._with_head(behind, device, augmentation, self.mixed_precision)

    def whole(self, device):
        """Make the torch module from scaled images on, as it predicts."""
        return self._with_head(self.backbone.module(device), device)

    def _with_head(self, blocks, device, *in_training):
        from sklearn_halfnet.networks.partial_cnn import PartialCNN

        head = self.head_module(device)
        head.requires_grad_(self.design.learned.classifier)
        return PartialCNN(blocks, head, *in_training)

    def trained(self, module):
        """Return the network with the values of a module."""
        backbone = self.backbone.trained(module.blocks)
        return replace(self, backbone=backbone, **self.trained_head(module.head))


def draw_convolutions(shapes, seed, dtype):
    """Draw weights of convolutions of these shapes, of He et al.'s variance.

    Parameters
    ----------
    shapes : dict of str to tuple of int
        By name, in the order of drawing.
    seed : int
    dtype : {"float32", "float64"}

    Returns
    -------
    weights : dict of str to ndarray
        Read-only: whoever draws the same while they are in use gets the same arrays.
    """
    return {
        f"{name}.weight": _draw((seed, i), tuple(shape), dtype)
        for i, (name, shape) in enumerate(shapes.items())
    }


@dataclass(frozen=True)
class EnsembleModel:
    """Networks whose probabilities are averaged.

    Parameters
    ----------
    networks : list of PartialCNNModel
    """

    networks: list

    @property
    def targets(self):
        """Between y and the scores of each."""
        return self.networks[0].targets

    def steps(self):
        """Return the Computation of the scores of all, side by side."""
        steps = self.networks[0].steps()
        ends = [steps.last]
        for network in self.networks[1:]:
            steps = steps.beside(network.steps())
            ends.append(steps.last)
        return steps.then(Join(len(ends)), ends)


def _draw(seed, shape, dtype):
    drawn = _DRAWN.get((seed, shape, dtype))
    if drawn is None:
        drawn = np.random.default_rng(seed).standard_normal(shape, np.dtype(dtype))
        drawn *= np.sqrt(2 / np.prod(shape[1:]), dtype=drawn.dtype)
        drawn.flags.writeable = False
        _DRAWN[seed, shape, dtype] = drawn
    return drawn


def _arrays(blocks):
    """Values of a Blocks module by name, without the module's own name before."""
    state = blocks.blocks.state_dict()
    return {name: from_tensor(value) for name, value in state.items()}


def _averages(learned):
    """Those of what is learned that are no parameters: averages of batch norms."""
    return {k: v for k, v in learned.items() if k.endswith((".mean", ".variance"))}


def _n_numbers(arrays):
    return sum(array.size for array in arrays.values())


def _tensors(arrays):
    torch = import_torch()

    return {name: torch.from_numpy(array.copy()) for name, array in arrays.items()}


def _batches(n_rows):
    return row_blocks(n_rows, 1, _START_BATCH)
