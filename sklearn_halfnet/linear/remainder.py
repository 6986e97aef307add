"""Whether what is left of sums, once rows are taken out, can be sums of rows."""

import numpy as np
from scipy import linalg

from sklearn_halfnet.linear.solve import factorise

__all__ = ["check_remainder"]

# Of the matrix, in units of its trace times the relative error of products: more than
# rounding leaves, less than a row that was never seen takes away.
_ROUNDING = 100


def check_remainder(rest, before):
    """Raise ValueError if sums were left that no rows have.

    Those of rows are a matrix [[G, B], [B^T, Y^T Y]] without negative eigenvalues. One
    factorisation of G finds those of G, and what each target's squares are short of.

    Parameters
    ----------
    rest : Gram
        What is left.
    before : Gram
        What it was taken from, on whose size rounding depends.
    """
    share = _ROUNDING * rest.eps
    allowed = share * (np.trace(before.gram) or 1.0)
    factor = factorise(rest.gram, allowed, trusted=True)
    short = True
    if factor is not None:
        half = linalg.solve_triangular(
            factor, rest.cross, lower=True, check_finite=False
        )
        left = rest.target_square - np.einsum("ij,ij->j", half, half)
        short = (left < -share * before.target_square - np.finfo(float).tiny).any()
    if short:
        raise ValueError(
            "Without these rows the sums are those of no rows at all: some of them "
            "were never seen, or with other weights or targets."
        )
