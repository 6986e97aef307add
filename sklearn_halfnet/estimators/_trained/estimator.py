"""Fit a torch network with a solver; numpy arrays in, numpy arrays out."""

import copy
import math
import time
import warnings
from functools import partial
from itertools import count

import numpy as np
from sklearn.base import BaseEstimator, is_classifier
from sklearn.callback import CallbackSupportMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import train_test_split
from sklearn.utils._param_validation import StrOptions
from sklearn.utils.validation import _is_fitted as is_fitted

from sklearn_halfnet._checks import one_of, real, whole
from sklearn_halfnet._device import (
    compute_threads,
    resolve_device,
    training_mode,
)
from sklearn_halfnet._random import child_generators
from sklearn_halfnet.estimators._common.legacy_outputs import (
    BegunNetwork,
    keep_state_on_error,
)
from sklearn_halfnet.estimators._common.validation import row_weights
from sklearn_halfnet.solvers import SOLVERS, solvers_for

__all__ = ["BaseTorchEstimator"]

# Times the objective of a read-out of zero: far above it, training has failed. Few
# passes at a high rate can end at several times of it and be on their way.
_FAR = 10


class BaseTorchEstimator(CallbackSupportMixin, BegunNetwork, BaseEstimator):
    """Base of the estimators that torch trains by gradients.

    A subclass says what its network is:

    - ``_network_parameters()`` says which parameters a network keeps;
    - ``_start(X, targets, train_weight, rng)`` draws start values as fitted attributes;
    - ``_network(device)`` makes the module from them;
    - ``_inputs(X)`` returns ``compute(rows)``, the network's inputs, their width and
      the width of the widest array on the way;
    - ``_store(network)`` takes the trained values back as numpy attributes;
    - ``_scores(X)`` predicts, in numpy.
    """

    _parameter_constraints = {
        "alpha": [real(0)],
        "solver": [one_of(solvers_for())],
        "batch_size": [
            StrOptions({"auto", "full"}),
            whole(1),
        ],
        "learning_rate": [StrOptions({"constant", "cosine", "one_cycle"})],
        "learning_rate_init": [real(0, closed="neither")],
        "max_iter": [whole(1)],
        "tol": [real(0)],
        "early_stopping": ["boolean"],
        "validation_fraction": [real(0, 1, closed="neither")],
        "n_iter_no_change": [whole(1)],
        "warm_start": ["boolean"],
        "random_state": ["random_state"],
        "device": [str],
        "dtype": [StrOptions({"float32", "float64"})],
        "cache_size": [real(0)],
        "verbose": ["verbose"],
    }

    def _network_parameters(self):
        return {"dtype": self.dtype}

    @property
    def _float(self):
        """Type of the numbers of the network."""
        return self._begun["dtype"]

    # -- fit ---------------------------------------------------------------------------

    def _fit(self, X, y, sample_weight):
        with keep_state_on_error(self), training_mode():
            resumes = self.warm_start and is_fitted(self)
            context = self._init_callback_context(max_subtasks=self.max_iter)
            X, y = self._validate_training(X, y, reset=not resumes)
            known = self._targets.classes if resumes else None
            repeats, weight = row_weights(self, y, sample_weight, known)
            context.call_on_fit_task_begin(estimator=self, X=X, y=y)
            rng_start, rng_split, rng_batches = child_generators(self.random_state, 3)
            train, held_out = self._split(y, weight, rng_split)
            train_weight = _without(weight, held_out, len(y))
            if resumes:
                self._check_same_network()
            else:
                self._begin()
                shown = _without(repeats, held_out, len(y))
                self._targets = self._make_targets(y, shown)
            encoded = self._targets.encode(y, self._float)
            if not resumes:
                self._start(X, encoded, train_weight, rng_start)
            report = self._reporter(context, X, y, weight)
            self._train(X, encoded, weight, train, held_out, rng_batches, report)
            if self.polish:
                self._polish(X, encoded, train_weight)
            context.call_on_fit_task_end(estimator=self, X=X, y=y)
        return self

    def _begin(self):
        super()._begin()
        self._checkpoint = None

    def _partial_fit(self, X, y, sample_weight, classes=None):
        if self.early_stopping:
            raise ValueError("partial_fit does not support early_stopping=True.")
        with keep_state_on_error(self), training_mode():
            first = not is_fitted(self)
            X, y = self._validate_training(X, y, reset=first)
            known = classes if first else self._targets.classes
            repeats, weight = row_weights(self, y, sample_weight, known)
            rng_start, _, rng_batches = child_generators(self.random_state, 3)
            if first:
                if classes is None and is_classifier(self) and y.ndim == 1:
                    raise ValueError(
                        "classes must be passed on the first call to partial_fit."
                    )
                self._begin()
                self._targets = self._make_targets(y, repeats, classes)
            else:
                self._check_same_network()
                if classes is not None:
                    self._targets.check_same_classes(classes)
            encoded = self._targets.encode(y, self._float)
            if first:
                self._start(X, encoded, weight, rng_start)
                self.loss_curve_, self.n_iter_ = [], 0
            # Each call shuffles its rows in another order.
            seed = [rng_batches.integers(2**32), self.n_iter_]
            self._train_one_epoch(X, encoded, weight, np.random.default_rng(seed))
        return self

    def _split(self, y, weight, rng):
        """Row numbers for training and for validation (None without early stopping)."""
        rows = _of_weight(weight, len(y))
        if not self.early_stopping:
            return rows, None
        stratify = y[rows] if is_classifier(self) and y.ndim == 1 else None
        try:
            train, held_out = train_test_split(
                rows,
                test_size=self.validation_fraction,
                stratify=stratify,
                random_state=int(rng.integers(2**31 - 1)),
            )
        except ValueError as error:
            raise self._cannot_hold_out(len(rows), error) from error
        if len(held_out) < 2 and not is_classifier(self):
            raise self._cannot_hold_out(len(rows), "R2 needs two rows or more.")
        return train, held_out

    def _cannot_hold_out(self, n_rows, reason):
        return ValueError(
            f"early_stopping=True with validation_fraction="
            f"{self.validation_fraction} cannot hold out enough of {n_rows} rows: "
            f"{reason}"
        )

    # -- training ----------------------------------------------------------------------

    def _train(self, X, encoded, weight, train, held_out, rng, report):
        batch_size = self._batch_size(len(train))
        with training_mode(), compute_threads(self._step_size(batch_size)):
            device = resolve_device(self.device)
            network = self._network(device)
            data = self._data(X, encoded, weight, rng.permutation(train), device)
            validate = None
            if held_out is not None:
                left = self.cache_size * 2**20 - data.kept_bytes
                held = self._data(X, encoded, weight, held_out, device, left)
                validate = self._validator(network, held, encoded, weight)
            monitor = self._monitor(network, validate, partial(report, network))
            self._minimise(network, data, self._solver(batch_size, rng), monitor)
            self._judge(monitor.judge(self._objective(network), data.few(batch_size)))

    def _minimise(self, network, data, solver, monitor):
        """Run the solver to its end and take what it found."""
        checkpoint = self._left_off()
        if checkpoint is not None:
            solver.resume(checkpoint)
            monitor.remember(self.loss_curve_, vars(self).get("validation_scores_", []))
        self._checkpoint = None
        converged = self._solve(solver, self._objective(network), data, monitor)
        monitor.check_parameters()
        monitor.restore_best()
        self._store(network)
        self._store_history(monitor)
        if not (converged or self._ends_by_itself()):
            warnings.warn(
                f"{type(self).__name__}: solver={self.solver!r} stopped after "
                f"max_iter={self.max_iter} iterations before it converged.",
                ConvergenceWarning,
            )

    def _left_off(self):
        """Where Ctrl-C stopped this solver with passes left to do; else None."""
        solver, checkpoint = self._checkpoint or (None, None)
        same = checkpoint is not None and solver == self.solver
        return checkpoint if same and checkpoint["n_passes"] < self.max_iter else None

    def _judge(self, objective):
        """Warn if training has ended far from any sense.

        A read-out of zero, which predicts the same for all rows, is open to every
        network: what ends far above it has not been minimised.
        """
        blank = self._targets.blank_loss
        if objective > _FAR * blank:
            warnings.warn(
                f"{type(self).__name__}: training ended with an objective of "
                f"{objective:.3g}, where a read-out of zero has {blank:.3g}. It has "
                "diverged, or max_iter is too small to reduce the penalty. Lower "
                "learning_rate_init or alpha, or raise max_iter.",
                ConvergenceWarning,
            )

    def _ends_by_itself(self):
        """Whether the learning rate falls to zero at ``max_iter``."""
        return SOLVERS[self.solver].ends_by_itself(self.learning_rate)

    def _monitor(self, network, validate=None, report=None):
        from sklearn_halfnet.solvers.monitor import Monitor

        watches_loss = SOLVERS[self.solver].watches_the_loss(self.learning_rate)
        patient = validate is None and not watches_loss
        return Monitor(
            network,
            tol=self.tol,
            patience=None if patient else self.n_iter_no_change,
            validate=validate,
            report=report,
        )

    def _solver(self, batch_size, rng, learning_rate=None):
        found = {"batch_size": batch_size, "rng": rng}
        if learning_rate:
            found["learning_rate"] = learning_rate
        return SOLVERS[self.solver].make(**self.get_params(deep=False) | found)

    def _penalty(self):
        """L2 strength of the objective."""
        return self.alpha

    def _objective(self, network):
        from sklearn_halfnet.solvers.losses import Objective

        self.alpha_ = self._penalty()
        return Objective(network, self._targets.loss, self.alpha_)

    def _solve(self, solver, objective, data, monitor):
        """Run the solver; Ctrl-C ends training and keeps what has been learned."""
        try:
            return solver.solve(objective, data, self.max_iter, monitor)
        except KeyboardInterrupt:
            self._checkpoint = self.solver, solver.checkpoint()
            warnings.warn(
                f"Training interrupted by the user after {len(monitor.losses)} "
                "iterations; the model holds what was learned until then, and "
                f"warm_start=True {SOLVERS[self.solver].after_interrupt} from there."
            )
            return True

    def _train_one_epoch(self, X, encoded, weight, rng):
        """One pass over a chunk of data, at a constant rate, going on from before."""
        batch_size = self._batch_size(len(encoded))
        with training_mode(), compute_threads(self._step_size(batch_size)):
            device = resolve_device(self.device)
            network = self._network(device)
            rows = rng.permutation(_of_weight(weight, len(encoded)))
            data = self._data(X, encoded, weight, rows, device)
            solver = self._solver(batch_size, rng, learning_rate="constant")
            objective = self._objective(network)
            of_solver, state = getattr(self, "_optimizer_state", None) or (None, None)
            optimizer = solver.make_optimizer(
                objective, state if of_solver == self.solver else None
            )
            monitor = self._monitor(network)
            monitor(solver.run_epoch(objective, data, optimizer))
            monitor.check_parameters()
            monitor.judge(objective, data.few(batch_size))
            self._store(network)
            self._optimizer_state = self.solver, solver.state_arrays(optimizer)
            self._checkpoint = None
        self.n_iter_ += 1
        self.loss_curve_.append(monitor.losses[-1])
        self.loss_ = monitor.losses[-1]

    def _data(self, X, encoded, weight, rows, device, cache_bytes=None):
        from sklearn_halfnet.solvers.data import BlockData

        compute, n_columns, working_columns = self._inputs(X)
        return BlockData(
            compute,
            rows,
            encoded,
            weight,
            n_columns=n_columns,
            working_columns=working_columns,
            batch_size=self._batch_size(len(rows)),
            dtype=np.dtype(self._float),
            cache_bytes=self.cache_size * 2**20 if cache_bytes is None else cache_bytes,
            device=device,
        )

    def _batch_size(self, n_rows):
        if self.batch_size == "full":
            return n_rows
        wanted = 256 if self.batch_size == "auto" else self.batch_size
        return min(wanted, n_rows)

    def _validator(self, network, held, encoded, weight):
        """Return a function that scores the network on the held-out rows."""
        import torch

        order = np.concatenate(held.blocks)
        truth, row_weight = encoded[order], None if weight is None else weight[order]

        def validate():
            network.eval()
            with torch.no_grad():
                blocks = [network(held.block(i)[0]) for i in range(len(held))]
            network.train()
            scores = torch.cat(blocks).cpu()
            if not torch.isfinite(scores).all():
                return math.nan
            return self._targets.score(truth, scores, row_weight)

        return validate

    # -- reporting ---------------------------------------------------------------------

    def _reporter(self, context, X, y, weight):
        """Return what prints progress and calls scikit-learn's callbacks."""
        started, numbers = time.perf_counter(), count(1)
        metadata = None if weight is None else {"sample_weight": weight}

        def report(network, loss, score):
            number = next(numbers)
            if self.verbose:
                _print_progress(number, loss, score, time.perf_counter() - started)
            iteration = context.subcontext(task_name="iteration")
            iteration.call_on_fit_task_begin(estimator=self, X=X, y=y)
            return iteration.call_on_fit_task_end(
                estimator=self,
                X=X,
                y=y,
                metadata=metadata,
                reconstruction_attributes=lambda: self._attributes_of(network),
            )

        return report

    def _attributes_of(self, network):
        """Fitted attributes as they would be if training stopped now."""
        twin = copy.copy(self)
        twin._store(network)
        return vars(twin)

    def _store_history(self, monitor):
        self.loss_curve_ = monitor.losses
        self.loss_ = monitor.losses[-1] if monitor.losses else np.nan
        self.n_iter_ = len(monitor.losses)
        self._optimizer_state = None  # partial_fit starts afresh after fit
        if self.early_stopping:
            self.validation_scores_ = monitor.scores
            self.best_validation_score_ = float(monitor.best)
        else:
            for name in ("validation_scores_", "best_validation_score_"):
                vars(self).pop(name, None)


def _print_progress(number, loss, score, seconds):
    tail = "" if score is None else f", validation score = {score:.4f}"
    print(f"Iteration {number}, loss = {loss:.6f}{tail}, {seconds:.1f} s", flush=True)


def _of_weight(weight, n_samples):
    """Numbers of the rows that count at all."""
    return np.arange(n_samples) if weight is None else np.flatnonzero(weight > 0)


def _without(weight, rows, n_samples):
    """Weights with those of ``rows`` set to zero; None if all are one."""
    if rows is None:
        return weight
    weight = np.ones(n_samples) if weight is None else weight.copy()
    weight[rows] = 0
    return weight
