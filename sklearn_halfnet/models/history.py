"""What is known of a training when it has ended, beside the network."""

import math
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

__all__ = ["History", "LeftOff"]


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
    scores : list of float or None
        Scores of the held-out rows after each pass, if any were.
    alpha : float
        L2 strength of the objective.
    checkpoint : LeftOff or None
        Where Ctrl-C stopped the solver.
    optimizer : LeftOff or None
        Of a training that goes on chunk by chunk.
    """

    losses: list[float]
    scores: list[float] | None
    alpha: float
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

    def left_off(self, solver, max_iter):
        """State from which a solver does the passes that Ctrl-C has left; else None."""
        name, state = self.checkpoint or (None, None)
        if name != solver or state is None or state["n_passes"] >= max_iter:
            return None
        return state

    def optimizer_of(self, solver):
        """State from which a solver takes the next chunk of rows; else None."""
        name, state = self.optimizer or (None, None)
        return state if name == solver else None

    def after_chunk(self, loss, alpha, optimizer):
        """Add a pass over a chunk of rows."""
        return replace(
            self,
            losses=[*self.losses, loss],
            alpha=alpha,
            checkpoint=None,
            optimizer=optimizer,
        )
