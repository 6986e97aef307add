"""RidgeFit: one solution of a Gram, and what it would be without a row."""

from dataclasses import dataclass

import numpy as np

from sklearn_halfnet.linear.left_out import LeftOut
from sklearn_halfnet.linear.solve import factorise, least_strength, solve_factorised

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
        self._factorise()
        solution = solve_factorised(
            self.factor,
            self.gram.gram,
            self.gram.cross,
            self.alpha,
            eps=self.gram.eps,
            noise=self.gram.noise,
        )
        return self.gram.with_intercept(solution)

    def _factorise(self):
        if self.factor is None:
            gram = self.gram
            self.factor = factorise(gram.gram, self.alpha, noise=gram.noise)

    @property
    def is_singular(self):
        """Whether G + alpha I is singular to working precision."""
        self._factorise()
        return self.factor is None

    def regular(self):
        """Return this fit, or one with a small strength that is not singular."""
        if self.is_singular:
            return RidgeFit(self.gram, *least_strength(self.gram.gram))
        return self

    def leave_one_out(self, H, Y, weight=None):
        """Predict each row as if the read-out had been fitted without it.

        Parameters
        ----------
        H : ndarray of shape (n_rows, n_features)
            Any of the rows that the Gram has seen.
        Y : ndarray of shape (n_rows, n_targets)
        weight : ndarray of shape (n_rows,), default=None
            Weights of these rows, positive: a row is left out as a whole. None is 1 for
            every row.

        Returns
        -------
        predictions : ndarray of shape (n_rows, n_targets)
            NaN for a row that is fitted exactly, which says nothing of its prediction.

        See Also
        --------
        sklearn_halfnet.linear.left_out.LeftOut : How, and from where.
        """
        return LeftOut(self.gram, H, Y, weight)(self)
