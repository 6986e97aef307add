"""Spectrum, effective rank, angles, truncation, and their pictures."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.datasets import load_digits
from sklearn.neural_network import MLPClassifier

from sklearn_halfnet import HalfNetClassifier, HalfNetRegressor
from sklearn_halfnet.datasets import make_multi_index
from sklearn_halfnet.inspection.spectrum import (
    cumulative_energy,
    directions,
    effective_rank,
    first_layer,
    principal_angles,
    spectrum,
    truncated,
    truncation_curve,
)
from sklearn_halfnet.inspection.spectrum_display import (
    DirectionsDisplay,
    PrincipalAnglesDisplay,
    SpectrumDisplay,
    TruncationDisplay,
)

# A of other networks is not, or not alone, of the columns of X.
PLAIN = {"n_members": 1, "column_embedding": None, "random_state": 0}


@pytest.fixture(scope="module")
def digits():
    X, y = load_digits(return_X_y=True)
    return X / 16, y


@pytest.fixture(scope="module")
def model(digits):
    net = HalfNetClassifier(128, 12, input_scaling=None, max_iter=20, **PLAIN)
    return net.fit(*digits)


def rotated(matrix, seed=0):
    k = matrix.shape[1]
    rotation = np.linalg.qr(np.random.default_rng(seed).standard_normal((k, k)))[0]
    return matrix @ rotation


def test_everything_depends_on_sigma_alone(model):
    other = rotated(model.factors_[0])
    sigma = first_layer(model) @ first_layer(model).T
    assert_allclose(spectrum(model), np.linalg.eigvalsh(sigma)[::-1][:12], atol=1e-10)
    assert_allclose(spectrum(other), spectrum(model), rtol=1e-5)
    assert_allclose(effective_rank(other), effective_rank(model), rtol=1e-6)
    assert_allclose(principal_angles(model, other), 0, atol=1e-6)


def test_energy_and_effective_rank():
    assert_allclose(cumulative_energy(np.diag([2.0, 1.0, 1.0])), [4 / 6, 5 / 6, 1])
    assert_allclose(effective_rank(np.diag([2.0, 2.0, 0.0])), 2)
    entropy = -(0.9 * np.log(0.9) + 0.1 * np.log(0.1))
    assert_allclose(effective_rank(np.diag([3.0, 1.0])), np.exp(entropy))


def test_angles_of_known_planes():
    angle = 0.3
    line = np.array([[1.0], [0], [0]])
    turned = np.array([[np.cos(angle)], [np.sin(angle)], [0]])
    assert_allclose(principal_angles(line, turned), [angle])
    floor, other = np.eye(4)[:, :2], np.zeros((4, 2))
    other[[0, 2], 0] = np.cos(1.2), np.sin(1.2)
    other[[1, 3], 1] = np.cos(angle), np.sin(angle)
    assert_allclose(principal_angles(floor, other), [angle, 1.2])
    with pytest.raises(ValueError, match="3 and 4 features"):
        principal_angles(line, np.ones((4, 1)))


def test_all_kinds_of_models(digits, model):
    mlp = MLPClassifier((20,), max_iter=5, random_state=0)
    with pytest.warns(UserWarning, match="Maximum iterations"):
        mlp.fit(*digits)
    linear = torch.nn.Linear(64, 7)
    network = torch.nn.Sequential(torch.nn.Flatten(), linear, torch.nn.ReLU())
    assert first_layer(mlp).shape == (64, 20)
    assert_allclose(first_layer(linear), linear.weight.detach().numpy().T)
    assert_array_equal(first_layer(network), first_layer(linear))
    assert principal_angles(model, mlp).shape == (12,)
    assert principal_angles(model, linear, k=3).shape == (3,)


@pytest.mark.parametrize("thing", ["text", torch.nn.ReLU(), np.ones(3), 5])
def test_things_without_a_first_layer(thing):
    with pytest.raises(TypeError, match=r"Expected a fitted HalfNet|holds no"):
        first_layer(thing)


def test_truncation_to_all_directions_changes_nothing(model, digits):
    X, y = digits
    ranks, scores = truncation_curve(model, X, y)
    assert_array_equal(ranks, np.arange(13))
    assert scores[-1] == model.score(X, y)
    assert scores[0] < 0.2
    assert scores[-1] > scores[4] > scores[1]
    assert np.linalg.matrix_rank(truncated(model, 3).factors_[0], tol=1e-4) == 3
    assert np.linalg.matrix_rank(model.factors_[0], tol=1e-4) == 12


def test_factor_of_another_shape_is_refused(model):
    with pytest.raises(ValueError, match=r"expected \(64, 12\)"):
        model.set_factor(np.ones((64, 3)))


def test_halfnet_finds_the_planted_directions():
    X, y, planted = make_multi_index(
        20_000, 30, noise=0.1, random_state=0, return_directions=True
    )
    net = HalfNetRegressor(256, 8, max_iter=15, **PLAIN).fit(X, y)
    angles = principal_angles(net.metric_, planted.T)
    assert np.degrees(angles[:7]).max() < 10
    random = np.random.default_rng(0).standard_normal((30, 8))
    assert np.degrees(principal_angles(random, planted.T)).max() > 60


def test_displays_keep_data_and_draw(model, digits):
    X, y = digits
    other = rotated(first_layer(model))
    figure, axes = plt.subplots(2, 4)
    shown = SpectrumDisplay.from_estimator(model).plot(axes[0, 0], color="C3")
    assert_allclose(shown.ax_.lines[0].get_ydata(), spectrum(model))
    assert_allclose(shown.energy_ax_.lines[0].get_ydata(), cumulative_energy(model))
    curve = TruncationDisplay.from_estimator(model, X, y, ranks=[1, 12]).plot(
        axes[0, 1]
    )
    assert_array_equal(curve.ax_.lines[0].get_xdata(), [1, 12])
    angles = PrincipalAnglesDisplay.from_estimator(model, other, k=2).plot(axes[0, 2])
    assert len(angles.ax_.lines[0].get_xdata()) == 2
    pictures = DirectionsDisplay.from_estimator(model, (8, 8), k=4).plot(axes[1])
    image = pictures.axes_[0].images[0].get_array()
    assert_allclose(image.ravel(), directions(model, 1)[:, 0])
    assert shown.figure_ is angles.figure_ is pictures.figure_ is figure
    plt.close(figure)
    assert len(DirectionsDisplay(pictures.images).plot().axes_) == 4
    plt.close("all")
