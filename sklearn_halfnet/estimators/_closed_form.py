"""What ELM and RVFL share: random layers, sums over rows, one solution."""

from numbers import Real

import numpy as np
from sklearn.base import BaseEstimator, _fit_context
from sklearn.utils._param_validation import Interval, StrOptions

from sklearn_halfnet._device import check_memory
from sklearn_halfnet._matmul import matmul
from sklearn_halfnet._random import child_generators
from sklearn_halfnet.estimators._base import keep_state_on_error
from sklearn_halfnet.estimators._calibration import RowSample
from sklearn_halfnet.estimators._random_layers import (
    LAYER_CONSTRAINTS,
    SIZE_CONSTRAINTS,
    check_kinds,
    check_sizes,
    draw_random_layers,
)
from sklearn_halfnet.estimators._read_out import ReadOut, layer_groups
from sklearn_halfnet.estimators._validation import check_sample_weight
from sklearn_halfnet.features import InputScaling, StartSample, forward_blocks
from sklearn_halfnet.linear import Gram

__all__ = ["BaseClosedForm"]

# Adding a block to the float64 total takes as long for few rows as for many.
_FIT_BLOCK_BYTES = 64 * 2**20


class BaseClosedForm(BaseEstimator):
    """Random hidden layers and a ridge read-out, fitted from sums over rows."""

    _direct_links = False

    _parameter_constraints = {
        **LAYER_CONSTRAINTS,
        "hidden_layer_sizes": SIZE_CONSTRAINTS,
        "alpha": [StrOptions({"gcv", "loo"}), Interval(Real, 0, None, closed="left")],
        "alphas": ["array-like", None],
        "read_out": [StrOptions({"all", "ensemble"})],
        "dtype": [StrOptions({"float32", "float64"})],
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
        bias="normal",
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

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y, sample_weight=None):
        """Fit on all rows at once.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
        sample_weight : array-like of shape (n_samples,), default=None
            A row of weight 2 counts as the same row twice.

        Returns
        -------
        self : estimator
        """
        with keep_state_on_error(self):
            self._forget()
            self._add_rows(X, y, sample_weight)
            self._solve()
            # Sums of H^2 numbers, of no use to prediction: they would be pickled.
            del self.gram_, self._rows
        return self

    @_fit_context(prefer_skip_nested_validation=True)
    def fit_blocks(self, blocks, classes=None):
        """Fit on blocks of rows, of which one is in memory at a time.

        The first block determines the hidden layers: the scaling of inputs, scales
        that are "auto" and data-driven weights. So it should be a fair sample of the
        rows, and not tiny.

        Parameters
        ----------
        blocks : iterable of tuples (X, y) or (X, y, sample_weight)
            Such as a generator that reads a file, or slices of a ``numpy.memmap``.
        classes : array-like of shape (n_classes,), default=None
            All class labels, if a classifier's first block may lack some.

        Returns
        -------
        self : estimator
            ``partial_fit`` and further blocks can follow.
        """
        with keep_state_on_error(self):
            self._forget()
            for X, y, *weight in blocks:
                self._add_rows(X, y, *(weight or [None]), classes=classes)
            if not hasattr(self, "gram_"):
                raise ValueError("blocks is empty: there is nothing to fit.")
            self._solve()
        return self

    def _partial_fit(self, X, y, sample_weight, classes=None):
        with keep_state_on_error(self):
            self._add_rows(X, y, sample_weight, classes)
            self._solve()
        return self

    def _forget(self):
        for name in ("gram_", "_rows", "_layers", "coef_"):
            vars(self).pop(name, None)

    def _add_rows(self, X, y, sample_weight, classes=None):
        first = not hasattr(self, "_layers")
        X, y = self._validate_training(X, y, reset=first)
        if not first and not hasattr(self, "gram_"):
            raise ValueError(
                "fit keeps no sums that partial_fit could go on from. Begin with "
                "partial_fit or fit_blocks instead of fit."
            )
        weight = check_sample_weight(sample_weight, X.shape[0])
        if first:
            self._targets = self._make_targets(y, weight, classes)
        weight = self._class_weighted(weight, y)
        encoded = self._targets.encode(y, np.float64)
        if first:
            self._start(X, encoded, weight)
        wanted = self._targets.indicators(encoded).astype(np.float64, copy=False)
        for rows, features in self._features(X, _FIT_BLOCK_BYTES):
            block_weight = None if weight is None else weight[rows]
            self.gram_.update(features, wanted[rows], block_weight)
        if self._needs_rows():
            self._rows.update(X, wanted, weight)

    def _class_weighted(self, weight, y):
        return weight

    def _needs_rows(self):
        return self.alpha == "loo"

    def _start(self, X, encoded, weight):
        """Draw the hidden layers and begin empty sums."""
        sizes = check_sizes(self.hidden_layer_sizes)
        kinds = check_kinds(self.weight_kind, len(sizes))
        self._check_memory(X, sizes)
        layers_rng, rows_rng = child_generators(self.random_state, 2)
        names = getattr(self, "feature_names_in_", None)
        self._scaling = InputScaling.fit(X, self.input_scaling, weight, names)
        sample = StartSample.draw(
            X, encoded, weight, self._scaling, max(sizes), layers_rng, self.dtype
        )
        self._layers = draw_random_layers(
            sample, kinds, sizes, self.activation, layers_rng, self.scale, self.bias
        )
        self.gram_, self._rows = Gram(), RowSample(rows_rng)

    def _check_memory(self, X, sizes):
        width = sum(sizes) + (X.shape[1] if self._direct_links else 0)
        weights = sum(
            size * n_inputs
            for size, n_inputs in zip(sizes, [X.shape[1], *sizes], strict=False)
        )
        # The sums, their factorisation, and one block's product.
        check_memory(
            3 * 8 * width**2 + weights * np.dtype(self.dtype).itemsize,
            f"hidden_layer_sizes={self.hidden_layer_sizes!r} on {X.shape[1]} features",
            "Use fewer hidden units.",
        )

    def _solve(self):
        """Solve for the read-out from the sums."""
        groups = layer_groups(
            [layer.n_units for layer in self._layers],
            self.n_features_in_ if self._direct_links else 0,
            self.read_out,
        )
        sample = self._sample() if self._needs_rows() else None
        chosen = ReadOut.choose(
            self.gram_, groups, self.alpha, self.alphas, sample, self._relative
        )
        self.alpha_ = chosen.alphas[0] if len(groups) == 1 else np.array(chosen.alphas)
        coef, intercept = self._finish(chosen, sample)
        if not (np.isfinite(coef).all() and np.isfinite(intercept).all()):
            raise ValueError(
                "The read-out is non-finite: X or y has values too large for "
                f"dtype={self.dtype!r}."
            )
        self.coef_, self.intercept_ = coef.astype(self.dtype), intercept

    def _sample(self):
        """Features, targets and weights of the sampled rows."""
        blocks = [features for _, features in self._features(self._rows.X)]
        return np.concatenate(blocks), self._rows.targets, self._rows.weight

    # -- features and scores -----------------------------------------------------------

    def _features(self, X, max_bytes=16 * 2**20):
        """Yield rows and their features: all layers, then the direct links."""
        passes = forward_blocks(X, self._scaling, self._layers, self.dtype, max_bytes)
        for rows, features in passes:
            if self._direct_links:
                direct = self._scaling.dense_rows(X[rows], self.dtype)
                features = [*features, direct]
            yield rows, features[0] if len(features) == 1 else np.hstack(features)

    def _scores(self, X):
        scores = np.empty((X.shape[0], len(self.coef_)))
        for rows, features in self._features(X):
            scores[rows] = matmul(features, self.coef_.T)
        return scores + self.intercept_

    # -- attributes --------------------------------------------------------------------

    @property
    def weights_(self):
        """Frozen weights of each layer, (n_units, n_inputs)."""
        return [layer.weights.matrix(self.dtype) for layer in self._layers]

    @property
    def n_trainable_parameters_(self):
        """Numbers of the read-out."""
        return self.coef_.size + self.intercept_.size

    @property
    def n_stored_bytes_(self):
        """Bytes of all arrays that prediction needs, frozen weights included."""
        arrays = [*self._layers, self._scaling, self.coef_, self.intercept_]
        return sum(part.nbytes for part in arrays)
