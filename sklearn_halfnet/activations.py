"""Activation functions by name, for numpy arrays and for torch tensors.

Each entry of :data:`ACTIVATIONS` holds the same function twice: ``array`` works in
place on a numpy array (prediction, closed-form estimators), ``tensor`` on a torch
tensor (training). torch is imported only when ``tensor`` is called.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from scipy.special import erf, expit

from sklearn_halfnet._device import import_torch

__all__ = ["ACTIVATIONS", "Activation"]


class Activation(NamedTuple):
    """One activation function in its two forms.

    Parameters
    ----------
    array : callable
        ``array(z)`` overwrites the floating-point numpy array ``z`` with g(z) and
        returns it.
    tensor : callable
        ``tensor(t)`` returns g(t) for a torch tensor; differentiable.
    """

    array: Callable
    tensor: Callable


def _identity(z):
    return z


def _relu(z):
    return np.maximum(z, 0, out=z)


def _leaky_relu(z):
    return np.multiply(z, 0.01, out=z, where=z < 0)


def _tanh(z):
    return np.tanh(z, out=z)


def _logistic(z):
    return expit(z, out=z)


def _gelu(z):
    z *= 0.5 * (1 + erf(z * z.dtype.type(np.sqrt(0.5))))
    return z


def _silu(z):
    z *= expit(z)
    return z


def _softplus(z):
    return np.logaddexp(z, 0, out=z)


def _cos(z):
    return np.cos(z, out=z)


def _sin(z):
    return np.sin(z, out=z)


def _gaussian(z):
    np.square(z, out=z)
    z *= -0.5
    return np.exp(z, out=z)


ACTIVATIONS = {
    "relu": Activation(_relu, lambda t: import_torch().relu(t)),
    "leaky_relu": Activation(
        _leaky_relu, lambda t: import_torch().nn.functional.leaky_relu(t, 0.01)
    ),
    "tanh": Activation(_tanh, lambda t: import_torch().tanh(t)),
    "logistic": Activation(_logistic, lambda t: import_torch().sigmoid(t)),
    "gelu": Activation(_gelu, lambda t: import_torch().nn.functional.gelu(t)),
    "silu": Activation(_silu, lambda t: import_torch().nn.functional.silu(t)),
    "softplus": Activation(
        _softplus, lambda t: import_torch().nn.functional.softplus(t)
    ),
    "cos": Activation(_cos, lambda t: import_torch().cos(t)),
    "sin": Activation(_sin, lambda t: import_torch().sin(t)),
    "gaussian": Activation(_gaussian, lambda t: import_torch().exp(-0.5 * t * t)),
    "identity": Activation(_identity, _identity),
}
