"""What a user writes, right and wrong, for a type checker to read; never run."""

import numpy as np
from scipy import sparse
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

from sklearn_halfnet import (
    DeskewResize,
    ELMClassifier,
    ELMRegressor,
    HalfLayerClassifier,
    RandomFeatures,
    RandomNetwork,
    WeightAgnosticClassifier,
    WeightAgnosticRegressor,
)

X = np.zeros((9, 4))
y = np.arange(9) % 2

# -- right -----------------------------------------------------------------------------

ELMClassifier(500, "binary", "tanh", alpha="loo", class_weight={0: 2.0}).fit(X, y)
ELMClassifier((60, 40), ["normal", "binary"], alpha=0.5, random_state=0)
ELMRegressor(np.array([30, 20]), alphas=[0.1, 1.0]).fit(sparse.csr_array(X), y)
HalfLayerClassifier((40, 20), alpha="auto").fit(X, y).predict_proba(X).max()
RandomFeatures(50, "orthogonal", "cos", gamma="scale").fit(X).transform(X)
RandomFeatures(9, X, scale=0.5).fit_transform(X, y)
RandomFeatures(9, lambda n_units, n_features, rng: rng.normal(size=(n_units, 4)))
RandomNetwork([30, 20], weight_scale="critical").fit(X).transform_layers(X)[0].max()
DeskewResize((2, 2), output_shape=(1, 1), deskew=False).fit(X).transform(X).mean()
found = WeightAgnosticClassifier("evolution", batch_size="full", max_time=1.5)
found.fit(X, y, sample_weight=np.ones(9)).train_weights(X, y).score(X, y)
found.set_params(predict_with="tuned").weight_profile(X, y, [1, 2]).max()
WeightAgnosticRegressor(shared_weights=[1, 2.5], random_state=0).fit(X, y).predict(X)
GridSearchCV(make_pipeline(RandomFeatures(), ELMClassifier()), {}).fit(X, y)

# -- wrong -----------------------------------------------------------------------------

HalfLayerClassifier(hidden_units=3)  # error
HalfLayerClassifier().fit(X, y).predikt(X)  # error
HalfLayerClassifier(alpha="atuo")  # error
ELMClassifier(alpha="atuo")  # error
ELMClassifier(500, "binary", "tanh", 1.0)  # error
ELMRegressor(class_weight="balanced")  # error
ELMRegressor().predict_proba(X)  # error
RandomFeatures(activation="rleu")  # error
RandomFeatures("many")  # error
RandomFeatures(weight_kind="nomral")  # error
RandomNetwork(weight_scale="critcal")  # error
DeskewResize((2, 2), (1, 1), False)  # error
WeightAgnosticClassifier(predict_with="tune")  # error
WeightAgnosticClassifier(class_weight="balance")  # error
WeightAgnosticRegressor(max_iter="many")  # error
ELMClassifier().fit(X, y).predikt(X)  # error
