"""``halfnet reproduce edge``: bytes, agreement and microseconds of exported models."""

import re

import numpy as np

from sklearn_halfnet import ELMClassifier, HalfLayerClassifier
from sklearn_halfnet.experiments._common.data import load_images
from sklearn_halfnet.experiments._common.experiment import Experiment
from sklearn_halfnet.experiments._common.measures import bars_table, measure_jobs
from sklearn_halfnet.experiments._common.report import environment_text
from sklearn_halfnet.experiments.edge._compiled import (
    CompiledC,
    OnnxSession,
    row_seconds,
)
from sklearn_halfnet.export import to_numpy

__all__ = ["EXPERIMENT", "report_text"]

# Chosen on the last 10,000 training rows of MNIST, among ten settings of activation,
# learning rate, penalty and scaling.
RECIPE = {
    "weight_kind": "seeded",
    "activation": "cos",
    "input_scaling": "center",
    "batch_size": 256,
    "max_iter": 20,
    "early_stopping": False,
}
# Units of the small and the wide half layer, and of the ELM.
SIZES, QUICK_SIZES = (256, 1024, 1000), (16, 24, 20)
TINY = {"weights": "seed", "trained": "int8"}
BITS = {"weights": "binary", "trained": "int8"}


def _jobs(run):
    data = load_images(run, "mnist", train=2_000, test=500)
    pixels = np.rint(255 * data.X_train), np.rint(255 * data.X_test)
    data.X_train, data.X_test = (X.astype(np.float32) for X in pixels)
    small, wide, timed = QUICK_SIZES if run.quick else SIZES
    measures = {
        "small": lambda seed: _agreement(data, _fitted(data, small, seed)),
        "wide": lambda seed: _wide(data, _fitted(data, wide, seed)),
        "times": lambda seed: _times(data, timed, seed),
    }
    return measure_jobs(measures, {"wide", "times"}, run)


def _fitted(data, n_units, seed):
    model = HalfLayerClassifier(n_units, **RECIPE, random_state=seed)
    return model.fit(data.X_train, data.y_train)


def _agreement(data, model):
    """Export the smallest model, and compare labels of all test rows."""
    X, y = data.X_test, data.y_test
    expected = to_numpy(model, **TINY)(X)
    in_c = CompiledC(model, **TINY, inputs="uint8")
    places, probabilities = in_c.rows(X)
    in_onnx = OnnxSession(model, **BITS)
    as_it_is = CompiledC(model).rows(X)[0]
    return _sizes(in_c) | {
        "test": 100 * model.score(X, y),
        "test_in_c": 100 * float(np.mean(model.classes_[places] == y)),
        "n_rows": len(X),
        "n_other_in_c": int((model.classes_[places] != expected["label"]).sum()),
        "off_by": float(np.abs(probabilities - expected["probabilities"]).max()),
        "n_other_in_onnx": int((in_onnx.rows(X)[0] != expected["label"]).sum()),
        "n_other_unrounded": int((model.classes_[as_it_is] != model.predict(X)).sum()),
        "onnx_bytes": len(in_onnx.saved),
    }


def _sizes(in_c):
    """Read from the file's head what it says of itself."""
    words = re.search(r"(\d+) bytes of constants, (\d+) of the stack", in_c.source)
    n_constants, n_stack = map(int, words.groups())
    return {"n_constant_bytes": n_constants, "n_stack_bytes": n_stack}


def _wide(data, model):
    """Sizes with a seed and with bits, and the time of a row in bytes."""
    result = {"test": 100 * model.score(data.X_test, data.y_test)}
    forms = {"seed": {"weights": "seed"}, "bits": {}}
    for name, options in forms.items():
        result[f"{name}_bytes"] = _sizes(CompiledC(model, **options))[
            "n_constant_bytes"
        ]
    result["onnx"] = 1e6 * row_seconds(OnnxSession(model), data.X_test, one_call=False)
    for name, options in forms.items():
        in_c = CompiledC(model, **options, inputs="uint8")
        result[name] = 1e6 * row_seconds(in_c, data.X_test, one_call=True)
        result[f"{name}_ratio"] = result[name] / result["onnx"]
    return result


def _times(data, n_units, seed):
    """Microseconds of a row through an ELM, in C and by onnxruntime."""
    result = {}
    for kind in ("normal", "binary"):
        model = ELMClassifier(n_units, kind, alpha=1.0, random_state=seed)
        model.fit(data.X_train[:2000], data.y_train[:2000])
        onnx = 1e6 * row_seconds(OnnxSession(model), data.X_test, one_call=False)
        for name, options in {"float": {}, "bytes": {"inputs": "uint8"}}.items():
            in_c = CompiledC(model, **options)
            micros = 1e6 * row_seconds(in_c, data.X_test, one_call=True)
            result[f"{kind}_{name}"] = micros
            result[f"{kind}_{name}_ratio"] = micros / onnx
        result[f"{kind}_onnx"] = onnx
    return result


# Measure, found, beside, bar.
ROWS = (
    (
        "784-256-10, seeded, 8-bit read-out, in C: test accuracy, %",
        "{small.test_in_c:.2f}",
        "unrounded in Python: {small.test:.2f}",
        "at least 93 (paper: 92.45 [1]; LogNNet: 82 in 2 KB [2])",
    ),
    ("its constants, bytes", "{small.n_constant_bytes:,.0f}", "", "at most 4,096"),
    ("its working memory, bytes", "{small.n_stack_bytes:,.0f}", "", "at most 4,096"),
    (
        "its labels that differ from numpy's",
        "{small.n_other_in_c:.0f} of {small.n_rows:,.0f}",
        "largest difference of a probability: {small.off_by:.0e}",
        "0",
    ),
    (
        "the same in ONNX",
        "{small.n_other_in_onnx:.0f}",
        "{small.onnx_bytes:,.0f} bytes",
        "0",
    ),
    (
        "unrounded in C: labels that differ from `predict`",
        "{small.n_other_unrounded:.0f}",
        "",
        "0",
    ),
    (
        "784-1024-10, constants in C, float read-out, bytes",
        "seed: {wide.seed_bytes:,.0f}",
        "bits: {wide.bits_bytes:,.0f}; test accuracy {wide.test:.2f} %",
        "60,000 and 160,000",
    ),
    (
        "a row in bytes, bits, µs",
        "{wide.bits:.0f}",
        "onnxruntime: {wide.onnx:.0f}; ratio {wide.bits_ratio:.2f}",
        "ratio at most 3",
    ),
    (
        "a row in bytes, seed, µs",
        "{wide.seed:.0f}",
        "ratio {wide.seed_ratio:.2f}",
        "ratio at most 3",
    ),
    (
        "ELM of 1,000 units, dense, a row of floats, µs",
        "{times.normal_float:.0f}",
        "onnxruntime: {times.normal_onnx:.0f}; ratio {times.normal_float_ratio:.2f}",
        "ratio at most 3",
    ),
    (
        "binary, a row of floats, µs",
        "{times.binary_float:.0f}",
        "onnxruntime: {times.binary_onnx:.0f}; ratio {times.binary_float_ratio:.2f}",
        "ratio at most 3",
    ),
    (
        "binary, a row of bytes, µs",
        "{times.binary_bytes:.0f}",
        "ratio {times.binary_bytes_ratio:.2f}",
        "ratio at most 3",
    ),
)


def report_text(records):
    """Write the medians as Markdown, each beside its bar."""
    header = ["measure", "found", "beside", "bar"]
    return f"""\
# Models on small devices

Half layers on MNIST, pixels from 0 to 255, exported by `to_c` and `to_onnx`. Medians
over seeds; settings were chosen on the last 10,000 training rows.

{bars_table(header, ROWS, records)}

C: one thread, `gcc -O3 -march=native`, all rows in one call. onnxruntime: one thread, a
call a row. Each pair was measured in one run; the fastest of 15 rounds of 200 rows.

[1] Alpaydin, "Half-Layered Neural Networks", arXiv 2506.04352, 2025. [2] Velichko,
"Neural Network for Low-Memory IoT Devices and MNIST Image Recognition Using Kernels
Based on Logistic Map", Electronics 9 (9), 2020.

## Environment

{environment_text(records)}
"""


EXPERIMENT = Experiment("edge", _jobs, report_text)
