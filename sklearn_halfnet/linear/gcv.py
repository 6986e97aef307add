"""Generalised cross-validation of a ridge regression, from sums alone."""

import numpy as np

__all__ = ["STRENGTHS", "CrossValidation"]

# Of the candidates tried by default, relative to the largest eigenvalue. At the largest
# nothing is left of targets that are noise.
STRENGTHS = 1e-7, 1e2


class CrossValidation:
    """Score of generalised cross-validation: estimated mean squared error of new rows.

    (RSS / total_weight) / (1 - (1 + df) / n_rows)^2, summed over the targets; infinite
    where nothing is left to judge by.

    Leave-one-out errors, r_i / (1 - l_i) with the leverages l_i, of which only the sum
    1 + df is known here, so that all get the same mean. With weights w the errors count
    by w, and so do the leverages in that mean. A row's leverage is about proportional
    to its weight, l_i = w_i (1 + df) / W with W = sum w, and the weighted mean is

        sum_i w_i l_i / W = (1 + df) sum_i w_i^2 / W^2 = (1 + df) / n_rows:

    n_rows is the effective number of rows, and the scale of the weights is of no
    account.

    Parameters
    ----------
    target_square : ndarray of shape (m,)
        Squares of the centred targets, summed.
    total_weight : float
        Sum of the weights of all rows.
    n_rows : float
        Effective number of rows, (sum w)^2 / sum w^2.
    relative : bool
        Whether to divide each target's error by its variance, so that targets of
        different units count alike.

    References
    ----------
    G. H. Golub, M. Heath, G. Wahba, "Generalized cross-validation as a method for
    choosing a good ridge parameter", Technometrics 21 (1979), equation 1.4.
    """

    def __init__(self, target_square, total_weight, n_rows, relative):
        self.target_square = target_square
        self.n_rows = n_rows
        positive = np.where(target_square > 0, target_square, 1)
        self.unit = positive if relative else total_weight

    def __call__(self, alpha, degrees, right, solution):
        """Score one solution.

        Parameters
        ----------
        alpha : float
        degrees : float
            Degrees of freedom of the fit, without the intercept.
        right, solution : ndarray of shape (k, m)
            B and V of (G + alpha I) V = B, in any common axes.

        Returns
        -------
        score : float
        """
        left = 1 - (1 + degrees) / self.n_rows
        # At df = n - 1 the residuals vanish with the denominator: 0 / 0.
        if left < 1e-3:
            return np.inf
        residual = (
            self.target_square
            - (right * solution).sum(axis=0)
            - alpha * (solution**2).sum(axis=0)
        )
        floor = np.finfo(np.float64).eps * self.target_square
        return float((np.maximum(residual, floor) / self.unit).sum() / left**2)
