"""Similarity structures of layers: RSA, CKA, smoothness of any model, displays."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from scipy.spatial.distance import pdist
from scipy.stats import pearsonr, spearmanr
from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler

from sklearn_halfnet import (
    ConvHalfLayerClassifier,
    HalfLayerClassifier,
    HalfNetClassifier,
    PartialCNNClassifier,
    RandomNetwork,
)
from sklearn_halfnet.inspection.layers import layer_outputs
from sklearn_halfnet.inspection.similarity import linear_cka, rsa, similarity_matrix
from sklearn_halfnet.inspection.smoothness import (
    compare_layers,
    functional_smoothness,
    trained_and_untrained,
)
from sklearn_halfnet.inspection.smoothness_display import (
    LayerComparisonDisplay,
    PrototypeSimilarityDisplay,
    SimilarityMatrixDisplay,
    SmoothnessDisplay,
)
from sklearn_halfnet.inspection.untrained import untrained_copy

X, Y = load_digits(return_X_y=True)
X, Y = X[:120] / 16, Y[:120]
FAST = {"max_iter": 3, "random_state": 0}
SMALL = {"depth": 10, "width": 1, "image_shape": (8, 8), **FAST}
MODELS = {
    "half layer": HalfLayerClassifier((20, 10), **FAST),
    "half net": HalfNetClassifier((20, 10), rank=4, **FAST),
    "behind convolutions": ConvHalfLayerClassifier(20, image_shape=(8, 8), **FAST),
    "partly trained": PartialCNNClassifier(**{**SMALL, "max_iter": 1}),
    "untrained": RandomNetwork((20, 10), random_state=0),
    "mlp": MLPClassifier((20, 10), solver="lbfgs", random_state=0, max_iter=2000),
}
N_LAYERS = [2, 2, 3, 4, 2, 3]

rng = np.random.default_rng(0)
A, B = rng.standard_normal((25, 8)), rng.standard_normal((25, 40))


def _alignment(first, second):
    """Kornblith et al. (2019), equation 3: HSIC of linear kernels, as printed there."""
    n = len(first)
    H = np.eye(n) - np.ones((n, n)) / n

    def hsic(k, l):  # noqa: E741  the paper's letters
        return np.trace(k @ H @ l @ H) / (n - 1) ** 2

    k, l = first @ first.T, second @ second.T  # noqa: E741
    return hsic(k, l) / np.sqrt(hsic(k, k) * hsic(l, l))


@pytest.mark.parametrize("second", [B, B[:, :3], A @ A.T, A[:, ::-1] + 100])
def test_cka_equals_the_published_formula(second):
    assert_allclose(linear_cka(A, second), _alignment(A, second), atol=1e-6)


# What rsatoolbox 0.3.2 (calc_rdm, compare by "corr" and "spearman") and ckatorch 1.0.3
# (cka_base) return for these patterns. rsatoolbox squares Euclidean distances, so that
# its ranks alone are comparable.
ROWS = np.arange(20)[:, None]
WAVES = (
    np.sin(0.7 * ROWS * np.arange(1, 7)) + 0.1 * np.arange(6),
    np.cos(0.31 * (ROWS + 1) * np.arange(2, 11)),
)


@pytest.mark.parametrize(
    "similarity, method, expected",
    [
        ("correlation", "pearson", -0.28327185),
        ("correlation", "spearman", -0.07627183),
        ("euclidean", "spearman", -0.15799271),
    ],
)
def test_rsa_agrees_with_a_published_implementation(similarity, method, expected):
    assert_allclose(rsa(*WAVES, similarity, method), expected, atol=1e-6)


@pytest.mark.parametrize("n_units, expected", [(6, 0.0605251033507), (3, 0.0490467067)])
def test_cka_agrees_with_a_published_implementation(n_units, expected):
    first, second = WAVES
    assert_allclose(linear_cka(first[:, :n_units], second), expected, atol=1e-6)


@pytest.mark.parametrize(
    "similarity, metric",
    [("correlation", "correlation"), ("cosine", "cosine"), ("euclidean", "euclidean")],
)
def test_rsa_equals_correlated_distances_of_scipy(similarity, metric):
    """Kriegeskorte et al. (2008): correlate the dissimilarities of all pairs."""
    distances = pdist(A, metric), pdist(B, metric)
    found = rsa(A, B, similarity, "pearson")
    assert_allclose(found, pearsonr(*distances).statistic, atol=1e-6)
    found = rsa(A, B, similarity, "spearman")
    assert_allclose(found, spearmanr(*distances).statistic, atol=1e-6)


def test_patterns_without_variance_are_like_no_other():
    rows = np.vstack([np.ones(5), np.zeros(5), A[0, :5]])
    assert_array_equal(similarity_matrix(rows)[0, 1:], 0)
    assert np.isnan(rsa(np.ones((4, 3)), A[:4]))
    assert np.isnan(linear_cka(np.ones((4, 3)), A[:4]))


@pytest.mark.parametrize(
    "model, n_layers",
    [*zip(MODELS.values(), N_LAYERS, strict=True)],
    ids=list(MODELS),
)
def test_every_model_shows_its_layers(model, n_layers):
    model = model.fit(X, Y)
    outputs = layer_outputs(model, X)
    assert len(outputs) == n_layers
    table = functional_smoothness(X, model, y=Y)
    assert [row.layer for row in table] == list(outputs)
    for row, output in zip(table, outputs.values(), strict=True):
        assert row.n_units == output.shape[1]
        assert_allclose(row.smoothness, rsa(X, output))
        assert -1 <= row.within_class < row.smoothness + 0.5
    in_pipeline = make_pipeline(MinMaxScaler(), model).fit(X, Y)
    assert len(functional_smoothness(X, in_pipeline)) == n_layers


@pytest.mark.parametrize("model", list(MODELS.values()), ids=list(MODELS))
def test_trained_beside_untrained(model):
    model = model.fit(X, Y)
    tables = trained_and_untrained(X, model, y=Y, random_state=1)
    trained, plain = tables["trained"], tables["untrained"]
    assert [row.layer for row in trained] == [row.layer for row in plain]
    assert [row.smoothness for row in trained] != [row.smoothness for row in plain]


def test_mean_similarity_is_that_of_all_pairs():
    (row,) = functional_smoothness(A, lambda rows: rows @ B[:8])
    assert_allclose(row.mean_similarity, 1 - pdist(A @ B[:8], "correlation").mean())


def test_hidden_layers_of_a_mlp_give_its_scores():
    mlp = MODELS["mlp"].fit(X, Y)
    scores = layer_outputs(mlp, X)["output"]
    assert_array_equal(mlp.classes_[scores.argmax(axis=1)], mlp.predict(X))


@pytest.mark.parametrize("activation, gain", [("relu", 6), ("logistic", 2)])
def test_untrained_mlp_is_uniform_as_before_its_training(activation, gain):
    """Glorot and Bengio (2010), as in scikit-learn: gain / (fan-in + fan-out)."""
    mlp = MLPClassifier((40, 20), activation, max_iter=1, random_state=0)
    with pytest.warns(ConvergenceWarning):
        mlp.fit(X, Y)
    other = untrained_copy(mlp)
    for coef, shape in zip(other.coefs_, [(64, 40), (40, 20), (20, 10)], strict=True):
        bound = np.sqrt(gain / sum(shape))
        assert coef.shape == shape
        assert 0.95 * bound < np.abs(coef).max() <= bound
        assert_allclose(coef.std(), bound / np.sqrt(3), rtol=0.1)


def test_torch_modules_by_hooks():
    torch.manual_seed(7)
    activation = torch.nn.Tanh()
    module = torch.nn.Sequential(
        torch.nn.Linear(64, 9), activation, torch.nn.Dropout(0.5), activation
    ).train()
    outputs = layer_outputs(module, X)
    assert list(outputs) == ["0", "1", "2", "1 (call 2)"]
    assert module.training
    assert_allclose(outputs["2"], outputs["1"])
    expected = module[0](torch.tensor(X, dtype=torch.float32)).detach()
    assert_allclose(outputs["0"], expected, atol=1e-6)
    other = untrained_copy(module)
    assert not torch.equal(other[0].weight, module[0].weight)


def test_callables_one_after_another_and_side_by_side():
    outputs = layer_outputs([lambda x: 2 * x, lambda x: x + 1], X)
    assert_allclose(outputs["layer 2"], 2 * X + 1)
    outputs = layer_outputs({"twice": lambda x: 2 * x, "one": lambda x: x + 1}, X)
    assert_allclose(outputs["one"], X + 1)
    (row,) = functional_smoothness(X, np.tanh)
    assert 0.9 < row.smoothness < 1


def test_smoothness_is_lost_with_depth_in_chaos_and_kept_in_order():
    patterns = rng.standard_normal((100, 100))
    last = {}
    for scale in (1.0, 5.0):
        network = RandomNetwork((100,) * 8, weight_scale=scale, random_state=0)
        table = functional_smoothness(patterns, network.fit(patterns))
        last[scale] = [row.smoothness for row in table]
    assert last[1.0][-1] > 0.2
    assert abs(last[5.0][-1]) < 0.1 < last[5.0][0]


def test_layers_compared_with_layers():
    network = RandomNetwork((30,) * 3, random_state=0).fit(X)
    comparison = compare_layers(X, network)
    assert_allclose(np.diag(comparison.values), 1)
    assert_allclose(comparison.values, comparison.values.T)
    other = RandomNetwork((30,) * 2, random_state=1).fit(X)
    assert compare_layers(X, network, other, method="pearson").values.shape == (3, 2)


@pytest.mark.parametrize(
    "call, error, match",
    [
        (lambda: functional_smoothness(X, 3), TypeError, "Expected an estimator"),
        (lambda: functional_smoothness(X[:2], np.tanh), ValueError, "three patterns"),
        (lambda: functional_smoothness(X, lambda x: x[:5]), ValueError, "5 rows"),
        (lambda: functional_smoothness(X, np.tanh, y=Y[:3]), ValueError, "y must"),
        (
            lambda: functional_smoothness(X, np.tanh, similarity="dot"),
            ValueError,
            "'similarity' parameter of functional_smoothness",
        ),
        (
            lambda: functional_smoothness(X, np.tanh, method="kendall"),
            ValueError,
            "'method' parameter of functional_smoothness",
        ),
        (lambda: untrained_copy(np.tanh), TypeError, "undo the training"),
        (
            lambda: untrained_copy(MODELS["half layer"].fit(X, Y)),
            ValueError,
            "give X and y",
        ),
    ],
)
def test_faults_are_named(call, error, match):
    with pytest.raises(error, match=match):
        call()


def test_displays():
    pytest.importorskip("matplotlib").use("Agg")
    import matplotlib.pyplot as plt

    network = RandomNetwork((30,) * 3, random_state=0).fit(X)
    display = SmoothnessDisplay.from_estimator(network, X, y=Y).plot(plt.figure().gca())
    (line,) = display.ax_.lines
    expected = [row.smoothness for row in functional_smoothness(X, network)]
    assert_allclose(line.get_ydata(), expected)
    mlp = MODELS["mlp"].fit(X, Y)
    display = SmoothnessDisplay.from_training(mlp, X, y=Y).plot(plt.figure().gca())
    assert len(display.ax_.lines) == 2
    display = SimilarityMatrixDisplay.from_estimator(network, X, layers=["layer 2"])
    assert list(display.plot().matrices) == ["input", "layer 2"]
    display = LayerComparisonDisplay.from_estimator(network, X).plot(plt.figure().gca())
    assert display.comparison.values.shape == (3, 3)
    patterns = rng.standard_normal((5, 4, 64))
    display = PrototypeSimilarityDisplay.from_estimator(network, patterns)
    assert len(display.plot(plt.figure().gca(), step=0.05).ax_.lines) == 3
    plt.close("all")
