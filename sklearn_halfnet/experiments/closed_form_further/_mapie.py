"""MAPIE, which makes intervals and sets of any model: the rival of two tables."""

from importlib import import_module

from sklearn_halfnet.exceptions import CommandError

__all__ = ["COVERAGE", "cross_conformal"]

COVERAGE = 0.9


def cross_conformal(task, estimator, **options):
    """Make MAPIE's cross-conformal estimator of five folds.

    Parameters
    ----------
    task : {"classification", "regression"}
    estimator : estimator
    **options : dict

    Raises
    ------
    CommandError
        If MAPIE is not installed.
    """
    try:
        module = import_module(f"mapie.{task}")
    except ImportError as error:
        raise CommandError(
            "this table needs MAPIE: pip install sklearn-halfnet[rivals]."
        ) from error
    kind = {
        "classification": "CrossConformalClassifier",
        "regression": "CrossConformalRegressor",
    }[task]
    return getattr(module, kind)(estimator, confidence_level=COVERAGE, cv=5, **options)
