"""Images as the weight-agnostic network takes them: deskewed and small."""

from math import isqrt

import numpy as np
from scipy.ndimage import affine_transform, zoom
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted, validate_data

__all__ = ["DeskewResize"]


class DeskewResize(TransformerMixin, BaseEstimator):
    """Shear each image upright by its moments, then resize it.

    The slant is the covariance of column and row over the variance of the row, weighted
    by brightness; the centre of mass moves to the middle.

    Parameters
    ----------
    image_shape : tuple of int or None, default=None
        Height and width; None means square.
    output_shape : tuple of int, default=(16, 16)
    deskew : bool, default=True

    Attributes
    ----------
    image_shape_ : tuple of int
    n_features_in_ : int

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_halfnet.features.image_inputs import DeskewResize
    >>> DeskewResize().fit_transform(np.ones((2, 784))).shape
    (2, 256)
    """

    def __init__(self, image_shape=None, output_shape=(16, 16), *, deskew=True):
        self.image_shape = image_shape
        self.output_shape = output_shape
        self.deskew = deskew

    def fit(self, X, y=None):
        """Check that rows are images of the shape.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_pixels)
        y : None

        Returns
        -------
        self : DeskewResize

        Raises
        ------
        ValueError
            If the number of columns is not height times width.
        """
        n = validate_data(self, X).shape[1]
        side = isqrt(n)
        shape = (side, side) if self.image_shape is None else tuple(self.image_shape)
        if int(np.prod(shape)) != n:
            raise ValueError(f"{n} columns are not images of shape {shape}.")
        self.image_shape_ = shape
        return self

    def transform(self, X):
        """Transform images.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_pixels)

        Returns
        -------
        small : ndarray of shape (n_samples, height * width)
            Of ``output_shape``; float32.
        """
        check_is_fitted(self)
        X = validate_data(self, X, reset=False, dtype=(np.float32, np.float64))
        images = X.reshape(len(X), *self.image_shape_)
        ratio = np.divide(self.output_shape, self.image_shape_)
        small = np.empty((len(X), *self.output_shape), np.float32)
        for image, out in zip(images, small, strict=True):
            upright = _deskewed(image) if self.deskew else image
            out[...] = zoom(upright, ratio, order=1, grid_mode=True, mode="nearest")
        return small.reshape(len(X), -1)


def _deskewed(image):
    mass = image.sum()
    rows, columns = np.indices(image.shape)
    if not mass > 0:
        return image
    row, column = (rows * image).sum() / mass, (columns * image).sum() / mass
    variance = ((rows - row) ** 2 * image).sum() / mass
    covariance = ((rows - row) * (columns - column) * image).sum() / mass
    shear = covariance / variance if variance > 0 else 0.0
    matrix = np.array([[1.0, 0.0], [shear, 1.0]])
    middle = (np.array(image.shape) - 1) / 2
    return affine_transform(
        image, matrix, np.array([row, column]) - matrix @ middle, order=1
    )
