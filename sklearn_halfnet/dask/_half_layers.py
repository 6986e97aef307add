"""Half layers by L-BFGS on all rows, the gradient summed over the blocks."""

import dask
import numpy as np

from sklearn_halfnet._device import compute_threads, training_mode
from sklearn_halfnet._random import child_generators
from sklearn_halfnet.dask._start import (
    block_weights,
    learn_facts,
    resolved_class_weight,
    start_sample,
)
from sklearn_halfnet.dask._travel import Traveller, arrive
from sklearn_halfnet.estimators._common.layer_options import check_sizes

__all__ = ["fit_half_layers"]

_SUPPORTED = {"solver": "lbfgs", "early_stopping": False, "polish": False}


def fit_half_layers(estimator, blocks):
    """Fit half layers; the projection of each block stays where the block lies.

    A step sends the trained numbers, H (2 + K) + K of them for one layer, to each block
    and gets as many back.

    Parameters
    ----------
    estimator : BaseHalfLayer
        Fitted in place.
    blocks : Blocks

    Raises
    ------
    ValueError
        If the parameters ask for what needs all rows in one place.
    """
    _check_parameters(estimator)
    blocks, facts = learn_facts(estimator, blocks)
    class_weight = resolved_class_weight(estimator, facts)
    rng, _, _ = child_generators(estimator.random_state, 3)
    n_features = facts[0]["n_features"]
    estimator._begin()
    estimator._check_size(n_features, sum(fact["n_rows"] for fact in facts))
    scaling, estimator._targets, sample = start_sample(
        estimator,
        blocks,
        facts,
        class_weight,
        rng,
        n_features=n_features,
        n_units=max(check_sizes(estimator.hidden_layer_sizes)),
        dtype=estimator.dtype,
    )
    sample.targets = _of_start(estimator, sample.targets)
    estimator._start_from(scaling, sample, rng)
    data = _ClusterData(estimator, blocks, class_weight)
    with training_mode(), compute_threads(0):
        network = _network(estimator)
        solver = estimator._solver(batch_size=1, rng=None)
        estimator._minimise(network, data, solver, estimator._monitor(network))


def _check_parameters(estimator):
    for name, needed in _SUPPORTED.items():
        if getattr(estimator, name) != needed:
            raise ValueError(
                f"On dask collections half layers need {name}={needed!r}, got "
                f"{getattr(estimator, name)!r}: other values need all rows in one "
                "place."
            )


def _of_start(estimator, encoded):
    """Give encoded targets the type that they have on one machine."""
    return encoded.astype(estimator.dtype) if encoded.dtype.kind == "f" else encoded


def _network(estimator):
    import torch

    return estimator._network(torch.device("cpu"))


class _ClusterData:
    """Rows on a cluster, as the solver sees them: a loss and its gradient.

    Parameters
    ----------
    estimator : BaseHalfLayer
        With its layers drawn.
    blocks : Blocks
    class_weight : dict, list of dict or None
    """

    def __init__(self, estimator, blocks, class_weight):
        traveller = dask.delayed(Traveller(estimator), pure=False)
        inputs = blocks.delayed(_inputs, traveller, class_weight)
        self.traveller, *self.inputs = dask.persist(traveller, *inputs)
        sizes = dask.compute(*[dask.delayed(_size)(part) for part in self.inputs])
        self.n_rows, self.total = np.sum(sizes, axis=0)

    def loss_and_gradient(self, objective, parameters):
        """Mean loss of all rows, without the penalty, and its gradient as a vector."""
        from torch.nn.utils import parameters_to_vector

        vector = parameters_to_vector(parameters).detach().numpy().astype(np.float64)
        task = dask.delayed(_gradient)
        parts = [task(part, self.traveller, vector, self.total) for part in self.inputs]
        losses, gradients = zip(*dask.compute(*parts), strict=True)
        return float(sum(losses)), np.sum(gradients, axis=0)


def _inputs(X, y, w, traveller, class_weight):
    """Projection of a block on the frozen weights, its targets and weights."""
    estimator = arrive(traveller)
    X, y = estimator._validate_training(X, y, reset=False)
    weight = block_weights(y, w, class_weight)
    encoded = estimator._targets.encode(y, estimator._float)
    project, _, _ = estimator._inputs(X)
    return project(np.arange(X.shape[0])), encoded, weight


def _size(part):
    """Rows of a block, and their total weight."""
    _, encoded, weight = part
    return len(encoded), len(encoded) if weight is None else weight.sum()


def _gradient(part, traveller, vector, total):
    """Loss and gradient of one block, as its share of the mean."""
    import torch

    from sklearn_halfnet.solvers.lbfgs import gradient_vector, load_vector

    estimator, (inputs, encoded, weight) = arrive(traveller), part
    with training_mode(), compute_threads(0):
        network = _network(estimator)
        objective = estimator._objective(network)
        parameters = objective.parameters()
        load_vector(parameters, vector)
        if weight is not None:
            weight = torch.from_numpy(weight.astype(estimator._float))
        inputs, encoded = torch.from_numpy(inputs), torch.from_numpy(encoded)
        loss = objective.data_loss(inputs, encoded, weight) * (len(encoded) / total)
        loss.backward()
        return loss.item(), gradient_vector(parameters)
