"""Mean-field theory of wide random networks: lengths, correlations, depth scale.

Weights are N(0, sigma_w^2 / width), biases N(0, sigma_b^2), g the activation. As the
width grows, the pre-activations of two inputs become jointly normal. Their second
moments q_1, q_2 and their correlation c follow from the layer below (Poole et al. 2016,
equations 3 and 5):

    q  <-  sigma_w^2 E[g(u)^2] + sigma_b^2,                     u ~ N(0, q)
    c  <-  (sigma_w^2 E[g(u_1) g(u_2)] + sigma_b^2) / sqrt(q_1 q_2)

Near its fixed point c* the correlation converges as exp(-layers / depth scale).
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy.optimize import brentq

from sklearn_halfnet._checks import (
    check_numbers,
    check_options,
    not_masked,
    one_of,
    real,
    whole,
)
from sklearn_halfnet.activations import ACTIVATIONS
from sklearn_halfnet.inspection._mean_field import (
    derivative,
    function,
    mean_square,
    moments,
)

__all__ = ["SignalPropagation", "critical_weight_scale", "signal_propagation"]

# chi is known to this accuracy where lengths converge slowly.
_ACCURACY = 1e-4
_TOO_LONG = 1e12


@dataclass(frozen=True)
class SignalPropagation:
    """What mean-field theory says of two inputs on their way through a network.

    Layer 0 is the input, layer l the activations g(u) of the l-th hidden layer.

    Attributes
    ----------
    lengths : ndarray of shape (n_layers, 2)
        Second moments q of the two inputs' pre-activations, from layer 1 on.
    preactivation_correlations : ndarray of shape (n_layers,)
        Their correlation c.
    cosines : ndarray of shape (n_layers + 1,)
        Cosine of the two inputs and of their activations, from layer 0 on.
    correlations : ndarray of shape (n_layers + 1,)
        Pearson correlation of the same over the units; equal to the cosine if g is odd.
    length_fixed_point : float
        q* to which lengths converge; inf if they grow without bound.
    correlation_fixed_point : float
        c* to which the correlation of pre-activations converges.
    chi : float
        Slope of the correlation map at c = 1: below 1 inputs become alike (order),
        above 1 they are driven apart (chaos).
    depth_scale : float
        Layers in which the distance of c from c* falls by a factor e; inf at chi = 1.
    divergence_scale : float
        1 / abs(log(chi)): layers in which the distance 1 - c of two inputs that are
        nearly alike shrinks or grows by a factor e. In the ordered regime it is the
        depth scale.
    """

    lengths: np.ndarray
    preactivation_correlations: np.ndarray
    cosines: np.ndarray
    correlations: np.ndarray
    length_fixed_point: float
    correlation_fixed_point: float
    chi: float
    depth_scale: float

    @property
    def divergence_scale(self):
        """Layers in which a small distance of two inputs changes by a factor e."""
        return _layers_of(self.chi)

    @property
    def regime(self):
        """The regime as one of the words "ordered", "critical" and "chaotic"."""
        if abs(self.chi - 1) < 1e-3:
            return "critical"
        return "ordered" if self.chi < 1 else "chaotic"


_NETWORK = {"activation": [one_of(ACTIVATIONS)], "sigma_b": [real(0)]}


@check_options(
    {
        **_NETWORK,
        "sigma_w": [real(0, closed="neither")],
        "n_layers": [whole(1)],
        "cosine": [real(-1, 1, closed="both")],
    }
)
def signal_propagation(
    sigma_w, activation="tanh", sigma_b=0.0, *, n_layers=10, lengths=1.0, cosine=0.5
):
    """Predict how two inputs pass through a wide random network.

    Parameters
    ----------
    sigma_w : float
        Weights have the standard deviation sigma_w / sqrt(number of inputs).
    activation : str, default="tanh"
        A name in ``sklearn_halfnet.activations.ACTIVATIONS``.
    sigma_b : float, default=0.0
        Standard deviation of the biases.
    n_layers : int, default=10
    lengths : float or pair of float, default=1.0
        Mean square of an input's features, of both inputs or of each.
    cosine : float, default=0.5
        Cosine of the angle between the two inputs, whose features have mean zero.

    Returns
    -------
    prediction : SignalPropagation

    Raises
    ------
    ValueError
        If the activation is unknown or a number lies outside its range.

    Notes
    -----
    Expectations are integrated by the trapezoidal rule on a uniform grid, which for
    smooth functions under a normal density converges exponentially. Gauss-Hermite
    quadrature with 100 nodes is far off for saturated units: it gives 0.011 instead of
    0.059 for the mean squared derivative of tanh at q = 81.

    References
    ----------
    B. Poole, S. Lahiri, M. Raghu, J. Sohl-Dickstein, S. Ganguli, "Exponential
    expressivity in deep neural networks through transient chaos", NIPS 2016, equations
    3 to 6.

    S. S. Schoenholz, J. Gilmer, S. Ganguli, J. Sohl-Dickstein, "Deep information
    propagation", ICLR 2017, equations 7 to 9.

    Examples
    --------
    >>> from sklearn_halfnet.inspection.propagation import signal_propagation
    >>> prediction = signal_propagation(2.0, "tanh", cosine=0.9)
    >>> prediction.regime
    'chaotic'
    >>> print(f"{prediction.depth_scale:.1f} and {prediction.divergence_scale:.1f}")
    8.0 and 3.2
    """
    g = function(activation)
    start = np.atleast_1d(not_masked(lengths, "lengths"))
    start = check_numbers(start, "lengths", dtype=float, ensure_2d=False)
    start = np.broadcast_to(start, 2)
    if (start <= 0).any():
        raise ValueError(f"lengths must be positive, got {lengths}.")
    layers = _follow(g, sigma_w, sigma_b, n_layers, start, cosine)
    q = _length_fixed_point(g, sigma_w, sigma_b, layers[0][-1].mean())
    return SignalPropagation(*layers, q, *_correlation_fixed_point(g, sigma_w, q))


@check_options(_NETWORK)
def critical_weight_scale(activation="tanh", sigma_b=0.0):
    """Find sigma_w at the edge of chaos, where the slope chi of the c map is 1.

    Parameters
    ----------
    activation : str, default="tanh"
    sigma_b : float, default=0.0
        Standard deviation of the biases.

    Returns
    -------
    sigma_w : float

    Raises
    ------
    ValueError
        If the activation is unknown, or has no edge of chaos with these biases: lengths
        vanish on one side of it and grow without bound on the other.

    References
    ----------
    B. Poole et al., "Exponential expressivity in deep neural networks through transient
    chaos", NIPS 2016, section 3.

    Examples
    --------
    >>> from sklearn_halfnet.inspection.propagation import critical_weight_scale
    >>> print(f"{critical_weight_scale('relu'):.3f}")
    1.414
    """
    g = function(activation)
    # Each length q is the fixed point of one sigma_w: no iteration to it is needed.
    lengths = sigma_b**2 + np.geomspace(1e-6, 1e4, 101)
    excess = np.array([_excess_at(g, q, sigma_b) for q in lengths])
    if abs(excess[0]) < 1e-4 and _is_stable(g, lengths[0], sigma_b):
        return _scale_at(g, lengths[0], sigma_b)
    for (low, before), (high, after) in pairwise(zip(lengths, excess, strict=True)):
        if before < 0 <= after:
            q = brentq(lambda q: _excess_at(g, q, sigma_b), low, high)
            if _is_stable(g, q, sigma_b):
                return _scale_at(g, q, sigma_b)
    raise ValueError(
        f"activation={activation!r} has no edge of chaos with biases of scale "
        f"{sigma_b}: choose the scale of the weights as a number."
    )


# -- the two maps ----------------------------------------------------------------------


def _follow(g, sigma_w, sigma_b, n_layers, lengths, cosine):
    """Follow two inputs: lengths, c, cosines and correlations, layer by layer."""
    second = sigma_w**2 * lengths + sigma_b**2
    product = sigma_w**2 * cosine * np.sqrt(lengths.prod()) + sigma_b**2
    all_lengths, all_c, cosines, correlations = [], [], [cosine], [cosine]
    for _ in range(n_layers):
        c = np.clip(product / np.sqrt(second.prod()), -1, 1)
        all_lengths.append(second)
        all_c.append(c)
        squares, means, both = moments(g, second, c)
        cosines.append(both / np.sqrt(squares.prod()))
        spread = np.sqrt((squares - means**2).prod())
        correlations.append((both - means.prod()) / spread)
        second = sigma_w**2 * squares + sigma_b**2
        product = sigma_w**2 * both + sigma_b**2
    return tuple(map(np.array, (all_lengths, all_c, cosines, correlations)))


def _length_fixed_point(g, sigma_w, sigma_b, q):
    """Iterate the length map of one input until it stands still."""
    for _ in range(20_000):
        new = sigma_w**2 * mean_square(g, q) + sigma_b**2
        if new > _TOO_LONG:
            return np.inf
        if abs(new - q) <= 1e-12 * new or new < 1e-12:
            return new
        q = new
    return q


def _correlation_fixed_point(g, sigma_w, q):
    """Find the fixed point c*, the slope chi at c = 1, and the depth scale."""
    slope, growth = derivative(g), 1.0
    if np.isinf(q):
        # Lengths that grow without bound are divided out.
        q = _TOO_LONG
        growth = sigma_w**2 * mean_square(g, q) / q
    chi = sigma_w**2 * mean_square(slope, q)
    scale = sigma_w**2 / growth
    if chi / growth <= 1 + _ACCURACY:
        return 1.0, chi, _layers_of(chi / growth)
    # The map is convex on [0, 1] and 1 repels: there is exactly one other point.
    fixed = _root(g, scale, q)
    return fixed, chi, _layers_of(scale * moments(slope, np.array([q, q]), fixed)[2])


def _layers_of(rate):
    """Layers in which a quantity that changes by ``rate`` a layer does so by e."""
    return np.inf if abs(rate - 1) < _ACCURACY else float(abs(1 / np.log(rate)))


def _root(g, scale, q):
    lengths = np.array([q, q])
    bias = 1 - scale * mean_square(g, q) / q  # sigma_b^2 / q, at a fixed point

    def excess(c):
        return scale * moments(g, lengths, c)[2] / q + bias - c

    return 0.0 if excess(0.0) < 1e-9 else brentq(excess, 0.0, 1 - 1e-6)


def _scale_at(g, q, sigma_b):
    """Find the sigma_w of which q is a fixed point of the length map."""
    return float(np.sqrt((q - sigma_b**2) / mean_square(g, q)))


def _excess_at(g, q, sigma_b):
    """Slope chi less 1, for the sigma_w of which q is a fixed point."""
    slope = mean_square(derivative(g), q)
    return _scale_at(g, q, sigma_b) ** 2 * slope - 1


def _is_stable(g, q, sigma_b):
    """Whether the length map does not drive lengths away from its fixed point q."""
    larger = 1.1 * q
    new = _scale_at(g, q, sigma_b) ** 2 * mean_square(g, larger) + sigma_b**2
    return new <= larger * (1 + 1e-9)
