"""The door to torch for all fits: a network goes in and comes out trained.

A network that is trained is one of the models of this room with, beside what all have,

- ``module(device)``, the torch module with the network's values;
- ``inputs(X)``, which returns ``compute(rows)``, what the module is fed with, its width
  and the width of the widest array on the way;
- ``trained(module)``, the network with the module's values;
- ``step_size(batch_size)``, multiply-adds of a step.
"""

import math
import warnings
from dataclasses import dataclass
from itertools import count
from typing import Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from sklearn_halfnet._device import (
    compute_threads,
    import_torch,
    resolve_device,
    training_mode,
)
from sklearn_halfnet.models.history import History, LeftOff
from sklearn_halfnet.models.keeper import Keeper, passes_kept
from sklearn_halfnet.models.row_losses import constant_scores, mean_loss, score_of
from sklearn_halfnet.models.tensors import to_tensor
from sklearn_halfnet.models.training_options import rows_a_step
from sklearn_halfnet.solvers import SOLVERS

__all__ = [
    "Rows",
    "held_out_loss",
    "loss_and_gradient",
    "of_weight",
    "train",
    "train_on_cluster",
    "train_once",
]

# Times the objective of a read-out of zero: far above it, training has failed. Few
# passes at a high rate can end at several times of it and be on their way.
_FAR = 10


@dataclass(frozen=True)
class Rows:
    """Rows with their targets, and which of them count.

    Parameters
    ----------
    X : {ndarray, CSR matrix} of shape (n_samples, n_features)
    encoded : ndarray
        What the targets' ``encode`` returned.
    weight : ndarray of shape (n_samples,) or None
    numbers : ndarray of int
        Numbers of the rows to train on, or to score the network on.
    held_out : Rows or None
        Of the same arrays or others: those on which the network is scored.
    """

    X: Any
    encoded: np.ndarray
    weight: np.ndarray | None
    numbers: np.ndarray
    held_out: "Rows | None" = None

    @classmethod
    def all_of(cls, X, encoded, weight):
        """Take all rows of positive weight."""
        return cls(X, encoded, weight, of_weight(weight, len(encoded)))

    @property
    def train_weight(self):
        """Weights, zero for rows that do not count; None if all are one."""
        if len(self.numbers) == len(self.encoded):
            return self.weight
        weight = np.zeros(len(self.encoded))
        weight[self.numbers] = 1 if self.weight is None else self.weight[self.numbers]
        return weight


def of_weight(weight, n_samples):
    """Numbers of the rows that count at all."""
    return np.arange(n_samples) if weight is None else np.flatnonzero(weight > 0)


def train(
    model, rows, options, *, rng, watch=None, revise=None, before=None, kept=None
):
    """Train a network.

    Parameters
    ----------
    model : object
        A network; see the module's description.
    rows : Rows
    options : TrainingOptions
    rng : numpy.random.Generator
        Shuffles the rows.
    watch : callable or None, default=None
        ``watch(now, loss, score)`` after each pass returns True to stop; ``now()`` is
        the network as it would be.
    revise : callable or None, default=None
        ``revise(now, n_passes)`` after each pass returns a network with whose values
        training goes on, or None.
    before : History or None, default=None
        Of the network's last training, which Ctrl-C may have stopped.
    kept : object or None, default=None
        With ``state``, at which a training that was cut off goes on, or None, and
        ``offer(make_state)``, which is called after each pass.

    Returns
    -------
    model : object
        The trained network.
    history : History

    Raises
    ------
    NonFiniteError
        If training diverges.

    Warns
    -----
    ConvergenceWarning
        If it ends before it has converged, or far above a read-out of zero.
    """
    batch_size = rows_a_step(options.batch_size, len(rows.numbers))
    with training_mode(), compute_threads(model.step_size(batch_size)):
        device = resolve_device(options.device)
        module = _module(model, options, device, rng)
        order = rng.permutation(rows.numbers)
        data = _blocks(model, rows, order, options, device)
        objective = _objective(model, module, options, rows)
        validate, held = None, rows.held_out
        if held is not None:
            left = options.cache_size * 2**20 - data.kept_bytes
            blocks = _blocks(model, held, held.numbers, options, device, left)
            validate = _validator(model, objective, blocks, held)
        n_before = 0 if kept is None else passes_kept(kept)
        report = _reporter(model, module, watch, revise, n_before)
        monitor = _monitor(module, options, validate, report)
        solver = options.make_solver(batch_size=batch_size, rng=rng)
        keep = None if kept is None else Keeper(kept, module, solver, monitor, rng)
        model, history = _minimise(
            model, module, objective, data, solver, monitor, options, before, keep
        )
        reached = monitor.judge(objective, data.few(batch_size))
        _judge(reached, _blank_loss(model.targets, rows), options)
    return model, history


def held_out_loss(model, rows, options):
    """Mean loss of a network on the rows held out, labels smoothed as in training.

    Parameters
    ----------
    model, rows, options
        As of ``train``.

    Returns
    -------
    loss : float
    """
    held = rows.held_out
    with training_mode(), compute_threads(model.step_size(len(held.numbers))):
        device = resolve_device(options.device)
        module = model.module(device)
        objective = _objective(model, module, options, rows)
        blocks = _blocks(model, held, held.numbers, options, device)
        smoothing = objective.smoothing
        _, loss = _validator(model, objective, blocks, held, smoothing)()
    return loss


def train_once(model, rows, options, *, rng, before):
    """Pass once over a chunk of rows, at a constant rate, going on from before.

    Parameters
    ----------
    model, rows, options, rng
        As of ``train``.
    before : History
        Of the chunks before.

    Returns
    -------
    model : object
    history : History
    """
    batch_size = rows_a_step(options.batch_size, len(rows.encoded))
    with training_mode(), compute_threads(model.step_size(batch_size)):
        device = resolve_device(options.device)
        module = _module(model, options, device, rng)
        order = rng.permutation(rows.numbers)
        data = _blocks(model, rows, order, options, device)
        solver = options.make_solver(
            batch_size=batch_size, rng=rng, learning_rate="constant"
        )
        objective = _objective(model, module, options, rows)
        state = before.optimizer_of(options.solver)
        optimizer = solver.make_optimizer(objective, state)
        monitor = _monitor(module, options)
        monitor(solver.run_epoch(objective, data, optimizer))
        monitor.check_parameters()
        monitor.judge(objective, data.few(batch_size))
        optimizer = LeftOff(options.solver, solver.state_arrays(optimizer))
        history = before.after_chunk(
            monitor.losses[-1], options.alpha, optimizer, **options.regularisation
        )
        return model.trained(module), history


def train_on_cluster(model, data, options):
    """Train a network on rows that lie elsewhere, by a solver that sees all of them.

    Parameters
    ----------
    model, options
        As of ``train``.
    data : object
        With ``loss_and_gradient(objective, parameters)``.

    Returns
    -------
    model : object
    history : History
    """
    with training_mode(), compute_threads(0):
        module = model.module(resolve_device("cpu"))
        solver, monitor = options.make_solver(), _monitor(module, options)
        objective = _objective(model, module, options, None)
        how = (objective, data, solver, monitor, options, None)
        return _minimise(model, module, *how)


def loss_and_gradient(model, inputs, encoded, weight, *, vector, share):
    """Loss of a block of rows at a vector of trained values, and its gradient.

    Parameters
    ----------
    model : object
        The network as it started.
    inputs : ndarray of shape (n_rows, n_columns)
        What ``model.inputs`` computes of the rows.
    encoded : ndarray
    weight : ndarray of shape (n_rows,) or None
    vector : ndarray of shape (n_trained,)
    share : float
        Factor of the mean loss.

    Returns
    -------
    loss : float
    gradient : ndarray of shape (n_trained,)
    """
    torch = import_torch()

    from sklearn_halfnet.solvers.lbfgs import gradient_vector, load_vector
    from sklearn_halfnet.solvers.losses import Objective, loss_of

    with training_mode(), compute_threads(0):
        module = model.module(resolve_device("cpu"))
        objective = Objective(module, loss_of(model.targets), alpha=0)
        parameters = objective.parameters()
        load_vector(parameters, vector)
        if weight is not None:
            weight = torch.from_numpy(weight.astype(model.dtype))
        inputs, encoded = torch.from_numpy(inputs), torch.from_numpy(encoded)
        loss = objective.data_loss(inputs, encoded, weight) * share
        loss.backward()
        return loss.item(), gradient_vector(parameters)


# -- parts of a training ---------------------------------------------------------------


def _module(model, options, device, rng):
    """Make the module; units are dropped where steps are taken on minibatches."""
    module = model.module(device)
    if options.dropout and SOLVERS[options.solver].minibatches:
        from sklearn_halfnet.networks.dropout import Dropout

        module.dropout = Dropout(options.dropout, rng, device)
    return module


def _blocks(model, rows, numbers, options, device, cache_bytes=None):
    from sklearn_halfnet.solvers.data import BlockData

    compute, n_columns, working_columns = model.inputs(rows.X)
    return BlockData(
        compute,
        numbers,
        rows.encoded,
        rows.weight,
        n_columns=n_columns,
        working_columns=working_columns,
        batch_size=rows_a_step(options.batch_size, len(numbers)),
        dtype=np.dtype(model.dtype),
        cache_bytes=options.cache_size * 2**20 if cache_bytes is None else cache_bytes,
        device=device,
    )


def _objective(model, module, options, rows):
    """Make what is minimised, labels smoothed towards their shares among the rows."""
    from sklearn_halfnet.solvers.losses import Objective, Smoothing, loss_of

    targets, smoothing = model.targets, None
    if options.label_smoothing:
        numbers = rows.numbers
        weight = None if rows.weight is None else rows.weight[numbers]
        indicators = targets.indicators(rows.encoded[numbers])
        shares = np.average(indicators.astype(np.float64), axis=0, weights=weight)
        device = next(module.parameters()).device
        shares = to_tensor(shares, model.dtype, device)
        smoothing = Smoothing(options.label_smoothing, shares)
    return Objective(module, loss_of(targets), options.alpha, smoothing)


def _monitor(module, options, validate=None, report=None):
    from sklearn_halfnet.solvers.monitor import Monitor

    patience = options.patience(scores=validate is not None)
    return Monitor(
        module, tol=options.tol, patience=patience, validate=validate, report=report
    )


def _validator(model, objective, data, rows, smoothing=None):
    """Return a function of score and mean loss of the network on held-out rows."""
    torch = import_torch()

    module, targets = objective.network, model.targets
    truth, numbers = rows.encoded[rows.numbers], rows.numbers
    weight = None if rows.weight is None else rows.weight[numbers]
    smoothing, tensor = smoothing and smoothing.to("cpu"), torch.from_numpy(truth)
    score = score_of(targets, truth, weight)

    def validate():
        module.eval()
        with torch.no_grad():
            blocks = [module(data.block(i)[0]) for i in range(len(data))]
            module.train()
            scores = torch.cat(blocks).cpu()
            if not torch.isfinite(scores).all():
                return math.nan, math.nan
            each = objective.loss(scores, tensor, smoothing).numpy()
        loss = float(np.average(each.astype(np.float64), weights=weight))
        return score(scores, loss), loss

    return validate


def _reporter(model, module, watch, revise, n_before):
    """Return what is called after each pass, or None."""
    if watch is None and revise is None:
        return None
    passes = count(n_before + 1)

    def now():
        return model.trained(module)

    def report(loss, score):
        stops = watch is not None and watch(now, loss, score)
        revised = None if revise is None else revise(now, next(passes))
        if revised is not None:
            _take_values(module, revised)
        return stops

    return report


def _take_values(module, model):
    """Give a module the values of another network of the same shape."""
    torch = import_torch()

    parameters = list(module.parameters())
    source = model.module(parameters[0].device)
    with torch.no_grad():
        for new, old in zip(source.parameters(), parameters, strict=True):
            old.copy_(new)


def _minimise(
    model, module, objective, data, solver, monitor, options, before, keep=None
):
    """Run the solver to its end and take what it found."""
    after = monitor
    if keep is not None and SOLVERS[options.solver].minibatches:
        keep.take_up()
        after = keep.after
    if before is not None and (keep is None or keep.kept.state is None):
        state = before.left_off(options.solver, options.max_iter)
        if state is not None:
            solver.resume(state)
            monitor.remember(before)
    converged, checkpoint = _solve(solver, objective, data, after, monitor, options)
    monitor.check_parameters()
    monitor.restore_best()
    model = model.trained(module)
    if not (converged or options.ends_by_itself):
        warnings.warn(
            f"{options.name}: solver={options.solver!r} stopped after "
            f"max_iter={options.max_iter} iterations before it converged.",
            ConvergenceWarning,
        )
    history = History(
        monitor.losses, options.alpha, checkpoint=checkpoint, **options.regularisation
    )
    if monitor.validate is None:
        return model, history
    return model, history.judged_by(monitor.scores, monitor.validation_losses)


def _solve(solver, objective, data, after, monitor, options):
    """Run the solver; Ctrl-C ends training and keeps what has been learned."""
    try:
        return solver.solve(objective, data, options.max_iter, after), None
    except KeyboardInterrupt:
        warnings.warn(
            f"Training interrupted by the user after {len(monitor.losses)} "
            "iterations; the model holds what was learned until then, and "
            f"warm_start=True {SOLVERS[options.solver].after_interrupt} from there."
        )
        return True, LeftOff(options.solver, solver.checkpoint())


def _blank_loss(targets, rows):
    """Mean loss of the best constant, which is about that of scores of zero."""
    if targets.blank_loss is not None:
        return targets.blank_loss
    encoded = rows.encoded[rows.numbers].astype(np.float64)
    weight = None if rows.weight is None else rows.weight[rows.numbers]
    return mean_loss(
        targets, constant_scores(targets, encoded, weight), encoded, weight
    )


def _judge(reached, blank, options):
    """Warn if training has ended far from any sense.

    A read-out of zero, which predicts the same for all rows, is open to every network:
    what ends far above it has not been minimised.
    """
    if reached > _FAR * blank > 0:
        warnings.warn(
            f"{options.name}: training ended with an objective of {reached:.3g}, where "
            f"a read-out of zero has {blank:.3g}. It has diverged, or max_iter is too "
            "small to reduce the penalty. Lower learning_rate_init or alpha, or raise "
            "max_iter.",
            ConvergenceWarning,
        )
