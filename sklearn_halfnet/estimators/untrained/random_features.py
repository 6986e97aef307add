"""RandomFeatures: random hidden units as a transformer."""

import numpy as np
from sklearn.base import (
    BaseEstimator,
    ClassNamePrefixFeaturesOutMixin,
    TransformerMixin,
    _fit_context,
)
from sklearn.callback import CallbackSupportMixin, with_callbacks
from sklearn.utils._param_validation import StrOptions
from sklearn.utils.validation import check_is_fitted

from sklearn_halfnet._checks import real, whole
from sklearn_halfnet._device import check_memory, import_torch
from sklearn_halfnet._random import child_generators
from sklearn_halfnet.estimators._common.layer_options import (
    RANDOM_LAYER_CONSTRAINTS,
    fit_scaling,
)
from sklearn_halfnet.estimators._common.legacy_outputs import keep_state_on_error
from sklearn_halfnet.estimators._common.validation import (
    finite_outputs,
    validate_for_weights,
)
from sklearn_halfnet.features import (
    InputScaling,
    StartSample,
    draw_hidden_layers,
    forward_blocks,
)
from sklearn_halfnet.features.computation import Computation, Join, Scale
from sklearn_halfnet.weights import check_weight_kind

__all__ = ["RandomFeatures"]


class RandomFeatures(
    CallbackSupportMixin,
    ClassNamePrefixFeaturesOutMixin,
    TransformerMixin,
    BaseEstimator,
):
    """Map inputs to random features h = g(scale * (r . x) + b).

    The hidden layer of ELM and RVFL as a step of a Pipeline, in front of any linear
    model. With ``gamma``, features are random Fourier features [1]_: their inner
    products approximate the RBF kernel ``exp(-gamma |x - x'|^2)``, and orthogonal
    weights lower the error of the approximation [2]_.

    Parameters
    ----------
    n_components : int, default=1000
        Number of random features.
    weight_kind : str, object, callable or array, default="normal"
        How the frozen weights are drawn: a name in ``sklearn_halfnet.weights.WEIGHTS``,
        a configured object such as ``ReceptiveFieldWeights("class_sums")``, an object
        with a method ``sample`` or a function of your own, or ready weights of shape
        (n_components, n_features). "difference" and "class_sums" need y in ``fit``.
    activation : str, default="relu"
        g; a name in ``sklearn_halfnet.activations.ACTIVATIONS``.
    scale : "auto" or float, default="auto"
        "auto" gives each unit's pre-activation unit variance, so that units are neither
        dead nor saturated; a number multiplies the weights as drawn.
    bias : {"auto", "normal", "uniform", "zero"}, default="auto"
        Distribution of b: N(0, 1), uniform over [-pi, pi], or none; "auto" is "uniform"
        for "cos" and "sin" and else "normal".
    gamma : "scale", float or None, default=None
        Makes random Fourier features of the RBF kernel: weights N(0, 2 gamma), uniform
        bias, and features times sqrt(2 / n_components). "scale" is 1 / (n_features *
        variance of the scaled inputs), as in ``SVC``, from up to 10,000 rows. It needs
        ``activation="cos"`` and "normal" or "orthogonal" weights.
    direct_links : bool, default=False
        Whether the scaled inputs follow the random features.
    input_scaling : {"standard", "center"} or None, default="standard"
        Centre and scale the columns; centre them only, which suits images; or take them
        as they are.
    random_state : int, RandomState or None, default=None
        Determines the weights and biases.
    device : str, default="cpu"
        Where ``transform`` computes. On "cpu" it returns numpy arrays and torch is not
        imported; on another device, such as "cuda", torch tensors on that device.

    Attributes
    ----------
    weights_ : array of shape (n_components, n_features)
        Frozen weights; sparse for a sparse kind.
    scales_, shifts_ : ndarray of shape (n_components,)
        Factors and offsets of r . x in each unit.
    n_features_in_ : int
        Features seen in ``fit``.
    feature_names_in_ : ndarray of shape (n_features,)
        Their names, if X had string column names.

    See Also
    --------
    sklearn.kernel_approximation.RBFSampler : Random Fourier features only.
    ELMClassifier : Random features and their ridge read-out, in blocks.

    References
    ----------
    .. [1] A. Rahimi, B. Recht, "Random features for large-scale kernel machines",
       NIPS 2007, algorithm 1.
    .. [2] F. X. Yu et al., "Orthogonal random features", NIPS 2016, equation 4.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sklearn.linear_model import RidgeClassifier
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn_halfnet import RandomFeatures
    >>> X, y = load_digits(return_X_y=True)
    >>> model = make_pipeline(RandomFeatures(500, random_state=0), RidgeClassifier())
    >>> model.fit(X[:1200], y[:1200]).score(X[1200:], y[1200:]) > 0.9
    True
    """

    _parameter_constraints = {
        **RANDOM_LAYER_CONSTRAINTS,
        "n_components": [whole(1)],
        "gamma": [StrOptions({"scale"}), real(0, closed="neither"), None],
        "direct_links": ["boolean"],
        "device": [str],
    }

    def __init__(
        self,
        n_components=1000,
        weight_kind="normal",
        activation="relu",
        *,
        scale="auto",
        bias="auto",
        gamma=None,
        direct_links=False,
        input_scaling="standard",
        random_state=None,
        device="cpu",
    ):
        self.n_components = n_components
        self.weight_kind = weight_kind
        self.activation = activation
        self.scale = scale
        self.bias = bias
        self.gamma = gamma
        self.direct_links = direct_links
        self.input_scaling = input_scaling
        self.random_state = random_state
        self.device = device

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.target_tags.required = False
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags

    # -- fit ---------------------------------------------------------------------------

    @with_callbacks
    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y=None):
        """Draw the weights, and find the scales that "auto" asks for.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
        y : array-like of shape (n_samples,), default=None
            Labels or real targets; used by data-driven weight kinds only.

        Returns
        -------
        self : RandomFeatures
        """
        with keep_state_on_error(self):
            context = self._init_callback_context()
            context.call_on_fit_task_begin(estimator=self, X=X, y=y)
            kind = check_weight_kind(self.weight_kind)
            rows, targets = validate_for_weights(self, X, y, [kind])
            self._check_memory(rows)
            self._start(rows, targets, kind)
            context.call_on_fit_task_end(
                estimator=self, X=X, y=y, reconstruction_attributes={}
            )
        return self

    def _start(self, X, y, kind):
        (rng,) = child_generators(self.random_state, 1)
        self._scaling = fit_scaling(self, X)
        sample = StartSample.draw(
            X, y, None, self._scaling, self.n_components, rng, X.dtype
        )
        scale, bias = self.scale, self.bias
        if self.gamma is not None:
            scale, bias = self._fourier_scale(kind, sample.features), "uniform"
        (self._layer,), _ = draw_hidden_layers(
            sample, [kind], [self.n_components], self.activation, rng, scale, bias
        )
        self.scales_, self.shifts_ = self._layer.scales, self._layer.shifts
        # Inner products of Fourier features approximate a kernel.
        fourier = self.gamma is not None
        self._feature_scale = np.sqrt(2 / self.n_components) if fourier else 1.0
        self._n_direct = self.n_features_in_ if self.direct_links else 0

    def _fourier_scale(self, kind, features):
        """Find the standard deviation of the kernel's frequencies."""
        normal = kind.kind_name in ("normal", "orthogonal")
        if self.activation != "cos" or not normal or self.scale != "auto":
            raise ValueError(
                f"gamma={self.gamma!r} asks for random Fourier features, which need "
                "activation='cos', weight_kind='normal' or 'orthogonal' and "
                f"scale='auto'; got activation={self.activation!r}, "
                f"weight_kind={self.weight_kind!r}, scale={self.scale!r}."
            )
        if self.bias not in ("auto", "uniform"):
            raise ValueError(
                f"gamma={self.gamma!r} needs bias='uniform' or 'auto', got "
                f"bias={self.bias!r}."
            )
        gamma = self.gamma
        if gamma == "scale":
            variance = features.var(dtype=np.float64)
            gamma = 1 / (features.shape[1] * (variance if variance > 0 else 1))
        return np.sqrt(2 * gamma)

    def _check_memory(self, X):
        n_rows = min(X.shape[0], max(10_000, self.n_components))
        numbers = self.n_components * (X.shape[1] + 2 * n_rows)
        check_memory(
            numbers * X.dtype.itemsize,
            f"n_components={self.n_components} on {X.shape[1]} features",
            "Use fewer components.",
        )

    # -- transform ---------------------------------------------------------------------

    def transform(self, X):
        """Compute the random features.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)

        Returns
        -------
        features : ndarray or tensor of shape (n_samples, n_features_out)
            Dense; float32 for float32 inputs, else float64.
        """
        return finite_outputs(self, self._features, X)

    def _features(self, X):
        check_memory(
            X.shape[0] * self._n_features_out * X.dtype.itemsize,
            f"Features of {X.shape[0]} rows with n_components={self._layer.n_units}",
            "Transform fewer rows at a time.",
        )
        if self.device != "cpu":
            return self._transform_on(X, self.device)
        n_units = self._layer.n_units
        features = np.empty((X.shape[0], self._n_features_out), X.dtype)
        for rows, (hidden,) in forward_blocks(X, self._scaling, [self._layer], X.dtype):
            features[rows, :n_units] = hidden
            if self._n_direct:
                direct = self._scaling.dense_rows(X[rows], X.dtype)
                features[rows, n_units:] = direct
        features[:, :n_units] *= self._feature_scale
        return features

    @property
    def _n_features_out(self):
        return self._layer.n_units + self._n_direct

    def _forward_steps(self):
        steps = Computation(self.n_features_in_).then(Scale(self._scaling))
        scaled, steps = steps.last, steps.through([self._layer])
        if self._feature_scale != 1:
            # A scaling divides.
            divisor = np.full(self._layer.n_units, 1 / self._feature_scale)
            steps = steps.then(Scale(InputScaling(scale=divisor)))
        return steps.then(Join(), [steps.last, scaled]) if self._n_direct else steps

    def _transform_on(self, X, device):
        """Compute the features by torch, on its device."""
        from sklearn_halfnet._device import training_mode

        with training_mode(gradients=False):
            return self._features_on(X, device)

    def _features_on(self, X, device):
        torch = import_torch()

        from sklearn_halfnet._device import resolve_device
        from sklearn_halfnet.activations import ACTIVATIONS

        device = resolve_device(device)

        def tensor(array):
            return torch.from_numpy(np.array(array, X.dtype)).to(device)

        direct = tensor(self._scaling.dense_rows(X, X.dtype))
        hidden = direct @ tensor(self._layer.weights.toarray(X.dtype)).T
        hidden = hidden * tensor(self.scales_) + tensor(self.shifts_)
        hidden = ACTIVATIONS[self._layer.activation].tensor(hidden)
        hidden = hidden * self._feature_scale
        return torch.hstack([hidden, direct]) if self._n_direct else hidden

    # -- attributes --------------------------------------------------------------------

    def get_feature_names_out(self, input_features=None):
        """Names of the output columns.

        Parameters
        ----------
        input_features : array-like of str, default=None
            Names of the inputs, for direct links; must match those seen in ``fit``.

        Returns
        -------
        names : ndarray of str objects
            "randomfeatures0", "randomfeatures1", ..., then, with direct links, the
            inputs' names.
        """
        names = super().get_feature_names_out(input_features)
        if not self._n_direct:
            return names
        inputs = _input_names(self, input_features)
        return np.concatenate([names[: self._layer.n_units], inputs])

    @property
    def weights_(self):
        """Frozen weights, (n_components, n_features)."""
        check_is_fitted(self)
        return self._layer.weights.matrix(self.scales_.dtype)


def _input_names(estimator, input_features):
    if input_features is None:
        input_features = getattr(estimator, "feature_names_in_", None)
    if input_features is None:
        count = range(estimator.n_features_in_)
        input_features = [f"x{number}" for number in count]
    return np.asarray(input_features, dtype=object)
