"""The base of every random weight kind: it checks, the final classes draw."""

from abc import ABC, abstractmethod

import numpy as np
from scipy import sparse
from sklearn.base import BaseEstimator

from sklearn_halfnet._checks import (
    check_numbers,
    check_options,
    not_masked,
    whole,
)
from sklearn_halfnet._doc_link import page_template
from sklearn_halfnet._sparse_input import check_sparse

__all__ = ["BaseWeights", "unit_rows"]


class BaseWeights(BaseEstimator, ABC):
    """A distribution of frozen weights; it holds parameters and no state.

    A new kind derives from this class, implements ``_sample`` as a pure function of
    its arguments, declares ``_parameter_constraints`` for its parameters, and gets a
    line in ``WEIGHTS``.

    Attributes
    ----------
    kind_name : str
        The kind's name in ``WEIGHTS``.
    requires_X, requires_y : bool
        Whether weights of this kind are made from training rows, and from targets.
    repeats_exactly : bool
        Whether a generator in the same state gives the same bits on every machine.
        Cosines of numpy and factorisations of LAPACK differ in the last one.
    """

    kind_name = ""
    requires_X = False
    requires_y = False
    repeats_exactly = False
    _parameter_constraints: dict = {}
    _doc_link_module = "sklearn_halfnet"
    _doc_link_template = page_template("sklearn_halfnet.weights")

    @check_options(
        {
            "n_units": [whole(1)],
            "n_features": [whole(1)],
            "rng": [np.random.Generator],
        }
    )
    def sample(self, n_units, n_features, rng, X=None, y=None):
        """Draw the weights of one layer.

        Parameters
        ----------
        n_units : int
            Number of hidden units, H.
        n_features : int
            Number of the layer's inputs, d.
        rng : numpy.random.Generator
            The only source of randomness: the same state gives the same weights.
        X : array-like of shape (n_rows, n_features), default=None
            Training rows as the layer sees them, already centred. Used by data-driven
            kinds only.
        y : array-like of shape (n_rows,) or (n_rows, n_targets), default=None
            Class indices, 0/1 labels or real targets of these rows.

        Returns
        -------
        weights : ndarray or CSR array of shape (n_units, n_features)
            float32; binary weights are int8.

        Raises
        ------
        InvalidParameterError
            If a parameter has a wrong type or lies outside its range, there is no unit
            or no feature, or ``rng`` is something else.
        ValueError
            If the kind needs X or y and does not get them, if shapes do not match, or
            if they or the weights are not finite real numbers.

        Examples
        --------
        >>> import numpy as np
        >>> from sklearn_halfnet.weights import NormalWeights
        >>> NormalWeights().sample(5, 3, np.random.default_rng(0)).shape
        (5, 3)
        """
        self._validate_params()
        X, y = self._check_data(n_features, X, y)
        weights = self._sample(n_units, n_features, rng, X, y)
        return _check_weights(weights, (n_units, n_features), self._label())

    @abstractmethod
    def _sample(self, n_units, n_features, rng, X, y):
        """Draw the weights; parameters and data have been checked."""

    def _label(self):
        """How error messages call this kind."""
        name = self.kind_name
        return f"weight_kind={name!r}" if name else type(self).__name__

    def _check_data(self, n_features, X, y):
        """Check the data that this kind needs, and drop what it does not use."""
        for needed, given, words in (
            (self.requires_X, X, "the training data X"),
            (self.requires_y, y, "the training targets y"),
        ):
            if needed and given is None:
                raise ValueError(f"{self._label()} needs {words}, but got None.")
        X = _check_rows(X, n_features, self._label()) if self.requires_X else None
        y = _check_targets(y) if self.requires_y else None
        if X is not None and y is not None and len(y) != len(X):
            raise ValueError(
                f"{self._label()} got X of {len(X)} rows and y of {len(y)} rows."
            )
        return X, y


def unit_rows(weights):
    """Scale rows to Euclidean norm 1, in place; rows of zeros stay as they are.

    Parameters
    ----------
    weights : ndarray of shape (n_units, n_features), floating-point

    Returns
    -------
    weights : ndarray of shape (n_units, n_features)
        The same array.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_halfnet.weights.base import unit_rows
    >>> unit_rows(np.array([[3.0, 4.0], [0.0, 0.0]]))
    array([[0.6, 0.8],
           [0. , 0. ]])
    """
    # Divided by the largest value first, so that no square overflows or vanishes.
    peaks = np.abs(weights).max(axis=1, keepdims=True)
    weights /= np.where(peaks > 0, peaks, 1)
    norms = np.linalg.norm(weights, axis=1, keepdims=True)
    weights /= np.where(norms > 0, norms, 1)
    return weights


def _check_rows(X, n_features, label):
    X = check_numbers(X, "X")
    if X.shape[1] != n_features:
        raise ValueError(
            f"{label} got X of {X.shape[1]} features for weights of {n_features}."
        )
    return X


def _check_targets(y):
    y = np.asarray(not_masked(y, "y"))
    if y.dtype.kind in "fc":
        check_numbers(y, "y", ensure_2d=False)
    return y


def _check_weights(weights, shape, label):
    """Bring drawn weights to a type that is stored, and check them."""
    not_masked(weights, label)
    if not sparse.issparse(weights):
        weights = np.asarray(weights)
    if weights.dtype.kind == "c":
        raise ValueError(f"{label} gave complex weights; they must be real.")
    if sparse.issparse(weights):
        check_sparse(weights, label)
        weights = sparse.csr_array(weights, dtype=np.float32)
    elif weights.dtype != np.int8:
        # A weight that overflows is named below.
        with np.errstate(over="ignore"):
            weights = weights.astype(np.float32, copy=False)
    if weights.shape != shape:
        raise ValueError(
            f"{label} gave weights of shape {weights.shape}; {shape} was asked for "
            "(n_units, n_features)."
        )
    values = weights.data if sparse.issparse(weights) else weights
    if not np.isfinite(values).all():
        raise ValueError(f"{label} gave weights that are not finite.")
    return weights
