"""scikit-learn's own checks on every estimator, and some that its suite leaves out."""

import pytest
from instances import INSTANCES, expected_failures
from numpy.testing import assert_array_equal
from scipy import sparse
from sklearn.base import clone
from sklearn.datasets import make_classification
from sklearn.utils.estimator_checks import (
    check_dataframe_column_names_consistency,
    check_global_output_transform_pandas,
    check_global_set_output_transform_polars,
    check_param_validation,
    check_set_output_transform_pandas,
    check_set_output_transform_polars,
    check_transformer_get_feature_names_out,
    check_transformer_get_feature_names_out_pandas,
    parametrize_with_checks,
)

import sklearn_halfnet
from sklearn_halfnet import (
    ConvHalfLayerClassifier,
    ELMClassifier,
    PartialCNNClassifier,
    RandomFeatures,
    RVFLClassifier,
)

ESTIMATORS = [instance.estimator for instance in INSTANCES]
# On checks' tiny data L-BFGS reaches max_iter; that warning is tested elsewhere.
pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


EVOLVED = [each for each in ESTIMATORS if getattr(each, "search", "") == "evolution"]
OTHERS = [each for each in ESTIMATORS if each not in EVOLVED]
STRICTLY = {"expected_failed_checks": expected_failures, "xfail_strict": True}


@parametrize_with_checks(OTHERS, **STRICTLY)
def test_scikit_learn_check(estimator, check):
    check(estimator)


# Blind mutation takes minutes; all but the search is that of the guided instances.
@pytest.mark.slow
@parametrize_with_checks(EVOLVED, **STRICTLY)
def test_scikit_learn_check_of_evolution(estimator, check):
    check(estimator)


# One instance of each class.
KINDS = list({type(estimator): estimator for estimator in ESTIMATORS[::-1]}.values())


@pytest.mark.parametrize("estimator", KINDS, ids=lambda e: type(e).__name__)
@pytest.mark.parametrize(
    "check", [check_param_validation, check_dataframe_column_names_consistency]
)
def test_check_outside_the_suite(estimator, check):
    check(type(estimator).__name__, clone(estimator))


def test_every_public_estimator_is_checked():
    checked = {type(estimator).__name__ for estimator in ESTIMATORS}
    public = {getattr(sklearn_halfnet, name) for name in sklearn_halfnet.__all__}
    estimators = {each.__name__ for each in public if hasattr(each, "get_params")}
    assert estimators <= checked


TRANSFORMERS = [each for each in KINDS if hasattr(each, "transform")]


# The checks themselves fit on frames and transform arrays, and the other way round.
@pytest.mark.filterwarnings("ignore:X (has|does not have valid) feature names")
@pytest.mark.parametrize("estimator", TRANSFORMERS, ids=lambda e: type(e).__name__)
@pytest.mark.parametrize(
    "check",
    [
        check_set_output_transform_pandas,
        check_global_output_transform_pandas,
        check_set_output_transform_polars,
        check_global_set_output_transform_polars,
        check_transformer_get_feature_names_out,
        check_transformer_get_feature_names_out_pandas,
    ],
)
def test_check_of_transformers_outside_the_suite(estimator, check):
    check(type(estimator).__name__, clone(estimator))


@pytest.mark.parametrize("estimator", KINDS, ids=lambda e: type(e).__name__)
def test_nothing_looks_like_a_linear_model_of_the_columns(estimator):
    # Others (SelectFromModel, RFE, shap) take ``coef_`` for one weight a column of X.
    X, y = make_classification(60, 10, random_state=0)
    model = clone(estimator).fit(X, y)
    assert not hasattr(model, "coef_")
    assert not hasattr(model, "intercept_")


# A network with each of its heads, and kinds that the matrix lacks.
HEADS = {
    **{"image_shape": (3, 3), "filters": (3,), "kernel_sizes": (3,)},
    **{"paddings": ("same",), "hidden_layer_sizes": 6, "max_iter": 1},
}
SHALLOW = {"image_shape": (3, 3), "depth": 10, "width": 1, "max_iter": 1}
VARIANTS = [
    *[ConvHalfLayerClassifier(**HEADS, head=head) for head in ("full", "linear")],
    ConvHalfLayerClassifier(**HEADS, full_layer_sizes=5),
    PartialCNNClassifier(
        image_shape=(3, 3), depth=10, width=1, head="half", max_iter=1
    ),
    PartialCNNClassifier(
        image_shape=(3, 3), depth=10, width=1, select="saliency", flips=True, max_iter=1
    ),
    RandomFeatures(8, gamma=1.0, activation="cos", direct_links=True),
    ELMClassifier(16, dtype="int8"),
    RVFLClassifier((6, 5), read_out="ensemble"),
]
# These say where or how to predict. Tags of an ensemble are those of its estimator, and
# those of a regressor go by its loss.
OF_PREDICTION = {"device", "n_jobs", "predict_with", "estimator", "loss"}
PREDICTS = (
    *("predict", "predict_proba", "predict_log_proba", "decision_function"),
    *("transform", "transform_layers"),
)
KNOWS = (
    *("weights_", "factors_", "metric_", "is_learned_", "graph_"),
    *("n_stored_bytes_", "n_trainable_parameters_"),
)


def all_that_is_known(model, X):
    """Everything that a fitted model computes or tells, by name."""
    known = {name: getattr(model, name) for name in KNOWS if hasattr(model, name)}
    for name in PREDICTS:
        if hasattr(model, name):
            known[name] = getattr(model, name)(X)
    if hasattr(model, "get_feature_names_out"):
        known["names"] = model.get_feature_names_out()
    return known


def forbidden_to_read(name):
    """Deleting it would not do: a parameter's default is an attribute of its class."""

    def read(model):
        raise AssertionError(f"{name} was read")

    return property(read)


@pytest.mark.parametrize(
    "estimator",
    [*KINDS, *VARIANTS],
    ids=lambda e: type(e).__name__,
)
def test_fitted_model_reads_no_parameter_of_its_fit(estimator):
    X, y = make_classification(60, 9, random_state=0)
    X = X.astype("float32")
    model = clone(estimator).fit(X, y)
    expected = all_that_is_known(model, X)
    names = set(model.get_params(deep=False)) - OF_PREDICTION
    forbidden = {name: forbidden_to_read(name) for name in names}
    model.__class__ = type(type(model).__name__, (type(model),), forbidden)
    found = all_that_is_known(model, X)
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        assert_same(found[name], value)


def assert_same(found, wanted):
    if isinstance(wanted, dict):
        found, wanted = list(found.values()), list(wanted.values())
    if isinstance(wanted, list):
        for one, other in zip(found, wanted, strict=True):
            assert_same(one, other)
    elif sparse.issparse(wanted):
        assert_array_equal(found.toarray(), wanted.toarray())
    else:
        assert_array_equal(found, wanted)
