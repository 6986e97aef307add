"""What the parameters and attributes of weight-agnostic estimators mean."""

from sklearn_halfnet.estimators._common.documented import SEEN_FEATURES, numpydoc
from sklearn_halfnet.estimators._common.layer_options import LAYER_TEXTS

__all__ = ["ATTRIBUTES", "PARAMETERS", "REFERENCES"]

PARAMETERS = LAYER_TEXTS | numpydoc("""
search : {"guided", "evolution"}
    Score possible changes by derivatives of the loss, or mutate a population as
    published.
shared_weights : array-like of shape (W,)
    Values for which the graph must do well.
population_size : int
    Genomes of the evolution; guided: new nodes scored a step, at most 32.
max_iter : int
    Steps of the search, or generations.
max_time : float or None
    Seconds after which to stop. The result then depends on the machine.
batch_size : int or "full"
    Rows a step.
complexity_penalty : float
    Fall of the mean loss that a connection must earn in guided search.
max_connections : int
    Connections allowed.
activations : sequence of str
    Of hidden nodes: these nine, or some of them.
mutation_probabilities : sequence of 4 floats
    Evolution: new connection, split by a node, enable again, other activation.
predict_with : {"ensemble", "tuned", "mean"}
    Mean prediction over the shared weights (of classes the mean probability), the
    best weight alone, or the mean score.
class_weight : dict, list of dict, "balanced" or None
    Weights of classes; multiplied with ``sample_weight``.
warm_start : bool
    Whether ``fit`` goes on with the search of the last call; ``search``,
    ``shared_weights``, ``input_scaling`` and ``dtype`` must stay, other settings
    may change.
n_jobs : int or None
    Threads that evaluate a population; the result is the same.
random_state : int, RandomState or None
    Determines batches, new nodes and mutations.
dtype : {"float32", "float64"}
    Precision of search and prediction.
verbose : bool or int
    Whether to print each step.
""")

ATTRIBUTES = (
    numpydoc("""
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
model_ : SharedWeightModel
    The found network as an immutable value, with ``predict_with`` as it is now.
search_ : SearchState
    The search as an immutable value, with which a warm start goes on.
""")
    | SEEN_FEATURES
)

REFERENCES = """
.. [1] A. Gaier and D. Ha, "Weight Agnostic Neural Networks", arXiv:1906.04358,
   2019.
"""
