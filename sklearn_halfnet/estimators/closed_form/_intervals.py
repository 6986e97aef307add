"""Intervals of a closed-form regressor, and sets of classes of a classifier."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils.validation import check_is_fitted

from sklearn_halfnet._checks import check_options, one_of
from sklearn_halfnet.estimators._common.types import IntervalMethod, SetScore
from sklearn_halfnet.estimators._common.validation import finite_outputs, validate_X
from sklearn_halfnet.models.conformity import SET_SCORES
from sklearn_halfnet.models.left_out import METHODS

__all__ = ["predict_interval", "predict_set"]


@check_options({"method": [one_of(METHODS)], "normalized": ["boolean"]})
def predict_interval(
    self: Any,
    X: Any,
    coverage: float | Sequence[float] | NDArray[np.floating] = 0.9,
    method: IntervalMethod = "jackknife+",
    normalized: bool = True,
) -> NDArray[np.float64]:
    """Predict intervals that hold the targets of so large a share of new rows.

    Nothing is fitted again: a random sample of at most 2,000 training rows is left out
    one by one by a formula. With the error r_i of row i without itself, and mu_i(x)
    what the fit without it predicts, a share ``coverage`` of new rows lies in

    - ``"jackknife+"``: between quantiles of mu_i(x) - abs(r_i) and mu_i(x) + abs(r_i)
      [1]_. At least 2 ``coverage`` - 1 is certain, ``coverage`` is usual.
    - ``"jackknife"``: prediction plus and minus a quantile of abs(r_i). Nothing is
      certain, but where rows are many it is the same.
    - ``"conformal"``: full conformal prediction by studentised residuals [2]_: at least
      ``coverage`` is certain, given the hidden layer and the ridge strength.
    - ``"bayes"``: the posterior of ridge regression taken for Bayes' [3]_, if noise is
      normal.

    Parameters
    ----------
    X : {array-like, sparse matrix} of shape (n_samples, n_features)
    coverage : float or sequence of float, default=0.9
        Between 0 and 1, without these. Each output is covered by itself.
    method : {"jackknife+", "jackknife", "conformal", "bayes"}, default="jackknife+"
        Copies and pickles of a ``fit`` have "jackknife" alone, and that with
        ``store_left_out=True``; those of ``partial_fit`` and ``fit_blocks`` have all.
    normalized : bool, default=True
        Whether widths follow the noise: errors are counted in units of exp(V h + c),
        a ridge regression of log(abs(r_i)) on the same features [4]_. False gives
        intervals of about one width.

    Returns
    -------
    intervals : ndarray of shape (n_samples, 2) or (n_samples, n_outputs, 2)
        Lower and upper ends; of several coverages (..., 2, n_coverages). Rows of other
        weights stand for so many rows.

    Raises
    ------
    ValueError
        If a coverage is not between 0 and 1, or so near to 1 that rows are too few.
    AttributeError
        If this is a copy that does not carry what the method needs.

    References
    ----------
    .. [1] R. F. Barber, E. J. Candes, A. Ramdas, R. J. Tibshirani, "Predictive
       inference with the jackknife+", Annals of Statistics 49 (2021), equation 1.8.
    .. [2] E. Burnaev, V. Vovk, "Efficiency of conformalized ridge regression", COLT
       2014, section 2.
    .. [3] C. M. Bishop, "Pattern recognition and machine learning" (2006), equation
       3.58.
    .. [4] J. Lei, M. G'Sell, A. Rinaldo, R. J. Tibshirani, L. Wasserman,
       "Distribution-free predictive inference for regression", JASA 113 (2018),
       section 5.2.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sklearn_halfnet import ELMRegressor
    >>> X, y = load_diabetes(return_X_y=True)
    >>> model = ELMRegressor(100, random_state=0).fit(X[:300], y[:300])
    >>> low, high = model.predict_interval(X[300:], coverage=0.8).T
    >>> 0.7 < ((low <= y[300:]) & (y[300:] <= high)).mean() < 0.9
    np.True_
    """
    check_is_fitted(self)
    coverages = _coverages(coverage)
    known, miss = _left_out(self, method), 1 - coverages
    if method != "bayes":
        _check_enough_rows(coverages, known)
    # Predictions must be finite; ends of intervals need not be.
    finite_outputs(self, self.model_.scores, X)
    X = validate_X(self, X)
    found = self.model_.intervals(X, known, miss, method, normalized)
    found = found[..., 0] if np.ndim(coverage) == 0 else found
    return found[:, 0] if self.model_.targets.is_vector else found


@check_options({"score": [one_of(SET_SCORES)], "allow_empty": ["boolean"]})
def predict_set(
    self: Any,
    X: Any,
    coverage: float | Sequence[float] | NDArray[np.floating] = 0.9,
    score: SetScore = "lac",
    allow_empty: bool = False,
) -> NDArray[np.bool_]:
    """Predict sets of classes that hold the labels of so large a share of new rows.

    A class is in the set if it would be no stranger, as a label, than a share
    ``coverage`` of the labels of up to 2,000 training rows were to the fit without the
    row. These are known from the fit: nothing is fitted or held out.

    Parameters
    ----------
    X : {array-like, sparse matrix} of shape (n_samples, n_features)
    coverage : float or sequence of float, default=0.9
        Between 0 and 1, without these.
    score : {"lac", "aps"}, default="lac"
        How strange a class is: one minus its probability (LAC [1]_, the smallest sets);
        or the sum of the probabilities that are larger than its own (APS [2]_, larger
        sets where classes are hard to tell apart, and never an empty one).
    allow_empty : bool, default=False
        Whether a row may get no class, where not even the most probable one is
        probable enough. If not, more rows are covered than asked for where accuracy is
        above ``coverage``.

    Returns
    -------
    sets : ndarray of bool of shape (n_samples, n_classes)
        In the order of ``classes_``; of several coverages (n_samples, n_classes,
        n_coverages).

    Raises
    ------
    ValueError
        If a coverage is not between 0 and 1, or so near to 1 that rows are too few; if
        rows have several labels.

    References
    ----------
    .. [1] M. Sadinle, J. Lei, L. Wasserman, "Least ambiguous set-valued classifiers
       with bounded error levels", JASA 114 (2019).
    .. [2] Y. Romano, M. Sesia, E. J. Candes, "Classification with valid and adaptive
       coverage", NeurIPS 2020.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sklearn_halfnet import ELMClassifier
    >>> X, y = load_digits(return_X_y=True)
    >>> model = ELMClassifier(300, random_state=0).fit(X[::2], y[::2])
    >>> sets = model.predict_set(X[1::2], coverage=0.99)
    >>> sets.shape, sets[range(898), y[1::2]].mean() > 0.97
    ((898, 10), np.True_)
    """
    check_is_fitted(self)
    coverages, known = _coverages(coverage), self.model_.left_out
    if known is None:
        raise ValueError(
            "predict_set is for one label a row, but y was a matrix of labels. Fit one "
            "classifier a label."
        )
    _check_enough_rows(coverages, known)
    probabilities = self.predict_proba(X)
    sets = known.sets(probabilities, coverages, score, allow_empty)
    return sets[:, :, 0] if np.ndim(coverage) == 0 else sets


def _coverages(coverage: ArrayLike) -> NDArray[np.float64]:
    """Return coverages as a vector."""
    found = np.atleast_1d(np.asarray(coverage))
    real = found.ndim == 1 and found.size and found.dtype.kind == "f"
    if not (real and ((found > 0) & (found < 1)).all()):
        raise ValueError(
            f"coverage={coverage!r} must be a number between 0 and 1, without these, "
            "or a list of such numbers."
        )
    return found.astype(np.float64)


def _check_enough_rows(coverages, known):
    """Raise where an interval would be the whole line, a set all classes."""
    n_rows, needed = len(known.weight), int(np.ceil(1 / (1 - coverages.max()) - 1e-6))
    if n_rows + 1 < needed:
        raise ValueError(
            f"coverage={coverages.max():g} needs {needed - 1} rows or more to judge "
            f"by, but there are {n_rows}. Ask for less coverage."
        )


def _left_out(estimator, method):
    """Return what is known of rows that were left out."""
    known = getattr(estimator, "_rows_left_out", None)
    if known is not None:
        return known
    known = estimator.model_.left_out
    if known is None or method != "jackknife":
        carried = "method='jackknife' alone" if known else "no errors of rows"
        raise AttributeError(
            f"predict_interval(method={method!r}) needs the sums over rows, which "
            f"copies and pickles of fit do not carry; this one carries {carried}. "
            "partial_fit and fit_blocks keep the sums; store_left_out=True keeps what "
            "method='jackknife' needs, and that is small."
        )
    return known
