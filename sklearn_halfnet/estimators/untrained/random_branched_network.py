"""RandomBranchedNetwork: untrained parallel paths whose outputs are joined."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass, field
from typing import Any, Literal

import numpy as np
from sklearn.utils._param_validation import StrOptions

from sklearn_halfnet._checks import real, whole
from sklearn_halfnet._device import check_memory
from sklearn_halfnet._random import child_generators
from sklearn_halfnet.estimators._common.documented import (
    SEEN_FEATURES,
    documented,
    numpydoc,
)
from sklearn_halfnet.estimators._common.fitting import of_model
from sklearn_halfnet.estimators._common.images import full_image_shape
from sklearn_halfnet.estimators._common.layer_options import check_kinds, fit_scaling
from sklearn_halfnet.estimators._common.types import ActivationName, WeightKind
from sklearn_halfnet.estimators._common.validation import validate_for_weights
from sklearn_halfnet.estimators.untrained._base import (
    COMMON_TEXTS,
    UntrainedNetwork,
    given_shape,
    scale_of_weights,
)
from sklearn_halfnet.models.branched_stack import POOL, BranchedStack

__all__ = ["RandomBranchedNetwork"]

_PARAMETERS = COMMON_TEXTS | numpydoc("""
branches : sequence of paths
    The parallel paths of a block, each a sequence of layers: a number of units, which
    on images are filters of 1 x 1; a pair (number of filters, kernel size), padded to
    the size of the image; or "pool", the largest value of 3 x 3. An empty path passes
    on what it sees.
n_blocks : int
    How often the block follows itself, each time with other weights.
image_shape : tuple of int or None
    (height, width) or (channels, height, width) of flat rows; one entry may be -1. None
    takes the shape of X if it has images, and else layers that are fully connected.
pool_every : int or None
    After so many blocks, the next one sees the largest values of 2 x 2.
weight_scale : float or "critical"
    sigma_w: the weights of a layer have the root mean square sigma_w / sqrt(inputs of
    a unit). "critical" takes the edge of chaos of the activation, with biases of this
    ``bias_scale``.
weight_kind : str, object, callable, array or list of these
    How the weights are drawn, as of :class:`RandomNetwork`. A list gives one a block. A
    unit's inputs are what stands under its kernel, in the order (row, column, channel);
    kinds that need an image's shape get that of the kernel, and kinds made from data
    such parts of images of X, each with the target of its image.
""")

_ATTRIBUTES = numpydoc("""
weights_ : list of array of shape (n_units, n_inputs)
    One a layer, block by block and path by path; sparse for a sparse kind.
biases_ : list of ndarray of shape (n_units,)
    In the same order.
weight_scale_ : float
    sigma_w.
image_shape_ : tuple of int
    (channels, height, width); (n_features, 1, 1) where there are no images.
layer_names : list of str
    What ``transform_layers`` gives: "block 1, path 1" and so on, then "block 1".
n_layers_ : int
    Number of layers with weights.
model_ : BranchedStack
    The drawn network as an immutable value.
""")


@documented(_PARAMETERS, _ATTRIBUTES | SEEN_FEATURES)
@dataclass(eq=False, repr=False)
class RandomBranchedNetwork(UntrainedNetwork):
    """Pass inputs through blocks of parallel random paths, which are never trained.

    The paths of a block see the same; they differ in depth, in width and, on images, in
    the size of their kernels. Their outputs are joined, and the next block sees them
    all, as in Inception [1]_. Guest & Love [2]_ find that similar images have similar
    representations in early blocks of such a network, and no more in late ones, and ask
    whether this is learned: here is the network that has learned nothing.

    A layer is h' = g(W * h + b), a convolution on images and else a product, with
    weights of standard deviation sigma_w / sqrt(number of inputs).

    Parameters
    ----------
    {parameters}

    Attributes
    ----------
    {attributes}

    See Also
    --------
    RandomNetwork : One path; what the scale of the weights does.
    RandomRecurrentNetwork : A state that goes along a series.
    sklearn_halfnet.inspection.smoothness.functional_smoothness : Likeness of each layer
        to the input.

    References
    ----------
    .. [1] C. Szegedy et al., "Going deeper with convolutions", CVPR 2015, figure 2.
    .. [2] O. Guest, B. C. Love, "What the success of brain imaging implies about the
       neural code", eLife 6:e21397, 2017.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sklearn_halfnet import RandomBranchedNetwork
    >>> from sklearn_halfnet.inspection.smoothness import functional_smoothness
    >>> X, _ = load_digits(return_X_y=True)
    >>> inception = [[8], [8, (8, 3)], [8, (8, 5)], ["pool", 8]]
    >>> network = RandomBranchedNetwork(
    ...     inception, n_blocks=2, image_shape=(8, 8), weight_scale=3.0, random_state=0
    ... ).fit(X / 16)
    >>> network.transform(X[:5] / 16).shape  # 4 * 8 maps of 8 x 8
    (5, 2048)
    >>> [row.layer for row in functional_smoothness(X[:99] / 16, network)][3:6]
    ['block 1, path 4', 'block 1', 'block 2, path 1']
    """

    branches: Sequence[Sequence[int | Sequence[int] | Literal["pool"]]] = (
        (50,),
        (50, 50),
    )
    activation: ActivationName = "tanh"
    _: KW_ONLY
    n_blocks: int = 10
    image_shape: Sequence[int] | None = None
    pool_every: int | None = None
    weight_scale: float | Literal["critical"] = 1.0
    weight_kind: WeightKind | list[WeightKind] | tuple[WeightKind, ...] = "normal"
    model_: BranchedStack = field(init=False)

    _parameter_constraints = {
        **UntrainedNetwork._parameter_constraints,
        "branches": [list, tuple],
        "n_blocks": [whole(1)],
        "image_shape": [tuple, list, None],
        "pool_every": [whole(1), None],
        "weight_scale": [StrOptions({"critical"}), real(0, closed="neither")],
    }

    weights_ = of_model("weights", "Weights of the layers, (n_units, n_inputs) each.")
    biases_ = of_model("biases", "Biases of the layers, (n_units,) each.")
    weight_scale_ = of_model("weight_scale", "Scale sigma_w of the weights.")
    image_shape_ = of_model("image_shape", "Shape of the images.")
    layer_names = of_model("layer_names", "Names of what transform_layers gives.")
    n_layers_ = of_model("n_layers", "Number of layers with weights.")

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        return tags

    def _start(self, X, y):
        paths = _check_branches(self.branches)
        kinds = check_kinds(self.weight_kind, self.n_blocks, "blocks")
        given = X
        X, y = validate_for_weights(self, X, y, kinds)
        shape = given_shape(given, X)
        if self.image_shape is None and len(shape) == 2:
            image_shape = (X.shape[1], 1, 1)
            if any(size > 1 for path in paths for _, size in _with_weights(path)):
                raise ValueError(
                    f"branches={self.branches!r} has kernels of several pixels, and X "
                    "flat rows: set image_shape=(height, width)."
                )
        else:
            image_shape = full_image_shape(shape, self.image_shape)
        self._check_size(X, paths, image_shape)
        return BranchedStack.start(
            X,
            y,
            fit_scaling(self, X),
            child_generators(self.random_state, 2),
            kinds=kinds,
            paths=paths,
            image_shape=image_shape,
            pool_every=self.pool_every,
            activation=self.activation,
            sigma_w=scale_of_weights(
                self.weight_scale, self.activation, self.bias_scale
            ),
            sigma_b=self.bias_scale,
        )

    def _check_size(self, X, paths, image_shape):
        """Refuse more weights than memory holds, and images that pooling takes away."""
        n_channels, *sides = image_shape
        n_poolings = (self.n_blocks - 1) // (self.pool_every or self.n_blocks)
        if min(sides) >> n_poolings == 0:
            raise ValueError(
                f"pool_every={self.pool_every} halves images of {sides[0]} x "
                f"{sides[1]} pixels {n_poolings} times in {self.n_blocks} blocks: "
                "nothing is left. Use fewer blocks, or a larger pool_every."
            )
        n_weights = 0
        for _ in range(self.n_blocks):
            ends = []
            for path in paths:
                width = n_channels
                for n_filters, size in _with_weights(path):
                    n_weights += n_filters * size**2 * width
                    width = n_filters
                ends.append(width)
            n_channels = sum(ends)
        check_memory(
            X.dtype.itemsize * n_weights,
            f"{self.n_blocks} blocks of branches={self.branches!r}",
            "Use fewer units.",
        )


def _with_weights(path):
    return [layer for layer in path if layer != POOL]


def _check_branches(branches) -> list[list[Any]]:
    """Turn ``branches`` into lists of ``POOL`` and pairs (n_filters, size).

    Raises
    ------
    ValueError
        If there is no path with weights, or a layer is something else.
    """
    try:
        paths = [[_check_layer(layer) for layer in path] for path in branches]
    except (ValueError, TypeError) as error:
        raise ValueError(
            "branches must list paths, and a path layers: a positive number of units, "
            f"a pair (n_filters, kernel_size), or {POOL!r}; got {branches!r}."
        ) from error
    if not any(map(_with_weights, paths)):
        raise ValueError(f"branches={branches!r} has no layer with weights.")
    return paths


def _check_layer(layer):
    if isinstance(layer, str) and layer == POOL:
        return POOL
    n_filters, size = layer if np.ndim(layer) else (layer, 1)
    if not all(map(whole(1).is_satisfied_by, (n_filters, size))):
        raise ValueError(layer)
    return int(n_filters), int(size)
