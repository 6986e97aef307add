"""Weight-agnostic networks: the topology is searched, one weight is shared."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass

from sklearn_halfnet.estimators._common.documented import documented, numpydoc
from sklearn_halfnet.estimators._common.outputs import (
    CLASS_WEIGHT,
    Classifier,
    Regressor,
)
from sklearn_halfnet.estimators._common.types import ClassWeight
from sklearn_halfnet.estimators.weight_agnostic._base import WeightAgnostic
from sklearn_halfnet.estimators.weight_agnostic._parameters import (
    ATTRIBUTES,
    PARAMETERS,
    REFERENCES,
)

__all__ = ["WeightAgnosticClassifier", "WeightAgnosticRegressor"]

_CLASSES = numpydoc("""
classes_ : ndarray of shape (n_classes,)
    Class labels.
""")


@documented(PARAMETERS, _CLASSES | ATTRIBUTES, references=REFERENCES)
@dataclass(eq=False, repr=False)
class WeightAgnosticClassifier(Classifier, WeightAgnostic):
    """Classifier whose topology is searched and whose connections share one weight.

    The graph is chosen to do well for every shared weight of a list, so that the
    weight hardly matters [1]_. Beside the graph, training data set the scaling of
    the inputs and a calibration of the outputs:
    for each shared weight and output an offset, and a factor that the classes of a
    multiclass problem share, by maximum likelihood with the rows' weights. A graph
    without connections predicts the frequencies of the classes.

    Parameters
    ----------
    {parameters}

    Attributes
    ----------
    {attributes}

    References
    ----------
    {references}

    Examples
    --------
    >>> from sklearn.datasets import load_wine
    >>> from sklearn_halfnet import WeightAgnosticClassifier
    >>> X, y = load_wine(return_X_y=True)
    >>> model = WeightAgnosticClassifier(max_iter=50, random_state=0).fit(X, y)
    >>> bool(model.score(X, y) > 0.9)
    True
    """

    _: KW_ONLY
    class_weight: ClassWeight = None

    _parameter_constraints = WeightAgnostic._parameter_constraints | CLASS_WEIGHT


@documented(PARAMETERS, ATTRIBUTES, references=REFERENCES)
@dataclass(eq=False, repr=False)
class WeightAgnosticRegressor(Regressor, WeightAgnostic):
    """Regressor whose topology is searched and whose connections share one weight.

    The graph is chosen to do well for every shared weight of a list, so that the
    weight hardly matters [1]_. Beside the graph, training data set the scaling of
    the inputs and a calibration of the outputs:
    a factor and an offset a shared weight and output, in closed form.

    Parameters
    ----------
    {parameters}

    Attributes
    ----------
    {attributes}

    References
    ----------
    {references}

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sklearn_halfnet import WeightAgnosticRegressor
    >>> X, y = load_diabetes(return_X_y=True)
    >>> model = WeightAgnosticRegressor(max_iter=50, random_state=0).fit(X, y)
    >>> bool(model.score(X, y) > 0.3)
    True
    """
