"""What the networks that torch trains have in common, and those that numpy computes."""

from abc import ABC, abstractmethod
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from sklearn_halfnet.features import (
    HiddenLayer,
    InputScaling,
    StartSample,
    forward_blocks,
    linear_scores,
)
from sklearn_halfnet.features.columns import Vocabulary
from sklearn_halfnet.features.computation import Computation, Scale
from sklearn_halfnet.features.inputs import learn_inputs
from sklearn_halfnet.models.read_out import LinearReadOut

__all__ = ["SPREAD", "ColumnStart", "HiddenStack", "NetworkStart", "TrainedNetwork"]

# Of grey values between 0 and 1, for which the default rates were chosen.
SPREAD = 0.3


@dataclass(frozen=True, kw_only=True)
class NetworkStart(ABC):
    """What a network is started from, as parameters that have been checked.

    Parameters
    ----------
    hidden_layer_sizes : int or sequence of int
        As a user gave it.
    sizes : list of int
        The same as a list.
    activation : str
    input_scaling : {"auto", "standard", "robust", "center"} or None
    feature_names : ndarray of str or None
        For errors that name a column.
    init : {"auto", "ridge", "random"}
        "auto" is for a family to settle.
    alpha : float or "auto"
    dtype : {"float32", "float64"}
    """

    hidden_layer_sizes: Any
    sizes: list
    activation: str
    input_scaling: str | None
    feature_names: Any
    init: str
    alpha: float | str
    dtype: str

    @property
    def begun(self):
        """Parameters that the network keeps from its start on."""
        return {
            "dtype": self.dtype,
            "hidden_layer_sizes": self.sizes,
            "activation": self.activation,
            "input_scaling": self.input_scaling,
        }

    @property
    def solves_ridge(self):
        """Whether a ridge regression is solved: for the read-out, or for alpha."""
        return self.init == "ridge" or self.alpha == "auto"

    @abstractmethod
    def network(self, rows, targets, rng) -> "TrainedNetwork":
        """Start a network.

        Parameters
        ----------
        rows : Rows
        targets : ClassTargets or RealTargets
        rng : numpy.random.Generator

        Returns
        -------
        network : TrainedNetwork
        """

    def for_choice(self):
        """Return the start of what a choice of regularisation is made with."""
        return self

    def ready(self, network, n_passes):
        """Return a network that has done some passes, ready to go on."""
        return network

    def fit_scaling(self, rows, **options):
        """Learn the scaling of the inputs; options as of ``InputScaling.fit``."""
        how, names, weight = self.input_scaling, self.feature_names, rows.train_weight
        return InputScaling.fit(rows.X, how, weight, names, **options)

    def sample(self, rows, scaling, n_units, rng, **options):
        """Draw the rows of which start values are computed."""
        fixed = (rows.X, rows.encoded, rows.train_weight, scaling)
        options |= {"n_units": n_units, "rng": rng, "dtype": self.dtype}
        return StartSample.draw(*fixed, **options)

    def common(self, scaling, targets, read_out, start_alpha):
        """Return the fields that every network has, as a dict."""
        return {
            "scaling": scaling,
            "read_out": read_out,
            "targets": targets,
            "start_alpha": start_alpha,
            "begun": deepcopy(self.begun),
        }


@dataclass(frozen=True, kw_only=True)
class ColumnStart(NetworkStart):
    """What a network is started from that sees columns, each for itself.

    Parameters
    ----------
    column_embedding : {"auto", "periodic"} or None
    categorical_features : object
        As a user gave it, in a form that can be compared.
    vocabulary : Vocabulary or None
        Of columns that hold codes of categories.
    """

    column_embedding: str | None
    categorical_features: Any
    vocabulary: Vocabulary | None

    @property
    def begun(self):
        """Parameters that the network keeps from its start on."""
        return super().begun | {
            "column_embedding": self.column_embedding,
            "categorical_features": self.categorical_features,
        }

    def learn_inputs(self, rows, rng):
        """Learn what becomes of columns before the first layer sees them."""
        return learn_inputs(
            rows.X,
            rows.train_weight,
            rng,
            input_scaling=self.input_scaling,
            column_embedding=self.column_embedding,
            vocabulary=self.vocabulary,
            feature_names=self.feature_names,
        )


@dataclass(frozen=True, kw_only=True)
class TrainedNetwork(ABC):
    """Hidden layers and a linear read-out, after a scaling of the inputs.

    Parameters
    ----------
    scaling : InputScaling
    read_out : LinearReadOut
    targets : ClassTargets or RealTargets
    start_alpha : float or None
        L2 strength that "auto" is.
    begun : dict
        Parameters that the network keeps from its start on.
    """

    scaling: InputScaling
    read_out: LinearReadOut
    targets: Any
    start_alpha: float | None
    begun: dict

    @property
    @abstractmethod
    def stack(self) -> list[HiddenLayer]:
        """All hidden layers in the order of their computation."""

    @property
    @abstractmethod
    def units(self) -> list[HiddenLayer]:
        """Those of them that have scales and shifts."""

    @property
    @abstractmethod
    def n_trained(self) -> int:
        """How many numbers are trained."""

    @property
    def dtype(self):
        """Type of the numbers, a name."""
        return self.begun["dtype"]

    @property
    def n_layers(self):
        """Number of hidden layers."""
        return len(self.units)

    @property
    def n_outputs(self):
        """Scores a row."""
        return len(self.read_out.intercept)

    @property
    def coef(self):
        """V of the read-out."""
        return self.read_out.coef

    @property
    def intercept(self):
        """The read-out's c."""
        return self.read_out.intercept

    @property
    def scales(self):
        """Factors of the units, an array a layer."""
        return [layer.scales for layer in self.units]

    @property
    def shifts(self):
        """Offsets of the units, an array a layer."""
        return [layer.shifts for layer in self.units]

    @property
    def weights(self) -> Any:
        """Weights of the units, a matrix a layer."""
        return [layer.weights.matrix(self.dtype) for layer in self.units]

    @property
    def nbytes(self):
        """Bytes of all arrays that prediction needs."""
        layers = sum(layer.nbytes for layer in self.stack)
        return self.scaling.nbytes + layers + self.read_out.nbytes

    def read_out_of(self, coef, intercept):
        """Make a read-out of values for standardised targets."""
        return LinearReadOut.of_standardised(coef, intercept, self.targets, self.dtype)

    def with_read_out(self, coef, intercept):
        """Return the network with another read-out, for standardised targets."""
        return replace(self, read_out=self.read_out_of(coef, intercept))

    def refitted(self, rows, refit, **options):
        """Return the network with a read-out that was fitted by itself.

        Parameters
        ----------
        rows : Rows
        refit : callable
            ``polished_read_out`` or ``logistic_read_out``.
        **options : dict
            Passed to it.
        """
        data = (rows.X, rows.encoded, rows.train_weight)
        fixed = (self.scaling, self.stack, self.targets)
        return self.with_read_out(*refit(*data, *fixed, **options))


@dataclass(frozen=True, kw_only=True)
class HiddenStack(TrainedNetwork):
    """A network that is hidden layers alone, computed by numpy."""

    def scores(self, X):
        """Compute scores on the scale of y, (n_rows, n_outputs)."""
        passes = forward_blocks(X, self.scaling, self.stack, self.dtype)
        last = ((rows, features[-1]) for rows, features in passes)
        return linear_scores(last, X.shape[0], self.coef, self.intercept)

    def steps(self):
        """Return the Computation of the scores."""
        scaled = Computation(self.n_features).then(Scale(self.scaling))
        return scaled.through(self.stack).read_out(self.coef, self.intercept)

    @property
    def n_features(self):
        """Columns of X."""
        coding, embedding = self.scaling.coding, self.scaling.embedding
        if coding is not None:
            return coding.n_features
        n_inputs = self.stack[0].weights.shape[1]
        return n_inputs if embedding is None else len(embedding.frequencies)

    @abstractmethod
    def features(self, X) -> list[np.ndarray]:
        """Compute the units' outputs, an array (n_rows, n_units) a hidden layer."""
