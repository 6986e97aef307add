"""Refit of a network's read-out to the least training loss, hidden layers fixed."""

import numpy as np

from sklearn_halfnet._device import resolve_device, training_mode
from sklearn_halfnet.features import last_features
from sklearn_halfnet.models.ridge_refit import polished_read_out
from sklearn_halfnet.models.row_losses import constant_scores
from sklearn_halfnet.models.tensors import from_tensor, to_tensor

__all__ = ["logistic_read_out"]

_MAX_ITER = 100
# Largest component of the gradient of the mean loss.
_TOL = 1e-5


def logistic_read_out(
    X, encoded, sample_weight, scaling, layers, targets, *, alpha, device, cache_bytes
):
    """Fit the read-out of fixed hidden layers by logistic or softmax regression.

    Or, of a regressor, by what its loss is called for: Poisson regression. L-BFGS on
    all rows, of classes from the ridge solution on; the problem is convex.

    Parameters
    ----------
    X : {ndarray, CSR matrix} of shape (n_samples, n_features)
    encoded : ndarray
        What ``targets.encode`` returned.
    sample_weight : ndarray of shape (n_samples,) or None
    scaling : InputScaling
    layers : list of HiddenLayer
    targets : ClassTargets or RealTargets
        With a smooth loss.
    alpha : float
        L2 strength: alpha / 2 times the squared norm of ``coef``.
    device : str
    cache_bytes : int
        Hidden features are kept if they fit into this many bytes.

    Returns
    -------
    coef : ndarray of shape (n_outputs, n_units)
    intercept : ndarray of shape (n_outputs,)
    """
    from sklearn_halfnet.networks.read_out import ReadOut
    from sklearn_halfnet.solvers.data import BlockData
    from sklearn_halfnet.solvers.lbfgs import LBFGS
    from sklearn_halfnet.solvers.losses import Objective, loss_of

    dtype = layers[-1].scales.dtype
    start = _start(X, encoded, sample_weight, scaling, layers, targets)

    def features(rows):
        return last_features(X[rows], scaling, layers, dtype)

    with training_mode():
        device = resolve_device(device)
        network = ReadOut(*(to_tensor(array, dtype, device) for array in start))
        data = BlockData(
            features,
            np.arange(len(encoded)),
            encoded,
            sample_weight,
            n_columns=layers[-1].n_units,
            working_columns=max(layer.n_units for layer in layers),
            batch_size=1,
            dtype=dtype,
            cache_bytes=cache_bytes,
            device=device,
        )
        objective = Objective(network, loss_of(targets), alpha)
        LBFGS(tol=_TOL).solve(objective, data, _MAX_ITER, lambda loss: False)
    return from_tensor(network.coef), from_tensor(network.intercept)


def _start(X, encoded, sample_weight, scaling, layers, targets):
    """Return the read-out to begin with."""
    if targets.classes is not None:
        return polished_read_out(X, encoded, sample_weight, scaling, layers, targets)
    n_outputs, n_units = targets.n_outputs, layers[-1].n_units
    return np.zeros((n_outputs, n_units)), constant_scores(targets, encoded, None)[0]
