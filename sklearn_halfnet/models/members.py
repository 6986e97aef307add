"""HalfNets that share A, Z and their inputs, as one fitted value."""

from dataclasses import dataclass, replace
from operator import attrgetter

import numpy as np

from sklearn_halfnet.features.computation import Computation, Join, Layer, Mean, Scale
from sklearn_halfnet.features.low_rank import redraw_units
from sklearn_halfnet.models.read_out import start_read_out
from sklearn_halfnet.models.tensors import from_tensor, to_tensor

__all__ = ["MembersModel"]


def _of_first(name, doc):
    """Make a property that the first network has, and all others alike."""
    return property(attrgetter(f"first.{name}"), doc=doc)


@dataclass(frozen=True, kw_only=True)
class MembersModel:
    """Networks on the same inputs, each times signs of its own; scores are their mean.

    Parameters
    ----------
    networks : list of LowRankModel
        What each is behind its signs. They hold the same objects for A, Z, the scaling
        and the targets, which take memory, and place in a pickle, once.
    signs : ndarray of shape (n_members, n_inputs)
    """

    networks: list
    signs: np.ndarray

    @classmethod
    def started(cls, first, n_members, sample, start, rng):
        """Start others beside a network, which keeps its inputs as they are.

        Parameters
        ----------
        first : LowRankModel
        n_members : int
        sample : StartSample
        start : LowRankStart
        rng : numpy.random.Generator

        Returns
        -------
        network : MembersModel
        """
        shape = n_members, sample.features.shape[1]
        signs = rng.choice(np.array([-1, 1], start.dtype), shape)
        signs[0] = 1
        networks = [first]
        start = replace(start, alpha=first.start_alpha)  # is not looked for again
        for own in signs[1:]:
            inputs, weight = sample.features * own, sample.sample_weight
            layers, features = redraw_units(
                first.layers, inputs, weight, start.activation, rng
            )
            fixed = (features, sample, first.targets, start, rng)
            read_out, _ = start_read_out(*fixed, first.least_strength)
            networks.append(replace(first, layers=layers, read_out=read_out))
        return cls(networks=networks, signs=signs)

    # -- what all share ----------------------------------------------------------------

    @property
    def first(self):
        """The first network, where what all share is looked up."""
        return self.networks[0]

    scaling = _of_first("scaling", "Of the inputs of all.")
    targets = _of_first("targets", "Between y and scores.")
    begun = _of_first("begun", "Parameters that the networks keep from their start on.")
    start_alpha = _of_first("start_alpha", 'L2 strength that "auto" is.')
    dtype = _of_first("dtype", "Type of the numbers, a name.")
    weights = _of_first("weights", "Z of each layer.")
    factors = _of_first("factors", "A of each layer, without signs.")
    n_layers = _of_first("n_layers", "Number of hidden layers.")
    n_outputs = _of_first("n_outputs", "Scores a row.")

    # -- what each has -----------------------------------------------------------------

    @property
    def members(self):
        """Each member as a network by itself, its signs put into A."""
        factor = self.factors[0]
        return [
            network.with_factor(signs[:, None] * factor)
            for network, signs in zip(self.networks, self.signs, strict=True)
        ]

    @property
    def scales(self):
        """Factors of the units, (n_members, n_units) a layer."""
        return _stacked(network.scales for network in self.networks)

    @property
    def shifts(self):
        """Offsets of the units, (n_members, n_units) a layer."""
        return _stacked(network.shifts for network in self.networks)

    @property
    def coef(self):
        """V of each read-out, (n_members, n_outputs, n_units)."""
        return np.stack([network.coef for network in self.networks])

    @property
    def intercept(self):
        """The read-outs' c, (n_members, n_outputs)."""
        return np.stack([network.intercept for network in self.networks])

    @property
    def rank(self):
        """Columns of the first layer's A, counted for each member."""
        return len(self.networks) * self.first.rank

    @property
    def metric(self):
        """A of the first layer in the units of X, of all members side by side.

        Squared distances on it are the mean of those of the members.
        """
        return self._side_by_side(lambda member: member.metric)

    def embedded(self, X):
        """Compute A^T x' of the first layer in the same way, (n_rows, rank)."""
        return self._side_by_side(lambda member: member.embedded(X))

    def _side_by_side(self, of):
        root = np.dtype(self.dtype).type(np.sqrt(len(self.networks)))
        return np.hstack([of(member) for member in self.members]) / root

    @property
    def n_trained(self):
        """Numbers in A and the signs, one or two a unit, and the read-outs."""
        n_shared = sum(layer.n_factor for layer in self.first.layers)
        n_own = self.first.n_trained - n_shared
        return n_shared + self.signs.size + len(self.networks) * n_own

    @property
    def nbytes(self):
        """Bytes of all arrays that prediction needs."""
        own = [*self.scales, *self.shifts, self.coef, self.intercept]
        n_own = sum(array.nbytes for array in own)
        of_first = n_own // len(self.networks)
        return self.first.nbytes - of_first + n_own + self.signs.nbytes

    # -- computing ---------------------------------------------------------------------

    def scores(self, X):
        """Compute the mean of the members' scores on the scale of y."""
        return np.mean(self.member_scores(X), axis=0)

    def member_scores(self, X):
        """Compute the scores (n_rows, n_outputs) of each member."""
        return [member.scores(X) for member in self.members]

    def features(self, X):
        """Compute the units' outputs, those of all members side by side."""
        layers = zip(*(member.features(X) for member in self.members), strict=True)
        return [np.hstack(outputs) for outputs in layers]

    def steps(self):
        """Return the Computation of the scores."""
        steps = Computation(self.first.n_features).then(Scale(self.first.scaling))
        scaled, ends = [steps.last], []
        for member in self.members:
            embedding, *layers = member.stack
            steps = steps.then(Layer(embedding), scaled).through(layers)
            steps = steps.read_out(member.coef, member.intercept)
            ends.append(steps.last)
        return steps.then(Join(), ends).then(Mean(len(ends)))

    # -- other values ------------------------------------------------------------------

    def with_factor(self, factor):
        """Return the networks with another A of the first layer."""
        return self._with_layers(self.first.with_factor(factor).layers)

    def redrawn(self, rng):
        """Return the networks with a new Z in every layer."""
        return self._with_layers(self.first.redrawn(rng).layers)

    def training_scales(self, trains_scales):
        """Return the networks with the scales trained or not."""
        return self._each(lambda network: network.training_scales(trains_scales))

    def restarted(self, rows, rng):
        """Return the networks with read-outs from ridge regression on some rows."""
        return self._with_read_outs(lambda member: member.restarted(rows, rng))

    def refitted(self, rows, refit, **options):
        """Return the networks with read-outs that were fitted one by one.

        Parameters
        ----------
        rows, refit, **options
            As of ``TrainedNetwork.refitted``.
        """
        return self._with_read_outs(
            lambda member: member.refitted(rows, refit, **options)
        )

    def _with_layers(self, layers):
        """Put A and Z of some layers into all networks, which keep their values."""
        return self._each(lambda network: _on(layers, network))

    def _with_read_outs(self, of):
        """Give each network the read-out of what ``of`` makes of the member."""
        pairs = zip(self.networks, self.members, strict=True)
        networks = [
            replace(network, read_out=of(member).read_out) for network, member in pairs
        ]
        return replace(self, networks=networks)

    def _each(self, of):
        return replace(self, networks=[of(network) for network in self.networks])

    # -- training ----------------------------------------------------------------------

    def step_size(self, batch_size):
        """Multiply-adds of a step."""
        return len(self.networks) * self.first.step_size(batch_size)

    def inputs(self, X):
        """Return what scales rows, and the widths of that."""
        return self.first.inputs(X)

    def module(self, device):
        """Make the torch module of all members, fed as that of each would be."""
        from sklearn_halfnet.networks.members import MembersNetwork

        networks = [network.module(device) for network in self.networks]
        return MembersNetwork(networks, to_tensor(self.signs, self.dtype, device))

    def trained(self, module):
        """Return the networks with the values of a module."""
        networks = [
            network.trained(module.values_of(number))
            for number, network in enumerate(self.networks)
        ]
        signs = from_tensor(module.signs)
        trained = replace(self, networks=networks, signs=signs)
        return trained._with_layers(trained.first.layers)


def _on(layers, network):
    """Return a network with A and Z of other layers, and the units' values it has."""
    values = [(units.scales, units.shifts) for units in network.units]
    pairs = zip(layers, values, strict=True)
    return replace(network, layers=[layer.with_values(*own) for layer, own in pairs])


def _stacked(lists):
    """Stack the members' arrays of each layer."""
    return [np.stack(arrays) for arrays in zip(*lists, strict=True)]
