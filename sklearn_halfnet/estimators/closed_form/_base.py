"""The family of ELM and RVFL: parameters, rows in whatever portions, one solution."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import KW_ONLY, dataclass, field, replace
from functools import partial
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator
from sklearn.callback import CallbackSupportMixin
from sklearn.utils._param_validation import StrOptions
from sklearn.utils.validation import _num_samples, check_is_fitted

from sklearn_halfnet._checks import real
from sklearn_halfnet._device import blas_threads, check_memory, device_of_fit
from sklearn_halfnet._int8 import has_fast_int8
from sklearn_halfnet._random import child_generators
from sklearn_halfnet.estimators._common.fitting import (
    check_same_network,
    fit_method,
    fit_once,
    keep_state_on_error,
    of_model,
    part_of_fit,
)
from sklearn_halfnet.estimators._common.frames import OF_CATEGORIES
from sklearn_halfnet.estimators._common.layer_options import (
    COLUMN_CONSTRAINTS,
    RANDOM_LAYER_CONSTRAINTS,
    SIZE_CONSTRAINTS,
    check_kinds,
    check_sizes,
    column_options,
    fingerprints,
)
from sklearn_halfnet.estimators._common.outputs import refuse_balanced
from sklearn_halfnet.estimators._common.types import (
    ActivationName,
    CategoricalFeatures,
    ColumnEmbeddingName,
    FloatName,
    InputScalingName,
    RandomState,
    Sizes,
    WeightKinds,
)
from sklearn_halfnet.estimators._common.validation import (
    make_targets,
    row_weights,
    validate_training,
)
from sklearn_halfnet.estimators._common.versions import (
    set_versioned_state,
    versioned_state,
)
from sklearn_halfnet.estimators.closed_form._stream import (
    classes_of_weights,
    first_targets,
    with_new_classes,
    without_rows,
)
from sklearn_halfnet.features import Rounding, StartSample, draw_hidden_layers
from sklearn_halfnet.features.columns import Vocabulary
from sklearn_halfnet.features.inputs import learn_inputs
from sklearn_halfnet.files.checkpoint import checkpoint_of
from sklearn_halfnet.files.encoding import OF_CALLBACKS
from sklearn_halfnet.models.closed_form import ClosedFormModel, ClosedFormSums
from sklearn_halfnet.models.left_out import LeftOutRows
from sklearn_halfnet.models.ridge_sums import CHOICES
from sklearn_halfnet.models.stream import Chunk, Stream
from sklearn_halfnet.models.targets import ClassTargets

__all__ = ["ClosedForm"]

# The scale of units that look at no data: off by two or three per cent.
_SCALE_ROWS = 1000
_OF_SUMS = ("_stream", "_rows_left_out")


@dataclass(eq=False, repr=False)
class ClosedForm(CallbackSupportMixin, BaseEstimator):
    """Random hidden layers and a ridge read-out, fitted from sums over rows."""

    hidden_layer_sizes: Sizes = 1000
    weight_kind: WeightKinds = "normal"
    activation: ActivationName = "relu"
    _: KW_ONLY
    alpha: Literal["gcv", "loo"] | float = "gcv"
    alphas: ArrayLike | None = None
    scale: Literal["auto"] | float = "auto"
    bias: Literal["auto", "normal", "uniform", "zero"] = "auto"
    input_scaling: InputScalingName = "auto"
    column_embedding: ColumnEmbeddingName = None
    categorical_features: CategoricalFeatures = "from_dtype"
    read_out: Literal["all", "ensemble"] = "all"
    decay: float = 1.0
    random_state: RandomState = None
    device: str = "auto"
    dtype: FloatName | Literal["int8"] = "float32"

    model_: ClosedFormModel = field(init=False)
    n_features_in_: int = field(init=False)
    _vocabulary: Vocabulary | None = field(init=False)

    _direct_links = False

    _parameter_constraints = {
        **RANDOM_LAYER_CONSTRAINTS,
        **COLUMN_CONSTRAINTS,
        "hidden_layer_sizes": SIZE_CONSTRAINTS,
        "alpha": [StrOptions(set(CHOICES)), real(0)],
        "alphas": ["array-like", None],
        "read_out": [StrOptions({"all", "ensemble"})],
        "decay": [real(0, 1, closed="right")],
        "device": [str],
        "dtype": [StrOptions({"float32", "float64", "int8"})],
    }

    read_out_coef_ = of_model("coef", "Read-out, (n_outputs, n_columns).")
    read_out_intercept_ = of_model("intercept", "Its constants, (n_outputs,).")
    alpha_ = of_model("alpha", "Ridge strength used.")
    weights_ = of_model("weights", "Frozen weights of each layer.")
    n_trainable_parameters_ = of_model("n_trained", "Numbers of the read-out.")
    n_stored_bytes_ = of_model("nbytes", "Bytes that prediction needs.")
    categories_ = OF_CATEGORIES

    __setstate__ = set_versioned_state

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.input_tags.allow_nan = True
        return tags

    # -- fitting -----------------------------------------------------------------------

    fit = fit_once

    def _fit(self, X, y, sample_weight):
        """Fit on all rows at once; ``partial_fit`` may follow, but not in a copy."""
        with keep_state_on_error(self):
            context = self._init_callback_context()
            context.call_on_fit_task_begin(estimator=self, X=X, y=y)
            self._start_anew()
            n_products = _num_samples(X) * sum(self._sizes()) ** 2
            with blas_threads(n_products):
                self._add_rows(X, y, sample_weight, turns=True)
                self._take_sums(self._stream.sums, pickled=False)
            weighted = None
            if sample_weight is not None:
                weighted = {"sample_weight": sample_weight}
            context.call_on_fit_task_end(
                estimator=self,
                X=X,
                y=y,
                metadata=weighted,
                reconstruction_attributes={},
            )
        return self

    @fit_method
    def fit_blocks(
        self, blocks: Iterable[tuple[Any, ...]], classes: ArrayLike | None = None
    ) -> Self:
        """Fit on blocks of rows, of which one is in memory at a time.

        The first block determines what the hidden layers take from data: the scaling
        of the inputs, scales that are "auto" and data-driven weights. So it should be a
        fair sample of the rows, and not tiny.

        Parameters
        ----------
        blocks : iterable of tuples (X, y) or (X, y, sample_weight)
            Such as a generator that reads a file, or slices of a ``numpy.memmap``. A
            block of no rows, or of no row of positive weight, adds nothing.
        classes : array-like of shape (n_classes,), default=None
            All class labels, if a classifier's first block may lack some.

        Returns
        -------
        self : estimator
            ``partial_fit`` and further blocks can follow.
        """
        refuse_balanced(self, "fit_blocks")
        with keep_state_on_error(self):
            unknown: Any = None  # for which the annotation has no place
            context = self._init_callback_context(max_subtasks=unknown)
            context.call_on_fit_task_begin(estimator=self)
            self._start_anew()
            kept, n_done = None, 0
            for number, block in enumerate(blocks):
                X, y, weight = _parts_of_block(block, number)
                if kept is None:
                    kept = checkpoint_of(self, X, y, weight, classes)
                    n_done = self._take_up(kept.state)
                if number < n_done:
                    continue
                task = context.subcontext(task_name="block")
                task.call_on_fit_task_begin(estimator=self, X=X, y=y)
                if _num_samples(X) or _num_samples(y):
                    self._add_rows(X, y, weight, classes, may_be_empty=True)
                if task.call_on_fit_task_end(estimator=self, X=X, y=y):
                    break
                kept.offer(partial(self._left_off, number + 1))
            if not hasattr(self, "model_"):
                raise ValueError(
                    "blocks is empty, or holds no row of positive weight: there is "
                    "nothing to fit."
                )
            targets = self.model_.targets
            if isinstance(targets, ClassTargets) and len(targets.classes) < 2:
                ClassTargets.from_labels(targets.classes)  # raises
            self._take_sums(self._stream.sums)
            context.call_on_fit_task_end(estimator=self)
        return self

    def _left_off(self, n_blocks):
        """Return what is to be kept after so many blocks: all but parameters."""
        parameters = self.get_params(deep=False)
        learned = {
            name: value
            for name, value in vars(self).items()
            if name not in parameters and not name.startswith(OF_CALLBACKS)
        }
        return n_blocks, learned

    def _take_up(self, state):
        """Go on from what was kept; return after how many blocks that was."""
        n_blocks, learned = state or (0, {})
        vars(self).update(learned)
        return n_blocks

    def _takes_chunks(self):
        return True

    def _partial_fit(self, X, y, sample_weight, classes=None):
        with keep_state_on_error(self):
            self._add_rows(X, y, sample_weight, classes)
            self._solve_later()
        return self

    @part_of_fit
    def forget(self, X: Any, y: Any, sample_weight: ArrayLike | None = None) -> Self:
        """Take rows out again, as if they had never come.

        Their share of the sums is subtracted, so that the read-out is that of the other
        rows, exactly but for rounding. Inputs' scaling, scales that are "auto" and
        data-driven weights stay as the first rows have determined them.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
        sample_weight : array-like of shape (n_samples,), default=None
            The weights that the rows were given; with ``decay`` below 1, that they have
            now.

        Returns
        -------
        self : object
            The estimator. A class without rows keeps its place in ``classes_``.

        Raises
        ------
        ValueError
            If rows were never seen, as far as sums tell: they are more than there are,
            or than there are of a class, or nothing that is a sum over rows were left;
            if no row were left; or if the estimator is a copy of a ``fit``, which
            carries no sums.

        Examples
        --------
        >>> import numpy as np
        >>> from sklearn_halfnet import ELMRegressor
        >>> X = np.random.default_rng(0).standard_normal((300, 2))
        >>> y = X[:, 0] ** 2
        >>> model = ELMRegressor(20, alpha=1.0, random_state=0).fit(X, y)
        >>> model.forget(X[:100], y[:100]).gram_.n_samples
        200
        """
        with keep_state_on_error(self):
            self._check_sums_are_kept("forget")
            self._stream = without_rows(self, X, y, sample_weight)
            self._solve_later()
        return self

    def _start_anew(self):
        for name in ("model_", *_OF_SUMS):
            vars(self).pop(name, None)

    def __getstate__(self):
        state = versioned_state(self)
        if not state.get("_sums_are_pickled", True):
            state = {name: v for name, v in state.items() if name not in _OF_SUMS}
        return state

    def _add_rows(
        self,
        X,
        y,
        sample_weight,
        classes=None,
        *,
        turns=False,
        may_be_empty=False,
    ):
        """Add rows to the sums.

        Parameters
        ----------
        X, y, sample_weight, classes
            As in ``partial_fit``.
        turns : bool, default=False
            Whether few rows may be summed up in the space that they span.
        may_be_empty : bool, default=False
            Whether nothing is to be done where no row has positive weight.
        """
        model = vars(self).get("model_")
        self._check_alphas()
        X, y = validate_training(
            self, X, y, reset=model is None, keeps_unseen=not turns
        )
        self._check_sums_are_kept("partial_fit")
        known = classes
        if not turns:
            targets = None if model is None else model.targets
            known = classes_of_weights(self, y, targets, classes)
        repeats, weight = row_weights(self, y, sample_weight, known, may_be_empty)
        if weight is not None and not weight.any():
            if model is not None:
                sums = self._stream.sums
                self._stream = Stream(sums.after(sums.rows.n_seen + len(y)))
            return
        if model is None:
            self.model_ = self._start(X, y, repeats, weight, classes, turns)
            few = turns and self._are_few(X, self.model_.scaling)
            if few:  # which are not rounded, nor should the next ones be
                self.model_ = replace(self.model_, rounding=None)
            self._stream = Stream(self._sums_of(X, y, weight, turns=few))
            return
        check_same_network(model.begun, self._network_parameters())
        if model.targets.classes is not None:
            self.model_, self._stream = with_new_classes(self, y, classes)
        self._stream = self._stream_with(X, y, weight)

    def _check_sums_are_kept(self, method):
        """Raise where there is a model, but not what it was solved from."""
        if hasattr(self, "model_") and not hasattr(self, "_stream"):
            raise ValueError(
                f"{method} cannot go on from a copied or pickled fit, which carries "
                "no sums. Begin with partial_fit or fit_blocks instead of fit."
            )

    def _stream_with(self, X, y, weight):
        """Return the stream with further rows, of which a few may wait."""
        model, stream, chunk = self.model_, self._stream, None
        if stream.is_turned:
            self._check_size(model.scaling.width(self.n_features_in_))
        device = device_of_fit(self.device, len(y) * model.n_columns**2)
        if Chunk.is_few(len(y)) and device is None:
            unit = _in_units_of(model.weight_unit, weight, len(y))
            chunk = model.chunk(X, y, unit)
        if chunk is not None:
            return stream.with_chunk(chunk, model.sums_of_chunk)
        sums = stream.sums
        added = self._sums_of(X, y, weight, n_before=sums.rows.n_seen)
        return Stream(sums.merged(added))

    def _without(self, X, y, weight):
        """Return the sums without rows of these weights."""
        model, sums = self.model_, self._stream.sums
        if self._stream.is_turned:
            self._check_size(model.scaling.width(self.n_features_in_))
        weight = _in_units_of(model.weight_unit, weight, len(y))
        device = device_of_fit(self.device, len(y) * model.n_columns**2)
        return model.forgetting(sums, X, y, weight, device=device)

    def _are_few(self, X, scaling):
        """Whether sums are smaller in the space that the rows of X span."""
        return 2 * X.shape[0] <= self._width(scaling.width(X.shape[1]))

    def _start(self, X, y, repeats, weight, classes, turns):
        """Draw the hidden layers."""
        shares = _in_units_of(_largest(repeats), repeats, len(y))
        learned = make_targets if turns else first_targets
        targets = learned(self, y, shares, classes)
        unit = _largest(weight)
        weight = _in_units_of(unit, weight, len(y))
        rngs = child_generators(self.random_state, 3)
        layers_rng, _, sample_rng = rngs
        scaling = learn_inputs(X, weight, layers_rng, **self._input_options())
        n_few = X.shape[0] if turns and self._are_few(X, scaling) else None
        options = self._sample_options(scaling.width(X.shape[1]), n_few)
        sample = StartSample.draw(
            X,
            targets.encode(y, np.float64),
            weight,
            scaling,
            rng=sample_rng,
            **options,
        )
        return self._drawn(scaling, sample, targets, rngs, weight_unit=unit)

    def _sample_options(self, n_inputs, n_few=None):
        """Check parameters, and say which rows are wanted for the start.

        Few will do where no weight kind looks at them. Parameters as of _check_size.
        """
        self._check_alphas()
        self._check_size(n_inputs, n_few)
        if any(kind.requires_X or kind.requires_y for kind in self._kinds()):
            return {"n_units": max(self._sizes()), "dtype": self._float()}
        return {"n_units": 0, "dtype": self._float(), "max_rows": _SCALE_ROWS}

    def _drawn(self, scaling, sample, targets, rngs, weight_unit=1.0):
        """Draw the layers of a model that is not solved yet."""
        layers_rng, rows_rng, _ = rngs
        layers, _ = draw_hidden_layers(
            sample,
            self._kinds(),
            self._sizes(),
            self.activation,
            rng=layers_rng,
            scale=self.scale,
            bias=self.bias,
        )
        rounds = self.dtype == "int8" and has_fast_int8() and self.decay == 1
        return ClosedFormModel(
            scaling,
            layers,
            n_direct=scaling.width(self.n_features_in_) if self._direct_links else 0,
            read_out=self.read_out,
            dtype=self._float(),
            targets=targets,
            begun=self._network_parameters(),
            row_seed=int(rows_rng.integers(2**32)),
            weight_unit=weight_unit,
            rounding=Rounding.of(sample, layers, scaling) if rounds else None,
            decay=float(self.decay),
        )

    def _sums_of(self, X, y, weight, **options) -> ClosedFormSums:
        model = self.model_
        weight = _in_units_of(model.weight_unit, weight, len(y))
        device = device_of_fit(self.device, len(y) * model.n_columns**2)
        return model.sums(X, y, weight, device=device, **options)

    def _take_sums(self, sums, pickled=True):
        """Solve for the read-out; "pickled" if copies carry the sums, too."""
        model = self.model_.solved(sums, self.alpha, self.alphas)
        stream = Stream(sums)
        if self._stores_left_out():
            model = model.with_left_out(LeftOutRows(stream, model).kept())
        self.model_ = model
        self._keep_stream(stream, pickled)

    def _solve_later(self):
        """Let the read-out be solved for when it is asked for."""
        stream = self._stream
        self.model_ = self.model_.solved_later(stream, self.alpha, self.alphas)
        self._keep_stream(stream, pickled=True)

    def _keep_stream(self, stream, pickled):
        self._stream, self._sums_are_pickled = stream, pickled
        # Nothing of it is computed before it is asked for.
        self._rows_left_out = LeftOutRows(stream, self.model_)

    def _stores_left_out(self) -> bool:
        """Whether a model carries errors of rows that it does not need itself."""
        return False

    # -- what the parameters say -------------------------------------------------------

    def _float(self):
        """Type of the numbers that are stored and predicted with."""
        return "float32" if self.dtype == "int8" else self.dtype

    def _sizes(self):
        return check_sizes(self.hidden_layer_sizes)

    def _kinds(self):
        return check_kinds(self.weight_kind, len(self._sizes()))

    def _width(self, n_inputs):
        """Count the read-out's columns."""
        return sum(self._sizes()) + (n_inputs if self._direct_links else 0)

    def _input_options(self):
        """Say how columns become inputs."""
        return {
            "input_scaling": self.input_scaling,
            "column_embedding": self.column_embedding,
            "vocabulary": self._vocabulary,
            "feature_names": getattr(self, "feature_names_in_", None),
        }

    def _network_parameters(self):
        return {
            "n_features": self.n_features_in_,
            "hidden_layer_sizes": self._sizes(),
            "weight_kind": fingerprints(self._kinds()),
            "activation": self.activation,
            "scale": self.scale,
            "bias": self.bias,
            "input_scaling": self.input_scaling,
            "column_embedding": self.column_embedding,
            "categorical_features": column_options(self)["categorical_features"],
            "read_out": self.read_out,
            "decay": self.decay,
            "dtype": self.dtype,
        }

    def _check_alphas(self):
        if self.alphas is None:
            return
        alphas = np.asarray(self.alphas, dtype=np.float64)
        good = alphas.ndim == 1 and len(alphas) > 0
        if not (good and np.isfinite(alphas).all() and (alphas >= 0).all()):
            raise ValueError(
                f"alphas={self.alphas!r} must be a list of one or more finite numbers "
                "that are not negative."
            )

    def _check_size(self, n_inputs, n_few=None):
        """Raise before anything is allocated that cannot be, or cannot be rounded.

        Parameters
        ----------
        n_inputs : int
            Of the first layer.
        n_few : int or None
            Number of rows, where they are summed up in the space that they span.
        """
        if self.dtype == "int8" and self._direct_links:
            raise ValueError(
                "dtype='int8' rounds bounded features; direct links have no bounds. "
                "Use dtype='float32', or ELM instead of RVFL."
            )
        sizes = self._sizes()
        weights = sum(
            size * n_below
            for size, n_below in zip(sizes, [n_inputs, *sizes], strict=False)
        )
        # The sums, their factorisation, and one block's product; or few rows' features,
        # their basis, and what that is found with.
        width = self._width(n_inputs)
        numbers = 3 * width * (width if n_few is None else n_few)
        itemsize = np.dtype(self._float()).itemsize
        # Weights as they are kept, and as they are multiplied with.
        check_memory(
            8 * numbers + 2 * weights * itemsize,
            f"hidden_layer_sizes={self.hidden_layer_sizes!r} on {n_inputs} inputs",
            "Use fewer features, or ELM, which has no direct links."
            if 2 * n_inputs > width
            else "Use fewer hidden units.",
        )

    @property
    def gram_(self):
        """Sums over all rows seen: a Gram, or a list of one for each read-out."""
        check_is_fitted(self)
        if not hasattr(self, "_stream"):
            raise AttributeError(
                "gram_ is not carried by copies and pickles of a fit; partial_fit and "
                "fit_blocks keep it."
            )
        read_out = self._stream.sums.read_out
        if read_out.is_turned:
            self._check_size(self.n_features_in_)
        grams = read_out.in_columns().scaled(self.model_.weight_unit).grams
        return grams[0] if len(grams) == 1 else grams


def _parts_of_block(block, number):
    """Return X, y and sample_weight of a block for ``fit_blocks``."""
    if not isinstance(block, (tuple, list)) or len(block) not in (2, 3):
        length = f" of {len(block)}" if isinstance(block, (tuple, list)) else ""
        raise TypeError(
            "blocks must yield tuples (X, y) or (X, y, sample_weight); block "
            f"{number}, counted from 0, is a {type(block).__name__}{length}."
        )
    return (*block, None)[:3]


def _largest(weight):
    return 1.0 if weight is None else float(weight.max())


def _in_units_of(unit, weight, n_rows):
    """Divide weights; None if all are one then: equal weights change not one bit."""
    weight = np.full(n_rows, 1 / unit) if weight is None else weight / unit
    return None if (weight == 1).all() else weight
