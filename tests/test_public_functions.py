"""Public functions x what no function may turn into a number."""

import inspect
import pkgutil
from importlib import import_module
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from scipy import sparse
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import Ridge
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import sklearn_halfnet.inspection
from sklearn_halfnet import (
    HalfNetRegressor,
    PartialCNNClassifier,
    RandomNetwork,
    WeightAgnosticRegressor,
)
from sklearn_halfnet.datasets import make_distorted_prototypes, make_multi_index
from sklearn_halfnet.inspection import (
    graph,
    magnitudes,
    similarity as similar,
    smoothness as smooth,
    spectrum as spectra,
)
from sklearn_halfnet.inspection.coding_schemes import CodingSchemes
from sklearn_halfnet.inspection.graph_display import GraphDisplay
from sklearn_halfnet.inspection.layers import layer_outputs
from sklearn_halfnet.inspection.propagation import (
    critical_weight_scale,
    signal_propagation,
)
from sklearn_halfnet.inspection.prototypes import similarity_to_prototype
from sklearn_halfnet.inspection.smoothness_display import (
    LayerComparisonDisplay,
    PrototypeSimilarityDisplay,
    SimilarityMatrixDisplay,
    SmoothnessDisplay,
)
from sklearn_halfnet.inspection.spectrum_display import (
    DirectionsDisplay,
    PrincipalAnglesDisplay,
    SpectrumDisplay,
    TruncationDisplay,
)
from sklearn_halfnet.inspection.untrained import untrained_copy
from sklearn_halfnet.inspection.weight_profile_display import WeightProfileDisplay
from sklearn_halfnet.weights import WEIGHTS, check_weight_kind

X = np.random.default_rng(0).standard_normal((24, 4))
Y = X[:, 0]
NETWORK = RandomNetwork((6, 5), random_state=0).fit(X)
PLAIN = {"n_members": 1, "column_embedding": None}
NET = HalfNetRegressor(8, 3, max_iter=2, random_state=0, **PLAIN).fit(X, Y)
MLP = MLPRegressor(hidden_layer_sizes=5, max_iter=2_000, tol=0.01, random_state=0).fit(
    X, Y
)
MODULE = torch.nn.Sequential(torch.nn.Linear(4, 3), torch.nn.Tanh())
GRAPH = WeightAgnosticRegressor(max_iter=2, random_state=0).fit(X, Y)
MODELS = {
    "network": NETWORK,
    "half net": NET,
    "mlp": MLP,
    "pipeline": make_pipeline(StandardScaler(), NETWORK).fit(X),
    "module": MODULE,
    # Neither would tell NaN from a number.
    "callables": [lambda rows: rows > 0],
    "names": {"positive": lambda rows: rows > 0},
    "callable": lambda rows: rows > 0,
}


def with_value(value):
    def spoilt():
        array = X.astype(type(value)) if isinstance(value, complex) else X.copy()
        array[5, 0] = value
        return array

    return spoilt


def masked():
    return np.ma.masked_array(X, mask=X > 1)


WRONG = {
    "nan": with_value(np.nan),
    "inf": with_value(np.inf),
    "complex": with_value(1j),
    "masked": masked,
    "empty": lambda: X[:0],
    "text": lambda: X.astype(str) + "?",
}


def weights_of(array):
    learned = {"conv1": np.ones(array.shape, bool)}
    return SimpleNamespace(weights_={"conv1": array}, is_learned_=learned)


def missing_is_fine(call):
    """Mark what is computed by a HalfNet: it takes missing values."""
    call.takes_nan = True
    return call


# Public function -> what is done with an array by it.
ARRAYS = {
    "similarity_matrix": [similar.similarity_matrix],
    "rsa": [lambda a: similar.rsa(a, X), lambda a: similar.rsa(X, a)],
    "linear_cka": [
        lambda a: similar.linear_cka(a, X),
        lambda a: similar.linear_cka(X, a),
    ],
    "compare": [
        lambda a: similar.compare(a, X, method="cka"),
        lambda a: similar.compare(X, a),
    ],
    "check_patterns": [lambda a: similar.check_patterns(a, X)],
    "layer_outputs": [
        *(
            lambda a, model=model: layer_outputs(model, a)
            for model in MODELS.values()
            if model is not NET
        ),
        missing_is_fine(lambda a: layer_outputs(NET, a)),
    ],
    "functional_smoothness": [
        *(
            lambda a, model=model: smooth.functional_smoothness(a, model)
            for model in MODELS.values()
        ),
        lambda a: smooth.functional_smoothness(X, lambda rows: a),
    ],
    "trained_and_untrained": [lambda a: smooth.trained_and_untrained(a, MLP)],
    "compare_layers": [
        lambda a: smooth.compare_layers(a, NETWORK),
        lambda a: smooth.compare_layers(X, NETWORK, lambda rows: a),
    ],
    "untrained_copy": [lambda a: untrained_copy(NETWORK, a)],
    "similarity_to_prototype": [
        lambda a: similarity_to_prototype(a.reshape(-1, 6, 4), np.tanh),
        lambda a: similarity_to_prototype(X.reshape(-1, 6, 4), lambda rows: a),
    ],
    "CodingSchemes": [
        CodingSchemes(4, random_state=0).transform_layers,
        lambda a: CodingSchemes(4, random_state=0).encode(a, "vector space"),
    ],
    "first_layer": [spectra.first_layer],
    "spectrum": [spectra.spectrum],
    "directions": [spectra.directions],
    "cumulative_energy": [spectra.cumulative_energy],
    "effective_rank": [spectra.effective_rank],
    "principal_angles": [
        lambda a: spectra.principal_angles(a, X),
        lambda a: spectra.principal_angles(X, a),
    ],
    "truncation_curve": [
        missing_is_fine(lambda a: spectra.truncation_curve(NET, a, Y))
    ],
    "weight_magnitudes": [lambda a: magnitudes.weight_magnitudes(weights_of(a))],
    "signal_propagation": [lambda a: signal_propagation(1.0, lengths=a[5:6, 0])],
    # Methods that take arrays.
    "HalfNet.set_factor": [lambda a: NET.set_factor(a[4:8, :3])],
    "WeightAgnostic.weight_profile": [
        lambda a: GRAPH.weight_profile(X, Y, a[:, 0]),
        lambda a: GRAPH.weight_profile(a, Y),
    ],
    "WeightAgnostic.train_weights": [lambda a: GRAPH.train_weights(a, Y)],
    "transform_layers": [
        NETWORK.transform_layers,
        missing_is_fine(lambda a: NET.transform_layers(a)),
    ],
    # Displays compute what they show.
    "SpectrumDisplay": [SpectrumDisplay.from_estimator],
    "DirectionsDisplay": [lambda a: DirectionsDisplay.from_estimator(a, (4, 6))],
    "PrincipalAnglesDisplay": [lambda a: PrincipalAnglesDisplay.from_estimator(a, X)],
    "TruncationDisplay": [
        missing_is_fine(lambda a: TruncationDisplay.from_estimator(NET, a, Y))
    ],
    "SmoothnessDisplay": [lambda a: SmoothnessDisplay.from_estimator(np.tanh, a)],
    "SimilarityMatrixDisplay": [
        lambda a: SimilarityMatrixDisplay.from_estimator(np.tanh, a)
    ],
    "LayerComparisonDisplay": [
        lambda a: LayerComparisonDisplay.from_estimator(np.tanh, a)
    ],
    "PrototypeSimilarityDisplay": [
        lambda a: PrototypeSimilarityDisplay.from_estimator(
            np.tanh, a.reshape(-1, 6, 4)
        )
    ],
    "MagnitudesDisplay": [
        lambda a: magnitudes.MagnitudesDisplay.from_estimator(weights_of(a))
    ],
    "WeightProfileDisplay": [
        lambda a: WeightProfileDisplay.from_estimator(GRAPH, X, Y, a[:, 0])
    ],
}
# Those that take no array of numbers.
WITHOUT = {
    *("critical_weight_scale", "truncated", "node_names", "used_nodes", "to_networkx"),
    *("before_last", "is_mlp", "is_module", "is_pipeline", "GraphDisplay"),
    "LossCurveDisplay",
    # What functions return.
    *("LayerSmoothness", "LayerComparison", "PrototypeSimilarity", "SignalPropagation"),
}


def test_every_public_name_of_inspection_is_there():
    package = sklearn_halfnet.inspection
    modules = (
        import_module(f"{package.__name__}.{each.name}")
        for each in pkgutil.iter_modules(package.__path__)
        if not each.name.startswith("_")
    )
    public = {
        name
        for module in modules
        for name in module.__all__
        if inspect.isfunction(getattr(module, name))
        or inspect.isclass(getattr(module, name))
    }
    assert public <= WITHOUT | set(ARRAYS)
    assert not WITHOUT & set(ARRAYS)


@pytest.mark.parametrize("wrong", WRONG)
@pytest.mark.parametrize(
    "call",
    [pytest.param(call, id=name) for name, calls in ARRAYS.items() for call in calls],
)
def test_no_number_is_made_of_what_is_none(call, wrong):
    if wrong == "nan" and getattr(call, "takes_nan", False):
        call(WRONG[wrong]())
        return
    with pytest.raises((ValueError, TypeError)) as caught:
        call(WRONG[wrong]())
    assert str(caught.value)


@pytest.mark.parametrize("name", ARRAYS)
def test_finite_numbers_are_taken(name):
    """Or the test before would hold of a function that refuses everything."""
    for call in ARRAYS[name]:
        call(np.abs(X))


FITTED = {"HalfNet": NET, "graph": GRAPH}
OPTIONS = {
    "rsa, method": lambda: similar.rsa(X, X, method="spearmann"),
    "rsa, cka": lambda: similar.rsa(X, X, method="cka"),
    "rsa, similarity": lambda: similar.rsa(X, X, "dot"),
    "rsa, two patterns": lambda: similar.rsa(X[:2], X[:2]),
    "rsa, lengths": lambda: similar.rsa(X, X[:9]),
    "cka, lengths": lambda: similar.linear_cka(X, X[:1]),
    "matrix": lambda: similar.similarity_matrix(X, "dot"),
    "compare": lambda: similar.compare(X, X, method="CKA"),
    "smoothness": lambda: smooth.functional_smoothness(X, NETWORK, method="rsa"),
    "layers": lambda: smooth.compare_layers(X, NETWORK, similarity=None),
    "beside": lambda: smooth.trained_and_untrained(X, MLP, method="x"),
    "untrained": lambda: untrained_copy(MLP, random_state=1.5),
    "untrained, negative": lambda: untrained_copy(MODULE, random_state=-1),
    "directions, 0": lambda: spectra.directions(X, 0),
    "directions, -1": lambda: spectra.directions(X, -1),
    "directions, 2.0": lambda: spectra.directions(X, 2.0),
    "angles": lambda: spectra.principal_angles(X, X, k=True),
    "truncated": lambda: spectra.truncated(NET, -1),
    "truncated, no net": lambda: spectra.truncated(MLP, 1),
    "curve": lambda: spectra.truncation_curve(NET, X, Y, ranks=[1.7]),
    "curve, nan": lambda: spectra.truncation_curve(NET, X, Y, ranks=[np.nan]),
    "zero": lambda: spectra.effective_rank(np.zeros((3, 2))),
    "zero energy": lambda: spectra.cumulative_energy(np.zeros((3, 2))),
    "sigma_w": lambda: signal_propagation(np.nan),
    "sigma_w, inf": lambda: signal_propagation(np.inf),
    "sigma_w, text": lambda: signal_propagation("critical"),
    "sigma_b": lambda: signal_propagation(1.0, sigma_b=np.nan),
    "cosine": lambda: signal_propagation(1.0, cosine=np.nan),
    "layers, number": lambda: signal_propagation(1.0, n_layers=2.5),
    "activation": lambda: signal_propagation(1.0, "Tanh"),
    "lengths": lambda: signal_propagation(1.0, lengths=-1.0),
    "critical": lambda: critical_weight_scale("tanh", np.nan),
    "critical, name": lambda: critical_weight_scale("RELU"),
    "schemes": lambda: CodingSchemes(4, weight_scale=np.nan),
    "schemes, layers": lambda: CodingSchemes(4, n_layers=0),
    "schemes, features": lambda: CodingSchemes(5).encode(X, "vector space"),
    "slopes": lambda: similarity_to_prototype(X.reshape(-1, 6, 4), np.tanh).slopes(
        first_level=5
    ),
    "magnitudes, mask": lambda: magnitudes.weight_magnitudes(
        SimpleNamespace(weights_={"a": X}, is_learned_={"a": np.ones(X.shape, int)})
    ),
    "graph of none": lambda: graph.to_networkx(Ridge().fit(X, Y)),
    "graph, not fitted": lambda: GraphDisplay.from_estimator(WeightAgnosticRegressor()),
    "nodes": lambda: graph.used_nodes(3),
    "picture": lambda: SmoothnessDisplay.from_estimator(NETWORK, X).plot(
        quantity="layer"
    ),
    "pictures": lambda: SimilarityMatrixDisplay.from_estimator(
        NETWORK, X, layers=["layer 3"]
    ),
    "resample": lambda: NET.resample(X, Y, refit="no"),
    "resample, state": lambda: NET.resample(X, Y, random_state=np.nan),
    "max_iter": lambda: GRAPH.train_weights(X, Y, max_iter=0),
    "max_iter, nan": lambda: GRAPH.train_weights(X, Y, max_iter=np.nan),
    "profile": lambda: GRAPH.weight_profile(X, Y, X),
    "factor, overflow": lambda: NET.set_factor(np.full((4, 3), 1e39)),
    "factor, shape": lambda: NET.set_factor(X),
    "multi-index": lambda: make_multi_index(10, noise=np.nan),
    "multi-index, rows": lambda: make_multi_index(0),
    "multi-index, columns": lambda: make_multi_index(10, 7),
    "prototypes": lambda: make_distorted_prototypes(step=np.inf),
    "prototypes, levels": lambda: make_distorted_prototypes(n_levels=0),
    "kind": lambda: check_weight_kind("Normal"),
}


@pytest.mark.parametrize("name", OPTIONS)
def test_wrong_options_are_named(name):
    with pytest.raises((ValueError, TypeError, NotFittedError)) as caught:
        OPTIONS[name]()
    assert str(caught.value)


@pytest.mark.parametrize("wrong", ["nan", "inf", "complex", "masked"])
def test_classes_are_labels(wrong):
    with pytest.raises(ValueError):
        smooth.functional_smoothness(X, np.tanh, y=WRONG[wrong]()[:, 0])
    (row,) = smooth.functional_smoothness(X, np.tanh, y=np.where(Y > 0, "a", "b"))
    assert 0.9 < row.within_class < 1


def test_a_refused_factor_leaves_the_model_as_it_was():
    before = NET.predict(X)
    with pytest.raises(ValueError, match="factor contains NaN"):
        NET.set_factor(np.full((4, 3), np.nan))
    assert_allclose(NET.predict(X), before, rtol=0)


def test_infinite_layers_are_shown_and_not_compared():
    def overflow(rows):
        return np.full(rows.shape, np.inf)

    assert np.isinf(layer_outputs(overflow, X)["layer 1"]).all()
    with pytest.raises(ValueError, match="'layer 1' contains infinity"):
        smooth.functional_smoothness(X, overflow)


@pytest.mark.parametrize("scale", [1e-200, 1e200])
def test_scale_is_no_matter(scale):
    huge = X * scale
    assert_allclose(spectra.effective_rank(huge), spectra.effective_rank(X))
    assert_allclose(spectra.cumulative_energy(huge), spectra.cumulative_energy(X))
    assert_allclose(similar.rsa(huge, X), 1)
    assert_allclose(similar.linear_cka(huge, X), 1)


def test_correlations_of_the_largest_numbers():
    rows = np.array([[1, -1, 1], [-1, 1, -1], [1, 1, -1]]) * 1.7e308
    expected = np.corrcoef(np.sign(rows))
    assert_allclose(similar.similarity_matrix(rows), expected)


def test_sparse_rows_and_tensors_are_rows():
    expected = layer_outputs(MLP, X)["output"]
    assert_allclose(layer_outputs(MLP, sparse.csr_array(X))["output"], expected)
    tensor = torch.tensor(X, requires_grad=True)
    found = layer_outputs(MODULE, tensor.detach())["1"]
    assert_allclose(found, layer_outputs(MODULE, X)["1"])
    assert_allclose(similar.rsa(tensor, X), 1)


@pytest.mark.parametrize("form", [sparse.csr_array, sparse.csc_array, sparse.coo_array])
def test_corrupt_sparse_rows_are_refused(form):
    rows = form(X)
    indices = rows.coords[0] if form is sparse.coo_array else rows.indices
    indices[3] = 10**7
    with pytest.raises(ValueError, match="corrupt"):
        layer_outputs(np.tanh, rows)


# -- weights ---------------------------------------------------------------------------

LABELS = (Y > 0).astype(int)


@pytest.mark.parametrize("sizes", [(0, 4), (3, 0), (-1, 4), (2.0, 4), (True, 4)])
@pytest.mark.parametrize("kind", WEIGHTS)
def test_sizes_of_layers_are_whole_and_positive(kind, sizes):
    with pytest.raises(ValueError, match="must be an int in the range"):
        check_weight_kind(kind).sample(*sizes, np.random.default_rng(0), X, LABELS)


@pytest.mark.parametrize("rng", [None, 0, np.random.RandomState(0)])
def test_the_generator_is_numpys(rng):
    with pytest.raises(ValueError, match="'rng' parameter"):
        check_weight_kind("normal").sample(3, 4, rng)


class Foreign:
    def __init__(self, weights):
        self.weights = weights

    def sample(self, n_units, n_features, rng, X=None, y=None):
        return self.weights


CUSTOM = {
    "array": check_weight_kind,
    "function": lambda weights: check_weight_kind(lambda *args: weights),
    "object": lambda weights: check_weight_kind(Foreign(weights)),
    "field": lambda weights: check_weight_kind("receptive_field").set_params(
        base=lambda *args: weights
    ),
}
WRONG_WEIGHTS = {
    **{name: WRONG[name] for name in ("nan", "inf", "complex", "masked", "text")},
    "too large": with_value(1e39),
    "complex, sparse": lambda: sparse.csr_array(WRONG["complex"]()),
    "corrupt": lambda: corrupt(sparse.csr_array(X)),
}


def corrupt(matrix):
    matrix.indices[2] = 10**7
    return matrix


@pytest.mark.parametrize("wrong", WRONG_WEIGHTS)
@pytest.mark.parametrize("custom", CUSTOM)
def test_custom_weights_are_finite_real_numbers(custom, wrong):
    kind = CUSTOM[custom](WRONG_WEIGHTS[wrong]())
    with pytest.raises(ValueError):
        kind.sample(*X.shape, np.random.default_rng(0))


@pytest.mark.parametrize("wrong", ["nan", "inf", "complex", "masked"])
@pytest.mark.parametrize("kind", ["instances", "difference", "class_sums"])
def test_weights_are_not_made_of_what_is_no_number(kind, wrong):
    kind, rng = check_weight_kind(kind), np.random.default_rng(0)
    with pytest.raises(ValueError):
        kind.sample(3, 4, rng, WRONG[wrong](), LABELS)
    if kind.requires_y:
        with pytest.raises(ValueError):
            kind.sample(3, 4, rng, X, WRONG[wrong]()[:, 0])


def test_partly_trained_networks_know_what_is_learned():
    images = np.random.default_rng(0).standard_normal((20, 64))
    model = PartialCNNClassifier(
        depth=10, width=1, image_shape=(8, 8), max_iter=1, random_state=0
    ).fit(images, np.arange(20) % 2)
    rows = magnitudes.weight_magnitudes(model)
    n_weights = [weights.size for weights in model.weights_.values()]
    assert (rows["n_learned"] + rows["n_fixed"]).tolist() == n_weights
