"""Half layers behind trained convolutions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.callback import CallbackSupportMixin

from sklearn_halfnet._checks import whole
from sklearn_halfnet.estimators._common.documented import documented, numpydoc
from sklearn_halfnet.estimators._common.fitting import computing, of_model
from sklearn_halfnet.estimators._common.images import conv_shapes
from sklearn_halfnet.estimators._common.layer_options import (
    SIZE_CONSTRAINTS,
    check_full_sizes,
)
from sklearn_halfnet.estimators._common.outputs import (
    CLASS_WEIGHT,
    Classifier,
    Regressor,
)
from sklearn_halfnet.estimators._common.types import (
    ActivationName,
    ClassWeight,
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
    takes_chunks,
)
from sklearn_halfnet.estimators._trained.heads import (
    HEAD_CONSTRAINTS,
    IMAGE_ATTRIBUTES,
    IMAGE_TEXTS,
    head_options,
)
from sklearn_halfnet.estimators._trained.parameters import (
    NETWORK_ATTRIBUTES,
    OF_CLASSIFIER,
    REGRESSION_LOSS,
    SECTIONS,
    TRAINING_CONSTRAINTS,
    TRAINING_TEXTS,
)
from sklearn_halfnet.models.conv_half_layer import (
    ConvHalfLayerModel,
    ConvHalfLayerStart,
)
from sklearn_halfnet.models.history import History

__all__ = ["ConvHalfLayerClassifier", "ConvHalfLayerRegressor"]

_TEXTS = (
    TRAINING_TEXTS
    | IMAGE_TEXTS
    | numpydoc("""
    hidden_layer_sizes : int or sequence of int
        Units of each hidden layer behind the convolutions.
    full_layer_sizes : int or sequence of int
        Units of fully trained layers between the convolutions and the head; () for
        none.
    weight_kind : str, object, callable, array or list of these
        How the frozen weights are drawn, as in HalfLayerClassifier; "instances" are
        features of training images.
    head : {"half", "linear", "full"}
        Before the read-out: half layers, nothing, or fully trained layers of the same
        sizes.
    filters : sequence of int
        Filters of each convolutional layer.
    kernel_sizes : sequence of int
        Height and width of its kernels.
    paddings : sequence of {"same", "valid"}
        Whether images are padded with zeros so that they keep their size.
    pool_size : int
        Height and width over which the maximum is taken after each convolution.
    learning_rate_init : float
        Largest rate.
    init : {"ridge", "random"}
        Start of the read-out: a ridge solution on some thousand rows, or N(0, 1 / H).
    input_scaling : {"auto", "standard", "robust", "center"} or None
        "auto" and "center" centre each pixel, None does not; one number then divides
        all of them, which leaves grey values between 0 and 1 about as they are.
        "standard" and "robust" scale each pixel for itself.
    cache_size : float
        Megabytes in which to keep the scaled training images; else they are scaled
        again in each pass.
    """)
)

_ATTRIBUTES = (
    NETWORK_ATTRIBUTES
    | IMAGE_ATTRIBUTES
    | numpydoc("""
    kernels_ : list of ndarray of shape (n_filters, n_channels, size, size)
        Trained kernels of each convolutional layer.
    biases_ : list of ndarray of shape (n_filters,)
        Their trained offsets.
    weights_ : list of array of shape (n_units, n_inputs)
        Weights of the hidden layers: frozen ones of half layers, trained ones of full
        layers.
    scales_ : list of ndarray of shape (n_units,)
        Factors alpha_h: trained, or, of full layers, as they started.
    shifts_ : list of ndarray of shape (n_units,)
        Trained offsets beta_h.
    n_layers_, n_outputs_ : int
        Hidden layers behind the convolutions, and scores a row.
    n_trainable_parameters_ : int
        Kernels and their offsets, 2 H for each half layer, (d + 1) H for a full one
        with d inputs, and (H + 1) K.
    """)
)

_SECTIONS = SECTIONS | {
    "references": """
        .. [1] E. Alpaydin, "Half-Layered Neural Networks", arXiv:2506.04352, 2025: crnd
           (``head="half"``), clp ("linear") and cmlp ("full").
        """
}


@dataclass(eq=False, repr=False)
class ConvHalfLayer(CallbackSupportMixin, BaseEstimator):
    """Parameters and fit of half layers behind convolutions."""

    hidden_layer_sizes: Sizes = 512
    weight_kind: WeightKinds = "normal"
    activation: ActivationName = "relu"
    _: KW_ONLY
    image_shape: Sequence[int] | None = None
    head: Literal["half", "linear", "full"] = "half"
    full_layer_sizes: Sizes = ()
    filters: Sequence[int] = (16, 32)
    kernel_sizes: Sequence[int] = (5, 3)
    paddings: Sequence[Literal["same", "valid"]] = ("same", "valid")
    pool_size: int = 2
    alpha: float | Literal["auto"] = "auto"
    solver: SolverName = "adam"
    init: Literal["ridge", "random"] = "ridge"
    input_scaling: InputScalingName = "auto"
    batch_size: int | Literal["auto", "full"] = "auto"
    learning_rate: Literal["one_cycle", "cosine", "constant"] = "one_cycle"
    learning_rate_init: float = 1e-2
    beta_2: float = 0.999
    max_iter: int | Literal["auto"] = 10
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

    model_: ConvHalfLayerModel = field(init=False)
    _history: History = field(init=False)

    _parameter_constraints = {
        **TRAINING_CONSTRAINTS,
        **HEAD_CONSTRAINTS,
        "full_layer_sizes": SIZE_CONSTRAINTS,
        "filters": [tuple, list],
        "kernel_sizes": [tuple, list],
        "paddings": [tuple, list],
        "pool_size": [whole(1)],
    }

    image_shape_ = of_model("image_shape", "Shape of the images.")
    kernels_ = of_model("kernels", "Trained kernels of each convolutional layer.")
    biases_ = of_model("biases", "Their trained offsets.")
    weights_ = of_model("weights", "Weights of the hidden layers.")
    scales_ = of_model("scales", "Trained factors of each layer.")
    shifts_ = of_model("shifts", "Trained offsets of each layer.")
    read_out_coef_ = of_model("coef", "Trained read-out.")
    read_out_intercept_ = of_model("intercept", "Offsets of the read-out.")
    n_layers_ = of_model("n_layers", "Hidden layers.")
    n_outputs_ = of_model("n_outputs", "Scores a row.")
    n_trainable_parameters_ = of_model("n_trained", "Numbers trained.")
    n_stored_bytes_ = of_model("nbytes", "Bytes of all arrays of the model.")
    alpha_ = of_history("alpha", "L2 strength of the objective.")
    loss_curve_ = of_history("losses", "Objective after each pass.")
    loss_ = of_history("loss", "Its last value.")
    validation_scores_ = of_history("scores", "Scores of the held-out rows.")
    validation_losses_ = of_history("validation_losses", "Their mean losses.")
    best_validation_score_ = of_history("best_score", "Their largest.")
    n_iter_ = of_history("n_passes", "Passes done.")

    __getstate__ = versioned_state
    __setstate__ = set_versioned_state

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        return tags

    def _start(self, X, network):
        options = head_options(self, X, network)
        layers = (self.filters, self.kernel_sizes, self.paddings)
        _check_layers(*layers)
        filters, kernel_sizes, paddings = map(tuple, layers)
        shapes = conv_shapes(options["image_shape"], *layers, self.pool_size)
        return ConvHalfLayerStart(
            **options,
            full_sizes=check_full_sizes(self.full_layer_sizes),
            filters=filters,
            kernel_sizes=kernel_sizes,
            paddings=paddings,
            pool_size=self.pool_size,
            shapes=shapes,
            batch_size=self.batch_size,
        )

    fit = fit_in_passes

    def _fit(self, X, y, sample_weight, validation):
        return fit_network(self, X, y, sample_weight, validation)

    def _partial_fit(self, X, y, sample_weight, classes=None):
        return fit_network_on_chunk(self, X, y, sample_weight, classes)

    def _takes_chunks(self):
        return takes_chunks(self)

    def transform_layers(self, X: Any) -> list[NDArray[Any]]:
        """Compute the outputs of the convolutional and of the hidden layers.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features), or images

        Returns
        -------
        outputs : list of ndarray of shape (n_samples, n_units)
            One a layer, the first layer's first; maps after pooling, flattened.
        """
        return finite_outputs(self, lambda rows: computing(self).features(rows), X)


def _check_layers(*layers):
    """Raise ValueError if filters, kernel sizes and paddings make no layers."""
    filters, kernel_sizes, paddings = layers
    if not len(set(map(len, layers))) == 1 or len(filters) == 0:
        raise ValueError(
            "filters, kernel_sizes and paddings must have one entry for each "
            f"convolutional layer, got {layers}."
        )
    if not set(paddings) <= {"same", "valid"}:
        raise ValueError(f"paddings must be 'same' or 'valid', got {paddings}.")
    numbers = (*filters, *kernel_sizes)
    if not all(isinstance(n, (int, np.integer)) and n > 0 for n in numbers):
        raise ValueError(
            f"filters and kernel_sizes must be positive ints, got {layers[:2]}."
        )


@documented(_TEXTS, OF_CLASSIFIER | _ATTRIBUTES, **_SECTIONS)
@dataclass(eq=False, repr=False)
class ConvHalfLayerClassifier(Classifier, ConvHalfLayer):
    """Classifier of images: trained convolutions before a half layer.

    Convolution, ReLU and maximum pooling, layer by layer; the features are flattened
    and go to half layers, z_h = g(alpha_h * (r_h . x) + beta_h) with random frozen r_h,
    and those to the read-out softmax(V z + c). The error that trains the convolutions
    passes through the frozen weights [1]_. With other heads this is an ordinary
    convolutional network.

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
    ConvHalfLayerRegressor : The same for regression.
    HalfLayerClassifier : Half layers without convolutions.

    References
    ----------
    {references}

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sklearn_halfnet import ConvHalfLayerClassifier
    >>> X, y = load_digits(return_X_y=True)
    >>> model = ConvHalfLayerClassifier(128, image_shape=(8, 8), random_state=0)
    >>> bool(model.fit(X[:1500], y[:1500]).score(X[1500:], y[1500:]) > 0.8)
    True
    >>> model.n_trainable_parameters_  # 416 + 4640 + 2 * 128 + 129 * 10
    6602
    """

    _: KW_ONLY
    class_weight: ClassWeight = None

    _parameter_constraints = ConvHalfLayer._parameter_constraints | CLASS_WEIGHT


@documented(_TEXTS, _ATTRIBUTES, **_SECTIONS)
@dataclass(eq=False, repr=False)
class ConvHalfLayerRegressor(Regressor, ConvHalfLayer):
    """Regressor of images: trained convolutions before a half layer.

    What ``ConvHalfLayerClassifier`` is, with the read-out V z + c and, by
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
    ConvHalfLayerClassifier : The same for classification.
    HalfLayerRegressor : Half layers without convolutions.

    References
    ----------
    {references}

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sklearn_halfnet import ConvHalfLayerRegressor
    >>> X, y = load_digits(return_X_y=True)
    >>> model = ConvHalfLayerRegressor(128, image_shape=(8, 8), random_state=0)
    >>> bool(model.fit(X[:1500], y[:1500]).score(X[1500:], y[1500:]) > 0.5)
    True
    >>> model.n_trainable_parameters_  # 416 + 4640 + 2 * 128 + 129 * 1
    5441
    """

    _: KW_ONLY
    loss: RowLoss = "squared_error"
    quantile: Quantiles = 0.5
    epsilon: float = 1.35

    _parameter_constraints = ConvHalfLayer._parameter_constraints | REGRESSION_LOSS
