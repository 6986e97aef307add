"""HalfNet: random weights whose covariance is learned."""

from sklearn.utils._param_validation import StrOptions

from sklearn_halfnet.estimators._half_net import BaseHalfNet
from sklearn_halfnet.estimators._training import ClassifierTraining, RegressorTraining

__all__ = ["HalfNetClassifier", "HalfNetRegressor"]


class HalfNetClassifier(ClassifierTraining, BaseHalfNet):
    """c."""

    _parameter_constraints = {
        **BaseHalfNet._parameter_constraints,
        **ClassifierTraining._parameter_constraints,
        "polish": [StrOptions({"ridge", "logistic"}), None],
    }

    def __init__(
        self,
        hidden_layer_sizes=512,
        rank="auto",
        activation="relu",
        *,
        geometry="orthogonal",
        train_scales=True,
        resample_every=None,
        alpha=1e-4,
        solver="adam",
        init="ridge",
        polish=None,
        input_scaling="standard",
        batch_size="auto",
        learning_rate="one_cycle",
        learning_rate_init=5e-3,
        max_iter=50,
        tol=1e-4,
        early_stopping=False,
        validation_fraction=0.1,
        n_iter_no_change=10,
        class_weight=None,
        warm_start=False,
        random_state=None,
        device="auto",
        dtype="float32",
        cache_size=1024,
        verbose=False,
    ):
        self.hidden_layer_sizes = hidden_layer_sizes
        self.rank = rank
        self.activation = activation
        self.geometry = geometry
        self.train_scales = train_scales
        self.resample_every = resample_every
        self.alpha = alpha
        self.solver = solver
        self.init = init
        self.polish = polish
        self.input_scaling = input_scaling
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.learning_rate_init = learning_rate_init
        self.max_iter = max_iter
        self.tol = tol
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.class_weight = class_weight
        self.warm_start = warm_start
        self.random_state = random_state
        self.device = device
        self.dtype = dtype
        self.cache_size = cache_size
        self.verbose = verbose


class HalfNetRegressor(RegressorTraining, BaseHalfNet):
    """r."""

    _parameter_constraints = {
        **BaseHalfNet._parameter_constraints,
        "polish": [StrOptions({"ridge"}), None],
    }

    def __init__(
        self,
        hidden_layer_sizes=512,
        rank="auto",
        activation="relu",
        *,
        geometry="orthogonal",
        train_scales=True,
        resample_every=None,
        alpha=1e-4,
        solver="adam",
        init="ridge",
        polish=None,
        input_scaling="standard",
        batch_size="auto",
        learning_rate="one_cycle",
        learning_rate_init=5e-3,
        max_iter=50,
        tol=1e-4,
        early_stopping=False,
        validation_fraction=0.1,
        n_iter_no_change=10,
        warm_start=False,
        random_state=None,
        device="auto",
        dtype="float32",
        cache_size=1024,
        verbose=False,
    ):
        self.hidden_layer_sizes = hidden_layer_sizes
        self.rank = rank
        self.activation = activation
        self.geometry = geometry
        self.train_scales = train_scales
        self.resample_every = resample_every
        self.alpha = alpha
        self.solver = solver
        self.init = init
        self.polish = polish
        self.input_scaling = input_scaling
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.learning_rate_init = learning_rate_init
        self.max_iter = max_iter
        self.tol = tol
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.warm_start = warm_start
        self.random_state = random_state
        self.device = device
        self.dtype = dtype
        self.cache_size = cache_size
        self.verbose = verbose
