"""Grow boosted random features: each layer is the step that most lowers the loss.

With scores s and weights w of the rows, the loss about s is bounded by a parabola,

    L(s + d) <= L(s) + sum_i w_i (c / 2 |d_i - r_i|^2 - c / 2 |r_i|^2),

where r_i = -(dL / ds_i) / c is the response and c bounds the curvature: 1 of half the
squared error, 1/4 of the logistic loss, and 1/2 of the softmax (Böhning 1992). So the
step d = V h + c' that lowers the bound most is a ridge regression of r on the layer's
features h, of all outputs with one Gram matrix.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import expit, log_softmax, softmax

from sklearn_halfnet._matmul import matmul, row_blocks
from sklearn_halfnet.activations import ACTIVATIONS
from sklearn_halfnet.features import HiddenLayer, StartSample
from sklearn_halfnet.features.geometry import gradient_rows, quick_gradient_rows
from sklearn_halfnet.features.moments import Moments
from sklearn_halfnet.features.start import draw_biases
from sklearn_halfnet.linear import Gram, RidgeFit
from sklearn_halfnet.linear.choice import checked_fit
from sklearn_halfnet.linear.solve import solve_factorised
from sklearn_halfnet.models.boosted_features import BoostedLayer, BoostedModel
from sklearn_halfnet.models.calibration import calibration
from sklearn_halfnet.weights.storage import FrozenWeights

__all__ = ["BoostingOptions", "BoostingRows", "calibrated", "grown", "started"]

# Deviation of what a unit sees of the scores, relative to what it sees of the inputs:
# as loud as these, scores of a layer that fits well would drown them.
_LOUDNESS = 0.25
# Directions that come from the targets must explain so much more of rows that they have
# not seen: those of noise follow what is there by chance.
_GAIN = 0.99
# Layers in a row that lower the loss too little before no more are tried.
_PATIENCE = 2
# Of the length of a step, relative to the largest.
_LENGTH_DIGITS = 1e-2
# Of a unit's projection, relative to the mean of all.
_LEAST_VARIANCE = 1e-4


@dataclass(frozen=True)
class BoostingOptions:
    """How layers are grown; parameters as those of the estimators."""

    n_layers: int
    n_units: int
    activation: str
    directions: str
    learning_rate: float
    alpha: Any
    tol: float


class SquaredLoss:
    """Half the squared error, in units of what the constant leaves."""

    curvature = 1.0

    def __init__(self, wanted, share):
        self.wanted, self.share = wanted, share
        self.start = share @ wanted
        self.unit = 1.0
        self.unit = self(np.tile(self.start, (len(wanted), 1))) or 1.0

    def __call__(self, scores):
        return float(self.share @ ((self.wanted - scores) ** 2).sum(axis=1)) / self.unit

    def response(self, scores):
        """Negative gradient over the bound of the curvature."""
        return self.wanted - scores


class LogisticLoss:
    """Log loss of labels that are judged one by one."""

    def __init__(self, wanted, share):
        self.wanted, self.share = wanted, share
        positive = _shares(wanted, share, 2)
        self.start = np.log(positive / (1 - positive))

    def __call__(self, scores):
        losses = np.logaddexp(0, scores) - self.wanted * scores
        return float(self.share @ losses.sum(axis=1))

    def response(self, scores):
        """Negative gradient over the bound of the curvature."""
        return 4 * (self.wanted - expit(scores))


class SoftmaxLoss:
    """Log loss of one class out of several."""

    def __init__(self, wanted, share):
        self.wanted, self.share = wanted, share
        self.start = np.log(_shares(wanted, share, wanted.shape[1]))

    def __call__(self, scores):
        return -float(self.share @ (self.wanted * log_softmax(scores, axis=1)).sum(1))

    def response(self, scores):
        """Negative gradient over the bound of the curvature."""
        return 2 * (self.wanted - softmax(scores, axis=1))


def _shares(wanted, share, n_values):
    """Shares of the ones, as if each value had been seen once more: never zero."""
    return (share @ wanted * len(wanted) + 1) / (len(wanted) + n_values)


_LOSSES = {"squared_error": SquaredLoss, "logistic": LogisticLoss}
_LOSSES["softmax"] = SoftmaxLoss


class BoostingRows:
    """Training rows, and how they are cut into folds.

    Parameters
    ----------
    X : {ndarray, CSR matrix} of shape (n_rows, n_features)
    encoded : ndarray
        What ``targets.encode`` returned.
    weight : ndarray of shape (n_rows,) or None
        Positive.
    targets : ClassTargets or RealTargets
    loss : {"squared_error", "log_loss"}
    n_folds : int
    rng : numpy.random.Generator
    """

    def __init__(self, X, encoded, weight, targets, loss, n_folds, rng):
        n_rows = X.shape[0]
        self.X = X
        self.weight = np.ones(n_rows) if weight is None else weight / weight.mean()
        self.share = self.weight / self.weight.sum()
        self.wanted = targets.indicators(encoded).astype(np.float64)
        name = targets.loss if loss == "log_loss" else loss
        self.loss = _LOSSES[name](self.wanted, self.share)
        number = _fold_numbers(self.wanted, n_folds, rng)
        self.folds = [np.flatnonzero(number == fold) for fold in range(n_folds)]
        self.folds = [fold for fold in self.folds if len(fold)]

    @property
    def constant_scores(self):
        """Scores (n_rows, n_outputs) of the best constant."""
        return np.tile(self.loss.start, (len(self.wanted), 1))


def _fold_numbers(wanted, n_folds, rng):
    """Cut rows into folds of about equal targets.

    What has been learned without a fold is lower where the fold's mean is higher: of
    folds that differ, scores would tell next layers a row's own target.
    """
    key = wanted @ np.arange(1, wanted.shape[1] + 1)
    order = np.lexsort((rng.random(len(key)), key))
    n_blocks = -(-len(key) // n_folds)
    blocks = np.tile(np.arange(n_folds), (n_blocks, 1))
    numbers = np.empty(len(key), dtype=int)
    numbers[order] = rng.permuted(blocks, axis=1).ravel()[: len(key)]
    return numbers


def started(rows, targets, scaling, dtype, options):
    """Make the model without layers."""
    ones = np.ones(len(rows.loss.start))
    return BoostedModel(
        n_features=rows.X.shape[1],
        scaling=scaling,
        dtype=dtype,
        targets=targets,
        start=rows.loss.start,
        layers=(),
        losses=(rows.loss(rows.constant_scores),),
        slope=ones * targets.scale,
        offset=ones * targets.mean,
        directions=options.directions,
    )


def grown(model, rows, options, rng):
    """Add layers until no more lower the loss of rows that a step has not seen.

    Parameters
    ----------
    model : BoostedModel
        Without layers.
    rows : BoostingRows
    options : BoostingOptions
    rng : numpy.random.Generator

    Yields
    ------
    model : BoostedModel
        After each layer that was tried; the same as before where it was of no use.
    scores : ndarray of shape (n_rows, n_outputs)
        Cross-fitted: no row's targets have told its own steps.
    """
    scores = rows.constant_scores
    # Nothing is left to be predicted where a fold is all that there is.
    n_layers = options.n_layers if len(rows.folds) > 1 else 0
    factor, failures = None, 0
    for number in range(n_layers):
        grower = _Grower(model, rows, scores, options, rng)
        if number == 0:
            factor = _first_directions(grower)
            name = "isotropic" if factor is None else "gradient"
            model = replace(model, directions=name)
        found = grower.layer(factor)
        if found.loss < model.losses[-1] * (1 - options.tol):
            model, scores = model.with_layer(found.layer, found.loss), found.scores
            failures = 0
        else:
            failures += 1
        yield model, scores
        if failures == _PATIENCE:
            return
        if factor is not None and number + 1 < n_layers:
            factor = grower.directions_of(found)


def calibrated(model, rows, scores):
    """Return the model of a classifier whose scores are log odds.

    Parameters
    ----------
    model : BoostedModel
    rows : BoostingRows
    scores : ndarray of shape (n_rows, n_outputs)
        Cross-fitted, as ``grown`` yields them.
    """
    kind, n_outputs = model.targets.kind, len(model.start)
    if not model.layers:
        constant = _LOSSES[model.targets.loss](rows.wanted, rows.share).start
        return replace(model, slope=np.zeros(n_outputs), offset=constant)
    slope, offset = calibration(scores, rows.wanted, rows.weight, kind)
    return replace(model, slope=slope, offset=offset)


@dataclass(frozen=True, eq=False)
class _Found:
    """A layer, what it makes of the scores, and what tells gradients.

    These are the derivatives of its units, None of an isotropic layer, and what their
    ridge regression of the targets has for coefficients.
    """

    layer: BoostedLayer
    scores: np.ndarray
    loss: float
    slopes: np.ndarray | None
    coef_of_targets: np.ndarray | None


class _Grower:
    """Draws units on some scores, and solves for the step.

    Parameters
    ----------
    model : BoostedModel
    rows : BoostingRows
    scores : ndarray of shape (n_rows, n_outputs)
    options : BoostingOptions
    rng : numpy.random.Generator
    """

    def __init__(self, model, rows, scores, options, rng):
        self.model, self.rows, self.scores = model, rows, scores
        self.options, self.rng = options, rng

    def layer(self, factor):
        """Make a layer.

        Parameters
        ----------
        factor : ndarray of shape (n_directions, n_inputs) or None
            Weights on the inputs are normal combinations of its rows; None: isotropic.

        Returns
        -------
        found : _Found
        """
        z, hidden = self._drawn(factor)
        slopes = None if factor is None else _slopes(z, hidden.activation)
        features = ACTIVATIONS[hidden.activation].array(z)
        response = self.rows.loss.response(self.scores)
        fit, step = self._solved(features, response)
        coef, intercept = fit.solve()
        length, loss = self._line_search(step)
        dtype = self.model.dtype
        found = BoostedLayer(hidden, (length * coef).astype(dtype), length * intercept)
        of_targets = None if factor is None else self._of_targets(features, fit)
        return _Found(found, self.scores + length * step, loss, slopes, of_targets)

    def directions_of(self, found):
        """Rows whose outer products sum to that of the targets' gradients."""
        weights = found.layer.hidden.scaled_weights(np.float64)
        n_inputs = self.model.scaling.width(self.rows.X.shape[1])
        share = self.rows.share
        return gradient_rows(
            weights[:, :n_inputs], found.slopes, found.coef_of_targets, share
        )

    def _drawn(self, factor):
        """Draw units, whose pre-activations have unit variance over the rows.

        Returns
        -------
        z : ndarray of shape (n_rows, n_units)
        hidden : HiddenLayer
        """
        model, options, rng = self.model, self.options, self.rng
        n_inputs = model.scaling.width(self.rows.X.shape[1])
        size = n_inputs if factor is None else len(factor)
        of_inputs = rng.standard_normal((options.n_units, size))
        of_inputs = of_inputs if factor is None else of_inputs @ factor
        weights = of_inputs.astype(model.dtype)
        z, loudness = self._projected(weights), None
        if model.layers:
            moments = Moments.of(z, self.rows.share)
            loudness = _LOUDNESS * np.sqrt(moments.variance.mean())
            of_scores = self._weights_of_scores(loudness).astype(model.dtype)
            z += self.scores.astype(model.dtype) @ of_scores.T
            weights = np.hstack([weights, of_scores])
        moments = Moments.of(z, self.rows.share)
        least = _LEAST_VARIANCE * moments.variance.mean()
        scales = 1 / np.sqrt(np.maximum(moments.variance, least or 1.0))
        shifts = draw_biases("auto", options.activation, options.n_units, rng)
        shifts = shifts - moments.mean * scales
        values = scales.astype(model.dtype), shifts.astype(model.dtype)
        frozen = FrozenWeights.from_array(weights)
        hidden = HiddenLayer(frozen, *values, options.activation)
        z *= hidden.scales
        z += hidden.shifts
        return z, hidden

    def _projected(self, weights):
        """Multiply all rows by weights on the inputs, block by block."""
        X, (n_units, n_inputs) = self.rows.X, weights.shape
        z = np.empty((X.shape[0], n_units), weights.dtype)
        for rows in row_blocks(X.shape[0], 8 * (n_units + n_inputs)):
            self.model.scaling.project(X[rows], weights, weights.dtype, out=z[rows])
        return z

    def _weights_of_scores(self, loudness):
        """Draw weights on the scores, each in units of its own deviation.

        Or of the first response's, where that is larger: scores that explain little are
        mostly noise, and are not to be heard as well as those that explain much.
        """
        rows = self.rows
        spreads = [
            np.sqrt(Moments.of(each, rows.share).variance)
            for each in (self.scores, rows.loss.response(rows.constant_scores))
        ]
        units = np.maximum(*spreads)
        units = np.where(units > 0, units, 1.0)
        drawn = self.rng.standard_normal((self.options.n_units, len(units)))
        return drawn * (loudness / np.sqrt(len(units))) / units

    def _solved(self, features, response):
        """Solve for the step, once on all rows and once without each fold.

        The Gram matrix of all rows but a fold's is the sum of the other folds': to
        predict each row by what has not seen it costs a factorisation a fold.

        Returns
        -------
        fit : RidgeFit
        step : ndarray of shape (n_rows, n_outputs)
            Cross-fitted.
        """
        weight = self.rows.weight
        parts = [
            Gram().update(features[fold], response[fold], weight[fold])
            for fold in self.rows.folds
        ]
        whole = _merged(parts)
        if self.options.alpha == "gcv":
            fit = checked_fit(whole, features, response, weight)
        else:
            fit = RidgeFit(whole, float(self.options.alpha))
        step = np.empty(response.shape)
        for number, fold in enumerate(self.rows.folds):
            others = _merged(parts[:number] + parts[number + 1 :])
            alpha = fit.alpha * others.total_weight / whole.total_weight
            coef, intercept = RidgeFit(others, alpha).regular().solve()
            coef = coef.T.astype(features.dtype)
            step[fold] = matmul(features[fold], coef) + intercept
        return fit.regular(), step

    def _of_targets(self, features, fit):
        """Coefficients of the targets, where the response's have been solved for."""
        rows = self.rows
        wanted = rows.wanted - rows.share @ rows.wanted
        wanted *= rows.weight[:, None]
        cross = matmul(features.T, wanted.astype(features.dtype)).astype(np.float64)
        return solve_factorised(fit.factor, fit.gram.gram, cross, fit.alpha).T

    def _line_search(self, step):
        """Find how far to go along a cross-fitted step, and the loss there."""
        loss, scores = self.rows.loss, self.scores
        found: Any = minimize_scalar(
            lambda length: loss(scores + length * step),
            bounds=(0.0, self.options.learning_rate),
            method="bounded",
            options={"xatol": _LENGTH_DIGITS * self.options.learning_rate},
        )
        return float(found.x), float(found.fun)


def _merged(parts):
    whole = Gram()
    for part in parts:
        whole.merge(part)
    return whole


def _slopes(z, activation):
    """Differentiate an activation numerically: so it works for every one."""
    step = z.dtype.type(1e-2)
    function = ACTIVATIONS[activation].array
    return (function(z + step) - function(z - step)) / (2 * step)


def _first_directions(grower):
    """Directions of the first layer: those that are asked for, or that predict better.

    Half of the rows tell the targets' gradients; the other half, by cross-fitted
    predictions, whether these are of use.
    """
    how, rows = grower.options.directions, grower.rows
    if how == "isotropic":
        return None
    order = grower.rng.permutation(len(rows.wanted))
    if how == "auto":
        telling, judging = np.array_split(order, 2)
        candidates = None, _gradients(grower, telling)
        plain, informed = (
            _error(rows, grower.layer(factor).scores, judging) for factor in candidates
        )
        if not informed < _GAIN * plain:
            return None
    return _gradients(grower, order)


def _gradients(grower, numbers):
    """Directions in which the targets change most, as some rows tell."""
    model, rows, rng = grower.model, grower.rows, grower.rng
    sample = StartSample.draw(
        rows.X[np.sort(numbers)],
        rows.wanted[np.sort(numbers)],
        rows.weight[np.sort(numbers)],
        model.scaling,
        n_units=1,
        rng=rng,
        dtype=model.dtype,
    )
    share = sample.sample_weight / sample.sample_weight.sum()
    return quick_gradient_rows(sample.features, sample.targets, share, rng)


def _error(rows, scores, numbers):
    """Loss on some of the rows."""
    share = rows.share[numbers] / rows.share[numbers].sum()
    return type(rows.loss)(rows.wanted[numbers], share)(scores[numbers])
