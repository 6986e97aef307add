"""L-BFGS on the whole training set, the gradient summed over blocks."""

import numpy as np
import torch
from scipy.optimize import minimize
from torch.nn.utils import parameters_to_vector, vector_to_parameters

__all__ = ["LBFGS"]


class LBFGS:
    """scipy's L-BFGS-B on loss and gradient over all blocks.

    The optimiser sees one vector of float64 parameters; loss and gradient are computed
    by torch in the network's own precision, block by block, and summed.

    Parameters
    ----------
    tol : float
        Stop when the largest gradient component is at most this.
    learning_rate_init, learning_rate, batch_size, rng
        Unused: this solver has no step size and no randomness.
    """

    def __init__(self, *, tol, learning_rate_init, learning_rate, batch_size, rng):
        self.tol = tol

    def solve(self, objective, data, max_iter, after_iteration):
        """Iterate up to ``max_iter`` times.

        Returns
        -------
        converged : bool
        """
        parameters = objective.parameters()

        def loss_and_gradient(vector):
            _load(parameters, vector)
            return _loss_and_gradient(objective, data, parameters)

        def callback(intermediate_result):
            _load(parameters, intermediate_result.x)
            if after_iteration(float(intermediate_result.fun)):
                raise StopIteration

        result = minimize(
            loss_and_gradient,
            parameters_to_vector(parameters).detach().cpu().numpy().astype(np.float64),
            jac=True,
            method="L-BFGS-B",
            callback=callback,
            options={"maxiter": max_iter, "gtol": self.tol, "maxfun": 20 * max_iter},
        )
        _load(parameters, result.x)
        return bool(result.success) or result.status == 99


def _load(parameters, vector):
    first = parameters[0]
    with torch.no_grad():
        flat = torch.from_numpy(vector).to(first.device, first.dtype)
        vector_to_parameters(flat, parameters)


def _loss_and_gradient(objective, data, parameters):
    """Sum over the blocks; the penalty counts once."""
    for parameter in parameters:
        parameter.grad = None
    total = 0.0
    for i in range(len(data)):
        inputs, targets, weights = data.block(i)
        share = len(targets) / data.n_rows
        loss = share * objective.data_loss(inputs, targets, weights)
        loss.backward()
        total += loss.item()
    if objective.alpha:
        penalty = objective.penalty()
        penalty.backward()
        total += penalty.item()
    gradient = torch.cat([p.grad.reshape(-1) for p in parameters])
    return total, gradient.cpu().numpy().astype(np.float64)
