"""Sparse matrices at the door: sound ones only, every entry stored once.

scipy's compiled routines trust the indices that they are given. An index out of range
makes them read, or write, the memory of something else, also in a conversion to another
format. So a matrix is looked at in the format in which it came.
"""

from contextlib import contextmanager

import numpy as np

__all__ = ["canonical_csr", "check_sparse"]


def canonical_csr(X, name):
    """Check a sparse matrix of any format, and convert it to CSR without duplicates.

    Parameters
    ----------
    X : sparse matrix of shape (n_rows, n_columns)
        Not changed. Entries stored several times count as their sum.
    name : str
        What error messages call it.

    Returns
    -------
    X : CSR matrix
        Indices sorted, each entry stored once. It may share memory with the one given.

    Raises
    ------
    ValueError
        If it is corrupt: an index lies outside of the matrix, or arrays do not match.

    Examples
    --------
    >>> from scipy.sparse import coo_array
    >>> from sklearn_halfnet._sparse_input import canonical_csr
    >>> X = coo_array(([1.0, 2.0], ([0, 0], [1, 1])), shape=(1, 2))
    >>> canonical_csr(X, "X").data
    array([3.])
    """
    check_sparse(X, name)
    with _named(name):
        # Sums of small integers would overflow.
        X = X.astype(np.float64) if X.dtype.kind in "iu" else X
        X = X.tocsr()
    # Made anew: the flags of the one given may be out of date.
    X = type(X)((X.data, X.indices, X.indptr), shape=X.shape)
    if not X.has_canonical_format:
        X = X.copy()
        X.sum_duplicates()
    return X


def check_sparse(X, name):
    """Refuse a corrupt sparse matrix of any format; parameters as above."""
    if X.ndim != 2:
        raise ValueError(f"Expected 2D array, got {X.ndim}D sparse array for {name}.")
    with _named(name):
        _CHECKS[X.format](X)


@contextmanager
def _named(name):
    """Say which matrix is corrupt, whatever error that shows in."""
    try:
        yield
    except (ValueError, TypeError, IndexError) as error:
        raise ValueError(f"{name} is a corrupt sparse matrix: {error}") from error


def _check_csr(X):
    _check_compressed(X, *X.shape)


def _check_csc(X):
    _check_compressed(X, *X.shape[::-1])


def _check_bsr(X):
    _require(X.data.ndim == 3, "blocks must be a 3-D array")
    n_rows, n_columns = (
        n // size for n, size in zip(X.shape, X.data.shape[1:], strict=True)
    )
    _check_compressed(X, n_rows, n_columns)


def _check_compressed(X, n_major, n_minor):
    """Check pointers into the arrays of indices and values, then the indices."""
    starts = X.indptr
    _require(starts.shape == (n_major + 1,), f"indptr must have {n_major + 1} entries")
    _require(starts[0] == 0, "indptr must begin with 0")
    _require((starts[1:] >= starts[:-1]).all(), "indptr must not decrease")
    _require(
        starts[-1] <= min(len(X.indices), len(X.data)),
        "indptr points behind the last entry",
    )
    _check_indices(X.indices[: starts[-1]], n_minor)


def _check_coo(X):
    for indices, size in zip(X.coords, X.shape, strict=True):
        _require(indices.shape == X.data.shape, "one index a value is needed")
        _check_indices(indices, size)


def _check_dia(X):
    _require(X.data.ndim == 2, "diagonals must be a 2-D array")
    _require(X.offsets.shape == (len(X.data),), "one offset a diagonal is needed")
    _require(len(np.unique(X.offsets)) == len(X.offsets), "offsets must differ")


def _check_lil(X):
    _require(len(X.rows) == len(X.data) == X.shape[0], "one list a row is needed")
    for columns, values in zip(X.rows, X.data, strict=True):
        _require(len(columns) == len(values), "one index a value is needed")
        _check_indices(np.array(columns, dtype=np.int64), X.shape[1])


def _check_dok(X):
    """Check nothing: its keys are looked at when it becomes COO."""


def _check_indices(indices, size):
    if len(indices):
        low, high = indices.min(), indices.max()
        _require(
            low >= 0 and high < size, f"indices from {low} to {high} for size {size}"
        )


def _require(holds, message):
    if not holds:
        raise ValueError(message)


_CHECKS = {
    "csr": _check_csr,
    "csc": _check_csc,
    "bsr": _check_bsr,
    "coo": _check_coo,
    "dia": _check_dia,
    "lil": _check_lil,
    "dok": _check_dok,
}
