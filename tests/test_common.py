"""scikit-learn's own checks on every estimator, and some that its suite leaves out."""

import pytest
from instances import INSTANCES, expected_failures
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

ESTIMATORS = [instance.estimator for instance in INSTANCES]
# On checks' tiny data L-BFGS reaches max_iter; that warning is tested elsewhere.
pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


@parametrize_with_checks(
    ESTIMATORS, expected_failed_checks=expected_failures, xfail_strict=True
)
def test_scikit_learn_check(estimator, check):
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
    public = {getattr(sklearn_halfnet, name) for name in sklearn_halfnet._PUBLIC}
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
