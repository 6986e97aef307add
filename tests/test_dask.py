"""Fits on dask collections equal those of one machine, whatever happens to workers."""

import os
import pickle
import signal

import numpy as np
import pandas as pd
import pytest
from callbacks import Interrupt
from numpy.testing import assert_allclose
from scipy import sparse
from sklearn.base import clone, is_classifier
from sklearn.datasets import load_digits
from sklearn.exceptions import NotFittedError

from sklearn_halfnet import (
    ConvHalfLayerClassifier,
    ELMClassifier,
    ELMRegressor,
    HalfLayerClassifier,
    HalfLayerRegressor,
    HalfNetClassifier,
    RVFLClassifier,
    RVFLRegressor,
)
from sklearn_halfnet.weights import WEIGHTS

da = pytest.importorskip("dask.array")
dd = pytest.importorskip("dask.dataframe")
distributed = pytest.importorskip("distributed")
halfnet_dask = pytest.importorskip("sklearn_halfnet.dask")

X, Y = load_digits(return_X_y=True)
X, Y = X[:600, 10:40], Y[:600]
WEIGHT = 1.0 + np.arange(600) % 3
FAST = {"dtype": "float64", "random_state": 0}
EXACT = {"hidden_layer_sizes": 40, **FAST}
# Sums in another order differ by rounding, which each iteration makes larger.
LBFGS = {"solver": "lbfgs", "max_iter": 50}


def targets(model):
    return Y if is_classifier(model) else np.column_stack([Y, Y**2]).astype(float)


def outputs(model, data):
    return model.predict_proba(data) if is_classifier(model) else model.predict(data)


def check_same(model, collection, y, weight=None):
    alone = clone(model).fit(X, targets(model), weight)
    found = halfnet_dask.fit(clone(model), collection, y, weight)
    assert_allclose(found.read_out_coef_, alone.read_out_coef_, rtol=1e-8, atol=1e-8)
    assert_allclose(outputs(found, X), outputs(alone, X), rtol=1e-8, atol=1e-8)
    return found


@pytest.mark.parametrize("chunks", [(600, 30), (250, 30), (70, 11)])
@pytest.mark.parametrize(
    "Model", [ELMClassifier, ELMRegressor, RVFLClassifier, RVFLRegressor]
)
def test_same_as_one_machine_in_any_chunks(Model, chunks):
    model = Model(**EXACT)
    collection = da.from_array(X, chunks=chunks)
    check_same(model, collection, da.from_array(targets(model), chunks=100), WEIGHT)


@pytest.mark.parametrize("kind", WEIGHTS)
def test_same_for_every_weight_kind(kind):
    model = ELMClassifier(weight_kind=kind, **EXACT)
    check_same(model, da.from_array(X, chunks=(200, -1)), Y)


@pytest.mark.parametrize(
    "options",
    [
        {"input_scaling": None, "scale": 0.1},
        {"input_scaling": "center", "activation": "tanh"},
        {"input_scaling": "standard"},
        {"input_scaling": "robust"},
        {"hidden_layer_sizes": (20, 10), "read_out": "ensemble", "alpha": 1.0},
        {"class_weight": "balanced"},
        {"class_weight": {0: 0.0, 3: 5.0}},
        {"alpha": "loo"},
        {"decay": 0.99},
    ],
)
def test_same_for_every_option(options):
    model = ELMClassifier(**{**EXACT, **options})
    check_same(model, da.from_array(X, chunks=(200, -1)), Y)


@pytest.mark.parametrize("weight", [None, WEIGHT])
@pytest.mark.parametrize(
    "model",
    [
        HalfLayerClassifier(**LBFGS, **EXACT),
        HalfLayerClassifier((30, 20), "instances", **LBFGS, **FAST),
        HalfLayerRegressor(**LBFGS, **EXACT),
        HalfLayerClassifier(12, full_layer_sizes=8, **LBFGS, **FAST),
    ],
    ids=["classifier", "two layers", "regressor", "behind a full layer"],
)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_half_layers_train_as_on_one_machine(model, weight):
    alone = clone(model).fit(X, targets(model), weight)
    found = halfnet_dask.fit(
        clone(model), da.from_array(X, chunks=(200, -1)), targets(model), weight
    )
    assert len(found.loss_curve_) == len(alone.loss_curve_)
    assert_allclose(found.loss_curve_[:5], alone.loss_curve_[:5], rtol=1e-8)
    assert_allclose(found.loss_curve_, alone.loss_curve_, rtol=1e-3)
    scores = [each.score(X, targets(model)) for each in (found, alone)]
    assert scores[0] == pytest.approx(scores[1], abs=0.02)


@pytest.mark.parametrize(
    "options", [{}, {"early_stopping": True}, {"polish": True, "solver": "lbfgs"}]
)
def test_half_layers_say_what_they_need(options):
    collection = da.from_array(X, chunks=(200, -1))
    with pytest.raises(ValueError, match="On dask collections half layers need"):
        halfnet_dask.fit(HalfLayerClassifier(**options), collection, Y)


@pytest.mark.parametrize("chunks", [700, 2400])
def test_same_sample_of_more_rows_than_a_sample_holds(chunks):
    """The rows from which probabilities are calibrated go by their number."""
    rng = np.random.default_rng(0)
    many = rng.standard_normal((5000, 4))
    y = (many[:, 0] + rng.standard_normal(5000) > 0).astype(int)
    alone = ELMClassifier(10, **FAST).fit(many, y)
    collection = da.from_array(many, chunks=(chunks, -1))
    found = halfnet_dask.fit(ELMClassifier(10, **FAST), collection, y)
    assert_allclose(found.predict_proba(many), alone.predict_proba(many), atol=1e-8)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("scaling", ["auto", "robust"])
def test_quartiles_of_many_rows_are_those_of_the_same_sample(scaling, weighted):
    many = np.random.default_rng(0).lognormal(size=(12_000, 4)) * [1, 10, 0.1, 1e3]
    y = (many[:, 0] > 1).astype(int)
    weight = np.arange(12_000) % 9 if weighted else None
    model = ELMClassifier(10, input_scaling=scaling, **FAST)
    alone = clone(model).fit(many, y, weight).model_.scaling
    collection = da.from_array(many, chunks=(700, -1))
    found = halfnet_dask.fit(model, collection, y, weight).model_.scaling
    for name in ("mean", "scale", "limit"):
        assert_allclose(getattr(found, name), getattr(alone, name), rtol=1e-12)
    if not weighted:
        medians = np.median(many, axis=0)
        assert_allclose(found.mean, medians, rtol=0.05)
        assert (found.mean != medians).all()  # of 10,000 rows


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_half_layers_start_anew_after_an_interrupt():
    options = {"solver": "lbfgs", "max_iter": 5}
    model = HalfLayerClassifier(8, **FAST).set_callbacks(Interrupt())
    with pytest.warns(UserWarning, match="interrupted by the user after 2"):
        model.fit(X, Y)
    collection = da.from_array(X, chunks=(200, -1))
    halfnet_dask.fit(model.set_callbacks().set_params(**options), collection, Y)
    expected = clone(model).fit(X, Y).predict_proba(X)
    assert_allclose(model.predict_proba(X), expected, rtol=1e-8, atol=1e-8)


def test_frames_and_names():
    names = [f"c{i}" for i in range(30)]
    frame = dd.from_pandas(pd.DataFrame(X, columns=names), npartitions=3)
    y = dd.from_pandas(pd.Series(Y), npartitions=3)
    model = halfnet_dask.fit(ELMClassifier(**EXACT), frame, y)
    alone = ELMClassifier(**EXACT).fit(pd.DataFrame(X, columns=names), Y)
    assert list(model.feature_names_in_) == names
    assert_allclose(model.read_out_coef_, alone.read_out_coef_, atol=1e-8)
    labels = halfnet_dask.predict(model, frame)
    assert np.isnan(labels.shape[0])
    assert (labels.compute() == alone.predict(pd.DataFrame(X, columns=names))).all()


def test_sparse_blocks():
    blocks = da.from_array(X, chunks=(200, -1)).map_blocks(sparse.csr_matrix)
    alone = ELMClassifier(**EXACT).fit(sparse.csr_array(X), Y)
    found = halfnet_dask.fit(ELMClassifier(**EXACT), blocks, Y)
    assert_allclose(found.read_out_coef_, alone.read_out_coef_, atol=1e-8)


def test_blocks_of_weight_zero_count_nothing():
    weight = np.repeat([1.0, 0.0, 1.0], 200)
    kept = weight > 0
    model = ELMClassifier(**EXACT)
    alone = clone(model).fit(X[kept], Y[kept])
    found = halfnet_dask.fit(
        clone(model), da.from_array(X, chunks=(200, -1)), Y, weight
    )
    assert_allclose(found.gram_.gram, alone.gram_.gram, atol=1e-8)


def test_partial_fit_goes_on():
    model = ELMRegressor(**EXACT, input_scaling=None, scale=0.1, alpha=1.0)
    first = da.from_array(X[:400], chunks=(150, -1))
    found = halfnet_dask.fit(clone(model), first, Y[:400].astype(float))
    found.partial_fit(X[400:], Y[400:])
    assert_allclose(
        found.read_out_coef_, clone(model).fit(X, Y).read_out_coef_, atol=1e-8
    )


@pytest.mark.parametrize("method", ["predict", "predict_proba", "decision_function"])
def test_predictions_are_dask_arrays(method):
    model = ELMClassifier(**EXACT).fit(X, Y)
    found = halfnet_dask.predict(model, da.from_array(X, chunks=(250, 7)), method)
    expected = getattr(model, method)(X)
    assert found.shape == expected.shape
    assert found.dtype == expected.dtype
    assert_allclose(found.compute(), expected, atol=1e-12)


@pytest.mark.parametrize("head", ["half", "full"])
def test_weights_that_were_trained_are_sent(head):
    model = ConvHalfLayerClassifier(
        20, image_shape=(5, 6), head=head, paddings=("same", "same"), max_iter=1, **FAST
    ).fit(X, Y)
    found = halfnet_dask.predict(model, da.from_array(X, chunks=(250, 30)))
    assert (found.compute() == model.predict(X)).all()


def test_weights_are_not_sent():
    from sklearn_halfnet.dask._travel import Traveller, arrive

    model = ELMClassifier((3000, 300), random_state=0).fit(X, Y)
    traveller = Traveller(model)
    # Scales, shifts, the read-out, and what prediction sets need of each row.
    needed = 4 * (2 * 3300 + 10 * 3300) + 8 * 3 * len(X)
    assert len(pickle.dumps(traveller)) < needed + 10_000
    arrived = arrive(pickle.loads(pickle.dumps(traveller)))
    for found, expected in zip(arrived.weights_, model.weights_, strict=True):
        assert (found == expected).all()


def test_faults():
    collection = da.from_array(X, chunks=(200, -1))
    with pytest.raises(TypeError, match="must be a dask array or dataframe"):
        halfnet_dask.fit(ELMClassifier(), X, Y)
    with pytest.raises(TypeError, match="got HalfNetClassifier"):
        halfnet_dask.fit(HalfNetClassifier(), collection, Y)
    with pytest.raises(ValueError, match="X has 600 rows, y has 500"):
        halfnet_dask.fit(ELMClassifier(), collection, da.from_array(Y[:500]))
    with pytest.raises(ValueError, match="only one class"):
        halfnet_dask.fit(ELMClassifier(), collection, np.zeros(600))
    with pytest.raises(NotFittedError):
        halfnet_dask.predict(ELMClassifier(), collection)


def test_error_names_the_block_and_leaves_the_model():
    model = ELMClassifier(**EXACT).fit(X, Y)
    before = model.predict_proba(X)
    poisoned = X.copy()
    poisoned[450, 3] = np.inf
    with pytest.raises(ValueError, match="contains infinity") as caught:
        halfnet_dask.fit(model, da.from_array(poisoned, chunks=(200, -1)), Y)
    assert caught.value.__notes__ == ["In block 2 of X, counted from 0."]
    assert_allclose(model.predict_proba(X), before)


def kill_once(block, marker):
    """Kill the first worker that gets here, and let all others pass."""
    try:
        os.close(os.open(marker, os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        return block
    os.kill(os.getpid(), signal.SIGKILL)


@pytest.mark.filterwarnings("ignore")  # of the cluster about the dead worker
def test_killed_worker_changes_nothing(tmp_path):
    options = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": ":0"}
    expected = ELMClassifier(**EXACT).fit(X, Y)
    whole = da.from_array(X, chunks=(60, -1))
    with (
        distributed.LocalCluster(**options, silence_logs=50) as cluster,
        distributed.Client(cluster),
    ):
        calm = halfnet_dask.fit(ELMClassifier(**EXACT), whole, Y)
        marker = str(tmp_path / "killed")
        deadly = whole.map_blocks(kill_once, marker, dtype=float, meta=X[:0])
        found = halfnet_dask.fit(ELMClassifier(**EXACT), deadly, Y)
    assert os.path.exists(marker)
    assert_allclose(found.read_out_coef_, calm.read_out_coef_, rtol=1e-10, atol=1e-10)
    assert_allclose(found.read_out_coef_, expected.read_out_coef_, rtol=1e-8, atol=1e-8)


SORTED = np.argsort(Y, kind="stable")


@pytest.mark.parametrize(
    "model",
    [
        ELMClassifier(**EXACT),
        RVFLClassifier(**EXACT),
        HalfLayerClassifier(solver="lbfgs", max_iter=3, **EXACT),
    ],
    ids=lambda model: type(model).__name__,
)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_class_weights_name_classes_that_a_block_lacks(model):
    # Each block holds two or three of ten classes.
    rows, y = X[SORTED], Y[SORTED]
    weights = {label: 1.0 + label for label in range(10)}
    model = clone(model).set_params(class_weight=weights)
    alone = clone(model).fit(rows, y)
    found = halfnet_dask.fit(model, da.from_array(rows, chunks=(150, -1)), y)
    assert_allclose(found.predict_proba(X), alone.predict_proba(X), atol=1e-5)
    model.set_params(class_weight={0: 1.0, 77: 2.0})
    with pytest.raises(ValueError, match="are not in class_weight"):
        halfnet_dask.fit(model, da.from_array(rows, chunks=(150, -1)), y)


def filtered(bound):
    """Frames of sorted rows, of which a filter leaves some partitions empty."""
    order = np.argsort(X[:, 5], kind="stable")
    frame = pd.DataFrame(X[order], columns=[f"c{i}" for i in range(30)]).assign(
        y=Y[order]
    )
    parts = dd.from_pandas(frame, npartitions=5)
    return frame[frame.c5 > bound], parts[parts.c5 > bound]


@pytest.mark.parametrize(
    "model",
    [
        ELMClassifier(**EXACT),
        ELMRegressor(**EXACT),
        RVFLClassifier(input_scaling=None, alpha="loo", **EXACT),
        HalfLayerClassifier(solver="lbfgs", max_iter=3, **EXACT),
    ],
    ids=lambda model: type(model).__name__,
)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_empty_partitions_add_nothing_and_return_nothing(model):
    kept, parts = filtered(X[:, 5].mean())
    assert min(parts.map_partitions(len).compute()) == 0
    columns = list(kept.columns[:-1])
    alone = clone(model).fit(kept[columns], kept.y)
    found = halfnet_dask.fit(clone(model), parts[columns], parts.y)
    expected = alone.predict(kept[columns])
    assert_allclose(found.predict(kept[columns]), expected, atol=1e-6)
    predicted = halfnet_dask.predict(alone, parts[columns]).compute()
    assert_allclose(predicted, expected, atol=1e-10)


@pytest.mark.parametrize(
    "method, shape", [("predict", (0,)), ("predict_proba", (0, 10))]
)
def test_no_rows_at_all(method, shape):
    model = ELMClassifier(**EXACT).fit(X, Y)
    _, parts = filtered(np.inf)
    columns = list(parts.columns[:-1])
    with pytest.raises(ValueError, match="X holds no rows"):
        halfnet_dask.fit(clone(model), parts[columns], parts.y)
    frame_model = ELMClassifier(**EXACT).fit(pd.DataFrame(X, columns=columns), Y)
    found = halfnet_dask.predict(frame_model, parts[columns], method).compute()
    assert found.shape == shape


@pytest.mark.parametrize("zero", [[0, 1, 2], [0, 1, 2, 3, 4, 5, 6, 7, 8], range(10)])
def test_rows_of_weight_zero_show_no_class(zero):
    weight = 1.0 - np.isin(Y, zero)
    model, collection = ELMClassifier(**EXACT), da.from_array(X, chunks=(200, -1))
    if len(zero) > 3:
        with pytest.raises(ValueError, match=r"only one class|zero for every row"):
            halfnet_dask.fit(model, collection, Y, weight)
    else:
        check_same(model, collection, Y, weight)


@pytest.mark.parametrize("dtype", ["Int64", "string", "str", "category"])
def test_missing_labels_are_named_and_whole_ones_taken(dtype):
    collection = dd.from_pandas(pd.DataFrame(X, columns=list(map(str, range(30)))), 3)
    y = pd.Series(Y if dtype == "Int64" else Y.astype(str)).astype(dtype)
    model = halfnet_dask.fit(ELMClassifier(**EXACT), collection, dd.from_pandas(y, 3))
    assert len(model.classes_) == 10
    y[300] = pd.NA
    with pytest.raises(
        ValueError, match="y contains NaN or NA, first in row 100"
    ) as caught:
        halfnet_dask.fit(ELMClassifier(**EXACT), collection, dd.from_pandas(y, 3))
    assert caught.value.__notes__ == ["In block 1 of X, counted from 0."]
