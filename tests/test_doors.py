"""What comes in at the door: containers, labels, weights, sizes; what goes out."""

import multiprocessing
import os
import stat
import warnings

import numpy as np
import pandas as pd
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.base import clone, is_classifier
from sklearn.datasets import load_iris

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
    PartialCNNClassifier,
    RandomBranchedNetwork,
    RandomFeatures,
    RandomNetwork,
    RandomRecurrentNetwork,
    RVFLClassifier,
    RVFLRegressor,
    SharedBackboneEnsembleClassifier,
    WeightAgnosticClassifier,
    WeightAgnosticRegressor,
    _device,
)
from sklearn_halfnet._files import replace_file
from sklearn_halfnet._sparse_input import canonical_csr
from sklearn_halfnet.features.moments import Moments
from sklearn_halfnet.features.scaling_rules import SCALINGS

QUICK = {"hidden_layer_sizes": 16, "max_iter": 2, "random_state": 0}
ONE_PASS = {**QUICK, "max_iter": 1}
SMALL = {"hidden_layer_sizes": 16, "random_state": 0}
SEARCH = {"max_iter": 3, "random_state": 0}
LINE = {**QUICK, "image_shape": (1, -1), "kernel_sizes": (3,), "paddings": ("same",)}
LINE = {**LINE, "filters": (4,), "pool_size": 1}
CNN = {"image_shape": (1, -1), "depth": 3, "width": 8, "architecture": "vgg"}
CNN = {**CNN, "max_iter": 2, "random_state": 0}
TAKE_SPARSE = [
    HalfLayerClassifier(**QUICK),
    HalfLayerRegressor(**QUICK),
    HalfNetClassifier(**QUICK),
    HalfNetRegressor(**QUICK),
    ELMClassifier(**SMALL),
    ELMRegressor(**SMALL),
    RVFLClassifier(**SMALL),
    RVFLRegressor(**SMALL),
    BoostedFeaturesClassifier(2, 16, random_state=0),
    BoostedFeaturesRegressor(2, 16, random_state=0),
    WeightAgnosticClassifier(**SEARCH),
    WeightAgnosticRegressor(**SEARCH),
    RandomFeatures(16, random_state=0),
    RandomNetwork((8, 4), input_scaling="standard", random_state=0),
]
IMAGES = [
    ConvHalfLayerClassifier(**LINE),
    ConvHalfLayerRegressor(**LINE),
    PartialCNNClassifier(**CNN),
    SharedBackboneEnsembleClassifier(
        PartialCNNClassifier(**CNN), 2, validation_fraction=None, random_state=0
    ),
    DeskewResize((1, -1), (1, 3)),
    RandomBranchedNetwork(n_blocks=2, random_state=0),
    RandomRecurrentNetwork(9, random_state=0),
]
CLASSIFIERS = [model for model in TAKE_SPARSE + IMAGES if is_classifier(model)]

rng = np.random.default_rng(0)
X = rng.standard_normal((60, 6))
Y = (X[:, 0] + X[:, 1] > 0).astype(int)


def each(models):
    return pytest.mark.parametrize("model", models, ids=lambda m: type(m).__name__)


def output(model, data):
    return getattr(model, "predict_proba", getattr(model, "predict", None))(data)


def outputs(model, data):
    """All outputs that a model has, by method."""
    names = ("predict", "predict_proba", "decision_function", "transform")
    names = [name for name in (*names, "transform_layers") if hasattr(model, name)]
    return {name: getattr(model, name) for name in names}


# -- sparse matrices -------------------------------------------------------------------

FORMATS = ["csr", "csc", "coo", "bsr", "dia", "lil", "dok"]


def of_format(name, container=sparse.csr_array):
    half = np.where(np.random.default_rng(1).random((12, 10)) < 0.3, 1.5, 0.0)
    return container(half).asformat(name)


def spoilt(name):
    """A matrix of this format with an index far outside of it, or an array too short.

    Made from sound arrays and changed afterwards: constructors look at what they get.
    """
    data = of_format(name)
    if name == "coo":
        data.coords[1][3] = 10**7
    elif name == "dia":
        data.offsets = data.offsets[:-1]
    elif name == "lil":
        data.rows[2][-1] = 10**7
    elif name == "dok":
        data._dict[(3, 10**7)] = 1.0
    else:
        data.indices[3] = 10**7
    return data


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("container", [sparse.csr_array, sparse.csr_matrix])
def test_every_format_becomes_the_same_rows(name, container):
    data = of_format(name, container)
    found = canonical_csr(data, "X")
    assert_array_equal(found.toarray(), data.toarray())
    assert found.has_canonical_format and isinstance(found, sparse.sparray) == (
        container is sparse.csr_array
    )


@pytest.mark.parametrize("name", FORMATS)
def test_corrupt_matrices_are_looked_at_as_they_came(name):
    with pytest.raises(ValueError, match="X is a corrupt sparse matrix"):
        canonical_csr(spoilt(name), "X")


@pytest.mark.parametrize("name", ["csr", "csc", "bsr"])
@pytest.mark.parametrize("place, value", [(0, 5), (4, -3), (-1, 10**6), (3, 10**6)])
def test_corrupt_pointers(name, place, value):
    data = of_format(name)
    data.indptr[place] = value
    with pytest.raises(ValueError, match="corrupt sparse matrix: indptr"):
        canonical_csr(data, "X")


@each(TAKE_SPARSE)
@pytest.mark.parametrize("name", ["csc", "coo"])
def test_corrupt_matrices_end_no_process(model, name):
    good = sparse.csr_array(X).asformat(name)
    bad = good.copy()
    (bad.indices if name == "csc" else bad.coords[0])[3] = 10**7
    with pytest.raises(ValueError, match="X is a corrupt sparse matrix"):
        clone(model).fit(bad, Y)
    fitted = clone(model).fit(good, Y)
    for method in outputs(fitted, good).values():
        with pytest.raises(ValueError, match="X is a corrupt sparse matrix"):
            method(bad)


def test_corrupt_indicators():
    labels = sparse.csc_array(np.c_[Y, 1 - Y])
    labels.indices[3] = 10**7
    with pytest.raises(ValueError, match="y is a corrupt sparse matrix"):
        ELMClassifier(**SMALL).fit(X, labels)


@each(IMAGES)
def test_dense_only_estimators_say_so(model):
    with pytest.raises(TypeError, match=r"[Ss]parse"):
        clone(model).fit(sparse.csr_array(X), Y)


def with_duplicates(dense):
    """CSR that stores every entry in three parts, in no order."""
    rows, columns = np.nonzero(dense)
    parts = np.random.default_rng(2).dirichlet(np.ones(3), len(rows))
    values = parts * dense[rows, columns][:, None]
    order = np.argsort(np.repeat(rows, 3), kind="stable")
    starts = np.searchsorted(np.repeat(rows, 3)[order], np.arange(len(dense) + 1))
    arrays = values.ravel()[order], np.repeat(columns, 3)[order][::1], starts
    return sparse.csr_array(arrays, shape=dense.shape)


@each(TAKE_SPARSE)
def test_entries_stored_in_parts_count_as_their_sum(model):
    data = with_duplicates(X)
    before = [array.copy() for array in (data.data, data.indices, data.indptr)]
    once = clone(model).fit(sparse.csr_array(X), Y)
    parts = clone(model).fit(data, Y)
    for name, method in outputs(once, X).items():
        if name == "transform_layers":
            continue
        found, expected = getattr(parts, name)(data), method(sparse.csr_array(X))
        assert_allclose(found, expected, rtol=1e-3, atol=1e-3)
    for array, old in zip((data.data, data.indices, data.indptr), before, strict=True):
        assert_array_equal(array, old)


def test_parts_of_small_integers_do_not_overflow():
    arrays = np.array([100, 100], np.int8), ([0, 0], [1, 1])
    assert canonical_csr(sparse.coo_array(arrays, shape=(1, 2)), "X").data == [200]


def test_flags_that_are_out_of_date_are_not_believed():
    data = sparse.csr_array(np.array([[1.0, 2.0]]))
    assert data.has_canonical_format
    data.indices[0] = 1
    assert_array_equal(canonical_csr(data, "X").toarray(), [[0.0, 3.0]])


# -- labels, indices, weights ----------------------------------------------------------


@each(CLASSIFIERS)
@pytest.mark.parametrize("shift", [-1, 1])
def test_indicators_of_other_values_are_refused(model, shift):
    data, y = load_iris(return_X_y=True)
    labels = (2 if shift < 0 else 1) * np.eye(3, dtype=int)[y] + shift
    with pytest.raises(ValueError, match=r"indicator matrix holds 0"):
        clone(model).fit(data, labels)
    if hasattr(model, "partial_fit"):
        first = clone(model).partial_fit(data, np.eye(3, dtype=int)[y])
        for one in (clone(model), first):
            with pytest.raises(ValueError, match=r"\(y == 2\)|\(y == 1\)"):
                one.partial_fit(data, labels)


@pytest.mark.parametrize("dtype", [bool, float, np.int8])
def test_indicators_of_any_type(dtype):
    data, y = load_iris(return_X_y=True)
    labels = np.eye(3, dtype=dtype)[y]
    assert ELMClassifier(50, random_state=0).fit(data, labels).score(data, labels) > 0.9


@each([ELMClassifier(**SMALL), HalfLayerRegressor(**QUICK)])
def test_indices_of_mixed_types(model):
    index = pd.Index([1, "a", (2, 3), *range(10, 67)], dtype=object)
    table, y = pd.DataFrame(X, index=index), pd.Series(Y, index=index)
    with pytest.warns(UserWarning, match="different order"):
        clone(model).fit(table, y[::-1])
    other = pd.Series(Y, index=pd.Index([f"row {i}" for i in range(60)]))
    clone(model).fit(table, other)  # labels that have nothing in common: no warning


@pytest.mark.parametrize(
    "weight, message",
    [
        (np.full(60, 1e38), "sample_weight has values too large"),
        (np.full(60, 1e-38), "sample_weight has values too small"),
        (np.full(60, 1 + 1j), "Complex data not supported: sample_weight"),
    ],
)
@each([HalfLayerClassifier(**QUICK), ELMRegressor(**SMALL)])
def test_weights_that_sums_cannot_hold(model, weight, message):
    with pytest.raises(ValueError, match=message):
        clone(model).fit(X, Y, weight)


@each([model for model in TAKE_SPARSE + IMAGES if hasattr(model, "early_stopping")])
def test_passes_over_few_rows_are_counted(model):
    most = 50 if type(model).__name__.startswith("HalfNet") else 100
    auto, counted = (
        clone(model).set_params(max_iter=passes).fit(X[:12], Y[:12])
        for passes in ("auto", most)
    )
    assert_array_equal(output(auto, X), output(counted, X))
    assert auto.n_iter_ == most


@pytest.mark.parametrize("factor", [1e-30, 1e-20, 1e20, 9e29])
@each([HalfLayerRegressor(**ONE_PASS), HalfNetRegressor(**ONE_PASS)])
def test_weights_have_no_scale(model, factor):
    weight = np.random.default_rng(0).uniform(0.5, 1, 60)
    expected = clone(model).fit(X, Y, weight).predict(X)
    found = clone(model).fit(X, Y, factor * weight / weight.max()).predict(X)
    assert_allclose(found, expected, rtol=1e-2, atol=1e-2)


def test_weights_of_rows_times_those_of_classes():
    model = ELMClassifier(**SMALL, class_weight={0: 1e20})
    with pytest.raises(ValueError, match="class_weight has values too large"):
        model.fit(X, Y, np.full(60, 1e20))


@pytest.mark.parametrize(
    "tensor", [torch.empty(60, 6, device="meta"), torch.eye(60, 6).to_sparse()]
)
def test_tensors_without_a_numpy_array(tensor):
    with pytest.raises(ValueError, match="X is a torch tensor that has no numpy"):
        ELMClassifier(**SMALL).fit(tensor, Y)


# -- sizes of values -------------------------------------------------------------------


@pytest.mark.parametrize("scale", [1e-40, 1e-30, 1e-20, 1.0, 1e20, 1e37])
@pytest.mark.parametrize("container", [np.asarray, sparse.csr_array])
@pytest.mark.parametrize("weighted", [False, True])
def test_moments_of_float32_equal_those_of_float64(scale, container, weighted):
    columns = (np.c_[X, 1 + 0 * Y] * [scale, 1, scale, 1, 1, 1, scale]).astype("f")
    weight = np.random.default_rng(0).uniform(size=60) if weighted else None
    found, exact = Moments.of(container(columns), weight), columns.astype(float)
    mean = np.average(exact, axis=0, weights=weight)
    variance = np.average((exact - mean) ** 2, axis=0, weights=weight)
    size = np.abs(exact).max(axis=0)
    assert_allclose(found.mean / size, mean / size, atol=1e-6)
    assert_allclose(found.variance / size**2, variance / size**2, atol=1e-6)


EXACT = {"dtype": "float64", "batch_size": "full"}
OF_ANY_SCALE = [
    ConvHalfLayerClassifier(**LINE, **EXACT),
    ConvHalfLayerRegressor(**LINE, **EXACT),
    HalfNetClassifier(**QUICK, **EXACT),
    HalfNetRegressor(**QUICK, **EXACT, geometry="gradient"),
    HalfLayerClassifier(**QUICK, **EXACT),
    HalfLayerClassifier(**QUICK, batch_size="full"),
    PartialCNNClassifier(**CNN, **EXACT),
    ELMClassifier(**SMALL),
    ELMRegressor(**SMALL, read_out="ensemble"),
    RandomFeatures(16, random_state=0),
]


def fitted_output(model, data):
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        model = clone(model).fit(data, Y)
        if hasattr(model, "transform") and not hasattr(model, "predict"):
            return model.transform(data)
        return output(model, data)


@each(OF_ANY_SCALE)
@pytest.mark.parametrize("scaling", [*SCALINGS, None])
@pytest.mark.parametrize("exponent", [-90, -20, 20, 45])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_inputs_of_any_scale(model, scaling, exponent, dtype):
    """Powers of two change no bit but those of the exponents."""
    model = clone(model).set_params(input_scaling=scaling)
    data = X.astype(dtype)
    expected = fitted_output(model, data)
    found = fitted_output(model, data * dtype(2.0**exponent))
    assert_allclose(found, expected, rtol=1e-3, atol=1e-3)


@each(OF_ANY_SCALE)
@pytest.mark.parametrize("scaling", ["center", None])
@pytest.mark.parametrize("scale", [1e-200, 1e-60, 1e60, 1e200])
def test_scales_out_of_range_name_a_column(model, scaling, scale):
    model = clone(model).set_params(input_scaling=scaling)
    expected = fitted_output(model, X)
    try:
        found = fitted_output(model, X * scale)
    except ValueError as error:
        assert "Column" in str(error) and "values too" in str(error)
    else:
        assert_allclose(found, expected, rtol=1e-3, atol=1e-3)


def test_values_too_large_name_the_column():
    names = list("abcdef")
    # "auto" limits values of any size.
    model = HalfLayerClassifier(**QUICK, input_scaling="standard")
    model.fit(pd.DataFrame(X, columns=names), Y)
    extreme = X.copy()
    extreme[7, 2] = 1e200
    with pytest.raises(ValueError, match=r"Column 'c' of X .* dtype='float32'"):
        model.predict(pd.DataFrame(extreme, columns=names))
    model.fit(X, Y)
    for data in (extreme, sparse.csr_array(extreme)):
        with pytest.raises(ValueError, match=r"Column 2 of X .* dtype='float32'"):
            model.predict(data)


@each(TAKE_SPARSE + IMAGES)
@pytest.mark.parametrize("scaling", [*SCALINGS, None])
@pytest.mark.parametrize("value", [1e14, 1e20, 3e38, 1e200, 1e308])
def test_finite_rows_give_finite_outputs_or_an_error(model, scaling, value):
    names = clone(model).get_params()
    name = [n for n in ("input_scaling", "estimator__input_scaling") if n in names]
    model = clone(model).set_params(**dict.fromkeys(name, scaling))
    extreme = X.copy()
    extreme[7, 2] = value
    for method in outputs(model.fit(X, Y), X).values():
        try:
            found = method(extreme)
        except ValueError as error:
            assert "of X has values too large" in str(error)
            continue
        for array in found if isinstance(found, list) else [found]:
            assert np.isfinite(array).all()


def test_a_row_without_a_finite_output_is_named():
    deep = {"activation": "identity", "weight_scale": 1e6, "random_state": 0}
    rows = np.zeros((5, 6), np.float32)
    rows[3] = 1e14
    network = RandomNetwork((20,) * 20, **deep).fit(rows)
    assert np.isfinite(network.transform(rows[:3])).all()
    with pytest.raises(ValueError, match="Row 3 of X has values too large"):
        network.transform(rows)


def test_deskewing_the_largest_numbers():
    image = np.zeros((8, 8))
    image[2:6, 3] = image[3:7, 4] = 1
    resize = DeskewResize(output_shape=(8, 8)).fit(image.reshape(1, -1))
    expected = resize.transform(image.reshape(1, -1))
    found = resize.transform(1e308 * image.reshape(1, -1))
    assert_allclose(found / 1e308, expected, atol=1e-12)


# -- files -----------------------------------------------------------------------------


def write_often(path, letter):
    for _ in range(50):
        replace_file(path, letter * 100_000)


@pytest.mark.skipif(
    "fork" not in multiprocessing.get_all_start_methods(), reason="no fork here"
)
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded")
def test_two_processes_write_to_one_path(tmp_path):
    path = tmp_path / "model.onnx"
    fork = multiprocessing.get_context("fork")
    writers = [fork.Process(target=write_often, args=(path, c)) for c in "ab"]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(60)
    assert [writer.exitcode for writer in writers] == [0, 0]
    assert path.read_text() in ("a" * 100_000, "b" * 100_000)
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.skipif(os.name == "nt", reason="modes of files are those of POSIX")
@pytest.mark.parametrize("write", ["new", lambda partial: partial.write_text("new")])
def test_modes_are_kept(tmp_path, write):
    old, new = tmp_path / "old.c", tmp_path / "new.c"
    old.write_text("old")
    old.chmod(0o600)
    (tmp_path / "like").write_text("")
    for path, like in ((old, old.stat()), (new, (tmp_path / "like").stat())):
        replace_file(path, write)
        assert path.read_text() == "new"
        assert stat.S_IMODE(path.stat().st_mode) == stat.S_IMODE(like.st_mode)


@pytest.mark.skipif(os.name == "nt", reason="links are those of POSIX")
def test_temporary_names_cannot_be_guessed(tmp_path):
    victim, seen = tmp_path / "victim", []
    victim.write_text("mine")
    path = tmp_path / "model.c"
    (tmp_path / ".model.partial.c").symlink_to(victim)
    for _ in range(2):
        replace_file(path, lambda partial: seen.append(partial.name))
    assert victim.read_text() == "mine"
    assert seen[0] != seen[1] and all(name.endswith(".c") for name in seen)


# -- memory ----------------------------------------------------------------------------


def group(folder, limit, usage, cache, names):
    folder.mkdir(parents=True, exist_ok=True)
    for name, value in zip(names[:2], (limit, usage), strict=True):
        (folder / name).write_text(f"{value}\n")
    (folder / "memory.stat").write_text(f"anon 5\n{names[2]} {cache}\n")


@pytest.mark.parametrize("controllers", ["", "cpu,memory"])
@pytest.mark.parametrize("inside", [True, False])
def test_limits_of_control_groups(tmp_path, controllers, inside):
    names = _device._VERSION_1 if controllers else _device._VERSION_2
    root = tmp_path / "groups" / ("memory" if controllers else "")
    group(root / "job", 1000, 700, 200, names)
    group(root / "job" / "step", "9223372036854771712", 300, 0, names)
    own = tmp_path / "own"
    own.write_text(f"7:pids:/else\n3:{controllers}:/job{'/step' if inside else ''}\n")
    left = _device._left_in_groups(own, tmp_path / "groups")
    assert min(n for n in left if n) == 1000 - (700 - 200)


def test_no_limit_no_group(tmp_path):
    group(tmp_path, "max", 5, 0, _device._VERSION_2)
    (tmp_path / "own").write_text("0::/gone\n")
    assert set(_device._left_in_groups(tmp_path / "own", tmp_path)) == {None}
    assert list(_device._left_in_groups(tmp_path / "none")) == []


def test_the_smallest_limit_counts(monkeypatch):
    monkeypatch.setattr(_device, "_left_in_groups", lambda: iter([None, 2**20]))
    with pytest.raises(MemoryError, match=r"n_components=100000 .* 0\.0 GiB are"):
        RandomFeatures(100_000).fit(X)


@pytest.mark.parametrize(
    "model, more, name",
    [
        (HalfLayerClassifier(1500), {"polish": True}, "polish"),
        (HalfNetRegressor(1500), {"polish": "ridge"}, "polish"),
        (ConvHalfLayerClassifier(**LINE), {"filters": (200_000,)}, "filters"),
        (
            ConvHalfLayerRegressor(**{**LINE, "head": "full"}),
            {"hidden_layer_sizes": 200_000},
            "hidden_layer_sizes",
        ),
        (
            PartialCNNClassifier(**CNN, head="full"),
            {"hidden_layer_sizes": 200_000},
            "hidden_layer_sizes",
        ),
        (PartialCNNClassifier(**CNN), {"width": 2000}, "width"),
        (IMAGES[3], {"n_estimators": 10**9}, "n_estimators"),
        (
            WeightAgnosticClassifier(**SEARCH, search="evolution"),
            {"population_size": 5_000_000},
            "population_size",
        ),
    ],
    ids=lambda value: type(value).__name__,
)
def test_memory_is_told_before_it_is_taken(model, more, name, monkeypatch):
    monkeypatch.setattr(_device, "_available_memory", lambda: 60 * 2**20)
    few = np.arange(60) < 40
    if name != "polish":
        clone(model).fit(X[few], Y[few])
    with pytest.raises(MemoryError, match="GiB are available") as caught:
        clone(model).set_params(**more).fit(X[few], Y[few])
    assert name in str(caught.value)
