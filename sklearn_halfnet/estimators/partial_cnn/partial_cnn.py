"""Convolutional networks that are trained in part."""

from sklearn_halfnet.estimators._common.images import ImageInputs
from sklearn_halfnet.estimators._trained.training import (
    ClassifierTraining,
    RegressorTraining,
)
from sklearn_halfnet.estimators.partial_cnn._base import BasePartialCNN

__all__ = ["PartialCNNClassifier", "PartialCNNRegressor"]


class PartialCNNClassifier(ImageInputs, ClassifierTraining, BasePartialCNN):
    r"""Classifier of images by a convolutional network that is trained in part.

    The weights of each convolution are split: a slice of them, such as a tenth of the
    filters, is learned; the rest stays random as it was drawn, or is zero [1]_. The
    fixed part is a constant: no gradient is computed for it and no optimiser state
    kept; a pickled model holds a seed in its place. First blocks that are wholly fixed
    are computed once, for batch norms with the averages of 1,000 training images.

    Parameters
    ----------
    architecture : {"wrn", "densenet", "vgg", "vgg_bn", "alexnet"}, default="wrn"
        Wide residual network; DenseNet-BC; VGG without and with batch normalisation;
        five or more convolutions after AlexNet.
    depth : int from 2 to 2,000, or None, default=None
        Layers with weights: 6 n + 4 for "wrn" and "densenet", else any from 2 on. None
        takes 16, 40, 9, 9 or 6, in the order above.
    width : int or None, default=None
        Of "wrn" the factor on 16, 32 and 64 filters, of "densenet" the growth rate, of
        the others the filters of the first layer. None takes 2, 12, 32, 32 or 32.
    trainable : str or collection of str, default="filters"
        What is learned: "filters", "input_channels", "kernel_rows" or "kernel_columns",
        a slice along that dimension of the weights of each convolution, and with it all
        batch norms and the classifier; a block by its name ("conv1", "block1", ...),
        with its batch norms; "batch_norm", the gains and shifts of all; "classifier";
        or "all". Several names add up.
    fraction : float, default=0.1
        Share of each layer's filters (or channels, rows, columns) that is learned; at
        least one.
    n_filters : int or None, default=None
        How many of each layer's filters (or channels, rows, columns) are learned, in
        place of ``fraction``.
    frozen : {"random", "zero"}, default="random"
        What the rest is: as drawn, or zero. Of zero filters nothing is built: the
        network is narrow, and as much faster.
    select : {"first", "saliency"}, default="first"
        Which filters are learned: the first, as in [1]_, or those with the largest
        \|gradient x weight\| in the beginning, after [2]_.
    image_shape : tuple of int or None, default=None
        (height, width) or (channels, height, width) of the images where X has flat
        rows; one entry may be -1. None takes the shape of X, which then is (n_samples,
        height, width) or (n_samples, channels, height, width).
    head : {"linear", "half", "full"}, default="linear"
        The classifier: a read-out on the last block's channels, averaged over the
        image; with half layers before it; or with fully trained layers.
    hidden_layer_sizes : int or sequence of int, default=512
        Units of each hidden layer of the head "half" or "full".
    weight_kind : str, object, callable, array or list of these, default="normal"
        How the frozen weights of half layers are drawn, as in HalfLayerClassifier.
    activation : str, default="relu"
        Of these hidden layers; a name in
        ``sklearn_halfnet.activations.ACTIVATIONS``.
    alpha : float, default=5e-4
        Weight decay: alpha / 2 times the squared norm of all learned weights of
        convolutions and read-out is added to the mean loss.
    solver : {"sgd", "adam"}, default="sgd"
        Gradient descent with momentum, or Adam, on minibatches.
    momentum : float, default=0.9
        Of ``solver="sgd"``.
    init : {"random", "ridge"}, default="random"
        Start of the read-out: N(0, 1 / H), or a ridge solution on 1,000 rows.
    input_scaling : {"standard", "center"} or None, default="center"
        Centre and scale each pixel; centre it only; or take images as they are. In any
        case all pixels are then divided by one number, their standard deviation.
    batch_size : int, "auto" or "full", default=128
        Rows a step; "auto" is min(256, n_samples).
    learning_rate : {"cosine", "one_cycle", "constant"}, default="cosine"
        Schedule of the rate. The first two end at zero after ``max_iter`` passes.
    learning_rate_init : float, default=0.1
        Largest rate. Networks without batch norms, and Adam, need less.
    max_iter : int, default=10
        Passes over the data.
    flips : bool, default=False
        Whether training images are mirrored, left to right, half of the time.
    crop_padding : int, default=0
        Pixels of zeros put around each training image before a random crop of the old
        size. With flips or crops, blocks that are fixed are computed in each pass.
    tol : float, default=1e-4
        Improvement of loss or validation score that counts.
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
        Whether ``fit`` goes on from the values that the last call left, also where
        Ctrl-C ended it.
    random_state : int, RandomState or None, default=None
        Determines weights, batches, held-out rows, flips and crops.
    device : str, default="auto"
        Where to train and predict; "auto" takes a GPU if torch sees one.
    dtype : {"float32", "float64"}, default="float32"
        Precision of training and prediction.
    cache_size : float, default=1024
        Megabytes in which to keep what the network is fed with: the scaled images, or
        the output of the first blocks, where these are wholly fixed. What does not fit
        is computed again in each pass.
    verbose : bool or int, default=False
        Whether to print the loss of each pass.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Class labels.
    image_shape_ : tuple of int
        (channels, height, width) of the images.
    learned_ : dict of str to ndarray
        What was learned of the blocks, by name: slices of weights ("...learned"),
        biases, gains and shifts of batch norms; and the means and variances of these.
    selected_ : dict of str to ndarray of int, or None
        With ``select="saliency"``, which filters of each convolution are learned (None
        is all).
    weights_ : dict of str to ndarray (n_filters, n_channels, size, size)
        Weights of each convolution, fixed and learned.
    is_learned_ : dict of str to ndarray of bool
        Which of ``weights_`` are learned.
    read_out_coef_ : ndarray of shape (n_outputs, n_units)
        Read-out V.
    read_out_intercept_ : ndarray of shape (n_outputs,)
        Read-out c.
    scales_, shifts_ : list of ndarray of shape (n_units,)
        Factors alpha_h and offsets beta_h of the head's hidden layers.
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
        Hidden layers of the head, and scores a row.
    n_trainable_parameters_ : int
        Numbers learned.
    n_stored_bytes_ : int
        Bytes of what a pickled model holds: the numbers learned and the batch norms'
        averages. What is fixed comes from a seed.
    n_constant_bytes_ : int
        Bytes of what is fixed where no seed stands for it: in members of an ensemble.
    n_features_in_ : int
        Pixels of an image, times its channels.
    feature_names_in_ : ndarray of shape (n_features,)
        Names of the columns, if X had any.

    Raises
    ------
    ValueError
        If training diverges (the loss is "non-finite"), options contradict each other,
        or the data are not valid.
    MemoryError
        If the weights cannot fit into memory; raised before they are drawn.

    Warns
    -----
    ConvergenceWarning
        If training ends before it has converged, or with more than ten times the
        objective of a read-out of zero.

    See Also
    --------
    SharedBackboneEnsembleClassifier : Several networks that share what is fixed.
    ConvHalfLayerClassifier : Two convolutions before a half layer.

    References
    ----------
    .. [1] A. Rosenfeld and J. K. Tsotsos, "Intriguing Properties of Randomly Weighted
       Networks: Generalizing While Learning Next to Nothing", arXiv:1802.00844, 2018.
    .. [2] P. Wimmer, J. Mehnert and A. Condurache, "FreezeNet: Full Performance by
       Reduced Storage Costs", arXiv:2011.14087, 2020.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sklearn_halfnet import PartialCNNClassifier
    >>> X, y = load_digits(return_X_y=True)
    >>> model = PartialCNNClassifier(
    ...     depth=10, width=1, n_filters=2, image_shape=(8, 8), random_state=0
    ... )
    >>> bool(model.fit(X[:1500], y[:1500]).score(X[1500:], y[1500:]) > 0.8)
    True
    >>> model.n_trainable_parameters_, sum(w.size for w in model.weights_.values())
    (4412, 76432)
    """

    _parameter_constraints = {
        **BasePartialCNN._parameter_constraints,
        **ClassifierTraining._parameter_constraints,
    }

    def __init__(
        self,
        architecture="wrn",
        *,
        depth=None,
        width=None,
        trainable="filters",
        fraction=0.1,
        n_filters=None,
        frozen="random",
        select="first",
        image_shape=None,
        head="linear",
        hidden_layer_sizes=512,
        weight_kind="normal",
        activation="relu",
        alpha=5e-4,
        solver="sgd",
        momentum=0.9,
        init="random",
        input_scaling="center",
        batch_size=128,
        learning_rate="cosine",
        learning_rate_init=0.1,
        max_iter=10,
        flips=False,
        crop_padding=0,
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
        self.architecture = architecture
        self.depth = depth
        self.width = width
        self.trainable = trainable
        self.fraction = fraction
        self.n_filters = n_filters
        self.frozen = frozen
        self.select = select
        self.image_shape = image_shape
        self.head = head
        self.hidden_layer_sizes = hidden_layer_sizes
        self.weight_kind = weight_kind
        self.activation = activation
        self.alpha = alpha
        self.solver = solver
        self.momentum = momentum
        self.init = init
        self.input_scaling = input_scaling
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.learning_rate_init = learning_rate_init
        self.max_iter = max_iter
        self.flips = flips
        self.crop_padding = crop_padding
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


class PartialCNNRegressor(ImageInputs, RegressorTraining, BasePartialCNN):
    r"""Regressor of images by a convolutional network that is trained in part.

    The weights of each convolution are split: a slice of them, such as a tenth of the
    filters, is learned; the rest stays random as it was drawn, or is zero [1]_. The
    fixed part is a constant: no gradient is computed for it and no optimiser state
    kept; a pickled model holds a seed in its place. First blocks that are wholly fixed
    are computed once, for batch norms with the averages of 1,000 training images.

    Parameters
    ----------
    architecture : {"wrn", "densenet", "vgg", "vgg_bn", "alexnet"}, default="wrn"
        Wide residual network; DenseNet-BC; VGG without and with batch normalisation;
        five or more convolutions after AlexNet.
    depth : int from 2 to 2,000, or None, default=None
        Layers with weights: 6 n + 4 for "wrn" and "densenet", else any from 2 on. None
        takes 16, 40, 9, 9 or 6, in the order above.
    width : int or None, default=None
        Of "wrn" the factor on 16, 32 and 64 filters, of "densenet" the growth rate, of
        the others the filters of the first layer. None takes 2, 12, 32, 32 or 32.
    trainable : str or collection of str, default="filters"
        What is learned: "filters", "input_channels", "kernel_rows" or "kernel_columns",
        a slice along that dimension of the weights of each convolution, and with it all
        batch norms and the classifier; a block by its name ("conv1", "block1", ...),
        with its batch norms; "batch_norm", the gains and shifts of all; "classifier";
        or "all". Several names add up.
    fraction : float, default=0.1
        Share of each layer's filters (or channels, rows, columns) that is learned; at
        least one.
    n_filters : int or None, default=None
        How many of each layer's filters (or channels, rows, columns) are learned, in
        place of ``fraction``.
    frozen : {"random", "zero"}, default="random"
        What the rest is: as drawn, or zero. Of zero filters nothing is built: the
        network is narrow, and as much faster.
    select : {"first", "saliency"}, default="first"
        Which filters are learned: the first, as in [1]_, or those with the largest
        \|gradient x weight\| in the beginning, after [2]_.
    image_shape : tuple of int or None, default=None
        (height, width) or (channels, height, width) of the images where X has flat
        rows; one entry may be -1. None takes the shape of X, which then is (n_samples,
        height, width) or (n_samples, channels, height, width).
    head : {"linear", "half", "full"}, default="linear"
        The classifier: a read-out on the last block's channels, averaged over the
        image; with half layers before it; or with fully trained layers.
    hidden_layer_sizes : int or sequence of int, default=512
        Units of each hidden layer of the head "half" or "full".
    weight_kind : str, object, callable, array or list of these, default="normal"
        How the frozen weights of half layers are drawn, as in HalfLayerRegressor.
    activation : str, default="relu"
        Of these hidden layers; a name in
        ``sklearn_halfnet.activations.ACTIVATIONS``.
    alpha : float, default=5e-4
        Weight decay: alpha / 2 times the squared norm of all learned weights of
        convolutions and read-out is added to the mean loss.
    solver : {"sgd", "adam"}, default="sgd"
        Gradient descent with momentum, or Adam, on minibatches.
    momentum : float, default=0.9
        Of ``solver="sgd"``.
    init : {"random", "ridge"}, default="random"
        Start of the read-out: N(0, 1 / H), or a ridge solution on 1,000 rows.
    input_scaling : {"standard", "center"} or None, default="center"
        Centre and scale each pixel; centre it only; or take images as they are. In any
        case all pixels are then divided by one number, their standard deviation.
    batch_size : int, "auto" or "full", default=128
        Rows a step; "auto" is min(256, n_samples).
    learning_rate : {"cosine", "one_cycle", "constant"}, default="cosine"
        Schedule of the rate. The first two end at zero after ``max_iter`` passes.
    learning_rate_init : float, default=0.1
        Largest rate. Networks without batch norms, and Adam, need less.
    max_iter : int, default=10
        Passes over the data.
    flips : bool, default=False
        Whether training images are mirrored, left to right, half of the time.
    crop_padding : int, default=0
        Pixels of zeros put around each training image before a random crop of the old
        size. With flips or crops, blocks that are fixed are computed in each pass.
    tol : float, default=1e-4
        Improvement of loss or validation score that counts.
    early_stopping : bool, default=False
        Hold rows out, stop when their score no longer improves and go back to the best
        values.
    validation_fraction : float, default=0.1
        Share of rows held out if ``early_stopping``.
    n_iter_no_change : int, default=10
        Passes without improvement before stopping, with ``early_stopping`` or a
        constant rate.
    warm_start : bool, default=False
        Whether ``fit`` goes on from the values that the last call left, also where
        Ctrl-C ended it.
    random_state : int, RandomState or None, default=None
        Determines weights, batches, held-out rows, flips and crops.
    device : str, default="auto"
        Where to train and predict; "auto" takes a GPU if torch sees one.
    dtype : {"float32", "float64"}, default="float32"
        Precision of training and prediction.
    cache_size : float, default=1024
        Megabytes in which to keep what the network is fed with: the scaled images, or
        the output of the first blocks, where these are wholly fixed. What does not fit
        is computed again in each pass.
    verbose : bool or int, default=False
        Whether to print the loss of each pass.

    Attributes
    ----------
    image_shape_ : tuple of int
        (channels, height, width) of the images.
    learned_ : dict of str to ndarray
        What was learned of the blocks, by name: slices of weights ("...learned"),
        biases, gains and shifts of batch norms; and the means and variances of these.
    selected_ : dict of str to ndarray of int, or None
        With ``select="saliency"``, which filters of each convolution are learned (None
        is all).
    weights_ : dict of str to ndarray (n_filters, n_channels, size, size)
        Weights of each convolution, fixed and learned.
    is_learned_ : dict of str to ndarray of bool
        Which of ``weights_`` are learned.
    read_out_coef_ : ndarray of shape (n_outputs, n_units)
        Read-out V.
    read_out_intercept_ : ndarray of shape (n_outputs,)
        Read-out c.
    scales_, shifts_ : list of ndarray of shape (n_units,)
        Factors alpha_h and offsets beta_h of the head's hidden layers.
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
        Hidden layers of the head, and scores a row.
    n_trainable_parameters_ : int
        Numbers learned.
    n_stored_bytes_ : int
        Bytes of what a pickled model holds: the numbers learned and the batch norms'
        averages. What is fixed comes from a seed.
    n_constant_bytes_ : int
        Bytes of what is fixed where no seed stands for it: in members of an ensemble.
    n_features_in_ : int
        Pixels of an image, times its channels.
    feature_names_in_ : ndarray of shape (n_features,)
        Names of the columns, if X had any.

    Raises
    ------
    ValueError
        If training diverges (the loss is "non-finite"), options contradict each other,
        or the data are not valid.
    MemoryError
        If the weights cannot fit into memory; raised before they are drawn.

    Warns
    -----
    ConvergenceWarning
        If training ends before it has converged, or with more than ten times the
        objective of a read-out of zero.

    See Also
    --------
    PartialCNNClassifier : The same for classification.
    ConvHalfLayerRegressor : Two convolutions before a half layer.

    References
    ----------
    .. [1] A. Rosenfeld and J. K. Tsotsos, "Intriguing Properties of Randomly Weighted
       Networks: Generalizing While Learning Next to Nothing", arXiv:1802.00844, 2018.
    .. [2] P. Wimmer, J. Mehnert and A. Condurache, "FreezeNet: Full Performance by
       Reduced Storage Costs", arXiv:2011.14087, 2020.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sklearn_halfnet import PartialCNNRegressor
    >>> X, y = load_digits(return_X_y=True)
    >>> model = PartialCNNRegressor(
    ...     depth=10, width=1, n_filters=2, image_shape=(8, 8), random_state=0
    ... )
    >>> bool(model.fit(X[:1500], y[:1500]).score(X[1500:], y[1500:]) > 0.5)
    True
    >>> model.n_trainable_parameters_, sum(w.size for w in model.weights_.values())
    (3827, 76432)
    """

    _parameter_constraints = {
        **BasePartialCNN._parameter_constraints,
    }

    def __init__(
        self,
        architecture="wrn",
        *,
        depth=None,
        width=None,
        trainable="filters",
        fraction=0.1,
        n_filters=None,
        frozen="random",
        select="first",
        image_shape=None,
        head="linear",
        hidden_layer_sizes=512,
        weight_kind="normal",
        activation="relu",
        alpha=5e-4,
        solver="sgd",
        momentum=0.9,
        init="random",
        input_scaling="center",
        batch_size=128,
        learning_rate="cosine",
        learning_rate_init=0.1,
        max_iter=10,
        flips=False,
        crop_padding=0,
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
        self.architecture = architecture
        self.depth = depth
        self.width = width
        self.trainable = trainable
        self.fraction = fraction
        self.n_filters = n_filters
        self.frozen = frozen
        self.select = select
        self.image_shape = image_shape
        self.head = head
        self.hidden_layer_sizes = hidden_layer_sizes
        self.weight_kind = weight_kind
        self.activation = activation
        self.alpha = alpha
        self.solver = solver
        self.momentum = momentum
        self.init = init
        self.input_scaling = input_scaling
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.learning_rate_init = learning_rate_init
        self.max_iter = max_iter
        self.flips = flips
        self.crop_padding = crop_padding
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
