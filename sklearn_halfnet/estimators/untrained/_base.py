"""What the untrained networks have in common: parameters, fit, transform."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import KW_ONLY, dataclass, field
from typing import Any, Self

from numpy.typing import ArrayLike, NDArray
from sklearn.base import (
    BaseEstimator,
    ClassNamePrefixFeaturesOutMixin,
    TransformerMixin,
)

from sklearn_halfnet._checks import real
from sklearn_halfnet.estimators._common.documented import numpydoc
from sklearn_halfnet.estimators._common.fitting import (
    keep_state_on_error,
    of_model,
    part_of_fit,
)
from sklearn_halfnet.estimators._common.layer_options import LAYER_CONSTRAINTS
from sklearn_halfnet.estimators._common.types import InputScalingName, RandomState
from sklearn_halfnet.estimators._common.validation import finite_outputs
from sklearn_halfnet.estimators._common.versions import (
    set_versioned_state,
    versioned_state,
)
from sklearn_halfnet.inspection.propagation import critical_weight_scale

__all__ = ["COMMON_TEXTS", "UntrainedNetwork", "given_shape", "scale_of_weights"]

COMMON_TEXTS = numpydoc("""
activation : str
    g; a name in ``sklearn_halfnet.activations.ACTIVATIONS``.
bias_scale : float
    sigma_b: biases are drawn from N(0, sigma_b^2).
input_scaling : {"auto", "standard", "robust", "center"} or None
    As of :class:`RandomFeatures`. None takes the inputs as they are: what an untrained
    network does to similarities is a statement on these inputs. As the scale of the
    weights acts on their size, too, it means most for inputs of variance 1.
random_state : int, RandomState or None
    Determines the weights and biases.
""")


@dataclass(eq=False, repr=False)
class UntrainedNetwork(
    ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator, ABC
):
    """A transformer that is drawn in ``fit``; ``model_`` is a FrozenStack."""

    _: KW_ONLY
    bias_scale: float = 0.0
    input_scaling: InputScalingName = None
    random_state: RandomState = None
    model_: Any = field(init=False)

    _parameter_constraints = {**LAYER_CONSTRAINTS, "bias_scale": [real(0)]}

    _n_features_out = of_model("n_outputs", "Columns of what is transformed.")

    __getstate__ = versioned_state
    __setstate__ = set_versioned_state

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.required = False
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags

    @abstractmethod
    def _start(self, X, y) -> Any:
        """Validate parameters and data, and draw the model."""

    @part_of_fit
    def fit(self, X: Any, y: ArrayLike | None = None) -> Self:
        """Draw the weights and biases.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Sparse for a RandomNetwork only; images or series also as they are. Their
            shape is used; their values by ``input_scaling`` and by data-driven weight
            kinds only.
        y : array-like of shape (n_samples,), default=None
            Labels or real targets; used by data-driven weight kinds only.

        Returns
        -------
        self : object
            The estimator.
        """
        with keep_state_on_error(self):
            self.model_ = self._start(X, y)
        return self

    def transform(self, X: Any) -> NDArray[Any]:
        """Compute the last layer.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            As for ``fit``.

        Returns
        -------
        outputs : ndarray of shape (n_samples, n_units)
            float32 for float32 inputs, else float64.
        """
        return finite_outputs(self, lambda rows: self.model_.last(rows), X)

    def transform_layers(self, X: Any) -> list[NDArray[Any]]:
        """Compute all layers.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            As for ``fit``.

        Returns
        -------
        outputs : list of ndarray of shape (n_samples, n_units)
            One a layer, the first layer's first.
        """
        return finite_outputs(self, lambda rows: self.model_.all(rows), X)


def given_shape(X, rows):
    """Tell the shape of images or series as they came; else that of the rows."""
    shape = tuple(getattr(X, "shape", ()))
    return shape if len(shape) in (3, 4) else rows.shape


def scale_of_weights(scale, activation, bias_scale):
    """Turn a scale of weights, or "critical", to a number."""
    if scale == "critical":
        return critical_weight_scale(activation, bias_scale)
    return float(scale)
