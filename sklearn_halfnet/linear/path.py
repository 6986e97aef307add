"""RidgePath: one factorisation of a Gram matrix, then every ridge strength for free."""

import numpy as np
from scipy import linalg
from scipy.linalg import lapack

from sklearn_halfnet.linear.gcv import STRENGTHS, CrossValidation

__all__ = ["RidgePath"]


class RidgePath:
    """Ridge solutions and generalised cross-validation for any number of strengths.

    The Gram matrix G is brought to tridiagonal form T = Q^T G Q, once, in 4/3 k^3
    operations. (G + alpha I) V = B then takes 4 k^2 a target for each alpha, and the
    degrees of freedom come from T's eigenvalues. Eigenvectors, as ``RidgeCV`` uses
    them, are not needed (Eldén 1977 did the same to least squares by
    bidiagonalisation).

    Parameters
    ----------
    gram : ndarray of shape (k, k)
        Centred, float64.
    cross : ndarray of shape (k, m)
        Centred.
    target_square : ndarray of shape (m,)
        Squares of the centred targets, summed.
    total_weight : float
        Sum of the weights of all rows.
    n_rows : float
        Effective number of rows, (sum w)^2 / sum w^2.

    References
    ----------
    G. H. Golub, M. Heath, G. Wahba, "Generalized cross-validation as a method for
    choosing a good ridge parameter", Technometrics 21 (1979), equation 1.4.

    L. Eldén, "Algorithms for the regularization of ill-conditioned least squares
    problems", BIT 17 (1977).

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_halfnet.linear.gram import Gram
    >>> rng = np.random.default_rng(0)
    >>> H = rng.standard_normal((50, 3))
    >>> path = Gram().update(H, H[:, :1] + rng.standard_normal((50, 1))).path()
    >>> path.best_alpha([0.1, 1.0, 1000.0])
    1.0
    >>> path.solve(1.0).shape
    (3, 1)
    """

    def __init__(self, gram, cross, target_square, total_weight, n_rows):
        self.target_square = target_square
        self.total_weight = total_weight
        self.n_rows = n_rows
        work, _ = lapack.dsytrd_lwork(len(gram), lower=1)
        reduced, self._diagonal, self._off, self._tau, _ = lapack.dsytrd(
            gram.T, lower=1, lwork=int(work)
        )
        self._reflectors = np.asfortranarray(reduced[1:, :-1])
        self._right = self._rotate(cross, "T")
        values = linalg.eigvalsh_tridiagonal(self._diagonal, self._off)
        self.eigenvalues = np.maximum(values, 0)

    def _rotate(self, matrix, trans):
        """Multiply by Q ("N") or Q^T ("T"); Q leaves the first coordinate alone."""
        rotated = np.array(matrix, dtype=np.float64, order="F")
        if len(rotated) > 1:
            inner = np.asfortranarray(rotated[1:])
            size = max(1, 64 * inner.shape[1])
            rotated[1:], _, _ = lapack.dormqr(
                "L", trans, self._reflectors, self._tau, inner, size
            )
        return rotated

    def _solve_rotated(self, alpha):
        """Q^T V for one alpha, or None where T + alpha I is singular."""
        if len(self._diagonal) == 1:
            pivot = self._diagonal + alpha
            return self._right / pivot if pivot > 0 else None
        # scipy.linalg.solveh_banded calls the same, and takes longer to get there.
        diagonal = self._diagonal + alpha
        *_, solution, info = lapack.dptsv(diagonal, self._off, self._right)
        return None if info else solution

    def default_alphas(self, n_alphas=31):
        """Strengths from 1e-7 to 100 times the largest eigenvalue.

        Parameters
        ----------
        n_alphas : int, default=31

        Returns
        -------
        alphas : ndarray of shape (n_alphas,)
            Increasing.
        """
        largest = self.eigenvalues[-1] if self.eigenvalues[-1] > 0 else 1.0
        return np.geomspace(*STRENGTHS, n_alphas) * largest

    def degrees_of_freedom(self, alpha):
        """Trace of the matrix that maps centred targets to fitted ones."""
        values = self.eigenvalues[self.eigenvalues > 0]
        return float((values / (values + alpha)).sum())

    def gcv(self, alphas, relative=False):
        """Generalised cross-validation: estimated mean squared error of new rows.

        Parameters
        ----------
        alphas : array-like of shape (n_alphas,)
        relative : bool, default=False
            Whether to divide each target's error by its variance, so that targets of
            different units count alike.

        Returns
        -------
        scores : ndarray of shape (n_alphas,)
            (RSS / total_weight) / (1 - (1 + df) / n_rows)^2, summed over the targets;
            infinite where nothing is left to judge by.
        """
        score = CrossValidation(
            self.target_square, self.total_weight, self.n_rows, relative
        )
        return np.array([self._gcv(float(alpha), score) for alpha in alphas])

    def _gcv(self, alpha, score):
        rotated = self._solve_rotated(alpha)
        if rotated is None:
            return np.inf
        return score(alpha, self.degrees_of_freedom(alpha), self._right, rotated)

    def best_alpha(self, alphas=None, relative=False):
        """Choose the strength of smallest score, the largest of equals.

        Parameters
        ----------
        alphas : array-like of shape (n_alphas,), default=None
            None takes ``default_alphas()``.
        relative : bool, default=False
            As in ``gcv``.

        Returns
        -------
        alpha : float
        """
        alphas = self.default_alphas() if alphas is None else np.sort(alphas)
        scores = self.gcv(alphas, relative)
        return float(alphas[len(scores) - 1 - scores[::-1].argmin()])

    def solve(self, alpha):
        """Solve (G + alpha I) V = B.

        Parameters
        ----------
        alpha : float

        Returns
        -------
        solution : ndarray of shape (k, m)

        Raises
        ------
        LinAlgError
            If the matrix is not positive definite.
        """
        rotated = self._solve_rotated(alpha)
        if rotated is None:
            raise linalg.LinAlgError(f"G + {alpha:.3g} I is not positive definite.")
        return self._rotate(rotated, "N")
