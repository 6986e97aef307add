"""New draws of a HalfNet's frozen Z: while it is trained, and afterwards."""

import copy
from itertools import count

import numpy as np
from sklearn.utils.validation import check_is_fitted

from sklearn_halfnet._checks import check_options
from sklearn_halfnet._random import child_generators
from sklearn_halfnet.estimators._common.validation import row_weights
from sklearn_halfnet.features import InputScaling, StartSample, last_features
from sklearn_halfnet.features.low_rank import draw_directions
from sklearn_halfnet.models.logistic_refit import logistic_read_out
from sklearn_halfnet.models.ridge_refit import polished_read_out

__all__ = ["RandomDraws"]


class RandomDraws:
    """Redraw Z and refit the read-out of an estimator with HalfNet's ``_layers``."""

    def _train(self, X, encoded, weight, train, held_out, rng, report):
        if self.resample_every is not None:
            train_weight = np.zeros(len(encoded))
            train_weight[train] = 1 if weight is None else weight[train]
            report = self._redrawing(report, X, encoded, train_weight, rng)
        super()._train(X, encoded, weight, train, held_out, rng, report)

    def _redrawing(self, report, X, encoded, train_weight, rng):
        """Report, and give the network a new Z and a ridge read-out now and then."""
        passes = count(1)

        def report_and_redraw(network, loss, score):
            stops = report(network, loss, score)
            n_done = next(passes)
            if n_done % self.resample_every == 0 and n_done < self.max_iter:
                twin = copy.copy(self)
                twin._store(network)
                twin._redraw(rng)
                twin._restart_read_out(X, encoded, train_weight, rng)
                _copy_values(twin._network(network.coef.device), network)
            return stops

        return report_and_redraw

    def _redraw(self, rng):
        """Draw a new Z for every layer."""
        self._layers = list(self._layers)
        for i in range(1, len(self._layers), 2):
            n_units, rank = self._layers[i].weights.shape
            directions = draw_directions(n_units, rank, rng, self._float)
            self._layers[i] = self._layers[i].with_frozen(directions)

    def _restart_read_out(self, X, encoded, train_weight, rng):
        sample = StartSample.draw(
            X,
            encoded,
            train_weight,
            self._scaling,
            self._units[-1].n_units,
            rng,
            self._float,
        )
        features = last_features(
            sample.features, InputScaling(), self._layers, self._float
        )
        coef, intercept, _ = self._ridge_start(features, sample)
        self._set_read_out(coef, intercept)

    def _polish(self, X, encoded, train_weight):
        self._refit_read_out(X, encoded, train_weight, self.polish)

    def _refit_read_out(self, X, encoded, weight, how):
        fixed = (X, encoded, weight, self._scaling, self._layers, self._targets)
        if how == "ridge":
            self._set_read_out(*polished_read_out(*fixed))
        else:
            self._set_read_out(
                *logistic_read_out(
                    *fixed,
                    alpha=self.alpha_,
                    device=self.device,
                    cache_bytes=self.cache_size * 2**20,
                )
            )

    @check_options({"random_state": ["random_state"], "refit": ["boolean"]})
    def resample(self, X, y, sample_weight=None, *, random_state=None, refit=True):
        """Draw new random weights from the learned distribution; refit the read-out.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Rows on which to refit the read-out.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
        sample_weight : array-like of shape (n_samples,), default=None
        random_state : int, RandomState or None, default=None
            Determines the new Z.
        refit : bool, default=True
            Whether to refit the read-out: by logistic regression with the strength
            ``alpha``, for a regressor or with ``polish="ridge"`` by ridge regression.
            With the old read-out accuracy is at chance.

        Returns
        -------
        resampled : object
            A new estimator with the same A, scales and shifts. This one stays as it is.
        """
        check_is_fitted(self)
        other = copy.copy(self)
        X, y = other._validate_training(X, y, reset=False)
        _, weight = row_weights(self, y, sample_weight, self._targets.classes)
        other._redraw(child_generators(random_state, 1)[0])
        other._optimizer_state = None
        if refit:
            closed_form = self.polish == "ridge" or self._targets.loss == "squared"
            encoded = self._targets.encode(y, self._float)
            how = "ridge" if closed_form else "logistic"
            other._refit_read_out(X, encoded, weight, how)
        return other


def _copy_values(source, target):
    """Give a network the values of another of the same shape."""
    import torch

    with torch.no_grad():
        for new, old in zip(source.parameters(), target.parameters(), strict=True):
            old.copy_(new)
