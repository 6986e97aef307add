"""DeskewResize: images upright and small, as a transformer."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from math import isqrt
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import affine_transform, zoom
from sklearn.base import (
    BaseEstimator,
    ClassNamePrefixFeaturesOutMixin,
    TransformerMixin,
)

from sklearn_halfnet.estimators._common.documented import documented, numpydoc
from sklearn_halfnet.estimators._common.fitting import keep_state_on_error, part_of_fit
from sklearn_halfnet.estimators._common.images import full_image_shape
from sklearn_halfnet.estimators._common.validation import finite_outputs, validate_X
from sklearn_halfnet.estimators._common.versions import (
    set_versioned_state,
    versioned_state,
)

__all__ = ["DeskewResize"]

_PARAMETERS = numpydoc("""
image_shape : tuple of two ints or None
    Height and width of an image, one of which may be -1; None means square.
output_shape : tuple of two ints
    Height and width after the resize, by linear interpolation.
deskew : bool
    Whether to shear and centre. Images are to be bright on a background of zero;
    one without any brightness, or with a negative sum, stays as it is.
""")


@documented(_PARAMETERS, {})
@dataclass(eq=False, repr=False)
class DeskewResize(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    """Shear each image upright by its moments, then resize it.

    The slant is the covariance of column and row over the variance of the row, weighted
    by brightness; the centre of mass moves to the middle. The published weight-agnostic
    networks take MNIST like this, with 16 x 16 pixels [1]_.

    Parameters
    ----------
    {parameters}

    Attributes
    ----------
    image_shape_ : tuple of two ints
        Height and width of the images of ``fit``.
    output_shape_ : tuple of two ints
        Height and width of what ``transform`` makes of them.
    n_features_in_ : int
        Pixels seen in ``fit``.
    feature_names_in_ : ndarray of shape (n_features,)
        Their names, if X had string column names.

    References
    ----------
    .. [1] A. Gaier and D. Ha, "Weight Agnostic Neural Networks", arXiv:1906.04358,
       2019.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sklearn_halfnet import DeskewResize
    >>> X, _ = load_digits(return_X_y=True)
    >>> DeskewResize(output_shape=(6, 6)).fit_transform(X).shape
    (1797, 36)
    """

    image_shape: tuple[int, int] | list[int] | None = None
    output_shape: tuple[int, int] | list[int] = (16, 16)
    _: KW_ONLY
    deskew: bool = True

    _parameter_constraints = {
        "image_shape": [tuple, list, None],
        "output_shape": [tuple, list],
        "deskew": ["boolean"],
    }

    __getstate__ = versioned_state
    __setstate__ = set_versioned_state

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags

    @part_of_fit
    def fit(self, X: Any, y: Any = None) -> Self:
        """Check that rows are images of the shape.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_pixels) or (n_samples, height, width)
        y : None
            Ignored.

        Returns
        -------
        self : DeskewResize

        Raises
        ------
        ValueError
            If the number of columns is not height times width, or a shape is not valid.
        """
        with keep_state_on_error(self):
            self._fit(X)
        return self

    def _fit(self, X):
        shape = self.image_shape
        n_pixels = validate_X(self, X, reset=True).shape[1]
        if shape is None:
            shape = isqrt(n_pixels), -1
        channels, *shape = full_image_shape((0, n_pixels), shape)
        if channels != 1 or (self.image_shape is None and shape[0] != shape[1]):
            raise ValueError(
                f"Rows of {n_pixels} pixels are not images of shape "
                f"{self.image_shape or 'square'}: set image_shape=(height, width)."
            )
        sizes = np.asarray(self.output_shape)
        if sizes.shape != (2,) or sizes.dtype.kind not in "iu" or (sizes < 1).any():
            raise ValueError(
                f"output_shape={self.output_shape!r} must be two positive ints."
            )
        self.image_shape_ = tuple(shape)
        self.output_shape_ = tuple(sizes.tolist())
        self._deskews = self.deskew

    def transform(self, X: Any) -> NDArray[Any]:
        """Transform images.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_pixels) or (n_samples, height, width)

        Returns
        -------
        small : ndarray of shape (n_samples, height * width)
            Of ``output_shape``; float32 for float32 images, else float64.
        """
        return finite_outputs(self, self._resized, X)

    def _resized(self, X):
        images = X.reshape(len(X), *self.image_shape_)
        ratio = np.divide(self.output_shape_, self.image_shape_)
        small = np.empty((len(X), *self.output_shape_), X.dtype)
        for image, out in zip(images, small, strict=True):
            upright = _deskewed(image) if self._deskews else image
            zoom(upright, ratio, out, order=1, grid_mode=True, mode="nearest")
        return small.reshape(len(X), -1)

    @property
    def _n_features_out(self):
        return int(np.prod(self.output_shape_))


def _deskewed(image):
    """Shear an image about its centre of mass, which moves to the middle."""
    # Sums over the largest floating-point numbers overflow.
    weight = image / (np.abs(image).max() or 1)
    mass = weight.sum()
    rows, columns = np.indices(image.shape)
    if not mass > 0:
        return image
    row, column = (rows * weight).sum() / mass, (columns * weight).sum() / mass
    variance = ((rows - row) ** 2 * weight).sum() / mass
    covariance = ((rows - row) * (columns - column) * weight).sum() / mass
    shear = covariance / variance if variance > 0 else 0.0
    matrix = np.array([[1.0, 0.0], [shear, 1.0]])
    middle = (np.array(image.shape) - 1) / 2
    # An array, where scipy's default of one number seems to say otherwise.
    offset: Any = np.array([row, column]) - matrix @ middle
    return affine_transform(image, matrix, offset, order=1)
