"""Errors and warnings of sklearn_halfnet.

Anything that scikit-learn has a word for (``NotFittedError``,
``ConvergenceWarning``, ``DataConversionWarning``) is raised as scikit-learn's.
"""

__all__ = ["CommandError", "DatasetError", "ModelFileError", "NonFiniteError"]


class CommandError(ValueError):
    """A command, or an option of it, cannot be followed; the message says why."""


class DatasetError(OSError):
    """A data set cannot be had: missing, truncated, altered, or no network.

    The message names the file and says what to do.
    """


class ModelFileError(ValueError):
    """A model file cannot be read; the message names the file and says why."""


class NonFiniteError(ValueError):
    """Training has produced a value that is not finite (it has diverged)."""
