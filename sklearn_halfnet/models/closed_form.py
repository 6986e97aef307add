"""ELM and RVFL as values: frozen layers, and a read-out solved from sums over rows."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from sklearn_halfnet._device import training_mode
from sklearn_halfnet._matmul import matmul, row_blocks
from sklearn_halfnet.features import (
    HiddenLayer,
    InputScaling,
    Rounding,
    forward_blocks,
    linear_scores,
    rounded_blocks,
    working_columns,
)
from sklearn_halfnet.features.computation import Computation, Join, Scale
from sklearn_halfnet.linear.ridge import row_space
from sklearn_halfnet.models.calibration import calibration
from sklearn_halfnet.models.conformity import Conformity
from sklearn_halfnet.models.device_sums import DeviceSums, device_features
from sklearn_halfnet.models.left_out import METHODS, LeftOutErrors, LeftOutRows
from sklearn_halfnet.models.ridge_sums import CHOICES, ReadOutSums, layer_groups
from sklearn_halfnet.models.row_sample import RowSample
from sklearn_halfnet.models.targets import ClassTargets, RealTargets
from sklearn_halfnet.models.tensors import from_tensor

__all__ = ["ClosedFormModel", "ClosedFormSums"]

# Adding a block to the float64 total takes as long for few rows as for many.
_FIT_BLOCK_BYTES = 128 * 2**20


@dataclass(frozen=True, eq=False)
class ClosedFormSums:
    """What a read-out is solved from: sums over rows, and a sample of the rows.

    Parameters
    ----------
    read_out : ReadOutSums
    rows : RowSample
    """

    read_out: ReadOutSums
    rows: RowSample

    def merged(self, other):
        """Return the sums of both; rows that come later are numbered on."""
        return self.total([self, other])

    @staticmethod
    def total(parts):
        """Return the sums of several parts, which stay as they are."""
        first, *others = parts
        return ClosedFormSums(
            first.read_out.merged(*(part.read_out for part in others)),
            first.rows.merged(*(part.rows for part in others)),
        )

    def without(self, n_rows):
        """Return the same after so many further rows of no weight."""
        rows = replace(self.rows, n_seen=self.rows.n_seen + n_rows)
        return replace(self, rows=rows)

    def in_columns(self):
        """Return the same sums about the columns of the features."""
        return replace(self, read_out=self.read_out.in_columns())


@dataclass(frozen=True, eq=False)
class ClosedFormModel:
    """Random hidden layers and a ridge read-out on all of their units.

    Parameters
    ----------
    scaling : InputScaling
    layers : list of HiddenLayer
    n_direct : int
        Inputs that the read-out sees beside the units.
    read_out : {"all", "ensemble"}
        One read-out on everything, or the mean of one a layer.
    dtype : {"float32", "float64"}
        Of what is stored, and in which to compute.
    targets : ClassTargets or RealTargets
    begun : dict
        Parameters that the network keeps from its start on.
    row_seed : int
        Chooses the rows that a ridge strength and calibration are judged by.
    weight_unit : float
        What weights are divided by in the sums: the largest.
    rounding : Rounding or None
        How features are rounded in sums of rows of equal weight.
    coef : ndarray of shape (n_outputs, n_columns) or None
        Read-out, on the scale of y; None before it is solved.
    intercept : ndarray of shape (n_outputs,) or None
    alpha : float, ndarray of shape (n_layers,) or None
        Ridge strength that was used.
    left_out : Conformity, LeftOutErrors or None
        What rows that were left out say of others: of a classifier always, of a
        regressor if it was asked for.
    """

    scaling: InputScaling
    layers: list[HiddenLayer]
    n_direct: int
    read_out: str
    dtype: str
    targets: ClassTargets | RealTargets
    begun: dict[str, Any]
    row_seed: int
    weight_unit: float = 1.0
    rounding: Rounding | None = None
    coef: np.ndarray | None = None
    intercept: np.ndarray | None = None
    alpha: Any = None
    left_out: Conformity | LeftOutErrors | None = None

    @property
    def n_columns(self):
        """Columns that the read-out sees: all units, then the direct links."""
        return sum(layer.n_units for layer in self.layers) + self.n_direct

    @property
    def groups(self):
        """Columns of each read-out."""
        sizes = [layer.n_units for layer in self.layers]
        return layer_groups(sizes, self.n_direct, self.read_out)

    @property
    def weights(self):
        """Frozen weights of each layer, (n_units, n_inputs)."""
        return [layer.weights.matrix(self.dtype) for layer in self.layers]

    @property
    def n_trained(self):
        """Numbers of the read-out."""
        arrays = (self.coef, self.intercept)
        return sum(array.size for array in arrays if array is not None)

    @property
    def nbytes(self):
        """Bytes of all arrays that prediction needs, sets and intervals included."""
        parts = [*self.layers, self.scaling, self.coef, self.intercept, self.left_out]
        return sum(part.nbytes for part in parts if part is not None)

    # -- from X to scores --------------------------------------------------------------

    def features(self, X, max_bytes=16 * 2**20):
        """Yield rows and their features: all layers, then the direct links."""
        # All columns side by side are wider than the layers are one by one.
        width = working_columns(X, self.layers)
        max_bytes = max_bytes * width // max(width, self.n_columns)
        passes = forward_blocks(X, self.scaling, self.layers, self.dtype, max_bytes)
        for rows, features in passes:
            if self.n_direct:
                direct = self.scaling.dense_rows(X[rows], self.dtype)
                features = [*features, direct]
            yield rows, features[0] if len(features) == 1 else np.hstack(features)

    def all_features(self, X):
        """Features of a few rows in one array."""
        H = np.empty((X.shape[0], self.n_columns), self.dtype)
        for rows, features in self.features(X):
            H[rows] = features
        return H

    def scores(self, X):
        """Scores (n_samples, n_outputs) of validated rows, on the scale of y."""
        return linear_scores(self.features(X), X.shape[0], self.coef, self.intercept)

    def intervals(self, X, known, miss, method, normalized):
        """Predict intervals of validated rows.

        Parameters
        ----------
        X : {ndarray, CSR matrix} of shape (n_samples, n_features)
        known : LeftOutRows or LeftOutErrors
            The latter will do for "jackknife".
        miss : sequence of float
            Shares of the rows that intervals may miss.
        method : str
            One of ``METHODS``.
        normalized : bool
            Whether widths follow the size of the errors.

        Returns
        -------
        intervals : ndarray of shape (n_samples, n_outputs, 2, n_levels)
        """
        found = np.empty((X.shape[0], self.targets.n_outputs, 2, len(miss)))
        coef: Any = self.coef
        coef = coef.T.astype(np.float64)
        for rows, features in self.features(X):
            for part in row_blocks(len(features), 8 * len(known.weight)):
                H = features[part].astype(np.float64)
                spread = known.spread.at(H) if normalized else None
                center = matmul(H, coef) + self.intercept
                here = slice(rows.start + part.start, rows.start + part.stop)
                found[here] = METHODS[method](known, H, center, spread, miss)
        return found

    def steps(self):
        """Return the same as a Computation, for exports."""
        steps = Computation(self.begun["n_features"]).then(Scale(self.scaling))
        scaled, steps = steps.last, steps.through(self.layers)
        columns = [*range(scaled + 1, steps.last + 1)]
        columns += [scaled] if self.n_direct else []
        if len(columns) > 1:
            steps = steps.then(Join(), columns)
        return steps.read_out(self.coef, self.intercept)

    # -- from rows to the read-out -----------------------------------------------------

    def sums(self, X, y, weight, *, n_before=0, turns=False, device=None):
        """Sum up rows.

        Parameters
        ----------
        X : {ndarray, CSR matrix} of shape (n_samples, n_features)
        y : ndarray of shape (n_samples,) or (n_samples, n_outputs)
            Labels or targets as ``targets`` knows them.
        weight : ndarray of shape (n_samples,) or None
            In units of ``weight_unit``; None are all one.
        n_before : int, default=0
            Rows that came before these.
        turns : bool, default=False
            Whether to sum in the space that the rows span: they are fewer than columns.
            numpy does, on any device.
        device : torch.device, default=None
            Where to sum by torch, without rounding features; None is by numpy.

        Returns
        -------
        sums : ClosedFormSums
        """
        wanted = self.targets.indicators(self.targets.encode(y, np.float64))
        wanted = wanted.astype(np.float64, copy=False)
        if device is not None and not turns:
            read_out, rows = self._sums_on(device, X, wanted, weight, n_before)
            self._in_units(read_out, rows)
            return ClosedFormSums(read_out, rows)
        rounding = self.rounding if weight is None and not turns else None
        step = None if rounding is None else rounding.step
        groups, bases = self.groups, []
        if turns:
            H = self.all_features(X)
            blocks = [(slice(0, len(H)), H)]
            bases = [row_space(H[:, columns]) for columns in groups]
        elif rounding is not None:
            blocks = rounded_blocks(
                X, self.scaling, self.layers, rounding, _FIT_BLOCK_BYTES
            )
        else:
            blocks = self.features(X, _FIT_BLOCK_BYTES)
        read_out, rows = ReadOutSums(groups, bases), RowSample(self.row_seed, n_before)
        for block, features in rows.update(blocks, wanted, weight, step):
            if rounding is not None:
                read_out.update_rounded(features, step, wanted[block])
            else:
                part = None if weight is None else weight[block]
                read_out.update(features, wanted[block], part)
        self._in_units(read_out, rows)
        return ClosedFormSums(read_out, rows)

    def _sums_on(self, device, X, wanted, weight, n_before):
        """Do so by torch; return a ReadOutSums and a RowSample."""
        sums, rows = DeviceSums(self.groups), RowSample(self.row_seed, n_before)
        layers, n_direct = self.layers, self.n_direct
        with training_mode(gradients=False):
            blocks = device_features(
                X, self.scaling, layers, self.dtype, device, n_direct=n_direct
            )
            blocks = rows.update(blocks, wanted, weight, fetch=from_tensor)
            for block, features in blocks:
                part = None if weight is None else weight[block]
                sums.update(features, wanted[block], part)
            return ReadOutSums(self.groups, grams=sums.grams()), rows

    def _in_units(self, read_out, rows):
        """Go back from standardised targets to the units of y."""
        scale, mean = self.targets.scale, self.targets.mean
        for gram in read_out.grams:
            gram.rescale_targets(scale, mean)
        rows.targets = rows.targets * scale + mean

    def solved(self, sums, alpha, alphas):
        """Return the model with the read-out that sums ask for.

        Parameters
        ----------
        sums : ClosedFormSums
        alpha : "gcv", "loo" or float
        alphas : array-like of shape (n_alphas,) or None
            Candidates, of which a strength is chosen.

        Returns
        -------
        model : ClosedFormModel

        Raises
        ------
        ValueError
            If the read-out is not finite in ``dtype``.
        """
        relative, unit = self.targets.loss == "squared_error", self.weight_unit
        given = alphas if alpha in CHOICES else [alpha]
        candidates: Any = None if given is None else np.asarray(given) / unit
        strength = alpha if alpha in CHOICES else candidates[0]
        fits = sums.read_out.choose(strength, candidates, sums.rows, relative)
        used = [_as_given(fit.alpha * unit, given) for fit in fits]
        coef, intercept = sums.read_out.solve(fits, self.n_columns)
        left_out = None
        if isinstance(self.targets, ClassTargets):
            scores, rows = sums.read_out.left_out(fits, sums.rows), sums.rows
            judged = rows.targets, rows.weight
            slope, offset = calibration(scores, *judged, self.targets.kind)
            coef, intercept = slope[:, None] * coef, slope * intercept + offset
            left_out = Conformity.of(slope * scores + offset, *judged, self.targets)
        with np.errstate(over="ignore"):
            coef = coef.astype(self.dtype)
        if not (np.isfinite(coef).all() and np.isfinite(intercept).all()):
            raise ValueError(
                "The read-out is non-finite: X or y has values too large for "
                f"dtype={self.begun['dtype']!r}."
            )
        alpha = used[0] if len(used) == 1 else np.array(used)
        values = {"coef": coef, "intercept": intercept, "alpha": alpha}
        return replace(self, **values, left_out=left_out)

    def rows_left_out(self, sums):
        """Return the rows of the sums that it was solved from, left out one by one."""
        return LeftOutRows(sums, np.atleast_1d(self.alpha) / self.weight_unit)


def _as_given(alpha, given):
    """Undo what changing the unit of the weights did to a strength's last bit."""
    return float(alpha if given is None else min(given, key=lambda a: abs(a - alpha)))
