"""The geometry that a first layer has learned: spectrum, rank, angles, truncation.

A geometry is a matrix M of shape (n_features, k) whose columns span the directions of
the input space that count; Sigma = M M^T. Columns are determined up to a rotation, so
everything here depends on Sigma alone.
"""

import copy

import numpy as np

from sklearn_halfnet._checks import (
    HasMethods,
    check_numbers,
    check_options,
    not_masked,
    whole,
)

__all__ = [
    "cumulative_energy",
    "directions",
    "effective_rank",
    "first_layer",
    "principal_angles",
    "spectrum",
    "truncated",
    "truncation_curve",
]


def first_layer(model):
    """Return the geometry M of a model's first layer.

    Parameters
    ----------
    model : estimator, torch module or ndarray of shape (n_features, k)
        A fitted HalfNet (its A), a fitted scikit-learn MLP (its first weights), a
        ``torch.nn.Linear`` or a module that holds one (the first one's weights), or
        the matrix itself. A HalfNet's A is of the columns of X alone with
        ``n_members=1`` and ``column_embedding=None``; else it is of their waves, too,
        or sees them times ``signs_``.

    Returns
    -------
    geometry : ndarray of shape (n_features, k), float64

    Raises
    ------
    TypeError
        If the model is none of these.
    ValueError
        If the matrix is masked or empty, or holds NaN or infinity.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.neural_network import MLPRegressor
    >>> from sklearn_halfnet.inspection.spectrum import first_layer
    >>> X = np.random.default_rng(0).standard_normal((20, 3))
    >>> mlp = MLPRegressor(hidden_layer_sizes=5).partial_fit(X, X[:, 0])
    >>> first_layer(mlp).shape
    (3, 5)
    """
    if hasattr(model, "factors_"):
        found = model.factors_[0]
    elif hasattr(model, "coefs_"):
        found = model.coefs_[0]
    elif hasattr(model, "modules"):
        found = _first_linear(model).detach().cpu().numpy().T
    else:
        found = model
    not_masked(found, "The geometry")
    found = np.asarray(found) if np.ndim(found) == 2 else None
    if found is None or found.dtype.kind != "f":
        raise TypeError(
            "Expected a fitted HalfNet or MLP, a torch module with a Linear layer, or "
            f"a matrix of shape (n_features, k); got {type(model).__name__}."
        )
    return check_numbers(found, "the geometry", dtype=np.float64)


def _first_linear(module):
    """Weights (n_units, n_features) of the first linear layer of a torch module."""
    for layer in module.modules():
        if type(layer).__name__ == "Linear":
            return layer.weight
    raise TypeError(f"{type(module).__name__} holds no torch.nn.Linear.")


def spectrum(model):
    """Eigenvalues of Sigma = M M^T that can differ from zero, decreasing.

    Parameters
    ----------
    model : object
        As in ``first_layer``.

    Returns
    -------
    eigenvalues : ndarray of shape (min(n_features, k),)

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_halfnet.inspection.spectrum import spectrum
    >>> spectrum(np.diag([1.0, 3.0]))
    array([9., 1.])
    """
    return np.linalg.svd(first_layer(model), compute_uv=False) ** 2


_K = {"k": [whole(1), None]}


@check_options(_K)
def directions(model, k=None):
    """Orthonormal eigenvectors of Sigma, those of the largest eigenvalues first.

    Parameters
    ----------
    model : object
        As in ``first_layer``.
    k : int, default=None
        How many; None gives all whose eigenvalue can differ from zero.

    Returns
    -------
    vectors : ndarray of shape (n_features, k)
        Each determined up to its sign; fewer than k if there are no more.
    """
    return np.linalg.svd(first_layer(model), full_matrices=False)[0][:, :k]


def cumulative_energy(model):
    """Share of the trace of Sigma in the k largest eigenvalues, k = 1, 2, ...

    Parameters
    ----------
    model : object
        As in ``first_layer``.

    Returns
    -------
    energy : ndarray of shape (min(n_features, k),)
        Increasing to 1.

    Raises
    ------
    ValueError
        If all weights are zero.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_halfnet.inspection.spectrum import cumulative_energy
    >>> cumulative_energy(np.diag([1.0, 3.0]))
    array([0.9, 1. ])
    """
    return np.cumsum(_shares(model))


def _shares(model):
    """Shares of the eigenvalues in the trace; squares cannot overflow."""
    values = np.linalg.svd(first_layer(model), compute_uv=False)
    if values[0] == 0:
        raise ValueError(
            "The geometry is zero: its eigenvalues have no shares of their sum."
        )
    eigenvalues = (values / values[0]) ** 2
    return eigenvalues / eigenvalues.sum()


def effective_rank(model):
    """Exponential of the entropy of the eigenvalues' shares.

    Parameters
    ----------
    model : object
        As in ``first_layer``.

    Returns
    -------
    rank : float
        Between 1 and the number of eigenvalues; that number if all are equal.

    Raises
    ------
    ValueError
        If all weights are zero.

    References
    ----------
    O. Roy, M. Vetterli, "The effective rank: A measure of effective dimensionality",
    EUSIPCO 2007, definition 1 (there of singular values, here of eigenvalues).

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_halfnet.inspection.spectrum import effective_rank
    >>> round(effective_rank(np.eye(4)), 6)
    4.0
    """
    share = _shares(model)
    share = share[share > 0]
    return float(np.exp(-(share * np.log(share)).sum()))


@check_options(_K)
def principal_angles(model, other, k=None):
    """Principal angles between the leading directions of two models.

    Parameters
    ----------
    model, other : object
        As in ``first_layer``; of the same number of features, in the same units.
    k : int, default=None
        Directions of each; None takes as many as the model of fewer has.

    Returns
    -------
    angles : ndarray of shape (k,)
        In radians, increasing: 0 for a shared direction, pi / 2 for one that is
        orthogonal to all of the other's.

    Raises
    ------
    ValueError
        If the numbers of features differ.

    References
    ----------
    A. Bjoerck, G. H. Golub, "Numerical methods for computing angles between linear
    subspaces", Mathematics of Computation 27 (1973).

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_halfnet.inspection.spectrum import principal_angles
    >>> plane = np.eye(3)[:, :2]
    >>> np.round(principal_angles(plane, np.eye(3)[:, 1:]), 6)
    array([0.      , 1.570796])
    """
    from scipy.linalg import subspace_angles

    first, second = directions(model), directions(other)
    if len(first) != len(second):
        raise ValueError(
            f"The models see {len(first)} and {len(second)} features; angles are "
            "between directions of one space."
        )
    k = min(first.shape[1], second.shape[1]) if k is None else k
    return subspace_angles(first[:, :k], second[:, :k])[::-1]


@check_options({"model": [HasMethods("set_factor")], "k": [whole(0)]})
def truncated(model, k):
    """Return a HalfNet of which only the k leading directions of A are kept.

    Parameters
    ----------
    model : HalfNetClassifier or HalfNetRegressor
        Fitted.
    k : int
        0 leaves none.

    Returns
    -------
    truncated : estimator
        A copy whose first A is the closest matrix of rank k; nothing is refitted.
    """
    factor = model.factors_[0]
    left, values, right = np.linalg.svd(factor.astype(np.float64), full_matrices=False)
    values[k:] = 0
    other = copy.copy(model)
    other.set_factor((left * values @ right).astype(factor.dtype))
    return other


@check_options({"model": [HasMethods("set_factor")]})
def truncation_curve(model, X, y, ranks=None):
    """Score a HalfNet after keeping only the k leading directions of A.

    Parameters
    ----------
    model : HalfNetClassifier or HalfNetRegressor
        Fitted.
    X : {array-like, sparse matrix} of shape (n_samples, n_features)
    y : array-like of shape (n_samples,) or (n_samples, n_outputs)
        Rows to score; not those it was trained on.
    ranks : sequence of int, default=None
        Numbers k of directions; None takes 0 to the rank.

    Returns
    -------
    ranks : ndarray of shape (n_ranks,)
    scores : ndarray of shape (n_ranks,)
        What ``model.score`` returns.
    """
    if ranks is None:
        ranks = range(len(spectrum(model)) + 1)
    scores = [truncated(model, k).score(X, y) for k in ranks]
    return np.array(ranks), np.array(scores)
