"""A claim of a source, and how it is judged."""

from collections.abc import Callable
from dataclasses import dataclass

__all__ = ["Claim", "figures"]


@dataclass(frozen=True)
class Claim:
    """One claim of a source.

    Attributes
    ----------
    text : str
        With the paper's figures, where it has any.
    judge : callable or None
        Takes Records; returns whether it came out, and our figures as text. None: it
        was not tried.
    command : str
        What makes the records, behind ``halfnet reproduce``.
    """

    text: str
    judge: Callable | None = None
    command: str = ""


def figures(values, digits=2):
    """Write numbers with commas between them."""
    return ", ".join(f"{value:.{digits}f}" for value in values)
