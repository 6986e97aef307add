"""Half layers: random frozen weights, two trained numbers a hidden unit."""

from sklearn_halfnet.estimators._trained.training import (
    ClassifierTraining,
    RegressorTraining,
)
from sklearn_halfnet.estimators.half_layers._base import BaseHalfLayer

__all__ = ["HalfLayerClassifier", "HalfLayerRegressor"]


class HalfLayerClassifier(ClassifierTraining, BaseHalfLayer):
    """Classifier whose hidden weights are random and frozen.

    The hidden unit is z_h = g(alpha_h * (r_h . x) + beta_h): its weights r_h are drawn
    at random and frozen, and two numbers are trained, alpha_h and beta_h, however many
    inputs there are; and the read-out softmax(V z + c) [1]_. As r_h . x never
    changes, it is computed once, and a pass over the data takes the same time
    for any number of features.

    Parameters
    ----------
    hidden_layer_sizes : int or sequence of int, default=512
        Units of each hidden layer. Layers after the first are half layers too, fed by
        the one before.
    weight_kind : str, object, callable, array or list of these, default="normal"
        How the frozen weights are drawn: a name in ``sklearn_halfnet.weights.WEIGHTS``,
        a configured object such as ``MexicanHatWeights(image_shape=(28, 28))``, an
        object with a method ``sample`` or a function of your own, or ready weights of
        shape (n_units, n_inputs). A list gives one a layer.
    activation : str, default="relu"
        g; a name in ``sklearn_halfnet.activations.ACTIVATIONS``: "relu", "tanh",
        "logistic", "gelu", "cos", "identity", ...
    alpha : float or "auto", default="auto"
        L2 strength: alpha / 2 times the squared norm of ``read_out_coef_`` is added to
        the mean loss. "auto" is as strong as the ridge regression that generalised
        cross-validation chooses on the hidden layers' start, and at least 1e-4: more
        where rows are few or noise is strong.
    solver : {"adam", "lbfgs"}, default="adam"
        Minibatch Adam, or L-BFGS on the whole training set, which suits small data.
    init : {"ridge", "random"}, default="ridge"
        Start of the read-out: a ridge solution on up to 10,000 rows, or N(0, 1 / H).
    polish : bool, default=False
        Refit the read-out in closed form after training, by ridge regression whose
        strength generalised cross-validation chooses. On regression this can help; on
        classification it often lowers accuracy.
    input_scaling : {"standard", "center"} or None, default="standard"
        Centre and scale the columns; centre them only, which suits images, whose
        pixels share one unit; or take them as they are.
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
        Determines weights, start values, batches and held-out rows. The same int gives
        the same weights on every machine, device and number of threads.
    device : str, default="auto"
        Where to train; "auto" takes a GPU if torch sees one. Prediction runs in numpy.
    dtype : {"float32", "float64"}, default="float32"
        Precision of training and prediction.
    cache_size : float, default=1024
        Megabytes in which to keep the projection of the training rows on the frozen
        weights. If it does not fit it is computed again in each pass: the same result,
        more slowly.
    verbose : bool or int, default=False
        Whether to print the loss of each pass.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Class labels.
    weights_ : list of array of shape (n_units, n_inputs)
        Frozen weights r_h of each layer; sparse for a sparse kind.
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
        2 H for each layer and (H + 1) K for the read-out.
    n_stored_bytes_ : int
        Bytes of all arrays that prediction needs, frozen weights included.
    n_features_in_ : int
        Features seen in ``fit``.
    feature_names_in_ : ndarray of shape (n_features,)
        Their names, if X had string column names.

    Raises
    ------
    ValueError
        If training diverges (the loss is "non-finite"), or the data are not valid.
    MemoryError
        If the hidden layer cannot fit into memory; raised before it is allocated.

    Warns
    -----
    ConvergenceWarning
        If training ends before it has converged, or with more than ten times the
        objective of a read-out of zero.

    See Also
    --------
    HalfLayerRegressor : The same for regression.
    sklearn.neural_network.MLPClassifier : All weights trained.

    References
    ----------
    .. [1] E. Alpaydin, "Half-Layered Neural Networks", arXiv:2506.04352, 2025.

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

    _parameter_constraints = {
        **BaseHalfLayer._parameter_constraints,
        **ClassifierTraining._parameter_constraints,
    }

    def __init__(
        self,
        hidden_layer_sizes=512,
        weight_kind="normal",
        activation="relu",
        *,
        alpha="auto",
        solver="adam",
        init="ridge",
        polish=False,
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
        self.weight_kind = weight_kind
        self.activation = activation
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


class HalfLayerRegressor(RegressorTraining, BaseHalfLayer):
    """Regressor whose hidden weights are random and frozen.

    The hidden unit is z_h = g(alpha_h * (r_h . x) + beta_h): its weights r_h are drawn
    at random and frozen, and two numbers are trained, alpha_h and beta_h, however many
    inputs there are; and the read-out V z + c [1]_. As r_h . x never
    changes, it is computed once, and a pass over the data takes the same time
    for any number of features.

    Parameters
    ----------
    hidden_layer_sizes : int or sequence of int, default=512
        Units of each hidden layer. Layers after the first are half layers too, fed by
        the one before.
    weight_kind : str, object, callable, array or list of these, default="normal"
        How the frozen weights are drawn: a name in ``sklearn_halfnet.weights.WEIGHTS``,
        a configured object such as ``MexicanHatWeights(image_shape=(28, 28))``, an
        object with a method ``sample`` or a function of your own, or ready weights of
        shape (n_units, n_inputs). A list gives one a layer.
    activation : str, default="relu"
        g; a name in ``sklearn_halfnet.activations.ACTIVATIONS``: "relu", "tanh",
        "logistic", "gelu", "cos", "identity", ...
    alpha : float or "auto", default="auto"
        L2 strength: alpha / 2 times the squared norm of ``read_out_coef_`` is added to
        the mean loss. "auto" is as strong as the ridge regression that generalised
        cross-validation chooses on the hidden layers' start, and at least 1e-4: more
        where rows are few or noise is strong.
    solver : {"adam", "lbfgs"}, default="adam"
        Minibatch Adam, or L-BFGS on the whole training set, which suits small data.
    init : {"ridge", "random"}, default="ridge"
        Start of the read-out: a ridge solution on up to 10,000 rows, or N(0, 1 / H).
    polish : bool, default=False
        Refit the read-out in closed form after training, by ridge regression whose
        strength generalised cross-validation chooses. On regression this can help; on
        classification it often lowers accuracy.
    input_scaling : {"standard", "center"} or None, default="standard"
        Centre and scale the columns; centre them only, which suits images, whose
        pixels share one unit; or take them as they are.
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
        Determines weights, start values, batches and held-out rows. The same int gives
        the same weights on every machine, device and number of threads.
    device : str, default="auto"
        Where to train; "auto" takes a GPU if torch sees one. Prediction runs in numpy.
    dtype : {"float32", "float64"}, default="float32"
        Precision of training and prediction.
    cache_size : float, default=1024
        Megabytes in which to keep the projection of the training rows on the frozen
        weights. If it does not fit it is computed again in each pass: the same result,
        more slowly.
    verbose : bool or int, default=False
        Whether to print the loss of each pass.

    Attributes
    ----------
    weights_ : list of array of shape (n_units, n_inputs)
        Frozen weights r_h of each layer; sparse for a sparse kind.
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
        2 H for each layer and (H + 1) K for the read-out.
    n_stored_bytes_ : int
        Bytes of all arrays that prediction needs, frozen weights included.
    n_features_in_ : int
        Features seen in ``fit``.
    feature_names_in_ : ndarray of shape (n_features,)
        Their names, if X had string column names.

    Raises
    ------
    ValueError
        If training diverges (the loss is "non-finite"), or the data are not valid.
    MemoryError
        If the hidden layer cannot fit into memory; raised before it is allocated.

    Warns
    -----
    ConvergenceWarning
        If training ends before it has converged, or with more than ten times the
        objective of a read-out of zero.

    See Also
    --------
    HalfLayerClassifier : The same for classification.
    sklearn.neural_network.MLPRegressor : All weights trained.

    References
    ----------
    .. [1] E. Alpaydin, "Half-Layered Neural Networks", arXiv:2506.04352, 2025.

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

    def __init__(
        self,
        hidden_layer_sizes=512,
        weight_kind="normal",
        activation="relu",
        *,
        alpha="auto",
        solver="adam",
        init="ridge",
        polish=False,
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
        self.weight_kind = weight_kind
        self.activation = activation
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
