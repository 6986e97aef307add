"""Half layers behind trained convolutions."""

import pickle

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler

from sklearn_halfnet import ConvHalfLayerClassifier, ConvHalfLayerRegressor
from sklearn_halfnet.solvers.losses import Objective

QUICK = {"hidden_layer_sizes": 32, "max_iter": 2, "random_state": 0}
SHAPED = {**QUICK, "image_shape": (8, 8)}
HEADS = ("half", "linear", "full")


@pytest.fixture(scope="module")
def digits():
    X, y = load_digits(return_X_y=True)
    return train_test_split(X / 16, y, random_state=0, stratify=y)


def test_flat_rows_equal_images(digits):
    X_train, X_test, y_train, _ = digits
    flat = ConvHalfLayerClassifier(**SHAPED).fit(X_train, y_train)
    for shape in ((-1, 8, 8), (-1, 1, 8, 8)):
        images = ConvHalfLayerClassifier(**QUICK).fit(X_train.reshape(shape), y_train)
        assert images.image_shape_ == (1, 8, 8)
        assert images.n_features_in_ == 64
        assert_array_equal(
            images.predict_proba(X_test.reshape(shape)), flat.predict_proba(X_test)
        )


def test_images_of_another_shape_are_refused(digits):
    images, y = digits[0][:50].reshape(-1, 8, 8, 1), digits[2][:50]
    model = ConvHalfLayerClassifier(**SHAPED).fit(images, y)  # the same rows, told so
    flat = model.predict(images.reshape(-1, 64))
    assert_array_equal(model.predict(images[..., 0]), flat)
    wide = images.reshape(-1, 4, 16)
    for refused in (model.predict, lambda X: model.partial_fit(X, y)):
        with pytest.raises(
            ValueError, match=r"shape \(4, 16\), but the model was fitted to"
        ):
            refused(wide)
    with pytest.raises(ValueError, match=r"\(4, 16\), but image_shape is \(8, 8\)"):
        model.fit(wide, y)
    with pytest.raises(ValueError, match="Found array with 0 sample"):
        model.predict(images[:0])


@pytest.mark.parametrize("head", HEADS)
def test_every_head_learns_in_a_pipeline(digits, head):
    X_train, X_test, y_train, y_test = digits
    model = ConvHalfLayerClassifier(
        64, image_shape=(8, 8), paddings=("same", "same"), head=head, random_state=0
    )
    pipeline = make_pipeline(MinMaxScaler(), model.set_params(max_iter=30))
    assert pipeline.fit(X_train, y_train).score(X_test, y_test) > 0.95


@pytest.mark.parametrize(
    "head, count", [("half", 2 * 32 + 330), ("linear", 330), ("full", 33 * 32 + 330)]
)
def test_number_of_trained_parameters(digits, head, count):
    X_train, _, y_train, _ = digits
    model = ConvHalfLayerClassifier(**SHAPED, head=head).fit(X_train, y_train)
    assert model.n_trainable_parameters_ == 416 + 4640 + count
    network = model.model_.module(torch.device("cpu"))
    trained = sum(p.numel() for p in network.parameters() if p.requires_grad)
    assert trained == model.n_trainable_parameters_


@pytest.mark.parametrize("head", ["half", "full"])
def test_two_hidden_layers(digits, head):
    X_train, _, y_train, _ = digits
    options = {**SHAPED, "hidden_layer_sizes": (32, 16)}
    model = ConvHalfLayerClassifier(**options, head=head).fit(X_train, y_train)
    assert [weights.shape for weights in model.weights_] == [(32, 32), (16, 32)]
    assert model.n_layers_ == 2


def test_kernels_learn_through_frozen_weights(digits):
    X_train, _, y_train, _ = digits
    before = ConvHalfLayerClassifier(**SHAPED).set_params(learning_rate_init=1e-12)
    before.fit(X_train, y_train)
    after = ConvHalfLayerClassifier(**SHAPED).fit(X_train, y_train)
    assert_array_equal(after.weights_[0], before.weights_[0])
    for old, new in zip(before.kernels_, after.kernels_, strict=True):
        assert np.abs(new - old).max() > 1e-3


def test_pre_activations_start_with_unit_variance(digits):
    X_train, _, y_train, _ = digits
    model = ConvHalfLayerClassifier(
        500, image_shape=(8, 8), learning_rate_init=1e-12, max_iter=1, random_state=0
    ).fit(X_train, y_train)
    features = model.transform_layers(X_train)[1]
    pre = features @ model.weights_[0].T * model.scales_[0]
    assert_allclose(pre.std(axis=0), 1, rtol=1e-3)


@pytest.mark.parametrize("head", HEADS)
def test_gradients_equal_finite_differences(head):
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((12, 36)), np.arange(12) % 3
    model = ConvHalfLayerClassifier(
        4,
        head=head,
        activation="tanh",
        image_shape=(6, 6),
        filters=(2,),
        kernel_sizes=(3,),
        paddings=("valid",),
        dtype="float64",
        max_iter=1,
        random_state=0,
    ).fit(X, y)
    network = model.model_.module(torch.device("cpu"))
    objective = Objective(network, "softmax", alpha=0.1)
    batch = (torch.from_numpy(X), torch.from_numpy(y), None)
    objective(*batch).backward()
    for parameter in objective.parameters():
        flat, gradient = parameter.detach().view(-1), parameter.grad.view(-1)
        for i in range(0, len(flat), 7):
            flat[i] += 1e-6
            above = objective(*batch).item()
            flat[i] -= 2e-6
            slope = (above - objective(*batch).item()) / 2e-6
            flat[i] += 1e-6
            assert_allclose(slope, gradient[i], atol=1e-5)


def test_regressor_and_units_of_the_target(digits):
    X_train, X_test, y_train, _ = digits
    plain = ConvHalfLayerRegressor(**SHAPED).fit(X_train, y_train).predict(X_test)
    other = ConvHalfLayerRegressor(**SHAPED).fit(X_train, np.c_[y_train, 9 - y_train])
    first, second = other.predict(X_test).T
    assert_allclose(second, 9 - first, atol=1e-2)
    assert plain.shape == first.shape


def test_kinds_of_weights_on_features(digits):
    X_train, X_test, y_train, y_test = digits
    for kind in ("binary", "instances", "sparse"):
        model = ConvHalfLayerClassifier(64, kind, image_shape=(8, 8), random_state=0)
        model.set_params(max_iter=15).fit(X_train, y_train)
        assert model.score(X_test, y_test) > 0.85


@pytest.mark.parametrize("head", HEADS)
def test_warm_start_and_pickle(digits, head):
    X_train, X_test, y_train, _ = digits
    model = ConvHalfLayerClassifier(**SHAPED, head=head, warm_start=True)
    model.fit(X_train, y_train)
    loss = model.loss_
    twin = pickle.loads(pickle.dumps(model))
    assert_array_equal(twin.predict_proba(X_test), model.predict_proba(X_test))
    assert model.fit(X_train, y_train).loss_ < loss
    assert twin.partial_fit(X_train, y_train).n_iter_ == 3


def test_attributes_are_numpy(digits):
    model = ConvHalfLayerClassifier(**SHAPED).fit(digits[0], digits[2])
    arrays = [*model.kernels_, *model.biases_, *model.weights_, model.read_out_coef_]
    assert {type(array) for array in arrays} == {np.ndarray}
    assert model.n_stored_bytes_ > sum(array.nbytes for array in arrays)


@pytest.mark.parametrize(
    "options, message",
    [
        ({"image_shape": None}, "image_shape must be given"),
        ({"image_shape": (7, 9)}, r"image_shape=\(7, 9\) does not fit images of 64"),
        ({"image_shape": (64,)}, r"must be \(height, width\) or"),
        ({"filters": (4,)}, "one entry for each convolutional layer"),
        ({"paddings": ("same", "full")}, "paddings must be 'same' or 'valid'"),
        ({"filters": (4, 0)}, "must be positive ints"),
        ({"pool_size": 4}, "shrink to nothing in convolutional layer 2"),
    ],
)
def test_wrong_shapes_are_named(digits, options, message):
    with pytest.raises(ValueError, match=message):
        ConvHalfLayerClassifier(**{**SHAPED, **options}).fit(digits[0], digits[2])


def test_colour_images():
    rng = np.random.default_rng(0)
    X, y = rng.random((60, 3, 8, 8)), np.arange(60) % 2
    X[y == 1, 2] += 1
    model = ConvHalfLayerClassifier(16, max_iter=20, random_state=0).fit(X, y)
    assert model.image_shape_ == (3, 8, 8)
    assert model.kernels_[0].shape == (16, 3, 5, 5)
    assert model.score(X, y) == 1


@pytest.mark.parametrize("head", ["half", "full"])
def test_activation_set_after_fit_waits_for_the_next_fit(digits, head):
    X_train, X_test, y_train, _ = digits
    options = {**SHAPED, "head": head, "max_iter": 1}
    model = ConvHalfLayerClassifier(**options).fit(X_train[:200], y_train[:200])
    before = model.predict_proba(X_test)
    after = model.set_params(activation="tanh").predict_proba(X_test)
    assert_array_equal(after, before)
