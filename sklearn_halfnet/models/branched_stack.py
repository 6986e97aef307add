"""Blocks of parallel random paths: what ``RandomBranchedNetwork`` computes."""

from dataclasses import dataclass, replace
from functools import reduce
from math import isqrt
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from scipy.ndimage import maximum_filter
from sklearn.base import clone

from sklearn_halfnet._matmul import row_blocks
from sklearn_halfnet.features import (
    InputScaling,
    StartSample,
    all_features,
    draw_layer,
)
from sklearn_halfnet.features.start import choose_rows
from sklearn_halfnet.models.frozen_stack import FrozenStack

__all__ = ["POOL", "BranchedStack"]

POOL = "pool"
# From which kinds of weights made from data are drawn.
_START_IMAGES, _START_PATCHES = 200, 10_000
# Of maps, and of what stands under the kernels of a layer, in a block of rows.
_BLOCK_BYTES = 16 * 2**20


@dataclass(frozen=True)
class BranchedStack(FrozenStack):
    """Blocks whose paths see the same maps and whose outputs are joined.

    A layer is a convolution of odd or even size, padded by zeros to the size of the
    image, as a HiddenLayer of what stands under its kernel, in the order (row, column,
    channel); or ``POOL``, the largest value of 3 x 3. Rows are images of one pixel
    where there are none: their layers are fully connected.

    Parameters
    ----------
    n_features : int
        Columns of X.
    scaling : InputScaling
    image_shape : tuple of int
        (channels, height, width).
    blocks : tuple of tuple of tuple
        The layers of the paths of each block.
    pool_every : int or None
        After so many blocks the next one sees the largest values of 2 x 2.
    weight_scale : float
        sigma_w, by which weights were drawn.
    """

    n_features: int
    scaling: InputScaling
    image_shape: tuple[int, int, int]
    blocks: tuple
    pool_every: int | None
    weight_scale: float

    @classmethod
    def start(
        cls,
        X,
        y,
        scaling,
        generators,
        *,
        kinds,
        paths,
        image_shape,
        pool_every,
        sigma_w,
        **options,
    ):
        """Draw weights and biases.

        Parameters
        ----------
        X : ndarray of shape (n_samples, n_features)
        y : ndarray of shape (n_samples,) or None
        scaling : InputScaling
        generators : tuple of two numpy.random.Generator
            For the layers, and for the rows that kinds made from data are shown.
        kinds : list of BaseWeights
            One a block.
        paths : list of list
            The layers of each path of a block: ``POOL``, or numbers of filters and
            kernel sizes.
        image_shape : tuple of int
        pool_every : int or None
        sigma_w : float
        **options : dict
            ``activation`` and ``sigma_b`` of ``draw_layer``.

        Returns
        -------
        model : BranchedStack
        """
        rng, rows_rng = generators
        options |= {"rng": rng, "sigma_w": sigma_w, "dtype": X.dtype}
        shown = None
        if any(kind.requires_X or kind.requires_y for kind in kinds):
            shown = _Shown.draw(X, y, scaling, image_shape, rows_rng)
        blocks, n_channels = [], image_shape[0]
        for number, kind in enumerate(kinds):
            if shown and _is_pooled(number, pool_every):
                shown = replace(shown, maps=_halved(shown.maps))
            block = tuple(
                _drawn_path(path, kind, n_channels, shown, options) for path in paths
            )
            blocks.append(block)
            n_channels = sum(_width(path, n_channels) for path in block)
            if shown:
                shown = replace(shown, maps=_joined(block, shown.maps))
        return cls(X.shape[1], scaling, image_shape, tuple(blocks), pool_every, sigma_w)

    @property
    def layers(self):
        """The layers with weights, block by block and path by path."""
        return [
            layer
            for block in self.blocks
            for path in block
            for layer in path
            if layer != POOL
        ]

    @property
    def shapes(self):
        """Shapes (channels, height, width) after each path, a list a block."""
        found, (n_channels, *sides) = [], self.image_shape
        for number, block in enumerate(self.blocks):
            if _is_pooled(number, self.pool_every):
                sides = [side // 2 for side in sides]
            widths = [_width(path, n_channels) for path in block]
            found.append([(width, *sides) for width in widths])
            n_channels = sum(widths)
        return found

    @property
    def sizes(self):
        """Numbers a row after each path, a list a block."""
        return [[int(np.prod(shape)) for shape in block] for block in self.shapes]

    @property
    def n_outputs(self):
        """Numbers a row after the last block."""
        return sum(self.sizes[-1])

    @property
    def layer_names(self):
        """What ``all`` computes: paths, where there are several, and blocks."""
        names = []
        for number, block in enumerate(self.blocks, start=1):
            name = f"block {number}"
            if len(block) > 1:
                names += [f"{name}, path {i}" for i in range(1, len(block) + 1)]
            names.append(name)
        return names

    def last(self, X):
        """Compute the last block, (n_samples, n_outputs), of the dtype of X."""
        self._check_memory(X, self.n_outputs)
        return self._gathered(X, 1)[0]

    def all(self, X):
        """Compute every path and block, a list of (n_samples, n_units).

        Paths are parts of the memory of their block.
        """
        self._check_memory(X, sum(map(sum, self.sizes)))
        found = []
        joined = self._gathered(X, len(self.blocks))
        for whole, sizes in zip(joined, self.sizes, strict=True):
            if len(sizes) > 1:
                found += np.split(whole, np.cumsum(sizes)[:-1], axis=1)
            found.append(whole)
        return found

    def _gathered(self, X, n_kept):
        """Compute the outputs of the last blocks, of all rows."""
        sizes = list(map(sum, self.sizes[-n_kept:]))
        kept = [np.empty((len(X), size), X.dtype) for size in sizes]
        row_bytes = X.dtype.itemsize * max(map(sum, self.sizes))
        for rows in row_blocks(len(X), row_bytes, _BLOCK_BYTES):
            blocks = self._blocks(self.scaling.transform(X[rows], X.dtype))
            for whole, maps in zip(kept, blocks[-n_kept:], strict=True):
                # Channels first, as images come: each path's numbers stand together.
                whole[rows] = np.moveaxis(maps, 3, 1).reshape(len(maps), -1)
        return kept

    def _blocks(self, rows):
        """Compute the maps (n_rows, height, width, channels) after each block."""
        maps, found = _images(rows, self.image_shape), []
        for number, block in enumerate(self.blocks):
            if _is_pooled(number, self.pool_every):
                maps = _halved(maps)
            maps = _joined(block, maps)
            found.append(maps)
        return found


@dataclass(frozen=True)
class _Shown:
    """Maps of some training images, for kinds of weights that are made from data."""

    maps: np.ndarray
    targets: np.ndarray | None
    rng: np.random.Generator

    @classmethod
    def draw(cls, X, y, scaling, image_shape, rng):
        most = {"n_units": 1, "max_rows": _START_IMAGES}
        sample = StartSample.draw(X, y, None, scaling, rng=rng, dtype=X.dtype, **most)
        return cls(_images(sample.features, image_shape), sample.targets, rng)

    def rows(self, size):
        """Take what stands under kernels at random places, and the images' targets."""
        places = self.maps.shape[:3]
        chosen = choose_rows(np.prod(places), None, _START_PATCHES, self.rng)
        image, row, column = np.unravel_index(chosen, places)
        inputs = _windows(self.maps, size)[image, row, column]
        targets = None if self.targets is None else self.targets[image]
        return {"inputs": inputs.reshape(len(chosen), -1), "targets": targets}


# -- layers ----------------------------------------------------------------------------


def _drawn_path(path, kind, n_channels, shown, options):
    """Draw the layers of a path."""
    layers = []
    for wanted in path:
        layers.append(_drawn(wanted, kind, _width(layers, n_channels), shown, options))
        if shown:
            shown = replace(shown, maps=_computed(shown.maps, layers[-1]))
    return tuple(layers)


def _drawn(wanted, kind, n_channels, shown, options):
    if wanted == POOL:
        return POOL
    n_filters, size = wanted
    if size > 1 and kind.get_params(deep=False).get("image_shape", ()) is None:
        kind = _of_shape(kind, (size, size, n_channels))
    rows = {} if shown is None else shown.rows(size)
    return draw_layer(kind, n_filters, size**2 * n_channels, **rows, **options)


def _of_shape(kind, image_shape):
    copied: Any = clone(kind)
    return copied.set_params(image_shape=image_shape)


def _width(path, n_channels):
    """Channels after a path."""
    widths = [layer.n_units for layer in path if layer != POOL]
    return widths[-1] if widths else n_channels


def _joined(block, maps):
    """Compute what the paths make of maps, one after the other along the channels."""
    return np.concatenate([reduce(_computed, path, maps) for path in block], axis=3)


def _computed(maps, layer):
    if layer == POOL:  # the largest value of 3 x 3 about each place
        return maximum_filter(maps, size=(1, 3, 3, 1), mode="nearest")
    n_inputs, places = layer.weights.shape[1], maps.shape[1:3]
    size = isqrt(n_inputs // maps.shape[3])
    found = np.empty((*maps.shape[:3], layer.n_units), maps.dtype)
    row_bytes = maps.itemsize * n_inputs * int(np.prod(places))
    for rows in row_blocks(len(maps), row_bytes, _BLOCK_BYTES):
        inputs = _windows(maps[rows], size).reshape(-1, n_inputs)
        (out,) = all_features(inputs, InputScaling(), [layer], maps.dtype)
        found[rows] = out.reshape(-1, *places, layer.n_units)
    return found


def _windows(maps, size):
    """View what stands under kernels, (n, height, width, size, size, channels)."""
    before = (size - 1) // 2
    around = (before, size - 1 - before)
    padded = np.pad(maps, [(0, 0), around, around, (0, 0)])
    windows = sliding_window_view(padded, (size, size), axis=(1, 2))
    return np.moveaxis(windows, 3, 5)


def _halved(maps):
    """Take the largest value of each 2 x 2; an odd end is cut off."""
    n, height, width, n_channels = maps.shape
    maps = maps[:, : height // 2 * 2, : width // 2 * 2]
    maps = maps.reshape(n, height // 2, 2, width // 2, 2, n_channels)
    return maps.max(axis=(2, 4))


def _is_pooled(number, pool_every):
    """Whether maps are pooled before the block of this number, from 0."""
    return pool_every is not None and number > 0 and number % pool_every == 0


def _images(rows, image_shape):
    """Turn flat rows, channels first, to images with the channels last."""
    return np.moveaxis(rows.reshape(-1, *image_shape), 1, 3)
