"""Fit on a dask cluster, or on data larger than memory, and predict there.

The sums that a closed-form read-out needs add up, so each block of rows is summed up
where it lies, and only sums travel, the matrix as its half: H (H + 1) / 2 + H K numbers
a block for H hidden units and K outputs, added up as a tree; and of each block the rows
that belong to a sample of 2,000 of all. The random weights are drawn again from their
seed on each worker and never sent. Half layers are trained by L-BFGS: a step sends
H (2 + K) + K numbers to each block and gets as many back, whatever the number of
features. All tasks are pure functions of their block, so a worker that dies costs time
and changes nothing.

When to use it: the data lie on a cluster already, or their projection on the hidden
units takes minutes on one machine. When not: half a Gram matrix of H = 10,000 units
takes 400 MB, for each block on its way; and data that one machine can read block by
block are fitted there just as well by ``fit_blocks``. What it costs: three passes over
the data, the first for labels and row counts, the second for column means and the
sample of rows that start values are taken from, the third for the sums; columns of
categories take one more. How many it were is logged, as information of the logger
``sklearn_halfnet.dask``. Collections that are not persisted are made anew in each pass:
persist them if they fit into the workers' memory.
"""

import logging
import warnings

import dask
import numpy as np
from dask import array as da
from sklearn.utils.validation import check_is_fitted

from sklearn_halfnet.dask._blocks import Blocks, row_parts
from sklearn_halfnet.dask._closed_form import fit_closed_form
from sklearn_halfnet.dask._half_layers import fit_half_layers
from sklearn_halfnet.dask._travel import Traveller, call
from sklearn_halfnet.estimators._common.fitting import keep_state_on_error
from sklearn_halfnet.estimators.closed_form._base import ClosedForm
from sklearn_halfnet.estimators.half_layers.half_layer import HalfLayer

__all__ = ["fit", "predict"]

_LOGGER = logging.getLogger(__name__)


def fit(estimator, X, y, sample_weight=None):
    """Fit ELM, RVFL or half layers on dask collections.

    The result is that of ``estimator.fit`` on the same rows in one array, up to
    rounding.

    Parameters
    ----------
    estimator : estimator
        Fitted in place: ``ELMClassifier``, ``RVFLClassifier``, or
        ``HalfLayerClassifier`` with ``solver="lbfgs"``, and their regressors.
    X : dask array or dataframe of shape (n_samples, n_features)
        Blocks are dense or sparse, or frames.
    y : dask array, series or dataframe, or ndarray, of n_samples rows
        Cut at the same rows as X, or a collection of known chunks.
    sample_weight : dask array or series, or ndarray, of n_samples rows, default=None

    Returns
    -------
    estimator : estimator
        The one that was given. ``partial_fit`` of ELM and RVFL may follow.

    Raises
    ------
    TypeError
        If the estimator is none of these, or X is not a dask collection.
    ValueError
        If the data are not valid (a note names the block), or a parameter needs all
        rows in one place.

    Examples
    --------
    >>> from dask import array as da
    >>> from sklearn.datasets import load_digits
    >>> from sklearn_halfnet import ELMClassifier
    >>> from sklearn_halfnet import dask as halfnet_dask
    >>> X, y = load_digits(return_X_y=True)
    >>> X, y = da.from_array(X, chunks=(500, -1)), da.from_array(y, chunks=500)
    >>> model = ELMClassifier(300, random_state=0)
    >>> model = halfnet_dask.fit(model, X, y)
    >>> labels = halfnet_dask.predict(model, X)
    >>> bool((labels == y).mean().compute() > 0.95)
    True
    """
    fitters = {ClosedForm: fit_closed_form, HalfLayer: fit_half_layers}
    kinds = [kind for kind in fitters if isinstance(estimator, kind)]
    if not kinds:
        raise TypeError(
            "sklearn_halfnet.dask fits ELM, RVFL and half layers, whose sums or "
            f"gradients add up over blocks; got {type(estimator).__name__}."
        )
    estimator._validate_params()
    blocks = Blocks.of(X, y, sample_weight)
    with keep_state_on_error(estimator):
        blocks = fitters[kinds[0]](estimator, blocks)
    _LOGGER.info(
        "%s: %d passes over %d blocks.",
        type(estimator).__name__,
        blocks.n_passes,
        len(blocks.blocks),
    )
    return estimator


def predict(estimator, X, method="predict"):
    """Predict block by block where the blocks lie.

    Parameters
    ----------
    estimator : estimator
        Fitted, by dask or otherwise.
    X : dask array or dataframe of shape (n_samples, n_features)
    method : str, default="predict"
        Or "predict_proba", "decision_function", "transform", ...

    Returns
    -------
    predictions : dask array of shape (n_samples,) or (n_samples, n_outputs)
        Its number of rows is unknown where that of X is.

    Raises
    ------
    NotFittedError
        If the estimator is not fitted.
    """
    check_is_fitted(estimator)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "X does not have valid feature names")
        like = getattr(estimator, method)(np.zeros((1, estimator.n_features_in_)))
    traveller = dask.delayed(Traveller(estimator), pure=False)
    task = dask.delayed(call)
    parts, lengths = row_parts(X, "X")
    arrays = [
        da.from_delayed(
            task(traveller, method, part, like[:0]),
            (length, *like.shape[1:]),
            like.dtype,
        )
        for part, length in zip(parts, lengths, strict=True)
    ]
    return da.concatenate(arrays)
