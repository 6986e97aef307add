"""Partially trained convolutional networks, between scikit-learn and torch."""

import copy
from itertools import pairwise

import numpy as np
from sklearn.utils._param_validation import StrOptions
from sklearn.utils.validation import check_is_fitted

from sklearn_halfnet._device import check_memory, resolve_device
from sklearn_halfnet._matmul import row_blocks
from sklearn_halfnet.estimators._constraints import real, whole
from sklearn_halfnet.estimators._heads import BaseConvolutional, predict_in_blocks
from sklearn_halfnet.estimators._hidden_layers import from_tensor, to_tensor
from sklearn_halfnet.estimators._layers import fit_scaling
from sklearn_halfnet.estimators._trainable import (
    Trainable,
    first_indices,
    n_learned,
    salient_indices,
)
from sklearn_halfnet.estimators._validation import validate_X
from sklearn_halfnet.features import StartSample

__all__ = ["BasePartialCNN"]

# Rows from which the batch norms' first averages and the saliencies are computed.
_START_ROWS = 1_000
_START_BATCH = 100

# Architecture -> depth and width where these are None: networks for small images.
SIZES = {
    "wrn": (16, 2),
    "densenet": (40, 12),
    "vgg": (9, 32),
    "vgg_bn": (9, 32),
    "alexnet": (6, 32),
}

# What the fitted network depends on: a warm start cannot change it.
_DESIGN = (
    *("architecture", "depth", "width", "trainable", "fraction", "n_filters"),
    *("frozen", "head"),
)


class BasePartialCNN(BaseConvolutional):
    """Fit and predict of partially trained networks.

    What is fixed is drawn from ``_seed`` and not pickled, unless it came from a
    shared start; ``learned_`` holds the rest.
    """

    _parameter_constraints = {
        **BaseConvolutional._parameter_constraints,
        "architecture": [StrOptions(set(SIZES))],
        "depth": [whole(2), None],
        "width": [whole(1), None],
        "trainable": [str, list, tuple, set],
        "fraction": [real(0, 1, closed="right")],
        "n_filters": [whole(1), None],
        "frozen": [StrOptions({"random", "zero"})],
        "select": [StrOptions({"first", "saliency"})],
        "solver": [StrOptions({"sgd", "adam"})],
        "momentum": [real(0, 1)],
        "flips": ["boolean"],
        "crop_padding": [whole(0)],
    }

    # -- start -------------------------------------------------------------------------

    def _start(self, X, encoded, train_weight, rng):
        """Draw all weights, choose what is learned, and set the head's start value."""
        own_seed = int(rng.integers(2**63))
        self._fixed, self._seed = None, vars(self).get("_backbone_seed", own_seed)
        self.selected_ = None
        self._design = {name: getattr(self, name) for name in _DESIGN}
        self._check_options()
        self._check_memory()
        self._scaling = fit_scaling(self, X, train_weight)
        n_rows = max([_START_ROWS, *self._head_sizes()])
        sample = StartSample.draw(
            X,
            encoded,
            train_weight,
            self._scaling,
            max(self._head_sizes(), default=0),
            rng,
            self.dtype,
            max_rows=n_rows,
        )
        self._unit = _spread(sample.features, sample.sample_weight)
        images = sample.features / self._unit
        self._calibrate(images, own_seed)
        sample.features = self._features(images)
        self._start_head(sample, rng)
        if self.select == "saliency" and self._trainable().dim is not None:
            self.selected_ = self._salient(images, sample)
            self._calibrate(images, own_seed)

    def _trainable(self):
        return Trainable.of(self.trainable, self._new_blocks("meta"))

    def _check_options(self):
        blocks, trainable = self._new_blocks("meta"), self._trainable()
        if not trainable.learns_of(blocks):
            raise ValueError(
                f"trainable={self.trainable!r} leaves nothing to be learned of "
                f"architecture={self.architecture!r}, which has no batch norms."
            )
        is_cut = trainable.dim is not None or trainable.blocks == set(blocks)
        if self.frozen == "zero" and not is_cut:
            raise ValueError(
                f"frozen='zero' with trainable={self.trainable!r} makes whole layers "
                "zero, so that nothing passes through. Train a slice of every layer, "
                "such as 'filters'."
            )
        if self.select == "saliency" and self._is_narrow():
            raise ValueError(
                "select='saliency' chooses other filters in each layer, but the "
                "network that is left of frozen='zero' needs the same. Use "
                "select='first' or frozen='random'."
            )

    def _check_memory(self):
        shapes = self._conv_shapes().values()
        check_memory(
            2 * sum(map(np.prod, shapes)) * np.dtype(self.dtype).itemsize,
            f"architecture={self.architecture!r} of depth={self.depth} and "
            f"width={self.width}",
            "Use a smaller depth or width.",
        )

    def _salient(self, images, sample):
        """Choose what to learn by one gradient on the sample."""
        import torch

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
        weight = torch.from_numpy(sample.sample_weight.astype(self.dtype)).to(device)
        for rows in _batches(len(images)):
            batch = to_tensor(images[rows], self.dtype, device)
            objective.data_loss(batch, targets[rows], weight[rows]).backward()
        return salient_indices(convolutions, self._trainable().dim, self._count)

    def _calibrate(self, images, own_seed):
        """Set ``learned_`` to start values, averages of batch norms to the images'."""
        from sklearn_halfnet.networks.partial_cnn import set_learned

        device = resolve_device(self.device)
        blocks = self._blocks(device, learned=False)
        if own_seed != self._seed:
            set_learned(blocks.blocks, _tensors(self._drawn(own_seed)))
        batches = (
            to_tensor(images[rows], self.dtype, device)
            for rows in _batches(len(images))
        )
        blocks.calibrate(batches)
        self.learned_ = _arrays(blocks)

    def _check_resumable(self):
        super()._check_resumable()
        design = {name: getattr(self, name) for name in _DESIGN}
        changed = [name for name in _DESIGN if design[name] != self._design[name]]
        if changed:
            raise ValueError(
                f"warm_start=True goes on with the network that was begun, but "
                f"{', '.join(changed)} changed. Set warm_start=False to start anew."
            )

    # -- the network -------------------------------------------------------------------

    def _count(self, size):
        return n_learned(size, self.fraction, self.n_filters)

    def _is_narrow(self):
        """Whether fixed filters are zero, so that the network is built without them."""
        return self.frozen == "zero" and self._trainable_words() == {"filters"}

    def _trainable_words(self):
        named = self.trainable
        words = {named} if isinstance(named, str) else set(named)
        return words - {"batch_norm", "classifier"}

    def _new_blocks(self, device):
        """Build the blocks without values, as a dict."""
        import torch

        from sklearn_halfnet.networks.architectures import ARCHITECTURES

        part = self._count if self._is_narrow() else int
        build = ARCHITECTURES[self.architecture]
        depth, width = SIZES[self.architecture]
        depth = depth if self.depth is None else self.depth
        width = width if self.width is None else self.width
        with torch.device(device):
            return build(self.image_shape_[0], depth, width, part)

    def _conv_shapes(self):
        from sklearn_halfnet.networks.partial_cnn import parts
        from sklearn_halfnet.networks.partial_conv import PartialConv2d

        convolutions = parts(self._new_blocks("meta"), PartialConv2d)
        return {name: tuple(conv.weight.shape) for name, conv in convolutions.items()}

    def _constants(self):
        """Return what is fixed, by name: weights as drawn, or of a shared start."""
        if self._fixed is None:
            self._fixed = self._drawn(self._seed)
        return self._fixed

    def _drawn(self, seed):
        """Draw weights of all convolutions, of He et al.'s variance."""
        return {
            f"{name}.weight": _draw([seed, i], shape, self.dtype)
            for i, (name, shape) in enumerate(self._conv_shapes().items())
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
        import torch

        from sklearn_halfnet.networks.partial_cnn import Blocks, set_constants

        blocks = self._new_blocks("cpu")
        set_constants(blocks, _tensors(self._constants()))
        if learns:
            self._make_learnable(blocks)
        blocks = Blocks(blocks, self.image_shape_)
        blocks = blocks.to(
            device, getattr(torch, self.dtype), memory_format=torch.channels_last
        )
        if learned:
            values = {
                name: to_tensor(array, self.dtype, device)
                for name, array in self.learned_.items()
                if learns or not name.endswith((".learned", ".bias", ".gain", ".shift"))
            }
            blocks.blocks.load_state_dict(values)
        return blocks

    def _make_learnable(self, blocks):
        from sklearn_halfnet.networks.partial_cnn import parts
        from sklearn_halfnet.networks.partial_conv import PartialConv2d

        trainable, convolutions = self._trainable(), parts(blocks, PartialConv2d)
        cuts = trainable.dim is not None and not self._is_narrow()
        indices = dict.fromkeys(convolutions)
        if cuts and self.selected_ is not None:
            indices = self.selected_
        elif cuts:
            indices = first_indices(convolutions, trainable.dim, self._count)
        trainable.apply(blocks, indices)
        if cuts and self.frozen == "zero":
            for conv in convolutions.values():
                if conv.index is not None:
                    conv.weight.zero_()

    def _n_fixed_blocks(self):
        return self._trainable().n_fixed_blocks(self._new_blocks("meta"))

    def _network(self, device):
        """Build what is trained: all behind the blocks that are wholly fixed."""
        _, blocks = self._fixed_and_trained(device)
        return self._with_head(blocks, device)

    def _with_head(self, blocks, device):
        from sklearn_halfnet.networks.partial_cnn import Augmentation, PartialCNN

        head = self._head_network(device)
        head.requires_grad_(self._trainable().classifier)
        augmentation = None
        if self.flips or self.crop_padding:
            rng = np.random.default_rng([self._seed, getattr(self, "n_iter_", 0)])
            augmentation = Augmentation(self.flips, self.crop_padding, rng)
        return PartialCNN(blocks, head, augmentation)

    def _fixed_and_trained(self, device):
        """Split the blocks; what is fixed is computed once if images stay the same."""
        from sklearn_halfnet.networks.partial_cnn import Blocks

        blocks = self._blocks(device)
        n_fixed = 0 if self.flips or self.crop_padding else self._n_fixed_blocks()
        named = list(blocks.blocks.items())
        fixed = Blocks(dict(named[:n_fixed]), self.image_shape_).eval()
        for parameter in fixed.parameters():
            parameter.requires_grad_(False)
        shape = self._shapes()[n_fixed]
        return fixed, Blocks(dict(named[n_fixed:]), shape)

    def _shapes(self):
        """Shapes (channels, height, width) before and after each block."""
        import torch

        from sklearn_halfnet.networks.partial_cnn import Blocks

        blocks = Blocks(self._new_blocks("meta"), self.image_shape_).eval()
        row = torch.empty(1, int(np.prod(self.image_shape_)), device="meta")
        with torch.no_grad():
            after = [tuple(images.shape[1:]) for images in blocks.each(row)]
        return [self.image_shape_, *after]

    def _step_size(self, batch_size):
        pixels = max(height * width for _, height, width in self._shapes())
        return (
            batch_size * pixels * sum(map(np.prod, self._conv_shapes().values())) // 8
        )

    def _n_trained_in_layers(self):
        """Count what is learned; the base adds the read-out."""
        trained = sum(
            array.size
            for name, array in self.learned_.items()
            if not name.endswith((".mean", ".variance"))
        )
        read_out = self.coef_.size + self.intercept_.size
        head = super()._n_trained_in_layers() + read_out
        return trained - read_out + head * self._trainable().classifier

    # -- training ----------------------------------------------------------------------

    def _solver_options(self):
        return {"momentum": self.momentum} if self.solver == "sgd" else {}

    def _prepare(self, rows):
        scaled = self._scaling.transform(rows, self.dtype)
        return scaled / scaled.dtype.type(self._unit)

    def _inputs(self, X):
        device = resolve_device(self.device)
        fixed, _ = self._fixed_and_trained(device)
        n_columns = int(np.prod(self._shapes()[len(fixed.blocks)]))

        def compute(rows):
            if len(fixed.blocks) == 0:
                return self._prepare(X[rows])
            return self._in_blocks(fixed, X[rows], self._prepare)

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
        other._design = {name: getattr(other, name) for name in _DESIGN}
        other._seed, other._fixed = None, constants
        blocks = other._blocks("cpu", learned=False)
        averages = {
            name: array
            for name, array in self.learned_.items()
            if name.endswith((".mean", ".variance"))
        }
        other.learned_ = _arrays(blocks) | averages
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
            return blocks.images(rows).mean(dim=(2, 3))

        return self._in_blocks(features, images, lambda rows: rows)

    def _scores(self, X):
        device = resolve_device(self.device)
        network = self._with_head(self._blocks(device), device).eval()
        scores = self._in_blocks(network, X, self._prepare).astype(np.float64)
        return scores * self._targets.scale + self._targets.mean

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
        import torch

        check_is_fitted(self)
        X = validate_X(self, X)
        device = resolve_device(self.device)
        blocks = self._blocks(device).eval()

        def averages(rows):
            means = [images.mean(dim=(2, 3)) for images in blocks.each(rows)]
            return torch.cat(means, dim=1)

        flat = self._in_blocks(averages, X, self._prepare)
        bounds = np.cumsum([0, *(shape[0] for shape in self._shapes()[1:])])
        return [flat[:, start:stop] for start, stop in pairwise(bounds)]

    def _in_blocks(self, module, X, prepare):
        # Several arrays of the widest shape are alive at once.
        widest = 4 * max(int(np.prod(shape)) for shape in self._shapes())
        device = resolve_device(self.device)
        return predict_in_blocks(module, X, prepare, widest, self.dtype, device)


def _spread(images, sample_weight):
    """Compute the standard deviation of all pixels together: they share one unit."""
    share = (sample_weight / sample_weight.sum()).astype(images.dtype)
    mean = (share @ images).mean()
    return float(np.sqrt((share @ (images - mean) ** 2).mean())) or 1.0


def _draw(seed, shape, dtype):
    drawn = np.random.default_rng(seed).standard_normal(shape, np.dtype(dtype))
    drawn *= np.sqrt(2 / np.prod(shape[1:]), dtype=drawn.dtype)
    return drawn


def _arrays(blocks):
    """Values of a Blocks module by name, without the module's own name before."""
    state = blocks.blocks.state_dict()
    return {name: from_tensor(value) for name, value in state.items()}


def _tensors(arrays):
    import torch

    return {name: torch.from_numpy(array.copy()) for name, array in arrays.items()}


def _batches(n_rows):
    return row_blocks(n_rows, 1, _START_BATCH)
