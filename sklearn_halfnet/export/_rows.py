"""Rows as an exported model takes them."""

from sklearn.utils.validation import check_is_fitted

from sklearn_halfnet.estimators._common.validation import validate_X

__all__ = ["model_rows"]


def model_rows(estimator, X):
    """Make the numbers that an exported model takes of rows that its estimator takes.

    Parameters
    ----------
    estimator : estimator
        Fitted.
    X : {array-like, sparse matrix, dataframe} of shape (n_samples, n_features)
        Rows as of ``predict``.

    Returns
    -------
    rows : {ndarray, CSR matrix} of shape (n_samples, n_features)
        float32 or float64. Of a column of categories the place of each in
        ``categories_``, -1 for one that is not there; NaN is missing.

    Raises
    ------
    NotFittedError
        If the estimator is not fitted.
    ValueError, TypeError
        If it cannot predict these rows.

    See Also
    --------
    to_onnx, to_c : Write a model.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklearn_halfnet import ELMRegressor
    >>> from sklearn_halfnet.export import model_rows
    >>> X = pd.DataFrame({"size": [1.0, 2.0, 4.0], "shape": ["round", "flat", None]})
    >>> X["shape"] = X["shape"].astype("category")
    >>> model = ELMRegressor(5, random_state=0).fit(X, [1.0, 2.0, 3.0])
    >>> model.categories_["shape"].tolist()
    ['flat', 'round']
    >>> model_rows(model, X)
    array([[ 1.,  1.],
           [ 2.,  0.],
           [ 4., nan]])
    """
    check_is_fitted(estimator)
    return validate_X(estimator, X)
