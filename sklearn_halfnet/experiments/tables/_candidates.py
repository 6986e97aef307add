"""Settings that may become defaults, by name; the first is what others are beside.

To try something, add a line to ``CANDIDATES``. Results are kept for the parameters that
they were made with: where these change, a candidate runs again.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sklearn_halfnet import HalfNetClassifier, HalfNetRegressor
from sklearn_halfnet.experiments._common.rivals import scaled

__all__ = ["CANDIDATES", "AtMostInputs", "Candidate"]


@dataclass(frozen=True)
class AtMostInputs:
    """A number, or that of the columns if there are fewer."""

    number: int

    def __call__(self, X):
        """Look at the rows to fit on, (n_samples, n_features)."""
        return min(self.number, X.shape[1])


@dataclass(frozen=True)
class Candidate:
    """An estimator with some options, for both tasks.

    Attributes
    ----------
    classifier, regressor : callable
        Classes of estimators.
    options : mapping
        Parameters. One that can be called gets the rows to fit on, and its repr says
        in the records what it does.
    """

    classifier: Callable
    regressor: Callable
    options: Mapping

    def make(self, split, seed):
        """Make the estimator for the training rows of a ``Split``, unfitted."""
        options = {
            name: value(split.X_train) if callable(value) else value
            for name, value in self.options.items()
        }
        return scaled(self._kind(split.task)(**options, random_state=seed))

    def settings(self, task):
        """Name what a result depends on beside the data, as text."""
        own = self._kind(task)().get_params(deep=False) | self.options
        return {"parameters": {name: repr(value) for name, value in own.items()}}

    def _kind(self, task):
        return self.classifier if task == "classification" else self.regressor


def _halfnet(**options):
    return Candidate(HalfNetClassifier, HalfNetRegressor, options)


CANDIDATES = {
    "HalfNet": _halfnet(),
    "HalfNet, rank 64": _halfnet(rank=AtMostInputs(64)),
}
