"""Half layers behind trained convolutions."""

from sklearn_halfnet.estimators._common.images import ImageInputs
from sklearn_halfnet.estimators._trained.training import (
    ClassifierTraining,
    RegressorTraining,
)
from sklearn_halfnet.estimators.half_layers._conv_base import BaseConvHalfLayer

__all__ = ["ConvHalfLayerClassifier", "ConvHalfLayerRegressor"]


class ConvHalfLayerClassifier(ImageInputs, ClassifierTraining, BaseConvHalfLayer):
    """Classifier of images: trained convolutions before a half layer.

    Convolution, ReLU and maximum pooling, layer by layer; the features are flattened
    and go to half layers, z_h = g(alpha_h * (r_h . x) + beta_h) with random frozen r_h,
    and those to the read-out softmax(V z + c). The error that trains the convolutions
    passes through the frozen weights [1]_. With other heads this is an ordinary
    convolutional network.

    Parameters
    ----------
    hidden_layer_sizes : int or sequence of int, default=512
        Units of each hidden layer behind the convolutions.
    weight_kind : str, object, callable, array or list of these, default="normal"
        How the frozen weights are drawn, as in HalfLayerClassifier; "instances" are
        features of training images.
    activation : str, default="relu"
        g; a name in ``sklearn_halfnet.activations.ACTIVATIONS``.
    image_shape : tuple of int or None, default=None
        (height, width) or (channels, height, width) of the images where X has flat
        rows; one entry may be -1. None takes the shape of X, which then is (n_samples,
        height, width) or (n_samples, channels, height, width).
    head : {"half", "linear", "full"}, default="half"
        Between convolutions and read-out: half layers, nothing, or fully trained
        layers of the same sizes.
    filters : sequence of int, default=(16, 32)
        Filters of each convolutional layer.
    kernel_sizes : sequence of int, default=(5, 3)
        Height and width of its kernels.
    paddings : sequence of {"same", "valid"}, default=("same", "valid")
        Whether images are padded with zeros so that they keep their size.
    pool_size : int, default=2
        Height and width over which the maximum is taken after each convolution.
    alpha : float or "auto", default="auto"
        L2 strength: alpha / 2 times the squared norm of ``read_out_coef_`` is added to
        the mean loss. "auto" is as strong as the ridge regression that generalised
        cross-validation chooses on the hidden layers' start, and at least 1e-4: more
        where rows are few or noise is strong.
    solver : {"adam", "lbfgs"}, default="adam"
        Minibatch Adam, or L-BFGS on the whole training set.
    init : {"ridge", "random"}, default="ridge"
        Start of the read-out: a ridge solution on some thousand rows, or N(0, 1 / H).
    input_scaling : {"standard", "center"} or None, default="center"
        Centre and scale each pixel; centre it only; or do not centre. If pixels are not
        scaled each for itself, one number divides all of them, which leaves grey values
        between 0 and 1 about as they are.
    batch_size : int, "auto" or "full", default="auto"
        Rows a step of Adam; "auto" is min(256, n_samples).
    learning_rate : {"one_cycle", "cosine", "constant"}, default="one_cycle"
        Schedule of Adam's rate, as in HalfLayerClassifier.
    learning_rate_init : float, default=1e-2
        Largest rate of Adam.
    max_iter : int, default=10
        Passes over the data (Adam) or iterations (L-BFGS).
    tol : float, default=1e-4
        Improvement of loss or validation score that counts; for L-BFGS the gradient's
        largest component at which to stop.
    early_stopping : bool, default=False
        Hold rows out, stop when their score no longer improves and go back to the best
        values.
    validation_fraction : float, default=0.1
        Share of rows held out, stratified by class, if ``early_stopping``.
    n_iter_no_change : int, default=10
        Passes without improvement before stopping, with ``early_stopping`` or a
        constant rate.
    class_weight : dict, list of dict, "balanced" or None, default=None
        Weights of classes; multiplied with ``sample_weight``.
    warm_start : bool, default=False
        Whether ``fit`` goes on from the values that the last call left.
    random_state : int, RandomState or None, default=None
        Determines weights, start values, batches and held-out rows.
    device : str, default="auto"
        Where to train and predict; "auto" takes a GPU if torch sees one.
    dtype : {"float32", "float64"}, default="float32"
        Precision of training and prediction.
    cache_size : float, default=1024
        Megabytes in which to keep the scaled training images; else they are scaled
        again in each pass.
    verbose : bool or int, default=False
        Whether to print the loss of each pass.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Class labels.
    image_shape_ : tuple of int
        (channels, height, width) of the images.
    kernels_ : list of ndarray of shape (n_filters, n_channels, size, size)
        Trained kernels of each convolutional layer.
    biases_ : list of ndarray of shape (n_filters,)
        Their trained offsets.
    weights_ : list of array of shape (n_units, n_inputs)
        Weights of the hidden layers: frozen, or trained with ``head="full"``.
    scales_ : list of ndarray of shape (n_units,)
        Factors alpha_h: trained, or fixed with ``head="full"``.
    shifts_ : list of ndarray of shape (n_units,)
        Trained offsets beta_h.
    read_out_coef_ : ndarray of shape (n_outputs, n_units)
        Trained read-out V.
    read_out_intercept_ : ndarray of shape (n_outputs,)
        Trained read-out c.
    alpha_ : float
        L2 strength of the objective.
    loss_curve_ : list of float
        Objective after each pass.
    loss_ : float
        Its last value.
    validation_scores_ : list of float
        Accuracy on the held-out rows after each pass, if ``early_stopping``.
    best_validation_score_ : float
        Their largest.
    n_iter_ : int
        Passes done.
    n_layers_, n_outputs_ : int
        Hidden layers behind the convolutions, and scores a row.
    n_trainable_parameters_ : int
        Kernels and their offsets, 2 H for each half layer, and (H + 1) K.
    n_stored_bytes_ : int
        Bytes of all arrays that prediction needs, frozen weights included.
    n_features_in_ : int
        Pixels of an image, times its channels.
    feature_names_in_ : ndarray of shape (n_features,)
        Names of the columns, if X had any.

    Raises
    ------
    ValueError
        If training diverges (the loss is "non-finite"), images shrink to nothing, or
        the data are not valid.
    MemoryError
        If the hidden layer cannot fit into memory; raised before it is allocated.

    Warns
    -----
    ConvergenceWarning
        If training ends before it has converged, or with more than ten times the
        objective of a read-out of zero.

    See Also
    --------
    ConvHalfLayerRegressor : The same for regression.
    HalfLayerClassifier : Half layers without convolutions.

    References
    ----------
    .. [1] E. Alpaydin, "Half-Layered Neural Networks", arXiv:2506.04352, 2025: crnd
       (``head="half"``), clp ("linear") and cmlp ("full").

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

    _parameter_constraints = {
        **BaseConvHalfLayer._parameter_constraints,
        **ClassifierTraining._parameter_constraints,
    }

    def __init__(
        self,
        hidden_layer_sizes=512,
        weight_kind="normal",
        activation="relu",
        *,
        image_shape=None,
        head="half",
        filters=(16, 32),
        kernel_sizes=(5, 3),
        paddings=("same", "valid"),
        pool_size=2,
        alpha="auto",
        solver="adam",
        init="ridge",
        input_scaling="center",
        batch_size="auto",
        learning_rate="one_cycle",
        learning_rate_init=1e-2,
        max_iter=10,
        tol=1e-4,
        early_stopping=False,
        validation_fraction=0.1,
        n_iter_no_change=10,
        class_weight=None,
        warm_start=False,
        random_state=None,
        device="auto",
        dtype="float32",
        cache_size=1024,
        verbose=False,
    ):
        self.hidden_layer_sizes = hidden_layer_sizes
        self.weight_kind = weight_kind
        self.activation = activation
        self.image_shape = image_shape
        self.head = head
        self.filters = filters
        self.kernel_sizes = kernel_sizes
        self.paddings = paddings
        self.pool_size = pool_size
        self.alpha = alpha
        self.solver = solver
        self.init = init
        self.input_scaling = input_scaling
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.learning_rate_init = learning_rate_init
        self.max_iter = max_iter
        self.tol = tol
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.class_weight = class_weight
        self.warm_start = warm_start
        self.random_state = random_state
        self.device = device
        self.dtype = dtype
        self.cache_size = cache_size
        self.verbose = verbose


class ConvHalfLayerRegressor(ImageInputs, RegressorTraining, BaseConvHalfLayer):
    """Regressor of images: trained convolutions before a half layer.

    Convolution, ReLU and maximum pooling, layer by layer; the features are flattened
    and go to half layers, z_h = g(alpha_h * (r_h . x) + beta_h) with random frozen r_h,
    and those to the read-out V z + c. The error that trains the convolutions
    passes through the frozen weights [1]_. With other heads this is an ordinary
    convolutional network.

    Parameters
    ----------
    hidden_layer_sizes : int or sequence of int, default=512
        Units of each hidden layer behind the convolutions.
    weight_kind : str, object, callable, array or list of these, default="normal"
        How the frozen weights are drawn, as in HalfLayerRegressor; "instances" are
        features of training images.
    activation : str, default="relu"
        g; a name in ``sklearn_halfnet.activations.ACTIVATIONS``.
    image_shape : tuple of int or None, default=None
        (height, width) or (channels, height, width) of the images where X has flat
        rows; one entry may be -1. None takes the shape of X, which then is (n_samples,
        height, width) or (n_samples, channels, height, width).
    head : {"half", "linear", "full"}, default="half"
        Between convolutions and read-out: half layers, nothing, or fully trained
        layers of the same sizes.
    filters : sequence of int, default=(16, 32)
        Filters of each convolutional layer.
    kernel_sizes : sequence of int, default=(5, 3)
        Height and width of its kernels.
    paddings : sequence of {"same", "valid"}, default=("same", "valid")
        Whether images are padded with zeros so that they keep their size.
    pool_size : int, default=2
        Height and width over which the maximum is taken after each convolution.
    alpha : float or "auto", default="auto"
        L2 strength: alpha / 2 times the squared norm of ``read_out_coef_`` is added to
        the mean loss. "auto" is as strong as the ridge regression that generalised
        cross-validation chooses on the hidden layers' start, and at least 1e-4: more
        where rows are few or noise is strong.
    solver : {"adam", "lbfgs"}, default="adam"
        Minibatch Adam, or L-BFGS on the whole training set.
    init : {"ridge", "random"}, default="ridge"
        Start of the read-out: a ridge solution on some thousand rows, or N(0, 1 / H).
    input_scaling : {"standard", "center"} or None, default="center"
        Centre and scale each pixel; centre it only; or do not centre. If pixels are not
        scaled each for itself, one number divides all of them, which leaves grey values
        between 0 and 1 about as they are.
    batch_size : int, "auto" or "full", default="auto"
        Rows a step of Adam; "auto" is min(256, n_samples).
    learning_rate : {"one_cycle", "cosine", "constant"}, default="one_cycle"
        Schedule of Adam's rate, as in HalfLayerRegressor.
    learning_rate_init : float, default=1e-2
        Largest rate of Adam.
    max_iter : int, default=10
        Passes over the data (Adam) or iterations (L-BFGS).
    tol : float, default=1e-4
        Improvement of loss or validation score that counts; for L-BFGS the gradient's
        largest component at which to stop.
    early_stopping : bool, default=False
        Hold rows out, stop when their score no longer improves and go back to the best
        values.
    validation_fraction : float, default=0.1
        Share of rows held out, stratified by class, if ``early_stopping``.
    n_iter_no_change : int, default=10
        Passes without improvement before stopping, with ``early_stopping`` or a
        constant rate.
    warm_start : bool, default=False
        Whether ``fit`` goes on from the values that the last call left.
    random_state : int, RandomState or None, default=None
        Determines weights, start values, batches and held-out rows.
    device : str, default="auto"
        Where to train and predict; "auto" takes a GPU if torch sees one.
    dtype : {"float32", "float64"}, default="float32"
        Precision of training and prediction.
    cache_size : float, default=1024
        Megabytes in which to keep the scaled training images; else they are scaled
        again in each pass.
    verbose : bool or int, default=False
        Whether to print the loss of each pass.

    Attributes
    ----------
    image_shape_ : tuple of int
        (channels, height, width) of the images.
    kernels_ : list of ndarray of shape (n_filters, n_channels, size, size)
        Trained kernels of each convolutional layer.
    biases_ : list of ndarray of shape (n_filters,)
        Their trained offsets.
    weights_ : list of array of shape (n_units, n_inputs)
        Weights of the hidden layers: frozen, or trained with ``head="full"``.
    scales_ : list of ndarray of shape (n_units,)
        Factors alpha_h: trained, or fixed with ``head="full"``.
    shifts_ : list of ndarray of shape (n_units,)
        Trained offsets beta_h.
    read_out_coef_ : ndarray of shape (n_outputs, n_units)
        Trained read-out V.
    read_out_intercept_ : ndarray of shape (n_outputs,)
        Trained read-out c.
    alpha_ : float
        L2 strength of the objective.
    loss_curve_ : list of float
        Objective after each pass.
    loss_ : float
        Its last value.
    validation_scores_ : list of float
        R2 on the held-out rows after each pass, if ``early_stopping``.
    best_validation_score_ : float
        Their largest.
    n_iter_ : int
        Passes done.
    n_layers_, n_outputs_ : int
        Hidden layers behind the convolutions, and scores a row.
    n_trainable_parameters_ : int
        Kernels and their offsets, 2 H for each half layer, and (H + 1) K.
    n_stored_bytes_ : int
        Bytes of all arrays that prediction needs, frozen weights included.
    n_features_in_ : int
        Pixels of an image, times its channels.
    feature_names_in_ : ndarray of shape (n_features,)
        Names of the columns, if X had any.

    Raises
    ------
    ValueError
        If training diverges (the loss is "non-finite"), images shrink to nothing, or
        the data are not valid.
    MemoryError
        If the hidden layer cannot fit into memory; raised before it is allocated.

    Warns
    -----
    ConvergenceWarning
        If training ends before it has converged, or with more than ten times the
        objective of a read-out of zero.

    See Also
    --------
    ConvHalfLayerClassifier : The same for classification.
    HalfLayerRegressor : Half layers without convolutions.

    References
    ----------
    .. [1] E. Alpaydin, "Half-Layered Neural Networks", arXiv:2506.04352, 2025: crnd
       (``head="half"``), clp ("linear") and cmlp ("full").

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

    def __init__(
        self,
        hidden_layer_sizes=512,
        weight_kind="normal",
        activation="relu",
        *,
        image_shape=None,
        head="half",
        filters=(16, 32),
        kernel_sizes=(5, 3),
        paddings=("same", "valid"),
        pool_size=2,
        alpha="auto",
        solver="adam",
        init="ridge",
        input_scaling="center",
        batch_size="auto",
        learning_rate="one_cycle",
        learning_rate_init=1e-2,
        max_iter=10,
        tol=1e-4,
        early_stopping=False,
        validation_fraction=0.1,
        n_iter_no_change=10,
        warm_start=False,
        random_state=None,
        device="auto",
        dtype="float32",
        cache_size=1024,
        verbose=False,
    ):
        self.hidden_layer_sizes = hidden_layer_sizes
        self.weight_kind = weight_kind
        self.activation = activation
        self.image_shape = image_shape
        self.head = head
        self.filters = filters
        self.kernel_sizes = kernel_sizes
        self.paddings = paddings
        self.pool_size = pool_size
        self.alpha = alpha
        self.solver = solver
        self.init = init
        self.input_scaling = input_scaling
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.learning_rate_init = learning_rate_init
        self.max_iter = max_iter
        self.tol = tol
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.warm_start = warm_start
        self.random_state = random_state
        self.device = device
        self.dtype = dtype
        self.cache_size = cache_size
        self.verbose = verbose
