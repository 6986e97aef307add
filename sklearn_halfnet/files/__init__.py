"""Model files: an estimator as a zip of arrays and a list of what they are.

A file is data. Reading one executes nothing of it, creates objects of the classes in
:mod:`sklearn_halfnet.files.classes` only, and allocates nothing before its size is
known.
"""

from sklearn_halfnet.files.archive import is_model_file
from sklearn_halfnet.files.classes import trusted_types
from sklearn_halfnet.files.model_file import describe, load, save

__all__ = ["describe", "is_model_file", "load", "save", "trusted_types"]
