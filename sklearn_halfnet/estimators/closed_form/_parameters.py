"""Texts of the parameters and attributes of ELM and RVFL."""

from sklearn_halfnet.estimators._common.documented import numpydoc
from sklearn_halfnet.estimators._common.layer_options import (
    COLUMN_ATTRIBUTES,
    LAYER_TEXTS,
)

__all__ = ["ATTRIBUTES", "CLASSIFIER_ATTRIBUTES", "PARAMETERS", "REFERENCES"]

PARAMETERS = LAYER_TEXTS | numpydoc("""
hidden_layer_sizes : int or sequence of int
    Units of each hidden layer. With several layers, each is fed by the one before,
    and the read-out sees all of them (deep RVFL [2]_).
weight_kind : str, object, callable, array or list of these
    How the frozen weights are drawn: a name in ``sklearn_halfnet.weights.WEIGHTS``,
    a configured object such as ``ReceptiveFieldWeights("class_sums")``, an object
    with a method ``sample`` or a function of your own, or ready weights of shape
    (n_units, n_inputs). A list gives one a layer.
activation : str
    g; a name in ``sklearn_halfnet.activations.ACTIVATIONS``.
alpha : "gcv", "loo" or float
    Ridge strength as in scikit-learn's ``Ridge``: sum of squares plus alpha times
    the squared norm of the read-out, of 0/1 targets of a classifier and standardised
    targets of a regressor. "gcv" chooses it by generalised cross-validation; "loo" by
    leave-one-out errors of up to 2,000 rows. Both count rows, whatever the scale of
    their weights.
alphas : array-like of shape (n_alphas,)
    Candidates for "gcv" and "loo". None spans nine decades, up to 100 times the
    largest eigenvalue of the features' Gram matrix.
scale : "auto" or float
    "auto" gives each unit's pre-activation unit variance, so that units are neither
    dead nor saturated; a number multiplies the weights as drawn.
bias : {"auto", "normal", "uniform", "zero"}
    Distribution of b: N(0, 1), uniform over [-pi, pi], or none; "auto" is "uniform"
    for "cos" and "sin" and else "normal".
read_out : {"all", "ensemble"}
    One read-out over all layers, or one a layer, averaged (ensemble deep RVFL).
decay : float
    What each row's weight is multiplied by when another row comes, above 0 and at most
    1: a row of age t, counted from 0 for the last one, weighs ``decay**t`` times what
    it was given. 0.999 remembers about the last thousand rows, 1 / (1 - decay). Rows
    must come in the order of time, in ``fit`` as in chunks; 1 forgets nothing.
store_left_out : bool
    Whether copies and pickles of ``fit`` carry the leave-one-out errors of up to 2,000
    rows, for ``predict_interval(method="jackknife")``: some ten kilobytes an output,
    but time in each fit, which otherwise the first intervals take.
class_weight : dict, list of dict, "balanced" or None
    Weights of classes; multiplied with ``sample_weight``.
new_classes : {"add", "error"}
    What ``partial_fit`` and ``fit_blocks`` do with labels that they have not seen: add
    a class, which no former row belongs to, or refuse the chunk. Multilabel targets
    keep their number of labels.
random_state : int, RandomState or None
    Determines the weights and biases.
device : str
    Where ``fit`` computes features and their products: "cpu" is numpy, "cuda" torch on
    a GPU, where sparse rows become dense block by block and "int8" is "float32". "auto"
    takes a GPU, if there is one, where n_samples times the square of the read-out's
    columns is 10^11 or more. The solution is numpy's, and so is prediction.
dtype : {"float32", "float64", "int8"}
    Precision of features and their products in ``fit``; sums and solution are
    float64. "int8" rounds features to 8 bits, and the inputs and weights of a
    single dense layer too unless a few inputs are much larger than the others. It
    multiplies them by torch's integer products where the processor has fast ones,
    and else is "float32"; so it is where rows have weights, or are few. Values
    far beyond those of the first 1,000 rows or more are clipped. Prediction runs
    in float32. RVFL, whose direct links have no bounds, refuses it.
""")

ATTRIBUTES = (
    numpydoc("""
read_out_coef_ : ndarray of shape (n_outputs, n_columns)
    Read-out; columns are the layers' units in order, then, of RVFL, the scaled inputs.
read_out_intercept_ : ndarray of shape (n_outputs,)
    Its constants.
alpha_ : float or ndarray of shape (n_layers,)
    Ridge strength used; one a layer if ``read_out="ensemble"``.
weights_ : list of array of shape (n_units, n_inputs)
    Frozen weights of each layer.
gram_ : Gram or list of Gram
    Sums over all rows seen, one for each read-out.
model_ : ClosedFormModel
    What was fitted, as an immutable value.
n_trainable_parameters_, n_stored_bytes_ : int
    Numbers of the read-out; bytes of all arrays that prediction needs.
n_features_in_ : int
    Features seen in ``fit``.
feature_names_in_ : ndarray of shape (n_features,)
    Their names, if X had string column names.
""")
    | COLUMN_ATTRIBUTES
)

CLASSIFIER_ATTRIBUTES = (
    numpydoc("""
classes_ : ndarray of shape (n_classes,)
    Class labels.
""")
    | ATTRIBUTES
)

_DEEP = """
.. [2] C. Gallicchio, S. Scardapane, "Deep randomized neural networks", in Recent
   Trends in Learning From Data (2020), section 3.
"""

REFERENCES = {
    "elm": """
.. [1] G.-B. Huang, H. Zhou, X. Ding, R. Zhang, "Extreme learning machine for
   regression and multiclass classification", IEEE Trans. SMC-B 42 (2012),
   section III."""
    + _DEEP,
    "rvfl": """
.. [1] Y.-H. Pao, G.-H. Park, D. J. Sobajic, "Learning and generalization
   characteristics of the random vector functional-link net", Neurocomputing 6
   (1994), section 2."""
    + _DEEP,
}
