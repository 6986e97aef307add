"""Pictures of functional smoothness and of layers' similarity structures."""

import numpy as np

from sklearn_halfnet._checks import check_options, one_of, real
from sklearn_halfnet.inspection._axes import axes_of
from sklearn_halfnet.inspection.layers import layer_outputs
from sklearn_halfnet.inspection.prototypes import similarity_to_prototype
from sklearn_halfnet.inspection.similarity import similarity_matrix
from sklearn_halfnet.inspection.smoothness import (
    LayerSmoothness,
    compare_layers,
    functional_smoothness,
    trained_and_untrained,
)

__all__ = [
    "LayerComparisonDisplay",
    "PrototypeSimilarityDisplay",
    "SimilarityMatrixDisplay",
    "SmoothnessDisplay",
]


class SmoothnessDisplay:
    """Smoothness by layer, of one model or of several side by side.

    Parameters
    ----------
    tables : dict of str to list of LayerSmoothness
        One entry a model, as
        :func:`~sklearn_halfnet.inspection.smoothness.functional_smoothness` gives it.

    Attributes
    ----------
    ax_ : matplotlib Axes
    figure_ : matplotlib Figure

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_halfnet import RandomNetwork
    >>> from sklearn_halfnet.inspection.smoothness_display import SmoothnessDisplay
    >>> X = np.random.default_rng(0).standard_normal((30, 10))
    >>> network = RandomNetwork((10,) * 4, random_state=0).fit(X)
    >>> display = SmoothnessDisplay.from_estimator(network, X)
    >>> len(display.tables["RandomNetwork"])
    4
    """

    def __init__(self, tables):
        self.tables = tables

    @classmethod
    def from_estimator(cls, model, X, **options):
        """Measure one model.

        Parameters
        ----------
        model : object
            As for :func:`~sklearn_halfnet.inspection.layers.layer_outputs`.
        X : array-like of shape (n_samples, ...)
        **options : dict
            ``similarity``, ``method`` and ``y`` of ``functional_smoothness``.

        Returns
        -------
        display : SmoothnessDisplay
        """
        name = type(model).__name__
        return cls({name: functional_smoothness(X, model, **options)})

    @classmethod
    def from_training(cls, model, X, untrained=None, **options):
        """Measure a trained model beside an untrained one.

        Parameters
        ----------
        model : object
            Fitted.
        X : array-like of shape (n_samples, ...)
        untrained : object, default=None
        **options : dict
            As for :func:`~sklearn_halfnet.inspection.smoothness.trained_and_untrained`.

        Returns
        -------
        display : SmoothnessDisplay
        """
        return cls(trained_and_untrained(X, model, untrained, **options))

    @check_options({"quantity": [one_of(LayerSmoothness._fields[2:])]})
    def plot(self, ax=None, *, quantity="smoothness", **options):
        """Draw a line a model.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
        quantity : str, default="smoothness"
            Or "within_class" or "mean_similarity".
        **options : dict
            Passed to ``Axes.plot``.

        Returns
        -------
        self : SmoothnessDisplay
        """
        self.ax_ = axes_of(ax)
        self.figure_ = self.ax_.figure
        for name, rows in self.tables.items():
            values = [getattr(row, quantity) for row in rows]
            numbers = range(1, len(rows) + 1)
            self.ax_.plot(numbers, values, **{"marker": "o", "label": name} | options)
        longest = max(self.tables.values(), key=len)
        layers = [row.layer for row in longest]
        self.ax_.set_xticks(range(1, len(layers) + 1), layers, rotation=45, ha="right")
        self.ax_.set(ylabel=quantity.replace("_", " "))
        self.ax_.legend()
        return self


class PrototypeSimilarityDisplay:
    """Similarity to the prototype by level of distortion, a line a layer or model.

    Parameters
    ----------
    layers : list of str
    by_level : ndarray of shape (n_layers, n_levels)
        Mean similarity.

    Attributes
    ----------
    ax_ : matplotlib Axes
    figure_ : matplotlib Figure
    """

    def __init__(self, layers, by_level):
        self.layers = layers
        self.by_level = by_level

    @classmethod
    def from_estimator(cls, model, patterns):
        """Follow patterns through a model.

        Parameters
        ----------
        model : object
            As for :func:`~sklearn_halfnet.inspection.layers.layer_outputs`.
        patterns : array-like of shape (n_prototypes, n_levels, n_features)

        Returns
        -------
        display : PrototypeSimilarityDisplay
        """
        found = similarity_to_prototype(patterns, model)
        return cls(found.layers, found.by_level)

    @check_options({"step": [real(0, closed="neither")]})
    def plot(self, ax=None, *, step=1.0, **options):
        """Draw the lines, the deeper the lighter.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
        step : float, default=1.0
            Standard deviation of the noise a level, for the axis.
        **options : dict
            Passed to ``Axes.plot``.

        Returns
        -------
        self : PrototypeSimilarityDisplay
        """
        import matplotlib

        self.ax_ = axes_of(ax)
        self.figure_ = self.ax_.figure
        shades = matplotlib.colormaps["viridis"](np.linspace(0, 0.95, len(self.layers)))
        levels = step * np.arange(self.by_level.shape[1])
        for name, row, shade in zip(self.layers, self.by_level, shades, strict=True):
            self.ax_.plot(levels, row, **{"color": shade, "label": name} | options)
        label = "level of distortion" if step == 1 else "noise, standard deviations"
        self.ax_.set(xlabel=label, ylabel="correlation with the prototype")
        self.ax_.legend(fontsize="small")
        return self


class SimilarityMatrixDisplay:
    """The similarity of each pattern to each, one picture a layer.

    Parameters
    ----------
    matrices : dict of str to ndarray of shape (n_patterns, n_patterns)
        Layer to similarities.

    Attributes
    ----------
    axes_ : ndarray of matplotlib Axes
    figure_ : matplotlib Figure
    """

    def __init__(self, matrices):
        self.matrices = matrices

    @classmethod
    def from_estimator(cls, model, X, similarity="correlation", layers=None):
        """Compute the matrices of the input and of a model's layers.

        Parameters
        ----------
        model : object
            As for :func:`~sklearn_halfnet.inspection.layers.layer_outputs`.
        X : array-like of shape (n_samples, ...)
            Patterns; sorted by class, classes show as blocks.
        similarity : {"correlation", "cosine", "euclidean"}, default="correlation"
        layers : list of str, default=None
            Names of the layers to show; None takes all.

        Returns
        -------
        display : SimilarityMatrixDisplay
        """
        outputs = layer_outputs({"input": lambda rows: rows}, X)
        found = layer_outputs(model, X)
        unknown = set(layers or ()) - set(found)
        if unknown:
            raise ValueError(
                f"layers must be among {list(found)}, got {sorted(unknown)} too."
            )
        outputs |= {name: found[name] for name in (layers or found)}
        return cls(
            {
                name: similarity_matrix(each, similarity)
                for name, each in outputs.items()
            }
        )

    def plot(self, axes=None, **options):
        """Draw them in a row.

        Parameters
        ----------
        axes : sequence of matplotlib Axes, default=None
            One for each matrix.
        **options : dict
            Passed to ``Axes.imshow``.

        Returns
        -------
        self : SimilarityMatrixDisplay
        """
        import matplotlib.pyplot as plt

        if axes is None:
            _, axes = plt.subplots(1, len(self.matrices), squeeze=False)
        self.axes_ = np.ravel(axes)
        self.figure_ = self.axes_[0].figure
        for ax, (name, matrix) in zip(self.axes_, self.matrices.items(), strict=True):
            limit = np.abs(matrix).max()
            style = {"cmap": "RdBu_r", "vmin": -limit, "vmax": limit}
            ax.imshow(matrix, **style | options)
            ax.set(xticks=[], yticks=[], title=name)
        return self


class LayerComparisonDisplay:
    """Likeness of each layer of a model to each layer of it or of another.

    Parameters
    ----------
    comparison : LayerComparison
        As :func:`~sklearn_halfnet.inspection.smoothness.compare_layers` gives it.

    Attributes
    ----------
    ax_ : matplotlib Axes
    figure_ : matplotlib Figure
    """

    def __init__(self, comparison):
        self.comparison = comparison

    @classmethod
    def from_estimator(cls, model, X, other=None, **options):
        """Compare the layers.

        Parameters
        ----------
        model, other : object
        X : array-like of shape (n_samples, ...)
        **options : dict
            ``similarity`` and ``method`` of ``compare_layers``.

        Returns
        -------
        display : LayerComparisonDisplay
        """
        return cls(compare_layers(X, model, other, **options))

    def plot(self, ax=None, **options):
        """Draw the matrix.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
        **options : dict
            Passed to ``Axes.imshow``.

        Returns
        -------
        self : LayerComparisonDisplay
        """
        self.ax_ = axes_of(ax)
        self.figure_ = self.ax_.figure
        rows, columns, values = self.comparison
        style = {"cmap": "viridis", "vmin": 0, "vmax": 1}
        image = self.ax_.imshow(values, **style | options)
        self.ax_.set_xticks(range(len(columns)), columns, rotation=45, ha="right")
        self.ax_.set_yticks(range(len(rows)), rows)
        self.figure_.colorbar(image, ax=self.ax_)
        return self
