"""scikit-learn's models that stand beside ours, as functions of a seed."""

from sklearn.compose import TransformedTargetRegressor
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

__all__ = ["scaled", "scaled_mlp", "seeded"]


def seeded(estimator, *arguments, **options):
    """Return a function that makes an estimator from its random state."""
    return lambda seed: estimator(*arguments, **options, random_state=seed)


def scaled(*steps):
    """Put a StandardScaler before what follows."""
    return make_pipeline(StandardScaler(), *steps)


def scaled_mlp(task, before=scaled, **options):
    """Make an MLP behind a StandardScaler; a regression target is standardised, too."""
    if task == "classification":
        return before(MLPClassifier(**options))
    mlp = before(MLPRegressor(**options))
    return TransformedTargetRegressor(mlp, transformer=StandardScaler())
