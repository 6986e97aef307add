"""ELM and RVFL as values: frozen layers, and a read-out solved from sums over rows."""

from dataclasses import dataclass, replace
from functools import partial
from typing import Any, NamedTuple

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
from sklearn_halfnet.models.left_out import METHODS, LeftOutErrors
from sklearn_halfnet.models.ridge_sums import CHOICES, ReadOutSums, layer_groups
from sklearn_halfnet.models.row_sample import RowSample, row_marks
from sklearn_halfnet.models.stream import Chunk, Later, Stream
from sklearn_halfnet.models.targets import ClassTargets, RealTargets
from sklearn_halfnet.models.tensors import from_tensor

__all__ = ["ClosedFormModel", "ClosedFormSums"]

# Adding a block to the float64 total takes as long for few rows as for many.
_FIT_BLOCK_BYTES = 128 * 2**20

# Squares of such numbers, summed over rows, are finite in float32.
_TAME = 1e12


@dataclass(frozen=True, eq=False)
class ClosedFormSums:
    """What a read-out is solved from: sums over rows, and a sample of the rows.

    Weights are those that rows have when ``rows.n_seen`` rows have come: with each
    that comes, the weights of those before are multiplied by ``rows.decay``.

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
        n_seen = max(part.rows.n_seen for part in parts)
        first, *others = (part.after(n_seen) for part in parts)
        return ClosedFormSums(
            first.read_out.merged(*(part.read_out for part in others)),
            first.rows.merged(*(part.rows for part in others)),
        )

    def after(self, n_seen):
        """Return the same when so many rows have come, the others without weight."""
        factor = self.rows.decay ** (n_seen - self.rows.n_seen)
        rows = replace(self.rows.scaled(factor), n_seen=n_seen)
        if factor == 0:  # far too old to be told from nothing
            rows = RowSample(rows.seed, n_seen, rows.decay, rows.cut)
            return ClosedFormSums(ReadOutSums(self.read_out.groups), rows)
        return ClosedFormSums(self.read_out.scaled(factor), rows)

    def minus(self, removed, marks, wanted):
        """Return the sums without some of the rows.

        Parameters
        ----------
        removed : ClosedFormSums
            Of these rows, with the weights that they have now.
        marks : ndarray of shape (n_rows,)
            Of ``row_marks``.
        wanted : ndarray of shape (n_rows, n_targets)
            Their targets, on the scale of y.

        Raises
        ------
        ValueError
            If they cannot all be among the rows.
        """
        rows = self.rows.minus(marks, wanted)
        return ClosedFormSums(self.read_out.minus(removed.read_out), rows)

    def with_targets(self, matrix, offset):
        """Return the sums for targets ``Y @ matrix + offset`` in place of Y."""
        rows = self.rows
        if rows.targets is not None:
            rows = replace(rows, targets=rows.targets @ matrix + offset)
        return ClosedFormSums(self.read_out.with_targets(matrix, offset), rows)

    def in_columns(self):
        """Return the same sums about the columns of the features."""
        return replace(self, read_out=self.read_out.in_columns())


class Solution(NamedTuple):
    """A read-out on the scale of y.

    Parameters
    ----------
    coef : ndarray of shape (n_outputs, n_columns)
    intercept : ndarray of shape (n_outputs,)
    alpha : float or ndarray of shape (n_layers,)
        Ridge strength that was used.
    left_out : Conformity, LeftOutErrors or None
        What rows that were left out say of others: of a classifier always, of a
        regressor if it was asked for.
    """

    coef: np.ndarray
    intercept: np.ndarray
    alpha: Any
    left_out: Conformity | LeftOutErrors | None = None


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
    decay : float
        What a row's weight is multiplied by when another one comes.
    solution : Later or None
        A Solution, which may be solved for when it is asked for; None before there is
        anything to solve.
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
    decay: float = 1.0
    solution: Later | None = None

    @property
    def coef(self):
        """Read-out (n_outputs, n_columns), on the scale of y; None if not solved."""
        return self._of_solution("coef")

    @property
    def intercept(self):
        """Its constants (n_outputs,); None if not solved."""
        return self._of_solution("intercept")

    @property
    def alpha(self):
        """Ridge strength that was used, one a read-out; None if not solved."""
        return self._of_solution("alpha")

    @property
    def left_out(self):
        """What rows that were left out say of others; None if not solved."""
        return self._of_solution("left_out")

    def _of_solution(self, name):
        return None if self.solution is None else getattr(self.solution(), name)

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

    def sums(
        self,
        X,
        y,
        weight,
        *,
        n_before=0,
        keeps_rows=True,
        turns=False,
        device=None,
        computed=None,
        cut=np.inf,
    ):
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
        keeps_rows : bool, default=True
            Whether to take a sample of the rows.
        turns : bool, default=False
            Whether to sum in the space that the rows span: they are fewer than columns.
            numpy does, on any device.
        device : torch.device, default=None
            Where to sum by torch, without rounding features; None is by numpy.
        computed : Chunk, default=None
            The rows' features and marks, in place of X.
        cut : float, default=inf
            Priority from which on no row is kept.

        Returns
        -------
        sums : ClosedFormSums
        """
        wanted = self.targets.indicators(self.targets.encode(y, np.float64))
        wanted = wanted.astype(np.float64, copy=False)
        weight = self._decayed(weight, len(wanted))
        if device is not None and not turns:
            rows = self.row_sample(n_before, cut)
            read_out = self._sums_on(device, X, wanted, weight, rows, keeps_rows)
            rows.n_seen = n_before + len(wanted)
            self._in_units(read_out, rows)
            return ClosedFormSums(read_out, rows)
        rounding = self.rounding if weight is None and not turns else None
        step = None if rounding is None else rounding.step
        groups, bases = self.groups, []
        if computed is not None:
            blocks = [(slice(0, len(wanted)), computed.features)]
        elif turns:
            H = self.all_features(X)
            blocks = [(slice(0, len(H)), H)]
            bases = [row_space(H[:, columns]) for columns in groups]
        elif rounding is not None:
            blocks = rounded_blocks(
                X, self.scaling, self.layers, rounding, _FIT_BLOCK_BYTES
            )
        else:
            blocks = self.features(X, _FIT_BLOCK_BYTES)
        read_out, rows = ReadOutSums(groups, bases), self.row_sample(n_before, cut)
        if keeps_rows:
            mark = partial(row_marks, X) if computed is None else computed.mark
            blocks = rows.update(blocks, wanted, weight, step, mark=mark)
        for block, features in blocks:
            if rounding is not None:
                read_out.update_rounded(features, step, wanted[block])
            else:
                part = None if weight is None else weight[block]
                read_out.update(features, wanted[block], part)
        self._in_units(read_out, rows)
        return ClosedFormSums(read_out, rows)

    def _sums_on(self, device, X, wanted, weight, rows, keeps_rows):
        """Do so by torch; return a ReadOutSums, and show the RowSample the rows."""
        sums = DeviceSums(self.groups)
        layers, n_direct = self.layers, self.n_direct
        with training_mode(gradients=False):
            blocks = device_features(
                X, self.scaling, layers, self.dtype, device, n_direct=n_direct
            )
            if keeps_rows:
                mark = partial(row_marks, X)
                blocks = rows.update(
                    blocks, wanted, weight, fetch=from_tensor, mark=mark
                )
            for block, features in blocks:
                part = None if weight is None else weight[block]
                sums.update(features, wanted[block], part)
            return ReadOutSums(self.groups, grams=sums.grams())

    def row_sample(self, n_before=0, cut=np.inf):
        """Return a RowSample, still empty, that begins after so many rows."""
        return RowSample(self.row_seed, n_before, self.decay, cut)

    def _decayed(self, weight, n_rows):
        """Weights that rows have when all of them have come."""
        if self.decay == 1:
            return weight
        with np.errstate(under="ignore"):
            decayed = self.decay ** np.arange(n_rows - 1, -1, -1.0)
        return decayed if weight is None else weight * decayed

    def chunk(self, X, y, weight):
        """Compute the features of a few rows, to be summed up with others.

        Parameters
        ----------
        X, y, weight
            As in ``sums``.

        Returns
        -------
        chunk : Chunk or None
            None if these rows must be looked at one sum at a time: a value may be too
            large to be summed up, or features are rounded.
        """
        wanted = self.targets.encode(y, np.float64)
        if self.rounding is not None or not _is_tame(wanted):
            return None
        features = self.all_features(X)
        if not _is_tame(features):
            return None
        return Chunk(features, row_marks(X), y, weight)

    def sums_of_chunk(self, chunk, n_before, **options):
        """Sum up the rows of a Chunk; the rest as in ``sums``."""
        return self.sums(
            None, chunk.y, chunk.weight, n_before=n_before, computed=chunk, **options
        )

    def with_classes(self, stream, labels):
        """Return the model, and a stream of its rows, with further classes.

        Parameters
        ----------
        stream : Stream
        labels : ndarray of shape (n_new_classes,)
            As ``targets.unseen`` returned them.

        Returns
        -------
        model : ClosedFormModel
            Not solved.
        stream : Stream
        """
        known: Any = self.targets
        targets, matrix, offset = known.with_classes(labels)
        model = replace(self, targets=targets, solution=None)
        return model, Stream(stream.sums.with_targets(matrix, offset))

    def forgetting(self, sums, X, y, weight, **options):
        """Return sums without some of their rows; parameters as in ``sums``."""
        wanted = self.targets.indicators(self.targets.encode(y, np.float64))
        wanted = wanted * self.targets.scale + self.targets.mean
        plain = replace(self, decay=1.0)  # weights are those of now
        removed = plain.sums(X, y, weight, keeps_rows=False, **options)
        return sums.minus(removed, row_marks(X), wanted)

    def _in_units(self, read_out, rows):
        """Go back from standardised targets to the units of y."""
        scale, mean = self.targets.scale, self.targets.mean
        for gram in read_out.grams:
            gram.rescale_targets(scale, mean)
        if rows.targets is not None:
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
        solution = self._solution(sums, alpha, alphas)
        return replace(self, solution=Later.known(solution))

    def solved_later(self, stream, alpha, alphas):
        """Return the model with a read-out that is solved for when it is asked for.

        Parameters
        ----------
        stream : Stream
        alpha, alphas
            As in ``solved``.

        Returns
        -------
        model : ClosedFormModel
            What asks first for its read-out may raise what ``solved`` raises; where
            targets are so large that it well may, it is solved for at once.
        """
        if stream.is_summed and not stream.sums.read_out.are_targets_tame(_TAME):
            return self.solved(stream.sums, alpha, alphas)
        later = Later(lambda: self._solution(stream.sums, alpha, alphas))
        return replace(self, solution=later)

    def _solution(self, sums, alpha, alphas):
        relative, unit = self.targets.loss == "squared_error", self.weight_unit
        given = alphas if alpha in CHOICES else [alpha]
        candidates: Any = None if given is None else np.asarray(given) / unit
        strength = alpha if alpha in CHOICES else candidates[0]
        fits = sums.read_out.choose(strength, candidates, sums.rows, relative)
        used = [_as_given(fit.alpha * unit, given) for fit in fits]
        coef, intercept = sums.read_out.solve(fits, self.n_columns)
        left_out = None
        if isinstance(self.targets, ClassTargets) and len(self.targets.classes) > 1:
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
        return Solution(coef, intercept, alpha, left_out)

    def with_left_out(self, errors):
        """Return the model with errors of rows, which it does not need itself."""
        solution: Any = self.solution
        solved = solution()._replace(left_out=errors)
        return replace(self, solution=Later.known(solved))


def _is_tame(values):
    """Whether numbers are far from where their sums or solutions are not finite."""
    return bool(np.abs(values).max(initial=0) < _TAME)


def _as_given(alpha, given):
    """Undo what changing the unit of the weights did to a strength's last bit."""
    return float(alpha if given is None else min(given, key=lambda a: abs(a - alpha)))
