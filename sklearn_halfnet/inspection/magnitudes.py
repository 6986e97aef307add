"""How large learned weights are, beside those that stayed random."""

import numpy as np

from sklearn_halfnet._checks import check_numbers, not_masked
from sklearn_halfnet.inspection._axes import axes_of

__all__ = ["MagnitudesDisplay", "weight_magnitudes"]


def weight_magnitudes(model):
    """Compute mean magnitude and variance of weights, learned against fixed.

    Rosenfeld & Tsotsos (2018, arXiv 1802.00844) find that where a tenth of the filters
    is learned their weights grow markedly larger than the fixed ones, and that from .4
    on they look as in full training.

    Parameters
    ----------
    model : PartialCNNClassifier, PartialCNNRegressor
        Fitted; or any object with dicts ``weights_`` (name to array) and
        ``is_learned_`` (name to array of bool of the same shape).

    Returns
    -------
    magnitudes : ndarray of shape (n_layers,), structured
        Fields ``layer``; ``n_learned`` and ``n_fixed``, numbers of weights; and
        ``learned_mean``, ``fixed_mean`` (of magnitudes), ``learned_variance``,
        ``fixed_variance``, nan where there are none.

    Raises
    ------
    ValueError
        If weights are not finite real numbers, or it is not told of each whether it is
        learned.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sklearn_halfnet import PartialCNNClassifier
    >>> from sklearn_halfnet.inspection.magnitudes import weight_magnitudes
    >>> X, y = load_digits(return_X_y=True)
    >>> model = PartialCNNClassifier(
    ...     depth=10, width=1, image_shape=(8, 8), max_iter=2, random_state=0
    ... ).fit(X, y)
    >>> weight_magnitudes(model)[["layer", "n_learned", "n_fixed"]][0].item()
    ('conv1', 18, 126)
    """
    fields = [("layer", object), ("n_learned", int), ("n_fixed", int)]
    for part in ("learned", "fixed"):
        fields += [(f"{part}_mean", float), (f"{part}_variance", float)]
    rows = []
    for name, weights in model.weights_.items():
        weights, learned = _checked(name, weights, model.is_learned_[name])
        parts = weights[learned], weights[~learned]
        row = [name, *map(len, parts)]
        for part in parts:
            empty = len(part) == 0
            row += [np.nan] * 2 if empty else [np.abs(part).mean(), part.var()]
        rows.append(tuple(row))
    return np.array(rows, dtype=fields)


def _checked(name, weights, learned):
    options = {"ensure_2d": False, "allow_nd": True}
    weights = check_numbers(weights, f"weights_[{name!r}]", **options)
    learned = np.asarray(not_masked(learned, f"is_learned_[{name!r}]"))
    if learned.dtype != bool or learned.shape != weights.shape:
        raise ValueError(
            f"is_learned_[{name!r}] must be an array of bool of shape {weights.shape}, "
            f"got {learned.dtype} of shape {learned.shape}."
        )
    return weights, learned


class MagnitudesDisplay:
    """Mean magnitude of each convolution, learned beside fixed.

    Parameters
    ----------
    magnitudes : ndarray of shape (n_layers,), structured
        What :func:`weight_magnitudes` returns.

    Attributes
    ----------
    ax_ : matplotlib Axes
    figure_ : matplotlib Figure
    """

    def __init__(self, magnitudes):
        self.magnitudes = magnitudes

    @classmethod
    def from_estimator(cls, model):
        """Compute the magnitudes of a fitted model.

        Parameters
        ----------
        model : object
            As of :func:`weight_magnitudes`.

        Returns
        -------
        display : MagnitudesDisplay
        """
        return cls(weight_magnitudes(model))

    def plot(self, ax=None, **options):
        """Draw it, with error bars of one standard deviation of the weights.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
        **options : dict
            Passed to ``Axes.errorbar``.

        Returns
        -------
        self : MagnitudesDisplay
        """
        self.ax_ = axes_of(ax)
        self.figure_ = self.ax_.figure
        places = np.arange(len(self.magnitudes))
        for shift, part in ((-0.1, "learned"), (0.1, "fixed")):
            self.ax_.errorbar(
                places + shift,
                self.magnitudes[f"{part}_mean"],
                np.sqrt(self.magnitudes[f"{part}_variance"]),
                **{"fmt": "o", "label": part} | options,
            )
        self.ax_.set_xticks(places, self.magnitudes["layer"], rotation=90)
        self.ax_.set(ylabel="mean |w|", ylim=(0, None))
        self.ax_.legend()
        return self
