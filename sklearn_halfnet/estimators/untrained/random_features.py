"""RandomFeatures: random hidden units as a transformer."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass, field
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import (
    BaseEstimator,
    ClassNamePrefixFeaturesOutMixin,
    TransformerMixin,
)
from sklearn.callback import CallbackSupportMixin
from sklearn.utils._param_validation import StrOptions
from sklearn.utils.validation import check_is_fitted

from sklearn_halfnet._checks import real, whole
from sklearn_halfnet._device import check_memory
from sklearn_halfnet._random import child_generators
from sklearn_halfnet.estimators._common.documented import (
    SEEN_FEATURES,
    documented,
    numpydoc,
)
from sklearn_halfnet.estimators._common.fitting import (
    fit_method,
    keep_state_on_error,
    of_model,
)
from sklearn_halfnet.estimators._common.layer_options import (
    LAYER_TEXTS,
    RANDOM_LAYER_CONSTRAINTS,
    fit_scaling,
)
from sklearn_halfnet.estimators._common.types import (
    ActivationName,
    InputScalingName,
    RandomState,
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
from sklearn_halfnet.models.random_features import RandomFeaturesModel
from sklearn_halfnet.weights import check_weight_kind

__all__ = ["RandomFeatures"]

_PARAMETERS = LAYER_TEXTS | numpydoc("""
n_components : int
    Number of random features.
weight_kind : str, object, callable or array
    How the frozen weights are drawn: a name in ``sklearn_halfnet.weights.WEIGHTS``,
    a configured object such as ``ReceptiveFieldWeights("class_sums")``, an object
    with a method ``sample`` or a function of your own, or ready weights of shape
    (n_components, n_features). "difference" and "class_sums" need y in ``fit``.
activation : str
    g; a name in ``sklearn_halfnet.activations.ACTIVATIONS``.
scale : "auto" or float
    "auto" gives each unit's pre-activation unit variance, so that units are neither
    dead nor saturated; a number multiplies the weights as drawn.
bias : {"auto", "normal", "uniform", "zero"}
    Distribution of b: N(0, 1), uniform over [-pi, pi], or none; "auto" is "uniform"
    for "cos" and "sin" and else "normal".
gamma : "scale", float or None
    Makes random Fourier features of the RBF kernel: weights N(0, 2 gamma), uniform
    bias, and features times sqrt(2 / n_components). "scale" is 1 / (n_features *
    variance of the scaled inputs), as in ``SVC``, from up to 10,000 rows. It needs
    ``activation="cos"`` and "normal" or "orthogonal" weights.
direct_links : bool
    Whether the scaled inputs follow the random features.
random_state : int, RandomState or None
    Determines the weights and biases.
device : str
    Where ``transform`` computes. On "cpu" it returns numpy arrays and torch is not
    imported; on another device, such as "cuda", torch tensors on that device.
""")

_ATTRIBUTES = numpydoc("""
weights_ : array of shape (n_components, n_features)
    Frozen weights; sparse for a sparse kind.
scales_, shifts_ : ndarray of shape (n_components,)
    Factors and offsets of r . x in each unit.
model_ : RandomFeaturesModel
    The drawn layer as an immutable value.
""")


@documented(_PARAMETERS, _ATTRIBUTES | SEEN_FEATURES)
@dataclass(eq=False, repr=False)
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
    {parameters}

    Attributes
    ----------
    {attributes}

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

    n_components: int = 1000
    weight_kind: WeightKind = "normal"
    activation: ActivationName = "relu"
    _: KW_ONLY
    scale: float | Literal["auto"] = "auto"
    bias: Literal["auto", "normal", "uniform", "zero"] = "auto"
    gamma: float | Literal["scale"] | None = None
    direct_links: bool = False
    input_scaling: InputScalingName = "auto"
    random_state: RandomState = None
    device: str = "cpu"
    model_: RandomFeaturesModel = field(init=False)

    _parameter_constraints = {
        **RANDOM_LAYER_CONSTRAINTS,
        "n_components": [whole(1)],
        "gamma": [StrOptions({"scale"}), real(0, closed="neither"), None],
        "direct_links": ["boolean"],
        "device": [str],
    }

    weights_ = of_model("weights", "Frozen weights, (n_components, n_features).")
    scales_ = of_model("layer.scales", "Factor of r . x in each unit.")
    shifts_ = of_model("layer.shifts", "Offset of r . x in each unit.")
    _n_features_out = of_model("n_columns", "Columns of what is transformed.")

    __getstate__ = versioned_state
    __setstate__ = set_versioned_state

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.target_tags.required = False
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags

    @fit_method
    def fit(self, X: Any, y: ArrayLike | None = None) -> Self:
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
            if self.gamma is not None:
                self._check_fourier(kind)
            (rng,) = child_generators(self.random_state, 1)
            self.model_ = RandomFeaturesModel.start(
                rows,
                targets,
                fit_scaling(self, rows),
                rng,
                n_units=self.n_components,
                kind=kind,
                activation=self.activation,
                scale=self.scale,
                bias=self.bias,
                gamma=self.gamma,
                links=self.direct_links,
            )
            context.call_on_fit_task_end(
                estimator=self, X=X, y=y, reconstruction_attributes={}
            )
        return self

    def _check_fourier(self, kind):
        """Raise ValueError for what contradicts random Fourier features."""
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

    def _check_memory(self, X):
        n_rows = min(X.shape[0], max(10_000, self.n_components))
        numbers = self.n_components * (X.shape[1] + 2 * n_rows)
        check_memory(
            numbers * X.dtype.itemsize,
            f"n_components={self.n_components} on {X.shape[1]} features",
            "Use fewer components.",
        )

    def transform(self, X: Any) -> Any:
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
        if self.device == "cpu":
            return self.model_.features(X)
        return self.model_.features_on(X, self.device)

    def get_feature_names_out(
        self, input_features: ArrayLike | None = None
    ) -> NDArray[np.object_]:
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
        check_is_fitted(self)
        names = super().get_feature_names_out(input_features)
        if not self.model_.direct_links:
            return names
        inputs = _input_names(self, input_features)
        return np.concatenate([names[: self.model_.layer.n_units], inputs])


def _input_names(estimator, input_features):
    if input_features is None:
        input_features = getattr(estimator, "feature_names_in_", None)
    if input_features is None:
        count = range(estimator.n_features_in_)
        input_features = [f"x{number}" for number in count]
    return np.asarray(input_features, dtype=object)
