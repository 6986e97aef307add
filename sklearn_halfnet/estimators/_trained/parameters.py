"""What a user may say of training, and what is told of a trained network: texts."""

from textwrap import fill, indent

from sklearn_halfnet._checks import StrOptions, one_of, real, whole
from sklearn_halfnet.estimators._common.documented import numpydoc
from sklearn_halfnet.estimators._common.layer_options import (
    LAYER_CONSTRAINTS,
    LAYER_TEXTS,
    SIZE_CONSTRAINTS,
)
from sklearn_halfnet.models.regression_losses import REGRESSION_LOSSES
from sklearn_halfnet.solvers import SOLVERS, solvers_for
from sklearn_halfnet.solvers.schedules import SCHEDULES

__all__ = [
    "LABEL_SMOOTHING",
    "NETWORK_ATTRIBUTES",
    "OF_CLASSIFIER",
    "REGRESSION_LOSS",
    "REGULARISATION",
    "REGULARISATION_ATTRIBUTES",
    "SECTIONS",
    "TRAINING_CONSTRAINTS",
    "TRAINING_TEXTS",
    "solver_text",
]

REGULARISATION = {
    "dropout": [StrOptions({"auto"}), real(0, 1, closed="left")],
    "learning_rate_init": [StrOptions({"auto"}), real(0, closed="neither")],
}
LABEL_SMOOTHING = {"label_smoothing": [real(0, 1, closed="left")]}
REGRESSION_LOSS = {
    "loss": [one_of(REGRESSION_LOSSES), callable],
    "quantile": [real(0, 1, closed="neither"), "array-like"],
    "epsilon": [real(0, closed="neither")],
}

TRAINING_CONSTRAINTS = {
    "hidden_layer_sizes": SIZE_CONSTRAINTS,
    "activation": LAYER_CONSTRAINTS["activation"],
    "input_scaling": LAYER_CONSTRAINTS["input_scaling"],
    "init": [StrOptions({"ridge", "random"})],
    "alpha": [StrOptions({"auto"}), real(0)],
    "solver": [one_of(solvers_for())],
    "batch_size": [StrOptions({"auto", "full"}), whole(1)],
    "learning_rate": [one_of(SCHEDULES)],
    "learning_rate_init": [real(0, closed="neither")],
    "beta_2": [real(0, 1, closed="left")],
    "max_iter": [StrOptions({"auto"}), whole(1)],
    "tol": [real(0)],
    "early_stopping": [StrOptions({"auto"}), "boolean"],
    "validation_fraction": [real(0, 1, closed="neither")],
    "n_iter_no_change": [whole(1)],
    "warm_start": ["boolean"],
    "random_state": ["random_state"],
    "device": [str],
    "dtype": [StrOptions({"float32", "float64"})],
    "cache_size": [real(0)],
    "verbose": ["verbose"],
}


def solver_text(names):
    """Describe the parameter ``solver``, from what the table of solvers says."""
    choices = ", ".join(f'"{name}"' for name in names)
    words = "; or ".join(f'"{name}": {SOLVERS[name].words}' for name in names)
    return f"solver : {{{choices}}}\n" + indent(fill(words + ".", 80), "    ")


TRAINING_TEXTS = numpydoc("""
    hidden_layer_sizes : int or sequence of int
        Units of each hidden layer.
    activation : str
        g; a name in ``sklearn_halfnet.activations.ACTIVATIONS``: "relu", "tanh",
        "logistic", "gelu", "cos", "identity", ...
    alpha : float or "auto"
        L2 strength: alpha / 2 times the squared norm of ``read_out_coef_`` is added to
        the mean loss. "auto" is as strong as the ridge regression that generalised
        cross-validation chooses on the hidden layers' start, and at least 1e-4: more
        where rows are few or noise is strong.
    init : {"ridge", "random"}
        Start of the read-out: a ridge solution on up to 10,000 rows, or N(0, 1 / H).
    batch_size : int, "auto" or "full"
        Rows a step on minibatches; "auto" is 256, and of less than some 4,000 rows the
        power of two, 32 at least, with which a pass is nearest to 16 steps.
    learning_rate : {"one_cycle", "cosine", "constant"}
        Schedule of the rate of minibatches. The first two end at zero after
        ``max_iter`` passes; with "constant", training stops when the loss no longer
        falls by ``tol``.
    learning_rate_init : float or "auto"
        Largest rate of minibatches; "auto" is 0.015 or, chosen with ``dropout``, a
        tenth or a hundredth of it; of more than 20,000 rows 0.005.
    beta_2 : float
        Of ``solver="adam"``: the factor by which what a squared gradient counts falls
        with each step, in the mean that Adam divides by.
    max_iter : int or "auto"
        Passes over the data, or iterations of a solver that sees all rows. "auto" is
        100 up to 4,000 rows, and beyond 400,000 / n_samples, but at least 10.
    dropout : float or "auto"
        Share of each hidden layer's units that are zero in a step on minibatches, drawn
        anew for each row and step. L-BFGS, whose objective must stay the same, drops
        none. "auto" tries 0, 0.1 and 0.25, in short trainings on three quarters of the
        rows, and takes what has the least loss on the others. With
        ``learning_rate_init="auto"``, a tenth of the rate and then a hundredth are
        tried as well, each where the one before is the best or no training is better
        than none. Of more than 10,000 rows, and in ``partial_fit``, it is 0; of less
        than 100 rows 0.25, with a tenth of the rate.
    label_smoothing : float
        Part of a label that goes to all classes in the loss, as they are shared among
        the rows: a network need not be sure of labels that are noise.
    loss : str or callable
        What is minimised: "squared_error"; "absolute_error"; "huber", with ``epsilon``;
        "quantile", the pinball loss, with ``quantile``; "poisson", for counts, or
        "gamma", for positive y, half their deviance, with predictions exp(scores) that
        are positive. Each is as in scikit-learn. Or a function ``loss(y_pred,
        y_true)``, of torch tensors of the shape of some rows of y, that returns a
        tensor of one loss a row.
    quantile : float or sequence of float
        Between 0 and 1, of ``loss="quantile"``. Of several, which increase, ``predict``
        returns all, in order in each row.
    epsilon : float
        Of ``loss="huber"``: errors beyond it count linearly. In robust deviations of y,
        the median distance from the median over 0.6745.
    tol : float
        Improvement of loss or validation score that counts; for L-BFGS the gradient's
        largest component at which to stop.
    early_stopping : "auto" or bool
        Whether rows that are not trained on say when to stop: those given as ``X_val``,
        and if True and there are none, rows of X that are held out. "auto" is False
        without ``X_val``. At a constant rate and by L-BFGS training stops when their
        score no longer improves, and the best values are kept. A schedule that ends at
        zero is gone through to its end: of ``X_val`` the best values are kept; with
        rows held out, training is done once more on all rows, up to the last pass with
        about the best score.
    validation_fraction : float
        Share of rows held out if ``early_stopping`` is True; stratified by class.
    n_iter_no_change : int
        Passes without improvement before stopping, at a constant rate, or by L-BFGS
        with early stopping.
    class_weight : dict, list of dict, "balanced" or None
        Weights of classes; multiplied with ``sample_weight``.
    warm_start : bool
        Whether ``fit`` goes on from the values that the last call left. After Ctrl-C
        it does the passes that were left; L-BFGS starts anew from the values.
    random_state : int, RandomState or None
        Determines weights, start values, batches and held-out rows. The same int gives
        the same weights on every machine, device and number of threads.
    device : str
        Where to train; "auto" takes a GPU if torch sees one. Prediction runs in numpy.
    dtype : {"float32", "float64"}
        Precision of training and prediction.
    cache_size : float
        Megabytes of the device's memory in which to keep the scaled training rows. If
        they do not fit, blocks are scaled again in each pass.
    verbose : bool or int
        Whether to print the loss of each pass.
    """) | {"solver": solver_text(solvers_for()), **LAYER_TEXTS}

REGULARISATION_ATTRIBUTES = numpydoc("""
    dropout_ : float
        Share of units that were zero in a step.
    learning_rate_init_ : float
        Largest rate, of a solver that has one.
    """)

NETWORK_ATTRIBUTES = numpydoc("""
    model_ : object
        The fitted network as an immutable value.
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
        Accuracy, or R2 of a regressor, on ``X_val`` or the held-out rows after each
        pass, with early stopping; with another loss than the squared error D2, the
        share of the loss of the best constant that has gone.
    validation_losses_ : list of float
        Mean loss of the same rows after each pass, as in ``loss_curve_`` but without
        penalty, dropout and smoothed labels.
    best_validation_score_ : float
        The largest score.
    n_iter_ : int
        Passes done; where training was done twice, the second time.
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
    """)

OF_CLASSIFIER = numpydoc("""
    classes_ : ndarray of shape (n_classes,)
        Class labels.
    """)

# Sections of every class's docstring, for ``documented``.
SECTIONS = {
    "raises": """
        ValueError
            If training diverges (the loss is "non-finite"), or the data are not valid.
        MemoryError
            If the hidden layer cannot fit into memory; raised before it is allocated.
        """,
    "warns": """
        ConvergenceWarning
            If training ends before it has converged, or with more than ten times the
            objective of a read-out of zero.
        """,
}
