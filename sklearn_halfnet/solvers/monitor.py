"""Watching a training run: losses, validation scores, when to stop, what to keep."""

import math

import torch

from sklearn_halfnet.exceptions import NonFiniteError

__all__ = ["Monitor"]


class Monitor:
    """Called with the loss after each pass over the data; says whether to stop.

    Parameters
    ----------
    network : torch.nn.Module
    tol : float
        What counts as better: a validation score higher, or a loss lower, by this much.
    patience : int or None
        Stop after this many passes in a row without; None never stops.
    validate : callable or None
        ``validate()`` returns score and loss of the network as it is now on rows held
        out, NaN if a prediction is not finite. Patience then counts by the score, and
        ``restore_best`` goes back to the best, the last of equals.
    report : callable or None
        ``report(loss, score)`` after each pass; returns True to stop.
    """

    def __init__(self, network, *, tol, patience, validate=None, report=None):
        self.network = network
        self.tol = tol
        self.patience = patience
        self.validate = validate
        self.report = report
        self.losses = []
        self.scores = []
        self.validation_losses = []
        self.best = -math.inf
        self.best_values = None
        self.n_no_change = 0

    def __call__(self, loss):
        """Take note of one pass; return True if training is to stop."""
        self.losses.append(loss)
        self._check_finite(loss, "the loss")
        score = None
        if self.validate is not None:
            score, validation_loss = self.validate()
            self._check_finite(score, "a prediction of a held-out row")
            self.scores.append(score)
            self.validation_losses.append(validation_loss)
        self._compare(-loss if score is None else score)
        asked = self.report is not None and self.report(loss, score)
        return bool(asked) or self._out_of_patience()

    def remember(self, history):
        """Take note of the passes before training was cut off.

        The parameters now are those of the best of them.
        """
        self.losses = list(history.losses)
        if self.validate is None or history.scores is None:
            return
        self.scores = list(history.scores)
        self.validation_losses = list(history.validation_losses)
        if self.scores:
            self._compare(history.best_score)

    def check_parameters(self):
        """Raise if a trained value is not finite."""
        for parameter in self.network.parameters():
            if not torch.isfinite(parameter).all():
                self._raise_diverged("a trained parameter")

    def judge(self, objective, batch):
        """Return the objective on some rows, of the network as it predicts.

        Raises if a prediction is not finite: the parameters can all be.
        """
        self.network.eval()
        with torch.no_grad():
            loss = float(objective.data_loss(*batch))
            self._check_finite(loss, "a prediction")
            return loss + float(objective.penalty())

    def restore_best(self):
        """Give the network the values that had the best validation score."""
        if self.best_values is None:
            return
        with torch.no_grad():
            for value, best in zip(
                _values(self.network), self.best_values, strict=True
            ):
                value.copy_(best)

    def _compare(self, value):
        self.n_no_change = 0 if value > self.best + self.tol else self.n_no_change + 1
        if value < self.best:
            return
        self.best = value
        if self.validate is not None:
            self.best_values = [v.detach().clone() for v in _values(self.network)]

    def _out_of_patience(self):
        return self.patience is not None and self.n_no_change >= self.patience

    def _check_finite(self, value, what):
        if not math.isfinite(value):
            self._raise_diverged(what)

    def _raise_diverged(self, what):
        raise NonFiniteError(
            f"Training has diverged: {what} is non-finite after pass "
            f"{len(self.losses)}. Lower learning_rate_init, or use dtype='float64' or, "
            "where there is one, solver='lbfgs'."
        )


def _values(network):
    """List what training changes: parameters, and the averages of batch norms."""
    return list(network.state_dict().values())
