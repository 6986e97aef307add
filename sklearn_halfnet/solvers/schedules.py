"""Learning rate schedules: the factor on ``learning_rate_init`` during training."""

import math

__all__ = ["SCHEDULES", "ends_at_zero"]

_WARM_UP = 0.2


def _constant(progress):
    return 1.0


def _cosine(progress):
    return 0.5 * (1 + math.cos(math.pi * progress))


def _one_cycle(progress):
    """Rise linearly over the first fifth, then fall as half a cosine."""
    if progress < _WARM_UP:
        return 0.04 + 0.96 * progress / _WARM_UP
    return _cosine((progress - _WARM_UP) / (1 - _WARM_UP))


# Each maps the share of all steps done, from 0 to 1, to a factor.
SCHEDULES = {"constant": _constant, "cosine": _cosine, "one_cycle": _one_cycle}


def ends_at_zero(schedule):
    """Tell whether a schedule ends training by itself after ``max_iter`` passes."""
    return SCHEDULES[schedule](1.0) < 1e-6
