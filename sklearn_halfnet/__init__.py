"""Neural networks that train only what matters, as scikit-learn estimators."""

from importlib import import_module

from sklearn_halfnet._version import __version__ as __version__

_PUBLIC = {
    "ConvHalfLayerClassifier": "sklearn_halfnet.estimators.conv_half_layer",
    "ConvHalfLayerRegressor": "sklearn_halfnet.estimators.conv_half_layer",
    "DeskewResize": "sklearn_halfnet.estimators.deskew_resize",
    "ELMClassifier": "sklearn_halfnet.estimators.elm",
    "ELMRegressor": "sklearn_halfnet.estimators.elm",
    "Gram": "sklearn_halfnet.linear.gram",
    "HalfLayerClassifier": "sklearn_halfnet.estimators.half_layer",
    "HalfLayerRegressor": "sklearn_halfnet.estimators.half_layer",
    "HalfNetClassifier": "sklearn_halfnet.estimators.halfnet",
    "HalfNetRegressor": "sklearn_halfnet.estimators.halfnet",
    "PartialCNNClassifier": "sklearn_halfnet.estimators.partial_cnn",
    "PartialCNNRegressor": "sklearn_halfnet.estimators.partial_cnn",
    "RVFLClassifier": "sklearn_halfnet.estimators.rvfl",
    "RVFLRegressor": "sklearn_halfnet.estimators.rvfl",
    "RandomFeatures": "sklearn_halfnet.estimators.random_features",
    "RandomNetwork": "sklearn_halfnet.estimators.random_network",
    "SharedBackboneEnsembleClassifier": "sklearn_halfnet.estimators.shared_backbone",
    "WeightAgnosticClassifier": "sklearn_halfnet.estimators.weight_agnostic",
    "WeightAgnosticRegressor": "sklearn_halfnet.estimators.weight_agnostic",
}

__all__ = sorted([*_PUBLIC, "__version__"])


def __getattr__(name):
    """Import a public name when it is first used (PEP 562)."""
    if name not in _PUBLIC:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_PUBLIC[name]), name)


def __dir__():
    return __all__
