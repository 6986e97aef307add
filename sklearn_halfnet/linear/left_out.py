"""Leave-one-out predictions of ridge regression, without a second fit."""

import numpy as np
from scipy import linalg
from scipy.linalg import lapack

from sklearn_halfnet._matmul import matmul, row_blocks, syrk
from sklearn_halfnet.linear.solve import factorise, least_strength

__all__ = ["LeftOut"]

# In float32 a smaller share of a residual has few right digits; in float64, none.
_FEW_DIGITS = 1e-2
_NO_DIGIT = 1e-7


class LeftOut:
    """Predict rows as if the ridge regression had been fitted without them, one by one.

    A row is left out as a whole, whatever its weight.

    With V, c of all rows and the leverage l_i = w_i (1/W + (h_i - mean)^T (G + alpha
    I)^-1 (h_i - mean)), the residual of row i without it is r_i / (1 - l_i): the
    Sherman-Morrison formula applied to ridge regression. One triangular system a row;
    a sample of the rows will do where only a few numbers are learned from the scores.

    Where columns and constant fit all rows, 1 - l_i and r_i vanish together. There the
    same number is q_i / P_ii, with A = W^1/2 H H^T W^1/2 + alpha I, s = W^1/2 1,

        P = A^-1 - A^-1 s s^T A^-1 / (s^T A^-1 s),    q = P W^1/2 Y,

    in rows times W^1/2: nothing cancels, down to alpha = 0.

    Parameters
    ----------
    gram : Gram
    H : ndarray of shape (n_rows, n_features)
        Any of the rows that the Gram has seen.
    Y : ndarray of shape (n_rows, n_targets)
    weight : ndarray of shape (n_rows,), default=None
        Weights of these rows, positive. None is 1 for every row.

    References
    ----------
    R. D. Cook, S. Weisberg, "Residuals and Influence in Regression" (1982), section
    2.2.

    G. C. Cawley, N. L. C. Talbot, "Preventing over-fitting during model selection via
    Bayesian regularisation of the hyper-parameters", JMLR 8 (2007), equation 7.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_halfnet.linear import Gram, RidgeFit
    >>> from sklearn_halfnet.linear.left_out import LeftOut
    >>> H, Y = np.array([[0.0], [1.0], [2.0]]), np.array([[0.0], [1.0], [5.0]])
    >>> gram = Gram().update(H, Y)
    >>> np.round(LeftOut(gram, H, Y)(RidgeFit(gram, 1e-9))[2], 4)
    array([2.])
    """

    def __init__(self, gram, H, Y, weight=None):
        self.gram, self.H, self.Y = gram, H, Y
        self.weight = np.ones(len(H)) if weight is None else weight
        few = len(H) == gram.n_samples <= H.shape[1] + 1
        self.kernel = self._make_kernel() if few else None

    def __call__(self, fit):
        """Predict.

        Parameters
        ----------
        fit : RidgeFit
            Of the Gram. If it is singular, a small ridge is taken.

        Returns
        -------
        predictions : ndarray of shape (n_rows, n_targets)
            NaN for a row that is fitted exactly, which says nothing of its prediction.
        """
        errors = self._of_many(fit) if self.kernel is None else self._of_few(fit.alpha)
        return self.Y - errors

    # -- no more rows than columns -----------------------------------------------------

    def _make_kernel(self):
        """W^1/2 H H^T W^1/2 about the mean, and what makes it regular.

        A multiple of s s^T changes A, but not P.
        """
        root = np.sqrt(self.weight)
        centred = root[:, None] * (self.H - self.gram.feature_mean)
        kernel = syrk(np.ascontiguousarray(centred.T))
        kernel += ((np.trace(kernel) or 1.0) / (root @ root)) * np.outer(root, root)
        return kernel

    def _of_few(self, alpha):
        factor = factorise(self.kernel, alpha)
        if factor is None:
            factor = least_strength(self.kernel)[1]
        root = np.sqrt(self.weight)[:, None]
        solved = lapack.dpotrs(
            factor, np.hstack([root, root * (self.Y - self.gram.target_mean)]), lower=1
        )[0]
        ones, targets = solved[:, :1], solved[:, 1:]
        total = (root.T @ ones).item()
        diagonal = lapack.dpotri(factor, lower=1)[0].diagonal()[:, None]
        left = diagonal - ones**2 / total
        # Without its only row nothing is left.
        left = np.where(left > _NO_DIGIT * diagonal, left, np.nan)
        return (targets - ones * (root.T @ targets) / total) / (root * left)

    # -- more rows than columns --------------------------------------------------------

    def _of_many(self, fit):
        fit = fit.regular()
        solution, errors = fit.solve(), np.empty(np.shape(self.Y))
        factor = fit.factor.astype(self.H.dtype, copy=False)
        for rows in row_blocks(len(self.H), self.H.shape[1] * self.H.itemsize):
            block = self.H[rows], self.Y[rows], self.weight[rows]
            residual, left = self._residuals(*block, *solution, factor)
            vague = left < _FEW_DIGITS
            if vague.any():
                H, Y, weight = (part[vague] for part in block)
                exact = H.astype(np.float64), Y, weight, *solution, fit.factor
                residual[vague], left[vague] = self._residuals(*exact)
            left[left < _NO_DIGIT] = np.nan
            errors[rows] = residual / left[:, None]
        return errors

    def _residuals(self, H, Y, weight, coef, intercept, factor):
        """Residuals, and their shares that are not due to the row itself."""
        with np.errstate(over="ignore", invalid="ignore"):  # then no error is finite
            residual = Y - (matmul(H, coef.T.astype(H.dtype)) + intercept)
        centred = (H - self.gram.feature_mean.astype(H.dtype)).T
        half = linalg.solve_triangular(factor, centred, lower=True, check_finite=False)
        square = np.einsum("ji,ji->i", half, half).astype(np.float64)
        return residual, 1 - weight * (1 / self.gram.total_weight + square)
