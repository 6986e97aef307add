"""RidgeFit: one solution of a Gram, and what it would be without a row."""

from dataclasses import dataclass

import numpy as np
from scipy import linalg

from sklearn_halfnet._matmul import matmul, row_blocks
from sklearn_halfnet.linear.solve import factorise, solve_ridge

__all__ = ["RidgeFit"]


@dataclass
class RidgeFit:
    """The ridge regression of one Gram at one strength.

    Parameters
    ----------
    gram : Gram
    alpha : float
    factor : ndarray of shape (n_features, n_features) or None
        Lower Cholesky factor of G + alpha I, in Fortran order; None to compute it.

    References
    ----------
    R. D. Cook, S. Weisberg, "Residuals and Influence in Regression" (1982), section
    2.2.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_halfnet.linear import Gram, RidgeFit
    >>> H, Y = np.array([[0.0], [1.0], [2.0]]), np.array([[0.0], [1.0], [5.0]])
    >>> fit = RidgeFit(Gram().update(H, Y), alpha=1e-9)
    >>> np.round(fit.leave_one_out(H, Y)[2], 4)
    array([2.])
    """

    gram: object
    alpha: float
    factor: np.ndarray = None

    def solve(self):
        """Return coef (n_targets, n_features) and intercept (n_targets,)."""
        if self.factor is None:
            self.factor = factorise(self.gram.gram, self.alpha)
        solution = solve_ridge(
            self.gram.gram, self.gram.cross, self.alpha, factor=self.factor
        )
        return self.gram.with_intercept(solution)

    def leave_one_out(self, H, Y, left_weight=None):
        """Predict each row as if the read-out had been fitted without it.

        With V, c of all rows and leverage l_i = 1/W + (h_i - mean)^T (G + alpha I)^-1
        (h_i - mean), the residual of row i without a weight w_i of it is
        r_i / (1 - w_i l_i): the Sherman-Morrison formula applied to ridge regression.
        One triangular system a row; a sample of the rows will do where only a few
        numbers are learned from the scores. A singular system gets a small ridge.

        Parameters
        ----------
        H : ndarray of shape (n_rows, n_features)
            Any of the rows that the Gram has seen.
        Y : ndarray of shape (n_rows, n_targets)
        left_weight : ndarray of shape (n_rows,), default=None
            How much of each row's weight is left out: of a row that occurs twice, one.
            None is 1 for every row.

        Returns
        -------
        predictions : ndarray of shape (n_rows, n_targets)
        """
        fit = self._regular()
        coef, intercept = fit.solve()
        coef = coef.T.astype(H.dtype)
        factor = fit.factor.astype(H.dtype, copy=False)
        predictions = np.empty(np.shape(Y))
        for rows in row_blocks(len(H), H.shape[1] * H.itemsize):
            fitted = matmul(H[rows], coef) + intercept
            taken = 1.0 if left_weight is None else left_weight[rows]
            left = 1 - taken * self._leverages(H[rows], factor)
            # A row fitted exactly says nothing of its own prediction: 0 / 0.
            residual = (Y[rows] - fitted) / np.maximum(left, 1e-6)[:, None]
            predictions[rows] = Y[rows] - residual
        return predictions

    def _regular(self):
        """Return this fit, or one with the least strength that is not singular."""
        if self.factor is None:
            self.factor = factorise(self.gram.gram, self.alpha)
        if self.factor is not None:
            return self
        least = 1e-9 * np.trace(self.gram.gram) or 1.0
        return RidgeFit(self.gram, least, factorise(self.gram.gram, least))

    def _leverages(self, H, factor):
        """Leverage of one observation at each row."""
        centred = (H - self.gram.feature_mean.astype(H.dtype)).T
        half = linalg.solve_triangular(factor, centred, lower=True, check_finite=False)
        square = np.einsum("ji,ji->i", half, half)
        return 1 / self.gram.total_weight + square.astype(np.float64)
