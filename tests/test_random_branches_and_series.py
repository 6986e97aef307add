"""Untrained networks that branch or recur: their equations, options, refusals."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.linear_model import RidgeClassifier
from sklearn.pipeline import make_pipeline

from sklearn_halfnet import (
    RandomBranchedNetwork,
    RandomNetwork,
    RandomRecurrentNetwork,
    load,
    save,
)
from sklearn_halfnet.activations import ACTIVATIONS
from sklearn_halfnet.export import to_c
from sklearn_halfnet.inspection.smoothness import functional_smoothness
from sklearn_halfnet.inspection.untrained import untrained_copy
from sklearn_halfnet.weights import WEIGHTS

rng = np.random.default_rng(0)
X = rng.standard_normal((20, 12))
IMAGES = rng.standard_normal((7, 2, 5, 4))
SERIES = rng.standard_normal((9, 3, 6))
Y = np.arange(20) % 2
INCEPTION = [[3], [2, (4, 3)], [(2, 2)], ["pool", 3], []]


def dense(weights):
    return weights.toarray() if hasattr(weights, "toarray") else weights


def convolved(image, weights, bias, size):
    """Tanh of a convolution of one image (channels, height, width), by loops."""
    n_channels, height, width = image.shape
    kernels = weights.reshape(len(weights), size, size, n_channels)
    found = np.empty((len(weights), height, width))
    before = (size - 1) // 2
    for f, i, j in np.ndindex(found.shape):
        z = bias[f]
        for a, b, c in np.ndindex(size, size, n_channels):
            row, column = i + a - before, j + b - before
            if 0 <= row < height and 0 <= column < width:
                z += kernels[f, a, b, c] * image[c, row, column]
        found[f, i, j] = np.tanh(z)
    return found


def largest(image):
    found = np.empty_like(image)
    for c, i, j in np.ndindex(image.shape):
        rows, columns = slice(max(i - 1, 0), i + 2), slice(max(j - 1, 0), j + 2)
        found[c, i, j] = image[c, rows, columns].max()
    return found


def halved(image):
    n_channels, height, width = image.shape
    found = np.empty((n_channels, height // 2, width // 2))
    for c, i, j in np.ndindex(found.shape):
        found[c, i, j] = image[c, 2 * i : 2 * i + 2, 2 * j : 2 * j + 2].max()
    return found


def test_blocks_are_what_loops_compute():
    network = RandomBranchedNetwork(
        INCEPTION, n_blocks=2, pool_every=1, bias_scale=0.3, random_state=0
    ).fit(IMAGES)
    assert network.image_shape_ == (2, 5, 4)
    found = dict(
        zip(network.layer_names, network.transform_layers(IMAGES), strict=True)
    )
    for number, pixels in enumerate(IMAGES):
        image = pixels
        layers = iter(zip(network.weights_, network.biases_, strict=True))
        for block in (1, 2):
            seen = image if block == 1 else halved(image)
            paths = [
                convolved(seen, *next(layers), 1),
                convolved(convolved(seen, *next(layers), 1), *next(layers), 3),
                convolved(seen, *next(layers), 2),
                convolved(largest(seen), *next(layers), 1),
                seen,
            ]
            for path, expected in enumerate(paths, start=1):
                row = found[f"block {block}, path {path}"][number]
                assert_allclose(row, expected.ravel(), atol=1e-12)
            image = np.concatenate(paths)
            assert_allclose(found[f"block {block}"][number], image.ravel(), atol=1e-12)
        assert next(layers, None) is None
    assert_array_equal(network.transform(IMAGES), found["block 2"])
    flat = clone(network).set_params(image_shape=(2, 5, 4))
    rows = IMAGES.reshape(7, -1)
    assert_array_equal(flat.fit(rows).transform(rows), network.transform(IMAGES))


def test_paths_of_rows_are_products():
    network = RandomBranchedNetwork([[4], [3, 5]], n_blocks=2, random_state=0).fit(X)
    below, weights = X, iter(network.weights_)
    for _ in range(2):
        short = np.tanh(below @ next(weights).T)
        deep = np.tanh(np.tanh(below @ next(weights).T) @ next(weights).T)
        below = np.hstack([short, deep])
    assert_allclose(network.transform(X), below, atol=1e-12)


def test_one_path_of_rows_is_a_random_network():
    branched = RandomBranchedNetwork([[8]], n_blocks=3, random_state=0).fit(X)
    plain = RandomNetwork((8,) * 3, random_state=0).fit(X)
    assert branched.layer_names == ["block 1", "block 2", "block 3"]
    assert_allclose(branched.transform(X), plain.transform(X), atol=1e-12)


def test_states_are_what_a_loop_computes():
    network = RandomRecurrentNetwork(
        8, spectral_radius=1.3, input_scale=0.5, bias_scale=0.2, random_state=0
    ).fit(SERIES)
    W, U, b = network.recurrent_weights_, network.input_weights_, network.biases_
    states = network.transform_layers(SERIES)
    assert network.layer_names == [f"step {t}" for t in range(1, 7)]
    for row, series in enumerate(SERIES):
        h = np.zeros(8)
        for t in range(6):
            h = np.tanh(W @ h + U @ series[:, t] + b)
            assert_allclose(states[t][row], h, atol=1e-12)
    assert_array_equal(network.transform(SERIES), states[-1])
    assert_allclose(np.abs(np.linalg.eigvals(W)).max(), 1.3)
    assert_allclose((U**2).mean(), 0.5**2 / 3)
    flat = clone(network).set_params(series_shape=(-1, 6)).fit(SERIES.reshape(9, -1))
    assert flat.series_shape_ == (3, 6)
    assert_array_equal(flat.transform(SERIES.reshape(9, -1)), states[-1])


def test_orthogonal_recurrent_weights_are_a_multiple_of_an_orthogonal_matrix():
    network = RandomRecurrentNetwork(
        30, spectral_radius=0.7, weight_kind="orthogonal", random_state=0
    ).fit(SERIES)
    W = network.recurrent_weights_
    assert_allclose(W @ W.T, 0.49 * np.eye(30), atol=1e-6)


def test_after_a_pulse_differences_die_out_or_grow():
    pulses = np.zeros((2, 5, 40))
    pulses[:, :, 0] = [[1, 0, 0, 0, 0], [1, 0.01, 0, 0, 0]]
    growth = {}
    for radius in (0.5, 3.0):
        network = RandomRecurrentNetwork(200, spectral_radius=radius, random_state=0)
        states = network.fit(pulses).transform_layers(pulses)
        first, *_, last = (np.linalg.norm(a - b) for a, b in states)
        growth[radius] = last / first
    assert growth[0.5] < 1e-8
    assert growth[3.0] > 100


def test_critical_radius_is_the_edge_of_chaos():
    relu = RandomRecurrentNetwork(50, "relu", spectral_radius="critical").fit(X)
    assert_allclose(relu.spectral_radius_, np.sqrt(2), rtol=2e-3)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_every_activation(activation):
    of = ACTIVATIONS[activation].array
    branched = RandomBranchedNetwork([[4], [4]], activation, random_state=0).fit(X)
    expected = of(X @ branched.weights_[0].T)
    assert_allclose(branched.transform_layers(X)[0], expected, atol=1e-12)
    recurrent = RandomRecurrentNetwork(5, activation, random_state=0).fit(X)
    expected = of(X[:, :1] @ recurrent.input_weights_.T)
    assert_allclose(recurrent.transform_layers(X)[0], expected, atol=1e-12)


@pytest.mark.parametrize("name", WEIGHTS)
def test_every_kind_has_the_scale_asked_for(name):
    kind = WEIGHTS[name]
    images = rng.standard_normal((20, 2, 5, 4))
    network = RandomBranchedNetwork(
        [[(6, 3)], [(4, 2)]],
        n_blocks=2,
        weight_kind=name,
        weight_scale=3.0,
        random_state=0,
    )
    for weights in network.fit(images, Y).weights_:
        assert_allclose((dense(weights) ** 2).sum(axis=1).mean(), 9, rtol=1e-5)
    of_data = kind.requires_X or kind.requires_y
    network = RandomRecurrentNetwork(
        6, series_shape=(4, 3), weight_kind=("normal", name) if of_data else name
    ).fit(X, Y)
    weights = dense(network.input_weights_)
    assert_allclose((weights**2).sum(axis=1).mean(), 1, rtol=1e-5)


def test_kinds_made_from_data_see_what_the_layer_sees():
    network = RandomBranchedNetwork(
        [[(50, 3)]], "identity", n_blocks=2, weight_kind="instances", random_state=0
    ).fit(IMAGES)
    seen = IMAGES
    for weights in network.weights_:
        padded = np.pad(seen, [(0, 0), (0, 0), (1, 1), (1, 1)])
        patches = np.array(
            [
                np.moveaxis(image[:, i : i + 3, j : j + 3], 0, 2).ravel()
                for image in padded
                for i in range(5)
                for j in range(4)
            ]
        )
        patches /= np.linalg.norm(patches, axis=1, keepdims=True)
        assert_allclose((weights @ patches.T).max(axis=1), 1, atol=1e-5)
        seen = network.transform_layers(IMAGES)[0].reshape(7, 50, 5, 4)
    steps = SERIES.transpose(0, 2, 1).reshape(-1, 3)
    steps /= np.linalg.norm(steps, axis=1, keepdims=True)
    network = RandomRecurrentNetwork(
        10, weight_kind=("normal", "instances"), random_state=0
    ).fit(SERIES)
    assert_allclose((network.input_weights_ @ steps.T).max(axis=1), 1, atol=1e-5)


MODELS = [
    RandomBranchedNetwork([[(3, 3)], ["pool", 2]], n_blocks=2, image_shape=(3, 4)),
    RandomRecurrentNetwork(5, series_shape=(2, 6)),
]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("model", MODELS, ids=lambda m: type(m).__name__)
def test_keeps_type_seed_and_file(model, dtype, tmp_path):
    rows = X.astype(dtype)
    model = clone(model).set_params(random_state=0).fit(rows)
    found = model.transform(rows)
    assert {layer.dtype for layer in model.transform_layers(rows)} == {np.dtype(dtype)}
    assert_array_equal(clone(model).fit(rows).transform(rows), found)
    save(model, tmp_path / "model.safetensors")
    assert_array_equal(load(tmp_path / "model.safetensors").transform(rows), found)
    other = untrained_copy(model, rows, random_state=1)
    assert not np.allclose(other.transform(rows), found)
    with pytest.raises(TypeError, match="cannot be exported"):
        to_c(model)


def test_baselines_before_a_linear_model():
    digits, y = load_digits(return_X_y=True)
    digits = digits / 16
    for network in (
        RandomBranchedNetwork(
            [[4], [4, (4, 3)]], n_blocks=2, image_shape=(8, 8), random_state=0
        ),
        RandomRecurrentNetwork(
            200, series_shape=(8, 8), spectral_radius=0.9, random_state=0
        ),
    ):
        model = make_pipeline(network, RidgeClassifier()).fit(digits[:900], y[:900])
        assert model.score(digits[900:], y[900:]) > 0.85
        rows = functional_smoothness(digits[:90], network)
        assert [row.layer for row in rows] == network.layer_names


WIDE = [[10**7, 10**7]]


@pytest.mark.parametrize(
    "model, match",
    [
        (RandomBranchedNetwork([[(4, 3)]]), "set image_shape"),
        (RandomBranchedNetwork([4, 4]), "branches must list paths"),
        (RandomBranchedNetwork([[0]]), "branches must list paths"),
        (RandomBranchedNetwork([["average"]]), "branches must list paths"),
        (RandomBranchedNetwork([[(4, 3, 3)]]), "branches must list paths"),
        (RandomBranchedNetwork([["pool"], []]), "no layer with weights"),
        (RandomBranchedNetwork([]), "no layer with weights"),
        (RandomBranchedNetwork(image_shape=(5, 5)), "image_shape"),
        (RandomBranchedNetwork(image_shape=(3, 4), pool_every=2), "nothing is left"),
        (RandomBranchedNetwork(weight_kind=["normal"] * 3), "3 kinds for 10 blocks"),
        (RandomBranchedNetwork(WIDE), "branches"),
        (RandomRecurrentNetwork(series_shape=(5, 5)), "series_shape"),
        (RandomRecurrentNetwork(series_shape=(2, 2, 3)), "series_shape"),
        (RandomRecurrentNetwork(weight_kind="instances"), "cannot be made"),
        (RandomRecurrentNetwork(weight_kind=["normal"] * 3), "W and U"),
        (RandomRecurrentNetwork(3, weight_kind=[np.eye(3, k=1), "normal"]), "all zero"),
        (RandomRecurrentNetwork(n_units=0), "n_units"),
        (RandomRecurrentNetwork(10**7), "n_units"),
        (RandomRecurrentNetwork(spectral_radius=-1), "spectral_radius"),
    ],
)
def test_bad_parameters_are_named(model, match):
    with pytest.raises((ValueError, MemoryError), match=match):
        model.fit(X)


@pytest.mark.parametrize(
    "network, X",
    [
        (RandomRecurrentNetwork(5), SERIES),
        (RandomBranchedNetwork([[2]], n_blocks=1), IMAGES),
    ],
)
def test_series_the_wrong_way_round_are_refused(network, X):
    turned = np.swapaxes(X, -1, -2)
    with pytest.raises(ValueError, match="but the model was fitted to"):
        network.fit(X).transform(turned)
    name = "series_shape" if X is SERIES else "image_shape"
    with pytest.raises(ValueError, match=f"but {name} is"):
        clone(network).set_params(**{name: X.shape[1:]}).fit(turned)


def test_a_failed_fit_keeps_the_former_network():
    network = RandomRecurrentNetwork(5, random_state=0).fit(X)
    before = network.transform(X)
    with pytest.raises(ValueError, match="series_shape"):
        network.set_params(series_shape=(5, 5)).fit(X)
    assert_array_equal(network.transform(X), before)
