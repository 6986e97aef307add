"""Every estimator with nothing set but its seed, and the linear models beside it."""

import numpy as np
from sklearn.linear_model import LogisticRegression, LogisticRegressionCV, RidgeCV
from sklearn.pipeline import make_pipeline

from sklearn_halfnet import (
    BoostedFeaturesClassifier,
    BoostedFeaturesRegressor,
    ConvHalfLayerClassifier,
    ConvHalfLayerRegressor,
    DeskewResize,
    ELMClassifier,
    ELMRegressor,
    HalfLayerClassifier,
    HalfLayerRegressor,
    HalfNetClassifier,
    HalfNetRegressor,
    PartialCNNClassifier,
    PartialCNNRegressor,
    RandomBranchedNetwork,
    RandomFeatures,
    RandomNetwork,
    RandomRecurrentNetwork,
    RVFLClassifier,
    RVFLRegressor,
    SharedBackboneEnsembleClassifier,
    WeightAgnosticClassifier,
    WeightAgnosticRegressor,
)
from sklearn_halfnet.experiments._common.rivals import scaled, seeded
from sklearn_halfnet.experiments.defaults._data import IMAGE_SHAPE

__all__ = ["BASELINES", "MODELS", "OF_IMAGES", "SLOW", "logistic", "ridge"]

_UNTRAINED = (RandomNetwork, RandomBranchedNetwork, RandomRecurrentNetwork)


def ridge():
    """Make a ridge regression whose strength is chosen by leave-one-out."""
    return scaled(RidgeCV(np.logspace(-2, 5, 15)))


def logistic():
    """Make a logistic regression with scikit-learn's own strength."""
    return scaled(LogisticRegression(max_iter=1_000))


def _chosen_ridge():
    return RidgeCV(np.logspace(-4, 5, 19))


def _chosen_logistic():
    return LogisticRegressionCV(
        Cs=np.logspace(-4, 2, 7),
        cv=3,
        scoring="neg_log_loss",
        max_iter=1_000,
        tol=1e-3,
        # Not to be warned of what these will be.
        l1_ratios=(0,),
        use_legacy_attributes=False,
    )


def _of_images(estimator):
    """Set the shape of the images beside the seed."""
    return seeded(estimator, image_shape=IMAGE_SHAPE)


def _before(transformer, last):
    """Put a transformer before a linear model whose strength suits many features."""
    return lambda seed: make_pipeline(transformer(random_state=seed), last())


def _baselines(last):
    """Untrained networks before a linear model."""
    return {each.__name__: _before(each, last) for each in _UNTRAINED}


def _shared_backbone(seed):
    member = PartialCNNClassifier(image_shape=IMAGE_SHAPE)
    return SharedBackboneEnsembleClassifier(member, random_state=seed)


def _upright(seed):
    return make_pipeline(DeskewResize(IMAGE_SHAPE), logistic())


# Task -> name -> function of a seed.
MODELS = {
    "classification": {
        "half layer": seeded(HalfLayerClassifier),
        "HalfNet": seeded(HalfNetClassifier),
        "ELM": seeded(ELMClassifier),
        "RVFL": seeded(RVFLClassifier),
        "boosted features": seeded(BoostedFeaturesClassifier),
        "RandomFeatures": _before(RandomFeatures, _chosen_logistic),
        **_baselines(_chosen_logistic),
        "weight-agnostic": seeded(WeightAgnosticClassifier),
        "ConvHalfLayer": _of_images(ConvHalfLayerClassifier),
        "partial CNN": _of_images(PartialCNNClassifier),
        "shared backbone": _shared_backbone,
        "DeskewResize": _upright,
    },
    "regression": {
        "half layer": seeded(HalfLayerRegressor),
        "HalfNet": seeded(HalfNetRegressor),
        "ELM": seeded(ELMRegressor),
        "RVFL": seeded(RVFLRegressor),
        "boosted features": seeded(BoostedFeaturesRegressor),
        "RandomFeatures": _before(RandomFeatures, _chosen_ridge),
        **_baselines(_chosen_ridge),
        "weight-agnostic": seeded(WeightAgnosticRegressor),
        "ConvHalfLayer": _of_images(ConvHalfLayerRegressor),
        "partial CNN": _of_images(PartialCNNRegressor),
    },
}
OF_IMAGES = {"ConvHalfLayer", "partial CNN", "shared backbone", "DeskewResize"}
# Seconds to minutes a fit.
SLOW = {"HalfNet", "weight-agnostic", "partial CNN", "shared backbone"}
# A step for each column, a hundred numbers for each block and path.
SLOW |= {"RandomRecurrentNetwork", "RandomBranchedNetwork"}
# Untrained and deep, to be looked through: held against the constant only.
BASELINES = {each.__name__ for each in _UNTRAINED}
