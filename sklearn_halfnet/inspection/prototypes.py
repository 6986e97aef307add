"""Similarity of distorted patterns to their prototype, layer by layer."""

from dataclasses import dataclass

import numpy as np
from scipy.stats import spearmanr

from sklearn_halfnet._checks import check_numbers, check_options, whole
from sklearn_halfnet.inspection.layers import layer_outputs

__all__ = ["PrototypeSimilarity", "similarity_to_prototype"]


@dataclass(frozen=True)
class PrototypeSimilarity:
    """Correlation of each distorted pattern with its prototype.

    Parameters
    ----------
    layers : list of str
        Names of the layers or models.
    inputs : ndarray of shape (n_prototypes, n_levels)
        Pearson correlation of member and prototype at the input.
    values : ndarray of shape (n_layers, n_prototypes, n_levels)
        The same at each layer.
    """

    layers: list
    inputs: np.ndarray
    values: np.ndarray

    @property
    def by_level(self):
        """Mean over the prototypes, (n_layers, n_levels)."""
        return self.values.mean(axis=1)

    @property
    def smoothness(self):
        """Pearson correlation with the input over all distorted patterns, a layer."""
        inputs = self.inputs[:, 1:].ravel()
        return np.array(
            [np.corrcoef(inputs, layer[:, 1:].ravel())[0, 1] for layer in self.values]
        )

    @property
    def trend(self):
        """Spearman correlation of mean similarity and level of distortion, a layer."""
        levels = np.arange(self.values.shape[2])
        return np.array([spearmanr(levels, row).statistic for row in self.by_level])

    @check_options({"first_level": [whole(0)]})
    def slopes(self, first_level=1):
        """Fit lines to mean similarity against the level of distortion, a layer.

        Parameters
        ----------
        first_level : int, default=1
            Levels from this on are used. Deep networks in the chaotic regime lose most
            similarity at the first levels.

        Returns
        -------
        slopes : ndarray of shape (n_layers,)
            Change of similarity a level.

        Raises
        ------
        ValueError
            If fewer than two levels are left.
        """
        n_levels = self.values.shape[2]
        if first_level > n_levels - 2:
            raise ValueError(
                f"first_level={first_level} leaves no two of {n_levels} levels."
            )
        levels = np.arange(first_level, n_levels)
        return np.polyfit(levels, self.by_level[:, first_level:].T, 1)[0]


def similarity_to_prototype(patterns, model):
    """Follow the similarity of distorted patterns to their prototype through a model.

    Parameters
    ----------
    patterns : array-like of shape (n_prototypes, n_levels, n_features)
        Of each category the prototype, then members more and more distorted, as
        :func:`~sklearn_halfnet.datasets.make_distorted_prototypes` makes them.
    model : object
        As for :func:`~sklearn_halfnet.inspection.layers.layer_outputs`.

    Returns
    -------
    similarity : PrototypeSimilarity

    Raises
    ------
    ValueError
        If the patterns do not have three dimensions, or they or a layer's outputs are
        not finite real numbers.

    References
    ----------
    O. Guest, B. C. Love, "What the success of brain imaging implies about the neural
    code", eLife 6:e21397, 2017, figure 2A.

    Examples
    --------
    >>> from sklearn_halfnet import RandomNetwork
    >>> from sklearn_halfnet.datasets import make_distorted_prototypes
    >>> from sklearn_halfnet.inspection.prototypes import similarity_to_prototype
    >>> patterns = make_distorted_prototypes(20, random_state=0)
    >>> network = RandomNetwork((100,) * 3, weight_scale=3.0, random_state=0)
    >>> network = network.fit(patterns.reshape(-1, 100))
    >>> found = similarity_to_prototype(patterns, network)
    >>> found.by_level[:, 10].round(2)  # noise of half a standard deviation
    array([0.81, 0.72, 0.64])
    """
    patterns = check_numbers(patterns, "patterns", allow_nd=True, ensure_2d=False)
    if patterns.ndim != 3:
        raise ValueError(
            "patterns must have shape (n_prototypes, n_levels, n_features), got "
            f"{patterns.shape}."
        )
    outputs = layer_outputs(model, patterns.reshape(-1, patterns.shape[2]))
    shape = (*patterns.shape[:2], -1)
    values = [
        _to_first(check_numbers(output, repr(name)).reshape(shape))
        for name, output in outputs.items()
    ]
    return PrototypeSimilarity(list(outputs), _to_first(patterns), np.array(values))


def _to_first(patterns):
    """Correlate each pattern (n_prototypes, n_levels, n_units) with its level 0."""
    centred = patterns - patterns.mean(axis=2, keepdims=True)
    products = np.einsum("plu,pu->pl", centred, centred[:, 0])
    norms = np.sqrt(np.einsum("plu,plu->pl", centred, centred))
    norms = norms * norms[:, :1]
    return (products / np.where(norms > 0, norms, 1)).astype(np.float64)
