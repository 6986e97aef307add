"""Model files: what is saved comes back, and what is no model file is refused."""

import io
import json
import os
import pickle
import resource
import signal
import subprocess
import sys
import textwrap
import warnings
import zipfile

import numpy as np
import pandas as pd
import pytest
import sklearn
from fuzz_files import fuzz
from instances import INSTANCES
from numpy.testing import assert_array_equal
from scipy import sparse
from sklearn.base import clone, is_classifier
from sklearn.callback import ProgressBar
from sklearn.exceptions import InconsistentVersionWarning
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import sklearn_halfnet
from sklearn_halfnet import (
    ConvHalfLayerClassifier,
    ELMClassifier,
    ELMRegressor,
    HalfLayerClassifier,
    HalfLayerRegressor,
    HalfNetClassifier,
    PartialCNNClassifier,
    RandomFeatures,
    RVFLClassifier,
    WeightAgnosticClassifier,
    cli,
    load,
    save,
    trusted_types,
)
from sklearn_halfnet.estimators._common import versions
from sklearn_halfnet.exceptions import ModelFileError
from sklearn_halfnet.files import archive, classes
from sklearn_halfnet.weights import WEIGHTS
from sklearn_halfnet.weights.custom import ArrayWeights

pytestmark = [
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
]

rng = np.random.default_rng(0)
X = rng.standard_normal((48, 16))
LABELS = np.array(["no", "yes", "perhaps"])[rng.integers(3, size=48)]
TARGETS = np.exp(X[:, 0])
ONE_CONVOLUTION = {
    **{"image_shape": (4, 4), "filters": (2,), "kernel_sizes": (3,)},
    "paddings": ("same",),
}
IMAGES = {"image_shape": (4, 4), "depth": 3, "width": 4, "architecture": "vgg"}


def of_each_class():
    """One instance a class, with few passes."""
    for instance in {type(i.estimator): i for i in INSTANCES}.values():
        model = clone(instance.estimator)
        names = {"max_iter", "estimator__max_iter"} & set(model.get_params())
        yield model.set_params(**dict.fromkeys(names, 2))


def fitted(model, X=X):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return model.fit(X, LABELS if is_classifier(model) else TARGETS)


def outputs(model, X=X):
    names = "predict", "predict_proba", "transform", "predict_members"
    return {n: getattr(model, n)(X) for n in names if hasattr(model, n)}


def assert_same(one, other, X=X):
    ours, theirs = outputs(one, X), outputs(other, X)
    assert ours.keys() == theirs.keys() and ours
    for name, values in ours.items():
        assert_array_equal(np.asarray(values), np.asarray(theirs[name]), err_msg=name)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "model.halfnet"


@pytest.fixture(scope="module")
def half_layer():
    return fitted(HalfLayerClassifier(8, "binary", max_iter=2, random_state=0))


def there_and_back(model, path, **options):
    save(model, path, **options)
    return load(path)


# -- what comes back -------------------------------------------------------------------


@pytest.mark.parametrize("model", [*of_each_class()], ids=lambda m: type(m).__name__)
def test_every_estimator_comes_back(model, path):
    model = fitted(model)
    loaded = there_and_back(model, path)
    assert type(loaded) is type(model)
    assert repr(loaded) == repr(model)
    assert_same(loaded, model)
    # A pickle carries the same, version and all.
    assert vars(loaded).keys() | {versions.VERSION} == model.__getstate__().keys()
    again = path.with_name("again.halfnet")
    save(loaded, again)
    assert again.read_bytes() == path.read_bytes()


@pytest.mark.parametrize("name", WEIGHTS)
def test_every_weight_kind_comes_back(name, path):
    kind = WEIGHTS[name]()
    if "image_shape" in kind.get_params():
        kind.set_params(image_shape=(4, 4))
    model = fitted(ELMClassifier(20, kind, random_state=0))
    assert_same(there_and_back(model, path), model)
    if kind.repeats_exactly:
        arrays = path.stat().st_size
        assert_same(there_and_back(model, path, weights="seed"), model)
        assert path.stat().st_size < arrays
    else:
        with pytest.raises(ValueError, match=r"weights='seed'.* Use weights='arrays'"):
            save(model, path, weights="seed")


@pytest.mark.parametrize(
    "options",
    [
        {"loss": "quantile", "quantile": [0.1, 0.9]},
        {"loss": "huber"},
        {"full_layer_sizes": (5, 4)},
        {"loss": "poisson"},
        {"solver": "lbfgs", "early_stopping": True},
        {"hidden_layer_sizes": (6, 4), "weight_kind": ["sparse", "normal"]},
        {"weight_kind": rng.standard_normal((8, 16))},
        {"weight_kind": WEIGHTS["uniform"]},
        {"hidden_layer_sizes": np.array([6]), "alpha": np.float64(0.1)},
    ],
    ids=lambda options: " ".join(options),
)
def test_every_kind_of_parameter_comes_back(options, path):
    options = {"hidden_layer_sizes": 8, "max_iter": 2, "random_state": 0} | options
    model = fitted(HalfLayerRegressor(**options))
    loaded = there_and_back(model, path)
    assert repr(loaded) == repr(model)
    assert_same(loaded, model)


def test_generators_and_sparse_arrays_come_back(path):
    draws = np.random.RandomState(3)
    loaded = there_and_back(RandomFeatures(4, random_state=draws), path)
    assert_array_equal(loaded.random_state.random(5), draws.random(5))
    given = sparse.eye_array(8, 16, format="csr")
    model = fitted(ELMClassifier(8, ArrayWeights(given), random_state=0))
    loaded = there_and_back(model, path)
    assert (loaded.weight_kind.weights != given).nnz == 0
    assert_same(loaded, model)


def test_frames_come_back(path):
    frame = pd.DataFrame(X[:, :3], columns=["a", "b", "c"])
    frame["letter"] = pd.Categorical(
        np.array(["x", "y", None])[rng.integers(3, size=48)]
    )
    frame["mixed"] = pd.Categorical([1, "one"] * 24)
    model = fitted(RVFLClassifier(8, random_state=0), frame)
    loaded = there_and_back(model, path)
    assert_array_equal(loaded.feature_names_in_, frame.columns)
    assert {k: v.tolist() for k, v in loaded.categories_.items()} == {
        k: v.tolist() for k, v in model.categories_.items()
    }
    assert_same(loaded, model, frame)
    with pytest.raises(ValueError, match="feature names"):
        loaded.predict(frame.rename(columns={"a": "other"}))


def test_multilabel_and_several_outputs_come_back(path):
    many = np.column_stack([TARGETS > 1, X[:, 1] > 0]).astype(int)
    for model in (ELMClassifier(8, random_state=0), ELMRegressor(8, random_state=0)):
        assert_same(there_and_back(model.fit(X, many), path), model)


def test_what_is_set_besides_parameters_comes_back(path):
    with sklearn.config_context(enable_metadata_routing=True):
        model = HalfLayerClassifier(8).set_fit_request(sample_weight=True)
        loaded = there_and_back(model, path)
        routed = loaded.get_metadata_routing()
        assert routed.fit.requests["sample_weight"] is True
        assert clone(loaded).get_metadata_routing().fit.requests["sample_weight"]
    model = fitted(RandomFeatures(4, random_state=0)).set_output(transform="pandas")
    transformed = there_and_back(model, path).transform(X)
    pd.testing.assert_frame_equal(transformed, model.transform(X))


def test_an_unfitted_estimator_comes_back(path):
    loaded = there_and_back(HalfNetClassifier(7, rank=3), path)
    assert repr(loaded) == repr(HalfNetClassifier(7, rank=3))
    assert not hasattr(loaded, "model_")


@pytest.mark.parametrize(
    "model",
    [
        HalfLayerClassifier(8, max_iter=2, warm_start=True, random_state=0),
        HalfNetClassifier(8, max_iter=2, warm_start=True, random_state=0, dropout=0.1),
        PartialCNNClassifier(**IMAGES, max_iter=1, warm_start=True, random_state=0),
        WeightAgnosticClassifier(
            search="evolution", max_iter=3, warm_start=True, random_state=0
        ),
    ],
    ids=lambda m: type(m).__name__,
)
def test_a_warm_start_goes_on_as_if_nothing_had_been(model, path):
    loaded = there_and_back(fitted(model), path)
    assert_same(fitted(loaded), fitted(model))


@pytest.mark.parametrize(
    "model",
    [
        ELMClassifier(8, random_state=0),
        RVFLClassifier((6, 4), read_out="ensemble", alpha="loo", random_state=0),
        HalfLayerClassifier(8, random_state=0),
        HalfNetClassifier(8, max_iter=2, random_state=0),
        ConvHalfLayerClassifier(8, **ONE_CONVOLUTION, random_state=0),
    ],
    ids=lambda m: type(m).__name__,
)
def test_chunks_go_on_as_if_nothing_had_been(model, path):
    known = np.unique(LABELS)
    model.partial_fit(X[:30], LABELS[:30], classes=known)
    loaded = there_and_back(model, path)
    for each in (loaded, model):
        each.partial_fit(X[30:], LABELS[30:])
    assert_same(loaded, model)


def test_halves_of_sums_are_counted_as_wholes(path):
    rng = np.random.default_rng(0)
    model = ELMRegressor(400, alpha=1.0, random_state=0)
    save(model.partial_fit(rng.standard_normal((20, 3)), rng.standard_normal(20)), path)
    half, size = 8 * 400 * 401 // 2, path.stat().st_size
    assert size > half
    load(path, max_bytes=size + 4 * half)
    with pytest.raises(ModelFileError, match="sums of which it holds the half"):
        load(path, max_bytes=size + half)


def test_sums_that_a_copy_does_not_carry_are_missed(path):
    loaded = there_and_back(fitted(ELMClassifier(8, random_state=0)), path)
    with pytest.raises(ValueError, match="carries no sums"):
        loaded.partial_fit(X, LABELS)


def test_what_members_share_is_stored_once(path):
    model = next(m for m in of_each_class() if hasattr(m, "shared_fraction"))
    loaded = there_and_back(fitted(model), path)
    first, second = loaded.estimators_
    assert first.model_.constants is second.model_.constants


def test_binary_weights_take_a_bit_each(path):
    model = fitted(ELMRegressor(4000, "binary", random_state=0))
    save(model, path)
    assert path.stat().st_size < model.n_stored_bytes_ + 16_000
    assert model.n_stored_bytes_ < 4000 * (16 / 8 + 3 * 8)


# -- weights by seed -------------------------------------------------------------------


def test_weights_of_another_draw_are_refused(path, half_layer):
    save(half_layer, path, weights="seed")

    def another(manifest):
        node = next(n for n in manifest["objects"] if "draw" in n)
        node["draw"]["sha256"] = "0" * 64

    rewrite(path, another)
    with pytest.raises(ModelFileError, match="not those that were saved"):
        load(path)


def test_seeds_of_a_partial_network_hold_no_constants(path):
    model = fitted(PartialCNNClassifier(**IMAGES, max_iter=1, random_state=0))
    assert_same(there_and_back(model, path), model)
    arrays = path.stat().st_size
    assert_same(there_and_back(model, path, weights="seed"), model)
    constants = model.model_.constants.arrays.values()
    assert arrays - path.stat().st_size > 0.9 * sum(a.nbytes for a in constants)


def test_a_file_makes_nobody_draw_more_than_is_allowed(path, half_layer):
    save(half_layer, path, weights="seed")

    def huge(manifest):
        node = next(n for n in manifest["objects"] if "draw" in n)
        node["state"]["weights"] = {"tuple": [2**20, 2**30]}

    rewrite(path, huge)
    with pytest.raises(ModelFileError, match="max_bytes"):
        load(path)


# -- what cannot be saved --------------------------------------------------------------


def test_code_is_not_stored(path):
    def draw(n_units, n_features, rng):
        return rng.standard_normal((n_units, n_features))

    model = fitted(HalfLayerClassifier(8, draw, max_iter=1))
    with pytest.raises(TypeError, match=r"^HalfLayerClassifier\.weight_kind is a .*no"):
        save(model, path)
    assert not list(path.parent.iterdir())


@pytest.mark.parametrize("other", [StandardScaler(), make_pipeline(ELMClassifier()), 3])
def test_others_are_referred_to_skops(other, path):
    with pytest.raises(TypeError, match=r"skops\.io\.dump"):
        save(other, path)


def test_callbacks_are_left_out_with_a_warning(path):
    pytest.importorskip("rich")
    model = HalfLayerClassifier(8).set_callbacks(ProgressBar())
    with pytest.warns(UserWarning, match="Callbacks are not stored"):
        save(model, path)
    assert repr(load(path)) == repr(HalfLayerClassifier(8))


def test_an_option_that_is_none_is_named(path, half_layer):
    with pytest.raises(ValueError, match="'weights' parameter of save must be"):
        save(half_layer, path, weights="seeds")
    with pytest.raises(ValueError, match="'max_bytes' parameter of load must be"):
        load(path, max_bytes=0)


# -- accidents -------------------------------------------------------------------------


def test_kill_during_save_leaves_the_old_file(path):
    """Killed at twenty random moments while it saves again and again."""
    save(fitted(ELMRegressor(2000, random_state=0)), path)
    before = path.read_bytes()
    code = f"""
        import os, random, signal, time
        from sklearn_halfnet import load, save
        path, random = {str(path)!r}, random.Random(0)
        model = load(path)
        for _ in range(20):
            child = os.fork()
            while not child:
                save(model, path)
            time.sleep(random.uniform(0.01, 0.05))
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            load(path)
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(code)], check=True)
    # The same model is the same bytes.
    assert path.read_bytes() == before


@pytest.fixture
def small_disk():
    """Let no file grow beyond 4 KB."""
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, limit[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, limit)
    signal.signal(signal.SIGXFSZ, handler)


def test_a_full_disk_leaves_the_old_file(path, half_layer, request):
    path.write_bytes(b"old")
    request.getfixturevalue("small_disk")
    with pytest.raises(OSError):
        save(half_layer, path)
    assert path.read_bytes() == b"old"
    assert list(path.parent.iterdir()) == [path]


# -- what is no model file -------------------------------------------------------------


def rewrite(path, change, **options):
    """Change what a file says, with all checks of the zip as they should be."""
    with zipfile.ZipFile(path) as old:
        members = {name: old.read(name) for name in old.namelist()}
    manifest = json.loads(members["model.json"])
    change(manifest)
    members["model.json"] = json.dumps(manifest)
    with zipfile.ZipFile(path, "w", **options) as new:
        for name, content in members.items():
            new.writestr(name, content)


def test_each_truncation_is_refused(path, half_layer):
    save(half_layer, path)
    whole = path.read_bytes()
    for length in [*range(0, len(whole), 97), len(whole) - 1]:
        path.write_bytes(whole[:length])
        with pytest.raises(ModelFileError) as caught:
            load(path)
        assert repr(str(path)) in str(caught.value)


def test_each_altered_byte_of_an_array_is_noticed(path, half_layer):
    save(half_layer, path)
    with zipfile.ZipFile(path) as whole:
        members = {name: whole.read(name) for name in whole.namelist()}
    for name in [name for name in members if name.endswith(".npy")]:
        altered = bytearray(members[name])
        altered[-1] ^= 1
        with zipfile.ZipFile(path, "w") as other:
            for each, content in members.items():
                other.writestr(each, bytes(altered) if each == name else content)
        with pytest.raises(ModelFileError, match=f"{name} does not have the checksum"):
            load(path)


class Hostile:
    """Executes code where it is unpickled."""

    def __reduce__(self):
        return os.mkdir, ("executed",)


def _zip(compression=zipfile.ZIP_STORED, **members):
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", compression) as archive:
        for name, content in members.items():
            archive.writestr(name.replace("_", "."), content)
    return data.getvalue()


FOREIGN = {
    "empty": (b"", "it is empty"),
    "text": (b"a,b\n1,2\n", "it is no zip"),
    "pickle": (pickle.dumps(Hostile()), "it is a pickle"),
    "other zip": (_zip(other_txt="x"), r"a zip without model\.json"),
    "no JSON": (_zip(model_json="{"), "no model file, or damaged"),
    "other JSON": (_zip(model_json="[]"), "is not of 'sklearn-halfnet model'"),
    "NaN": (_zip(model_json="NaN"), "holds NaN"),
    "deep": (_zip(model_json="[" * 10**6), "no model file, or damaged"),
    "bomb": (
        _zip(zipfile.ZIP_DEFLATED, model_json=b" " * 10**7),
        "compressed or encrypted",
    ),
}


@pytest.mark.parametrize("name", FOREIGN)
def test_a_foreign_file_is_refused(name, path, monkeypatch):
    monkeypatch.chdir(path.parent)
    content, why = FOREIGN[name]
    path.write_bytes(content)
    for read in (load, sklearn_halfnet.files.describe):
        with pytest.raises(ModelFileError, match=why):
            read(path)
    assert list(path.parent.iterdir()) == [path]


def _newer(manifest):
    manifest["format"] = archive.FORMAT + 2


def _other_class(manifest):
    manifest["objects"][-1]["class"] = "subprocess.Popen"


def _absurd_shape(manifest):
    manifest["arrays"][0]["shape"] = [2**40, 2**20]


def _objects(manifest):
    manifest["arrays"][0]["dtype"] = "|O"


def _no_estimator(manifest):
    manifest["model"] = {"object": 0}


def _incomplete(manifest):
    node = next(n for n in manifest["objects"] if n["class"] == "HalfLayerModel")
    del node["state"]["layers"]


def _later_object(manifest):
    manifest["objects"][0]["state"]["loop"] = {"object": len(manifest["objects"]) - 1}


HOSTILE = {
    _newer: f"written by format {archive.FORMAT + 2}, this version reads up to "
    f"{archive.FORMAT}",
    _other_class: r"a class 'subprocess\.Popen' that no model file may hold",
    _absurd_shape: "as listed",
    _objects: "not of plain data",
    _no_estimator: "no estimator",
    _incomplete: "HalfLayerModel without layers",
    _later_object: "damaged",
}


@pytest.mark.parametrize("change", HOSTILE, ids=lambda change: change.__name__)
def test_a_hostile_file_is_refused(change, path, half_layer):
    save(half_layer, path)
    rewrite(path, change)
    with pytest.raises(ModelFileError, match=HOSTILE[change]):
        load(path)


def test_members_that_do_not_belong_are_refused(path, half_layer):
    save(half_layer, path)
    whole = path.read_bytes()
    with zipfile.ZipFile(path, "a") as other:
        other.writestr("../../outside.npy", "x")
    with pytest.raises(ModelFileError, match=r"its members are not those"):
        load(path)
    path.write_bytes(whole)
    with zipfile.ZipFile(path, "a") as other, pytest.warns(UserWarning, match="Dupl"):
        other.writestr("model.json", "{}")
    with pytest.raises(ModelFileError, match="two members of one name"):
        load(path)


def test_arrays_that_would_be_pickles_are_refused(path, half_layer):
    save(half_layer, path)
    with zipfile.ZipFile(path) as old:
        members = {name: old.read(name) for name in old.namelist()}
    hostile = io.BytesIO()
    np.save(hostile, np.array([Hostile()], dtype=object), allow_pickle=True)
    members["arrays/0.npy"] = hostile.getvalue()
    with zipfile.ZipFile(path, "w") as new:
        for name, content in members.items():
            new.writestr(name, content)
    with pytest.raises(ModelFileError, match="as listed"):
        load(path)


def test_a_large_file_needs_leave(path, half_layer):
    save(half_layer, path)
    with pytest.raises(ModelFileError, match="more than max_bytes=100"):
        load(path, max_bytes=100)
    with pytest.raises(ModelFileError, match="max_bytes leaves"):
        load(path, max_bytes=40_000)


def test_what_cannot_be_opened_is_an_error_of_the_system(path):
    with pytest.raises(FileNotFoundError):
        load(path)


def test_fuzzed_files_are_read_or_refused(tmp_path):
    outcomes = fuzz(2, 0, tmp_path)
    assert outcomes["refused"] > 10


# -- classes ---------------------------------------------------------------------------


def test_every_public_estimator_may_be_stored():
    kinds = [getattr(sklearn_halfnet, name) for name in sklearn_halfnet.__all__]
    estimators = {k.__name__ for k in kinds if hasattr(k, "get_params")}
    assert estimators == classes.ESTIMATORS


def test_classes_are_found_where_the_table_says():
    for name in classes._MODULES:
        assert classes.name_of(classes.class_named(name)) == name


# -- pickles and skops -----------------------------------------------------------------


@pytest.mark.parametrize("model", [*of_each_class()], ids=lambda m: type(m).__name__)
def test_pickles_tell_their_version(model, monkeypatch):
    assert repr(pickle.loads(pickle.dumps(model))) == repr(model)
    monkeypatch.setattr(versions, "__version__", "0.0.1")
    written = pickle.dumps(model)
    monkeypatch.undo()
    with pytest.warns(InconsistentVersionWarning, match=r"from version 0\.0\.1 when"):
        loaded = pickle.loads(written)
    assert vars(loaded).keys() == vars(model).keys()


def test_a_pickle_without_a_version_warns():
    model = HalfLayerClassifier(8)
    with pytest.warns(InconsistentVersionWarning, match="from version unknown"):
        model.__setstate__(dict(vars(model)))


@pytest.mark.parametrize(
    "model",
    [
        ELMClassifier(8, "sparse", random_state=0),
        HalfNetClassifier(8, max_iter=2, random_state=0),
        PartialCNNClassifier(**IMAGES, max_iter=1, random_state=0),
        WeightAgnosticClassifier(search="evolution", max_iter=3, random_state=0),
    ],
    ids=lambda m: type(m).__name__,
)
def test_skops_reads_pipelines_with_the_trusted_types(model):
    skops = pytest.importorskip("skops.io")
    pipeline = fitted(make_pipeline(StandardScaler(), model))
    written = skops.dumps(pipeline)
    assert set(skops.get_untrusted_types(data=written)) <= set(trusted_types())
    assert_same(skops.loads(written, trusted=trusted_types()), pipeline)


# -- halfnet info ----------------------------------------------------------------------


def test_info_tells_what_a_file_holds(path, half_layer, capsys):
    save(half_layer, path)
    assert cli.main(["info", str(path)]) == 0
    text = capsys.readouterr().out
    assert text.startswith("HalfLayerClassifier, fitted\n")
    assert f"trained numbers  {half_layer.n_trainable_parameters_}\n" in text
    assert f"bytes of file    {path.stat().st_size:,}\n" in text
    assert "classes          no, perhaps, yes\n" in text
    assert "  weight_kind = 'binary'\n" in text
    assert f"  numpy = {np.__version__}\n" in text


def test_info_writes_a_model_card(path, half_layer, capsys):
    save(half_layer, path, weights="seed")
    assert cli.main(["info", str(path), "--card"]) == 0
    card = capsys.readouterr().out
    assert card.startswith("---\nlibrary_name: sklearn-halfnet\n")
    assert "# HalfLayerClassifier" in card
    assert "| weights | drawn again by seed |" in card
    assert "| weight_kind | `'binary'` |" in card
    assert 'load("model.halfnet")' in card


def test_info_of_no_model_file_is_an_error(path, capsys):
    path.write_bytes(b"x")
    assert cli.main(["info", str(path)]) == 1
    assert "it is no zip" in capsys.readouterr().err
    assert cli.main(["info", str(path.with_name("absent"))]) == 1


def test_info_prints_no_commands_of_a_terminal(path, half_layer, capsys):
    save(half_layer, path)

    def odd(manifest):
        manifest["about"]["classes"] = ["\x1b]0;owned\x07"]

    rewrite(path, odd)
    assert cli.main(["info", str(path)]) == 0
    assert "\x1b" not in capsys.readouterr().out
