"""Names for what public signatures take, as type checkers read them."""

from collections.abc import Callable, Sequence
from typing import Any, Literal, Protocol, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

__all__ = [
    "ActivationName",
    "CategoricalFeatures",
    "ClassWeight",
    "ColumnEmbeddingName",
    "FloatName",
    "InputScalingName",
    "IntervalMethod",
    "MomentumSolverName",
    "NewClasses",
    "Quantiles",
    "RandomState",
    "RegressionLossName",
    "RowLoss",
    "SetScore",
    "Sizes",
    "SolverName",
    "WeightKind",
    "WeightKinds",
    "WeightName",
]

# The names in the tables ``activations.ACTIVATIONS``, ``weights.WEIGHTS``, ``SCALINGS``
# of ``features.scaling_rules``, ``solvers.SOLVERS``, ``REGRESSION_LOSSES`` of
# ``models.regression_losses``, ``METHODS`` of ``models.left_out`` and ``SET_SCORES`` of
# ``models.conformity``: a checker of types runs no code, so they stand here once more,
# and a test holds them to the tables.
ActivationName: TypeAlias = Literal[
    "relu",
    "leaky_relu",
    "tanh",
    "logistic",
    "gelu",
    "silu",
    "softplus",
    "cos",
    "sin",
    "gaussian",
    "identity",
]
WeightName: TypeAlias = Literal[
    "normal",
    "binary",
    "mexican_hat",
    "instances",
    "gabor",
    "uniform",
    "orthogonal",
    "sparse",
    "difference",
    "class_sums",
    "principal",
    "receptive_field",
    "seeded",
]
SolverName: TypeAlias = Literal["adam", "lbfgs"]
# Of networks that need minibatches and have a momentum.
MomentumSolverName: TypeAlias = Literal["adam", "sgd"]

RegressionLossName: TypeAlias = Literal[
    "squared_error", "absolute_error", "huber", "quantile", "poisson", "gamma"
]
IntervalMethod: TypeAlias = Literal["jackknife+", "jackknife", "conformal", "bayes"]
SetScore: TypeAlias = Literal["lac", "aps"]
# A name, or a function of predictions and targets, tensors.
RowLoss: TypeAlias = RegressionLossName | Callable[[Any, Any], Any]
Quantiles: TypeAlias = float | Sequence[float] | NDArray[np.floating]

ClassWeight: TypeAlias = (
    Literal["balanced"] | dict[Any, float] | list[dict[int, float]] | None
)


class _Samples(Protocol):
    """What draws weights: an object, or the class of one."""

    @property
    def sample(self) -> Callable[..., Any]: ...


WeightKind: TypeAlias = (
    WeightName
    | _Samples
    | Callable[..., Any]
    | NDArray[Any]
    | sparse.sparray
    | sparse.spmatrix
)
# One, or one a layer.
WeightKinds: TypeAlias = WeightKind | Sequence[WeightKind]
NewClasses: TypeAlias = Literal["add", "error"]
FloatName: TypeAlias = Literal["float32", "float64"]
ColumnEmbeddingName: TypeAlias = Literal["auto", "periodic"] | None
# Or a mask, or numbers or names of columns.
CategoricalFeatures: TypeAlias = Literal["from_dtype"] | ArrayLike | None
InputScalingName: TypeAlias = Literal["auto", "standard", "robust", "center"] | None
RandomState: TypeAlias = int | np.random.RandomState | None
Sizes: TypeAlias = int | list[int] | tuple[int, ...] | NDArray[np.integer]
