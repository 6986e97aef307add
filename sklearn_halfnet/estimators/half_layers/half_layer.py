"""Half layers: random frozen weights, two trained numbers a hidden unit.

Fully trained layers may stand before them.
"""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass, field
from typing import Any, Literal

from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.callback import CallbackSupportMixin

from sklearn_halfnet.estimators._common.documented import documented, numpydoc
from sklearn_halfnet.estimators._common.fitting import of_model
from sklearn_halfnet.estimators._common.frames import OF_CATEGORIES
from sklearn_halfnet.estimators._common.layer_options import (
    COLUMN_ATTRIBUTES,
    COLUMN_CONSTRAINTS,
    LAYER_CONSTRAINTS,
    SIZE_CONSTRAINTS,
    check_full_sizes,
    check_kinds,
    check_sizes,
    column_options,
    fingerprints,
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
    Quantiles,
    RandomState,
    RowLoss,
    Sizes,
    SolverName,
    WeightKinds,
)
from sklearn_halfnet.estimators._common.validation import finite_outputs
from sklearn_halfnet.estimators._common.versions import (
    set_versioned_state,
    versioned_state,
)
from sklearn_halfnet.estimators._trained.fit import (
    fit_in_passes,
    fit_network,
    fit_network_on_chunk,
    of_history,
    start_options,
    takes_chunks,
)
from sklearn_halfnet.estimators._trained.parameters import (
    LABEL_SMOOTHING,
    NETWORK_ATTRIBUTES,
    OF_CLASSIFIER,
    REGRESSION_LOSS,
    REGULARISATION,
    REGULARISATION_ATTRIBUTES,
    SECTIONS,
    TRAINING_CONSTRAINTS,
    TRAINING_TEXTS,
)
from sklearn_halfnet.features.columns import Vocabulary
from sklearn_halfnet.models.half_layer import HalfLayerModel, HalfLayerStart
from sklearn_halfnet.models.history import History
from sklearn_halfnet.models.ridge_refit import polished_read_out

__all__ = ["HalfLayerClassifier", "HalfLayerRegressor", "half_layer_start"]

_TEXTS = TRAINING_TEXTS | numpydoc("""
    hidden_layer_sizes : int or sequence of int
        Units of each half layer. Those after the first are fed by the one before.
    full_layer_sizes : int or sequence of int
        Units of fully trained layers before the half layers, as those of
        ``MLPClassifier``; () for none. They have the same activation and dropout; the
        error that trains them passes through the frozen weights. The half layers'
        inputs then change in training, so a pass takes as long as that of an MLP.
    weight_kind : str, object, callable, array or list of these
        How the frozen weights are drawn: a name in ``sklearn_halfnet.weights.WEIGHTS``,
        a configured object such as ``MexicanHatWeights(image_shape=(28, 28))``, an
        object with a method ``sample`` or a function of your own, or ready weights of
        shape (n_units, n_inputs). A list gives one a half layer. Behind full layers,
        kinds that are made from data see these layers' outputs at the start.
    polish : bool
        Refit the read-out in closed form after training, by ridge regression whose
        strength generalised cross-validation chooses. On regression this can help; on
        classification it often lowers accuracy.
    cache_size : float
        Megabytes in which to keep the projection of the training rows on the frozen
        weights; before full layers, the scaled rows. If it does not fit it is computed
        again in each pass: the same result, more slowly.
    """)

_ATTRIBUTES = (
    NETWORK_ATTRIBUTES
    | COLUMN_ATTRIBUTES
    | REGULARISATION_ATTRIBUTES
    | numpydoc("""
    weights_ : list of array of shape (n_units, n_inputs)
        Weights of each layer: of half layers the frozen r_h, sparse for a sparse kind,
        of full layers, which stand first, the trained ones.
    scales_ : list of ndarray of shape (n_units,)
        Factors alpha_h of each layer: trained, or, of full layers, as they started.
    n_trainable_parameters_ : int
        2 H for each half layer, (d + 1) H for a full one with d inputs, and (H + 1) K
        for the read-out.
    """)
)

_SECTIONS = SECTIONS | {
    "references": """
        .. [1] E. Alpaydin, "Half-Layered Neural Networks", arXiv:2506.04352, 2025.
        """
}


@dataclass(eq=False, repr=False)
class HalfLayer(CallbackSupportMixin, BaseEstimator):
    """Parameters and fit of half layers, for classifier and regressor alike."""

    hidden_layer_sizes: Sizes = 512
    weight_kind: WeightKinds = "normal"
    activation: ActivationName = "relu"
    _: KW_ONLY
    full_layer_sizes: Sizes = ()
    dropout: float | Literal["auto"] = 0.0
    alpha: float | Literal["auto"] = "auto"
    solver: SolverName = "adam"
    init: Literal["ridge", "random"] = "ridge"
    polish: bool = False
    input_scaling: InputScalingName = "auto"
    column_embedding: ColumnEmbeddingName = None
    categorical_features: CategoricalFeatures = "from_dtype"
    batch_size: int | Literal["auto", "full"] = "auto"
    learning_rate: Literal["one_cycle", "cosine", "constant"] = "one_cycle"
    learning_rate_init: float | Literal["auto"] = 1e-2
    beta_2: float = 0.999
    max_iter: int | Literal["auto"] = "auto"
    tol: float = 1e-4
    early_stopping: bool | Literal["auto"] = "auto"
    validation_fraction: float = 0.1
    n_iter_no_change: int = 10
    warm_start: bool = False
    random_state: RandomState = None
    device: str = "auto"
    dtype: FloatName = "float32"
    cache_size: float = 1024
    verbose: bool | int = False

    model_: HalfLayerModel = field(init=False)
    _history: History = field(init=False)
    _vocabulary: Vocabulary | None = field(init=False)

    _parameter_constraints = {
        **TRAINING_CONSTRAINTS,
        **REGULARISATION,
        **LAYER_CONSTRAINTS,
        **COLUMN_CONSTRAINTS,
        "full_layer_sizes": SIZE_CONSTRAINTS,
        "polish": ["boolean"],
    }

    weights_ = of_model("weights", "Weights of each layer.")
    scales_ = of_model("scales", "Factors of each layer.")
    shifts_ = of_model("shifts", "Trained offsets of each layer.")
    read_out_coef_ = of_model("coef", "Trained read-out.")
    read_out_intercept_ = of_model("intercept", "Offsets of the read-out.")
    n_layers_ = of_model("n_layers", "Hidden layers.")
    n_outputs_ = of_model("n_outputs", "Scores a row.")
    n_trainable_parameters_ = of_model("n_trained", "Numbers trained.")
    n_stored_bytes_ = of_model("nbytes", "Bytes of all arrays of the model.")
    dropout_ = of_history("dropout", "Share of units that were zero in a step.")
    learning_rate_init_ = of_history("learning_rate_init", "Largest rate.")
    alpha_ = of_history("alpha", "L2 strength of the objective.")
    loss_curve_ = of_history("losses", "Objective after each pass.")
    loss_ = of_history("loss", "Its last value.")
    validation_scores_ = of_history("scores", "Scores of the held-out rows.")
    validation_losses_ = of_history("validation_losses", "Their mean losses.")
    best_validation_score_ = of_history("best_score", "Their largest.")
    n_iter_ = of_history("n_passes", "Passes done.")
    categories_ = OF_CATEGORIES

    __getstate__ = versioned_state
    __setstate__ = set_versioned_state

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.input_tags.allow_nan = True
        return tags

    def _start(self, X, network):
        return half_layer_start(self)

    fit = fit_in_passes

    def _fit(self, X, y, sample_weight, validation):
        polish = _polished if self.polish else None
        return fit_network(self, X, y, sample_weight, validation, polish=polish)

    def _partial_fit(self, X, y, sample_weight, classes=None):
        return fit_network_on_chunk(self, X, y, sample_weight, classes)

    def _takes_chunks(self):
        return takes_chunks(self)

    def transform_layers(self, X: Any) -> list[NDArray[Any]]:
        """Compute the hidden layers' outputs.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)

        Returns
        -------
        outputs : list of ndarray of shape (n_samples, n_units)
            One a hidden layer, the first layer's first.
        """
        return finite_outputs(self, lambda rows: self.model_.features(rows), X)


def half_layer_start(estimator):
    """Check what half layers are to be started from.

    Parameters
    ----------
    estimator : HalfLayer
        That has seen its features.

    Returns
    -------
    start : HalfLayerStart
    """
    sizes = check_sizes(estimator.hidden_layer_sizes)
    kinds = check_kinds(estimator.weight_kind, len(sizes))
    return HalfLayerStart(
        **start_options(estimator),
        sizes=sizes,
        full_sizes=check_full_sizes(estimator.full_layer_sizes),
        kinds=kinds,
        fingerprints=fingerprints(kinds),
        polishes=estimator.polish,
        **column_options(estimator),
    )


def _polished(network, rows, options):
    return network.refitted(rows, polished_read_out)


@documented(_TEXTS, OF_CLASSIFIER | _ATTRIBUTES, **_SECTIONS)
@dataclass(eq=False, repr=False)
class HalfLayerClassifier(Classifier, HalfLayer):
    """Classifier whose hidden weights are random and frozen.

    The hidden unit is z_h = g(alpha_h * (r_h . x) + beta_h): its weights r_h are drawn
    at random and frozen, and two numbers are trained, alpha_h and beta_h, however many
    inputs there are; and the read-out softmax(V z + c) [1]_. As r_h . x never
    changes, it is computed once, and a pass over the data takes the same time
    for any number of features. With ``full_layer_sizes``, fully trained layers stand
    before the half layers.

    Parameters
    ----------
    {parameters}

    Attributes
    ----------
    {attributes}

    Raises
    ------
    {raises}

    Warns
    -----
    {warns}

    See Also
    --------
    HalfLayerRegressor : The same for regression.
    sklearn.neural_network.MLPClassifier : All weights trained.

    References
    ----------
    {references}

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sklearn.model_selection import train_test_split
    >>> from sklearn_halfnet import HalfLayerClassifier
    >>> X, y = load_digits(return_X_y=True)
    >>> X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
    >>> model = HalfLayerClassifier(256, input_scaling="center", random_state=0)
    >>> bool(model.fit(X_train, y_train).score(X_test, y_test) > 0.95)
    True
    >>> model.n_trainable_parameters_
    3082
    """

    _: KW_ONLY
    label_smoothing: float = 0.0
    class_weight: ClassWeight = None

    _parameter_constraints = {
        **HalfLayer._parameter_constraints,
        **CLASS_WEIGHT,
        **LABEL_SMOOTHING,
    }


@documented(_TEXTS, _ATTRIBUTES, **_SECTIONS)
@dataclass(eq=False, repr=False)
class HalfLayerRegressor(Regressor, HalfLayer):
    """Regressor whose hidden weights are random and frozen.

    What ``HalfLayerClassifier`` is, with the read-out V z + c and, by
    default, the squared error [1]_.

    Parameters
    ----------
    {parameters}

    Attributes
    ----------
    {attributes}

    Raises
    ------
    {raises}

    Warns
    -----
    {warns}

    See Also
    --------
    HalfLayerClassifier : The same for classification.
    sklearn.neural_network.MLPRegressor : All weights trained.

    References
    ----------
    {references}

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sklearn.model_selection import train_test_split
    >>> from sklearn_halfnet import HalfLayerRegressor
    >>> X, y = load_diabetes(return_X_y=True)
    >>> X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
    >>> model = HalfLayerRegressor(32, alpha=0.1, random_state=0)
    >>> bool(model.fit(X_train, y_train).score(X_test, y_test) > 0.2)
    True
    >>> model.n_trainable_parameters_
    97
    """

    _: KW_ONLY
    loss: RowLoss = "squared_error"
    quantile: Quantiles = 0.5
    epsilon: float = 1.35

    _parameter_constraints = HalfLayer._parameter_constraints | REGRESSION_LOSS
