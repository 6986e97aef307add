"""Boosted random features: classifier and regressor."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import KW_ONLY, dataclass, field
from typing import Any, Literal, cast

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.callback import CallbackSupportMixin
from sklearn.utils._param_validation import StrOptions
from sklearn.utils.validation import check_is_fitted

from sklearn_halfnet._checks import real, whole
from sklearn_halfnet._device import blas_threads, check_memory
from sklearn_halfnet._random import child_generators
from sklearn_halfnet.estimators._common.documented import (
    SEEN_FEATURES,
    documented,
    numpydoc,
)
from sklearn_halfnet.estimators._common.fitting import (
    fit_once,
    keep_state_on_error,
    of_model,
)
from sklearn_halfnet.estimators._common.frames import OF_CATEGORIES
from sklearn_halfnet.estimators._common.layer_options import (
    COLUMN_ATTRIBUTES,
    COLUMN_CONSTRAINTS,
    LAYER_CONSTRAINTS,
    LAYER_TEXTS,
)
from sklearn_halfnet.estimators._common.outputs import (
    CLASS_WEIGHT,
    Classifier,
    Regressor,
)
from sklearn_halfnet.estimators._common.types import (
    ActivationName,
    CategoricalFeatures,
    ClassWeight,
    ColumnEmbeddingName,
    FloatName,
    InputScalingName,
    RandomState,
)
from sklearn_halfnet.estimators._common.validation import (
    finite_outputs,
    make_targets,
    row_weights,
    validate_training,
)
from sklearn_halfnet.estimators._common.versions import (
    set_versioned_state,
    versioned_state,
)
from sklearn_halfnet.features.columns import Vocabulary
from sklearn_halfnet.features.inputs import learn_inputs
from sklearn_halfnet.models.boosted_features import BoostedModel
from sklearn_halfnet.models.boosting import (
    BoostingOptions,
    BoostingRows,
    calibrated,
    grown,
    started,
)
from sklearn_halfnet.models.targets import ClassTargets

__all__ = ["BoostedFeaturesClassifier", "BoostedFeaturesRegressor"]

_TEXTS = LAYER_TEXTS | numpydoc("""
n_layers : int
    Layers that are tried. One that does not lower the cross-fitted loss is left out,
    and after two of these in a row no more are tried.
n_units : int
    Random units of each layer.
activation : str
    g; a name in ``sklearn_halfnet.activations.ACTIVATIONS``.
directions : {"auto", "gradient", "isotropic"}
    How weights on the inputs are drawn. "isotropic": from N(0, I). "gradient": from
    N(0, M), M the mean outer product of the gradients of what the layer before predicts
    [2]_, and of the first layer those of a quick random-feature regression. "auto"
    takes M where it predicts rows better that have not told it.
learning_rate : float
    Largest length of a step; one is where the bound on the loss is least. The length
    itself is chosen where the cross-fitted loss is least.
alpha : "gcv" or float
    Ridge strength of a step: sum of squares plus alpha times the squared norm, of
    responses to the loss and weights of mean one. "gcv" chooses it for each layer by
    generalised cross-validation.
cv : int
    Folds of the rows: each is predicted by steps that were solved without it, and next
    layers see these predictions.
tol : float
    Share of the cross-fitted loss by which a layer must lower it.
loss : {"log_loss", "squared_error"}
    What steps lower: the log loss of labels, or the squared error of 0/1 indicators,
    which takes fewer layers and often predicts probabilities less well. Either way
    they are calibrated on the cross-fitted scores.
class_weight : dict, list of dict, "balanced" or None
    Weights of classes; multiplied with ``sample_weight``.
random_state : int, RandomState or None
    Determines folds, weights and biases.
dtype : {"float32", "float64"}
    Precision of features and their products; sums and solutions are float64.
""")

_ATTRIBUTES = (
    numpydoc("""
n_layers_ : int
    Layers of the model.
losses_ : ndarray of shape (1 + n_layers,)
    Cross-fitted loss of the constant, and after each layer; the squared error is in
    units of the constant's.
directions_ : {"gradient", "isotropic"}
    What weights on the inputs were drawn from.
weights_ : list of ndarray of shape (n_units, n_inputs)
    Frozen weights of each layer: on the scaled inputs, then on the scores so far, which
    the first layer does not see.
model_ : BoostedModel
    What was fitted, as an immutable value.
n_trainable_parameters_, n_stored_bytes_ : int
    Numbers that were solved for; bytes of all arrays that prediction needs.
""")
    | SEEN_FEATURES
    | COLUMN_ATTRIBUTES
)

_OF_CLASSIFIER = (
    numpydoc("""
classes_ : ndarray of shape (n_classes,)
    Class labels.
""")
    | _ATTRIBUTES
)

_SECTIONS = {
    "references": """
        .. [1] N. Zozoulenko, T. Cass, L. Gonon, "Random feature representation
           boosting", ICML 2025, section 3.
        .. [2] A. Radhakrishnan, D. Beaglehole, P. Pandit, M. Belkin, "Mechanism for
           feature learning in neural networks and backpropagation-free machine learning
           models", Science 383, 2024: the average gradient outer product.
        .. [3] D. Böhning, "Multinomial logistic regression algorithm", Annals of the
           Institute of Statistical Mathematics 44 (1992), theorem 1.
        """
}


@dataclass(eq=False, repr=False)
class BoostedFeatures(CallbackSupportMixin, BaseEstimator):
    """Parameters and fit of boosted random features."""

    n_layers: int = 10
    n_units: int = 512
    activation: ActivationName = "relu"
    _: KW_ONLY
    directions: Literal["auto", "gradient", "isotropic"] = "auto"
    learning_rate: float = 1.0
    alpha: Literal["gcv"] | float = "gcv"
    cv: int = 5
    tol: float = 1e-3
    input_scaling: InputScalingName = "auto"
    column_embedding: ColumnEmbeddingName = None
    categorical_features: CategoricalFeatures = "from_dtype"
    random_state: RandomState = None
    dtype: FloatName = "float32"

    model_: BoostedModel = field(init=False)
    n_features_in_: int = field(init=False)
    _vocabulary: Vocabulary | None = field(init=False)

    _parameter_constraints = {
        **{
            name: LAYER_CONSTRAINTS[name]
            for name in ("activation", "input_scaling", "random_state")
        },
        **COLUMN_CONSTRAINTS,
        "n_layers": [whole(1)],
        "n_units": [whole(1)],
        "directions": [StrOptions({"auto", "gradient", "isotropic"})],
        "learning_rate": [real(0, closed="neither")],
        "alpha": [StrOptions({"gcv"}), real(0)],
        "cv": [whole(2)],
        "tol": [real(0)],
        "dtype": [StrOptions({"float32", "float64"})],
    }

    directions_ = of_model("directions", "What weights were drawn from.")
    weights_ = of_model("weights", "Frozen weights of each layer.")
    n_trainable_parameters_ = of_model("n_trained", "Numbers solved for.")
    n_stored_bytes_ = of_model("nbytes", "Bytes that prediction needs.")
    categories_ = OF_CATEGORIES

    @property
    def n_layers_(self) -> int:
        """Layers of the model."""
        check_is_fitted(self)
        return len(self.model_.layers)

    @property
    def losses_(self) -> NDArray[np.float64]:
        """Cross-fitted loss of the constant, and after each layer."""
        check_is_fitted(self)
        return np.array(self.model_.losses)

    __getstate__ = versioned_state
    __setstate__ = set_versioned_state

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.input_tags.allow_nan = True
        return tags

    fit = fit_once

    def _takes_chunks(self):
        return False

    def _fit(self, X, y, sample_weight):
        given = {"X": X, "y": y}
        told = None if sample_weight is None else {"sample_weight": sample_weight}
        with keep_state_on_error(self):
            context = self._init_callback_context(max_subtasks=self.n_layers)
            context.call_on_fit_task_begin(estimator=self, **given)
            vars(self).pop("model_", None)
            start, rows, options, rng = self._begun(X, y, sample_weight)

            def finished(model, scores):
                is_finished = model.targets.classes is None
                return model if is_finished else calibrated(model, rows, scores)

            # Rows that cannot be cut in two make no layer.
            model, scores = start, rows.constant_scores
            with blas_threads(len(rows.wanted) * self.n_units**2):
                for model, scores in grown(start, rows, options, rng):
                    task = context.subcontext(task_name="iteration")
                    task.call_on_fit_task_begin(estimator=self, **given)
                    stops = task.call_on_fit_task_end(
                        estimator=self,
                        **given,
                        metadata=told,
                        reconstruction_attributes=_as_model(finished, model, scores),
                    )
                    if stops:
                        break
                self.model_ = finished(model, scores)
            context.call_on_fit_task_end(
                estimator=self, **given, metadata=told, reconstruction_attributes={}
            )
        return self

    def _begun(self, X, y, sample_weight):
        """Check data, and make what layers are grown from."""
        X, y = validate_training(self, X, y, reset=True)
        repeats, weight = row_weights(self, y, sample_weight)
        targets = make_targets(self, y, repeats)
        if weight is not None:
            kept = np.flatnonzero(weight)
            X, y, weight = X[kept], y[kept], weight[kept]
        self._check_size(len(y))
        inputs_rng, rng = child_generators(self.random_state, 2)
        scaling = learn_inputs(
            X,
            weight,
            inputs_rng,
            input_scaling=self.input_scaling,
            column_embedding=self.column_embedding,
            vocabulary=self._vocabulary,
            feature_names=getattr(self, "feature_names_in_", None),
        )
        loss = getattr(self, "loss", "squared_error")
        encoded = targets.encode(y, np.float64)
        rows = BoostingRows(X, encoded, weight, targets, loss, self.cv, rng)
        options = BoostingOptions(
            n_layers=self.n_layers,
            n_units=self.n_units,
            activation=self.activation,
            directions=self.directions,
            learning_rate=self.learning_rate,
            alpha=self.alpha,
            tol=self.tol,
        )
        return started(rows, targets, scaling, self.dtype, options), rows, options, rng

    def _check_size(self, n_rows):
        """Raise before features, slopes and the folds' sums that cannot be kept."""
        itemsize = np.dtype(self.dtype).itemsize
        features = 3 * n_rows * self.n_units * itemsize
        check_memory(
            features + 8 * (self.cv + 5) * self.n_units**2,
            f"n_units={self.n_units} on {n_rows} rows with cv={self.cv}",
            "Use fewer units.",
        )

    def _stages(self, X):
        return finite_outputs(self, lambda rows: self.model_.staged_scores(rows), X)


def _as_model(finished, model, scores):
    return lambda: {"model_": finished(model, scores)}


@documented(_TEXTS, _OF_CLASSIFIER, **_SECTIONS)
@dataclass(eq=False, repr=False)
class BoostedFeaturesClassifier(Classifier, BoostedFeatures):
    """Boosted random features for classification: depth without passes.

    Layer t has random units h = g(W [x; s] + b) of the inputs x and the scores s so
    far, and adds the step V h + c to s that most lowers a bound on the log loss
    [3]_: a ridge regression, in closed form [1]_. Each row is shown to the
    next layer with scores that have not seen its label; the same scores choose step
    lengths and the number of layers, and calibrate probabilities.

    Parameters
    ----------
    {parameters}

    Attributes
    ----------
    {attributes}

    See Also
    --------
    BoostedFeaturesRegressor : The same for regression.
    ELMClassifier : One layer, isotropic.

    References
    ----------
    {references}

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sklearn.model_selection import train_test_split
    >>> from sklearn_halfnet import BoostedFeaturesClassifier
    >>> X_train, X_test, y_train, y_test = train_test_split(
    ...     *load_digits(return_X_y=True), random_state=0
    ... )
    >>> model = BoostedFeaturesClassifier(4, 200, random_state=0)
    >>> model = model.fit(X_train, y_train)
    >>> model.score(X_test, y_test) > 0.95
    True
    >>> len(list(model.staged_predict_proba(X_test))) == model.n_layers_
    True
    """

    _: KW_ONLY
    loss: Literal["log_loss", "squared_error"] = "log_loss"
    class_weight: ClassWeight = None

    _parameter_constraints = {
        **BoostedFeatures._parameter_constraints,
        **CLASS_WEIGHT,
        "loss": [StrOptions({"log_loss", "squared_error"})],
    }

    def staged_predict(self, X: Any) -> Iterator[NDArray[Any]]:
        """Predict classes after each layer.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)

        Returns
        -------
        stages : iterator of ndarray
            As ``predict``, after one layer, after two, ...; the last is ``predict``.
            A model without layers has one stage, the constant.
        """
        stages = self._stages(X)
        return (self.model_.targets.decode(scores) for scores in stages)

    def staged_predict_proba(self, X: Any) -> Iterator[NDArray[np.float64]]:
        """Predict probabilities after each layer, calibrated as those of the last.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)

        Returns
        -------
        stages : iterator of ndarray of shape (n_samples, n_classes)
            As ``staged_predict``.
        """
        stages, targets = self._stages(X), cast(ClassTargets, self.model_.targets)
        return (targets.probabilities(scores) for scores in stages)


@documented(_TEXTS, _ATTRIBUTES, **_SECTIONS)
class BoostedFeaturesRegressor(Regressor, BoostedFeatures):
    """Boosted random features for regression: depth without passes.

    Layer t has random units h = g(W [x; s] + b) of the inputs x and the scores s so
    far, and adds the step V h + c to s that most lowers the squared error: a ridge
    regression of what is left, in closed form [1]_. Each row is shown to the next layer
    with scores that have not seen its target; the same scores choose step lengths and
    the number of layers.

    Parameters
    ----------
    {parameters}

    Attributes
    ----------
    {attributes}

    See Also
    --------
    BoostedFeaturesClassifier : The same for classification.
    ELMRegressor : One layer, isotropic.

    References
    ----------
    {references}

    Examples
    --------
    >>> from sklearn.datasets import make_friedman1
    >>> from sklearn_halfnet import BoostedFeaturesRegressor
    >>> X, y = make_friedman1(500, random_state=0)
    >>> model = BoostedFeaturesRegressor(4, 200, random_state=0).fit(X[:400], y[:400])
    >>> model.score(X[400:], y[400:]) > 0.9
    True
    """

    def staged_predict(self, X: Any) -> Iterator[NDArray[np.float64]]:
        """Predict targets after each layer.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)

        Returns
        -------
        stages : iterator of ndarray
            As ``predict``, after one layer, after two, ...; the last is ``predict``.
            A model without layers has one stage, the constant.
        """
        stages = self._stages(X)
        return (self.model_.targets.decode(scores) for scores in stages)
