"""Expectations of an activation under normal pre-activations."""

from functools import lru_cache

import numpy as np

from sklearn_halfnet.activations import ACTIVATIONS

__all__ = ["derivative", "function", "mean_square", "moments"]


@lru_cache(maxsize=1)
def _grid():
    """Points and weights of the trapezoidal rule under the normal density."""
    # An even number: no point lies on a kink at 0.
    z = np.linspace(-8.5, 8.5, 258)
    weights = np.exp(-(z**2) / 2)
    return z, weights / weights.sum()


def mean_square(g, q):
    """Compute E[g(u)^2] for u ~ N(0, q)."""
    z, weights = _grid()
    return float(weights @ g(np.sqrt(q) * z) ** 2)


def function(activation):
    """Return the activation of that name as a function that keeps its argument."""
    return lambda u: ACTIVATIONS[activation].array(np.array(u, dtype=float))


def derivative(g):
    """Return the derivative of g, by central differences."""
    step = 1e-6
    return lambda u: (g(u + step) - g(u - step)) / (2 * step)


def moments(g, lengths, c):
    """Compute expectations of two inputs' activations.

    Parameters
    ----------
    g : callable
    lengths : ndarray of shape (2,)
        Second moments of the pre-activations u_1 and u_2, which are normal.
    c : float
        Their correlation.

    Returns
    -------
    squares, means : ndarray of shape (2,)
        E[g(u)^2] and E[g(u)].
    both : float
        E[g(u_1) g(u_2)].
    """
    z, weights = _grid()
    outputs = [g(np.sqrt(q) * z) for q in lengths]
    squares = np.array([weights @ out**2 for out in outputs])
    means = np.array([weights @ out for out in outputs])
    second = g(np.sqrt(lengths[1]) * (c * z[:, None] + np.sqrt(1 - c**2) * z))
    return squares, means, (weights * outputs[0]) @ second @ weights
