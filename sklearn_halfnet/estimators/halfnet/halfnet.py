"""HalfNet: random weights whose covariance is learned."""

from __future__ import annotations

import copy
from dataclasses import KW_ONLY, dataclass, field, replace
from typing import Any, Literal, Self, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import (
    BaseEstimator,
    ClassNamePrefixFeaturesOutMixin,
    TransformerMixin,
)
from sklearn.callback import CallbackSupportMixin
from sklearn.utils.validation import check_is_fitted

from sklearn_halfnet._checks import (
    StrOptions,
    check_numbers,
    check_options,
    one_of,
    whole,
)
from sklearn_halfnet._random import child_generators
from sklearn_halfnet.estimators._common.documented import documented, numpydoc
from sklearn_halfnet.estimators._common.fitting import of_model
from sklearn_halfnet.estimators._common.frames import OF_CATEGORIES
from sklearn_halfnet.estimators._common.layer_options import (
    COLUMN_ATTRIBUTES,
    COLUMN_CONSTRAINTS,
    check_sizes,
    column_options,
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
)
from sklearn_halfnet.estimators._common.validation import (
    finite_outputs,
    row_weights,
    validate_training,
)
from sklearn_halfnet.estimators._common.versions import (
    set_versioned_state,
    versioned_state,
)
from sklearn_halfnet.estimators._trained.fit import (
    fit_in_passes,
    fit_network,
    fit_network_on_chunk,
    keep,
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
from sklearn_halfnet.features.geometry import GEOMETRIES
from sklearn_halfnet.models.history import History
from sklearn_halfnet.models.logistic_refit import logistic_read_out
from sklearn_halfnet.models.low_rank import LowRankModel, LowRankStart
from sklearn_halfnet.models.members import MembersModel
from sklearn_halfnet.models.ridge_refit import polished_read_out
from sklearn_halfnet.models.train import Rows

__all__ = ["HalfNetClassifier", "HalfNetRegressor"]

HalfNetModel: TypeAlias = LowRankModel | MembersModel

_TEXTS = TRAINING_TEXTS | numpydoc("""
    hidden_layer_sizes : int or sequence of int
        Units of each hidden layer. Every layer has an A of its own.
    rank : int or "auto"
        Columns r of A, at most the number of a layer's inputs. "auto" is 32, or the
        number of inputs if that is smaller.
    geometry : {"gradient", "principal", "orthogonal"}
        Start value of A: directions along which a random-feature ridge regression on
        up to 10,000 rows changes most [2]_; principal directions; or random orthonormal
        directions.
    train_scales : bool
        Whether to train alpha_h, too; else it stays at one.
    n_members : int or "auto"
        Networks that are trained together, each with its own loss, and whose scores are
        averaged. They share A and Z of every layer; each has its own signs of the first
        layer's inputs, scales, shifts and read-out [4]_. "auto" is 4 up to 20,000 rows,
        and 1 beyond.
    init : {"auto", "ridge", "random"}
        Start of the read-out: a ridge solution on up to 10,000 rows, or N(0, 1 / H).
        "auto" is "ridge" up to 20,000 rows, and "random" beyond.
    resample_every : int or None
        Draw all z_h anew after every so many passes, and start the read-out again from
        ridge regression: a regulariser.
    alpha : float or "auto"
        L2 strength: alpha / 2 times the squared norm of ``read_out_coef_``, and as much
        for each A, is added to the mean loss. "auto" is as strong as the ridge
        regression that generalised cross-validation chooses on the hidden layers'
        start, and at least 1e-4: more where rows are few or noise is strong.
    max_iter : int or "auto"
        Passes over the data, or iterations of a solver that sees all rows. "auto" is
        50 up to 8,000 rows, and beyond 400,000 / n_samples, but at least 10.
    polish : {"ridge", "logistic"} or None
        Refit the read-out after training: by ridge regression whose strength
        generalised cross-validation chooses, which often lowers accuracy on large data;
        or by logistic (softmax) regression until it has converged.
    random_state : int, RandomState or None
        Determines z_h, start values, batches and held-out rows.
    cache_size : float
        Megabytes in which to keep the scaled training rows. If they do not fit, blocks
        are scaled again in each pass. Sparse rows become dense in a block.
    """)

_ATTRIBUTES = (
    NETWORK_ATTRIBUTES
    | COLUMN_ATTRIBUTES
    | REGULARISATION_ATTRIBUTES
    | numpydoc("""
    weights_ : list of ndarray of shape (n_units, rank)
        Frozen z_h of each layer.
    scales_ : list of ndarray of shape (n_units,)
        Trained factors alpha_h of each layer. These and the next three have an axis of
        members first, if ``n_members`` is more than one.
    n_trainable_parameters_ : int
        d r + 2 H for each layer (d r + H without scales), and (H + 1) K; of several
        members, d signs of the first layer's inputs, 2 H and (H + 1) K for each.
    n_stored_bytes_ : int
        Bytes of all arrays that prediction needs, frozen numbers included.
    factors_ : list of ndarray of shape (n_inputs, rank)
        Trained A of each layer, for centred and scaled inputs. It is determined up to
        a rotation of its columns; A A^T is not. Members share it: that of the first
        layer sees the inputs times ``signs_``.
    metric_ : ndarray of shape (n_features, n_members * rank)
        A of the first layer in the units of X: x -> x ``metric_`` embeds rows where
        Euclidean distance is the learned metric. Where ``input_scaling`` limits values
        it is that near the centre; with waves beside the columns there is none. Of
        several members it is all of theirs over the root of their number: squared
        distances are the mean.
    signs_ : ndarray of shape (n_members, n_inputs)
        Trained factors of the first layer's inputs, if ``n_members`` is more than one.
    """)
)

_SECTIONS = SECTIONS | {
    "references": """
        .. [1] E. Alpaydin, "HalfNet", arXiv:2606.04583, 2026.
        .. [2] A. Radhakrishnan, D. Beaglehole, P. Pandit, M. Belkin, "Mechanism for
           feature learning in neural networks and backpropagation-free machine learning
           models", Science 383, 2024.
        .. [3] D. Holzmueller, L. Grinsztajn, I. Steinwart, "Better by default: strong
           pre-tuned MLPs and boosted trees on tabular data", NeurIPS 2024.
        .. [4] Y. Gorishniy, A. Kotelnikov, A. Babenko, "TabM: advancing tabular deep
           learning with parameter-efficient ensembling", ICLR 2025.
        """
}


@dataclass(eq=False, repr=False)
class HalfNet(
    ClassNamePrefixFeaturesOutMixin,
    TransformerMixin,
    CallbackSupportMixin,
    BaseEstimator,
):
    """Parameters and fit of HalfNet, for classifier and regressor alike."""

    hidden_layer_sizes: Sizes = (256, 256)
    rank: int | Literal["auto"] = "auto"
    activation: ActivationName = "relu"
    _: KW_ONLY
    geometry: Literal["gradient", "principal", "orthogonal"] = "gradient"
    train_scales: bool = True
    resample_every: int | None = None
    n_members: int | Literal["auto"] = "auto"
    dropout: float | Literal["auto"] = "auto"
    alpha: float | Literal["auto"] = "auto"
    solver: SolverName = "adam"
    init: Literal["auto", "ridge", "random"] = "auto"
    polish: Literal["ridge", "logistic"] | None = None
    input_scaling: InputScalingName = "auto"
    column_embedding: ColumnEmbeddingName = "auto"
    categorical_features: CategoricalFeatures = "from_dtype"
    batch_size: int | Literal["auto", "full"] = "auto"
    learning_rate: Literal["one_cycle", "cosine", "constant"] = "one_cycle"
    learning_rate_init: float | Literal["auto"] = "auto"
    beta_2: float = 0.95
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

    model_: HalfNetModel = field(init=False)
    n_features_in_: int = field(init=False)
    _history: History = field(init=False)
    _vocabulary: Vocabulary | None = field(init=False)

    # Of max_iter="auto".
    _most_passes = 50

    _parameter_constraints = {
        **TRAINING_CONSTRAINTS,
        **REGULARISATION,
        **COLUMN_CONSTRAINTS,
        "rank": [StrOptions({"auto"}), whole(1)],
        "train_scales": ["boolean"],
        "geometry": [one_of(GEOMETRIES)],
        "resample_every": [whole(1), None],
        "n_members": [StrOptions({"auto"}), whole(1)],
        "init": [StrOptions({"auto", "ridge", "random"})],
    }

    weights_ = of_model("weights", "Frozen Z of each layer.")
    factors_ = of_model("factors", "A of each layer, for centred and scaled inputs.")
    metric_ = of_model("metric", "A of the first layer in the units of X.")
    signs_ = of_model("signs", "Trained factors of the inputs, of each member.")
    scales_ = of_model("scales", "Trained factors of each layer.")
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
        tags.transformer_tags.preserves_dtype = []
        return tags

    # -- fit ---------------------------------------------------------------------------

    def _start(self, X, network):
        sizes = check_sizes(self.hidden_layer_sizes)
        return LowRankStart(
            **start_options(self),
            sizes=sizes,
            rank=self.rank,
            geometry=self.geometry,
            trains_scales=self.train_scales,
            polishes=self.polish is not None,
            **column_options(self),
            n_members=self.n_members,
        )

    fit = fit_in_passes

    def _fit(self, X, y, sample_weight, validation):
        def revising(rows, last, rng):
            return _redrawing(self.resample_every, last, rows, rng)

        def polish(network, rows, options):
            return _refitted(self, network, rows, self.polish, options.alpha)

        return fit_network(
            self,
            X,
            y,
            sample_weight,
            validation,
            revising=revising if self.resample_every else None,
            polish=polish if self.polish else None,
        )

    def _partial_fit(self, X, y, sample_weight, classes=None):
        return fit_network_on_chunk(self, X, y, sample_weight, classes)

    def _takes_chunks(self):
        return takes_chunks(self)

    # -- what was learned of the inputs ------------------------------------------------

    @property
    def _n_features_out(self):
        return self.model_.rank

    def transform(self, X: Any) -> NDArray[Any]:
        """Embed rows where Euclidean distance is the learned metric.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)

        Returns
        -------
        embedded : ndarray of shape (n_samples, n_members * rank)
            X' A of the first layer, X' the centred and scaled rows; as ``metric_`` it
            is all of the members', over the root of their number.
        """
        return finite_outputs(self, lambda rows: self.model_.embedded(rows), X)

    def transform_layers(self, X: Any) -> list[NDArray[Any]]:
        """Compute the hidden layers' outputs.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)

        Returns
        -------
        outputs : list of ndarray of shape (n_samples, n_units)
            One a hidden layer, the first layer's first; the units of several members
            stand side by side.
        """
        return finite_outputs(self, lambda rows: self.model_.features(rows), X)

    def _member_scores(self, X):
        """Compute the scores of each member, a list."""
        return finite_outputs(self, lambda rows: self.model_.member_scores(rows), X)

    def set_factor(self, factor: ArrayLike) -> Self:
        """Replace A of the first layer; all else stays as it is.

        Parameters
        ----------
        factor : ndarray of shape (n_features, rank)

        Returns
        -------
        self : object

        Raises
        ------
        ValueError
            If the shape is not that of the learned A, or a value is not a finite real
            number in the model's ``dtype``.
        """
        check_is_fitted(self)
        given = check_numbers(factor, "factor")
        with np.errstate(over="ignore"):
            values = check_numbers(given.astype(self.model_.dtype), "factor")
        shape = self.model_.factors[0].shape
        if values.shape != shape:
            raise ValueError(f"factor has shape {values.shape}, expected {shape}.")
        self.model_ = self.model_.with_factor(values)
        return self

    @check_options({"random_state": ["random_state"], "refit": ["boolean"]})
    def resample(
        self,
        X: Any,
        y: Any,
        sample_weight: ArrayLike | None = None,
        *,
        random_state: RandomState = None,
        refit: bool = True,
    ) -> Self:
        """Draw new random weights from the learned distribution; refit the read-out.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Rows on which to refit the read-out.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
        sample_weight : array-like of shape (n_samples,), default=None
        random_state : int, RandomState or None, default=None
            Determines the new Z.
        refit : bool, default=True
            Whether to refit the read-out: by logistic regression with the strength
            ``alpha``, for a regressor or with ``polish="ridge"`` by ridge regression;
            with a smooth loss other than the squared error to the least of that.
            With the old read-out accuracy is at chance.

        Returns
        -------
        resampled : object
            A new estimator with the same A, scales and shifts. This one stays as it is.
        """
        check_is_fitted(self)
        targets = self.model_.targets
        X, y = validate_training(self, X, y, reset=False)
        _, weight = row_weights(self, y, sample_weight, targets.classes)
        network = self.model_.redrawn(child_generators(random_state, 1)[0])
        if refit:
            _check_refit(targets)
            closed_form = self.polish == "ridge" or targets.loss == "squared_error"
            rows = Rows.all_of(X, targets.encode(y, network.dtype), weight)
            how = "ridge" if closed_form else "logistic"
            network = _refitted(self, network, rows, how, self.alpha_)
        other = copy.copy(self)
        keep(other, network, replace(self._history, optimizer=None))
        return other


def _redrawing(every, last, rows, rng):
    """Return what gives a network a new Z and a ridge read-out now and then."""

    def revise(now, number):
        if number % every == 0 and number < last:
            return now().redrawn(rng).restarted(rows, rng)
        return None

    return revise


def _check_refit(targets):
    """Raise where a read-out alone is not refitted, for the solver needs gradients."""
    if targets.classes is None and not targets.criterion.is_smooth:
        raise ValueError(
            f"resample cannot refit the read-out with loss={targets.loss!r}, which has "
            "no gradient at its kinks. Use refit=False, and train again."
        )


def _refitted(estimator, network, rows, how, alpha):
    """Return the network with its read-out refitted: "ridge" or "logistic"."""
    if how == "ridge":
        return network.refitted(rows, polished_read_out)
    return network.refitted(
        rows,
        logistic_read_out,
        alpha=alpha,
        device=estimator.device,
        cache_bytes=estimator.cache_size * 2**20,
    )


@documented(_TEXTS, OF_CLASSIFIER | _ATTRIBUTES, **_SECTIONS)
@dataclass(eq=False, repr=False)
class HalfNetClassifier(Classifier, HalfNet):
    """Classifier whose random hidden weights have a learned covariance.

    The hidden unit is z_h = g(alpha_h * (z_h . A^T x) / sqrt(r) + beta_h): z_h, r
    numbers drawn from N(0, 1), is frozen, and A (d x r), shared by all units, is
    trained. So a unit's weights A z_h are a draw from N(0, A A^T): not they are learned
    but their distribution [1]_. Trained are d r numbers for A, two for each unit
    and the read-out softmax(V z + c).

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
    HalfNetRegressor : The same for regression.
    HalfLayerClassifier : Hidden weights of a fixed distribution.

    References
    ----------
    {references}

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sklearn.model_selection import train_test_split
    >>> from sklearn_halfnet import HalfNetClassifier
    >>> X, y = load_digits(return_X_y=True)
    >>> X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
    >>> model = HalfNetClassifier(256, 8, n_members=1, max_iter=50, random_state=0)
    >>> bool(model.fit(X_train, y_train).score(X_test, y_test) > 0.95)
    True
    >>> model.n_trainable_parameters_  # 64 * 8 + 2 * 256 + 257 * 10
    3594
    >>> model.transform(X_test).shape
    (450, 8)
    """

    _: KW_ONLY
    label_smoothing: float = 0.1
    class_weight: ClassWeight = None

    _parameter_constraints = {
        **HalfNet._parameter_constraints,
        **CLASS_WEIGHT,
        **LABEL_SMOOTHING,
        "polish": [StrOptions({"ridge", "logistic"}), None],
    }

    def predict_members(self, X: Any) -> NDArray[np.float64]:
        """Predict the probability of each class by each member alone.

        How far they are apart tells how much a prediction depends on chance.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)

        Returns
        -------
        probabilities : ndarray of shape (n_members, n_samples, n_classes)

        Examples
        --------
        >>> from sklearn.datasets import load_iris
        >>> from sklearn_halfnet import HalfNetClassifier
        >>> X, y = load_iris(return_X_y=True)
        >>> model = HalfNetClassifier(64, n_members=4, max_iter=30, random_state=0)
        >>> model = model.fit(X, y)
        >>> spread = model.predict_members(X).std(axis=0)
        >>> print(spread[[0, 119]].max(axis=1))  # a clear flower, and one on a border
        [0.0... 0...]
        >>> bool(spread[119].max() > spread[0].max())
        True
        """
        scores = self._member_scores(X)
        return np.stack([self.model_.targets.probabilities(each) for each in scores])


@documented(
    _TEXTS
    | numpydoc("""
    polish : {"ridge"} or None
        Refit the read-out after training by ridge regression whose strength generalised
        cross-validation chooses.
    """),
    _ATTRIBUTES,
    **_SECTIONS,
)
@dataclass(eq=False, repr=False)
class HalfNetRegressor(Regressor, HalfNet):
    """Regressor whose random hidden weights have a learned covariance.

    What ``HalfNetClassifier`` is, with the read-out V z + c and, by
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
    HalfNetClassifier : The same for classification.
    HalfLayerRegressor : Hidden weights of a fixed distribution.

    References
    ----------
    {references}

    Examples
    --------
    >>> from sklearn.model_selection import train_test_split
    >>> from sklearn_halfnet import HalfNetRegressor
    >>> from sklearn_halfnet.datasets import make_multi_index
    >>> X, y = make_multi_index(2000, random_state=0)
    >>> X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
    >>> plain = {"n_members": 1, "column_embedding": None, "max_iter": 50}
    >>> model = HalfNetRegressor(128, rank=8, alpha=0.01, random_state=0, **plain)
    >>> bool(model.fit(X_train, y_train).score(X_test, y_test) > 0.6)
    True
    >>> model.n_trainable_parameters_  # 50 * 8 + 2 * 128 + 129
    785
    """

    _: KW_ONLY
    loss: RowLoss = "squared_error"
    quantile: Quantiles = 0.5
    epsilon: float = 1.35

    _parameter_constraints = {
        **HalfNet._parameter_constraints,
        **REGRESSION_LOSS,
        "polish": [StrOptions({"ridge"}), None],
    }

    def predict_members(self, X: Any) -> NDArray[np.float64]:
        """Predict targets by each member alone.

        How far they are apart tells how much a prediction depends on chance.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)

        Returns
        -------
        y : ndarray of shape (n_members, n_samples) or (n_members, n_samples, n_outputs)

        Examples
        --------
        >>> import numpy as np
        >>> from sklearn_halfnet import HalfNetRegressor
        >>> X = np.linspace(-1, 1, 200)[:, None]
        >>> y = np.sin(3 * X[:, 0])
        >>> model = HalfNetRegressor(64, n_members=4, max_iter=30, random_state=0)
        >>> model = model.fit(X, y)
        >>> spread = model.predict_members([[0.5], [3.0]]).std(axis=0)
        >>> print(spread)  # inside the data, and far outside
        [0.0... ...]
        >>> bool(spread[1] > 5 * spread[0])
        True
        """
        check_is_fitted(self)
        network = self.model_

        def decoded(rows):
            scores = network.member_scores(rows)
            return [network.targets.decode(each) for each in scores]

        return np.stack(finite_outputs(self, decoded, X))
