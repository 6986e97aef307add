"""RVFL: ELM with direct links from the inputs to the read-out."""

from sklearn_halfnet.estimators.closed_form._kinds import (
    ClosedFormClassifier,
    ClosedFormRegressor,
)

__all__ = ["RVFLClassifier", "RVFLRegressor"]


class RVFLClassifier(ClosedFormClassifier):
    """Random vector functional link network for classification.

    Features are [h, x]: hidden units h = g(scale * (r . x) + b) with random r and b,
    and the scaled inputs. The read-out is their ridge regression, in closed form [1]_.
    Probabilities are calibrated on the leave-one-out scores of up to 2,000 rows: no
    second fit, and no rows held out.

    Parameters
    ----------
    hidden_layer_sizes : int or sequence of int, default=1000
        Units of each hidden layer. With several layers, each is fed by the one before,
        and the read-out sees all of them (deep RVFL [2]_).
    weight_kind : str, object, callable, array or list of these, default="normal"
        How the frozen weights are drawn: a name in ``sklearn_halfnet.weights.WEIGHTS``,
        a configured object such as ``ReceptiveFieldWeights("class_sums")``, an object
        with a method ``sample`` or a function of your own, or ready weights of shape
        (n_units, n_inputs). A list gives one a layer.
    activation : str, default="relu"
        g; a name in ``sklearn_halfnet.activations.ACTIVATIONS``.
    alpha : "gcv", "loo" or float, default="gcv"
        Ridge strength as in scikit-learn's ``Ridge``: sum of squares plus alpha times
        the squared norm of the read-out of 0/1 targets. "gcv" chooses it by generalised
        cross-validation; "loo" by leave-one-out errors of up to 2,000 rows. Both count
        rows, whatever the scale of their weights.
    alphas : array-like of shape (n_alphas,), default=None
        Candidates for "gcv" and "loo". None spans nine decades, up to 100 times the
        largest eigenvalue of the features' Gram matrix.
    scale : "auto" or float, default="auto"
        "auto" gives each unit's pre-activation unit variance, so that units are neither
        dead nor saturated; a number multiplies the weights as drawn.
    bias : {"auto", "normal", "uniform", "zero"}, default="auto"
        Distribution of b: N(0, 1), uniform over [-pi, pi], or none; "auto" is "uniform"
        for "cos" and "sin" and else "normal".
    input_scaling : {"standard", "center"} or None, default="standard"
        Centre and scale the columns; centre them only, which suits images; or take them
        as they are.
    read_out : {"all", "ensemble"}, default="all"
        One read-out over all layers, or one a layer, averaged (ensemble deep RVFL).
    class_weight : dict, list of dict, "balanced" or None, default=None
        Weights of classes; multiplied with ``sample_weight``.
    random_state : int, RandomState or None, default=None
        Determines the weights and biases.
    dtype : {"float32", "float64"}, default="float32"
        Precision of features and their products; sums and solution are float64.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Class labels.
    read_out_coef_ : ndarray of shape (n_outputs, n_columns)
        Read-out; columns are the layers' units in order, then the scaled inputs.
    read_out_intercept_ : ndarray of shape (n_outputs,)
        Its constants.
    alpha_ : float or ndarray of shape (n_layers,)
        Ridge strength used; one a layer if ``read_out="ensemble"``.
    weights_ : list of array of shape (n_units, n_inputs)
        Frozen weights of each layer.
    gram_ : Gram or list of Gram
        Sums over all rows seen, one for each read-out.
    n_trainable_parameters_, n_stored_bytes_ : int
        Numbers of the read-out; bytes of all arrays that prediction needs.
    n_features_in_ : int
        Features seen in ``fit``.
    feature_names_in_ : ndarray of shape (n_features,)
        Their names, if X had string column names.

    See Also
    --------
    RVFLRegressor : The same for regression.
    ELMClassifier : Without direct links from the inputs to the read-out.

    References
    ----------
    .. [1] Y.-H. Pao, G.-H. Park, D. J. Sobajic, "Learning and generalization
       characteristics of the random vector functional-link net", Neurocomputing 6
       (1994), section 2.
    .. [2] C. Gallicchio, S. Scardapane, "Deep randomized neural networks", in Recent
       Trends in Learning From Data (2020), section 3.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sklearn.model_selection import train_test_split
    >>> from sklearn_halfnet import RVFLClassifier
    >>> X_train, X_test, y_train, y_test = train_test_split(
    ...     *load_digits(return_X_y=True), random_state=0
    ... )
    >>> model = RVFLClassifier(500, random_state=0).fit(X_train, y_train)
    >>> model.score(X_test, y_test) > 0.95
    True
    """

    _direct_links = True


class RVFLRegressor(ClosedFormRegressor):
    """Random vector functional link network for regression.

    Features are [h, x]: hidden units h = g(scale * (r . x) + b) with random r and b,
    and the scaled inputs. The read-out is their ridge regression, in closed form [1]_.

    Parameters
    ----------
    hidden_layer_sizes : int or sequence of int, default=1000
        Units of each hidden layer. With several layers, each is fed by the one before,
        and the read-out sees all of them (deep RVFL [2]_).
    weight_kind : str, object, callable, array or list of these, default="normal"
        How the frozen weights are drawn: a name in ``sklearn_halfnet.weights.WEIGHTS``,
        a configured object such as ``ReceptiveFieldWeights("class_sums")``, an object
        with a method ``sample`` or a function of your own, or ready weights of shape
        (n_units, n_inputs). A list gives one a layer.
    activation : str, default="relu"
        g; a name in ``sklearn_halfnet.activations.ACTIVATIONS``.
    alpha : "gcv", "loo" or float, default="gcv"
        Ridge strength as in scikit-learn's ``Ridge``: sum of squares plus alpha times
        the squared norm of the read-out of standardised targets. "gcv" chooses it by
        generalised cross-validation; "loo" by leave-one-out errors of up to 2,000 rows.
        Both count rows, whatever the scale of their weights.
    alphas : array-like of shape (n_alphas,), default=None
        Candidates for "gcv" and "loo". None spans nine decades, up to 100 times the
        largest eigenvalue of the features' Gram matrix.
    scale : "auto" or float, default="auto"
        "auto" gives each unit's pre-activation unit variance, so that units are neither
        dead nor saturated; a number multiplies the weights as drawn.
    bias : {"auto", "normal", "uniform", "zero"}, default="auto"
        Distribution of b: N(0, 1), uniform over [-pi, pi], or none; "auto" is "uniform"
        for "cos" and "sin" and else "normal".
    input_scaling : {"standard", "center"} or None, default="standard"
        Centre and scale the columns; centre them only, which suits images; or take them
        as they are.
    read_out : {"all", "ensemble"}, default="all"
        One read-out over all layers, or one a layer, averaged (ensemble deep RVFL).
    random_state : int, RandomState or None, default=None
        Determines the weights and biases.
    dtype : {"float32", "float64"}, default="float32"
        Precision of features and their products; sums and solution are float64.

    Attributes
    ----------
    read_out_coef_ : ndarray of shape (n_outputs, n_columns)
        Read-out; columns are the layers' units in order, then the scaled inputs.
    read_out_intercept_ : ndarray of shape (n_outputs,)
        Its constants.
    alpha_ : float or ndarray of shape (n_layers,)
        Ridge strength used; one a layer if ``read_out="ensemble"``.
    weights_ : list of array of shape (n_units, n_inputs)
        Frozen weights of each layer.
    gram_ : Gram or list of Gram
        Sums over all rows seen, one for each read-out.
    n_trainable_parameters_, n_stored_bytes_ : int
        Numbers of the read-out; bytes of all arrays that prediction needs.
    n_features_in_ : int
        Features seen in ``fit``.
    feature_names_in_ : ndarray of shape (n_features,)
        Their names, if X had string column names.

    See Also
    --------
    RVFLClassifier : The same for classification.
    ELMRegressor : Without direct links from the inputs to the read-out.

    References
    ----------
    .. [1] Y.-H. Pao, G.-H. Park, D. J. Sobajic, "Learning and generalization
       characteristics of the random vector functional-link net", Neurocomputing 6
       (1994), section 2.
    .. [2] C. Gallicchio, S. Scardapane, "Deep randomized neural networks", in Recent
       Trends in Learning From Data (2020), section 3.

    Examples
    --------
    >>> from sklearn.datasets import make_friedman1
    >>> from sklearn_halfnet import RVFLRegressor
    >>> X, y = make_friedman1(500, random_state=0)
    >>> model = RVFLRegressor(200, random_state=0).fit(X[:400], y[:400])
    >>> model.score(X[400:], y[400:]) > 0.8
    True
    """

    _direct_links = True
