"""RVFL: ELM with direct links from the inputs to the read-out."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass

from sklearn_halfnet.estimators._common.documented import documented
from sklearn_halfnet.estimators._common.outputs import (
    CLASS_WEIGHT,
    Classifier,
    Regressor,
)
from sklearn_halfnet.estimators._common.types import ClassWeight, NewClasses
from sklearn_halfnet.estimators.closed_form._base import ClosedForm
from sklearn_halfnet.estimators.closed_form._intervals import (
    predict_interval,
    predict_set,
)
from sklearn_halfnet.estimators.closed_form._parameters import (
    ATTRIBUTES,
    CLASSIFIER_ATTRIBUTES,
    PARAMETERS,
    REFERENCES,
)
from sklearn_halfnet.estimators.closed_form._stream import NEW_CLASSES

__all__ = ["RVFLClassifier", "RVFLRegressor"]


@documented(PARAMETERS, CLASSIFIER_ATTRIBUTES, references=REFERENCES["rvfl"])
@dataclass(eq=False, repr=False)
class RVFLClassifier(Classifier, ClosedForm):
    """Random vector functional link network for classification.

    Features are [h, x]: hidden units h = g(scale * (r . x) + b) with random r and b,
    and the scaled inputs. The read-out is their ridge regression, in closed form [1]_.
    Probabilities are calibrated on the leave-one-out scores of up to 2,000 rows: no
    second fit, and no rows held out.

    Parameters
    ----------
    {parameters}

    Attributes
    ----------
    {attributes}

    See Also
    --------
    RVFLRegressor : The same for regression.
    ELMClassifier : Without direct links from the inputs to the read-out.

    References
    ----------
    {references}

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

    _: KW_ONLY
    class_weight: ClassWeight = None
    new_classes: NewClasses = "add"

    _direct_links = True

    _parameter_constraints = {
        **ClosedForm._parameter_constraints,
        **CLASS_WEIGHT,
        **NEW_CLASSES,
    }

    predict_set = predict_set


@documented(PARAMETERS, ATTRIBUTES, references=REFERENCES["rvfl"])
@dataclass(eq=False, repr=False)
class RVFLRegressor(Regressor, ClosedForm):
    """Random vector functional link network for regression.

    Features are [h, x]: hidden units h = g(scale * (r . x) + b) with random r and b,
    and the scaled inputs. The read-out is their ridge regression, in closed form [1]_.

    Parameters
    ----------
    {parameters}

    Attributes
    ----------
    {attributes}

    See Also
    --------
    RVFLClassifier : The same for classification.
    ELMRegressor : Without direct links from the inputs to the read-out.

    References
    ----------
    {references}

    Examples
    --------
    >>> from sklearn.datasets import make_friedman1
    >>> from sklearn_halfnet import RVFLRegressor
    >>> X, y = make_friedman1(500, random_state=0)
    >>> model = RVFLRegressor(200, random_state=0).fit(X[:400], y[:400])
    >>> model.score(X[400:], y[400:]) > 0.8
    True
    """

    _: KW_ONLY
    store_left_out: bool = False

    _direct_links = True

    _parameter_constraints = {
        **ClosedForm._parameter_constraints,
        "store_left_out": ["boolean"],
    }

    predict_interval = predict_interval

    def _stores_left_out(self) -> bool:
        return self.store_left_out
