"""Untrained networks: the scale of weights, mean-field theory, coding schemes."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.stats import zscore
from sklearn.datasets import load_digits
from sklearn.linear_model import RidgeClassifier
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import minmax_scale

from sklearn_halfnet import RandomNetwork
from sklearn_halfnet.datasets import make_distorted_prototypes
from sklearn_halfnet.inspection.coding_schemes import CODING_SCHEMES, CodingSchemes
from sklearn_halfnet.inspection.propagation import (
    critical_weight_scale,
    signal_propagation,
)
from sklearn_halfnet.inspection.prototypes import similarity_to_prototype
from sklearn_halfnet.weights import WEIGHTS

X = np.random.default_rng(0).standard_normal((60, 30))


def test_layers_are_what_the_equations_say():
    network = RandomNetwork((20, 10), "tanh", bias_scale=0.3, random_state=0).fit(X)
    first = np.tanh(X @ network.weights_[0].T + network.biases_[0])
    second = np.tanh(first @ network.weights_[1].T + network.biases_[1])
    found = network.transform_layers(X)
    assert_allclose(found[0], first, atol=1e-12)
    assert_allclose(found[1], second, atol=1e-12)
    assert_allclose(network.transform(X), second, atol=1e-12)
    assert network.n_layers_ == 2


@pytest.mark.parametrize("kind", sorted(set(WEIGHTS) - {"difference", "class_sums"}))
def test_weights_have_the_scale_asked_for(kind):
    kind = WEIGHTS[kind]()
    if "image_shape" in kind.get_params():
        kind.set_params(image_shape=(5, 6))
    network = RandomNetwork((80,), weight_scale=3.0, weight_kind=kind, random_state=0)
    weights = network.fit(X).weights_[0]
    weights = weights.toarray() if hasattr(weights, "toarray") else weights
    norms = (weights**2).sum(axis=1)
    assert_allclose(norms.mean(), 9, rtol=1e-6)


def test_orthogonal_square_layers_keep_angles():
    network = RandomNetwork(
        (30,), "identity", weight_kind="orthogonal", weight_scale=2.0, random_state=0
    ).fit(X)
    # The weights are kept in float32.
    found = network.transform(X)
    assert_allclose(found @ found.T, 4 * X @ X.T, atol=1e-4)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_keeps_the_type_and_the_seed(dtype):
    network = RandomNetwork((20,) * 3, random_state=0).fit(X.astype(dtype))
    assert network.transform(X.astype(dtype)).dtype == dtype
    again = RandomNetwork((20,) * 3, random_state=0).fit(X.astype(dtype))
    assert_array_equal(again.transform(X), network.transform(X))
    other = RandomNetwork((20,) * 3, random_state=1).fit(X.astype(dtype))
    assert not (other.weights_[0] == network.weights_[0]).any()


def test_baseline_in_a_grid_search():
    digits, y = load_digits(return_X_y=True)
    pipeline = make_pipeline(
        RandomNetwork((100,) * 3, input_scaling="standard", random_state=0),
        RidgeClassifier(),
    )
    grid = {"randomnetwork__weight_scale": [0.5, "critical", 20.0]}
    search = GridSearchCV(pipeline, grid, cv=3).fit(digits[:900], y[:900])
    assert search.best_score_ > 0.8
    # Deep in chaos nothing that helps is left.
    assert search.cv_results_["mean_test_score"][2] < search.best_score_ - 0.1


@pytest.mark.parametrize(
    "options, match",
    [
        ({"weight_scale": 0}, "weight_scale"),
        ({"weight_scale": "chaos"}, "weight_scale"),
        ({"bias_scale": -1}, "bias_scale"),
        ({"hidden_layer_sizes": ()}, "hidden_layer_sizes"),
        (
            {"activation": "relu", "weight_scale": "critical", "bias_scale": 0.5},
            "no edge",
        ),
    ],
)
def test_bad_parameters_are_named(options, match):
    with pytest.raises(ValueError, match=match):
        RandomNetwork(**options).fit(X)


@pytest.mark.parametrize(
    "activation, scale",
    [("tanh", 1.0), ("relu", np.sqrt(2)), ("identity", 1.0)],
)
def test_edge_of_chaos_is_the_known_one(activation, scale):
    """Poole et al. (2016): 1 for tanh without biases; He et al. (2015): sqrt(2)."""
    assert_allclose(critical_weight_scale(activation), scale, rtol=2e-3)
    network = RandomNetwork((5,), activation, weight_scale="critical").fit(X)
    assert_allclose(network.weight_scale_, scale, rtol=2e-3)


def test_edge_of_chaos_is_where_the_slope_is_one():
    for sigma_b in (0.1, 0.5):
        scale = critical_weight_scale("tanh", sigma_b)
        assert_allclose(signal_propagation(scale, "tanh", sigma_b).chi, 1, atol=1e-3)


@pytest.mark.parametrize("scale, divergence", [(1.5, 7.7), (2.0, 3.2), (3.0, 1.6)])
def test_depth_in_which_small_distances_grow(scale, divergence):
    prediction = signal_propagation(scale)
    assert prediction.regime == "chaotic"
    assert_allclose(prediction.divergence_scale, divergence, atol=0.06)


def test_ordered_networks_make_all_alike():
    prediction = signal_propagation(0.5, sigma_b=0.3, n_layers=40, cosine=0.0)
    assert prediction.regime == "ordered"
    assert prediction.correlation_fixed_point == 1
    assert prediction.cosines[-1] > 0.999


@pytest.mark.parametrize("activation", ["tanh", "relu", "logistic"])
@pytest.mark.parametrize("scale", [1.5, 3.0])
def test_theory_agrees_with_a_wide_network(scale, activation):
    seen = []
    for seed in range(5):
        rng = np.random.default_rng(seed)
        first, other = np.linalg.qr(rng.standard_normal((1000, 2)))[0].T
        pair = np.sqrt(1000) * np.vstack([first, 0.9 * first + np.sqrt(0.19) * other])
        network = RandomNetwork((1000,) * 4, activation, weight_scale=scale)
        layers = network.set_params(random_state=seed).fit(pair).transform_layers(pair)
        norms = [np.prod(np.linalg.norm(layer, axis=1)) for layer in layers]
        seen.append([a @ b / norm for (a, b), norm in zip(layers, norms, strict=True)])
    theory = signal_propagation(scale, activation, n_layers=4, cosine=0.9)
    assert_allclose(np.mean(seen, axis=0), theory.cosines[1:], atol=0.06)


@pytest.mark.parametrize("cosine", [-0.9, 0.0, 0.3, 0.99])
def test_correlation_behind_relu_is_the_known_one(cosine):
    """Cho and Saul (2009): E[relu(u) relu(v)] = q (sin t + (pi - t) cos t) / (2 pi)."""
    found = signal_propagation(1.7, "relu", n_layers=1, lengths=3.0, cosine=cosine)
    angle = np.arccos(cosine)
    joint = np.sin(angle) + (np.pi - angle) * cosine  # in units of q / (2 pi)
    assert_allclose(found.cosines[1], joint / np.pi, atol=1e-3)
    # E[relu(u)] = sqrt(q / (2 pi)) and E[relu(u)^2] = q / 2
    assert_allclose(found.correlations[1], (joint - 1) / (np.pi - 1), atol=2e-3)


def test_coding_schemes_by_their_equations():
    schemes = CodingSchemes(30, n_layers=3, random_state=0)
    codes = dict(zip(schemes.layer_names, schemes.transform_layers(X), strict=True))
    assert tuple(codes)[:4] == CODING_SCHEMES
    vector = codes["vector space"]
    assert_allclose([vector.min(axis=1), vector.max(axis=1)], [[-1] * 60, [1] * 60])
    assert_allclose(codes["gain control"], np.tanh(zscore(X, axis=1)))
    product = minmax_scale(vector @ schemes.weights[0], (-1, 1), axis=1)
    assert_allclose(codes["matrix product"], product)
    assert_allclose(codes["perceptron"], np.tanh(vector @ schemes.weights[0]))
    second = np.tanh(codes["perceptron"] @ schemes.weights[1])
    assert_allclose(codes["2-layer network"], second)
    assert_allclose(schemes.encode(X, "2-layer network"), second)
    with pytest.raises(ValueError, match="scheme must be one of"):
        schemes.encode(X, "9-layer network")


def test_similarity_to_the_prototype_falls_and_its_slope_weakens():
    patterns = make_distorted_prototypes(300, random_state=0)
    found = similarity_to_prototype(patterns, CodingSchemes(random_state=0))
    assert (found.trend <= -0.95).all()
    assert (np.diff(np.abs(found.slopes(10)[3:])) < 0).all()
    assert (np.diff(found.smoothness[3:]) < 0).all()
    assert_allclose(found.by_level[0, 10], 1 / np.sqrt(1 + 0.25), atol=0.01)


def test_distorted_prototypes_have_the_noise_asked_for():
    patterns = make_distorted_prototypes(200, 4, 50, step=0.5, random_state=0)
    noise = (patterns - patterns[:, :1]).std(axis=(0, 2))
    assert_allclose(noise, [0, 0.5, 1, 1.5], rtol=0.02)
    with pytest.raises(ValueError, match="n_prototypes, n_levels, n_features"):
        similarity_to_prototype(patterns[0], CodingSchemes())
