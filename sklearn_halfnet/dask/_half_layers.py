"""Half layers by L-BFGS on all rows, the gradient summed over the blocks."""

import dask
import numpy as np

from sklearn_halfnet._random import child_generators
from sklearn_halfnet.dask._start import (
    block_weights,
    learn_facts,
    resolved_class_weight,
    start_sample,
)
from sklearn_halfnet.dask._travel import Traveller, arrive
from sklearn_halfnet.estimators._common.validation import validate_training
from sklearn_halfnet.estimators._trained.fit import keep, training_options
from sklearn_halfnet.estimators.half_layers.half_layer import half_layer_start
from sklearn_halfnet.models.train import loss_and_gradient, train_on_cluster

__all__ = ["fit_half_layers"]

# By parameter, the value to take first.
_SUPPORTED = {
    "solver": ("lbfgs",),
    "early_stopping": ("auto", False),
    "polish": (False,),
    "label_smoothing": (0.0,),
}


def fit_half_layers(estimator, blocks):
    """Fit half layers; the projection of each block stays where the block lies.

    A step sends the trained numbers, H (2 + K) + K of them for one layer, to each block
    and gets as many back.

    Parameters
    ----------
    estimator : HalfLayer
        Fitted in place.
    blocks : Blocks

    Returns
    -------
    blocks : Blocks
        That hold rows, and know how often they were gone through.

    Raises
    ------
    ValueError
        If the parameters ask for what needs all rows in one place.
    """
    _check_parameters(estimator)
    blocks, facts = learn_facts(estimator, blocks)
    class_weight = resolved_class_weight(estimator, facts)
    rng, _, _ = child_generators(estimator.random_state, 3)
    n_features = estimator.n_features_in_
    start = half_layer_start(estimator)
    scaling, targets, sample = start_sample(
        estimator,
        blocks,
        facts,
        class_weight,
        rng,
        rng,
        n_features=n_features,
        n_units=max(start.all_sizes),
        dtype=start.dtype,
    )
    n_inputs = scaling.width(n_features)
    start.check_memory(n_inputs, sum(fact["n_rows"] for fact in facts))
    if sample.targets.dtype.kind == "f":  # the type that they have on one machine
        sample.targets = sample.targets.astype(start.dtype)
    network = start.of_sample(scaling, sample, targets, rng)
    data = _ClusterData(estimator, network, blocks, class_weight)
    options = training_options(estimator, network, data.n_rows)
    keep(estimator, *train_on_cluster(network, data, options))
    return blocks


def _check_parameters(estimator):
    for name, needed in _SUPPORTED.items():
        if getattr(estimator, name, needed[0]) not in needed:
            raise ValueError(
                f"On dask collections half layers need {name}={needed[0]!r}, got "
                f"{getattr(estimator, name)!r}: other values need all rows in one "
                "place."
            )


class _ClusterData:
    """Rows on a cluster, as the solver sees them: a loss and its gradient.

    Parameters
    ----------
    estimator : HalfLayer
        That has seen its features.
    network : HalfLayerModel
        As it starts.
    blocks : Blocks
    class_weight : dict, list of dict or None
    """

    def __init__(self, estimator, network, blocks, class_weight):
        estimator.model_ = network
        traveller = dask.delayed(Traveller(estimator), pure=False)
        inputs = blocks.sweep(_inputs, [(traveller, class_weight)] * len(blocks.blocks))
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
    network = estimator.model_
    X, y = validate_training(estimator, X, y, reset=False)
    weight = block_weights(y, w, class_weight)
    project, _, _ = network.inputs(X)
    encoded = network.targets.encode(y, network.dtype)
    return project(np.arange(X.shape[0])), encoded, weight


def _size(part):
    """Rows of a block, and their total weight."""
    _, encoded, weight = part
    return len(encoded), len(encoded) if weight is None else weight.sum()


def _gradient(part, traveller, vector, total):
    """Loss and gradient of one block, as its share of the mean."""
    share = len(part[1]) / total
    return loss_and_gradient(
        arrive(traveller).model_, *part, vector=vector, share=share
    )
