"""Convolutional networks that are trained in part."""

from __future__ import annotations

import copy
from collections.abc import Collection, Sequence
from dataclasses import KW_ONLY, dataclass, field, replace
from typing import Any, Literal

from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.callback import CallbackSupportMixin

from sklearn_halfnet._checks import StrOptions, one_of, real, whole
from sklearn_halfnet.estimators._common.documented import documented, numpydoc
from sklearn_halfnet.estimators._common.fitting import computing, of_model
from sklearn_halfnet.estimators._common.outputs import (
    CLASS_WEIGHT,
    Classifier,
    Regressor,
)
from sklearn_halfnet.estimators._common.types import (
    ActivationName,
    ClassWeight,
    FloatName,
    InputScalingName,
    MomentumSolverName,
    Quantiles,
    RandomState,
    RowLoss,
    Sizes,
    WeightKinds,
)
from sklearn_halfnet.estimators._common.validation import finite_outputs
from sklearn_halfnet.estimators._common.versions import (
    set_versioned_state,
    versioned_state,
)
from sklearn_halfnet.estimators._trained.fit import (
    fit_in_passes,
    fit_network,
    fit_network_on_chunk,
    keep,
    of_history,
    takes_chunks,
)
from sklearn_halfnet.estimators._trained.heads import (
    HEAD_CONSTRAINTS,
    IMAGE_ATTRIBUTES,
    IMAGE_TEXTS,
    head_options,
)
from sklearn_halfnet.estimators._trained.parameters import (
    NETWORK_ATTRIBUTES,
    OF_CLASSIFIER,
    REGRESSION_LOSS,
    SECTIONS,
    TRAINING_CONSTRAINTS,
    TRAINING_TEXTS,
    solver_text,
)
from sklearn_halfnet.models.history import History
from sklearn_halfnet.models.partial_cnn import (
    Constants,
    PartialCNNModel,
    PartialCNNStart,
)
from sklearn_halfnet.models.partial_design import SIZES, NetworkDesign
from sklearn_halfnet.solvers import solvers_for

__all__ = ["PartialCNNClassifier", "PartialCNNRegressor", "branches"]

# Layers are built one by one; the deepest published have 1,202 (He et al. 2016).
_MAX_DEPTH = 2_000
_SOLVERS = solvers_for("momentum", minibatches=True)

_TEXTS = (
    TRAINING_TEXTS
    | IMAGE_TEXTS
    | {"solver": solver_text(_SOLVERS)}
    | numpydoc(r"""
    architecture : {"wrn", "densenet", "vgg", "vgg_bn", "alexnet"}
        Wide residual network; DenseNet-BC; VGG without and with batch normalisation;
        five or more convolutions after AlexNet.
    depth : int from 2 to 2,000, or None
        Layers with weights: 6 n + 4 for "wrn" and "densenet", else any from 2 on. None
        takes 16, 40, 9, 9 or 6, in the order above.
    width : int or None
        Of "wrn" the factor on 16, 32 and 64 filters, of "densenet" the growth rate, of
        the others the filters of the first layer. None takes 2, 12, 32, 32 or 32.
    trainable : str or collection of str
        What is learned: "filters", "input_channels", "kernel_rows" or "kernel_columns",
        a slice along that dimension of the weights of each convolution, and with it all
        batch norms and the classifier; a block by its name ("conv1", "block1", ...),
        with its batch norms; "batch_norm", the gains and shifts of all; "classifier";
        or "all". Several names add up.
    fit_batch_norms : bool
        Whether the gains and shifts of batch norms are learned that ``trainable`` names
        or brings with it. If not, they stay one and zero, and images are normalised all
        the same.
    fraction : float
        Share of each layer's filters (or channels, rows, columns) that is learned; at
        least one.
    n_filters : int or None
        How many of each layer's filters (or channels, rows, columns) are learned, in
        place of ``fraction``.
    frozen : {"random", "zero"}
        What the rest is: as drawn, or zero. Of zero filters nothing is built: the
        network is narrow, and as much faster.
    backbone_seed : int or None
        Determines the weights that are fixed, in place of ``random_state``. Networks of
        one architecture and one such seed share what is fixed, whatever they learn and
        on whatever images: one backbone for several tasks, of which memory holds one
        copy and a pickle none.
    select : {"first", "saliency"}
        Which filters are learned: the first, as in [1]_, or those with the largest
        \|gradient x weight\| in the beginning, after [2]_.
    head : {"linear", "half", "full"}
        The classifier: a read-out on the last block's channels, averaged over the
        image; with half layers before it; or with fully trained layers.
    hidden_layer_sizes : int or sequence of int
        Units of each hidden layer of the head "half" or "full".
    weight_kind : str, object, callable, array or list of these
        How the frozen weights of half layers are drawn, as in HalfLayerClassifier.
    activation : str
        Of these hidden layers; a name in
        ``sklearn_halfnet.activations.ACTIVATIONS``.
    alpha : float
        Weight decay: alpha / 2 times the squared norm of all learned weights of
        convolutions and read-out is added to the mean loss.
    momentum : float
        Of ``solver="sgd"``.
    init : {"random", "ridge"}
        Start of the read-out: N(0, 1 / H), or a ridge solution on 1,000 rows.
    input_scaling : {"auto", "standard", "robust", "center"} or None
        "auto" and "center" centre each pixel, None does not; one number, their standard
        deviation, then divides all of them. "standard" and "robust" scale each pixel
        for itself.
    batch_size : int, "auto" or "full"
        Rows a step; "auto" is min(256, n_samples).
    learning_rate : {"cosine", "one_cycle", "constant"}
        Schedule of the rate. The first two end at zero after ``max_iter`` passes.
    learning_rate_init : float
        Largest rate. Networks without batch norms, and Adam, need less.
    max_iter : int or "auto"
        Passes over the data. "auto" is 400,000 / n_samples, but at least 10, and at
        most 100.
    flips : bool
        Whether training images are mirrored, left to right, half of the time.
    crop_padding : int
        Pixels of zeros put around each training image before a random crop of the old
        size. With flips or crops, blocks that are fixed are computed in each pass.
    mixed_precision : bool
        Whether training computes convolutions in bfloat16, several times as fast on a
        GPU that has them. What is learned, batch norms' averages, gradients and the
        head stay float32, and so does prediction.
    warm_start : bool
        Whether ``fit`` goes on from the values that the last call left, also where
        Ctrl-C ended it.
    random_state : int, RandomState or None
        Determines weights, batches, held-out rows, flips and crops; with
        ``backbone_seed`` of the weights only those that are learned.
    cache_size : float
        Megabytes in which to keep what the network is fed with: the scaled images, or
        the output of the first blocks, where these are wholly fixed. What does not fit
        is computed again in each pass.
    """)
)

_ATTRIBUTES = (
    NETWORK_ATTRIBUTES
    | IMAGE_ATTRIBUTES
    | numpydoc("""
    learned_ : dict of str to ndarray
        What was learned of the blocks, by name: slices of weights ("...learned"),
        biases, gains and shifts of batch norms; and the means and variances of these.
    selected_ : dict of str to ndarray of int, or None
        With ``select="saliency"``, which filters of each convolution are learned (None
        is all).
    weights_ : dict of str to ndarray (n_filters, n_channels, size, size)
        Weights of each convolution, fixed and learned.
    is_learned_ : dict of str to ndarray of bool
        Which of ``weights_`` are learned.
    read_out_coef_ : ndarray of shape (n_outputs, n_units)
        Read-out V.
    read_out_intercept_ : ndarray of shape (n_outputs,)
        Read-out c.
    scales_ : list of ndarray of shape (n_units,)
        Factors alpha_h of the head's hidden layers.
    shifts_ : list of ndarray of shape (n_units,)
        Their offsets beta_h.
    n_layers_, n_outputs_ : int
        Hidden layers of the head, and scores a row.
    n_trainable_parameters_ : int
        Numbers learned.
    n_stored_bytes_ : int
        Bytes of what a pickled model holds: the numbers learned and the batch norms'
        averages. What is fixed comes from a seed.
    n_constant_bytes_ : int
        Bytes of what is fixed where no seed stands for it: in members of an ensemble.
    """)
)

_SECTIONS = SECTIONS | {
    "raises": """
        ValueError
            If training diverges (the loss is "non-finite"), options contradict each
            other, or the data are not valid.
        MemoryError
            If the weights cannot fit into memory; raised before they are drawn.
        """,
    "references": """
        .. [1] A. Rosenfeld and J. K. Tsotsos, "Intriguing Properties of Randomly
           Weighted Networks: Generalizing While Learning Next to Nothing",
           arXiv:1802.00844, 2018.
        .. [2] P. Wimmer, J. Mehnert and A. Condurache, "FreezeNet: Full Performance by
           Reduced Storage Costs", arXiv:2011.14087, 2020.
        """,
}


@dataclass(eq=False, repr=False)
class PartialCNN(CallbackSupportMixin, BaseEstimator):
    """Parameters and fit of partially trained networks."""

    architecture: Literal["wrn", "densenet", "vgg", "vgg_bn", "alexnet"] = "wrn"
    _: KW_ONLY
    depth: int | None = None
    width: int | None = None
    trainable: str | Collection[str] = "filters"
    fit_batch_norms: bool = True
    fraction: float = 0.1
    n_filters: int | None = None
    frozen: Literal["random", "zero"] = "random"
    backbone_seed: int | None = None
    select: Literal["first", "saliency"] = "first"
    image_shape: Sequence[int] | None = None
    head: Literal["linear", "half", "full"] = "linear"
    hidden_layer_sizes: Sizes = 512
    weight_kind: WeightKinds = "normal"
    activation: ActivationName = "relu"
    alpha: float = 5e-4
    solver: MomentumSolverName = "sgd"
    momentum: float = 0.9
    init: Literal["random", "ridge"] = "random"
    input_scaling: InputScalingName = "auto"
    batch_size: int | Literal["auto", "full"] = 128
    learning_rate: Literal["cosine", "one_cycle", "constant"] = "cosine"
    learning_rate_init: float = 0.1
    beta_2: float = 0.999
    max_iter: int | Literal["auto"] = 10
    flips: bool = False
    crop_padding: int = 0
    mixed_precision: bool = False
    tol: float = 1e-4
    early_stopping: bool | Literal["auto"] = "auto"
    validation_fraction: float = 0.1
    n_iter_no_change: int = 10
    warm_start: bool = False
    random_state: RandomState = None
    device: str = "auto"
    dtype: FloatName = "float32"
    cache_size: float = 1024
    verbose: bool | int = False

    model_: PartialCNNModel = field(init=False)
    _history: History = field(init=False)

    _parameter_constraints = {
        **TRAINING_CONSTRAINTS,
        **HEAD_CONSTRAINTS,
        "alpha": [real(0)],
        "architecture": [one_of(SIZES)],
        "depth": [whole(2, _MAX_DEPTH), None],
        "width": [whole(1), None],
        "trainable": [str, list, tuple, set],
        "fit_batch_norms": ["boolean"],
        "fraction": [real(0, 1, closed="right")],
        "n_filters": [whole(1), None],
        "frozen": [StrOptions({"random", "zero"})],
        "backbone_seed": [whole(0), None],
        "select": [StrOptions({"first", "saliency"})],
        "solver": [one_of(_SOLVERS)],
        "momentum": [real(0, 1)],
        "flips": ["boolean"],
        "crop_padding": [whole(0)],
        "mixed_precision": ["boolean"],
    }

    image_shape_ = of_model("image_shape", "Shape of the images.")
    learned_ = of_model("learned", "What was learned of the blocks, by name.")
    selected_ = of_model("selected", "Which filters are learned, by name, or None.")
    weights_ = of_model("weights", "Weights of each convolution by name.")
    is_learned_ = of_model("is_learned", "Which of the weights are learned.")
    n_constant_bytes_ = of_model("n_constant_bytes", "Bytes of what no seed gives.")
    scales_ = of_model("scales", "Trained factors of each layer.")
    shifts_ = of_model("shifts", "Trained offsets of each layer.")
    read_out_coef_ = of_model("coef", "Trained read-out.")
    read_out_intercept_ = of_model("intercept", "Offsets of the read-out.")
    n_layers_ = of_model("n_layers", "Hidden layers.")
    n_outputs_ = of_model("n_outputs", "Scores a row.")
    n_trainable_parameters_ = of_model("n_trained", "Numbers trained.")
    n_stored_bytes_ = of_model("nbytes", "Bytes of all arrays of the model.")
    alpha_ = of_history("alpha", "L2 strength of the objective.")
    loss_curve_ = of_history("losses", "Objective after each pass.")
    loss_ = of_history("loss", "Its last value.")
    validation_scores_ = of_history("scores", "Scores of the held-out rows.")
    validation_losses_ = of_history("validation_losses", "Their mean losses.")
    best_validation_score_ = of_history("best_score", "Their largest.")
    n_iter_ = of_history("n_passes", "Passes done.")

    __getstate__ = versioned_state
    __setstate__ = set_versioned_state

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        return tags

    def _start(self, X, network):
        if self.mixed_precision and self.dtype == "float64":
            raise ValueError(
                "mixed_precision=True computes in bfloat16 what dtype='float64' asks "
                "for in more than float32: choose one of them."
            )
        options = head_options(self, X, network)
        parameters = self.get_params(deep=False)
        return PartialCNNStart(
            **options,
            design=NetworkDesign.of(parameters, options["image_shape"]),
            select=self.select,
            flips=self.flips,
            crop_padding=self.crop_padding,
            mixed_precision=self.mixed_precision,
            batch_size=self.batch_size,
            backbone_seed=self.backbone_seed,
        )

    fit = fit_in_passes

    def _fit(self, X, y, sample_weight, validation):
        return fit_network(self, X, y, sample_weight, validation)

    def _partial_fit(self, X, y, sample_weight, classes=None):
        return fit_network_on_chunk(self, X, y, sample_weight, classes)

    def _takes_chunks(self):
        return takes_chunks(self)

    def transform_layers(self, X: Any) -> list[NDArray[Any]]:
        """Compute what each block gives, averaged over the image.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)

        Returns
        -------
        layers : list of ndarray of shape (n_samples, n_channels)
            One a block.
        """
        return finite_outputs(self, lambda rows: computing(self).features(rows), X)


def branches(estimator, seeds, **parameters):
    """Return estimators that go on from a fitted one, with other things learned.

    Parameters
    ----------
    estimator : PartialCNN
    seeds : list of int
        Their ``random_state``.
    **parameters : dict
        Of all of them.

    Returns
    -------
    estimators : list of PartialCNN
        With warm starts; they share what is fixed.
    """
    network, history, constants = estimator.model_, estimator._history, None
    history = replace(history, checkpoint=None)
    found = []
    for seed in seeds:
        other = copy.copy(estimator)
        other.set_params(**parameters, random_state=seed, warm_start=True)
        start = other._start(None, network)
        if constants is None:
            given = network.backbone.present_values
            constants = Constants(start.design, network.dtype, None, given)
        keep(other, network.branch(start, constants, seed), history)
        found.append(other)
    return found


@documented(_TEXTS, OF_CLASSIFIER | _ATTRIBUTES, **_SECTIONS)
@dataclass(eq=False, repr=False)
class PartialCNNClassifier(Classifier, PartialCNN):
    """Classifier of images by a convolutional network that is trained in part.

    The weights of each convolution are split: a slice of them, such as a tenth of the
    filters, is learned; the rest stays random as it was drawn, or is zero [1]_. The
    fixed part is a constant: no gradient is computed for it and no optimiser state
    kept; a pickled model holds a seed in its place. First blocks that are wholly fixed
    are computed once, for batch norms with the averages of 1,000 training images.

    Parameters
    ----------
    {parameters}

    Attributes
    ----------
    {attributes}

    Raises
    ------
    {raises}

    Warns
    -----
    {warns}

    See Also
    --------
    SharedBackboneEnsembleClassifier : Several networks that share what is fixed.
    ConvHalfLayerClassifier : Two convolutions before a half layer.

    References
    ----------
    {references}

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sklearn_halfnet import PartialCNNClassifier
    >>> X, y = load_digits(return_X_y=True)
    >>> model = PartialCNNClassifier(
    ...     depth=10, width=1, n_filters=2, image_shape=(8, 8), random_state=0
    ... )
    >>> bool(model.fit(X[:1500], y[:1500]).score(X[1500:], y[1500:]) > 0.8)
    True
    >>> model.n_trainable_parameters_, sum(w.size for w in model.weights_.values())
    (4412, 76432)
    """

    _: KW_ONLY
    class_weight: ClassWeight = None

    _parameter_constraints = PartialCNN._parameter_constraints | CLASS_WEIGHT


@documented(_TEXTS, _ATTRIBUTES, **_SECTIONS)
@dataclass(eq=False, repr=False)
class PartialCNNRegressor(Regressor, PartialCNN):
    """Regressor of images by a convolutional network that is trained in part.

    What ``PartialCNNClassifier`` is, with the squared error by default [1]_. Which
    filters are learned may be chosen by their saliency, as there [2]_.

    Parameters
    ----------
    {parameters}

    Attributes
    ----------
    {attributes}

    Raises
    ------
    {raises}

    Warns
    -----
    {warns}

    See Also
    --------
    PartialCNNClassifier : The same for classification.
    ConvHalfLayerRegressor : Two convolutions before a half layer.

    References
    ----------
    {references}

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sklearn_halfnet import PartialCNNRegressor
    >>> X, y = load_digits(return_X_y=True)
    >>> model = PartialCNNRegressor(
    ...     depth=10, width=1, n_filters=2, image_shape=(8, 8), random_state=0
    ... )
    >>> bool(model.fit(X[:1500], y[:1500]).score(X[1500:], y[1500:]) > 0.5)
    True
    >>> model.n_trainable_parameters_, sum(w.size for w in model.weights_.values())
    (3827, 76432)
    """

    _: KW_ONLY
    loss: RowLoss = "squared_error"
    quantile: Quantiles = 0.5
    epsilon: float = 1.35

    _parameter_constraints = PartialCNN._parameter_constraints | REGRESSION_LOSS
