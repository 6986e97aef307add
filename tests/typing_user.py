"""What a user writes, right and wrong, for a type checker to read; never run.

A wrong line says which error it is to have: without one, its comment is reported.
"""

# pyright: reportUnnecessaryTypeIgnoreComment=error

import numpy as np
from scipy import sparse
from sklearn.model_selection import GridSearchCV
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
    SharedBackboneEnsembleClassifier,
    WeightAgnosticClassifier,
    WeightAgnosticRegressor,
)
from sklearn_halfnet.weights import BinaryWeights

X = np.zeros((9, 4))
y = np.arange(9) % 2

# -- right -----------------------------------------------------------------------------

ELMClassifier(500, "binary", "tanh", alpha="loo", class_weight={0: 2.0}).fit(X, y)
ELMClassifier((60, 40), ["normal", "binary"], alpha=0.5, random_state=0)
ELMRegressor(np.array([30, 20]), alphas=[0.1, 1.0]).fit(sparse.csr_array(X), y)
list(BoostedFeaturesClassifier(3, loss="log_loss").fit(X, y).staged_predict_proba(X))
BoostedFeaturesRegressor(directions="auto", cv=3).fit(X, y).losses_.min()
HalfLayerClassifier((40, 20), alpha="auto").fit(X, y).predict_proba(X).max()
HalfLayerClassifier(40, BinaryWeights(), solver="lbfgs").fit(X, y).model_.n_trained + 1
HalfLayerRegressor(9, "principal", full_layer_sizes=(8, 4), solver="lbfgs").fit(X, y)
ConvHalfLayerClassifier(9, full_layer_sizes=[8]).fit(X, y).weights_[0].sum()
HalfLayerRegressor([9], [BinaryWeights()]).partial_fit(X, y).model_.scores(X)
ConvHalfLayerClassifier(64, image_shape=(2, 2), head="full", filters=[4, 8]).fit(X, y)
ConvHalfLayerRegressor(batch_size="full").fit(X, y).transform_layers(X)[0].max()
PartialCNNClassifier("vgg", trainable={"batch_norm", "block1"}, depth=9, alpha=1e-3)
PartialCNNRegressor(solver="adam", n_filters=3).fit(X, y).n_features_in_.bit_length()
members = SharedBackboneEnsembleClassifier(
    PartialCNNClassifier(flips=True), 3, n_jobs=2
)
members.fit(X, y).estimators_[0].model_.design.architecture.upper()
HalfNetClassifier([30], rank="auto", polish="ridge").fit(X, y).transform(X).max()
HalfNetRegressor(30, 2).fit(X, y).resample(X, y, refit=False).set_factor(X).predict(X)
HalfNetClassifier(early_stopping="auto").fit(X, y, X_val=X, y_val=y).predict_proba(X)
PartialCNNRegressor().fit(X, y, X_val=X, y_val=y, sample_weight_val=y).predict(X)
RandomFeatures(50, "orthogonal", "cos", gamma="scale").fit(X).transform(X)
RandomFeatures(9, X, scale=0.5).fit_transform(X, y)
RandomFeatures(9, lambda n_units, n_features, rng: rng.normal(size=(n_units, 4)))
RandomBranchedNetwork([[8], [8, (8, 3)], ["pool", 8]], image_shape=(3, 4)).fit(X)
RandomRecurrentNetwork(20, weight_kind=["normal", "instances"]).fit(X).transform(X)
RandomNetwork([30, 20], weight_scale="critical").fit(X).transform_layers(X)[0].max()
DeskewResize((2, 2), output_shape=(1, 1), deskew=False).fit(X).transform(X).mean()
found = WeightAgnosticClassifier("evolution", batch_size="full", max_time=1.5)
found.fit(X, y, sample_weight=np.ones(9)).train_weights(X, y).score(X, y)
found.set_params(predict_with="tuned").weight_profile(X, y, [1, 2]).max()
WeightAgnosticRegressor(shared_weights=[1, 2.5], random_state=0).fit(X, y).predict(X)
GridSearchCV(make_pipeline(RandomFeatures(), ELMClassifier()), {}).fit(X, y)

# -- wrong -----------------------------------------------------------------------------

HalfLayerClassifier(hidden_units=3)  # pyright: ignore[reportCallIssue]
HalfLayerClassifier().fit(X, y).predikt(X)  # pyright: ignore[reportAttributeAccessIssue]
HalfLayerClassifier(alpha="atuo")  # pyright: ignore[reportArgumentType]
HalfLayerClassifier(weight_kind=["nomral"])  # pyright: ignore[reportArgumentType]
HalfLayerClassifier(full_layer_sizes="wide")  # pyright: ignore[reportArgumentType]
HalfLayerRegressor(solver="sgd")  # pyright: ignore[reportArgumentType]
HalfLayerRegressor(class_weight="balanced")  # pyright: ignore[reportCallIssue]
ConvHalfLayerClassifier(activation="rleu")  # pyright: ignore[reportArgumentType]
ConvHalfLayerClassifier(head="halves")  # pyright: ignore[reportArgumentType]
ConvHalfLayerRegressor(filters=16)  # pyright: ignore[reportArgumentType]
PartialCNNClassifier("resnet")  # pyright: ignore[reportArgumentType]
PartialCNNClassifier(alpha="auto")  # pyright: ignore[reportArgumentType]
PartialCNNRegressor(solver="lbfgs")  # pyright: ignore[reportArgumentType]
SharedBackboneEnsembleClassifier(HalfNetClassifier())  # pyright: ignore[reportArgumentType]
members.partial_fit(X, y)  # pyright: ignore[reportAttributeAccessIssue]
HalfNetClassifier(weight_kind="normal")  # pyright: ignore[reportCallIssue]
HalfNetClassifier(polish=True)  # pyright: ignore[reportArgumentType]
HalfNetClassifier(early_stopping="yes")  # pyright: ignore[reportArgumentType]
HalfNetClassifier().fit(X, y, None, X, y)  # pyright: ignore[reportCallIssue]
HalfNetClassifier().fit(X, y).predikt(X)  # pyright: ignore[reportAttributeAccessIssue]
HalfNetRegressor(dtype="float16")  # pyright: ignore[reportArgumentType]
ELMClassifier(alpha="atuo")  # pyright: ignore[reportArgumentType]
ELMClassifier(500, "binary", "tanh", 1.0)  # pyright: ignore[reportCallIssue]
ELMClassifier().fit(X, y, X_val=X, y_val=y)  # pyright: ignore[reportCallIssue]
ELMRegressor(class_weight="balanced")  # pyright: ignore[reportCallIssue]
ELMRegressor().predict_proba(X)  # pyright: ignore[reportAttributeAccessIssue]
RandomFeatures(activation="rleu")  # pyright: ignore[reportArgumentType]
RandomFeatures("many")  # pyright: ignore[reportArgumentType]
RandomFeatures(weight_kind="nomral")  # pyright: ignore[reportArgumentType]
RandomNetwork(weight_scale="critcal")  # pyright: ignore[reportArgumentType]
DeskewResize((2, 2), (1, 1), False)  # pyright: ignore[reportCallIssue]
WeightAgnosticClassifier(predict_with="tune")  # pyright: ignore[reportArgumentType]
WeightAgnosticClassifier(class_weight="balance")  # pyright: ignore[reportArgumentType]
WeightAgnosticRegressor(max_iter="many")  # pyright: ignore[reportArgumentType]
ELMClassifier().fit(X, y).predikt(X)  # pyright: ignore[reportAttributeAccessIssue]
