"""scikit-learn's own checks on every estimator, and some that its suite leaves out."""

import pytest
from instances import INSTANCES, expected_failures
from sklearn.base import clone
from sklearn.utils.estimator_checks import (
    check_dataframe_column_names_consistency,
    check_param_validation,
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


@pytest.mark.parametrize("estimator", ESTIMATORS[:2], ids=lambda e: type(e).__name__)
@pytest.mark.parametrize(
    "check", [check_param_validation, check_dataframe_column_names_consistency]
)
def test_check_outside_the_suite(estimator, check):
    check(type(estimator).__name__, clone(estimator))


def test_every_public_estimator_is_checked():
    checked = {type(estimator).__name__ for estimator in ESTIMATORS}
    public = {name for name in sklearn_halfnet.__all__ if name[0] != "_"}
    assert public <= checked
