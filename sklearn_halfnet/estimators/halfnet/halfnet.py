"""HalfNet: random weights whose covariance is learned."""

from sklearn.utils._param_validation import StrOptions

from sklearn_halfnet.estimators._trained.training import (
    ClassifierTraining,
    RegressorTraining,
)
from sklearn_halfnet.estimators.halfnet._base import BaseHalfNet

__all__ = ["HalfNetClassifier", "HalfNetRegressor"]


class HalfNetClassifier(ClassifierTraining, BaseHalfNet):
    """Classifier whose random hidden weights have a learned covariance.

    The hidden unit is z_h = g(alpha_h * (z_h . A^T x) / sqrt(r) + beta_h): z_h, r
    numbers drawn from N(0, 1), is frozen, and A (d x r), shared by all units, is
    trained. So a unit's weights A z_h are a draw from N(0, A A^T): not they are learned
    but their distribution [1]_. Trained are d r numbers for A, two for each unit
    and the read-out softmax(V z + c).

    Parameters
    ----------
    hidden_layer_sizes : int or sequence of int, default=512
        Units of each hidden layer. Every layer has an A of its own.
    rank : int or "auto", default="auto"
        Columns r of A, at most the number of a layer's inputs. "auto" is 32, or the
        number of inputs if that is smaller.
    activation : str, default="relu"
        g; a name in ``sklearn_halfnet.activations.ACTIVATIONS``: "relu", "tanh",
        "logistic", "gelu", "cos", "identity", ...
    geometry : {"gradient", "principal", "orthogonal"}, default="gradient"
        Start value of A: directions along which a random-feature ridge regression on
        up to 10,000 rows changes most [2]_; principal directions; or random orthonormal
        directions.
    train_scales : bool, default=True
        Whether to train alpha_h, too; else it stays at one.
    resample_every : int or None, default=None
        Draw all z_h anew after every so many passes, and start the read-out again from
        ridge regression: a regulariser.
    alpha : float or "auto", default="auto"
        L2 strength: alpha / 2 times the squared norm of ``read_out_coef_``, and as much
        for each A, is added to the mean loss. "auto" is as strong as the ridge
        regression that generalised cross-validation chooses on the hidden layers'
        start, and at least 1e-4: more where rows are few or noise is strong.
    solver : {"adam", "lbfgs"}, default="adam"
        Minibatch Adam, or L-BFGS on the whole training set, which suits small data.
    init : {"ridge", "random"}, default="ridge"
        Start of the read-out: a ridge solution on up to 10,000 rows, or N(0, 1 / H).
    polish : {"ridge", "logistic"} or None, default=None
        Refit the read-out after training: by ridge regression whose strength
        generalised cross-validation chooses, which often lowers accuracy on large data;
        or by logistic (softmax) regression until it has converged.
    input_scaling : {"standard", "center"} or None, default="standard"
        Centre and scale the columns; centre them only; or take them as they are, which
        suits images.
    batch_size : int, "auto" or "full", default="auto"
        Rows a step of Adam; "auto" is min(256, n_samples).
    learning_rate : {"one_cycle", "cosine", "constant"}, default="one_cycle"
        Schedule of Adam's rate. The first two end at zero after ``max_iter`` passes;
        with "constant", training stops when the loss no longer falls by ``tol``.
    learning_rate_init : float, default=1e-2
        Largest rate of Adam.
    max_iter : int, default=50
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
        Whether ``fit`` goes on from the values that the last call left. After Ctrl-C
        it does the passes that were left; L-BFGS starts anew from the values.
    random_state : int, RandomState or None, default=None
        Determines z_h, start values, batches and held-out rows.
    device : str, default="auto"
        Where to train; "auto" takes a GPU if torch sees one. Prediction runs in numpy.
    dtype : {"float32", "float64"}, default="float32"
        Precision of training and prediction.
    cache_size : float, default=1024
        Megabytes in which to keep the scaled training rows. If they do not fit, blocks
        are scaled again in each pass. Sparse rows become dense in a block.
    verbose : bool or int, default=False
        Whether to print the loss of each pass.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Class labels.
    weights_ : list of ndarray of shape (n_units, rank)
        Frozen z_h of each layer.
    factors_ : list of ndarray of shape (n_inputs, rank)
        Trained A of each layer, for centred and scaled inputs. It is determined up to
        a rotation of its columns; A A^T is not.
    metric_ : ndarray of shape (n_features, rank)
        A of the first layer in the units of X: x -> x ``metric_`` embeds rows where
        Euclidean distance is the learned metric.
    scales_ : list of ndarray of shape (n_units,)
        Trained factors alpha_h of each layer.
    shifts_ : list of ndarray of shape (n_units,)
        Trained offsets beta_h of each layer.
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
        Hidden layers, and scores a row.
    n_trainable_parameters_ : int
        d r + 2 H for each layer (d r + H without scales), and (H + 1) K.
    n_stored_bytes_ : int
        Bytes of all arrays that prediction needs, frozen numbers included.
    n_features_in_ : int
        Features seen in ``fit``.
    feature_names_in_ : ndarray of shape (n_features,)
        Their names, if X had string column names.

    Raises
    ------
    ValueError
        If training diverges (the loss is "non-finite"), the rank exceeds a layer's
        inputs, or the data are not valid.
    MemoryError
        If the hidden layer cannot fit into memory; raised before it is allocated.

    Warns
    -----
    ConvergenceWarning
        If training ends before it has converged, or with more than ten times the
        objective of a read-out of zero.

    See Also
    --------
    HalfNetRegressor : The same for regression.
    HalfLayerClassifier : Hidden weights of a fixed distribution.

    References
    ----------
    .. [1] E. Alpaydin, "HalfNet", arXiv:2606.04583, 2026.
    .. [2] A. Radhakrishnan, D. Beaglehole, P. Pandit, M. Belkin, "Mechanism for feature
       learning in neural networks and backpropagation-free machine learning models",
       Science 383, 2024.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sklearn.model_selection import train_test_split
    >>> from sklearn_halfnet import HalfNetClassifier
    >>> X, y = load_digits(return_X_y=True)
    >>> X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
    >>> model = HalfNetClassifier(256, rank=8, input_scaling=None, random_state=0)
    >>> bool(model.fit(X_train, y_train).score(X_test, y_test) > 0.95)
    True
    >>> model.n_trainable_parameters_  # 64 * 8 + 2 * 256 + 257 * 10
    3594
    >>> model.transform(X_test).shape
    (450, 8)
    """

    _parameter_constraints = {
        **BaseHalfNet._parameter_constraints,
        **ClassifierTraining._parameter_constraints,
        "polish": [StrOptions({"ridge", "logistic"}), None],
    }

    def __init__(
        self,
        hidden_layer_sizes=512,
        rank="auto",
        activation="relu",
        *,
        geometry="gradient",
        train_scales=True,
        resample_every=None,
        alpha="auto",
        solver="adam",
        init="ridge",
        polish=None,
        input_scaling="standard",
        batch_size="auto",
        learning_rate="one_cycle",
        learning_rate_init=1e-2,
        max_iter=50,
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
        self.rank = rank
        self.activation = activation
        self.geometry = geometry
        self.train_scales = train_scales
        self.resample_every = resample_every
        self.alpha = alpha
        self.solver = solver
        self.init = init
        self.polish = polish
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


class HalfNetRegressor(RegressorTraining, BaseHalfNet):
    """Regressor whose random hidden weights have a learned covariance.

    The hidden unit is z_h = g(alpha_h * (z_h . A^T x) / sqrt(r) + beta_h): z_h, r
    numbers drawn from N(0, 1), is frozen, and A (d x r), shared by all units, is
    trained. So a unit's weights A z_h are a draw from N(0, A A^T): not they are learned
    but their distribution [1]_. Trained are d r numbers for A, two for each unit
    and the read-out V z + c.

    Parameters
    ----------
    hidden_layer_sizes : int or sequence of int, default=512
        Units of each hidden layer. Every layer has an A of its own.
    rank : int or "auto", default="auto"
        Columns r of A, at most the number of a layer's inputs. "auto" is 32, or the
        number of inputs if that is smaller.
    activation : str, default="relu"
        g; a name in ``sklearn_halfnet.activations.ACTIVATIONS``: "relu", "tanh",
        "logistic", "gelu", "cos", "identity", ...
    geometry : {"gradient", "principal", "orthogonal"}, default="gradient"
        Start value of A: directions along which a random-feature ridge regression on
        up to 10,000 rows changes most [2]_; principal directions; or random orthonormal
        directions.
    train_scales : bool, default=True
        Whether to train alpha_h, too; else it stays at one.
    resample_every : int or None, default=None
        Draw all z_h anew after every so many passes, and start the read-out again from
        ridge regression: a regulariser.
    alpha : float or "auto", default="auto"
        L2 strength: alpha / 2 times the squared norm of ``read_out_coef_``, and as much
        for each A, is added to the mean loss. "auto" is as strong as the ridge
        regression that generalised cross-validation chooses on the hidden layers'
        start, and at least 1e-4: more where rows are few or noise is strong.
    solver : {"adam", "lbfgs"}, default="adam"
        Minibatch Adam, or L-BFGS on the whole training set, which suits small data.
    init : {"ridge", "random"}, default="ridge"
        Start of the read-out: a ridge solution on up to 10,000 rows, or N(0, 1 / H).
    polish : "ridge" or None, default=None
        Refit the read-out after training by ridge regression whose strength generalised
        cross-validation chooses.
    input_scaling : {"standard", "center"} or None, default="standard"
        Centre and scale the columns; centre them only; or take them as they are, which
        suits images.
    batch_size : int, "auto" or "full", default="auto"
        Rows a step of Adam; "auto" is min(256, n_samples).
    learning_rate : {"one_cycle", "cosine", "constant"}, default="one_cycle"
        Schedule of Adam's rate. The first two end at zero after ``max_iter`` passes;
        with "constant", training stops when the loss no longer falls by ``tol``.
    learning_rate_init : float, default=1e-2
        Largest rate of Adam.
    max_iter : int, default=50
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
        Whether ``fit`` goes on from the values that the last call left. After Ctrl-C
        it does the passes that were left; L-BFGS starts anew from the values.
    random_state : int, RandomState or None, default=None
        Determines z_h, start values, batches and held-out rows.
    device : str, default="auto"
        Where to train; "auto" takes a GPU if torch sees one. Prediction runs in numpy.
    dtype : {"float32", "float64"}, default="float32"
        Precision of training and prediction.
    cache_size : float, default=1024
        Megabytes in which to keep the scaled training rows. If they do not fit, blocks
        are scaled again in each pass. Sparse rows become dense in a block.
    verbose : bool or int, default=False
        Whether to print the loss of each pass.

    Attributes
    ----------
    weights_ : list of ndarray of shape (n_units, rank)
        Frozen z_h of each layer.
    factors_ : list of ndarray of shape (n_inputs, rank)
        Trained A of each layer, for centred and scaled inputs. It is determined up to
        a rotation of its columns; A A^T is not.
    metric_ : ndarray of shape (n_features, rank)
        A of the first layer in the units of X: x -> x ``metric_`` embeds rows where
        Euclidean distance is the learned metric.
    scales_ : list of ndarray of shape (n_units,)
        Trained factors alpha_h of each layer.
    shifts_ : list of ndarray of shape (n_units,)
        Trained offsets beta_h of each layer.
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
        Hidden layers, and scores a row.
    n_trainable_parameters_ : int
        d r + 2 H for each layer (d r + H without scales), and (H + 1) K.
    n_stored_bytes_ : int
        Bytes of all arrays that prediction needs, frozen numbers included.
    n_features_in_ : int
        Features seen in ``fit``.
    feature_names_in_ : ndarray of shape (n_features,)
        Their names, if X had string column names.

    Raises
    ------
    ValueError
        If training diverges (the loss is "non-finite"), the rank exceeds a layer's
        inputs, or the data are not valid.
    MemoryError
        If the hidden layer cannot fit into memory; raised before it is allocated.

    Warns
    -----
    ConvergenceWarning
        If training ends before it has converged, or with more than ten times the
        objective of a read-out of zero.

    See Also
    --------
    HalfNetClassifier : The same for classification.
    HalfLayerRegressor : Hidden weights of a fixed distribution.

    References
    ----------
    .. [1] E. Alpaydin, "HalfNet", arXiv:2606.04583, 2026.
    .. [2] A. Radhakrishnan, D. Beaglehole, P. Pandit, M. Belkin, "Mechanism for feature
       learning in neural networks and backpropagation-free machine learning models",
       Science 383, 2024.

    Examples
    --------
    >>> from sklearn.model_selection import train_test_split
    >>> from sklearn_halfnet import HalfNetRegressor
    >>> from sklearn_halfnet.datasets import make_multi_index
    >>> X, y = make_multi_index(2000, random_state=0)
    >>> X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
    >>> model = HalfNetRegressor(128, rank=8, alpha=0.01, random_state=0)
    >>> bool(model.fit(X_train, y_train).score(X_test, y_test) > 0.6)
    True
    >>> model.n_trainable_parameters_  # 50 * 8 + 2 * 128 + 129
    785
    """

    _parameter_constraints = {
        **BaseHalfNet._parameter_constraints,
        "polish": [StrOptions({"ridge"}), None],
    }

    def __init__(
        self,
        hidden_layer_sizes=512,
        rank="auto",
        activation="relu",
        *,
        geometry="gradient",
        train_scales=True,
        resample_every=None,
        alpha="auto",
        solver="adam",
        init="ridge",
        polish=None,
        input_scaling="standard",
        batch_size="auto",
        learning_rate="one_cycle",
        learning_rate_init=1e-2,
        max_iter=50,
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
        self.rank = rank
        self.activation = activation
        self.geometry = geometry
        self.train_scales = train_scales
        self.resample_every = resample_every
        self.alpha = alpha
        self.solver = solver
        self.init = init
        self.polish = polish
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
