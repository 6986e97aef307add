"""Functional smoothness: inputs that are alike get representations that are alike.

For each layer, the similarities of all pairs of patterns at the layer are compared with
those at the input (Guest & Love 2017). Three figures go together, as each is blind to
something: the likeness over all pairs, which the distances between classes dominate;
the likeness within classes, which notices when only the order inside a class is lost;
and the mean similarity, which tells representations that have become all alike (1) or
unrelated (0).
"""

from typing import NamedTuple

import numpy as np
from sklearn.utils import column_or_1d

from sklearn_halfnet._checks import check_numbers, check_options, not_masked
from sklearn_halfnet.inspection.layers import layer_outputs
from sklearn_halfnet.inspection.similarity import OPTIONS, compare, similarity_matrix
from sklearn_halfnet.inspection.untrained import untrained_copy

__all__ = [
    "LayerComparison",
    "LayerSmoothness",
    "compare_layers",
    "functional_smoothness",
    "trained_and_untrained",
]

# Two similarities have nothing to be correlated with.
_FEWEST_MEMBERS = 3


class LayerSmoothness(NamedTuple):
    """Smoothness of one layer.

    Parameters
    ----------
    layer : str
        Name of the layer.
    n_units : int
    smoothness : float
        Likeness of the layer to the input over all pairs of patterns.
    within_class : float
        The same over the pairs of each class, averaged over the classes; nan without
        classes.
    mean_similarity : float
        Mean similarity of two different patterns at the layer.
    """

    layer: str
    n_units: int
    smoothness: float
    within_class: float
    mean_similarity: float


class LayerComparison(NamedTuple):
    """Likeness of each layer of one model to each of another.

    Parameters
    ----------
    rows, columns : list of str
        Names of the layers of the first and of the second model.
    values : ndarray of shape (n_rows, n_columns)
    """

    rows: list
    columns: list
    values: np.ndarray


@check_options(OPTIONS)
def functional_smoothness(
    X, model, *, similarity="correlation", method="pearson", y=None
):
    """Compare the similarity structure of each layer with that of the input.

    Parameters
    ----------
    X : array-like of shape (n_samples, ...)
        Patterns; all pairs are compared, so a few thousand at most.
    model : object
        An estimator with ``transform_layers``, scikit-learn's MLP, a Pipeline, a torch
        module, or callables, as for
        :func:`~sklearn_halfnet.inspection.layers.layer_outputs`.
    similarity : {"correlation", "cosine", "euclidean"}, default="correlation"
        Of two patterns.
    method : {"pearson", "spearman", "cka"}, default="pearson"
        How the similarities of all pairs at the layer and at the input are compared.
        CKA stays high when the similarity of patterns is gone: do not read it alone.
    y : array-like of shape (n_samples,), default=None
        Classes of the patterns, for smoothness within classes; classes of fewer than
        three members are left out.

    Returns
    -------
    table : list of LayerSmoothness
        One row a layer.

    Raises
    ------
    ValueError
        If the similarity or the method is unknown, if there are fewer than three
        patterns, or a layer does not return one row of finite real numbers for each.
    TypeError
        If it is not known what the layers of such a model are.

    References
    ----------
    O. Guest, B. C. Love, "What the success of brain imaging implies about the neural
    code", eLife 6:e21397, 2017.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_halfnet import RandomNetwork
    >>> from sklearn_halfnet.inspection.smoothness import functional_smoothness
    >>> X = np.random.default_rng(0).standard_normal((50, 100))
    >>> network = RandomNetwork((100,) * 3, weight_scale=3.0, random_state=0).fit(X)
    >>> for row in functional_smoothness(X, network):
    ...     print(f"{row.layer}: {row.smoothness:.2f}")
    layer 1: 0.60
    layer 2: 0.44
    layer 3: 0.32
    """
    inputs = _patterns(X)
    groups = _groups(y, len(inputs))
    options = {"similarity": similarity, "method": method}
    return [
        _smoothness(name, inputs, output, groups, options)
        for name, output in _outputs(model, X, len(inputs)).items()
    ]


def trained_and_untrained(X, model, untrained=None, *, y=None, fit_y=None, **options):
    """Measure the smoothness of a trained model beside an untrained one.

    Parameters
    ----------
    X : array-like of shape (n_samples, ...)
    model : object
        Fitted.
    untrained : object, default=None
        The same architecture without training; by default
        :func:`~sklearn_halfnet.inspection.untrained.untrained_copy` makes it.
    y : array-like of shape (n_samples,), default=None
        Classes of the patterns, for smoothness within classes.
    fit_y : array-like of shape (n_samples,) or (n_samples, n_outputs), default=None
        Targets of X, for models whose start values depend on them; by default ``y``.
    **options : dict
        ``similarity`` and ``method`` of :func:`functional_smoothness`, and
        ``random_state`` of the untrained copy.

    Returns
    -------
    tables : dict of str to list of LayerSmoothness
        "trained" and "untrained".

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.neural_network import MLPRegressor
    >>> from sklearn_halfnet.inspection.smoothness import trained_and_untrained
    >>> X = np.random.default_rng(0).standard_normal((50, 10))
    >>> mlp = MLPRegressor(solver="lbfgs", random_state=0).fit(X, X[:, 0] * X[:, 1])
    >>> for name, rows in trained_and_untrained(X, mlp).items():
    ...     print(name, [row.layer for row in rows])
    trained ['layer 1', 'output']
    untrained ['layer 1', 'output']
    """
    random_state = options.pop("random_state", 0)
    if untrained is None:
        fit_y = y if fit_y is None else fit_y
        untrained = untrained_copy(model, X, fit_y, random_state)
    models = {"trained": model, "untrained": untrained}
    return {
        name: functional_smoothness(X, each, y=y, **options)
        for name, each in models.items()
    }


@check_options(OPTIONS)
def compare_layers(X, model, other=None, *, similarity="correlation", method="cka"):
    """Compare each layer of a model with each layer of it or of another.

    Parameters
    ----------
    X : array-like of shape (n_samples, ...)
    model, other : object
        As for :func:`functional_smoothness`; ``other`` is by default the same.
    similarity : {"correlation", "cosine", "euclidean"}, default="correlation"
        For RSA.
    method : {"pearson", "spearman", "cka"}, default="cka"
        RSA by Pearson or Spearman correlation, or linear CKA.

    Returns
    -------
    comparison : LayerComparison

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_halfnet import RandomNetwork
    >>> from sklearn_halfnet.inspection.smoothness import compare_layers
    >>> X = np.random.default_rng(0).standard_normal((50, 10))
    >>> network = RandomNetwork((20,) * 2, random_state=0).fit(X)
    >>> compare_layers(X, network).values.round(2)
    array([[1.  , 0.84],
           [0.84, 1.  ]])
    """
    first = _outputs(model, X, len(_patterns(X)))
    second = first if other is None else _outputs(other, X, len(_patterns(X)))
    values = [
        [compare(a, b, similarity, method) for b in second.values()]
        for a in first.values()
    ]
    return LayerComparison(list(first), list(second), np.array(values))


# -- parts -----------------------------------------------------------------------------


def _patterns(X):
    """Make the inputs dense rows."""
    inputs = layer_outputs({"input": lambda rows: rows}, X)["input"]
    if len(inputs) < _FEWEST_MEMBERS:
        raise ValueError(f"At least three patterns are needed, got {len(inputs)}.")
    return inputs


def _outputs(model, X, n_patterns):
    outputs = layer_outputs(model, X)
    for name, output in outputs.items():
        check_numbers(output, repr(name))
        if len(output) != n_patterns:
            raise ValueError(
                f"{name!r} returned {len(output)} rows for {n_patterns} patterns."
            )
    return outputs


def _groups(y, n_patterns):
    """Rows of each class that has enough of them."""
    if y is None:
        return []
    y = column_or_1d(not_masked(y, "y"), input_name="y")
    if y.dtype.kind in "fc":
        check_numbers(y, "y", ensure_2d=False)
    if y.shape != (n_patterns,):
        raise ValueError(f"y must have shape ({n_patterns},), got {y.shape}.")
    groups = [np.flatnonzero(y == label) for label in np.unique(y)]
    return [group for group in groups if len(group) >= _FEWEST_MEMBERS]


def _smoothness(name, inputs, output, groups, options):
    within = [compare(inputs[rows], output[rows], **options) for rows in groups]
    similarities = similarity_matrix(output, options["similarity"])
    n = len(similarities)
    return LayerSmoothness(
        name,
        output.shape[1],
        compare(inputs, output, **options),
        float(np.mean(within)) if within else np.nan,
        float((similarities.sum() - np.trace(similarities)) / (n * (n - 1))),
    )
