"""Exported models answer as the estimators do: ONNX and C, family by family."""

import ctypes
import os
import pickle
import subprocess
import sys
from dataclasses import replace

import numpy as np
import onnxruntime
import pytest
from exported import answers, c_classes, compiled, run_c, run_numpy, run_onnx
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression

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
    RandomFeatures,
    RandomNetwork,
    RVFLClassifier,
    RVFLRegressor,
    WeightAgnosticClassifier,
    WeightAgnosticRegressor,
    __version__,
    cli,
)
from sklearn_halfnet.activations import ACTIVATIONS
from sklearn_halfnet.export import (
    _c_activations,
    _c_products,
    _c_steps,
    _numpy,
    _onnx_steps,
    _onnx_values,
    to_c,
    to_onnx,
)
from sklearn_halfnet.export._stored import SeedStorage
from sklearn_halfnet.features.computation import Step
from sklearn_halfnet.features.shared_weight import NODE_ACTIVATIONS, Graph
from sklearn_halfnet.models.shared_weight import scaled_batch
from sklearn_halfnet.models.stream import Later
from sklearn_halfnet.weights import WEIGHTS
from sklearn_halfnet.weights.storage import FrozenWeights

FORMATS = pytest.mark.parametrize(
    "run", [run_onnx, run_c, run_numpy], ids=["onnx", "c", "numpy"]
)

rng = np.random.default_rng(0)
# Images of 4 x 4 for the kinds that want some; in float32, as exported models see them.
X = (3 + 2 * rng.standard_normal((90, 16))).astype(np.float32)
THREE = np.argmax(X[:, :3] + 0.3 * rng.standard_normal((90, 3)), axis=1)

LABELS = {
    "binary": np.array([-7, 12])[(THREE > 0).astype(int)],
    "boolean": THREE > 0,
    "words": np.array(["no", "yes", 'say "é"\\?\n'])[THREE],
    "multiclass": np.array([3, 5, 9])[THREE],
    "whole floats": THREE.astype(float),
    "multilabel": (X[:, :3] > 3).astype(int),
}
TARGETS = {
    "one": 100 + 20 * X[:, 0] * X[:, 1],
    "column": 100 + X[:, [2]],
    "several": X[:, :3] * [1, 100, 0.01] + [0, 1000, 0],
}

FIXED = {"random_state": 0}
SHORT = {"random_state": 0, "max_iter": 3}
SEARCH = {"random_state": 0, "max_iter": 2}
OF_TWO_LAYERS = {"hidden_layer_sizes": (12, 8)}
CLASSIFIERS = {
    "half layer": HalfLayerClassifier(12, **SHORT),
    "deep half layers": HalfLayerClassifier((12, 8), ["binary", "normal"], **SHORT),
    "behind full layers": HalfLayerClassifier(
        12, "binary", full_layer_sizes=(9, 7), **SHORT
    ),
    "HalfNet": HalfNetClassifier(12, 3, **SHORT),
    "deep HalfNet": HalfNetClassifier((12, 8), 3, input_scaling=None, **SHORT),
    "limited HalfNet": HalfNetClassifier(12, 3, input_scaling="robust", **SHORT),
    "members of HalfNet": HalfNetClassifier((12, 8), 3, n_members=3, **SHORT),
    "ELM": ELMClassifier(20, **FIXED),
    "deep ELM": ELMClassifier(**OF_TWO_LAYERS, **FIXED),
    "ensemble ELM": ELMClassifier(**OF_TWO_LAYERS, read_out="ensemble", **FIXED),
    "RVFL": RVFLClassifier(20, input_scaling="center", **FIXED),
    "ensemble RVFL": RVFLClassifier(**OF_TWO_LAYERS, read_out="ensemble", **FIXED),
    "boosted": BoostedFeaturesClassifier(3, 20, **FIXED),
    "ensemble of weights": WeightAgnosticClassifier(**SEARCH),
    # On columns that "auto" limits, two passes find nothing for the third label.
    "tuned weight": WeightAgnosticClassifier(
        predict_with="tuned", input_scaling="standard", **SEARCH
    ),
    "mean of weights": WeightAgnosticClassifier(predict_with="mean", **SEARCH),
}
REGRESSORS = {
    "half layer": HalfLayerRegressor(12, **SHORT),
    "deep half layers": HalfLayerRegressor((12, 8), "binary", **SHORT),
    "behind a full layer": HalfLayerRegressor(12, full_layer_sizes=9, **SHORT),
    "HalfNet": HalfNetRegressor(12, 3, **SHORT),
    "members of HalfNet": HalfNetRegressor(12, 3, n_members=3, **SHORT),
    "ELM": ELMRegressor(20, **FIXED),
    "deep RVFL": RVFLRegressor(**OF_TWO_LAYERS, **FIXED),
    "boosted": BoostedFeaturesRegressor(3, 20, "tanh", **FIXED),
    "ensemble of weights": WeightAgnosticRegressor(**SEARCH),
    "tuned weight": WeightAgnosticRegressor(predict_with="tuned", **SEARCH),
}
TRANSFORMERS = {
    "features": RandomFeatures(20, **FIXED),
    "Fourier features": RandomFeatures(20, activation="cos", gamma="scale", **FIXED),
    "direct links": RandomFeatures(20, direct_links=True, **FIXED),
    "limited": RandomFeatures(20, direct_links=True, input_scaling="robust", **FIXED),
    "network": RandomNetwork((9, 7, 5), bias_scale=0.1, **FIXED),
}
IMAGES = {"image_shape": (4, 4), "filters": (3, 2), **SHORT}
CONVOLUTIONAL = {
    "half": ConvHalfLayerClassifier(
        12,
        kernel_sizes=(3, 2),
        paddings=("same", "same"),
        pool_size=1,
        **IMAGES,
    ),
    "pooled": ConvHalfLayerClassifier(
        12,
        "binary",
        kernel_sizes=(2, 2),
        paddings=("same", "valid"),
        pool_size=1,
        input_scaling=None,
        **IMAGES,
    ),
    "limited": ConvHalfLayerClassifier(
        12,
        kernel_sizes=(3, 2),
        paddings=("same", "valid"),
        pool_size=1,
        input_scaling="robust",
        **IMAGES,
    ),
    "full": ConvHalfLayerClassifier(
        12,
        head="full",
        kernel_sizes=(3, 1),
        paddings=("same", "valid"),
        pool_size=2,
        **IMAGES,
    ),
    "two channels": ConvHalfLayerRegressor(
        head="linear",
        **{**IMAGES, "image_shape": (2, 2, 4), "filters": (3,)},
        kernel_sizes=(2,),
        paddings=("same",),
        pool_size=2,
    ),
}


def fitted(estimator, y, activations=tuple(NODE_ACTIVATIONS)):
    """Fit a clone; a search of two steps gets a graph that has something in it."""
    estimator = clone(estimator).fit(X, y)
    if hasattr(estimator, "shared_weights"):
        names = activations * (18 // len(activations))
        n_targets = len(names) + estimator.model_.targets.n_outputs
        links = np.random.default_rng(0).random((16 + 1 + len(names), n_targets)) < 0.3
        graph = Graph(16, names, links.astype(estimator.dtype))
        graph = Graph(16, names, graph.connections * graph.allowed())
        assert len(graph.levels) > 3
        model, rows = estimator.model_, {"sample_weight": None}
        inputs, targets, share = scaled_batch(
            model.targets, model.scaling, X, y, **rows, dtype=estimator.dtype
        )
        batch = inputs, targets, share / share.sum()
        estimator.model_ = model.with_graph(graph, batch)
    return estimator


def parametrize(name, table):
    return pytest.mark.parametrize(name, table.values(), ids=table)


def check(run, estimator, folder, X=X, dtype="float32", accuracy=1e-5):
    """The exported model answers as the estimator does.

    Labels are compared where float32 can tell the classes apart.
    """
    wanted, found = answers(estimator, X), run(estimator, X, folder, dtype=dtype)
    assert wanted.keys() == found.keys()
    for name, values in wanted.items():
        assert found[name].shape == values.shape
    if "label" not in wanted:
        scale = np.abs(wanted["variable"]).max(axis=0)
        assert found["variable"].dtype == dtype
        assert_allclose(
            found["variable"] / scale, wanted["variable"] / scale, atol=accuracy
        )
        return
    p = wanted["probabilities"]
    assert_allclose(found["probabilities"], p, atol=accuracy)
    is_multilabel = wanted["label"].ndim == 2
    gap = np.abs(p - 0.5) if is_multilabel else np.diff(np.sort(p))[:, -1]
    clear = gap > accuracy
    assert clear.mean() > 0.9
    assert_array_equal(found["label"][clear], wanted["label"][clear])


# -- families --------------------------------------------------------------------------


@FORMATS
@parametrize("y", LABELS)
@parametrize("estimator", CLASSIFIERS)
def test_classifiers(run, estimator, y, tmp_path):
    check(run, fitted(estimator, y), tmp_path)


@FORMATS
@parametrize("y", TARGETS)
@parametrize("estimator", REGRESSORS)
def test_regressors(run, estimator, y, tmp_path):
    check(run, fitted(estimator, y), tmp_path)


@FORMATS
@parametrize("estimator", TRANSFORMERS)
def test_transformers(run, estimator, tmp_path):
    check(run, clone(estimator).fit(X), tmp_path)


@FORMATS
@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel")
@parametrize("estimator", CONVOLUTIONAL)
def test_convolutions(run, estimator, tmp_path):
    is_classifier = isinstance(estimator, ConvHalfLayerClassifier)
    y = LABELS["multiclass"] if is_classifier else TARGETS["one"]
    check(run, clone(estimator).fit(X, y), tmp_path)


@FORMATS
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_activations(run, activation, tmp_path):
    estimator = RVFLRegressor(20, activation=activation, **FIXED)
    check(run, estimator.fit(X, TARGETS["one"]), tmp_path)


@FORMATS
@pytest.mark.parametrize("activation", ["gelu", "leaky_relu", "silu", "softplus"])
def test_activations_of_large_numbers(run, activation, tmp_path):
    network = RandomNetwork(20, activation, weight_scale=1000, **FIXED).fit(X)
    assert np.abs(network.transform(X)).max() > 1000
    check(run, network, tmp_path)


@FORMATS
@pytest.mark.parametrize("value", [1e3, -1e20, 3e38])
def test_limits_of_large_numbers(run, value, tmp_path):
    """They come near the limit, and the square of none is infinite."""
    estimator = RVFLRegressor(20, input_scaling="robust", **FIXED)
    estimator.fit(X, TARGETS["one"])
    extreme = X.copy()
    extreme[::2, 3] = value
    check(run, estimator, tmp_path, extreme)


@FORMATS
@pytest.mark.parametrize("activation", NODE_ACTIVATIONS)
def test_node_activations(run, activation, tmp_path):
    estimator = WeightAgnosticRegressor(**SEARCH)
    check(run, fitted(estimator, TARGETS["one"], (activation,)), tmp_path)


@FORMATS
@pytest.mark.parametrize("kind", WEIGHTS)
def test_weight_kinds(run, kind, tmp_path):
    estimator = ELMClassifier(20, kind, **FIXED).fit(X, LABELS["multiclass"])
    check(run, estimator, tmp_path)


@FORMATS
@pytest.mark.parametrize("predict_with", ["ensemble", "tuned", "mean"])
def test_trained_weights(run, predict_with, tmp_path):
    y = LABELS["multiclass"]
    estimator = WeightAgnosticClassifier(predict_with=predict_with, **SEARCH)
    trained = fitted(estimator, y).train_weights(X, y, max_iter=10)
    assert len(np.unique(trained.connections_)) > 3
    check(run, trained, tmp_path)


@FORMATS
def test_graph_without_connections(run, tmp_path):
    estimator = WeightAgnosticRegressor(complexity_penalty=1e6, **SEARCH)
    estimator.fit(X, TARGETS["one"])
    assert estimator.n_connections_ == 0
    check(run, estimator, tmp_path)


@FORMATS
@pytest.mark.parametrize("size", [200, 2000])
@parametrize("y", LABELS)
def test_scores_whose_powers_are_no_numbers(run, y, size, tmp_path):
    """The exponential of 89 is beyond float32, that of 710 beyond float64."""
    estimator = ELMClassifier(20, **FIXED).fit(X, y)
    size = size / np.abs(estimator.decision_function(X)).min(axis=0).max()
    model = estimator.model_
    larger = {"coef": model.coef * size, "intercept": model.intercept * size}
    solution = Later.known(model.solution()._replace(**larger))
    estimator.model_ = replace(model, solution=solution)
    assert np.abs(estimator.decision_function(X)).max() > 200
    check(run, estimator, tmp_path, accuracy=0.02)


@FORMATS
@pytest.mark.parametrize("n_features", [1, 8, 9])
def test_bits_of_any_number_of_columns(run, n_features, tmp_path):
    X_cut = X[:, :n_features]
    check(run, RandomFeatures(5, "binary", **FIXED).fit(X_cut), tmp_path, X=X_cut)


@FORMATS
@parametrize(
    "estimator",
    {
        "half layer": HalfLayerClassifier(12, dtype="float64", **SHORT),
        "HalfNet": HalfNetClassifier(12, 3, dtype="float64", **SHORT),
        "RVFL": RVFLClassifier(20, ["binary"], dtype="float64", **FIXED),
        "sparse": ELMClassifier(20, "sparse", "softplus", dtype="float64", **FIXED),
        "graph": WeightAgnosticClassifier(dtype="float64", **SEARCH),
        "limited": ELMClassifier(20, input_scaling="robust", dtype="float64", **FIXED),
    },
)
def test_double_precision(run, estimator, tmp_path):
    estimator = fitted(estimator, LABELS["multiclass"])
    check(run, estimator, tmp_path, X.astype(float), "float64", accuracy=1e-12)


def test_every_part_is_in_both_formats():
    steps, products = set(Step.__subclasses__()), set(FrozenWeights.__subclasses__())
    assert steps == set(_onnx_steps._STEPS) == set(_c_steps._STEPS)
    assert steps == set(_numpy._STEPS)
    assert products == set(_onnx_steps._PRODUCTS)
    # A seed is written as weights elsewhere.
    assert products | {SeedStorage} == set(_c_products.PRODUCTS)
    names = set(ACTIVATIONS) | set(NODE_ACTIVATIONS)
    assert names == set(_onnx_values._ACTIVATIONS) == set(_c_activations._EXPRESSIONS)


# -- formats ---------------------------------------------------------------------------


@pytest.fixture(scope="module")
def words():
    return ELMClassifier(8, **FIXED).fit(X, LABELS["words"])


def test_onnx_model_describes_itself(words):
    model = to_onnx(words)
    assert model.producer_name == "sklearn-halfnet"
    assert model.producer_version == __version__
    assert model.graph.name == "ELMClassifier"
    session = onnxruntime.InferenceSession(model.SerializeToString())
    (given,) = session.get_inputs()
    label, probabilities = session.get_outputs()
    assert (given.name, given.type, given.shape) == ("X", "tensor(float)", [None, 16])
    assert (label.name, label.type, label.shape) == ("label", "tensor(string)", [None])
    assert probabilities.shape == [None, 3]


@parametrize("estimator", CLASSIFIERS)
def test_the_number_of_rows_is_free(estimator):
    estimator = fitted(estimator, LABELS["multiclass"])
    whole = run_onnx(estimator, X)["probabilities"]
    for n_rows in (0, 1, 7):
        part = run_onnx(estimator, X[:n_rows])
        assert part["label"].shape == (n_rows,)
        assert_allclose(part["probabilities"], whole[:n_rows], atol=1e-5)


def test_files_hold_what_is_returned(words, tmp_path):
    model = to_onnx(words, tmp_path / "a.onnx")
    assert (tmp_path / "a.onnx").read_bytes() == model.SerializeToString()
    source = to_c(words, str(tmp_path / "a.c"))
    assert (tmp_path / "a.c").read_text(encoding="utf-8") == source


def test_c_function_has_the_name_asked_for_and_does_without_a_label(words, tmp_path):
    library = compiled(to_c(words, name="net"), tmp_path)
    p = np.zeros(3, np.float32)
    library.net_predict(*(ctypes.c_void_p(a.ctypes.data) for a in (X[0], p)), None)
    assert_allclose(p, words.predict_proba(X[:1])[0], atol=1e-5)
    assert_array_equal(
        c_classes(library, words.classes_, "net_classes"), words.classes_
    )


@pytest.mark.parametrize("kind", ["binary", "sparse"])
def test_small_weights_stay_small(kind):
    wide = np.repeat(X, 40, axis=1)
    small, dense = (
        RandomFeatures(200, each, **FIXED).fit(wide) for each in (kind, "normal")
    )
    n_weights = 200 * wide.shape[1]
    n_bytes = small.model_.layer.weights.nbytes
    assert to_onnx(dense).ByteSize() > 4 * n_weights
    assert to_onnx(small).ByteSize() < 1.1 * n_bytes + 10_000
    assert len(to_c(small)) < len(to_c(dense)) / 3


# -- errors ----------------------------------------------------------------------------

WRITERS = pytest.mark.parametrize("write", [to_onnx, to_c])


@WRITERS
@parametrize("estimator", CLASSIFIERS | REGRESSORS | TRANSFORMERS)
def test_unfitted(write, estimator):
    with pytest.raises(NotFittedError, match=type(estimator).__name__):
        write(clone(estimator))


# Refused by name; none needs to be fitted for that. skl2onnx has others' estimators.
@pytest.mark.parametrize(
    ("write", "estimator"),
    [
        (to_c, DeskewResize()),
        (to_onnx, DeskewResize()),
        (to_c, LogisticRegression()),
    ],
)
def test_what_is_not_exported_says_so(write, estimator):
    name = type(estimator).__name__
    with pytest.raises(TypeError, match=f"{name} cannot be exported: .* ELM, RVFL"):
        write(estimator)


@WRITERS
def test_labels_that_no_format_has(write):
    days = np.array(["2025-01-01", "2025-01-02"], "datetime64[D]")
    estimator = ELMClassifier(8, **FIXED).fit(X, THREE > 0)
    targets = replace(estimator.model_.targets, classes=days)
    estimator.model_ = replace(estimator.model_, targets=targets)
    with pytest.raises(TypeError, match="labels must be integers or strings"):
        write(estimator)


@WRITERS
def test_wrong_options(write, words):
    with pytest.raises(ValueError, match="dtype='int8' must be 'float32' or 'float64'"):
        write(words, dtype="int8")


@pytest.mark.parametrize("write, run", [(to_onnx, run_onnx), (to_c, run_c)])
def test_numbers_too_large_for_the_type_are_refused(write, run, tmp_path):
    small = X.astype(np.float64) * [1e-40, *[1] * 15]
    model = ELMClassifier(8, random_state=0, dtype="float64").fit(small, THREE)
    with pytest.raises(ValueError, match="too large for dtype='float32'"):
        write(model)
    found = run(model, small, tmp_path, dtype="float64")
    assert_allclose(found["probabilities"], model.predict_proba(small), atol=1e-12)


@WRITERS
def test_file_that_cannot_be_written_leaves_the_old_one(
    write, words, tmp_path, monkeypatch
):
    def full(descriptor):
        raise OSError("No space left on device")

    path = tmp_path / "model"
    path.write_text("old")
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write(words, path)
    assert path.read_text() == "old" and list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("name", ["", "2nd", "a b", "a;"])
def test_names_that_c_does_not_have(words, name):
    with pytest.raises(ValueError, match="is not a C identifier"):
        to_c(words, name=name)


def test_without_onnx_the_extra_is_named_and_c_works(words, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(ImportError, match=r"pip install 'sklearn-halfnet\[onnx\]'"):
        to_onnx(words)
    assert "model_predict" in to_c(words)


def test_no_torch_is_imported():
    code = (
        "import sys; from sklearn_halfnet import ELMClassifier\n"
        "from sklearn_halfnet.export import to_c, to_onnx\n"
        "model = ELMClassifier(4).fit([[0.0], [1.0], [2.0], [3.0]], [0, 1, 0, 1])\n"
        "to_c(model), to_onnx(model); print('torch' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "False"


# -- command ---------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", ["onnx", "c"])
def test_command(words, suffix, tmp_path, capsys):
    saved, out = tmp_path / "model.pkl", tmp_path / f"out.{suffix}"
    saved.write_bytes(pickle.dumps(words))
    assert cli.main(["export", str(saved), str(out), "--name", "net"]) == 0
    assert f"Wrote {out}: {out.stat().st_size:,} bytes." in capsys.readouterr().out
    if suffix == "c":
        assert out.read_text(encoding="utf-8") == to_c(words, name="net")
    else:
        assert out.read_bytes() == to_onnx(words).SerializeToString()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "cannot read"),
        (b"not a pickle", "is not an estimator"),
        (pickle.dumps(LogisticRegression()), "LogisticRegression cannot be exported"),
        (pickle.dumps(ELMClassifier()), "not fitted yet"),
    ],
)
def test_command_that_fails_says_why(content, message, tmp_path, capsys):
    saved = tmp_path / "model.pkl"
    if content is not None:
        saved.write_bytes(content)
    assert cli.main(["export", str(saved), str(tmp_path / "out.c")]) == 1
    err = capsys.readouterr().err
    assert message in err and err.count("\n") == 1
    assert not (tmp_path / "out.c").exists()
