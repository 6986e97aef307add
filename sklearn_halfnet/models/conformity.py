"""How strange the labels of rows are that were left out, and the sets that follow."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

__all__ = ["SET_SCORES", "Conformity"]

# Shares that are whole numbers of rows but for rounding are these numbers.
_ROUNDING = 1 - 1e-9


def _least_ambiguous(probabilities):
    return 1 - probabilities


def _adaptive(probabilities):
    order = np.argsort(-probabilities, axis=1, kind="stable")
    ranked = np.take_along_axis(probabilities, order, axis=1)
    found = np.zeros_like(ranked)
    np.put_along_axis(found, order[:, 1:], np.cumsum(ranked, axis=1)[:, :-1], axis=1)
    return found


# Of probabilities (n, n_classes): how strange each class would be, as a label. APS is
# without its random part: what counts is the probability of the classes before.
SET_SCORES = {"lac": _least_ambiguous, "aps": _adaptive}


@dataclass(frozen=True, eq=False)
class Conformity:
    """Scores of the labels of rows that were left out.

    Parameters
    ----------
    scores : dict of str to ndarray of shape (n_rows,)
        By the names in ``SET_SCORES``.
    weight : ndarray of shape (n_rows,)
    """

    scores: dict[str, np.ndarray]
    weight: np.ndarray

    @classmethod
    def of(cls, scores, indicators, weight, targets):
        """Judge rows by their scores without themselves; None of several labels a row.

        Parameters
        ----------
        scores : ndarray of shape (n_rows, n_outputs)
            Log odds.
        indicators : ndarray of shape (n_rows, n_outputs)
        weight : ndarray of shape (n_rows,)
        targets : ClassTargets
        """
        if targets.kind == "multilabel":
            return None
        label = indicators[:, 0].astype(int)
        if targets.kind == "multiclass":
            label = indicators.argmax(axis=1)
        probabilities, rows = targets.probabilities(scores), np.arange(len(label))
        of_labels = {
            name: strangeness(probabilities)[rows, label]
            for name, strangeness in SET_SCORES.items()
        }
        return cls(of_labels, weight)

    @property
    def nbytes(self):
        """Bytes of the arrays."""
        return sum(each.nbytes for each in self.scores.values()) + self.weight.nbytes

    def sets(self, probabilities, coverages, score, allow_empty):
        """Return the classes (n, n_classes, n_levels) that are no stranger than labels.

        Parameters
        ----------
        probabilities : ndarray of shape (n, n_classes)
        coverages : sequence of float
        score : str
            One of ``SET_SCORES``.
        allow_empty : bool
            Whether the most probable class may be left out, too.
        """
        strange = SET_SCORES[score](probabilities)
        sets = strange[:, :, None] <= self._limits(coverages, score)
        if not allow_empty:
            sets[np.arange(len(sets)), probabilities.argmax(axis=1)] = True
        return sets

    def _limits(self, coverages, score):
        """Find the least scores that hold these shares of the rows and a new one."""
        order = np.argsort(self.scores[score])
        total = np.cumsum(self.weight[order])
        wanted = np.asarray(coverages) * (total[-1] + self.weight.mean()) * _ROUNDING
        place = np.searchsorted(total, wanted)
        return np.append(self.scores[score][order], np.inf)[place]
