"""How a network is trained: what is given, and what "auto" is."""

import math
from dataclasses import dataclass, fields, replace
from typing import Any, Literal

from sklearn_halfnet.solvers import SOLVERS

__all__ = [
    "AUTO",
    "MOST_PASSES",
    "SEVERAL_UP_TO",
    "TrainingOptions",
    "n_passes",
    "rows_a_step",
]

# Of batch_size="auto": few rows are worth as many steps as thousands.
_BATCH, _LEAST_BATCH, _STEPS = 256, 32, 16
# Of what is "auto" where nobody has chosen.
AUTO = {"dropout": 0.0, "learning_rate_init": 1.5e-2}
# Rows up to which HalfNet has several members: one is too sure of few, and many take
# time.
SEVERAL_UP_TO = 20_000
# Of max_iter="auto"; a family may have a most of its own.
_ROWS_SEEN, _LEAST_PASSES, MOST_PASSES = 400_000, 10, 100


@dataclass(frozen=True)
class TrainingOptions:
    """How a network is trained; parameters as of the estimators.

    Parameters
    ----------
    name : str
        Who trains, in warnings.
    alpha : float
        L2 strength of the objective.
    solver : str
    of_solver : dict
        Parameters that it takes.
    batch_size : int, "auto" or "full"
    learning_rate : str
    max_iter, n_iter_no_change : int
    tol : float
    device : str
    cache_size : float
    dropout, label_smoothing : float, default=0
        Of families that have them.
    """

    name: str
    alpha: float
    solver: str
    of_solver: dict[str, Any]
    batch_size: int | Literal["auto", "full"]
    learning_rate: str
    max_iter: int
    n_iter_no_change: int
    tol: float
    device: str
    cache_size: float
    dropout: float = 0.0
    label_smoothing: float = 0.0

    @classmethod
    def of(cls, name, alpha, parameters, max_iter):
        """Take them from all parameters of an estimator, a dict, for some passes."""
        auto = [each for each in AUTO if parameters.get(each) == "auto"]
        parameters = parameters | {each: AUTO[each] for each in auto}
        takes = SOLVERS[parameters["solver"]].takes
        given = {
            "name": name,
            "alpha": alpha,
            "of_solver": {
                each: parameters[each] for each in takes if each in parameters
            },
            "max_iter": max_iter,
        }
        own = {each.name for each in fields(cls)} - set(given)
        return cls(
            **given, **{each: parameters[each] for each in own & set(parameters)}
        )

    @property
    def regularisation(self):
        """Share of units that are dropped, and the largest rate, a dict."""
        rate = self.of_solver.get("learning_rate_init")
        return {"dropout": self.dropout, "learning_rate_init": rate}

    def regularised(self, chosen):
        """Return the options with a dropout and a largest rate that were chosen."""
        of_solver = {each: chosen[each] for each in chosen if each in self.of_solver}
        return replace(
            self,
            dropout=chosen.get("dropout", self.dropout),
            of_solver=self.of_solver | of_solver,
        )

    def make_solver(self, **found):
        """Make the solver; what is found while training overrides parameters."""
        return SOLVERS[self.solver].make(**(self.of_solver | found))

    @property
    def ends_by_itself(self):
        """Whether the learning rate falls to zero at ``max_iter``."""
        return SOLVERS[self.solver].ends_by_itself(self.learning_rate)

    def patience(self, scores):
        """Find after how many passes without progress to stop; None is never.

        A rate that falls to zero does its good at the end, which patience would miss.
        """
        if self.ends_by_itself:
            return None
        solver = SOLVERS[self.solver]
        watches = scores or solver.watches_the_loss(self.learning_rate)
        return self.n_iter_no_change if watches else None


def rows_a_step(batch_size: int | Literal["auto", "full"], n_rows: int) -> int:
    """Find how many of so many rows a ``batch_size`` takes at a time.

    "auto" takes 256, and of less than some 4,000 rows the power of two, 32 at least,
    with which a pass is nearest to 16 steps.

    Examples
    --------
    >>> from sklearn_halfnet.models.training_options import rows_a_step
    >>> [rows_a_step("auto", n_rows) for n_rows in (20, 500, 2_000, 4_000, 60_000)]
    [20, 32, 128, 256, 256]
    """
    if batch_size == "full":
        return n_rows
    if batch_size != "auto":
        return min(batch_size, n_rows)
    few = 2 ** round(math.log2(max(n_rows / _STEPS, 1)))
    return min(max(few, _LEAST_BATCH), _BATCH, n_rows)


def n_passes(
    max_iter: int | Literal["auto"], n_rows: int, most: int = MOST_PASSES
) -> int:
    """Find how often training goes over so many rows.

    "auto" is ``most`` times, or as often as 400,000 rows in all allow for, but at least
    10 times.

    Examples
    --------
    >>> from sklearn_halfnet.models.training_options import n_passes
    >>> [n_passes("auto", n_rows) for n_rows in (100, 4_000, 10_000, 60_000)]
    [100, 100, 40, 10]
    """
    if max_iter != "auto":
        return max_iter
    passes = _ROWS_SEEN / max(n_rows, 1)  # no rows are refused later
    return round(min(max(passes, _LEAST_PASSES), most))
