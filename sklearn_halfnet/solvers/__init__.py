"""Training: losses, schedules and one optimisation method a file.

A solver is a class with ``solve(objective, data, max_iter, after_iteration)``.
``objective(inputs, targets, weights)`` is what is minimised, as a tensor;
``data`` gives blocks of tensors (:class:`~sklearn_halfnet.solvers.data.BlockData`);
``after_iteration(loss)`` is called after each pass over the data and returns True to
stop. ``solve`` returns True if it has converged. After an interrupt ``checkpoint()``
returns what ``resume`` of the same class takes to go on, or None if it cannot go on;
``warm_start`` says in words which.
"""

from sklearn_halfnet.solvers.adam import Adam
from sklearn_halfnet.solvers.lbfgs import LBFGS
from sklearn_halfnet.solvers.sgd import SGD

SOLVERS = {"adam": Adam, "sgd": SGD, "lbfgs": LBFGS}

__all__ = ["LBFGS", "SGD", "SOLVERS", "Adam"]
