"""Settings that may become defaults, by name; the first is what others are beside.

To try something, add a line to ``CANDIDATES``. Results are kept for the parameters that
they were made with: where these change, a candidate runs again.
"""

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from unittest.mock import patch

from sklearn_halfnet import HalfNetClassifier, HalfNetRegressor
from sklearn_halfnet.experiments._common.rivals import scaled
from sklearn_halfnet.models.training_options import AUTO

__all__ = ["CANDIDATES", "Candidate"]


@dataclass(frozen=True)
class Candidate:
    """An estimator with some options, for both tasks.

    Attributes
    ----------
    classifier, regressor : callable
        Classes of estimators.
    options : mapping
        Parameters. Those that only one of the two has are left out of the other.
    constants : mapping
        Values of constants of the library, by dotted names.
    """

    classifier: Callable
    regressor: Callable
    options: Mapping
    constants: Mapping = field(default_factory=dict)

    def in_force(self):
        """Return a context in which the constants have the candidate's values."""
        stack = ExitStack()
        for name, value in self.constants.items():
            stack.enter_context(patch(name, value))
        return stack

    def make(self, task, seed):
        """Make the estimator for a task, unfitted, behind a StandardScaler."""
        kind, known = self._of(task)
        options = {name: self.options[name] for name in self.options if name in known}
        return scaled(kind(**options, random_state=seed))

    def settings(self, task):
        """Name what a result depends on beside the data, as text."""
        _, known = self._of(task)
        own = {name: self.options.get(name, default) for name, default in known.items()}
        settings = {"parameters": {name: repr(value) for name, value in own.items()}}
        return settings | ({"constants": self.constants} if self.constants else {})

    def _of(self, task):
        """Return the class for a task and its parameters with their defaults."""
        kind = self.classifier if task == "classification" else self.regressor
        return kind, kind().get_params(deep=False)


def _halfnet(max_iter=50, constants=None, **options):
    options |= {"max_iter": max_iter}
    return Candidate(HalfNetClassifier, HalfNetRegressor, options, constants or {})


# The defaults, without one of their parts, or with another value.
CANDIDATES = {
    "all parts": _halfnet(),
    "one member": _halfnet(n_members=1),
    "two members": _halfnet(n_members=2),
    "no waves": _halfnet(column_embedding=None),
    "one layer of 512": _halfnet(hidden_layer_sizes=512),
    "standard scaling": _halfnet(input_scaling="standard"),
    "hard labels": _halfnet(label_smoothing=0.0),
    "batches of 64": _halfnet(batch_size=64),
    "batches of 256": _halfnet(batch_size=256),
    "a lower rate": _halfnet(learning_rate_init=1e-2),
    "random start": _halfnet(init="random"),
    "longer memory": _halfnet(beta_2=0.999),
    "signs not faster": _halfnet(
        constants={"sklearn_halfnet.networks.members.SIGNS_RATE": 1.0}
    ),
    "100 passes": _halfnet(max_iter=100),
    "no choice of dropout": _halfnet(dropout=0.0),
    "no choice at all": _halfnet(**AUTO),
}
