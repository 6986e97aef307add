"""Centring and scaling of the inputs, as the first random layer sees them."""

from copy import copy

import numpy as np
from scipy import sparse

from sklearn_halfnet._matmul import matmul
from sklearn_halfnet.features.columns import column_name
from sklearn_halfnet.features.moments import Moments
from sklearn_halfnet.features.scaling_rules import SCALINGS

__all__ = ["FAR", "InputScaling", "all_finite", "working_columns"]

# Squares of the largest inputs allowed can be added up this many times, squared.
_MANY = 2**14

# Start values from inputs that are all smaller would lose bits, or all.
_LEAST_INPUT = {np.dtype(np.float32): 1e-30, np.dtype(np.float64): 1e-140}


# Beyond it, z / sqrt(1 + (z / limit)^2) is the limit to all digits, for any limit that
# is not much larger than one; the square still is a number of type float32.
FAR = 1e9


class InputScaling:
    """The map x -> z = (x - mean) / scale, column by column.

    With a limit, it is x -> z / sqrt(1 + (z / limit)^2): about z inside, and never
    larger than the limit. With an embedding, waves of the scaled columns follow them;
    with a coding, what is mapped are the columns of numbers, and codes of the others
    follow as they are.

    Parameters
    ----------
    mean : ndarray of shape (n_features,) or None
        What is subtracted; None subtracts nothing.
    scale : ndarray of shape (n_features,) or None
        What is divided by; None divides by nothing.
    feature_names : sequence of str or None
        Used in error messages.
    limit : ndarray of shape (n_features,) or None
        Infinite where a column is not limited.
    one_unit : bool
        Whether "auto" found that all columns share a unit.
    embedding : ColumnEmbedding or None
        Of the scaled columns.
    coding : ColumnCoding or None
        Of columns with categories, or that missed values; None: all are numbers.
    """

    def __init__(
        self,
        mean=None,
        scale=None,
        feature_names=None,
        limit=None,
        one_unit=False,
        embedding=None,
        coding=None,
    ):
        self.mean = mean
        self.scale = scale
        self.feature_names = feature_names
        self.limit = limit
        self.one_unit = one_unit
        self.embedding = embedding
        self.coding = coding

    @classmethod
    def fit(
        cls,
        X,
        how,
        sample_weight=None,
        feature_names=None,
        spread=None,
        *,
        one_unit=False,
        coding=None,
    ):
        """Learn the map from training rows.

        Parameters
        ----------
        X : {ndarray, CSR matrix} of shape (n_samples, n_features)
        how : {"auto", "standard", "robust", "center"} or None
            By the rule of this name in ``SCALINGS``; or the inputs as they are.
        sample_weight : ndarray of shape (n_samples,) or None
        feature_names : sequence of str or None
            Used in error messages.
        spread : float, default=None
            Standard deviation of all columns together, to which one factor brings
            columns that are not scaled each for itself; None leaves them as they are.
        one_unit : bool, default=False
            Whether all columns are known to share a unit, as pixels do. For "auto",
            those of a sparse X do, so that they keep their proportions.
        coding : ColumnCoding, default=None
            What comes before it.

        Returns
        -------
        scaling : InputScaling

        Raises
        ------
        ValueError
            If a column's values are too large or too small for their variance to be a
            floating-point number; or if X is sparse and would have to be limited.
        """
        if how is None and spread is None:
            names = _names_of_numbers(coding, feature_names)
            return cls(feature_names=names, coding=coding)
        numbers = X if coding is None else coding.numbers(X)
        moments, rows = Moments.of(numbers, sample_weight), (numbers, sample_weight)
        options = {"spread": spread, "one_unit": one_unit, "coding": coding}
        return cls.from_moments(moments, how, rows, feature_names, **options)

    @classmethod
    def from_moments(
        cls,
        moments,
        how,
        rows,
        feature_names=None,
        *,
        spread=None,
        one_unit=False,
        coding=None,
    ):
        """Make the map from moments of the training rows.

        Parameters
        ----------
        moments : Moments
            Of the numbers in all rows.
        rows : tuple (X, sample_weight)
            The numbers of all of them, or of those of ``rows_of_quartiles``.
        how, feature_names, spread, one_unit, coding
            As in ``fit``.

        Returns
        -------
        scaling : InputScaling
        """
        feature_names = _names_of_numbers(coding, feature_names)
        _refuse_columns(moments.too_large, "large", feature_names)
        _refuse_columns(moments.too_small, "small", feature_names)
        if how is None:  # the square of a constant counts, too
            far = np.abs(moments.mean) > np.sqrt(
                np.finfo(float).max / len(moments.mean)
            )
            _refuse_columns(far, "large", feature_names)
        one_unit = how == "auto" and (one_unit or sparse.issparse(rows[0]))
        if one_unit:
            how, spread = "center", spread or 1.0
        mean = scale = limit = None
        if how is not None:
            mean, scale, limit = SCALINGS[how](moments, rows)
        # It limits all columns but those that share a unit.
        one_unit = one_unit or (how == "auto" and limit is None)
        if scale is None and spread is not None:
            size = moments.spread(about_one_mean=how is None)
            scale = np.full(len(moments.mean), size / spread or 1.0)
        return cls(mean, scale, feature_names, limit, one_unit, coding=coding)

    def with_embedding(self, embedding):
        """Return the same map, followed by an embedding of its columns."""
        scaling = copy(self)
        scaling.embedding = embedding
        return scaling

    def n_numbers(self, n_features):
        """Columns that are numbers, of X with ``n_features``."""
        return n_features if self.coding is None else len(self.coding.numeric)

    def width(self, n_features):
        """Columns of the result, for X with ``n_features``."""
        of_codes = 0 if self.coding is None else self.coding.width
        if self.embedding is not None:
            return self.embedding.width + of_codes
        return self.n_numbers(n_features) + of_codes

    def transform(self, X, dtype, *, out=None):
        """Scale a block of rows; a sparse block is scaled but not centred.

        A limit, which is about the centre, and waves make a sparse block dense.

        Parameters
        ----------
        X : {ndarray, CSR matrix} of shape (n_rows, n_features)
        dtype : dtype
            Of the result.
        out : ndarray of shape (n_rows, n_features), default=None
            Memory of X's type for a dense X less the mean: new memory takes longer than
            the arithmetic. It may be X itself.

        Returns
        -------
        scaled : {ndarray, CSR matrix} of shape (n_rows, width(n_features))

        Raises
        ------
        ValueError
            If a scaled value is too large for ``dtype``.
        """
        if self.coding is None:
            return self._embedded(self._scaled(X, dtype, out))
        numbers, codes = self._coded(X, dtype)
        return np.hstack([self._embedded(self._scaled(numbers, dtype)), codes])

    def _embedded(self, scaled):
        return scaled if self.embedding is None else self.embedding(scaled)

    def _coded(self, X, dtype):
        """Take apart numbers, which are to be scaled, and codes, which are not."""
        X = X.toarray() if sparse.issparse(X) else X
        return self.coding.numbers(X), self.coding.codes(X, dtype)

    def _scaled(self, X, dtype, out=None):
        """Scale a block of numbers before waves are added."""
        if sparse.issparse(X) and not self._keeps_zeros:
            X = X.toarray()
        if sparse.issparse(X):
            scaled = X if self.scale is None else X.multiply(1 / self.scale).tocsr()
        else:
            scaled = self._dense(X, out)
        with np.errstate(over="ignore"):
            scaled = scaled.astype(dtype, copy=False)
        return self._fitting(scaled)

    @property
    def _keeps_zeros(self):
        """Whether a sparse block can stay sparse."""
        return self.limit is None and self.embedding is None

    def _dense(self, X, out):
        scaled = X
        if self.mean is not None:
            mean = self.mean.astype(X.dtype, copy=False)
            scaled = out = np.subtract(X, mean, out=out)
        if self.scale is not None:
            with np.errstate(over="ignore"):
                factor = (1 / self.scale).astype(X.dtype, copy=False)
            _refuse_columns(~np.isfinite(factor), "small", self.feature_names)
            with np.errstate(over="ignore"):
                scaled = np.multiply(scaled, factor, out=out)
        return scaled if self.limit is None else _limited(scaled, self.limit, out)

    def _fitting(self, scaled):
        """Refuse values whose squares, summed over many rows, would overflow.

        What is missing, in a column that missed nothing in fit, is at the centre.
        """
        dtype = scaled.dtype
        values = scaled.data if sparse.issparse(scaled) else scaled
        limit = np.sqrt(np.finfo(dtype).max) / _MANY
        if _within(values, limit):
            return scaled
        missing = np.isnan(values)
        if missing.any():  # of a dense block: the door refuses sparse ones
            scaled = values = np.where(missing, dtype.type(0), values)
        large = np.flatnonzero(~(np.abs(values) <= limit).ravel())
        if len(large):
            columns = scaled.indices[large] if sparse.issparse(scaled) else large
            column = columns[0] % scaled.shape[1]
            raise ValueError(
                f"Column {_name(column, self.feature_names)} of X has values too large "
                f"for dtype={dtype.name!r} after scaling. Rescale this column"
                + ("." if dtype == np.float64 else ", or use dtype='float64'.")
            )
        return scaled

    def dense_rows(self, X, dtype):
        """Scale *and* centre a few rows; a sparse block becomes dense."""
        return self.transform(X.toarray() if sparse.issparse(X) else X, dtype)

    def start_rows(self, X, dtype):
        """Do the same for rows from which start values are computed.

        Raises
        ------
        ValueError
            If the rows differ, but by too little for ``dtype``.
        """
        X = X.toarray() if sparse.issparse(X) else X
        numbers, *codes = (X,) if self.coding is None else self._coded(X, dtype)
        scaled = self._scaled(numbers, dtype)
        peak = np.abs(scaled).max(initial=0)
        if peak < _LEAST_INPUT[scaled.dtype]:
            self._refuse_vanishing(numbers, scaled.dtype)
        scaled = self._embedded(scaled)
        return np.hstack([scaled, *codes]) if codes else scaled

    def _refuse_vanishing(self, X, dtype):
        exact = np.abs(self._scaled(X, np.float64)).max(axis=0)
        if exact.any():
            column = _name(int(exact.argmax()), self.feature_names)
            raise ValueError(
                f"Column {column} of X, the largest, has values too small for "
                f"dtype={dtype.name!r}: up to {exact.max():.3g}. Rescale X, or use "
                "input_scaling='standard'."
            )

    def project(self, X, weights, dtype, *, scaled=None, out=None):
        """Compute x' W^T for a block of rows, without densifying a sparse block.

        Parameters
        ----------
        X : {ndarray, CSR matrix} of shape (n_rows, n_features)
        weights : {ndarray, CSR array} of shape (n_units, width(n_features))
        dtype : dtype
        scaled : ndarray of shape (n_rows, n_features), default=None
            Memory for the scaled rows, as in ``transform``.
        out : ndarray of shape (n_rows, n_units), default=None
            Where to write the projection; else it is allocated.

        Returns
        -------
        projection : ndarray of shape (n_rows, n_units)
        """
        scaled = self.transform(X, dtype, out=scaled)
        projection = matmul(scaled, weights.T, out=out)
        if sparse.issparse(scaled) and self.mean is not None:
            center = self.mean if self.scale is None else self.mean / self.scale
            projection -= np.asarray(weights @ center, dtype=dtype)
        return projection

    @property
    def filling(self):
        """What a missing number becomes, of those that have a coding.

        The median of a column that missed some in fit, and else the scaling's centre.
        """
        filling = self.coding.filling
        centre = np.zeros(len(filling)) if self.mean is None else self.mean
        return np.where(np.isnan(filling), centre, filling)

    @property
    def nbytes(self):
        """Bytes that the map occupies in a model."""
        parts = self.mean, self.scale, self.limit, self.embedding, self.coding
        return sum(part.nbytes for part in parts if part is not None)


def _limited(z, limit, out):
    """Compute z / sqrt(1 + (z / limit)^2) into ``out``, or into new memory."""
    z = np.clip(z, -FAR, FAR, out=out)
    root = np.square(z / limit.astype(z.dtype))
    root += 1
    np.sqrt(root, out=root)
    return np.divide(z, root, out=z)


def working_columns(X, layers):
    """Width of the widest array when a block of X passes through some layers.

    Parameters
    ----------
    X : {ndarray, CSR matrix} of shape (n_samples, n_features)
        A sparse block stays sparse: its features do not count.
    layers : list of HiddenLayer

    Returns
    -------
    n_columns : int
    """
    n_features = 0 if sparse.issparse(X) else X.shape[1]
    return max([n_features, *(layer.n_units for layer in layers)])


def _within(values, limit):
    """Whether the root of the sum of squares is: one pass of BLAS over all values."""
    flat = values.ravel(order="K")
    with np.errstate(over="ignore", invalid="ignore"):
        return bool(np.sqrt(np.dot(flat, flat)) <= limit)


def all_finite(values):
    """Tell whether all values are finite, in a single pass if they are of any size."""
    largest = np.finfo(values.dtype).max
    return _within(values, largest) or bool(np.isfinite(values).all())


def _refuse_columns(bad, size, feature_names):
    if bad.any():
        column = int(np.flatnonzero(bad)[0])
        raise ValueError(
            f"Column {_name(column, feature_names)} of X has values too {size} to be "
            "scaled: their variance is not a floating-point number. Rescale this "
            "column."
        )


def _names_of_numbers(coding, feature_names):
    return feature_names if coding is None else coding.number_names(feature_names)


def _name(column, feature_names):
    name = column_name(column, feature_names)
    return repr(name) if isinstance(name, str) else name
