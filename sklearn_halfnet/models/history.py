"""What is known of a training when it has ended, beside the network."""

import math
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

__all__ = ["History", "LeftOff"]

# Share of an error, one minus accuracy, R2 or D2. Of many passes one is best by chance
# where held-out rows are few, and later ones have a lower rate: to end at the very best
# cost up to 7 points of accuracy on ten tables, and this 0.6 at most.
_ABOUT = 0.05


class LeftOff(NamedTuple):
    """State of a solver, of use to the same solver only.

    Parameters
    ----------
    solver : str
        Its name.
    state : object
        Plain data and arrays.
    """

    solver: str
    state: Any


@dataclass(frozen=True)
class History:
    """Course of a training.

    Parameters
    ----------
    losses : list of float
        Objective after each pass.
    alpha : float
        L2 strength of the objective.
    scores, validation_losses : list of float or None
        Scores and mean losses of the held-out rows after each pass, if any were. Where
        training then began once more, on all rows, these are of the first time.
    ends_after : int or None
        Passes after which training on all rows ends, as held-out rows have said.
    dropout : float
        Share of units that were zero in a step.
    learning_rate_init : float or None
        Largest rate, of a solver that has one.
    checkpoint : LeftOff or None
        Where Ctrl-C stopped the solver.
    optimizer : LeftOff or None
        Of a training that goes on chunk by chunk.
    """

    losses: list[float]
    alpha: float
    scores: list[float] | None = None
    validation_losses: list[float] | None = None
    ends_after: int | None = None
    dropout: float = 0.0
    learning_rate_init: float | None = None
    checkpoint: LeftOff | None = None
    optimizer: LeftOff | None = None

    @property
    def n_passes(self):
        """Number of passes."""
        return len(self.losses)

    @property
    def loss(self):
        """Last loss; NaN before the first pass has ended."""
        return self.losses[-1] if self.losses else math.nan

    @property
    def best_score(self):
        """Largest score; None if there are none."""
        return None if self.scores is None else max(self.scores, default=-math.inf)

    @property
    def last_good_pass(self):
        """Number of the last pass whose error is about as low as the least."""
        scores = self.scores or []
        enough = max(scores) - _ABOUT * abs(1 - max(scores))
        return max(number for number, s in enumerate(scores, 1) if s >= enough)

    def left_off(self, solver, max_iter):
        """State from which a solver does the passes that Ctrl-C has left; else None."""
        name, state = self.checkpoint or (None, None)
        last = max_iter if self.ends_after is None else min(max_iter, self.ends_after)
        if name != solver or state is None or state["n_passes"] >= last:
            return None
        return state

    def judged_by(self, scores, validation_losses, ends_after=None):
        """Add what held-out rows say."""
        return replace(
            self,
            scores=scores,
            validation_losses=validation_losses,
            ends_after=ends_after,
        )

    def optimizer_of(self, solver):
        """State from which a solver takes the next chunk of rows; else None."""
        name, state = self.optimizer or (None, None)
        return state if name == solver else None

    def after_chunk(self, loss, alpha, optimizer, **regularisation):
        """Add a pass over a chunk of rows."""
        return replace(
            self,
            losses=[*self.losses, loss],
            alpha=alpha,
            ends_after=None,
            checkpoint=None,
            optimizer=optimizer,
            **regularisation,
        )
