"""Columns beside waves of themselves: a frozen half layer of one input each."""

from dataclasses import dataclass

import numpy as np
from scipy.sparse import issparse

__all__ = ["EMBEDDINGS", "ColumnEmbedding", "with_waves"]

# Waves a column, and the deviation of their frequencies, in periods a unit of the
# scaled column: twice those of PBLD in RealMLP, for these are not trained.
_N_WAVES = 16
_SPREAD = 0.2
# Of "auto": the embedding is 17 times as wide as the columns.
_MOST_COLUMNS = 128

EMBEDDINGS = ("auto", "periodic")


@dataclass(frozen=True, eq=False)
class ColumnEmbedding:
    """The map x -> (x, c cos(2 pi w_1 x + b_1), ..., c cos(2 pi w_k x + b_k)), each x.

    A unit on it is no longer monotone along a column, so borders and bumps of single
    columns need no other columns. Frequencies w ~ N(0, 0.2^2) and phases b, uniform,
    are frozen; c = 1.5 / sqrt(k).

    Parameters
    ----------
    frequencies : ndarray of shape (n_features, n_waves)
        2 pi w.
    phases : ndarray of shape (n_features, n_waves)

    References
    ----------
    D. Holzmueller, L. Grinsztajn, I. Steinwart, "Better by default: strong pre-tuned
    MLPs and boosted trees on tabular data", NeurIPS 2024: PBLD, whose frequencies are
    trained.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_halfnet.features.embedding import ColumnEmbedding
    >>> embedding = ColumnEmbedding.draw(3, np.random.default_rng(0))
    >>> embedding(np.ones((2, 3))).shape, embedding.width
    ((2, 51), 51)
    """

    frequencies: np.ndarray
    phases: np.ndarray

    @classmethod
    def draw(cls, n_features, rng):
        """Draw frequencies and phases for so many columns."""
        shape = n_features, _N_WAVES
        frequencies = 2 * np.pi * _SPREAD * rng.standard_normal(shape)
        return cls(frequencies, rng.uniform(-np.pi, np.pi, shape))

    @property
    def amplitude(self):
        """Factor c of the cosines."""
        return 1.5 / np.sqrt(self.frequencies.shape[1])

    @property
    def width(self):
        """Columns of the result."""
        return self.frequencies.size + len(self.frequencies)

    @property
    def nbytes(self):
        """Bytes of the arrays."""
        return self.frequencies.nbytes + self.phases.nbytes

    def __call__(self, X):
        """Embed rows.

        Parameters
        ----------
        X : ndarray of shape (n_rows, n_features)

        Returns
        -------
        embedded : ndarray of shape (n_rows, n_features * (1 + n_waves))
            X itself, then all waves of the first column, and so on.
        """
        n_rows, n_features = X.shape
        embedded = np.empty((n_rows, self.width), X.dtype)
        embedded[:, :n_features] = X
        waves = X[:, :, None] * self.frequencies.astype(X.dtype)
        waves += self.phases.astype(X.dtype)
        np.cos(waves, out=waves)
        waves *= X.dtype.type(self.amplitude)
        embedded[:, n_features:] = waves.reshape(n_rows, -1)
        return embedded


def with_waves(scaling, how, X, rng):
    """Return a scaling with the embedding that a ``column_embedding`` asks for.

    Parameters
    ----------
    scaling : InputScaling
    how : {"auto", "periodic"} or None
        "auto" embeds the columns of a dense X if they are at most 128, scaled, for the
        frequencies are made for columns of size one, and not all of one unit: waves
        make nothing new of pixels, counts and one-hot codes. Of columns that are coded
        there are none.
    X : {ndarray, CSR matrix} of shape (n_samples, n_features)
    rng : numpy.random.Generator
        A child of it draws the waves: what it gives itself stays as it is.

    Returns
    -------
    scaling : InputScaling
    """
    n_features = scaling.n_numbers(X.shape[1])
    suited = scaling.scale is not None and not scaling.one_unit
    suited &= not issparse(X) and n_features <= _MOST_COLUMNS
    if how is None or (how == "auto" and not suited):
        return scaling
    (own,) = rng.spawn(1)
    return scaling.with_embedding(ColumnEmbedding.draw(n_features, own))
