"""Pictures of a learned geometry: spectrum, truncation, angles, directions."""

import numpy as np

from sklearn_halfnet.inspection._axes import axes_of
from sklearn_halfnet.inspection.spectrum import (
    cumulative_energy,
    directions,
    effective_rank,
    principal_angles,
    spectrum,
    truncation_curve,
)

__all__ = [
    "DirectionsDisplay",
    "PrincipalAnglesDisplay",
    "SpectrumDisplay",
    "TruncationDisplay",
]


class SpectrumDisplay:
    """Eigenvalues of Sigma and their cumulative energy.

    Parameters
    ----------
    eigenvalues : ndarray of shape (k,)
        Decreasing.
    energy : ndarray of shape (k,)
        Cumulative shares of their sum.
    effective_rank : float

    Attributes
    ----------
    ax_ : matplotlib Axes
    energy_ax_ : matplotlib Axes
        The axis of the energy, on the right.
    figure_ : matplotlib Figure

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_halfnet.inspection.spectrum_display import SpectrumDisplay
    >>> display = SpectrumDisplay.from_estimator(np.diag([1.0, 3.0]))
    >>> display.eigenvalues
    array([9., 1.])
    """

    def __init__(self, eigenvalues, energy, effective_rank):
        self.eigenvalues = eigenvalues
        self.energy = energy
        self.effective_rank = effective_rank

    @classmethod
    def from_estimator(cls, model):
        """Compute the spectrum of a model's first layer.

        Parameters
        ----------
        model : object
            As in :func:`~sklearn_halfnet.inspection.spectrum.first_layer`.

        Returns
        -------
        display : SpectrumDisplay
        """
        return cls(spectrum(model), cumulative_energy(model), effective_rank(model))

    def plot(self, ax=None, **options):
        """Draw it.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
        **options : dict
            Passed to ``Axes.plot`` for the eigenvalues.

        Returns
        -------
        self : SpectrumDisplay
        """
        self.ax_ = axes_of(ax)
        self.figure_ = self.ax_.figure
        numbers = np.arange(1, len(self.eigenvalues) + 1)
        self.ax_.plot(numbers, self.eigenvalues, **{"marker": "o"} | options)
        title = f"effective rank {self.effective_rank:.1f}"
        self.ax_.set(xlabel="k", ylabel="eigenvalue k", yscale="log", title=title)
        self.energy_ax_ = self.ax_.twinx()
        self.energy_ax_.plot(numbers, self.energy, color="C1", linestyle="--")
        self.energy_ax_.set_ylim(0, 1.05)
        self.energy_ax_.set_ylabel("cumulative energy (dashed)", color="C1")
        return self


class TruncationDisplay:
    """Score of a HalfNet of which only the leading directions are kept.

    Parameters
    ----------
    ranks : ndarray of shape (n_ranks,)
    scores : ndarray of shape (n_ranks,)

    Attributes
    ----------
    ax_ : matplotlib Axes
    figure_ : matplotlib Figure
    """

    def __init__(self, ranks, scores):
        self.ranks = ranks
        self.scores = scores

    @classmethod
    def from_estimator(cls, model, X, y, ranks=None):
        """Score the truncated models.

        Parameters
        ----------
        model : HalfNetClassifier or HalfNetRegressor
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
        ranks : sequence of int, default=None
            None takes 0 to the rank.

        Returns
        -------
        display : TruncationDisplay
        """
        return cls(*truncation_curve(model, X, y, ranks))

    def plot(self, ax=None, **options):
        """Draw it.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
        **options : dict
            Passed to ``Axes.plot``.

        Returns
        -------
        self : TruncationDisplay
        """
        self.ax_ = axes_of(ax)
        self.figure_ = self.ax_.figure
        self.ax_.plot(self.ranks, self.scores, **{"marker": "o"} | options)
        self.ax_.set(xlabel="directions kept", ylabel="score")
        return self


class PrincipalAnglesDisplay:
    """Angles between the leading directions of two models.

    Parameters
    ----------
    angles : ndarray of shape (k,)
        In radians, increasing.

    Attributes
    ----------
    ax_ : matplotlib Axes
    figure_ : matplotlib Figure
    """

    def __init__(self, angles):
        self.angles = angles

    @classmethod
    def from_estimator(cls, model, other, k=None):
        """Compute the angles.

        Parameters
        ----------
        model, other : object
            As in :func:`~sklearn_halfnet.inspection.spectrum.first_layer`.
        k : int, default=None
            Directions of each.

        Returns
        -------
        display : PrincipalAnglesDisplay
        """
        return cls(principal_angles(model, other, k))

    def plot(self, ax=None, **options):
        """Draw the angles in degrees.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
        **options : dict
            Passed to ``Axes.plot``.

        Returns
        -------
        self : PrincipalAnglesDisplay
        """
        self.ax_ = axes_of(ax)
        self.figure_ = self.ax_.figure
        numbers = np.arange(1, len(self.angles) + 1)
        self.ax_.plot(numbers, np.degrees(self.angles), **{"marker": "o"} | options)
        self.ax_.set(xlabel="k", ylabel="principal angle k, degrees", ylim=(0, 92))
        return self


class DirectionsDisplay:
    """Leading directions of Sigma as images.

    Parameters
    ----------
    images : ndarray of shape (k, height, width)

    Attributes
    ----------
    axes_ : ndarray of matplotlib Axes
    figure_ : matplotlib Figure
    """

    def __init__(self, images):
        self.images = images

    @classmethod
    def from_estimator(cls, model, image_shape, k=8):
        """Take a model's leading directions.

        Parameters
        ----------
        model : object
            As in :func:`~sklearn_halfnet.inspection.spectrum.first_layer`.
        image_shape : tuple of int
            (height, width) of an image.
        k : int, default=8

        Returns
        -------
        display : DirectionsDisplay
        """
        return cls(directions(model, k).T.reshape(-1, *image_shape))

    def plot(self, axes=None, **options):
        """Draw them in a row; white is zero, and a sign has no meaning.

        Parameters
        ----------
        axes : sequence of matplotlib Axes, default=None
            One for each image.
        **options : dict
            Passed to ``Axes.imshow``.

        Returns
        -------
        self : DirectionsDisplay
        """
        import matplotlib.pyplot as plt

        if axes is None:
            _, axes = plt.subplots(1, len(self.images), squeeze=False)
        self.axes_ = np.ravel(axes)
        self.figure_ = self.axes_[0].figure
        for ax, image in zip(self.axes_, self.images, strict=True):
            limit = np.abs(image).max()
            style = {"cmap": "RdBu", "vmin": -limit, "vmax": limit}
            ax.imshow(image, **style | options)
            ax.set(xticks=[], yticks=[])
        return self
