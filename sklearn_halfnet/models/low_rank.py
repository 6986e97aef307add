"""HalfNet's network: random weights whose covariance is learned."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from sklearn_halfnet._device import check_memory
from sklearn_halfnet.features import (
    InputScaling,
    Moments,
    StartSample,
    all_features,
    draw_low_rank_layers,
    last_features,
)
from sklearn_halfnet.features.geometry import geometry_numbers
from sklearn_halfnet.features.start import sample_size
from sklearn_halfnet.models.members import MembersModel
from sklearn_halfnet.models.network import SPREAD, ColumnStart, HiddenStack
from sklearn_halfnet.models.read_out import ridge_start, start_read_out
from sklearn_halfnet.models.ridge_refit import polish_bytes
from sklearn_halfnet.models.row_losses import told
from sklearn_halfnet.models.tensors import from_tensor, to_tensor
from sklearn_halfnet.models.training_options import SEVERAL_UP_TO

__all__ = ["LowRankModel", "LowRankStart"]

_AUTO_RANK = 32

# Of n_members="auto" with few rows.
_AUTO_MEMBERS = 4

# Of unit variance, beyond which the steps of a rate, added up over the columns, would
# carry pre-activations far from their start at once.
_MANY_COLUMNS = 1_000


@dataclass(frozen=True, kw_only=True)
class LowRankStart(ColumnStart):
    """What a HalfNet is started from.

    Parameters
    ----------
    rank : int or "auto"
        Columns of A.
    geometry : str
        A name in ``GEOMETRIES``.
    trains_scales : bool
    polishes : bool
        Whether the read-out is to be refitted, which takes memory.
    n_members : int or "auto"
    """

    rank: int | str
    geometry: str
    trains_scales: bool
    polishes: bool
    n_members: int | str

    @property
    def begun(self):
        """Parameters that the network keeps from its start on."""
        return super().begun | {"rank": self.rank, "n_members": self.n_members}

    def network(self, rows, targets, rng) -> Any:
        """Draw Z, set A to its start value, and the read-out; of each member."""
        scaling = self.learn_inputs(rows, rng)
        inputs = [scaling.width(rows.X.shape[1]), *self.sizes[:-1]]
        ranks = self._ranks(inputs)
        start = self._settled(len(rows.numbers))
        start._check_memory(len(rows.encoded), inputs, ranks)
        sample = self.sample(rows, scaling, max(self.sizes), rng)
        unit = self._input_unit(sample)
        layers, features, least_strength = draw_low_rank_layers(
            sample,
            told(targets, sample),
            ranks=ranks,
            sizes=self.sizes,
            activation=self.activation,
            geometry=self.geometry,
            rng=rng,
        )
        started = start_read_out(features, sample, targets, start, rng, least_strength)
        network = LowRankModel(
            **self.common(scaling, targets, *started),
            layers=layers,
            unit=unit,
            least_strength=least_strength,
            balances=[],
            trains_scales=self.trains_scales,
        )
        network = network.balanced()
        if start.n_members == 1:
            return network
        return MembersModel.started(network, start.n_members, sample, start, rng)

    def _settled(self, n_rows):
        """Return the start with the values that "auto" has for so many rows."""
        few = n_rows <= SEVERAL_UP_TO
        of_auto = {
            "n_members": _AUTO_MEMBERS if few else 1,
            "init": "ridge" if few else "random",
        }
        auto = [name for name in of_auto if getattr(self, name) == "auto"]
        return replace(self, **{name: of_auto[name] for name in auto})

    def for_choice(self):
        """Return the start of two members; more take as much longer.

        One by itself asks for more dropout than a mean of several does.
        """
        return self if self.n_members == 1 else replace(self, n_members=2)

    def ready(self, network, n_passes):
        """Return the network with the scales trained or not."""
        return network.training_scales(self.trains_scales)

    def _input_unit(self, sample):
        """Divisor of the inputs, and factor of A, while A is trained.

        A rate suits weights of one size only, but A is kept for the inputs as they are.
        """
        if self.input_scaling not in ("center", None):  # of size one as they are
            return max(1.0, sample.features.shape[1] / _MANY_COLUMNS)
        moments = Moments.of(sample.features, sample.sample_weight)
        return moments.spread(about_one_mean=True) / SPREAD or 1.0

    def _ranks(self, inputs):
        """Columns of A of each layer, from the numbers of their inputs."""
        if self.rank == "auto":
            return [min(n, _AUTO_RANK) for n in inputs]
        if self.rank > min(inputs):
            raise ValueError(
                f"rank={self.rank} is more than the {min(inputs)} inputs of a hidden "
                f"layer. Use rank='auto' or at most {min(inputs)}."
            )
        return [self.rank] * len(inputs)

    def _check_memory(self, n_rows, below, ranks):
        """Estimate what a start will allocate, before it does."""
        sizes, dtype = self.sizes, self.dtype
        sampled = min(n_rows, sample_size(below[0], max(sizes), dtype))
        inner = min(sampled, sizes[-1]) if self.solves_ridge else 0
        numbers = sum(
            rank * (n_inputs + size) + sampled * (n_inputs + 3 * size)
            for n_inputs, size, rank in zip(below, sizes, ranks, strict=True)
        )
        geometry = max(geometry_numbers(self.geometry, sampled, n) for n in below)
        polish = polish_bytes(n_rows, sizes[-1]) if self.polishes else 0
        check_memory(
            numbers * np.dtype(dtype).itemsize
            + max(8 * (2 * inner**2 + geometry), polish),
            f"hidden_layer_sizes={self.hidden_layer_sizes!r} on {below[0]} inputs",
            "Use fewer hidden units, or geometry='orthogonal'"
            + (", or polish=None." if self.polishes else "."),
        )


@dataclass(frozen=True, kw_only=True)
class LowRankModel(HiddenStack):
    """Hidden layers of learned geometry, each fed by the one before.

    Parameters
    ----------
    layers : list of LowRankLayer
    unit : float
        What the inputs are divided by in training.
    least_strength : float
        Of the ridge regression that starts the read-out.
    balances : list of float
        How much of A's norm the L2 penalty sees, one a layer.
    trains_scales : bool
    """

    layers: list
    unit: float
    least_strength: float
    balances: list
    trains_scales: bool

    @property
    def stack(self):
        """Embedding and units of each layer in turn."""
        return [each for layer in self.layers for each in layer.stack]

    @property
    def units(self):
        """Those of the layers that have scales and shifts."""
        return [layer.units for layer in self.layers]

    @property
    def n_trained(self):
        """Numbers in A, one or two a unit, and the read-out."""
        a_unit = 2 if self.trains_scales else 1
        in_layers = sum(
            layer.n_factor + a_unit * layer.units.n_units for layer in self.layers
        )
        return in_layers + self.read_out.size

    @property
    def scales(self):
        """Factors of the units; their layers' own include 1 / sqrt(rank)."""
        return [
            layer.scales * layer.scales.dtype.type(np.sqrt(layer.weights.shape[1]))
            for layer in self.units
        ]

    @property
    def factors(self):
        """A of each layer, (n_inputs, rank)."""
        return [layer.factor(self.dtype) for layer in self.layers]

    @property
    def rank(self):
        """Columns of the first layer's A."""
        return self.layers[0].embedding.n_units

    @property
    def metric(self):
        """A of the first layer in the units of X; if limited, near their centre."""
        if self.scaling.embedding is not None or self.scaling.coding is not None:
            raise AttributeError(
                "With waves beside the columns, or codes of categories or missing "
                "values, the metric is not linear in X. Fit with column_embedding=None "
                "on numbers, or take transform."
            )
        factor, scale = self.factors[0], self.scaling.scale
        return factor if scale is None else factor / scale[:, None]

    def features(self, X):
        """Compute the units' outputs, an array (n_rows, n_units) a hidden layer."""
        outputs = iter(all_features(X, self.scaling, self.stack, self.dtype))
        return [units for _embedded, units in zip(outputs, outputs, strict=True)]

    def member_scores(self, X):
        """Compute the scores in a list: one network is the only member."""
        return [self.scores(X)]

    def embedded(self, X):
        """Compute A^T x' of the first layer, (n_rows, rank)."""
        first = [self.layers[0].embedding]
        return last_features(X, self.scaling, first, self.dtype)

    # -- other values ------------------------------------------------------------------

    def training_scales(self, trains_scales):
        """Return the network with the scales trained or not."""
        return replace(self, trains_scales=trains_scales)

    def with_factor(self, factor):
        """Return the network with another A of the first layer."""
        first, *later = self.layers
        return replace(self, layers=[first.with_factor(factor), *later])

    def redrawn(self, rng):
        """Return the network with a new Z in every layer."""
        layers = [layer.redrawn(rng, self.dtype) for layer in self.layers]
        return replace(self, layers=layers)

    def restarted(self, rows, rng):
        """Return the network with a read-out from ridge regression on some rows."""
        sample = StartSample.draw(
            rows.X,
            rows.encoded,
            rows.train_weight,
            self.scaling,
            n_units=self.units[-1].n_units,
            rng=rng,
            dtype=self.dtype,
        )
        features = last_features(
            sample.features, InputScaling(), self.stack, self.dtype
        )
        fixed = (features, sample, self.targets, self.least_strength)
        coef, intercept, _ = ridge_start(*fixed)
        return self.with_read_out(coef, intercept)

    def balanced(self):
        """Return the network penalised by the norm of the read-out over that of each A.

        The L2 penalty alpha / 2 (|V|^2 + sum_l b_l^2 |A_l|^2), b_l = |V| / |A_l|, then
        is indifferent to a factor that goes from one to another, which changes nothing
        of the function of homogeneous units, and no A can make up for a shorter V.
        """
        read_out = np.linalg.norm((self.coef.T / self.targets.scale).T)
        lengths = [
            unit * np.linalg.norm(layer.embedding.weights.matrix(self.dtype))
            for layer, unit in zip(self.layers, self._factor_units, strict=True)
        ]
        balances = [float(read_out / length) if length else 0.0 for length in lengths]
        return replace(self, balances=balances)

    # -- training ----------------------------------------------------------------------

    @property
    def _factor_units(self):
        """What A of each layer is multiplied by in training: the first has a unit."""
        number = np.dtype(self.dtype).type
        return [number(self.unit), *[number(1)] * (len(self.layers) - 1)]

    def step_size(self, batch_size):
        """Multiply-adds of a step."""
        layers = sum(layer.n_weights for layer in self.layers)
        read_out = self.units[-1].n_units * (self.n_outputs + 8)
        return batch_size * (layers + read_out)

    def inputs(self, X):
        """Return what scales rows, and the widths of that."""
        unit = np.dtype(self.dtype).type(self.unit)

        def scale(rows):
            scaled = self.scaling.dense_rows(X[rows], self.dtype)
            return scaled if unit == 1 else scaled / unit

        width = self.scaling.width(X.shape[1])
        return scale, width, width

    def module(self, device):
        """Make the torch module, fed with scaled rows in the unit of training."""
        from sklearn_halfnet.networks.low_rank import LowRankNetwork

        def tensors(arrays):
            return [to_tensor(array, self.dtype, device) for array in arrays]

        factors = zip(self.factors, self._factor_units, strict=True)
        return LowRankNetwork(
            tensors(factor * unit for factor, unit in factors),
            tensors(self.weights),
            tensors(layer.scales for layer in self.units),
            tensors(layer.shifts for layer in self.units),
            *self.read_out.tensors(self.targets, self.dtype, device),
            self.begun["activation"],
            self.trains_scales,
            self.balances,
        )

    def trained(self, module):
        """Return the network with the values of a module."""
        layers = []
        for layer, factor, directions, scale, shift, unit in zip(
            self.layers,
            module.factors,
            module.directions,
            module.scales,
            module.shifts,
            self._factor_units,
            strict=True,
        ):
            units = layer.units.with_values(from_tensor(scale), from_tensor(shift))
            units = units.with_frozen(from_tensor(directions))
            layer = replace(layer, units=units)
            layers.append(layer.with_factor(from_tensor(factor) / unit))
        read_out = self.read_out_of(
            from_tensor(module.coef), from_tensor(module.intercept)
        )
        return replace(self, layers=layers, read_out=read_out)
