"""What half layers and HalfNet share: a stack of hidden layers, and the read-out."""

import numpy as np
from sklearn.utils._param_validation import StrOptions
from sklearn.utils.validation import check_is_fitted

from sklearn_halfnet._checks import real
from sklearn_halfnet.estimators._common.layer_options import (
    LAYER_CONSTRAINTS,
    SIZE_CONSTRAINTS,
    check_sizes,
)
from sklearn_halfnet.estimators._common.validation import finite_outputs
from sklearn_halfnet.estimators._trained.estimator import BaseTorchEstimator
from sklearn_halfnet.features import all_features, forward_blocks, linear_scores
from sklearn_halfnet.features.computation import Computation, Scale
from sklearn_halfnet.linear.ridge import ridge
from sklearn_halfnet.models.ridge_refit import polish_bytes
from sklearn_halfnet.models.tensors import to_tensor

__all__ = ["BaseHiddenLayers"]

# One-hot scores of the ridge read-out lie in [0, 1]; times this, softmax is confident.
_CONFIDENCE = 8.0
# Of the L2 penalty with alpha="auto".
_LEAST_ALPHA = 1e-4


class BaseHiddenLayers(BaseTorchEstimator):
    """Hidden layers from the first to the last in ``_layers``, then a linear read-out.

    A subclass sets ``_scaling`` and ``_layers`` in ``_start``, and adds

    - ``_units``, the layers among them whose scales and shifts are trained;
    - ``_n_trained_in_layers()``, how many numbers are trained before the read-out.
    """

    _parameter_constraints = {
        **BaseTorchEstimator._parameter_constraints,
        "hidden_layer_sizes": SIZE_CONSTRAINTS,
        "activation": LAYER_CONSTRAINTS["activation"],
        "input_scaling": LAYER_CONSTRAINTS["input_scaling"],
        "init": [StrOptions({"ridge", "random"})],
        "alpha": [StrOptions({"auto"}), real(0)],
    }

    # Of the ridge start, where features have seen the targets that judge it.
    _least_strength = 0.0

    def _network_parameters(self):
        return super()._network_parameters() | {
            "hidden_layer_sizes": check_sizes(self.hidden_layer_sizes),
            "activation": self.activation,
            "input_scaling": self.input_scaling,
        }

    # -- start -------------------------------------------------------------------------

    def _start_read_out(self, features, sample, rng):
        """Set the start value of the read-out on the last layer's features."""
        self._start_alpha = None
        if self.init == "ridge" or self.alpha == "auto":
            coef, intercept, self._start_alpha = self._ridge_start(features, sample)
        if self.init == "random":
            coef = rng.standard_normal((self._targets.n_outputs, features.shape[1]))
            coef /= np.sqrt(features.shape[1])
            intercept = np.zeros(len(coef))
        self._set_read_out(coef, intercept)

    def _ridge_start(self, features, sample):
        """Solve for the read-out, and find the L2 strength that answers to its ridge.

        About its minimum the loss of a score is c / 2 times the squared deviation, c
        its curvature: 1 of the squared loss, p (1 - p) of labels of share p. A ridge
        regression whose sum of squares is penalised by lambda |V|^2 is as strong as
        c lambda / n in the mean loss of n rows. Lambda belongs to the noise, and not to
        the number of rows: the sample finds it for all n.

        Returns
        -------
        coef, intercept : ndarray
        alpha : float
        """
        targets = self._targets.indicators(sample.targets)
        coef, intercept, strength, _ = ridge(
            features,
            targets,
            sample_weight=sample.sample_weight,
            least_relative_alpha=self._least_strength,
        )
        if self._targets.loss != "squared":
            coef = _CONFIDENCE * coef
            intercept = _CONFIDENCE * (intercept - self._targets.middle)
        curvature = self._targets.curvature(targets, sample.sample_weight)
        return coef, intercept, max(_LEAST_ALPHA, curvature * strength / sample.n_whole)

    def _penalty(self):
        """L2 strength of the objective."""
        if self.alpha != "auto":
            return self.alpha
        if self._start_alpha is None:
            raise ValueError(
                "alpha='auto' is chosen when the read-out is started, but this one was "
                "started with init='random' and another alpha. Give a number, or set "
                "warm_start=False to start anew."
            )
        return self._start_alpha

    def _polish_bytes(self, n_rows, sizes):
        return polish_bytes(n_rows, sizes[-1]) if self.polish else 0

    # -- between numpy and torch -------------------------------------------------------

    def _read_out_tensors(self, device):
        """Read-out values for standardised targets, as the network trains them."""
        scale, mean = self._targets.scale, self._targets.mean
        return (
            to_tensor((self.read_out_coef_.T / scale).T, self._float, device),
            to_tensor((self.read_out_intercept_ - mean) / scale, self._float, device),
        )

    def _set_read_out(self, coef, intercept):
        """Take read-out values of the standardised targets; make attributes of all."""
        scale, mean = self._targets.scale, self._targets.mean
        with np.errstate(over="ignore"):
            self.read_out_coef_ = (coef.T * scale).T.astype(self._float)
        if np.isfinite(coef).all() and not np.isfinite(self.read_out_coef_).all():
            raise ValueError(
                f"y has values too large for dtype={self._float!r}. Rescale y, or use "
                "dtype='float64'."
            )
        self.read_out_intercept_ = intercept.astype(np.float64) * scale + mean
        self.scales_ = [layer.scales for layer in self._units]
        self.shifts_ = [layer.shifts for layer in self._units]
        self.n_layers_ = len(self._units)
        self.n_outputs_ = len(self.read_out_intercept_)
        self.n_trainable_parameters_ = (
            self._n_trained_in_layers() + self._n_trained_in_read_out()
        )

    def _n_trained_in_read_out(self):
        return self.read_out_coef_.size + self.read_out_intercept_.size

    @property
    def weights_(self):
        """Frozen weights, one array (n_units, n_inputs) a layer."""
        check_is_fitted(self)
        return [layer.weights.matrix(self._float) for layer in self._units]

    @property
    def n_stored_bytes_(self):
        """Bytes of all arrays that prediction needs."""
        check_is_fitted(self)
        read_out = self.read_out_coef_.nbytes + self.read_out_intercept_.nbytes
        layers = sum(layer.nbytes for layer in self._layers)
        return self._scaling.nbytes + layers + read_out

    def transform_layers(self, X):
        """Compute the hidden layers' outputs.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)

        Returns
        -------
        outputs : list of ndarray of shape (n_samples, n_units)
            One a hidden layer, the first layer's first.
        """
        return finite_outputs(self, self._all_outputs, X)

    def _all_outputs(self, X):
        outputs = all_features(X, self._scaling, self._layers, self._float)
        units = {id(layer) for layer in self._units}
        return [
            output
            for layer, output in zip(self._layers, outputs, strict=True)
            if id(layer) in units
        ]

    # -- prediction --------------------------------------------------------------------

    def _scores(self, X):
        passes = forward_blocks(X, self._scaling, self._layers, self._float)
        last = ((rows, features[-1]) for rows, features in passes)
        return linear_scores(
            last, X.shape[0], self.read_out_coef_, self.read_out_intercept_
        )

    def _forward_steps(self):
        scaled = Computation(self.n_features_in_).then(Scale(self._scaling))
        return scaled.through(self._layers).read_out(
            self.read_out_coef_, self.read_out_intercept_
        )
