"""Minutes that are not to be exceeded, whatever a machine takes for a fit."""

import time

import numpy as np

from sklearn_halfnet.experiments._common.epochs import FitCallback

__all__ = ["Minutes", "PassesInTime"]

# Seconds beside the passes of a fit: to validate and scale rows, and to predict.
_BESIDE = 5.0


class Minutes:
    """A budget in stages: what one stage leaves is the next one's.

    It begins when it is asked first: to load libraries takes none of it.

    Parameters
    ----------
    minutes : float
    shares : dict
        Stage -> its part, in any unit.
    """

    def __init__(self, minutes, shares):
        ends = 60 * minutes * np.cumsum([*shares.values()]) / sum(shares.values())
        self.ends = dict(zip(shares, ends, strict=True))
        self.begun, self.known = None, {}

    def left(self, stage):
        """Seconds that a stage has left."""
        now = time.perf_counter()
        self.begun = now if self.begun is None else self.begun
        return float(self.begun + self.ends[stage] - now)

    def allow(self, stage, kind):
        """Whether what took some seconds before, by its kind, can be done again."""
        return self.left(stage) > self.known.get(kind, _BESIDE)

    def took(self, kind, seconds):
        """Note what a fit of some kind has taken."""
        self.known[kind] = seconds


class PassesInTime(FitCallback):
    """Stop a fit after a few passes if it cannot end in time.

    Parameters
    ----------
    seconds : float
        That are left.
    n_passes : int
        Of the whole fit.
    """

    def __init__(self, seconds, n_passes):
        self.end, self.n_passes = time.perf_counter() + seconds, n_passes
        self.ends, self.gave_up = [time.perf_counter()], False

    def on_fit_task_end(self, estimator, context):
        """Say whether to stop, from the second pass on: the first one fills a cache."""
        if context.task_name != "iteration":
            return False
        self.ends.append(time.perf_counter())
        left = self.n_passes - len(self.ends) + 1
        if len(self.ends) > 2 and left:
            needed = left * self.seconds + _BESIDE
            self.gave_up = time.perf_counter() + needed > self.end
        return self.gave_up

    @property
    def seconds(self):
        """Median seconds of a pass, without the first if there are more."""
        each = np.diff(self.ends)
        return float(np.median(each[1:] if len(each) > 1 else each))
