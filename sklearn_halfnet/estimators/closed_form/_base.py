"""What ELM and RVFL share: random layers, sums over rows, one solution."""

from copy import deepcopy

import numpy as np
from sklearn.base import BaseEstimator, _fit_context
from sklearn.callback import CallbackSupportMixin, with_callbacks
from sklearn.utils._param_validation import StrOptions
from sklearn.utils.validation import _num_samples, check_is_fitted

from sklearn_halfnet._checks import real
from sklearn_halfnet._device import check_memory
from sklearn_halfnet._int8 import has_fast_int8
from sklearn_halfnet._random import child_generators
from sklearn_halfnet.estimators._common.layer_options import (
    RANDOM_LAYER_CONSTRAINTS,
    SIZE_CONSTRAINTS,
    check_kinds,
    check_sizes,
    fingerprints,
    fit_scaling,
)
from sklearn_halfnet.estimators._common.legacy_outputs import (
    BegunNetwork,
    keep_state_on_error,
)
from sklearn_halfnet.estimators._common.validation import row_weights
from sklearn_halfnet.features import (
    Rounding,
    StartSample,
    draw_hidden_layers,
    forward_blocks,
    linear_scores,
    rounded_blocks,
    working_columns,
)
from sklearn_halfnet.features.computation import Computation, Join, Scale
from sklearn_halfnet.linear.ridge import row_space
from sklearn_halfnet.models.ridge_sums import CHOICES, ReadOutSums, layer_groups
from sklearn_halfnet.models.row_sample import RowSample

__all__ = ["BaseClosedForm"]

# Adding a block to the float64 total takes as long for few rows as for many.
_FIT_BLOCK_BYTES = 128 * 2**20
# The scale of units that look at no data: off by two or three per cent.
_SCALE_ROWS = 1000


class BaseClosedForm(CallbackSupportMixin, BegunNetwork, BaseEstimator):
    """Random hidden layers and a ridge read-out, fitted from sums over rows."""

    _direct_links = False

    _parameter_constraints = {
        **RANDOM_LAYER_CONSTRAINTS,
        "hidden_layer_sizes": SIZE_CONSTRAINTS,
        "alpha": [StrOptions(set(CHOICES)), real(0)],
        "alphas": ["array-like", None],
        "read_out": [StrOptions({"all", "ensemble"})],
        "dtype": [StrOptions({"float32", "float64", "int8"})],
    }

    def __init__(
        self,
        hidden_layer_sizes=1000,
        weight_kind="normal",
        activation="relu",
        *,
        alpha="gcv",
        alphas=None,
        scale="auto",
        bias="auto",
        input_scaling="standard",
        read_out="all",
        random_state=None,
        dtype="float32",
    ):
        self.hidden_layer_sizes = hidden_layer_sizes
        self.weight_kind = weight_kind
        self.activation = activation
        self.alpha = alpha
        self.alphas = alphas
        self.scale = scale
        self.bias = bias
        self.input_scaling = input_scaling
        self.read_out = read_out
        self.random_state = random_state
        self.dtype = dtype

    # -- fitting -----------------------------------------------------------------------

    @with_callbacks
    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y, sample_weight=None):
        """Fit on all rows at once.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
        sample_weight : array-like of shape (n_samples,), default=None
            A row of weight 2 counts as the same row twice in the sums that a given
            ``alpha`` needs. The choice of alpha and calibration leave out whole rows,
            whatever their weight, and do not depend on the weights' scale.

        Returns
        -------
        self : estimator
            ``partial_fit`` may follow, but not in a copy or a pickle: the sums that it
            goes on from, numbers for each pair of units, are left out of these.
        """
        with keep_state_on_error(self):
            context = self._init_callback_context()
            context.call_on_fit_task_begin(estimator=self, X=X, y=y)
            self._forget()
            self._add_rows(X, y, sample_weight, may_turn=True)
            self._solve()
            self._sums_are_pickled = False
            context.call_on_fit_task_end(
                estimator=self,
                X=X,
                y=y,
                metadata=_metadata(sample_weight),
                reconstruction_attributes={},
            )
        return self

    @with_callbacks
    @_fit_context(prefer_skip_nested_validation=True)
    def fit_blocks(self, blocks, classes=None):
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
        with keep_state_on_error(self):
            context = self._init_callback_context(max_subtasks=None)
            context.call_on_fit_task_begin(estimator=self)
            self._forget()
            for number, block in enumerate(blocks):
                X, y, weight = _parts_of_block(block, number)
                task = context.subcontext(task_name="block")
                task.call_on_fit_task_begin(estimator=self, X=X, y=y)
                if _num_samples(X) or _num_samples(y):
                    self._add_rows(X, y, weight, classes, may_be_empty=True)
                if task.call_on_fit_task_end(estimator=self, X=X, y=y):
                    break
            if not hasattr(self, "_sums"):
                raise ValueError(
                    "blocks is empty, or holds no row of positive weight: there is "
                    "nothing to fit."
                )
            self._solve()
            self._sums_are_pickled = True
            context.call_on_fit_task_end(estimator=self)
        return self

    def _partial_fit(self, X, y, sample_weight, classes=None):
        with keep_state_on_error(self):
            if hasattr(self, "_sums"):  # the old sums stay whole, whatever comes
                self._sums, self._rows = deepcopy((self._sums, self._rows))
            self._add_rows(X, y, sample_weight, classes)
            self._solve()
            self._sums_are_pickled = True
        return self

    def _forget(self):
        for name in ("_sums", "_rows", "_layers", "read_out_coef_"):
            vars(self).pop(name, None)

    def __getstate__(self):
        state = super().__getstate__()
        if not state.get("_sums_are_pickled", True):
            state = {k: v for k, v in state.items() if k not in ("_sums", "_rows")}
        return state

    def _add_rows(
        self, X, y, sample_weight, classes=None, may_turn=False, may_be_empty=False
    ):
        """Add rows to the sums.

        Parameters
        ----------
        X, y, sample_weight, classes
            As in ``partial_fit``.
        may_turn : bool, default=False
            Whether few rows may be summed up in the space that they span.
        may_be_empty : bool, default=False
            Whether nothing is to be done where no row has positive weight.
        """
        first = not hasattr(self, "_layers")
        self._check_alphas()
        X, y = self._validate_training(X, y, reset=first)
        if not first and not hasattr(self, "_sums"):
            raise ValueError(
                "partial_fit cannot go on from a copied or pickled fit, which carries "
                "no sums. Begin with partial_fit or fit_blocks instead of fit."
            )
        known = classes if first else self._targets.classes
        repeats, weight = row_weights(self, y, sample_weight, known, may_be_empty)
        if weight is not None and not weight.any():
            if not first:
                self._rows.n_seen += len(y)
            return
        if first:
            self._begin()
            self._weight_unit = _largest(weight)
            shares = _in_units_of(_largest(repeats), repeats, len(y))
            self._targets = self._make_targets(y, shares, classes)
        else:
            self._check_same_network()
            if classes is not None:
                self._targets.check_same_classes(classes)
        encoded = self._targets.encode(y, np.float64)
        weight = _in_units_of(self._weight_unit, weight, len(y))
        if first:
            few = may_turn and self._are_few(X.shape[0])
            self._start(X, encoded, weight, few)
        wanted = self._targets.indicators(encoded).astype(np.float64, copy=False)
        if first and few:
            self._sums, self._rows = self._sums_of_few(X, wanted, weight)
        elif first:
            self._sums, self._rows = self._sums_of(X, wanted, weight, 0)
        else:
            self._merge_sums_of(X, wanted, weight)

    def _merge_sums_of(self, X, wanted, weight):
        """Add a chunk, apart first: an error amid its rows leaves the sums whole."""
        so_far = self._in_columns()
        sums, rows = self._sums_of(X, wanted, weight, self._rows.n_seen)
        self._sums = so_far.merged(sums)
        self._rows.merge(rows)

    def _network_parameters(self):
        return {
            "hidden_layer_sizes": check_sizes(self.hidden_layer_sizes),
            "weight_kind": fingerprints(self._kinds()),
            "activation": self.activation,
            "scale": self.scale,
            "bias": self.bias,
            "input_scaling": self.input_scaling,
            "read_out": self.read_out,
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

    def _are_few(self, n_rows):
        """Whether sums in the space of these rows take less than about columns."""
        return 2 * n_rows <= self._width(self.n_features_in_)

    def _width(self, n_features):
        """Count the read-out's columns."""
        sizes = check_sizes(self.hidden_layer_sizes)
        return sum(sizes) + (n_features if self._direct_links else 0)

    def _in_columns(self):
        """Return the sums about columns, for which a fit of few rows had no need."""
        if self._sums.is_turned:
            self._check_size(self.n_features_in_)
        return self._sums.in_columns()

    def _sums_of(self, X, wanted, weight, n_before):
        """Sum up a chunk that follows ``n_before`` other rows."""
        rounds = self._rounding is not None and weight is None
        blocks = self._rounded(X) if rounds else self._features(X, _FIT_BLOCK_BYTES)
        return self._sum_up(
            blocks,
            ReadOutSums(self._groups()),
            wanted,
            weight,
            n_before,
            self._rounding.step if rounds else None,
        )

    def _sums_of_few(self, X, wanted, weight):
        """Sum up rows that are fewer than columns, in the space that they span."""
        H, groups = self._all_features(X), self._groups()
        sums = ReadOutSums(groups, [row_space(H[:, columns]) for columns in groups])
        blocks = [(slice(0, len(H)), H)]
        return self._sum_up(blocks, sums, wanted, weight)

    def _sum_up(self, blocks, sums, wanted, weight, n_before=0, step=None):
        """Add blocks of features, integers in units of ``step`` if there is one."""
        rows = RowSample(self._row_seed, n_before)
        if self._needs_rows():
            blocks = rows.update(blocks, wanted, weight, step)
        for block, features in blocks:
            if step is not None:
                sums.update_rounded(features, step, wanted[block])
            else:
                block_weight = None if weight is None else weight[block]
                sums.update(features, wanted[block], block_weight)
        rows.n_seen = n_before + len(wanted)
        return self._in_units(sums, rows)

    def _in_units(self, sums, rows):
        """Go back from standardised targets to the units of y."""
        scale, mean = self._targets.scale, self._targets.mean
        for gram in sums.grams:
            gram.rescale_targets(scale, mean)
        if rows.targets is not None:
            rows.targets = rows.targets * scale + mean
        return sums, rows

    def _rounded(self, X):
        """Yield rows and their features in units of the rounding's step, as int8."""
        return rounded_blocks(
            X, self._scaling, self._layers, self._rounding, _FIT_BLOCK_BYTES
        )

    def _needs_rows(self):
        return self.alpha in CHOICES

    @property
    def _float(self):
        """Type of the numbers that are stored and predicted with."""
        dtype = self._begun["dtype"]
        return "float32" if dtype == "int8" else dtype

    def _start(self, X, encoded, weight, few):
        """Draw the hidden layers."""
        self._check_size(X.shape[1], X.shape[0] if few else None)
        scaling = fit_scaling(self, X, weight)
        layers_rng, rows_rng = child_generators(self.random_state, 2)
        options = self._sample_options()
        sample = StartSample.draw(
            X, encoded, weight, scaling, rng=layers_rng, dtype=self._float, **options
        )
        self._draw_layers(scaling, sample, layers_rng, rows_rng)

    def _sample_options(self):
        """Few rows will do where no weight kind looks at them."""
        kinds = self._kinds()
        looks = any(kind.requires_X or kind.requires_y for kind in kinds)
        if looks:
            return {"n_units": max(check_sizes(self.hidden_layer_sizes))}
        return {"n_units": 0, "max_rows": _SCALE_ROWS}

    def _kinds(self):
        return check_kinds(self.weight_kind, len(check_sizes(self.hidden_layer_sizes)))

    def _draw_layers(self, scaling, sample, layers_rng, rows_rng):
        self._scaling = scaling
        self._layers, _ = draw_hidden_layers(
            sample,
            self._kinds(),
            check_sizes(self.hidden_layer_sizes),
            self.activation,
            layers_rng,
            self.scale,
            self.bias,
        )
        rounds = self.dtype == "int8" and has_fast_int8()
        self._rounding = Rounding.of(sample, self._layers, scaling) if rounds else None
        self._row_seed = int(rows_rng.integers(2**32))

    def _check_size(self, n_features, n_few=None):
        """Raise before anything is allocated that cannot be, or cannot be rounded.

        Parameters
        ----------
        n_features : int
        n_few : int or None
            Number of rows, where they are summed up in the space that they span.
        """
        if self.dtype == "int8" and self._direct_links:
            raise ValueError(
                "dtype='int8' rounds bounded features; direct links have no bounds. "
                "Use dtype='float32', or ELM instead of RVFL."
            )
        sizes = check_sizes(self.hidden_layer_sizes)
        weights = sum(
            size * n_inputs
            for size, n_inputs in zip(sizes, [n_features, *sizes], strict=False)
        )
        # The sums, their factorisation, and one block's product; or few rows' features,
        # their basis, and what that is found with.
        width = self._width(n_features)
        numbers = 3 * width * (width if n_few is None else n_few)
        # Weights as they are kept, and as they are multiplied with.
        check_memory(
            8 * numbers + 2 * weights * np.dtype(self._float).itemsize,
            f"hidden_layer_sizes={self.hidden_layer_sizes!r} on {n_features} features",
            "Use fewer features, or ELM, which has no direct links."
            if 2 * n_features > width
            else "Use fewer hidden units.",
        )

    def _solve(self):
        """Solve for the read-out from the sums."""
        relative = self._targets.loss == "squared"
        unit = self._weight_unit
        alpha = self.alpha if isinstance(self.alpha, str) else self.alpha / unit
        alphas = None if self.alphas is None else np.asarray(self.alphas) / unit
        fits = self._sums.choose(alpha, alphas, self._rows, relative)
        alphas = [self._as_given(fit.alpha * unit) for fit in fits]
        self.alpha_ = alphas[0] if len(alphas) == 1 else np.array(alphas)
        coef, intercept = self._sums.solve(fits, self._n_columns)
        coef, intercept = self._calibrated(coef, intercept, fits)
        with np.errstate(over="ignore"):
            coef = coef.astype(self._float)
        if not (np.isfinite(coef).all() and np.isfinite(intercept).all()):
            raise ValueError(
                "The read-out is non-finite: X or y has values too large for "
                f"dtype={self.dtype!r}."
            )
        self.read_out_coef_, self.read_out_intercept_ = coef, intercept

    def _as_given(self, alpha):
        """Undo what changing the unit of the weights did to its last bit."""
        given = self.alphas if isinstance(self.alpha, str) else [self.alpha]
        return float(
            alpha if given is None else min(given, key=lambda a: abs(a - alpha))
        )

    def _calibrated(self, coef, intercept, fits):
        return coef, intercept

    # -- features and scores -----------------------------------------------------------

    def _groups(self):
        sizes = [layer.n_units for layer in self._layers]
        return layer_groups(sizes, self._n_direct, self._begun["read_out"])

    @property
    def _n_direct(self):
        return self.n_features_in_ if self._direct_links else 0

    @property
    def _n_columns(self):
        return sum(layer.n_units for layer in self._layers) + self._n_direct

    def _features(self, X, max_bytes=16 * 2**20):
        """Yield rows and their features: all layers, then the direct links."""
        # All columns side by side are wider than the layers are one by one.
        width = working_columns(X, self._layers)
        max_bytes = max_bytes * width // max(width, self._n_columns)
        passes = forward_blocks(X, self._scaling, self._layers, self._float, max_bytes)
        for rows, features in passes:
            if self._direct_links:
                direct = self._scaling.dense_rows(X[rows], self._float)
                features = [*features, direct]
            yield rows, features[0] if len(features) == 1 else np.hstack(features)

    def _all_features(self, X):
        """Features of a few rows in one array."""
        H = np.empty((X.shape[0], self._n_columns), self._float)
        for rows, features in self._features(X):
            H[rows] = features
        return H

    def _scores(self, X):
        blocks = self._features(X)
        return linear_scores(
            blocks, X.shape[0], self.read_out_coef_, self.read_out_intercept_
        )

    def _forward_steps(self):
        steps = Computation(self.n_features_in_).then(Scale(self._scaling))
        scaled, steps = steps.last, steps.through(self._layers)
        columns = [*range(scaled + 1, steps.last + 1)]
        columns += [scaled] if self._direct_links else []
        if len(columns) > 1:
            steps = steps.then(Join(), columns)
        return steps.read_out(self.read_out_coef_, self.read_out_intercept_)

    # -- attributes --------------------------------------------------------------------

    @property
    def gram_(self):
        """Sums over all rows seen: a Gram, or a list of one for each read-out."""
        check_is_fitted(self)
        if not hasattr(self, "_sums"):
            raise AttributeError(
                "gram_ is not carried by copies and pickles of a fit; partial_fit and "
                "fit_blocks keep it."
            )
        grams = self._in_columns().times(self._weight_unit).grams
        return grams[0] if len(grams) == 1 else grams

    @property
    def weights_(self):
        """Frozen weights of each layer, (n_units, n_inputs)."""
        check_is_fitted(self)
        return [layer.weights.matrix(self._float) for layer in self._layers]

    @property
    def n_trainable_parameters_(self):
        """Numbers of the read-out."""
        check_is_fitted(self)
        return self.read_out_coef_.size + self.read_out_intercept_.size

    @property
    def n_stored_bytes_(self):
        """Bytes of all arrays that prediction needs, frozen weights included."""
        check_is_fitted(self)
        arrays = [
            *self._layers,
            self._scaling,
            self.read_out_coef_,
            self.read_out_intercept_,
        ]
        return sum(part.nbytes for part in arrays)


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


def _metadata(sample_weight):
    return None if sample_weight is None else {"sample_weight": sample_weight}
