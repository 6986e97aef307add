"""Similarities of patterns, and how alike two representations of them are.

A representation is an array with a row a pattern and a column a unit. Two of them may
have different numbers of units; what is compared is which patterns are alike.
"""

import numpy as np
from scipy.stats import rankdata
from sklearn.utils import check_consistent_length

from sklearn_halfnet._checks import check_numbers, check_options, one_of

__all__ = [
    "METHODS",
    "SIMILARITIES",
    "check_patterns",
    "compare",
    "linear_cka",
    "rsa",
    "similarity_matrix",
]


# -- parts -----------------------------------------------------------------------------


def _correlation(patterns):
    patterns = _scaled(patterns)
    return _cosine(patterns - patterns.mean(axis=1, keepdims=True))


def _cosine(patterns):
    patterns = _scaled(patterns)
    norms = np.linalg.norm(patterns, axis=1, keepdims=True)
    unit = patterns / np.where(norms > 0, norms, 1)
    similarities = np.clip(unit @ unit.T, -1, 1)
    np.fill_diagonal(similarities, 1)
    return similarities


def _scaled(patterns):
    """Divide each pattern by its largest value: no square vanishes or overflows."""
    peaks = np.abs(patterns).max(axis=1, keepdims=True)
    return patterns / np.where(peaks > 0, peaks, 1)


def _euclidean(patterns):
    from scipy.spatial.distance import pdist, squareform

    return -squareform(pdist(patterns))


SIMILARITIES = {
    "correlation": _correlation,
    "cosine": _cosine,
    "euclidean": _euclidean,
}


def _pearson(first, second):
    first, second = first - first.mean(), second - second.mean()
    norm = np.linalg.norm(first) * np.linalg.norm(second)
    return float(first @ second / norm) if norm > 0 else np.nan


def _spearman(first, second):
    return _pearson(rankdata(first), rankdata(second))


CORRELATIONS = {"pearson": _pearson, "spearman": _spearman}
METHODS = (*CORRELATIONS, "cka")

SIMILARITY = {"similarity": [one_of(SIMILARITIES)]}
OPTIONS = {**SIMILARITY, "method": [one_of(METHODS)]}


def _pairs(matrix):
    """Entries above the diagonal."""
    return matrix[np.triu_indices(len(matrix), 1)]


def _centred(patterns):
    peak = np.abs(patterns).max(initial=0)
    centred = patterns / peak if peak > 0 else patterns
    centred = centred - centred.mean(axis=0)
    peak = np.abs(centred).max(initial=0)
    return centred / peak if peak > 0 else centred


def check_patterns(first, second, least=1):
    """Check two representations of the same patterns.

    Parameters
    ----------
    first, second : array-like of shape (n_patterns, n_units)
    least : int, default=1
        How many patterns are needed.

    Returns
    -------
    first, second : ndarray of shape (n_patterns, n_units), float64

    Raises
    ------
    ValueError
        If one is not a matrix of finite real numbers, or their lengths differ.
    """
    options = {"dtype": np.float64, "ensure_min_samples": least}
    first = check_numbers(first, "first", **options)
    second = check_numbers(second, "second", **options)
    check_consistent_length(first, second)
    return first, second


# -- figures ---------------------------------------------------------------------------


@check_options(SIMILARITY)
def similarity_matrix(patterns, similarity="correlation"):
    """Compute the similarity of each pattern to each.

    Parameters
    ----------
    patterns : array-like of shape (n_patterns, n_units)
    similarity : {"correlation", "cosine", "euclidean"}, default="correlation"
        Pearson correlation over the units, cosine, or minus the Euclidean distance. A
        pattern without variance (or of length zero) has similarity 0 to all others.

    Returns
    -------
    similarities : ndarray of shape (n_patterns, n_patterns), float64

    Raises
    ------
    ValueError
        If the similarity is unknown, or the patterns are not finite real numbers.

    Examples
    --------
    >>> from sklearn_halfnet.inspection.similarity import similarity_matrix
    >>> similarity_matrix([[1, 2, 3], [2, 4, 6], [3, 2, 1]]).round(6)
    array([[ 1.,  1., -1.],
           [ 1.,  1., -1.],
           [-1., -1.,  1.]])
    """
    patterns = check_numbers(patterns, "patterns", dtype=np.float64)
    return SIMILARITIES[similarity](patterns)


@check_options({**SIMILARITY, "method": [one_of(CORRELATIONS)]})
def rsa(first, second, similarity="correlation", method="pearson"):
    """Correlate the similarity structures of two representations.

    Parameters
    ----------
    first, second : array-like of shape (n_patterns, n_units)
        The same patterns in the same order; at least three.
    similarity : {"correlation", "cosine", "euclidean"}, default="correlation"
    method : {"pearson", "spearman"}, default="pearson"
        How the similarities of all pairs are correlated.

    Returns
    -------
    correlation : float
        nan if all pairs are equally similar.

    Raises
    ------
    ValueError
        If an option is unknown, the patterns are not finite real numbers, or there are
        fewer than three or not as many of each.

    References
    ----------
    N. Kriegeskorte, M. Mur, P. Bandettini, "Representational similarity analysis:
    connecting the branches of systems neuroscience", Frontiers in Systems Neuroscience
    2:4, 2008.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_halfnet.inspection.similarity import rsa
    >>> X = np.random.default_rng(0).standard_normal((20, 5))
    >>> print(f"{rsa(X, 2 * X[:, ::-1]):.3f}")
    1.000
    """
    return _rsa(*check_patterns(first, second, least=3), similarity, method)


def _rsa(first, second, similarity, method):
    matrices = (SIMILARITIES[similarity](each) for each in (first, second))
    return CORRELATIONS[method](*map(_pairs, matrices))


def linear_cka(first, second):
    """Centred kernel alignment of two representations, with linear kernels.

    Parameters
    ----------
    first, second : array-like of shape (n_patterns, n_units)
        The same patterns in the same order.

    Returns
    -------
    alignment : float
        Between 0 and 1; 1 for representations equal up to rotation, shift and scale.
        nan if all patterns of one are equal.

    Raises
    ------
    ValueError
        If the patterns are not finite real numbers, or not as many of each.

    Notes
    -----
    It is dominated by the directions of largest variance and can stay high when the
    similarity of patterns to each other is lost; look at others beside it.

    References
    ----------
    S. Kornblith, M. Norouzi, H. Lee, G. Hinton, "Similarity of neural network
    representations revisited", ICML 2019, table 1 and equation 3.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_halfnet.inspection.similarity import linear_cka
    >>> X = np.random.default_rng(0).standard_normal((20, 5))
    >>> print(f"{linear_cka(X, 3 * X[:, ::-1] + 1):.3f}")
    1.000
    """
    first, second = map(_centred, check_patterns(first, second))
    # |A^T B|^2 by the smaller of the two products.
    if len(first) < first.shape[1] + second.shape[1]:
        kernels = first @ first.T, second @ second.T
        cross = (kernels[0] * kernels[1]).sum()
    else:
        kernels = first.T @ first, second.T @ second
        cross = np.linalg.norm(first.T @ second) ** 2
    norm = np.linalg.norm(kernels[0]) * np.linalg.norm(kernels[1])
    return float(cross / norm) if norm > 0 else np.nan


@check_options(OPTIONS)
def compare(first, second, similarity="correlation", method="pearson"):
    """Compare two representations by RSA or by CKA.

    Parameters
    ----------
    first, second : array-like of shape (n_patterns, n_units)
    similarity : {"correlation", "cosine", "euclidean"}, default="correlation"
        Not used by "cka".
    method : {"pearson", "spearman", "cka"}, default="pearson"

    Returns
    -------
    likeness : float

    Raises
    ------
    ValueError
        If the similarity or the method is unknown, or as of :func:`rsa`.
    """
    if method == "cka":
        return linear_cka(first, second)
    return rsa(first, second, similarity, method)
