"""What a HalfNet has learned about the input space: A, the metric, the embedding."""

import numpy as np
from sklearn.base import ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from sklearn_halfnet._checks import check_numbers
from sklearn_halfnet.estimators._common.validation import finite_outputs
from sklearn_halfnet.features import last_features
from sklearn_halfnet.features.low_rank import linear_layer

__all__ = ["LearnedGeometry"]


class LearnedGeometry(ClassNamePrefixFeaturesOutMixin, TransformerMixin):
    """A^T x of an estimator whose ``_layers`` begin with it."""

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = []
        return tags

    @property
    def factors_(self):
        """A of each layer, (n_inputs, rank), for centred and scaled inputs."""
        check_is_fitted(self)
        return [layer.weights.matrix(self._float).T for layer in self._embeddings]

    def set_factor(self, factor):
        """Replace A of the first layer; all else stays as it is.

        Parameters
        ----------
        factor : ndarray of shape (n_features, rank)

        Returns
        -------
        self : object

        Raises
        ------
        ValueError
            If the shape is not that of the learned A, or a value is not a finite real
            number in the model's ``dtype``.
        """
        check_is_fitted(self)
        factor = check_numbers(factor, "factor")
        with np.errstate(over="ignore"):
            factor = check_numbers(factor.astype(self._float), "factor")
        shape = self.factors_[0].shape
        if factor.shape != shape:
            raise ValueError(f"factor has shape {factor.shape}, expected {shape}.")
        self._layers = [linear_layer(factor), *self._layers[1:]]
        return self

    @property
    def metric_(self):
        """Factor M of the learned metric, (n_features, rank), in the units of X."""
        factor, scale = self.factors_[0], self._scaling.scale
        return factor if scale is None else factor / scale[:, None]

    @property
    def _n_features_out(self):
        return self._embeddings[0].n_units

    def transform(self, X):
        """Embed rows where Euclidean distance is the learned metric.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)

        Returns
        -------
        embedded : ndarray of shape (n_samples, rank)
            X' A of the first layer, X' the centred and scaled rows.
        """
        return finite_outputs(self, self._embedded, X)

    def _embedded(self, X):
        return last_features(X, self._scaling, self._layers[:1], self._float)
