"""Every estimator as the common tests build it, with its expected failures.

A new estimator joins by one entry.
"""

from typing import NamedTuple

from sklearn.base import BaseEstimator

from sklearn_halfnet import (
    BoostedFeaturesClassifier,
    BoostedFeaturesRegressor,
    ConvHalfLayerClassifier,
    ConvHalfLayerRegressor,
    DeskewResize,
    ELMClassifier,
    ELMRegressor,
    HalfLayerClassifier,
    HalfLayerRegressor,
    HalfNetClassifier,
    HalfNetRegressor,
    PartialCNNClassifier,
    PartialCNNRegressor,
    RandomBranchedNetwork,
    RandomFeatures,
    RandomNetwork,
    RandomRecurrentNetwork,
    RVFLClassifier,
    RVFLRegressor,
    SharedBackboneEnsembleClassifier,
    WeightAgnosticClassifier,
    WeightAgnosticRegressor,
)


class Instance(NamedTuple):
    """An estimator and the checks that it is known to fail, each with its reason."""

    estimator: BaseEstimator
    expected_failed_checks: dict = {}


EXACT = {"dtype": "float64", "random_state": 0, "hidden_layer_sizes": 32}
FULL_BATCH = {**EXACT, "batch_size": "full", "max_iter": 20}
DEEP = {**EXACT, "hidden_layer_sizes": (12, 8)}
# Nothing is chosen by leaving rows out: a row of weight 2 is the row twice.
# Few iterations: differences by rounding grow with each.
LBFGS = {**EXACT, "solver": "lbfgs", "alpha": 1e-4, "init": "random", "max_iter": 50}
BOOSTED = {"n_layers": 3, "n_units": 32, "dtype": "float64", "random_state": 0}
# One HalfNet on the columns themselves.
PLAIN_NET = {"n_members": 1, "column_embedding": None}
# BLAS rounds a row of float32 by its place among others, more than the checks allow;
# and small layers and a twentieth of the passes will do.
NET_AT_DEFAULTS = {"dtype": "float64", "hidden_layer_sizes": (32, 32), "max_iter": 5}
# The checks' rows have from 1 to 10 features: images of one line and any width.
ONE_LINE = {
    **FULL_BATCH,
    "image_shape": (1, -1),
    "filters": (4,),
    "kernel_sizes": (3,),
    "paddings": ("same",),
    "pool_size": 1,
}
COLD = {**ONE_LINE, "alpha": 1e-4, "init": "random", "max_iter": 100}
# No time limit: results would depend on the machine.
SEARCH = {
    "dtype": "float64",
    "random_state": 0,
    "batch_size": "full",
    "max_iter": 20,
    "population_size": 12,
}
# Blind mutation takes its time: with half as many genomes and generations a classifier
# stays below the accuracy that the checks ask for.
EVOLUTION = {**SEARCH, "search": "evolution", "population_size": 64, "max_iter": 200}
SHORT_EVOLUTION = {**EVOLUTION, "population_size": 32, "max_iter": 100}

# Without batch norms, and with them.
PLAIN = {
    **{"dtype": "float64", "random_state": 0, "batch_size": "full"},
    **{"image_shape": (1, -1), "depth": 3, "width": 16, "fraction": 0.5},
    **{"architecture": "vgg", "max_iter": 60},
}
NORMALISED = {
    **PLAIN,
    **{"architecture": "wrn", "depth": 10, "width": 1, "max_iter": 10},
}

ENSEMBLE = {
    **{"estimator": PartialCNNClassifier(**PLAIN), "n_estimators": 2},
    **{"validation_fraction": None, "random_state": 0},
}

ORTHOGONAL = {
    "hidden_layer_sizes": (9, 5),
    "activation": "relu",
    "weight_scale": "critical",
    "weight_kind": "orthogonal",
    "input_scaling": "standard",
    "random_state": 0,
}

# Odd and even kernels, a path of pooling, one that passes on what it sees.
ON_A_LINE = {
    **{"branches": [[4, (3, 3)], [(2, 2)], ["pool"], []], "n_blocks": 2},
    **{"image_shape": (1, -1), "weight_kind": "class_sums", "bias_scale": 0.1},
    **{"input_scaling": "standard", "random_state": 0},
}
ECHO = {
    **{"n_units": 9, "series_shape": (-1, 1), "spectral_radius": 0.9},
    **{"weight_kind": ("orthogonal", "instances"), "bias_scale": 0.1},
    **{"input_scaling": "standard", "random_state": 0},
}

BATCHES_DIFFER = (
    "a row twice and a row of weight 2 make different minibatches; the instances with "
    "full batches pass"
)
AT_DEFAULTS = {
    "check_sample_weight_equivalence_on_dense_data": BATCHES_DIFFER,
    "check_sample_weight_equivalence_on_sparse_data": BATCHES_DIFFER,
}

AVERAGES = {
    "check_sample_weight_equivalence_on_dense_data": (
        "batch norms average over rows, whatever their weight; networks without batch "
        "norms pass"
    ),
}

LEAVES_ROWS_OUT = (
    "choosing the ridge and calibrating probabilities leave whole rows out: of a row "
    "of weight 2 nothing is left, of a row twice its twin; at a given alpha regressors "
    "pass, and tests/test_row_weights.py compares the sums of classifiers"
)
WHOLE_ROWS = {
    "check_sample_weight_equivalence_on_dense_data": LEAVES_ROWS_OUT,
    "check_sample_weight_equivalence_on_sparse_data": LEAVES_ROWS_OUT,
}

FOLDS_DIFFER = {
    name: "rows are cut into folds whole: a row twice may be in two of them"
    for name in WHOLE_ROWS
}

NEGATIVE_Y = {
    "check_regressor_multioutput": (
        "its targets are negative, whatever the tag positive_only says; "
        "tests/test_losses.py has several positive outputs"
    ),
}

INSTANCES = [
    Instance(HalfLayerClassifier(**FULL_BATCH), WHOLE_ROWS),
    Instance(HalfLayerRegressor(**FULL_BATCH), WHOLE_ROWS),
    Instance(HalfLayerClassifier(**LBFGS)),
    Instance(HalfLayerRegressor(**LBFGS)),
    Instance(HalfLayerClassifier(**FULL_BATCH, full_layer_sizes=8), WHOLE_ROWS),
    Instance(HalfLayerRegressor(**LBFGS, full_layer_sizes=(8, 6))),
    Instance(HalfLayerRegressor(**LBFGS, loss="poisson"), NEGATIVE_Y),
    Instance(HalfLayerRegressor(**FULL_BATCH, loss="quantile"), WHOLE_ROWS),
    Instance(HalfNetClassifier(**FULL_BATCH, **PLAIN_NET), WHOLE_ROWS),
    Instance(HalfNetRegressor(**FULL_BATCH, **PLAIN_NET), WHOLE_ROWS),
    Instance(HalfNetClassifier(**LBFGS, geometry="orthogonal", n_members=1)),
    Instance(HalfNetRegressor(**LBFGS, geometry="orthogonal", n_members=1)),
    Instance(HalfNetClassifier(**FULL_BATCH, n_members=3), WHOLE_ROWS),
    Instance(HalfNetRegressor(**LBFGS, geometry="orthogonal", n_members=3)),
    Instance(ConvHalfLayerClassifier(**COLD)),
    Instance(ConvHalfLayerRegressor(**COLD)),
    Instance(PartialCNNClassifier(**PLAIN)),
    Instance(PartialCNNRegressor(**PLAIN)),
    Instance(SharedBackboneEnsembleClassifier(**ENSEMBLE)),
    Instance(PartialCNNClassifier(**NORMALISED), AVERAGES),
    Instance(PartialCNNRegressor(**NORMALISED), AVERAGES),
    Instance(HalfLayerClassifier(), AT_DEFAULTS),
    Instance(HalfLayerRegressor(), AT_DEFAULTS),
    Instance(RandomFeatures(random_state=0)),
    Instance(RandomFeatures(20, "class_sums", direct_links=True, random_state=0)),
    Instance(RandomFeatures(20, "principal", random_state=0)),
    Instance(RandomNetwork(random_state=0)),
    Instance(RandomNetwork(**ORTHOGONAL)),
    Instance(RandomBranchedNetwork(random_state=0)),
    Instance(RandomBranchedNetwork(**ON_A_LINE)),
    Instance(RandomRecurrentNetwork(random_state=0)),
    Instance(RandomRecurrentNetwork(**ECHO)),
    Instance(ELMRegressor(**EXACT, alpha=1.0)),
    Instance(RVFLRegressor(**{**DEEP, "read_out": "ensemble", "alpha": 1.0})),
    Instance(ELMClassifier(**EXACT), WHOLE_ROWS),
    Instance(ELMRegressor(**EXACT), WHOLE_ROWS),
    Instance(RVFLClassifier(**EXACT), WHOLE_ROWS),
    Instance(RVFLRegressor(**EXACT), WHOLE_ROWS),
    Instance(ELMClassifier(**{**DEEP, "read_out": "ensemble"}), WHOLE_ROWS),
    Instance(RVFLRegressor(**{**DEEP, "alpha": "loo"}), WHOLE_ROWS),
    Instance(ELMClassifier(), WHOLE_ROWS),
    Instance(ELMRegressor(), WHOLE_ROWS),
    Instance(BoostedFeaturesClassifier(**BOOSTED), FOLDS_DIFFER),
    Instance(BoostedFeaturesRegressor(**BOOSTED, directions="gradient"), FOLDS_DIFFER),
    Instance(
        BoostedFeaturesClassifier(**BOOSTED, loss="squared_error", alpha=1.0),
        FOLDS_DIFFER,
    ),
    Instance(BoostedFeaturesRegressor(**BOOSTED), FOLDS_DIFFER),
    Instance(HalfNetClassifier(**NET_AT_DEFAULTS), AT_DEFAULTS),
    Instance(HalfNetRegressor(**NET_AT_DEFAULTS), AT_DEFAULTS),
    Instance(WeightAgnosticClassifier(**SEARCH)),
    Instance(WeightAgnosticRegressor(**SEARCH)),
    Instance(WeightAgnosticClassifier(**EVOLUTION)),
    Instance(WeightAgnosticRegressor(**SHORT_EVOLUTION)),
    # The checks' rows have from 1 to 10 features: images of one line and any width.
    Instance(DeskewResize((1, -1), (1, 3))),
]


def expected_failures(estimator):
    """Look an instance's expected failures up by its parameters."""
    for instance in INSTANCES:
        if repr(instance.estimator) == repr(estimator):
            return instance.expected_failed_checks
    raise LookupError(f"{estimator!r} is not in INSTANCES")
