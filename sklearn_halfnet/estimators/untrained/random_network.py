"""RandomNetwork: an untrained network as a transformer."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass, field
from typing import Any, Literal, Self

from numpy.typing import ArrayLike, NDArray
from sklearn.base import (
    BaseEstimator,
    ClassNamePrefixFeaturesOutMixin,
    TransformerMixin,
)
from sklearn.utils._param_validation import StrOptions
from sklearn.utils.validation import check_is_fitted

from sklearn_halfnet._checks import real
from sklearn_halfnet._device import check_memory
from sklearn_halfnet._random import child_generators
from sklearn_halfnet.estimators._common.documented import (
    SEEN_FEATURES,
    documented,
    numpydoc,
)
from sklearn_halfnet.estimators._common.fitting import (
    keep_state_on_error,
    of_model,
    part_of_fit,
)
from sklearn_halfnet.estimators._common.layer_options import (
    LAYER_CONSTRAINTS,
    SIZE_CONSTRAINTS,
    check_kinds,
    check_sizes,
    fit_scaling,
)
from sklearn_halfnet.estimators._common.types import (
    ActivationName,
    InputScalingName,
    RandomState,
    Sizes,
    WeightKind,
)
from sklearn_halfnet.estimators._common.validation import (
    finite_outputs,
    validate_for_weights,
)
from sklearn_halfnet.estimators._common.versions import (
    set_versioned_state,
    versioned_state,
)
from sklearn_halfnet.inspection.propagation import critical_weight_scale
from sklearn_halfnet.models.deep_stack import DeepStack

__all__ = ["RandomNetwork"]

_PARAMETERS = numpydoc("""
hidden_layer_sizes : int or sequence of int, default=(100,) * 20
    Units of each layer.
activation : str
    g; a name in ``sklearn_halfnet.activations.ACTIVATIONS``.
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
bias_scale : float
    sigma_b: biases are drawn from N(0, sigma_b^2).
input_scaling : {"auto", "standard", "robust", "center"} or None
    As of :class:`RandomFeatures`. None takes the inputs as they are: what an untrained
    network does to similarities is a statement on these inputs. As sigma_w acts on
    their size, too, it means most for inputs of variance 1.
random_state : int, RandomState or None
    Determines the weights and biases.
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
class RandomNetwork(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
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
    bias_scale: float = 0.0
    input_scaling: InputScalingName = None
    random_state: RandomState = None
    model_: DeepStack = field(init=False)

    _parameter_constraints = {
        **LAYER_CONSTRAINTS,
        "hidden_layer_sizes": SIZE_CONSTRAINTS,
        "weight_scale": [StrOptions({"critical"}), real(0, closed="neither")],
        "bias_scale": [real(0)],
    }

    weights_ = of_model("weights", "Weights W_l, (n_units, n_inputs) a layer.")
    biases_ = of_model("biases", "Biases b_l, (n_units,) a layer.")
    weight_scale_ = of_model("weight_scale", "Scale sigma_w of the weights.")
    n_layers_ = of_model("n_layers", "Number of layers.")

    __getstate__ = versioned_state
    __setstate__ = set_versioned_state

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.target_tags.required = False
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags

    @part_of_fit
    def fit(self, X: Any, y: ArrayLike | None = None) -> Self:
        """Draw the weights and biases.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Their number of columns is used; their values by ``input_scaling`` and by
            data-driven weight kinds only.
        y : array-like of shape (n_samples,), default=None
            Labels or real targets; used by data-driven weight kinds only.

        Returns
        -------
        self : RandomNetwork
        """
        with keep_state_on_error(self):
            sizes = check_sizes(self.hidden_layer_sizes)
            kinds = check_kinds(self.weight_kind, len(sizes))
            X, y = validate_for_weights(self, X, y, kinds)
            self._check_size(X, sizes)
            self.model_ = DeepStack.start(
                X,
                y,
                fit_scaling(self, X),
                child_generators(self.random_state, 2),
                kinds=kinds,
                sizes=sizes,
                activation=self.activation,
                sigma_w=self._sigma_w(),
                sigma_b=self.bias_scale,
            )
        return self

    def _check_size(self, X, sizes):
        below = [X.shape[1], *sizes]
        check_memory(
            X.dtype.itemsize * sum(a * b for a, b in zip(below, sizes, strict=False)),
            f"hidden_layer_sizes={self.hidden_layer_sizes!r} on {X.shape[1]} features",
            "Use fewer units.",
        )

    def _sigma_w(self):
        if self.weight_scale == "critical":
            return critical_weight_scale(self.activation, self.bias_scale)
        return float(self.weight_scale)

    def transform(self, X: Any) -> NDArray[Any]:
        """Compute the last layer.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)

        Returns
        -------
        outputs : ndarray of shape (n_samples, n_units)
            float32 for float32 inputs, else float64.
        """
        check_is_fitted(self)
        return finite_outputs(self, self.model_.last, X)

    def transform_layers(self, X: Any) -> list[NDArray[Any]]:
        """Compute all layers.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)

        Returns
        -------
        outputs : list of ndarray of shape (n_samples, n_units)
            One a layer, the first layer's first.
        """
        check_is_fitted(self)
        return finite_outputs(self, self.model_.all, X)

    @property
    def _n_features_out(self):
        return self.model_.layers[-1].n_units
