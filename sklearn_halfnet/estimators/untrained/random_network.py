"""RandomNetwork: an untrained network as a transformer."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass, field
from typing import Literal

from sklearn.utils._param_validation import StrOptions

from sklearn_halfnet._checks import real
from sklearn_halfnet._device import check_memory
from sklearn_halfnet._random import child_generators
from sklearn_halfnet.estimators._common.documented import (
    SEEN_FEATURES,
    documented,
    numpydoc,
)
from sklearn_halfnet.estimators._common.fitting import of_model
from sklearn_halfnet.estimators._common.layer_options import (
    SIZE_CONSTRAINTS,
    check_kinds,
    check_sizes,
    fit_scaling,
)
from sklearn_halfnet.estimators._common.types import ActivationName, Sizes, WeightKind
from sklearn_halfnet.estimators._common.validation import validate_for_weights
from sklearn_halfnet.estimators.untrained._base import (
    COMMON_TEXTS,
    UntrainedNetwork,
    scale_of_weights,
)
from sklearn_halfnet.models.deep_stack import DeepStack

__all__ = ["RandomNetwork"]

_PARAMETERS = COMMON_TEXTS | numpydoc("""
hidden_layer_sizes : int or sequence of int, default=(100,) * 20
    Units of each layer.
weight_scale : float or "critical"
    sigma_w: the weights of a layer have the root mean square sigma_w / sqrt(inputs
    of the layer). "critical" takes the edge of chaos of the activation, with biases
    of this ``bias_scale``.
weight_kind : str, object, callable, array or list of these
    How the weights are drawn: a name in ``sklearn_halfnet.weights.WEIGHTS``, a
    configured object, an object with a method ``sample`` or a function of your own,
    or ready weights. A list gives one a layer. "orthogonal" makes square layers
    sigma_w times an orthogonal matrix, which keep similarities over more layers.
    Kinds made from classes need y in ``fit``.
""")

_ATTRIBUTES = numpydoc("""
weights_ : list of array of shape (n_units, n_inputs)
    W_l, one a layer; sparse for a sparse kind.
biases_ : list of ndarray of shape (n_units,)
    b_l.
weight_scale_ : float
    sigma_w.
n_layers_ : int
    Number of layers.
model_ : DeepStack
    The drawn network as an immutable value.
""")


@documented(_PARAMETERS, _ATTRIBUTES | SEEN_FEATURES)
@dataclass(eq=False, repr=False)
class RandomNetwork(UntrainedNetwork):
    """Pass inputs through a deep network with random weights, which is never trained.

    What of a network's behaviour is due to its architecture, and what to learning? The
    untrained network answers the first half [1]_: as the step of a Pipeline before a
    linear model it is a baseline, and ``transform_layers`` gives every layer to
    :func:`~sklearn_halfnet.inspection.smoothness.functional_smoothness`.

    Layer l is h_l = g(W_l h_{l-1} + b_l). With weights of standard deviation sigma_w /
    sqrt(number of inputs), sigma_w decides what depth does: below a critical value all
    inputs become alike, above it similar inputs are driven apart [2]_. For tanh without
    biases that value is 1.

    Parameters
    ----------
    {parameters}

    Attributes
    ----------
    {attributes}

    See Also
    --------
    RandomFeatures : One wide random layer whose units are scaled to the data.
    RandomBranchedNetwork : Parallel paths, and convolutions.
    RandomRecurrentNetwork : A state that goes along a series.
    sklearn_halfnet.inspection.propagation.signal_propagation : What theory predicts.

    References
    ----------
    .. [1] O. Guest, B. C. Love, "What the success of brain imaging implies about the
       neural code", eLife 6:e21397, 2017.
    .. [2] B. Poole et al., "Exponential expressivity in deep neural networks through
       transient chaos", NIPS 2016.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sklearn.linear_model import RidgeClassifier
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn_halfnet import RandomNetwork
    >>> X, y = load_digits(return_X_y=True)
    >>> network = RandomNetwork((300, 300), input_scaling="standard", random_state=0)
    >>> model = make_pipeline(network, RidgeClassifier()).fit(X[:1200], y[:1200])
    >>> model.score(X[1200:], y[1200:]) > 0.85
    True
    >>> [layer.shape for layer in network.transform_layers(X)]
    [(1797, 300), (1797, 300)]
    """

    hidden_layer_sizes: Sizes = (100,) * 20
    activation: ActivationName = "tanh"
    _: KW_ONLY
    weight_scale: float | Literal["critical"] = 1.0
    weight_kind: WeightKind | list[WeightKind] | tuple[WeightKind, ...] = "normal"
    model_: DeepStack = field(init=False)

    _parameter_constraints = {
        **UntrainedNetwork._parameter_constraints,
        "hidden_layer_sizes": SIZE_CONSTRAINTS,
        "weight_scale": [StrOptions({"critical"}), real(0, closed="neither")],
    }

    weights_ = of_model("weights", "Weights W_l, (n_units, n_inputs) a layer.")
    biases_ = of_model("biases", "Biases b_l, (n_units,) a layer.")
    weight_scale_ = of_model("weight_scale", "Scale sigma_w of the weights.")
    n_layers_ = of_model("n_layers", "Number of layers.")

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags

    def _start(self, X, y):
        sizes = check_sizes(self.hidden_layer_sizes)
        kinds = check_kinds(self.weight_kind, len(sizes))
        X, y = validate_for_weights(self, X, y, kinds)
        self._check_size(X, sizes)
        return DeepStack.start(
            X,
            y,
            fit_scaling(self, X),
            child_generators(self.random_state, 2),
            kinds=kinds,
            sizes=sizes,
            activation=self.activation,
            sigma_w=scale_of_weights(
                self.weight_scale, self.activation, self.bias_scale
            ),
            sigma_b=self.bias_scale,
        )

    def _check_size(self, X, sizes):
        below = [X.shape[1], *sizes]
        check_memory(
            X.dtype.itemsize * sum(a * b for a, b in zip(below, sizes, strict=False)),
            f"hidden_layer_sizes={self.hidden_layer_sizes!r} on {X.shape[1]} features",
            "Use fewer units.",
        )
