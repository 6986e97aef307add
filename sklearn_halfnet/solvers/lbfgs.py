"""L-BFGS on the whole training set, the gradient summed over blocks."""

import numpy as np
import torch
from scipy.optimize import minimize
from torch.nn.utils import parameters_to_vector, vector_to_parameters

__all__ = ["LBFGS", "gradient_vector", "load_vector"]


class LBFGS:
    """scipy's L-BFGS-B on loss and gradient over all blocks.

    The optimiser sees one vector of float64 parameters; loss and gradient are computed
    by torch in the network's own precision, block by block, and summed.

    Parameters
    ----------
    tol : float
        Stop when the largest gradient component is at most this.
    """

    def __init__(self, *, tol):
        self.tol = tol

    def solve(self, objective, data, max_iter, after_iteration):
        """Iterate up to ``max_iter`` times.

        Returns
        -------
        converged : bool
        """
        parameters = objective.parameters()

        def loss_and_gradient(vector):
            load_vector(parameters, vector)
            return _loss_and_gradient(objective, data, parameters)

        def callback(intermediate_result):
            load_vector(parameters, intermediate_result.x)
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
        load_vector(parameters, result.x)
        return bool(result.success) or result.status == 99

    def checkpoint(self):
        """Return nothing: scipy does not give its memory of gradients away."""


def load_vector(parameters, vector):
    """Give the parameters the values of one float64 vector."""
    first = parameters[0]
    with torch.no_grad():
        flat = torch.from_numpy(vector).to(first.device, first.dtype)
        vector_to_parameters(flat, parameters)


def _loss_and_gradient(objective, data, parameters):
    """Sum over the rows, wherever they lie; the penalty counts once."""
    total, gradient = data.loss_and_gradient(objective, parameters)
    if objective.alpha:
        for parameter in parameters:
            parameter.grad = torch.zeros_like(parameter)
        penalty = objective.penalty()
        penalty.backward()
        total, gradient = total + penalty.item(), gradient + gradient_vector(parameters)
    return total, gradient


def gradient_vector(parameters):
    """All gradients as one float64 vector."""
    gradient = torch.cat([p.grad.reshape(-1) for p in parameters])
    return gradient.cpu().numpy().astype(np.float64)
