"""Exports for small devices: seeds, rounding, bytes; and for Pipelines and CNNs."""

import re
import shutil
import subprocess
import sys
from copy import copy
from dataclasses import replace
from functools import cache

import joblib
import numpy as np
import onnx
import onnxruntime
import pandas as pd
import pytest
from exported import answers, compiled, run_c, run_numpy, run_onnx
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.compose import ColumnTransformer
from sklearn.datasets import load_digits
from sklearn.ensemble import VotingClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from sklearn_halfnet import (
    ConvHalfLayerClassifier,
    ELMClassifier,
    ELMRegressor,
    HalfLayerClassifier,
    HalfNetClassifier,
    PartialCNNClassifier,
    PartialCNNRegressor,
    RandomFeatures,
    RVFLClassifier,
    SharedBackboneEnsembleClassifier,
    cli,
)
from sklearn_halfnet.export import to_c, to_c_library, to_numpy, to_onnx
from sklearn_halfnet.weights import SeededWeights

FORMATS = pytest.mark.parametrize("run", [run_onnx, run_c, run_numpy])

X, y = load_digits(return_X_y=True)
X, y = X[:400].astype(np.float32), y[:400]
ROWS = X[:50]

FIXED = {"random_state": 0}
SHORT = {**FIXED, "max_iter": 2}
MODELS = {
    "half layer": HalfLayerClassifier(37, "seeded", **SHORT),
    "two half layers": HalfLayerClassifier((37, 20), "seeded", "tanh", **SHORT),
    "normal": HalfLayerClassifier(21, SeededWeights("normal"), **SHORT),
    "columns": ELMClassifier(30, "seeded", input_scaling="standard", **FIXED),
    "direct links": RVFLClassifier(
        30, SeededWeights("normal"), input_scaling="center", **FIXED
    ),
}
DENSE = {
    "dense half layer": HalfLayerClassifier(40, **SHORT),
    "members of HalfNet": HalfNetClassifier(20, 4, n_members=2, **SHORT),
    "sparse": ELMClassifier(40, "sparse", **FIXED),
    "convolutions": ConvHalfLayerClassifier(
        20, image_shape=(8, 8), filters=(3, 4), kernel_sizes=(3, 3), **SHORT
    ),
}
CNN = {"image_shape": (8, 8), **SHORT, "max_iter": 1}
CNNS = {
    "wrn": PartialCNNClassifier(depth=10, width=1, **CNN),
    "densenet": PartialCNNClassifier(
        architecture="densenet", depth=10, width=4, fraction=0.5, **CNN
    ),
    "vgg": PartialCNNClassifier(architecture="vgg", depth=4, width=4, **CNN),
    "vgg_bn": PartialCNNClassifier(
        architecture="vgg_bn", depth=6, width=4, head="half", **CNN
    ),
    "alexnet": PartialCNNRegressor(architecture="alexnet", depth=4, width=2, **CNN),
    "zero": PartialCNNClassifier(
        architecture="vgg", depth=4, width=8, fraction=0.5, frozen="zero", **CNN
    ),
    "colours": PartialCNNClassifier(
        depth=10, width=1, **CNN | {"image_shape": (4, 4, 4)}
    ),
    "ensemble": SharedBackboneEnsembleClassifier(
        PartialCNNClassifier(depth=10, width=1, **CNN), n_estimators=2, **FIXED
    ),
}


def same(found, wanted, accuracy=1e-5):
    assert found.keys() == wanted.keys()
    for name in ("probabilities", "variable"):
        if name in wanted:
            scale = max(1, np.abs(wanted[name]).max())
            assert_allclose(found[name] / scale, wanted[name] / scale, atol=accuracy)
    if "label" in wanted:
        assert_array_equal(found["label"], wanted["label"])


@cache
def fitted(name):
    """One fit for all tests; none changes it."""
    return clone((MODELS | DENSE | CNNS)[name]).fit(X, y)


# -- numbers in fewer bytes ------------------------------------------------------------


@pytest.mark.parametrize("inputs", ["float", "uint8"])
@pytest.mark.parametrize("name", MODELS)
def test_c_computes_weights_of_a_seed(name, inputs, tmp_path):
    model = fitted(name)
    found = run_c(model, ROWS, tmp_path, weights="seed", inputs=inputs)
    same(found, answers(model, ROWS))


@pytest.mark.parametrize("inputs", ["float", "uint8"])
@pytest.mark.parametrize("name", MODELS)
def test_rounded_models_in_c_answer_as_in_numpy(name, inputs, tmp_path):
    options = {"weights": "seed", "trained": "int8"}
    found = run_c(fitted(name), ROWS, tmp_path, inputs=inputs, **options)
    same(found, to_numpy(fitted(name), **options)(ROWS))


@pytest.mark.parametrize("weights", ["float32", "int8"])
@pytest.mark.parametrize("name", ["normal", *DENSE])
def test_formats_round_in_the_same_way(name, weights, tmp_path):
    model = fitted(name)
    options = {"weights": weights, "trained": "int8"}
    wanted = to_numpy(model, **options)(ROWS)
    same(run_c(model, ROWS, tmp_path, **options), wanted)
    same(run_onnx(model, ROWS, **options), wanted)
    # Rounding changes something, and not much.
    off_by = np.abs(wanted["probabilities"] - model.predict_proba(ROWS)).max()
    assert 1e-5 < off_by < 0.2


def test_int8_is_within_half_a_step_of_every_number():
    model = ELMClassifier(16, **FIXED).fit(X, y)
    exported = to_onnx(model, weights="int8", trained="int8")
    integers = [
        onnx.numpy_helper.to_array(each)
        for each in exported.graph.initializer
        if each.data_type == onnx.TensorProto.INT8
    ]
    assert {each.shape for each in integers} == {(16, 64), (10, 16)}
    (coef,) = (each for each in integers if each.shape == (10, 16))
    step = np.abs(model.read_out_coef_).max(axis=1, keepdims=True) / 127
    assert np.abs(coef * step - model.read_out_coef_).max() < 0.51 * step.max()


def test_bytes_of_a_small_model(tmp_path):
    model = HalfLayerClassifier(256, "seeded", **SHORT).fit(X, y)
    source = to_c(model, weights="seed", trained="int8", inputs="uint8")
    said = re.search(r"(\d+) bytes of constants, (\d+) of the stack", source)
    n_constants, n_stack = map(int, said.groups())
    # 8-bit read-out with factors; scales, shifts and intercept at 16 bits; labels.
    assert n_constants == 256 * 10 + 4 * 10 + 2 * (256 + 256 + 10) + 8 * 10
    assert n_stack < 2048
    object_file = tmp_path / "model.o"
    compiled(source, tmp_path)
    command = ["gcc", "-c", "-Os", tmp_path / "model.c", "-o", object_file]
    subprocess.run(command, check=True)
    sizes = subprocess.run(["size", object_file], capture_output=True, text=True)
    text, data, bss = map(int, sizes.stdout.splitlines()[1].split()[:3])
    assert data + bss == 0 and text < n_constants + 2500


def test_softmax_of_rounded_scores_far_beyond_88(tmp_path):
    model = copy(fitted("half layer"))
    read_out = model.model_.read_out
    read_out = replace(
        read_out, coef=read_out.coef * 1000, intercept=read_out.intercept * 1000
    )
    model.model_ = replace(model.model_, read_out=read_out)
    assert np.abs(model.decision_function(X)).max() > 1000
    options = {"weights": "seed", "trained": "int8", "inputs": "uint8"}
    found = run_c(model, X, tmp_path, **options)["probabilities"]
    assert np.isfinite(found).all()
    assert_allclose(found.sum(axis=1), 1, atol=1e-6)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_seed_in_double_precision(dtype, tmp_path):
    model = ELMClassifier(30, SeededWeights("normal"), dtype=dtype, **FIXED).fit(X, y)
    found = run_c(model, ROWS, tmp_path, dtype=dtype, weights="seed")
    # The weights are float32 numbers in any case.
    accuracy = 1e-5 if dtype == "float32" else 1e-6
    same(found, answers(model, ROWS), accuracy)


# -- what cannot be --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "options", "message"),
    [
        ("binary", {"weights": "seed"}, "weight_kind='seeded'; found BitStorage"),
        ("normal", {"weights": "binary"}, "weights are -1 and \\+1.*DenseStorage"),
        ("normal", {"weights": "float16"}, "weights='float16' must be 'stored' or"),
        ("normal", {"trained": "int4"}, "trained='int4' must be 'float' or 'int8'"),
        ("normal", {"inputs": "int16"}, "inputs='int16' must be 'float' or 'uint8'"),
    ],
)
def test_wrong_options(kind, options, message):
    model = ELMClassifier(8, kind, **FIXED).fit(X, y)
    with pytest.raises(ValueError, match=message):
        to_c(model, **options)


def test_onnx_has_no_seeds():
    model = ELMClassifier(8, "seeded", **FIXED).fit(X, y)
    with pytest.raises(ValueError, match="weights='seed' must be 'stored' or"):
        to_onnx(model, weights="seed")


def test_weights_that_were_changed_since_have_no_seed():
    model = ELMClassifier(8, "seeded", **FIXED).fit(X, y)
    (layer,) = model.model_.layers
    layer.weights.bits[0, 0] ^= 1
    with pytest.raises(ValueError, match="weights='seed' needs"):
        to_c(model, weights="seed")


def test_bytes_have_no_number_for_what_is_missing():
    rows = X.copy()
    rows[::3, 5] = np.nan
    model = ELMClassifier(8, **FIXED).fit(rows, y)
    with pytest.raises(ValueError, match="inputs='uint8' has no number for missing"):
        to_c(model, inputs="uint8")


# -- partially trained CNNs ------------------------------------------------------------


@FORMATS
@pytest.mark.parametrize("name", CNNS)
# One pass is no training.
@pytest.mark.filterwarnings("ignore:PartialCNNRegressor. training ended")
def test_partial_cnns(run, name, tmp_path):
    model = fitted(name)
    same(run(model, ROWS, tmp_path), answers(model, ROWS))


@pytest.mark.parametrize("name", ["vgg", "vgg_bn"])
def test_cnns_are_rounded_in_the_same_way(name, tmp_path):
    model = fitted(name)
    wanted = to_numpy(model, trained="int8")(ROWS)["probabilities"]
    assert np.abs(wanted - model.predict_proba(ROWS)).max() > 1e-4
    for run in (run_c, run_onnx):
        found = run(model, ROWS, tmp_path, trained="int8")["probabilities"]
        assert_allclose(found, wanted, atol=3e-5)
    small, whole = (to_onnx(model, trained=t).ByteSize() for t in ("int8", "float"))
    n_weights = sum(weights.size for weights in model.model_.weights.values())
    assert small < whole - 2.5 * n_weights


# -- Pipelines -------------------------------------------------------------------------


@pytest.fixture(scope="module")
def frame():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "size": rng.standard_normal(200),
            "count": rng.integers(0, 9, 200),
            "shape": rng.choice(["flat", "round", "long"], 200),
        }
    )
    frame["size"] = frame["size"].astype(np.float32)
    frame.loc[::7, "size"] = np.nan
    return frame


def run_frame(model, frame):
    onnx.checker.check_model(model)
    types = {"size": np.float32, "count": np.int64, "shape": object}
    feed = {name: frame[[name]].to_numpy().astype(t) for name, t in types.items()}
    session = onnxruntime.InferenceSession(model.SerializeToString())
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(None, feed), strict=True))


@pytest.mark.parametrize(
    "estimator",
    [
        HalfNetClassifier(16, 4, **SHORT),
        HalfLayerClassifier(16, "seeded", **SHORT),
        ELMRegressor(16, **FIXED),
    ],
    ids=lambda e: type(e).__name__,
)
def test_column_transformer_before_ours(frame, estimator):
    numbers = make_pipeline(SimpleImputer(), StandardScaler())
    columns = ColumnTransformer(
        [
            ("numbers", numbers, ["size", "count"]),
            ("names", OneHotEncoder(handle_unknown="ignore"), ["shape"]),
        ]
    )
    is_real = isinstance(estimator, ELMRegressor)
    target = frame["count"] * 2.0 if is_real else frame["shape"] + "!"
    model = make_pipeline(columns, clone(estimator)).fit(frame, target)
    found = run_frame(to_onnx(model, X=frame.head()), frame)
    if is_real:
        assert_allclose(found["variable"][:, 0], model.predict(frame), atol=1e-4)
        return
    assert_allclose(found["probabilities"], model.predict_proba(frame), atol=1e-5)
    assert_array_equal(found["label"], model.predict(frame))
    rounded = run_frame(to_onnx(model, X=frame.head(), trained="int8"), frame)
    assert_allclose(rounded["probabilities"], found["probabilities"], atol=0.1)
    assert np.abs(rounded["probabilities"] - found["probabilities"]).max() > 1e-5
    with pytest.raises(ValueError, match="X is needed: Pipeline was fitted on a data"):
        to_onnx(model)


@pytest.mark.parametrize(
    "estimator",
    [
        make_pipeline(RandomFeatures(20, **FIXED), LogisticRegression(max_iter=500)),
        GridSearchCV(
            make_pipeline(StandardScaler(), ELMClassifier(20, **FIXED)),
            {"elmclassifier__activation": ["relu", "tanh"]},
            cv=2,
        ),
        VotingClassifier([("a", ELMClassifier(9, **FIXED)), ("b", ELMClassifier(7))]),
        make_pipeline(StandardScaler(), clone(CNNS["vgg"])),
    ],
    ids=["features", "search", "vote", "CNN"],
)
def test_arrays_through_estimators_of_sklearn(estimator):
    if isinstance(estimator, VotingClassifier):
        estimator.set_params(voting="soft", flatten_transform=False)
    model = estimator.fit(X, y)
    session = onnxruntime.InferenceSession(to_onnx(model).SerializeToString())
    label, probabilities = session.run(None, {"X": X})
    assert_allclose(probabilities, model.predict_proba(X), atol=1e-4)
    assert (label == model.predict(X)).mean() > 0.99


def test_pipeline_of_several_labels_in_double_precision():
    several = np.stack([y > 4, y % 2 == 0], axis=1).astype(int)
    model = make_pipeline(StandardScaler(), ELMClassifier(20, dtype="float64", **FIXED))
    rows = X.astype(np.float64)
    model.fit(rows, several)
    exported = to_onnx(model, dtype="float64")
    session = onnxruntime.InferenceSession(exported.SerializeToString())
    label, probabilities = session.run(None, {"X": rows})
    assert probabilities.dtype == np.float64
    assert_allclose(probabilities, model.predict_proba(rows), atol=1e-9)
    assert_array_equal(label, model.predict(rows))


def test_without_skl2onnx_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "skl2onnx", None)
    model = make_pipeline(StandardScaler(), ELMClassifier(4, **FIXED)).fit(X, y)
    with pytest.raises(ImportError, match=r"pip install 'sklearn-halfnet\[onnx\]'"):
        to_onnx(model)
    assert to_onnx(model[-1]).ByteSize() > 0


# -- the library in C ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("estimator", "options"),
    [
        (MODELS["half layer"], {"weights": "seed", "inputs": "uint8"}),
        (ELMRegressor(9, **FIXED), {}),
        (ELMClassifier(9, **FIXED), {"trained": "int8"}),
    ],
    ids=["seed", "regressor", "float"],
)
def test_library_answers_on_this_machine(estimator, options, tmp_path):
    gcc = shutil.which("gcc") or pytest.skip("no C compiler (gcc) on this machine")
    model = clone(estimator).fit(X, y)
    paths = to_c_library(model, tmp_path / "net", X, name="net", **options)
    assert all(path.is_file() for path in paths)
    folder, program = tmp_path / "net", tmp_path / "program"
    # Some warnings come of what optimisation finds out.
    strict = ["-std=c99", "-O3", "-pedantic", "-Wall", "-Wextra", "-Wdouble-promotion"]
    files = [folder / "extras/main.c", folder / "src/net.c"]
    command = [gcc, *strict, "-Werror", f"-I{folder / 'src'}", *files]
    subprocess.run([*command, "-o", program, "-lm"], check=True)
    rows = "\n".join(" ".join(map(str, row)) for row in X[:20])
    done = subprocess.run([program], input=rows, capture_output=True, text=True)
    found = np.array([line.split() for line in done.stdout.splitlines()], float)
    held = {name: each for name, each in options.items() if name != "inputs"}
    wanted = to_numpy(model, **held)(X[:20])
    if "variable" in wanted:
        assert_allclose(found, wanted["variable"], rtol=1e-4)
    else:
        assert_array_equal(model.classes_[found[:, 0].astype(int)], wanted["label"])
        assert_allclose(found[:, 1:], wanted["probabilities"], atol=1e-5)


# What a sketch uses of Arduino's own header.
_ARDUINO = """
struct { void begin(int) {} template <class T> void println(T, int = 0) {} } Serial;
unsigned long micros() { return 0; }
void delay(int) {}
"""


def test_sketch_is_cpp_that_compiles(tmp_path):
    compiler = shutil.which("g++") or pytest.skip("no C++ compiler (g++) here")
    model = fitted("half layer")
    to_c_library(model, tmp_path, X, weights="seed", inputs="uint8")
    sketch = (tmp_path / "examples/predict/predict.ino").read_text(encoding="utf-8")
    source = tmp_path / "sketch.cpp"
    source.write_text(_ARDUINO + sketch, encoding="utf-8")
    command = [compiler, "-Wall", "-Wextra", "-Werror", f"-I{tmp_path / 'src'}"]
    subprocess.run([*command, "-c", source, "-o", tmp_path / "sketch.o"], check=True)


def test_library_of_bytes_refuses_other_rows(tmp_path):
    model = fitted("half layer")
    with pytest.raises(ValueError, match=r"whole numbers from 0 to 255.*0\.5"):
        to_c_library(model, tmp_path / "net", X + 0.5, inputs="uint8")
    assert not (tmp_path / "net").exists()


def test_command_takes_the_options(tmp_path, capsys):
    model = fitted("half layer")
    saved, out = tmp_path / "model.joblib", tmp_path / "model.c"
    joblib.dump(model, saved)
    options = ["--weights", "seed", "--trained", "int8", "--inputs", "uint8"]
    assert cli.main(["export", str(saved), str(out), *options]) == 0
    expected = to_c(model, weights="seed", trained="int8", inputs="uint8")
    assert out.read_text(encoding="utf-8") == expected
