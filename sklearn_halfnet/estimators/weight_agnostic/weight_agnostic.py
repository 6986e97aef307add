"""Weight-agnostic networks: the topology is searched, one weight is shared."""

import numpy as np
from scipy.special import log_softmax, logsumexp
from sklearn.base import _fit_context
from sklearn.callback import with_callbacks
from sklearn.utils._param_validation import StrOptions

from sklearn_halfnet.estimators._common.legacy_outputs import (
    ClassifierOutputs,
    RegressorOutputs,
)
from sklearn_halfnet.estimators.weight_agnostic._base import BaseWeightAgnostic
from sklearn_halfnet.features.shared_weight import NODE_ACTIVATIONS

__all__ = ["WeightAgnosticClassifier", "WeightAgnosticRegressor"]


class WeightAgnosticClassifier(ClassifierOutputs, BaseWeightAgnostic):
    """Classifier whose topology is searched and whose connections share one weight.

    The graph is chosen to do well for every shared weight of a list, so that the
    weight hardly matters [1]_. Beside the graph, training data set the scaling of
    the inputs and a calibration of the outputs:
    for each shared weight and output an offset, and a factor that the classes of a
    multiclass problem share, by maximum likelihood with the rows' weights. A graph
    without connections predicts the frequencies of the classes.

    Parameters
    ----------
    search : {"guided", "evolution"}, default="guided"
        Score possible changes by derivatives of the loss, or mutate a population as
        published.
    shared_weights : array-like of shape (W,), default=(-2, -1, -0.5, 0.5, 1, 2)
        Values for which the graph must do well.
    population_size : int, default=96
        Genomes of the evolution; guided: new nodes scored a step, at most 32.
    max_iter : int, default=300
        Steps of the search, or generations.
    max_time : float or None, default=None
        Seconds after which to stop. The result then depends on the machine.
    batch_size : int or "full", default=1000
        Rows a step.
    complexity_penalty : float, default=1e-4
        Fall of the mean loss that a connection must earn in guided search.
    max_connections : int, default=450
        Connections allowed.
    activations : sequence of str, default=all nine
        Of hidden nodes: "linear", "step", "sin", "gaussian", "tanh", "logistic",
        "inverse", "absolute", "relu".
    mutation_probabilities : sequence of 4 floats, default=(0.2, 0.25, 0.05, 0.5)
        Evolution: new connection, split by a node, enable again, other activation.
    input_scaling : {"standard", "center"} or None, default="standard"
        Centre the columns and scale each, or all by one number (images), or neither.
    predict_with : {"ensemble", "tuned", "mean"}, default="ensemble"
        Mean probability over the shared weights, the best weight alone, or the mean
        score.
    class_weight : dict, list of dict, "balanced" or None, default=None
        Weights of classes; multiplied with ``sample_weight``.
    warm_start : bool, default=False
        Whether ``fit`` goes on with the search of the last call; ``search``,
        ``shared_weights``, ``input_scaling`` and ``dtype`` must stay, other settings
        may change.
    n_jobs : int or None, default=None
        Threads that evaluate a population; the result is the same.
    random_state : int, RandomState or None, default=None
        Determines batches, new nodes and mutations.
    dtype : {"float32", "float64"}, default="float32"
        Precision of search and prediction.
    verbose : bool or int, default=False
        Whether to print each step.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Class labels.
    connections_ : ndarray of shape (d + 1 + H, H + K)
        Connections of inputs, bias and hidden nodes (rows) to hidden nodes and outputs
        (columns): 0 or 1; real numbers after ``train_weights``.
    node_activations_ : ndarray of shape (H,) of str
        Activation of each hidden node.
    n_connections_ : int
        Connections present.
    shared_weights_ : ndarray of shape (W,)
        Weights of the ensemble.
    tuned_weight_ : float
        The shared weight of the smallest training loss.
    pareto_front_ : ndarray of shape (n_graphs, 2)
        Connections and training loss of the graphs that no other one beats in both.
    history_ : list of dict
        Loss, connections and seconds after each step.
    loss_ : float
        Mean loss over the shared weights on up to 5,000 training rows.
    n_iter_ : int
        Steps done.
    n_trainable_parameters_ : int
        Real numbers that were fitted: factors and offsets of the shared weights, and
        the connections' weights after ``train_weights``.
    n_features_in_ : int
        Features seen in ``fit``.
    feature_names_in_ : ndarray of shape (n_features,)
        Their names, if X had string column names.

    References
    ----------
    .. [1] A. Gaier and D. Ha, "Weight Agnostic Neural Networks", arXiv:1906.04358,
       2019.

    Examples
    --------
    >>> from sklearn.datasets import load_wine
    >>> from sklearn_halfnet import WeightAgnosticClassifier
    >>> X, y = load_wine(return_X_y=True)
    >>> model = WeightAgnosticClassifier(max_iter=50, random_state=0).fit(X, y)
    >>> bool(model.score(X, y) > 0.9)
    True
    """

    _parameter_constraints = {
        **BaseWeightAgnostic._parameter_constraints,
        "class_weight": [StrOptions({"balanced"}), dict, list, None],
    }

    def __init__(
        self,
        search="guided",
        *,
        shared_weights=(-2, -1, -0.5, 0.5, 1, 2),
        population_size=96,
        max_iter=300,
        max_time=None,
        batch_size=1000,
        complexity_penalty=1e-4,
        max_connections=450,
        activations=tuple(NODE_ACTIVATIONS),
        mutation_probabilities=(0.2, 0.25, 0.05, 0.5),
        input_scaling="standard",
        predict_with="ensemble",
        class_weight=None,
        warm_start=False,
        n_jobs=None,
        random_state=None,
        dtype="float32",
        verbose=False,
    ):
        self.search = search
        self.shared_weights = shared_weights
        self.population_size = population_size
        self.max_iter = max_iter
        self.max_time = max_time
        self.batch_size = batch_size
        self.complexity_penalty = complexity_penalty
        self.max_connections = max_connections
        self.activations = activations
        self.mutation_probabilities = mutation_probabilities
        self.input_scaling = input_scaling
        self.predict_with = predict_with
        self.class_weight = class_weight
        self.warm_start = warm_start
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.dtype = dtype
        self.verbose = verbose

    @with_callbacks
    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y, sample_weight=None):
        """Search a graph.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            A sparse matrix is made dense.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
        sample_weight : array-like of shape (n_samples,), default=None

        Returns
        -------
        self : WeightAgnosticClassifier
        """
        return self._fit(X, y, sample_weight)

    def _pooled(self, scores):
        """Scores whose probabilities are the mean over the shared weights."""
        if self.predict_with == "mean":
            return scores.mean(axis=0)
        if self._targets.kind == "multiclass":
            logs = log_softmax(scores, axis=2)
            return logsumexp(logs, axis=0) - np.log(len(scores))
        positive, negative = (
            logsumexp(-np.logaddexp(0, sign * scores), axis=0) for sign in (-1, 1)
        )
        return positive - negative


class WeightAgnosticRegressor(RegressorOutputs, BaseWeightAgnostic):
    """Regressor whose topology is searched and whose connections share one weight.

    The graph is chosen to do well for every shared weight of a list, so that the
    weight hardly matters [1]_. Beside the graph, training data set the scaling of
    the inputs and a calibration of the outputs:
    a factor and an offset a shared weight and output, in closed form.

    Parameters
    ----------
    search : {"guided", "evolution"}, default="guided"
        Score possible changes by derivatives of the loss, or mutate a population as
        published.
    shared_weights : array-like of shape (W,), default=(-2, -1, -0.5, 0.5, 1, 2)
        Values for which the graph must do well.
    population_size : int, default=96
        Genomes of the evolution; guided: new nodes scored a step, at most 32.
    max_iter : int, default=300
        Steps of the search, or generations.
    max_time : float or None, default=None
        Seconds after which to stop. The result then depends on the machine.
    batch_size : int or "full", default=1000
        Rows a step.
    complexity_penalty : float, default=1e-4
        Fall of the mean loss that a connection must earn in guided search.
    max_connections : int, default=450
        Connections allowed.
    activations : sequence of str, default=all nine
        Of hidden nodes: "linear", "step", "sin", "gaussian", "tanh", "logistic",
        "inverse", "absolute", "relu".
    mutation_probabilities : sequence of 4 floats, default=(0.2, 0.25, 0.05, 0.5)
        Evolution: new connection, split by a node, enable again, other activation.
    input_scaling : {"standard", "center"} or None, default="standard"
        Centre the columns and scale each, or all by one number (images), or neither.
    predict_with : {"ensemble", "tuned", "mean"}, default="ensemble"
        Mean prediction over the shared weights, the best weight alone, or the mean
        score.
    warm_start : bool, default=False
        Whether ``fit`` goes on with the search of the last call; ``search``,
        ``shared_weights``, ``input_scaling`` and ``dtype`` must stay, other settings
        may change.
    n_jobs : int or None, default=None
        Threads that evaluate a population; the result is the same.
    random_state : int, RandomState or None, default=None
        Determines batches, new nodes and mutations.
    dtype : {"float32", "float64"}, default="float32"
        Precision of search and prediction.
    verbose : bool or int, default=False
        Whether to print each step.

    Attributes
    ----------
    connections_ : ndarray of shape (d + 1 + H, H + K)
        Connections of inputs, bias and hidden nodes (rows) to hidden nodes and outputs
        (columns): 0 or 1; real numbers after ``train_weights``.
    node_activations_ : ndarray of shape (H,) of str
        Activation of each hidden node.
    n_connections_ : int
        Connections present.
    shared_weights_ : ndarray of shape (W,)
        Weights of the ensemble.
    tuned_weight_ : float
        The shared weight of the smallest training loss.
    pareto_front_ : ndarray of shape (n_graphs, 2)
        Connections and training loss of the graphs that no other one beats in both.
    history_ : list of dict
        Loss, connections and seconds after each step.
    loss_ : float
        Mean loss over the shared weights on up to 5,000 training rows.
    n_iter_ : int
        Steps done.
    n_trainable_parameters_ : int
        Real numbers that were fitted: factors and offsets of the shared weights, and
        the connections' weights after ``train_weights``.
    n_features_in_ : int
        Features seen in ``fit``.
    feature_names_in_ : ndarray of shape (n_features,)
        Their names, if X had string column names.

    References
    ----------
    .. [1] A. Gaier and D. Ha, "Weight Agnostic Neural Networks", arXiv:1906.04358,
       2019.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sklearn_halfnet import WeightAgnosticRegressor
    >>> X, y = load_diabetes(return_X_y=True)
    >>> model = WeightAgnosticRegressor(max_iter=50, random_state=0).fit(X, y)
    >>> bool(model.score(X, y) > 0.3)
    True
    """

    def __init__(
        self,
        search="guided",
        *,
        shared_weights=(-2, -1, -0.5, 0.5, 1, 2),
        population_size=96,
        max_iter=300,
        max_time=None,
        batch_size=1000,
        complexity_penalty=1e-4,
        max_connections=450,
        activations=tuple(NODE_ACTIVATIONS),
        mutation_probabilities=(0.2, 0.25, 0.05, 0.5),
        input_scaling="standard",
        predict_with="ensemble",
        warm_start=False,
        n_jobs=None,
        random_state=None,
        dtype="float32",
        verbose=False,
    ):
        self.search = search
        self.shared_weights = shared_weights
        self.population_size = population_size
        self.max_iter = max_iter
        self.max_time = max_time
        self.batch_size = batch_size
        self.complexity_penalty = complexity_penalty
        self.max_connections = max_connections
        self.activations = activations
        self.mutation_probabilities = mutation_probabilities
        self.input_scaling = input_scaling
        self.predict_with = predict_with
        self.warm_start = warm_start
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.dtype = dtype
        self.verbose = verbose

    @with_callbacks
    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y, sample_weight=None):
        """Search a graph.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            A sparse matrix is made dense.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
        sample_weight : array-like of shape (n_samples,), default=None

        Returns
        -------
        self : WeightAgnosticRegressor
        """
        return self._fit(X, y, sample_weight)

    def _pooled(self, scores):
        return scores.mean(axis=0)
