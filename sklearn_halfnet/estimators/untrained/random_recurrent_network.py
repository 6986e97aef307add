"""RandomRecurrentNetwork: an untrained recurrent layer as a transformer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass, field
from typing import Literal

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
from sklearn_halfnet.estimators._common.images import check_shape
from sklearn_halfnet.estimators._common.layer_options import check_kinds, fit_scaling
from sklearn_halfnet.estimators._common.types import ActivationName, WeightKind
from sklearn_halfnet.estimators._common.validation import validate_for_weights
from sklearn_halfnet.estimators.untrained._base import (
    COMMON_TEXTS,
    UntrainedNetwork,
    given_shape,
    scale_of_weights,
)
from sklearn_halfnet.models.recurrent_stack import RecurrentStack

__all__ = ["RandomRecurrentNetwork"]

_PARAMETERS = COMMON_TEXTS | numpydoc("""
n_units : int
    Numbers of the state h.
series_shape : tuple of two ints or None
    (channels, steps) of flat rows, one of which may be -1. None takes the shape of X if
    it has series (n_samples, channels, steps), and else one channel.
spectral_radius : float or "critical"
    Largest modulus of the eigenvalues of W, to which it is scaled. With weight_kind
    "orthogonal" all of them have it. "critical" takes the edge of chaos of the
    activation, with biases of this ``bias_scale`` and without inputs; it is that of
    independent weights of many units.
input_scale : float
    The weights U have the root mean square input_scale / sqrt(channels).
weight_kind : str, object, callable, array or list of two of these
    How the weights are drawn, as of :class:`RandomNetwork`. A list gives W's kind and
    U's. Kinds made from data are for U only, which sees the steps of all series, each
    with the target of its series.
""")

_ATTRIBUTES = numpydoc("""
recurrent_weights_ : array of shape (n_units, n_units)
    W; sparse for a sparse kind.
input_weights_ : array of shape (n_units, n_channels)
    U.
biases_ : ndarray of shape (n_units,)
    b.
spectral_radius_ : float
    Spectral radius of W.
series_shape_ : tuple of two ints
    (channels, steps).
layer_names : list of str
    What ``transform_layers`` gives: "step 1" and so on.
model_ : RecurrentStack
    The drawn network as an immutable value.
""")


@documented(_PARAMETERS, _ATTRIBUTES | SEEN_FEATURES)
@dataclass(eq=False, repr=False)
class RandomRecurrentNetwork(UntrainedNetwork):
    """Pass series through a random recurrent layer, which is never trained.

    The state h_t = g(W h_{t-1} + U x_t + b), from h_0 = 0, goes along the time axis.
    ``transform`` gives the last state, ``transform_layers`` the state after every step:
    what depth is to a :class:`RandomNetwork`, time is to this one, and each step has
    the same weights. Such networks are the reservoirs of echo state networks [1]_.

    The spectral radius of W decides whether differences die out or grow. Without inputs
    and biases the state of a large tanh network dies out below a radius of 1 and is
    chaotic above it [2]_; inputs move that border up.

    Parameters
    ----------
    {parameters}

    Attributes
    ----------
    {attributes}

    See Also
    --------
    RandomNetwork : Layers of their own weights.
    RandomBranchedNetwork : Parallel paths, and convolutions.
    sklearn_halfnet.inspection.smoothness.functional_smoothness : Likeness of each step
        to the series.

    References
    ----------
    .. [1] H. Jaeger, "The 'echo state' approach to analysing and training recurrent
       neural networks", GMD report 148, 2001.
    .. [2] H. Sompolinsky, A. Crisanti, H. J. Sommers, "Chaos in random neural
       networks", Physical Review Letters 61, 1988.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_halfnet import RandomRecurrentNetwork
    >>> rng = np.random.default_rng(0)
    >>> X = rng.standard_normal((20, 3, 15))  # 20 series of 3 channels and 15 steps
    >>> network = RandomRecurrentNetwork(50, weight_kind="orthogonal", random_state=0)
    >>> network.fit_transform(X).shape
    (20, 50)
    >>> len(network.transform_layers(X))
    15
    """

    n_units: int = 100
    activation: ActivationName = "tanh"
    _: KW_ONLY
    series_shape: Sequence[int] | None = None
    spectral_radius: float | Literal["critical"] = 1.0
    input_scale: float = 1.0
    weight_kind: WeightKind | list[WeightKind] | tuple[WeightKind, ...] = "normal"
    model_: RecurrentStack = field(init=False)

    _parameter_constraints = {
        **UntrainedNetwork._parameter_constraints,
        "n_units": [whole(1)],
        "series_shape": [tuple, list, None],
        "spectral_radius": [StrOptions({"critical"}), real(0)],
        "input_scale": [real(0, closed="neither")],
    }

    recurrent_weights_ = of_model("recurrent_weights", "Weights W, (n_units, n_units).")
    input_weights_ = of_model("input_weights", "Weights U, (n_units, n_channels).")
    biases_ = of_model("recurrent.shifts", "Biases b, (n_units,).")
    spectral_radius_ = of_model("spectral_radius", "Spectral radius of W.")
    series_shape_ = of_model("series_shape", "Channels and steps of the series.")
    layer_names = of_model("layer_names", "Names of what transform_layers gives.")

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        return tags

    def _start(self, X, y):
        kinds = self._kinds()
        given = X
        X, y = validate_for_weights(self, X, y, kinds)
        check_memory(
            X.dtype.itemsize * self.n_units**2, f"n_units={self.n_units}", "Use fewer."
        )
        return RecurrentStack.start(
            X,
            y,
            fit_scaling(self, X),
            child_generators(self.random_state, 2),
            kinds=kinds,
            n_units=self.n_units,
            series_shape=_full_series_shape(given_shape(given, X), self.series_shape),
            activation=self.activation,
            spectral_radius=scale_of_weights(
                self.spectral_radius, self.activation, self.bias_scale
            ),
            input_scale=self.input_scale,
            sigma_b=self.bias_scale,
        )

    def _kinds(self):
        kinds = check_kinds(self.weight_kind, 2, "matrices of weights, W and U")
        if kinds[0].requires_X or kinds[0].requires_y:
            raise ValueError(
                f"weight_kind={self.weight_kind!r}: the recurrent weights cannot be "
                "made from data, as there are no states before they are drawn. Give "
                "two kinds, such as weight_kind=('normal', 'instances')."
            )
        return kinds


def _full_series_shape(shape, series_shape):
    """Find (channels, steps) of the series in an X of this shape.

    Raises
    ------
    ValueError
        If the shape does not fit.
    """
    if series_shape is None:
        series_shape = (1, -1) if len(shape) == 2 else shape[1:]
    n_values = int(np.prod(shape[1:]))
    try:
        n_channels, n_steps = np.empty(n_values, bool).reshape(series_shape).shape
    except (ValueError, TypeError) as error:
        raise ValueError(
            f"series_shape={series_shape!r} must be (channels, steps) of series of "
            f"{n_values} values."
        ) from error
    if len(shape) > 2:
        check_shape(shape[1:], (n_channels, n_steps), "series_shape is")
    return n_channels, n_steps
