"""RandomNetwork: an untrained network as a transformer."""

from sklearn.base import (
    BaseEstimator,
    ClassNamePrefixFeaturesOutMixin,
    TransformerMixin,
    _fit_context,
)
from sklearn.utils._param_validation import StrOptions
from sklearn.utils.validation import check_is_fitted

from sklearn_halfnet._checks import real
from sklearn_halfnet._device import check_memory
from sklearn_halfnet._random import child_generators
from sklearn_halfnet.estimators._common.layer_options import (
    LAYER_CONSTRAINTS,
    SIZE_CONSTRAINTS,
    check_kinds,
    check_sizes,
    fit_scaling,
)
from sklearn_halfnet.estimators._common.legacy_outputs import keep_state_on_error
from sklearn_halfnet.estimators._common.validation import (
    finite_outputs,
    validate_for_weights,
)
from sklearn_halfnet.features import (
    StartSample,
    all_features,
    draw_deep_layers,
    last_features,
)
from sklearn_halfnet.features.computation import Computation, Scale
from sklearn_halfnet.inspection.propagation import critical_weight_scale

__all__ = ["RandomNetwork"]


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
    hidden_layer_sizes : int or sequence of int, default=(100,) * 20
        Units of each layer.
    activation : str, default="tanh"
        g; a name in ``sklearn_halfnet.activations.ACTIVATIONS``.
    weight_scale : float or "critical", default=1.0
        sigma_w: the weights of a layer have the root mean square sigma_w / sqrt(inputs
        of the layer). "critical" takes the edge of chaos of the activation, with biases
        of this ``bias_scale``.
    weight_kind : str, object, callable, array or list of these, default="normal"
        How the weights are drawn: a name in ``sklearn_halfnet.weights.WEIGHTS``, a
        configured object, an object with a method ``sample`` or a function of your own,
        or ready weights. A list gives one a layer. "orthogonal" makes square layers
        sigma_w times an orthogonal matrix, which keep similarities over more layers.
        Kinds made from classes need y in ``fit``.
    bias_scale : float, default=0.0
        sigma_b: biases are drawn from N(0, sigma_b^2).
    input_scaling : {"standard", "center"} or None, default=None
        Centre and scale the columns; centre them only; or take them as they are. As
        sigma_w acts on the size of the inputs, too, it means most for inputs of
        variance 1.
    random_state : int, RandomState or None, default=None
        Determines the weights and biases.

    Attributes
    ----------
    weights_ : list of array of shape (n_units, n_inputs)
        W_l, one a layer; sparse for a sparse kind.
    biases_ : list of ndarray of shape (n_units,)
        b_l.
    weight_scale_ : float
        sigma_w.
    n_layers_ : int
        Number of layers.
    n_features_in_ : int
        Features seen in ``fit``.
    feature_names_in_ : ndarray of shape (n_features,)
        Their names, if X had string column names.

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

    _parameter_constraints = {
        **LAYER_CONSTRAINTS,
        "hidden_layer_sizes": SIZE_CONSTRAINTS,
        "weight_scale": [StrOptions({"critical"}), real(0, closed="neither")],
        "bias_scale": [real(0)],
    }

    def __init__(
        self,
        hidden_layer_sizes=(100,) * 20,
        activation="tanh",
        *,
        weight_scale=1.0,
        weight_kind="normal",
        bias_scale=0.0,
        input_scaling=None,
        random_state=None,
    ):
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.weight_scale = weight_scale
        self.weight_kind = weight_kind
        self.bias_scale = bias_scale
        self.input_scaling = input_scaling
        self.random_state = random_state

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.target_tags.required = False
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags

    # -- fit ---------------------------------------------------------------------------

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y=None):
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
            self._scaling = fit_scaling(self, X)
            self.weight_scale_ = self._sigma_w()
            self._draw(X, y, kinds, sizes)
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

    def _draw(self, X, y, kinds, sizes):
        rng, rows_rng = child_generators(self.random_state, 2)
        sample = None
        if any(kind.requires_X or kind.requires_y for kind in kinds):
            sample = StartSample.draw(
                X, y, None, self._scaling, max(sizes), rows_rng, X.dtype
            )
        self._layers = draw_deep_layers(
            sample,
            X.shape[1],
            kinds,
            sizes,
            self.activation,
            rng,
            self.weight_scale_,
            self.bias_scale,
            X.dtype,
        )
        self.biases_ = [layer.shifts for layer in self._layers]
        self.n_layers_ = len(sizes)
        self._n_features_out = sizes[-1]

    # -- transform ---------------------------------------------------------------------

    def transform(self, X):
        """Compute the last layer.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)

        Returns
        -------
        outputs : ndarray of shape (n_samples, n_units)
            float32 for float32 inputs, else float64.
        """
        return finite_outputs(self, self._last_layer, X)

    def _last_layer(self, X):
        self._check_memory(X, self._layers[-1:])
        return last_features(X, self._scaling, self._layers, X.dtype)

    def _forward_steps(self):
        scaled = Computation(self.n_features_in_).then(Scale(self._scaling))
        return scaled.through(self._layers)

    def transform_layers(self, X):
        """Compute all layers.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)

        Returns
        -------
        outputs : list of ndarray of shape (n_samples, n_units)
            One a layer, the first layer's first.
        """
        return finite_outputs(self, self._all_layers, X)

    def _all_layers(self, X):
        self._check_memory(X, self._layers)
        return all_features(X, self._scaling, self._layers, X.dtype)

    def _check_memory(self, X, kept):
        """Raise before outputs of the layers that are kept are allocated in vain."""
        n_units = sum(layer.n_units for layer in kept)
        check_memory(
            X.shape[0] * n_units * X.dtype.itemsize,
            f"Outputs of {X.shape[0]} rows with {n_units} units",
            "Transform fewer rows at a time.",
        )

    # -- attributes --------------------------------------------------------------------

    @property
    def weights_(self):
        """Weights W_l, one array (n_units, n_inputs) a layer."""
        check_is_fitted(self)
        return [layer.scaled_weights(layer.scales.dtype) for layer in self._layers]
