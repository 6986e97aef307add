"""What becomes of the columns of X before the first layer: codes, scaling, waves."""

from sklearn_halfnet.features.columns import ColumnCoding
from sklearn_halfnet.features.embedding import with_waves
from sklearn_halfnet.features.scaling import InputScaling

__all__ = ["learn_inputs"]


def learn_inputs(
    X,
    sample_weight,
    rng,
    *,
    input_scaling,
    column_embedding,
    vocabulary,
    feature_names,
):
    """Learn it from training rows.

    Parameters
    ----------
    X : {ndarray, CSR matrix} of shape (n_samples, n_features)
        Numbers, NaN where one is missing, and codes of categories.
    sample_weight : ndarray of shape (n_samples,) or None
    rng : numpy.random.Generator
        Children of it draw random codes and waves.
    input_scaling, column_embedding
        As of the estimators.
    vocabulary : Vocabulary or None
        Of the columns that hold codes.
    feature_names : sequence of str or None
        Used in error messages.

    Returns
    -------
    scaling : InputScaling
    """
    coding = ColumnCoding.fit(X, sample_weight, vocabulary, rng)
    scaling = InputScaling.fit(
        X, input_scaling, sample_weight, feature_names, coding=coding
    )
    return with_waves(scaling, column_embedding, X, rng)
