"""Devices: the same answers on a GPU as on the CPU, and clear errors.

What can be tested without a GPU is; the rest has the marker ``gpu``, and is skipped
where torch sees none.
"""

import os
import pickle
import pickletools
import subprocess
import sys
from contextlib import nullcontext
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from callbacks import Interrupt
from instances import ENSEMBLE, INSTANCES, NORMALISED, ONE_LINE, PLAIN
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.base import clone, is_classifier

from sklearn_halfnet import (
    ConvHalfLayerClassifier,
    ELMClassifier,
    ELMRegressor,
    HalfLayerClassifier,
    HalfLayerRegressor,
    HalfNetClassifier,
    PartialCNNClassifier,
    RandomFeatures,
    RVFLRegressor,
    SharedBackboneEnsembleClassifier,
    _device,
)
from sklearn_halfnet.estimators.closed_form import _base as closed_form
from sklearn_halfnet.networks.dropout import Dropout
from sklearn_halfnet.networks.partial_cnn import Augmentation
from sklearn_halfnet.solvers import data as block_data, minibatch, step

pytestmark = [
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
    pytest.mark.filterwarnings("ignore:.*interrupted by the user"),
]


def on_gpu(function):
    """Mark a test that needs a GPU."""
    missing = pytest.mark.skipif(
        not torch.cuda.is_available(), reason="torch sees no GPU here"
    )
    return pytest.mark.gpu(missing(function))


rng = np.random.default_rng(0)
X = rng.standard_normal((90, 12)).astype(np.float32)
Y = X[:, 0] + np.sin(X[:, 1])
LABELS = np.digitize(Y, [-0.5, 0.5])
# More steps a pass than are taken before one is recorded, and a smaller one at the end.
STEPS = {"batch_size": 8}
# On a GPU the learning rate is a float32, whatever the network is.
TOLERANCE = {"float32": 1e-4, "float64": 1e-6}


def trained_instances():
    """One of each way to be trained by torch, for one pass."""
    for instance in INSTANCES:
        estimator = clone(instance.estimator)
        parameters = estimator.get_params(deep=True)
        if "device" in parameters and "max_iter" in parameters:
            changed = {"max_iter": 1, "learning_rate_init": 1e-2, "random_state": 0}
            # A GPU draws by itself which units are dropped.
            if parameters.get("dropout") == "auto":
                changed["dropout"] = 0.0
            minibatches = parameters["solver"] != "lbfgs"
            estimator.set_params(**changed, **(STEPS if minibatches else {}))
            yield pytest.param(estimator, id=repr(estimator)[:80])


def targets_of(estimator):
    return LABELS if is_classifier(estimator) else Y - Y.min()  # none below zero


def fitted(estimator, device, **parameters):
    model = clone(estimator).set_params(device=device, **parameters)
    return model.fit(X, targets_of(model))


def assert_same_scores(found, expected, tolerance):
    found, expected = (model.model_.scores(X) for model in (found, expected))
    size = np.abs(expected).max()
    assert_allclose(found, expected, rtol=0, atol=tolerance * size)


TRAINED = {
    "half layer": HalfLayerClassifier(16, random_state=0, **STEPS),
    "half layers": HalfLayerRegressor((12, 8), random_state=0, **STEPS),
    "halfnet": HalfNetClassifier(16, random_state=0, n_members=1, dropout=0.0, **STEPS),
    "members": HalfNetClassifier(16, random_state=0, n_members=3, dropout=0.0, **STEPS),
    "dropout": HalfNetClassifier(
        16, random_state=0, n_members=1, dropout=0.25, **STEPS
    ),
    "conv": ConvHalfLayerClassifier(**{**ONE_LINE, **STEPS}),
    "vgg": PartialCNNClassifier(**{**PLAIN, **STEPS}),
    "wrn": PartialCNNClassifier(**{**NORMALISED, **STEPS}),
    "kernel rows": PartialCNNClassifier(
        **{**NORMALISED, **STEPS}, trainable="kernel_rows", fit_batch_norms=False
    ),
    "moved": PartialCNNClassifier(
        **{**NORMALISED, **STEPS, "dtype": "float32"},
        flips=True,
        crop_padding=1,
        mixed_precision=True,
    ),
}
EACH = pytest.mark.parametrize("name", TRAINED)
DRAWS_ITSELF = ("dropout", "moved")
ALIKE = pytest.mark.parametrize("name", sorted({*TRAINED} - {*DRAWS_ITSELF}))


def short(name, **parameters):
    """Make a short training at a small rate: differences grow with each step."""
    options = {"max_iter": 3, "learning_rate_init": 1e-2, "dtype": "float64"}
    if name == "moved":
        options["dtype"] = "float32"
    return clone(TRAINED[name]).set_params(**(options | parameters))


# -- without a GPU ---------------------------------------------------------------------


@EACH
@pytest.mark.parametrize("device", ["nowhere", "cuda:99"])
def test_a_device_that_is_not_there_is_told_before_anything_is_trained(name, device):
    model = short(name, device="cpu").fit(X, LABELS)
    before = model.model_
    for fit in (model.fit, model.partial_fit):
        model.set_params(device=device)
        with pytest.raises(ValueError, match=f"device='{device}' cannot be used"):
            fit(X, LABELS)
        assert model.model_ is before
    model.set_params(device="cpu").predict(X)


def test_a_device_that_is_not_there_is_told_of_closed_forms_too():
    model = ELMRegressor(8, random_state=0).fit(X, Y)
    before = model.predict(X)
    with pytest.raises(ValueError, match="device='cuda:99' cannot be used"):
        model.set_params(device="cuda:99").fit(X, Y)
    assert_array_equal(model.predict(X), before)


@EACH
def test_memory_that_does_not_do_names_a_remedy_and_keeps_the_model(name, monkeypatch):
    model = short(name, device="cpu").fit(X, LABELS)
    before = model.model_

    def full(*_):
        raise torch.cuda.OutOfMemoryError("Tried to allocate 20.00 GiB.")

    monkeypatch.setattr(step.Step, "__call__", full)
    for fit in (model.fit, model.partial_fit):
        with pytest.raises(MemoryError, match=r"Lower batch_size, cache_size .*20\.00"):
            fit(X, LABELS)
        assert model.model_ is before


@EACH
def test_pickles_hold_arrays_only(name):
    """So they load where there is no GPU, whatever trained the network."""
    opcodes = pickletools.genops(
        pickle.dumps(short(name, device="auto").fit(X, LABELS))
    )
    words = {argument for _, argument, _ in opcodes if isinstance(argument, str)}
    assert not any(word.split(".")[0] == "torch" for word in words)


def _read(place, name):
    try:
        return getattr(place, name)
    except (AttributeError, RuntimeError):  # older; or the user has set both ways
        return None


def _choices():
    backends = torch.backends
    places = [backends.cuda.matmul, backends.cudnn, _read(backends.cudnn, "conv")]
    places.append(_read(backends.mkldnn, "matmul"))
    names = ("allow_tf32", "fp32_precision")
    return [_read(place, name) for place in places for name in names]


@pytest.fixture
def users_choice(request):
    """Let a user choose a precision, in torch's older or newer way."""
    backends, how = torch.backends, request.param
    new = [backends.cuda.matmul, _read(backends.cudnn, "conv")]
    if how == "new" and new[1] is None:
        pytest.skip("this torch has one way")
    before = torch.get_float32_matmul_precision(), backends.cudnn.allow_tf32
    values = [_read(place, "fp32_precision") for place in new]
    if how == "old":
        torch.set_float32_matmul_precision("high")
    elif how == "new":
        for place in new:
            place.fp32_precision = "tf32"
    yield how
    if how == "new":
        for place, value in zip(new, values, strict=True):
            place.fp32_precision = value
    torch.set_float32_matmul_precision(before[0])
    backends.cudnn.allow_tf32 = before[1]
    for place, value in zip(new, values, strict=True):
        if value is not None:
            place.fp32_precision = value


@pytest.mark.parametrize("users_choice", ["none", "old", "new"], indirect=True)
def test_tf32_is_off_while_we_compute_and_comes_back(users_choice, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    before = _choices()
    with _device.training_mode():
        inside = _choices()
        with _device.training_mode(gradients=False):
            assert _choices() == inside
        assert _choices() == inside
    assert _choices() == before != inside
    # Readable: a switch that contradicts another is an error in torch.
    assert inside[:2] != [None, None] and "tf32" not in inside and True not in inside
    assert inside[0] is False and inside[2] is False


@pytest.mark.parametrize("share, keeps", [(1.9, False), (2.1, True)])
def test_rows_are_kept_within_half_of_the_free_memory(monkeypatch, share, keeps):
    n_bytes = X.nbytes
    monkeypatch.setattr(block_data, "free_memory", lambda device: share * n_bytes)
    made = block_data.BlockData(
        X.__getitem__,
        np.arange(len(X)),
        LABELS,
        n_columns=X.shape[1],
        working_columns=X.shape[1],
        batch_size=8,
        dtype=X.dtype,
        cache_bytes=10 * n_bytes,
        device=torch.device("cpu"),
    )
    assert made.keeps == keeps
    assert (made.block(0)[0] is made.block(0)[0]) == keeps


def test_the_memory_of_a_solver_lies_as_its_parameter():
    parameter = torch.nn.Parameter(torch.zeros(4, 3, 2, 2))
    parameter.data = parameter.data.contiguous(memory_format=torch.channels_last)
    array = np.arange(48, dtype=np.float32).reshape(4, 3, 2, 2)
    found = minibatch._in_order_of(parameter, array)
    assert found.stride() == parameter.stride()
    assert_array_equal(found.numpy(), array)
    assert minibatch._in_order_of(parameter, np.float32(3)[None]).item() == 3


class Stream:
    def wait_stream(self, other):
        pass


@pytest.fixture
def fake_cuda(monkeypatch):
    """CUDA whose graphs note what is done with them."""
    replayed = []

    class Graph:
        def replay(self):
            replayed.append(self)

        def register_generator_state(self, generator):
            raise AssertionError("nothing draws")

    nothing = SimpleNamespace(generators=lambda: [])
    fakes = {
        "Stream": lambda device: Stream(),
        "current_stream": lambda device: Stream(),
        "stream": lambda stream: nullcontext(),
        "CUDAGraph": Graph,
        "graph": lambda graph, **options: nullcontext(),
    }
    for name, fake in fakes.items():
        monkeypatch.setattr(torch.cuda, name, fake)
    return nothing, replayed


class CountedStep:
    """Take note of batches; in a recording nothing is computed."""

    def __init__(self, objective, fails):
        self.objective, self.fails, self.batches = objective, fails, []

    def __call__(self, batch):
        self.batches.append(batch)
        if self.fails and len(self.batches) == 4:
            raise RuntimeError("operation not permitted when stream is capturing")
        return batch[0].sum()


def batches(*sizes):
    return [(torch.full((n, 2), float(n)), torch.arange(n), None) for n in sizes]


def test_batches_of_one_size_are_copied_to_where_the_recorded_step_reads(fake_cuda):
    objective, replayed = fake_cuda
    taken = CountedStep(objective, fails=False)
    graphed = step.GraphStep(taken, torch.device("cpu"), 4)
    first = batches(4, 4, 4, 3, 4, 4)
    first[5][0][:] = 7.0
    for batch in first:
        graphed(batch)
    # Three steps, the batch of another size, and the recording.
    assert len(taken.batches) == 5 and taken.batches[3] is first[3]
    assert replayed == [graphed.graph] * 2
    assert (graphed.batch[0] == 7).all() and graphed.batch[2] is None
    assert (first[4][0] == 4).all()


def test_what_cannot_be_recorded_is_done_step_by_step(fake_cuda):
    objective, replayed = fake_cuda
    taken = CountedStep(objective, fails=True)
    graphed = step.GraphStep(taken, torch.device("cpu"), 4)
    given = batches(*[4] * 6)
    for batch in given:
        graphed(batch)
    assert graphed.graph is None and not replayed
    assert "not permitted" in graphed.refused
    # The one that failed, and all that were given.
    numbers = {id(batch): number for number, batch in enumerate(given)}
    found = [numbers.get(id(batch)) for batch in taken.batches]
    assert found == [0, 1, 2, None, 3, 4, 5]


@pytest.mark.parametrize(
    "device, n_products, driver, asked",
    [
        ("cpu", 1e15, True, False),
        ("auto", 1e15, False, False),
        ("auto", 1e9, True, False),
        ("auto", 1e15, True, True),
        ("cuda", 1e3, False, True),
    ],
)
def test_torch_is_asked_only_where_the_answer_may_be_a_gpu(
    device, n_products, driver, asked, monkeypatch, tmp_path
):
    path = tmp_path if driver else tmp_path / "missing"
    monkeypatch.setattr(_device, "_DRIVERS", (path,))
    gpu = torch.device("meta")
    monkeypatch.setattr(_device, "resolve_device", lambda device: gpu)
    found = _device.device_of_fit(device, n_products)
    assert found is (gpu if asked else None)


CLOSED_FORMS = {
    "plain": ELMRegressor(40),
    "direct links": RVFLRegressor(40),
    "layers": ELMRegressor((30, 20)),
    "ensemble": RVFLRegressor((30, 20), read_out="ensemble"),
    "one strength": ELMRegressor(40, alpha=1.0),
    "left out": ELMRegressor(40, alpha="loo"),
    "binary": ELMRegressor(40, "binary"),
    "sparse weights": ELMRegressor(40, "sparse"),
    "sums of classes": ELMClassifier(40, "class_sums"),
    "classes": ELMClassifier(40, activation="cos"),
    "gelu": ELMClassifier(40, activation="gelu"),
    "waves": ELMRegressor(40, column_embedding="periodic"),
    "robust": ELMRegressor(40, input_scaling="robust"),
    "centred": RVFLRegressor(40, input_scaling="center"),
    "many panels": ELMRegressor(1100, alpha=1.0),
}


@pytest.fixture(scope="module")
def many_rows():
    rng = np.random.default_rng(1)
    many = rng.standard_normal((2_400, 6))
    return (
        many,
        np.sin(many[:, 0]) + many[:, 1],
        rng.integers(0, 3, 2_400).astype(float),
    )


def by_numpy_and_torch(estimator, fit, monkeypatch, device="cpu"):
    """Fit by numpy, then by torch; "cpu" is numpy for whoever asks for it."""
    for where in (None, torch.device(device)):
        monkeypatch.setattr(closed_form, "device_of_fit", lambda *_, w=where: w)
        yield fit(clone(estimator).set_params(random_state=0, dtype="float64"))


@pytest.mark.parametrize("name", CLOSED_FORMS)
@pytest.mark.parametrize("weighted", [False, True])
def test_closed_forms_by_torch_are_those_by_numpy(
    name, weighted, many_rows, monkeypatch
):
    many, y, weight = many_rows
    y = np.digitize(y, [-1, 1]) if is_classifier(CLOSED_FORMS[name]) else y
    # Blocks of some hundred rows, so that their means have to be put together.
    monkeypatch.setattr("sklearn_halfnet.models.device_sums._BLOCK_BYTES", 2**18)
    rows = (many, y, weight) if weighted else (many, y)
    numpys, torchs = by_numpy_and_torch(
        CLOSED_FORMS[name], lambda model: model.fit(*rows), monkeypatch
    )
    assert_allclose(torchs.alpha_, numpys.alpha_, rtol=1e-6)
    expected = numpys.model_.scores(many)
    assert_allclose(torchs.model_.scores(many), expected, atol=1e-8)


@pytest.mark.parametrize("name", ["plain", "direct links"])
def test_closed_forms_by_torch_take_sparse_rows_and_rows_in_portions(
    name, many_rows, monkeypatch
):
    many, y, weight = many_rows
    many = sparse.csr_array(many * (np.abs(many) > 1))

    def fit(model):
        model.partial_fit(many[:900], y[:900], weight[:900])
        return model.partial_fit(many[900:], y[900:], weight[900:])

    numpys, torchs = by_numpy_and_torch(CLOSED_FORMS[name], fit, monkeypatch)
    assert torchs.gram_.n_samples == np.count_nonzero(weight)
    expected = numpys.predict(many)
    assert_allclose(torchs.predict(many), expected, atol=1e-8)


def test_closed_forms_by_torch_in_float32_err_no_more_than_those_by_numpy(
    many_rows, monkeypatch
):
    many, y, _ = many_rows
    model = ELMRegressor(40, alpha=1.0, random_state=0)
    exact = clone(model).set_params(dtype="float64").fit(many, y).predict(many)
    errors = []
    for where in (None, torch.device("cpu")):
        monkeypatch.setattr(closed_form, "device_of_fit", lambda *_, w=where: w)
        found = clone(model).fit(many, y).predict(many)
        errors.append(np.abs(found - exact).max())
    assert 0 < errors[1] < 3 * errors[0] < 1e-3


@pytest.mark.parametrize("architecture", ["wrn", "vgg"])
@pytest.mark.parametrize("trainable", ["filters", "all"])
def test_mixed_precision_changes_the_last_digits_of_training_only(
    architecture, trainable
):
    options = {"wrn": NORMALISED, "vgg": PLAIN}[architecture]
    options = {**options, "dtype": "float32", "max_iter": 3, "trainable": trainable}
    options |= {"learning_rate_init": 1e-2}
    whole, mixed = (
        PartialCNNClassifier(**options, mixed_precision=mixed).fit(X, LABELS)
        for mixed in (False, True)
    )
    difference = np.abs(np.subtract(whole.loss_curve_, mixed.loss_curve_))
    assert 0 < difference.max() < 0.02
    assert all(array.dtype == np.float32 for array in mixed.learned_.values())
    # Predictions are those of the same values in whole precision.
    scores = mixed.model_.scores(X)
    mixed.set_params(mixed_precision=False)
    assert_array_equal(mixed.model_.scores(X), scores)


def test_mixed_precision_is_no_float64():
    model = PartialCNNClassifier(**PLAIN, mixed_precision=True)
    with pytest.raises(ValueError, match=r"mixed_precision=True .* dtype='float64'"):
        model.fit(X, LABELS)


# -- on a GPU --------------------------------------------------------------------------


@on_gpu
@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("estimator", [*trained_instances()])
def test_a_pass_gives_the_same_as_on_the_cpu(estimator, dtype):
    cpu, gpu = (fitted(estimator, where, dtype=dtype) for where in ("cpu", "cuda"))
    assert_same_scores(gpu, cpu, TOLERANCE[dtype])
    assert_allclose(gpu.loss_curve_, cpu.loss_curve_, rtol=TOLERANCE[dtype])


@on_gpu
def test_an_ensemble_gives_the_same_as_on_the_cpu():
    cpu, gpu = (
        SharedBackboneEnsembleClassifier(**ENSEMBLE)
        .set_params(estimator__device=where, estimator__max_iter=1)
        .fit(X, LABELS)
        for where in ("cpu", "cuda")
    )
    assert_allclose(gpu.predict_proba(X), cpu.predict_proba(X), atol=1e-6)


@on_gpu
@ALIKE
def test_chunks_give_the_same_wherever_each_is_passed(name):
    models = [short(name), short(name)]
    known = {"classes": [0, 1, 2]} if is_classifier(models[0]) else {}
    for devices in zip(("cpu", "cpu", "cpu"), ("cuda", "cpu", "cuda"), strict=True):
        for model, device in zip(models, devices, strict=True):
            model.set_params(device=device).partial_fit(X, LABELS, **known)
    assert_same_scores(*models, TOLERANCE["float64"])


@on_gpu
@ALIKE
@pytest.mark.parametrize("devices", [("cpu", "cuda"), ("cuda", "cpu")])
def test_an_interrupted_training_ends_on_the_other_device(name, devices):
    begun, ended = devices
    expected = short(name, device="cpu", warm_start=True, max_iter=4)
    found = clone(expected).set_params(device=begun)
    for model, then in ((expected, "cpu"), (found, ended)):
        model.set_callbacks(Interrupt()).fit(X, LABELS)
        model.set_callbacks().set_params(device=then).fit(X, LABELS)
        assert model.n_iter_ == 4
    assert_same_scores(found, expected, TOLERANCE["float64"])


@on_gpu
@ALIKE
def test_a_warm_start_goes_on_from_the_other_device(name):
    expected = short(name, device="cpu", warm_start=True).fit(X, LABELS).fit(X, LABELS)
    found = short(name, device="cpu", warm_start=True).fit(X, LABELS)
    found.set_params(device="cuda").fit(X, LABELS)
    assert_same_scores(found, expected, TOLERANCE["float64"])


@on_gpu
@EACH
def test_recorded_steps_are_those_that_are_asked_for_one_by_one(name, monkeypatch):
    made = []
    record = step.GraphStep._record

    def watched(self, batch):
        record(self, batch)
        made.append(self.refused)

    monkeypatch.setattr(step.GraphStep, "_record", watched)
    recorded = short(name, device="cuda").fit(X, LABELS)
    assert made and {*made} == {None}
    monkeypatch.setattr(step, "_STEPS_BEFORE", 10**9)
    eager = short(name, device="cuda").fit(X, LABELS)
    tolerance = 0.05 if name == "moved" else TOLERANCE["float64"]
    assert_same_scores(recorded, eager, tolerance)


# torch says of this mode that it does not see all that waits.
@on_gpu
@EACH
@pytest.mark.filterwarnings("ignore:Synchronization debug mode")
def test_no_step_waits_for_the_gpu(name, monkeypatch):
    minibatches = block_data.BlockData.minibatches

    def watched(self, *arguments):
        try:
            torch.cuda.set_sync_debug_mode("error")
            yield from minibatches(self, *arguments)
        finally:
            torch.cuda.set_sync_debug_mode("default")

    monkeypatch.setattr(block_data.BlockData, "minibatches", watched)
    assert short(name, device="cuda").fit(X, LABELS).n_iter_ == 3


@on_gpu
def test_a_gpu_draws_what_a_training_drops_and_moves():
    device = torch.device("cuda")
    units = torch.ones(64, 256, device=device)
    first, second = (Dropout(0.25, np.random.default_rng(0), device) for _ in range(2))
    dropped = first(units)
    assert abs(float((dropped == 0).float().mean()) - 0.25) < 0.02
    assert_allclose(dropped.max().item(), 1 / 0.75, rtol=1e-6)
    assert torch.equal(dropped, second(units)) and not torch.equal(
        dropped, first(units)
    )
    images = torch.arange(60.0, device=device).view(1, 1, 6, 10).repeat(400, 1, 1, 1)
    moved = Augmentation(True, 0, np.random.default_rng(0), device)(images)
    same = (moved == images).flatten(1).all(dim=1)
    mirrored = (moved == images.flip(3)).flatten(1).all(dim=1)
    assert (same ^ mirrored).all() and 130 < int(same.sum()) < 270
    crops = Augmentation(False, 2, np.random.default_rng(0), device)(images + 1)
    assert crops.shape == images.shape
    assert len(torch.unique(crops[:, 0, 3, 5])) == 25


PREDICT = """
import pickle, sys
import torch
models, X = pickle.load(open(sys.argv[1], "rb"))
assert not torch.cuda.is_available()
found = {
    name: (model.predict(X), model.model_.scores(X)) for name, model in models.items()
}
pickle.dump(found, open(sys.argv[2], "wb"))
"""


@on_gpu
def test_pickles_load_where_there_is_no_gpu(tmp_path):
    models = {name: short(name, device="auto").fit(X, LABELS) for name in TRAINED}
    models["elm"] = ELMClassifier(16, device="cuda", random_state=0).fit(X, LABELS)
    there, back = tmp_path / "models", tmp_path / "found"
    there.write_bytes(pickle.dumps((models, X)))
    subprocess.run(
        [sys.executable, "-c", PREDICT, there, back],
        env=os.environ | {"CUDA_VISIBLE_DEVICES": ""},
        check=True,
    )
    found = pickle.loads(back.read_bytes())
    for name, model in models.items():
        labels, scores = found[name]
        assert_allclose(scores, model.model_.scores(X), rtol=1e-3, atol=1e-3)
        assert np.mean(labels == model.predict(X)) > 0.98


@pytest.fixture
def little_memory():
    """Leave torch 32 MiB of the GPU beyond what it has."""
    torch.cuda.init()
    torch.cuda.empty_cache()
    _, total = torch.cuda.mem_get_info()
    left = torch.cuda.memory_reserved() + 32 * 2**20
    torch.cuda.set_per_process_memory_fraction(left / total)
    yield
    torch.cuda.set_per_process_memory_fraction(1.0)


@on_gpu
@pytest.mark.parametrize(
    "model",
    [
        HalfLayerClassifier(8, random_state=0, device="cuda", max_iter=1),
        HalfNetClassifier(8, random_state=0, device="cuda", max_iter=1, n_members=1),
        ELMClassifier(8, random_state=0, device="cuda"),
    ],
    ids=lambda model: type(model).__name__,
)
def test_too_little_memory_keeps_the_model(model, little_memory):
    model = clone(model).fit(X, LABELS)
    before = model.model_
    many = np.random.default_rng(0).standard_normal((6_000, 64), dtype=np.float32)
    model.set_params(hidden_layer_sizes=4_096)
    if hasattr(model, "batch_size"):
        model.set_params(batch_size="full", init="random")
    with pytest.raises(MemoryError, match="Lower batch_size, cache_size"):
        model.fit(many, np.arange(6_000) % 3)
    assert model.model_ is before
    model.predict(X)


@on_gpu
@EACH
def test_a_second_gpu_that_is_not_there_is_a_clear_error(name):
    device = f"cuda:{torch.cuda.device_count()}"
    model = short(name, device=device)
    with pytest.raises(ValueError, match=f"device='{device}' cannot be used"):
        model.fit(X, LABELS)
    assert not hasattr(model, "model_")


@on_gpu
@pytest.mark.parametrize("name", CLOSED_FORMS)
def test_closed_forms_on_a_gpu_are_those_of_the_cpu(name, many_rows, monkeypatch):
    many, y, weight = many_rows
    y = np.digitize(y, [-1, 1]) if is_classifier(CLOSED_FORMS[name]) else y
    numpys, gpus = by_numpy_and_torch(
        CLOSED_FORMS[name], lambda m: m.fit(many, y, weight), monkeypatch, "cuda"
    )
    assert_allclose(gpus.model_.scores(many), numpys.model_.scores(many), atol=1e-6)


@on_gpu
def test_random_features_on_a_gpu():
    model = RandomFeatures(20, device="cuda", random_state=0).fit(X)
    found = model.transform(X)
    assert found.device.type == "cuda"
    expected = model.set_params(device="cpu").transform(X)
    assert_allclose(found.cpu().numpy(), expected, atol=1e-6)


@on_gpu
def test_a_whole_fit_is_as_accurate_as_on_the_cpu():
    rng = np.random.default_rng(2)
    many = rng.standard_normal((4_000, 20)).astype(np.float32)
    labels = (many[:, 0] * many[:, 1] + many[:, 2] > 0).astype(int)
    options = {"n_members": 1, "dropout": 0.0, "learning_rate_init": 1e-2}
    options |= {"max_iter": 20}
    scores = {
        device: [
            HalfNetClassifier(128, **options, device=device, random_state=seed)
            .fit(many[:3_000], labels[:3_000])
            .score(many[3_000:], labels[3_000:])
            for seed in range(3)
        ]
        for device in ("cpu", "cuda")
    }
    spread = max(np.std(found) for found in scores.values())
    means = [np.mean(found) for found in scores.values()]
    assert abs(np.subtract(*means)) < 3 * spread + 0.01 and min(means) > 0.8
