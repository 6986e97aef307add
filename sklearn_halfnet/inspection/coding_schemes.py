"""Coding schemes of Guest & Love (2017): from a vector to a deep random network."""

import numpy as np
from sklearn.utils import check_random_state

from sklearn_halfnet._checks import check_numbers, check_options, real, whole

__all__ = ["CODING_SCHEMES", "CodingSchemes"]

# Models 1 to 4 of the paper; 5 to 11 are networks of 2 to 8 layers.
CODING_SCHEMES = ("vector space", "gain control", "matrix product", "perceptron")


class CodingSchemes:
    """The paper's coding schemes, each a representation of the same patterns.

    A pattern is standardised and then mapped linearly to [-1, 1], x. The schemes are

    - "vector space": x itself;
    - "gain control": tanh of the standardised pattern;
    - "matrix product": x W, mapped to [-1, 1];
    - "perceptron": tanh(x W), a network of one layer;
    - "2-layer network", "3-layer network", ...: tanh(h V), h the network of one layer
      less and V new weights.

    Parameters
    ----------
    n_features : int, default=100
        Width of patterns and layers, d.
    n_layers : int, default=8
        Layers of the deepest network.
    weight_scale : float, default=10.0
        sigma_w: weights are N(0, sigma_w^2 / d). The paper's own code draws N(0, 1),
        which at d = 100 is 10 and deep in the chaotic regime; the first author's blog
        draws 0.1 N(0, 1), which is 1 and critical.
    random_state : int, RandomState or None, default=None

    Attributes
    ----------
    layer_names : list of str
        The schemes, from the simplest to the deepest.
    weights : ndarray of shape (n_layers, n_features, n_features)

    References
    ----------
    O. Guest, B. C. Love, "What the success of brain imaging implies about the neural
    code", eLife 6:e21397, 2017, figure 2A and its published code.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_halfnet.inspection.coding_schemes import CodingSchemes
    >>> schemes = CodingSchemes(50, n_layers=3, random_state=0)
    >>> schemes.layer_names[3:]
    ['perceptron', '2-layer network', '3-layer network']
    >>> X = np.random.default_rng(0).standard_normal((10, 50))
    >>> schemes.encode(X, "gain control").shape
    (10, 50)
    """

    @check_options(
        {
            "n_features": [whole(1)],
            "n_layers": [whole(1)],
            "weight_scale": [real(0)],
            "random_state": ["random_state"],
        }
    )
    def __init__(
        self, n_features=100, n_layers=8, weight_scale=10.0, random_state=None
    ):
        rng = check_random_state(random_state)
        self.weights = rng.standard_normal((n_layers, n_features, n_features))
        self.weights *= weight_scale / np.sqrt(n_features)
        deep = [f"{depth}-layer network" for depth in range(2, n_layers + 1)]
        self.layer_names = [*CODING_SCHEMES, *deep]

    def encode(self, X, scheme):
        """Represent patterns by one scheme.

        Parameters
        ----------
        X : array-like of shape (n_patterns, n_features)
        scheme : str
            One of ``layer_names``.

        Returns
        -------
        codes : ndarray of shape (n_patterns, n_features)

        Raises
        ------
        ValueError
            If there is no such scheme, or X does not hold finite real numbers.
        """
        if scheme not in self.layer_names:
            raise ValueError(
                f"scheme must be one of {self.layer_names}, got {scheme!r}."
            )
        number = self.layer_names.index(scheme)
        n_layers = max(1, number - len(CODING_SCHEMES) + 2)
        return self._codes(X, n_layers)[number]

    def transform_layers(self, X):
        """Represent patterns by all schemes.

        Parameters
        ----------
        X : array-like of shape (n_patterns, n_features)

        Returns
        -------
        codes : list of ndarray of shape (n_patterns, n_features)
            In the order of ``layer_names``; float32 for float32 patterns.
        """
        return self._codes(X, len(self.weights))

    def _codes(self, X, n_layers):
        X, d = check_numbers(X, "X"), self.weights.shape[1]
        if X.shape[1] != d:
            raise ValueError(f"X has {X.shape[1]} features, expected {d}.")
        standard = _standardised(X)
        vector = _remapped(standard)
        weights = self.weights[:n_layers].astype(vector.dtype)
        product = vector @ weights[0]
        codes = [vector, np.tanh(standard), _remapped(product), np.tanh(product)]
        for matrix in weights[1:]:
            codes.append(np.tanh(codes[-1] @ matrix))
        return codes


def _standardised(patterns):
    centred = patterns - patterns.mean(axis=1, keepdims=True)
    spread = centred.std(axis=1, keepdims=True)
    return centred / np.where(spread > 0, spread, 1)


def _remapped(patterns):
    """Map each pattern linearly to [-1, 1]."""
    low, high = (f(patterns, axis=1, keepdims=True) for f in (np.min, np.max))
    return 2 * (patterns - low) / np.where(high > low, high - low, 1) - 1
