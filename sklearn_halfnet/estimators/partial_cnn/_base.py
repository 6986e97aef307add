"""Partially trained convolutional networks, between scikit-learn and torch."""

import copy

import numpy as np
from sklearn.utils._param_validation import StrOptions
from sklearn.utils.validation import check_is_fitted

from sklearn_halfnet._checks import one_of, real, whole
from sklearn_halfnet._device import (
    check_memory,
    import_torch,
    resolve_device,
    training_mode,
)
from sklearn_halfnet._matmul import row_blocks
from sklearn_halfnet.estimators._common.layer_options import fit_scaling
from sklearn_halfnet.estimators._common.validation import finite_outputs
from sklearn_halfnet.estimators._trained.heads import BaseConvolutional
from sklearn_halfnet.estimators.partial_cnn._design import SIZES, NetworkDesign
from sklearn_halfnet.estimators.partial_cnn._trainable import (
    first_indices,
    salient_indices,
)
from sklearn_halfnet.features import StartSample
from sklearn_halfnet.models.tensors import from_tensor, to_tensor
from sklearn_halfnet.solvers import solvers_for

__all__ = ["BasePartialCNN"]

# Rows from which the batch norms' first averages and the saliencies are computed.
_START_ROWS = 1_000
_START_BATCH = 100
# Layers are built one by one; the deepest published have 1,202 (He et al. 2016).
_MAX_DEPTH = 2_000


class BasePartialCNN(BaseConvolutional):
    """Fit and predict of partially trained networks.

    What is fixed is drawn from ``_seed`` and not pickled, unless it came from a
    shared start; ``learned_`` holds the rest.
    """

    _parameter_constraints = {
        **BaseConvolutional._parameter_constraints,
        "alpha": [real(0)],
        "architecture": [StrOptions(set(SIZES))],
        "depth": [whole(2, _MAX_DEPTH), None],
        "width": [whole(1), None],
        "trainable": [str, list, tuple, set],
        "fraction": [real(0, 1, closed="right")],
        "n_filters": [whole(1), None],
        "frozen": [StrOptions({"random", "zero"})],
        "select": [StrOptions({"first", "saliency"})],
        "solver": [one_of(solvers_for("momentum", minibatches=True))],
        "momentum": [real(0, 1)],
        "flips": ["boolean"],
        "crop_padding": [whole(0)],
    }

    def _network_parameters(self):
        return super()._network_parameters() | vars(NetworkDesign.of(self))

    # -- start -------------------------------------------------------------------------

    def _start(self, X, encoded, train_weight, rng):
        """Draw all weights, choose what is learned, and set the head's start value."""
        own_seed = int(rng.integers(2**63))
        self._fixed, self._seed = None, vars(self).get("_backbone_seed", own_seed)
        self.selected_ = None
        self._design = NetworkDesign.of(self)
        self._design.check(self.select)
        self._check_memory(X.shape[0])
        self._scaling = fit_scaling(self, X, train_weight, spread=1.0)
        n_rows = max([_START_ROWS, *self._head_sizes()])
        sample = StartSample.draw(
            X,
            encoded,
            train_weight,
            self._scaling,
            max(self._head_sizes(), default=0),
            rng,
            self._float,
            max_rows=n_rows,
        )
        images = sample.features
        self._calibrate(images, own_seed)
        sample.features = self._features(images)
        self._start_head(sample, rng)
        if self.select == "saliency" and self._design.cuts:
            self.selected_ = self._salient(images, sample)
            self._calibrate(images, own_seed)

    def _check_memory(self, n_rows):
        """Estimate what ``_start`` and a training step will allocate."""
        design, start_rows = self._design, min(n_rows, _START_ROWS)
        weights = sum(map(int, map(np.prod, design.conv_shapes.values())))
        head = self._head_numbers(design.shapes[-1][0], start_rows)
        # Weights as drawn and as trained, gradients and what the solver keeps; maps
        # before and after they are normalised, and their gradients.
        maps = 3 * design.n_numbers_in_maps * self._batch_size(n_rows)
        images = start_rows * int(np.prod(self.image_shape_))
        check_memory(
            (4 * weights + head + maps + images) * np.dtype(self._float).itemsize,
            f"architecture={self.architecture!r} of depth={self.depth} and "
            f"width={self.width} with hidden_layer_sizes={self.hidden_layer_sizes!r} "
            f"and batch_size={self.batch_size!r}",
            "Use smaller ones.",
        )

    def _salient(self, images, sample):
        """Choose what to learn by one gradient on the sample."""
        torch = import_torch()

        from sklearn_halfnet.networks.partial_cnn import PartialCNN, parts
        from sklearn_halfnet.networks.partial_conv import PartialConv2d

        device = resolve_device(self.device)
        blocks = self._blocks(device, learns=False)
        convolutions = parts(blocks.blocks, PartialConv2d)
        for conv in convolutions.values():
            conv.learn()
        network = PartialCNN(blocks.eval(), self._head_network(device))
        objective = self._objective(network)
        targets = torch.from_numpy(sample.targets).to(device)
        weight = torch.from_numpy(sample.sample_weight.astype(self._float)).to(device)
        for rows in _batches(len(images)):
            batch = to_tensor(images[rows], self._float, device)
            objective.data_loss(batch, targets[rows], weight[rows]).backward()
        design = self._design
        return salient_indices(convolutions, design.learned.dim, design.count)

    def _calibrate(self, images, own_seed):
        """Set ``learned_`` to start values, averages of batch norms to the images'."""
        from sklearn_halfnet.networks.partial_cnn import set_learned

        device = resolve_device(self.device)
        blocks = self._blocks(device, learned=False)
        if own_seed != self._seed:
            set_learned(blocks.blocks, _tensors(self._drawn(own_seed)))
        batches = (
            to_tensor(images[rows], self._float, device)
            for rows in _batches(len(images))
        )
        blocks.calibrate(batches)
        self.learned_ = _arrays(blocks)

    # -- the network -------------------------------------------------------------------

    def _constants(self):
        """Return what is fixed, by name: weights as drawn, or of a shared start."""
        if self._fixed is None:
            self._fixed = self._drawn(self._seed)
        return self._fixed

    def _drawn(self, seed):
        """Draw weights of all convolutions, of He et al.'s variance."""
        return {
            f"{name}.weight": _draw([seed, i], shape, self._float)
            for i, (name, shape) in enumerate(self._design.conv_shapes.items())
        }

    def _blocks(self, device, *, learns=True, learned=True):
        """Build the blocks with values.

        Parameters
        ----------
        device : torch.device
        learns : bool, default=True
            Whether what is learned is to be parameters.
        learned : bool, default=True
            Whether to take the values in ``learned_``.
        """
        torch = import_torch()

        from sklearn_halfnet.networks.partial_cnn import Blocks, set_constants

        blocks = self._design.build("cpu")
        set_constants(blocks, _tensors(self._constants()))
        if learns:
            self._make_learnable(blocks)
        blocks = Blocks(blocks, self.image_shape_)
        blocks = blocks.to(
            device, getattr(torch, self._float), memory_format=torch.channels_last
        )
        if learned:
            arrays = self.learned_ if learns else _averages(self.learned_)
            values = {
                name: to_tensor(array, self._float, device)
                for name, array in arrays.items()
            }
            blocks.blocks.load_state_dict(values)
        return blocks

    def _make_learnable(self, blocks):
        from sklearn_halfnet.networks.partial_cnn import parts
        from sklearn_halfnet.networks.partial_conv import PartialConv2d

        design, convolutions = self._design, parts(blocks, PartialConv2d)
        indices = dict.fromkeys(convolutions)
        if self.selected_ is not None:
            indices = self.selected_
        elif design.cuts:
            indices = first_indices(convolutions, design.learned.dim, design.count)
        design.learned.apply(blocks, indices)
        if design.cuts and design.frozen == "zero":
            for conv in convolutions.values():
                if conv.index is not None:
                    conv.weight.zero_()

    def _network(self, device):
        """Build what is trained: all behind the blocks that are computed once."""
        from sklearn_halfnet.networks.partial_cnn import Blocks

        blocks, n_kept = self._blocks(device).blocks, self._n_kept_blocks()
        behind = dict(list(blocks.items())[n_kept:])
        behind = Blocks(behind, self._design.shapes[n_kept])
        return self._with_head(behind, device, self._augmentation())

    def _n_kept_blocks(self):
        """How many blocks are computed once: fixed ones, if images stay the same."""
        return 0 if self.flips or self.crop_padding else self._design.n_fixed_blocks

    def _augmentation(self):
        """Make what is done to images in training, or None."""
        from sklearn_halfnet.networks.partial_cnn import Augmentation

        if not (self.flips or self.crop_padding):
            return None
        rng = np.random.default_rng([self._seed, getattr(self, "n_iter_", 0)])
        return Augmentation(self.flips, self.crop_padding, rng)

    def _with_head(self, blocks, device, augmentation=None):
        from sklearn_halfnet.networks.partial_cnn import PartialCNN

        head = self._head_network(device)
        head.requires_grad_(self._design.learned.classifier)
        return PartialCNN(blocks, head, augmentation)

    def _whole_network(self, device):
        return self._with_head(self._blocks(device), device)

    def _step_size(self, batch_size):
        design = self._design
        pixels = max(height * width for _, height, width in design.shapes)
        weights = sum(map(np.prod, design.conv_shapes.values()))
        return batch_size * pixels * int(weights) // 8

    def _n_trained_in_layers(self):
        n_averages = _n_numbers(_averages(self.learned_))
        trained = _n_numbers(self.learned_) - n_averages
        head = super()._n_trained_in_layers() if self._design.learned.classifier else 0
        return trained + head

    def _n_trained_in_read_out(self):
        return super()._n_trained_in_read_out() * self._design.learned.classifier

    # -- training ----------------------------------------------------------------------

    def _inputs(self, X):
        from sklearn_halfnet.networks.partial_cnn import Blocks

        n_kept = self._n_kept_blocks()
        n_columns = int(np.prod(self._design.shapes[n_kept]))
        if n_kept == 0:
            return lambda rows: self._prepare(X[rows]), n_columns, n_columns
        blocks = self._blocks(resolve_device(self.device)).blocks
        kept = Blocks(dict(list(blocks.items())[:n_kept]), self.image_shape_).eval()

        def compute(rows):
            return self._in_blocks(lambda images: [kept(images)], X[rows])[0]

        return compute, n_columns, max(X.shape[1], n_columns)

    def _store(self, network):
        self.learned_ = self.learned_ | _arrays(network.blocks)
        self._store_head(network.head)

    def __getstate__(self):
        state = super().__getstate__()
        if state.get("_seed") is not None:
            state = state | {"_fixed": None}
        return state

    def _branch(self, constants, **parameters):
        """Return a copy that goes on from here, with other things learned.

        Its constants are what ``_present_values`` gave: branches of one network share
        them.
        """
        other = copy.copy(self).set_params(**parameters, warm_start=True)
        other._begin()
        other._design = NetworkDesign.of(other)
        other._seed, other._fixed = None, constants
        blocks = other._blocks("cpu", learned=False)
        other.learned_ = _arrays(blocks) | _averages(self.learned_)
        return other

    def _present_values(self):
        """Everything that could be fixed, with the values that it has now, by name."""
        from sklearn_halfnet.networks.partial_cnn import constants

        values = constants(self._blocks("cpu").blocks)
        return {name: from_tensor(value) for name, value in values.items()}

    @property
    def weights_(self):
        """All weights of each convolution by name, fixed and learned together."""
        check_is_fitted(self)
        convolutions = self._convolutions()
        return {name: from_tensor(conv.full()) for name, conv in convolutions.items()}

    @property
    def is_learned_(self):
        """Which of ``weights_`` are learned: arrays of bool by name."""
        check_is_fitted(self)
        return {
            name: from_tensor(conv.is_learned())
            for name, conv in self._convolutions().items()
        }

    def _convolutions(self):
        from sklearn_halfnet.networks.partial_cnn import parts
        from sklearn_halfnet.networks.partial_conv import PartialConv2d

        return parts(self._blocks("cpu").blocks, PartialConv2d)

    @property
    def n_stored_bytes_(self):
        """Bytes of the arrays that a pickled model holds; a seed stands for others."""
        check_is_fitted(self)
        learned = sum(array.nbytes for array in self.learned_.values())
        return learned + self.n_constant_bytes_ + super().n_stored_bytes_

    @property
    def n_constant_bytes_(self):
        """Bytes of what is fixed, as far as no seed stands for it."""
        if self._seed is not None:
            return 0
        return sum(array.nbytes for array in self._fixed.values())

    # -- prediction --------------------------------------------------------------------

    def _features(self, images):
        """Features of scaled rows, before the head."""
        blocks = self._blocks(resolve_device(self.device)).eval()

        def features(rows):
            return [blocks.averages(rows)]

        return self._in_blocks(features, images, lambda rows: rows)[0]

    @training_mode(gradients=False)
    def transform_layers(self, X):
        """Compute what each block gives, averaged over the image.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)

        Returns
        -------
        layers : list of ndarray of shape (n_samples, n_channels)
            One a block.
        """
        return finite_outputs(self, self._all_outputs, X)

    def _all_outputs(self, X):
        blocks = self._blocks(resolve_device(self.device)).eval()

        def averages(rows):
            return [images.mean(dim=(2, 3)) for images in blocks.each(rows)]

        return self._in_blocks(averages, X)

    def _widest(self):
        # Several arrays of the widest shape are alive at once.
        return 4 * max(int(np.prod(shape)) for shape in self._design.shapes)


def _draw(seed, shape, dtype):
    drawn = np.random.default_rng(seed).standard_normal(shape, np.dtype(dtype))
    drawn *= np.sqrt(2 / np.prod(shape[1:]), dtype=drawn.dtype)
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
