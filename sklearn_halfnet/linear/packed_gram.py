"""PackedGram: sums of very wide features, in float32 and half of the matrix."""

import numpy as np
from scipy.linalg import lapack

from sklearn_halfnet._checks import check_numbers
from sklearn_halfnet._matmul import row_blocks
from sklearn_halfnet.linear.solve import check_strengths

__all__ = ["PackedGram"]

_BLOCK_BYTES = 32 * 2**20


class PackedGram:
    """What a ridge read-out of very many features is solved from, in little memory.

    ``Gram`` holds a whole matrix in float64 and chooses the ridge strength. Here it is
    half of the matrix, in float32: 200 MB for 10,000 features, and as much again for
    the factor while it is solved. LAPACK's rectangular full packed format [1]_ keeps
    products and factorisation as fast as those of whole matrices. Rounding in float32
    asks for a strength of about 1e-6 of the matrix's trace or more.

    Attributes
    ----------
    n_samples : int
        Rows seen.
    feature_mean : ndarray of shape (n_features,)
    target_mean : ndarray of shape (n_targets,)
    half : ndarray of shape (n_features * (n_features + 1) / 2,), float32
        sum_i (h_i - mean) (h_i - mean)^T, packed.
    cross : ndarray of shape (n_features, n_targets)
        sum_i (h_i - mean) (y_i - mean)^T.

    See Also
    --------
    sklearn_halfnet.Gram : Of up to some thousand features.

    References
    ----------
    .. [1] F. G. Gustavson, J. Wasniewski, J. J. Dongarra, J. Langou, "Rectangular full
       packed format for Cholesky's algorithm", ACM Trans. Math. Softw. 37 (2010).

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_halfnet.linear import PackedGram
    >>> H = np.arange(8.0)[:, None]
    >>> sums = PackedGram().update(H[:5], 2 * H[:5] + 1).update(H[5:], 2 * H[5:] + 1)
    >>> coef, intercept = sums.solve(alpha=1e-3)
    >>> np.round(coef, 2), np.round(intercept, 2)
    (array([[2.]], dtype=float32), array([1.]))
    """

    half: np.ndarray | None

    def __init__(self):
        self.n_samples = 0
        self.half = None

    def update(self, H, Y):
        """Add rows.

        Parameters
        ----------
        H : array-like of shape (n_rows, n_features)
            Products are taken in float32.
        Y : array-like of shape (n_rows, n_targets) or (n_rows,)

        Returns
        -------
        self : PackedGram

        Raises
        ------
        ValueError
            If shapes do not match each other or the rows before, or numbers are not
            finite, also as float32.
        """
        H = check_numbers(H, "H", dtype=np.float32)
        Y = check_numbers(Y, "Y", dtype=np.float64, ensure_2d=False)
        Y = Y[:, None] if Y.ndim == 1 else Y
        if len(Y) != len(H):
            raise ValueError(f"H has {len(H)} rows, Y has {len(Y)}.")
        if self.half is None:
            self._begin(H.shape[1], Y.shape[1])
        if self.cross.shape != (H.shape[1], Y.shape[1]):
            raise ValueError(
                f"These sums hold {self.cross.shape} (n_features, n_targets); got "
                f"{(H.shape[1], Y.shape[1])}."
            )
        for rows in row_blocks(len(H), 4 * H.shape[1], _BLOCK_BYTES):
            self._add_block(H[rows], Y[rows])
        return self

    def _begin(self, n_features, n_targets):
        self.half = np.zeros(n_features * (n_features + 1) // 2, np.float32)
        self.cross = np.zeros((n_features, n_targets))
        self.feature_mean, self.target_mean = np.zeros(n_features), np.zeros(n_targets)

    def _add_block(self, H, Y):
        """Add rows about their means, and what the step between means adds as one."""
        n_rows, grown = len(H), self.n_samples + len(H)
        h_mean, y_mean = H.mean(axis=0, dtype=np.float64), Y.mean(axis=0)
        step_h, step_y = h_mean - self.feature_mean, y_mean - self.target_mean
        root = np.sqrt(self.n_samples * n_rows / grown)
        centred = np.empty((n_rows + 1, H.shape[1]), np.float32)
        np.subtract(H, h_mean.astype(np.float32), out=centred[:-1])
        centred[-1] = root * step_h
        targets = np.vstack([Y - y_mean, root * step_y])
        self.half = lapack.ssfrk(
            H.shape[1], n_rows + 1, 1, centred.T, 1, self.half, uplo="L", overwrite_c=1
        )
        self.cross += centred.T @ targets.astype(np.float32)
        self.feature_mean += step_h * (n_rows / grown)
        self.target_mean += step_y * (n_rows / grown)
        self.n_samples = grown

    @property
    def trace(self):
        """Trace of the matrix, in whose units a strength may be chosen."""
        self._check_begun()
        return float(self.half[_diagonal(len(self.cross))].sum(dtype=np.float64))

    def solve(self, alpha):
        """Solve for the read-out at one ridge strength.

        Parameters
        ----------
        alpha : float
            As in scikit-learn's ``Ridge``; the intercept is not penalised.

        Returns
        -------
        coef : ndarray of shape (n_targets, n_features), float32
        intercept : ndarray of shape (n_targets,)

        Raises
        ------
        ValueError
            If alpha is negative, not finite, or too small for float32; or if no row was
            seen.
        """
        self._check_begun()
        check_strengths(alpha)
        k, factor = len(self.cross), self.half.copy()
        factor[_diagonal(k)] += np.float32(alpha)
        factor, info = lapack.spftrf(k, factor, uplo="L", overwrite_a=1)
        if info:
            raise ValueError(
                f"alpha={alpha:.3g} is too small for sums in float32, of trace "
                f"{self.trace:.3g}. Try {1e-6 * self.trace:.1g} or more, or use Gram."
            )
        solution, _ = lapack.spftrs(k, factor, self.cross.astype(np.float32), uplo="L")
        return solution.T, self.target_mean - self.feature_mean @ solution

    def _check_begun(self):
        if self.half is None:
            raise ValueError("This PackedGram has seen no row.")


def _diagonal(k):
    """Where the packed format has the diagonal: two triangles, one below the other."""
    upper = k - k // 2
    odd, first, second = k % 2, np.arange(upper), np.arange(k // 2)
    height = k if odd else k + 1
    first = first + (1 - odd) + height * first
    return np.concatenate([first, second + height * (second + odd)])
