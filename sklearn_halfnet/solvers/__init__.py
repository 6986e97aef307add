"""Training: losses, schedules and one optimisation method a file.

A solver is a class with ``solve(objective, data, max_iter, after_iteration)``.
``objective(inputs, targets, weights)`` is what is minimised, as a tensor;
``data`` gives blocks of tensors (:class:`~sklearn_halfnet.solvers.data.BlockData`);
``after_iteration(loss)`` is called after each pass over the data and returns True to
stop. ``solve`` returns True if it has converged. After an interrupt ``checkpoint()``
returns what ``resume`` of the same class takes to go on, or None if it cannot go on.
One that takes minibatches also has ``run_epoch(objective, data, optimizer)``, with
``make_optimizer(objective, state)`` before and ``state_arrays(optimizer)`` after it.

All else that is asked about a solver stands in the table here, which needs no torch: a
new one is a file and an entry.
"""

from dataclasses import dataclass
from importlib import import_module

from sklearn_halfnet.solvers.schedules import ends_at_zero

__all__ = ["SOLVERS", "Solver", "solvers_for"]

# What every family has that torch trains, or what training finds for a solver.
_COMMON = {
    "learning_rate_init",
    "learning_rate",
    "batch_size",
    "beta_2",
    "tol",
    "rng",
}


@dataclass(frozen=True)
class Solver:
    """What is known of a solver before it is made.

    Parameters
    ----------
    module, name : str
        Where its class is: a module of this package, imported when it is needed.
    takes : tuple of str
        Parameters of its constructor, as estimators call them; ``rng`` shuffles rows.
    minibatches : bool
        Whether it steps a minibatch at a time, at a rate that follows a schedule. Else
        it sees all rows, and says by itself when it has converged.
    after_interrupt : str
        What a warm start does after Ctrl-C.
    words : str
        What a user reads about it.
    """

    module: str
    name: str
    takes: tuple
    minibatches: bool
    after_interrupt: str
    words: str

    def make(self, **parameters):
        """Create the solver from those of the parameters that it takes."""
        module = import_module(f"sklearn_halfnet.solvers.{self.module}")
        taken = {name: parameters[name] for name in self.takes if name in parameters}
        return getattr(module, self.name)(**taken)

    def ends_by_itself(self, learning_rate):
        """Whether training ends after ``max_iter`` passes, for the rate is zero."""
        return self.minibatches and ends_at_zero(learning_rate)

    def watches_the_loss(self, learning_rate):
        """Whether training ends when the loss no longer falls."""
        return self.minibatches and not ends_at_zero(learning_rate)


_SCHEDULED = ("learning_rate_init", "learning_rate", "batch_size", "rng")

SOLVERS = {
    "adam": Solver(
        "adam",
        "Adam",
        takes=(*_SCHEDULED, "beta_2"),
        minibatches=True,
        after_interrupt="goes on",
        words="Adam on minibatches",
    ),
    "sgd": Solver(
        "sgd",
        "SGD",
        takes=(*_SCHEDULED, "momentum"),
        minibatches=True,
        after_interrupt="goes on",
        words="gradient descent with momentum on minibatches",
    ),
    "lbfgs": Solver(
        "lbfgs",
        "LBFGS",
        takes=("tol",),
        minibatches=False,
        after_interrupt="starts L-BFGS anew, with max_iter iterations,",
        words="L-BFGS on the whole training set, which suits small data",
    ),
}


def solvers_for(*parameters, minibatches=False):
    """List the solvers that a family can have.

    Parameters
    ----------
    *parameters : str
        Parameters of the family that solvers take, beyond those that all have.
    minibatches : bool, default=False
        Whether its networks need minibatches.

    Returns
    -------
    names : list of str

    Examples
    --------
    >>> from sklearn_halfnet.solvers import solvers_for
    >>> solvers_for(), solvers_for("momentum", minibatches=True)
    (['adam', 'lbfgs'], ['adam', 'sgd'])
    """
    known = {*_COMMON, *parameters}
    return [
        name
        for name, solver in SOLVERS.items()
        if known.issuperset(solver.takes) and solver.minibatches >= minibatches
    ]
