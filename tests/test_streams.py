"""Rows that come and go: new classes, forgetting, decay, and solving later."""

import copy
import pickle
from concurrent.futures import ThreadPoolExecutor
from itertools import permutations

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.base import clone, is_classifier
from sklearn.datasets import load_digits
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import Ridge

from sklearn_halfnet import (
    ELMClassifier,
    ELMRegressor,
    Gram,
    RVFLClassifier,
    RVFLRegressor,
)
from sklearn_halfnet.linear import PackedGram
from sklearn_halfnet.models import row_sample, stream
from sklearn_halfnet.models.row_sample import RowSample, row_marks

X, Y = load_digits(return_X_y=True)
X, Y = X[:400] / 16, Y[:400]
# Layers that look at no data, so that chunks cannot change them.
FIXED = {"scale": 0.5, "input_scaling": None, "dtype": "float64", "random_state": 0}
GIVEN = {"alpha": 1.0, **FIXED}
CLASSIFIERS = [ELMClassifier, RVFLClassifier]
FAMILY = [*CLASSIFIERS, ELMRegressor, RVFLRegressor]


def targets(model):
    return Y if is_classifier(model) else np.column_stack([Y, Y**2]).astype(float)


def same(found, expected, atol=1e-9):
    assert_allclose(found.read_out_coef_, expected.read_out_coef_, atol=atol)
    assert_allclose(found.read_out_intercept_, expected.read_out_intercept_, atol=atol)
    assert_allclose(found.predict(X), expected.predict(X), atol=atol)


# -- new classes -------------------------------------------------------------------


@pytest.mark.parametrize("alpha", [1.0, "gcv", "loo"])
@pytest.mark.parametrize("Model", CLASSIFIERS)
def test_classes_that_come_later_are_as_if_known_before(Model, alpha):
    model = Model((20, 10), read_out="ensemble", **{**GIVEN, "alpha": alpha})
    whole = clone(model).fit(X, Y)
    for order in ([(3, 7), (0, 1, 9), (2,), (4, 5, 6, 8)], [(5,), (4,), range(10)]):
        parts, seen = clone(model), np.array([], int)
        for task in order:
            rows = np.isin(Y, np.setdiff1d(task, seen))
            parts.partial_fit(X[rows], Y[rows])
            seen = np.union1d(seen, task)
            assert_array_equal(parts.classes_, seen)
            assert parts.predict_proba(X[:3]).shape == (3, len(seen))
        same(parts, whole, atol=1e-6)


@pytest.mark.parametrize("labels", [*permutations(["a", "bb", "ccc"])])
def test_one_class_at_a_time_in_any_order(labels):
    y = np.array(["a", "bb", "ccc"], object)[Y % 3]
    model, whole = ELMClassifier(20, **GIVEN), ELMClassifier(20, **GIVEN).fit(X, y)
    for number, label in enumerate(labels):
        model.partial_fit(X[y == label], y[y == label])
        assert set(model.predict(X)) <= set(labels[: number + 1])
        assert_allclose(model.predict_proba(X).sum(axis=1), 1)
    same_labels = model.predict(X) == whole.predict(X)
    assert same_labels.all()
    assert_allclose(model.predict_proba(X), whole.predict_proba(X), atol=1e-9)


def test_classes_that_are_announced_have_no_rows_yet():
    model = ELMClassifier(20, **GIVEN).partial_fit(X, Y, classes=[*range(10), 11])
    model.partial_fit(X[:5], Y[:5], classes=range(13))
    assert_array_equal(model.classes_, range(13))
    assert_array_equal(model.gram_.cross[:, 10:], 0)
    assert model.predict_proba(X)[:, 10:].max() < 0.1
    with pytest.raises(ValueError, match="are not those of the first call"):
        model.partial_fit(X, Y, classes=range(10))


def test_blocks_may_bring_classes_and_need_two():
    blocks = [(X[Y < 5], Y[Y < 5]), (X[Y >= 5], Y[Y >= 5])]
    model = ELMClassifier(20, **GIVEN)
    same(clone(model).fit_blocks(blocks), clone(model).fit(X, Y))
    with pytest.raises(ValueError, match="only one class"):
        clone(model).fit_blocks([(X[Y == 1], Y[Y == 1])])


def test_new_classes_can_be_refused_and_leave_the_model():
    model = ELMClassifier(20, new_classes="error", **GIVEN)
    model.partial_fit(X, Y, classes=range(10))
    before = model.predict_proba(X)
    with pytest.raises(ValueError, match="labels that are not among the classes"):
        model.partial_fit(X[:5], Y[:5] + 10)
    assert_array_equal(model.predict_proba(X), before)
    with pytest.raises(ValueError, match="new_classes"):
        clone(model).set_params(new_classes="ask").fit(X, Y)


@pytest.mark.parametrize(
    "first, second",
    [
        (Y, Y.astype(str)),
        (Y.astype(str), Y),
        (Y.astype(str).astype(object), Y),
        (Y > 4, Y),
        (Y, Y + 0.5),
    ],
    ids=["text after numbers", "numbers after text", "objects", "booleans", "real"],
)
def test_labels_of_another_type_are_refused(first, second):
    model = ELMClassifier(20, **GIVEN).partial_fit(X, first)
    before = model.predict_proba(X)
    with pytest.raises(ValueError, match=r"of one type|continuous"):
        model.partial_fit(X, second)
    assert_array_equal(model.predict_proba(X), before)


def test_numbers_of_other_types_are_the_same_labels():
    model = ELMClassifier(20, **GIVEN).partial_fit(X, Y.astype(np.uint8))
    model.partial_fit(X, Y.astype(float)).partial_fit(X[:9], np.full(9, 300.0))
    assert_array_equal(model.classes_, [*range(10), 300])


def test_weights_of_classes_that_have_not_come():
    weights = {0: 2.0, 7: 3.0}
    model = ELMClassifier(20, class_weight=weights, **GIVEN)
    for rows in (Y < 5, Y >= 5):
        model.partial_fit(X[rows], Y[rows])
    same(model, ELMClassifier(20, class_weight=weights, **GIVEN).fit(X, Y))


def test_multilabel_targets_keep_their_labels():
    labels = np.eye(10, dtype=int)[Y]
    model = ELMClassifier(20, **GIVEN).partial_fit(X[:200], labels[:200])
    with pytest.raises(ValueError, match="indicator matrix with 10 columns"):
        model.partial_fit(X[200:], labels[200:, :9])
    model.partial_fit(X[200:], labels[200:])
    whole = ELMClassifier(20, **GIVEN).fit(X, labels)
    same(model, whole)
    rest = ELMClassifier(20, **GIVEN).fit(X[50:], labels[50:])
    same(model.forget(X[:50], labels[:50]), rest)


# -- forgetting --------------------------------------------------------------------


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("convert", [np.asarray, sparse.csr_array], ids=["", "sparse"])
@pytest.mark.parametrize("Model", FAMILY)
def test_forgotten_rows_were_never_seen(Model, convert, weighted):
    model = Model((20, 10), read_out="ensemble", **GIVEN)
    y, weight = targets(model), 1.0 + np.arange(400) % 3 if weighted else np.ones(400)
    gone = np.arange(400) % 10 == 3
    expected = clone(model).fit(convert(X[~gone]), y[~gone], weight[~gone])
    found = clone(model).fit(convert(X), y, weight)
    found.forget(convert(X[gone]), y[gone], weight[gone])
    same(found, expected, atol=1e-8)
    if is_classifier(model):  # of the same rows
        assert_allclose(found.predict_proba(X), expected.predict_proba(X), atol=1e-6)
    found.partial_fit(convert(X[gone]), y[gone], sample_weight=weight[gone])
    same(found, clone(model).fit(convert(X), y, weight), atol=1e-8)


def test_a_few_rows_in_their_own_space_are_forgotten_too():
    model = ELMRegressor(100, **GIVEN)
    found = clone(model).fit(X[:40], Y[:40]).forget(X[:10], Y[:10])
    same(found, clone(model).fit(X[10:40], Y[10:40]), atol=1e-8)


@pytest.mark.parametrize("how", ["gcv", "loo"])
def test_a_window_slides(how):
    model = ELMClassifier(30, **{**GIVEN, "alpha": how, "alphas": [0.1, 1.0, 10.0]})
    window = clone(model).partial_fit(X[:100], Y[:100])
    for start in range(0, 300, 20):
        new = slice(start + 100, start + 120)
        window.partial_fit(X[new], Y[new])
        window.forget(X[start : start + 20], Y[start : start + 20])
    expected = clone(model).fit(X[300:], Y[300:])
    assert window.gram_.n_samples == 100
    assert window.alpha_ == expected.alpha_
    assert_allclose(window.predict_proba(X), expected.predict_proba(X), atol=1e-6)


def test_a_class_whose_rows_are_forgotten_keeps_its_place():
    model = ELMClassifier(20, **GIVEN).fit(X, Y).forget(X[Y == 4], Y[Y == 4])
    assert_array_equal(model.classes_, range(10))
    assert 4 not in model.predict(X)
    with pytest.raises(ValueError, match=r"Of class .*4.* more rows|no rows at all"):
        model.forget(X[Y == 4][:1], Y[Y == 4][:1])


NEVER = {
    "others": (X[300:], Y[300:]),
    "twice": (np.vstack([X[:1]] * 2), Y[[0, 0]]),
    "other targets": (X[:1], Y[[0]] + 1),
    "moved": (X[:50] + 0.3, Y[:50]),
    "more": (np.vstack([X, X]), np.r_[Y, Y]),
}


@pytest.mark.parametrize("rows", NEVER)
@pytest.mark.parametrize("Model", [ELMClassifier, ELMRegressor])
def test_rows_never_seen_are_told(Model, rows):
    """Sums over no more rows than columns tell each of them."""
    model = Model(400, **GIVEN).fit(X[:300], Y[:300])
    before = model.predict(X)
    gone, labels = NEVER[rows]
    with pytest.raises(ValueError, match=r"never seen|than were seen"):
        model.forget(gone, labels)
    assert_array_equal(model.predict(X), before)
    with pytest.raises(ValueError, match="no row is left"):
        model.forget(X[:300], Y[:300])
    assert model.gram_.n_samples == 300


def test_what_forget_needs():
    model = ELMClassifier(20, **GIVEN)
    with pytest.raises(NotFittedError):
        model.forget(X, Y)
    model.fit(X, Y)
    with pytest.raises(ValueError, match="forget cannot go on from a copied"):
        copy.deepcopy(model).forget(X[:5], Y[:5])
    with pytest.raises(ValueError, match="labels that are not among"):
        model.forget(X[:5], Y[:5] + 10)
    with pytest.raises(ValueError, match="X has 3 features"):
        model.forget(X[:5, :3], Y[:5])
    with pytest.raises(ValueError, match="'balanced' is not supported by forget"):
        clone(model).set_params(class_weight="balanced").fit(X, Y).forget(X, Y)


def test_of_equal_rows_in_the_sample_one_is_taken_out():
    X, y = np.array([[1.0, 2.0], [1.0, 2.0], [3.0, 4.0]]), np.ones((3, 1))
    sample = RowSample(0)
    blocks = [(slice(0, 3), X)]
    list(sample.update(blocks, y, None, mark=lambda rows: row_marks(X, rows)))
    left = sample.minus(row_marks(X[:1]), y[:1])
    assert left.features.tolist() == X[1:].tolist()
    assert left.minus(row_marks(X[:1]), y[:1]).features.tolist() == X[2:].tolist()


def test_rows_leave_the_sample_and_those_to_come_are_not_preferred(monkeypatch):
    monkeypatch.setattr(row_sample, "MAX_ROWS", 50)
    sample = RowSample(seed=0)

    def show(numbers):
        H = numbers[:, None].astype(float)
        list(
            sample.update(
                [(slice(0, len(H)), H)], H, None, mark=lambda i: row_marks(H)[i]
            )
        )

    show(np.arange(1000))
    gone = np.arange(500)
    sample = sample.minus(row_marks(gone[:, None]), gone[:, None])
    assert 10 < len(sample.number) < 40 and sample.number.min() >= 500
    show(np.arange(1000, 1500))
    old = np.count_nonzero(sample.number < 1000)
    # Half of those that are left are new, but for chance.
    assert 0.25 < old / len(sample.number) < 0.75


# -- decay -------------------------------------------------------------------------


@pytest.mark.parametrize("Model", FAMILY)
def test_decay_is_a_weight_by_age_in_any_chunks(Model):
    model, fading = Model(20, **GIVEN), Model(20, decay=0.98, **GIVEN)
    y, age = targets(model), np.arange(399, -1, -1)
    expected = clone(model).fit(X, y, 0.98**age)
    same(clone(fading).fit(X, y), expected, atol=1e-8)
    for step in (7, 90):
        parts = clone(fading)
        for start in range(0, 400, step):
            parts.partial_fit(X[start : start + step], y[start : start + step])
        same(parts, expected, atol=1e-8)
    if is_classifier(model):
        assert_allclose(parts.predict_proba(X), expected.predict_proba(X), atol=1e-6)
    assert parts.gram_.n_effective == pytest.approx(1.98 / 0.02, rel=0.01)


def test_faded_rows_are_forgotten_with_the_weight_they_have():
    model = ELMRegressor(20, decay=0.99, **GIVEN).fit(X, Y)
    weight = 0.99 ** np.arange(399, -1, -1)
    with pytest.raises(ValueError, match=r"decay=0.99 .* sample_weight"):
        model.forget(X[:9], Y[:9])
    model.forget(X[380:390], Y[380:390], weight[380:390])
    kept = np.r_[0:380, 390:400]
    same(model, ELMRegressor(20, **GIVEN).fit(X[kept], Y[kept], weight[kept]), 1e-8)


def test_rows_too_old_for_a_number_vanish():
    model = ELMClassifier(20, decay=0.01, **GIVEN).partial_fit(X[:150], Y[:150])
    model.partial_fit(X[150:], Y[150:])
    expected = clone(model).fit(X[300:], Y[300:])
    found = model.gram_.solve(1.0)[0][:, :20]
    keep = np.isin(model.classes_, expected.classes_)
    assert_allclose(found[keep], expected.gram_.solve(1.0)[0], atol=1e-9)


def test_decay_prefers_recent_rows_in_the_sample(monkeypatch):
    monkeypatch.setattr(row_sample, "MAX_ROWS", 50)
    H = np.zeros((3000, 1))
    sample = RowSample(seed=0, decay=0.999)
    list(sample.update([(slice(0, 3000), H)], H, None))
    halves = [RowSample(0, start, 0.999) for start in (0, 1500)]
    for half in halves:
        list(half.update([(slice(0, 1500), H[:1500])], H[:1500], None))
    assert_array_equal(halves[0].merged(halves[1]).number, sample.number)
    age = 2999 - sample.number
    assert 600 < age.mean() < 1400  # 1,000 of an exponential distribution


@pytest.mark.parametrize("decay", [0.0, -1.0, 1.01, "slow", True])
def test_decay_out_of_range_is_named(decay):
    with pytest.raises(ValueError, match="decay"):
        ELMClassifier(20, decay=decay).fit(X, Y)


def test_decay_stays_what_it_was():
    model = ELMRegressor(20, decay=0.9, **GIVEN).partial_fit(X, Y)
    with pytest.raises(ValueError, match="decay changed since"):
        model.set_params(decay=0.8).partial_fit(X, Y)


# -- solving later -----------------------------------------------------------------


def stream_of(model, step=10):
    for start in range(0, 400, step):
        model.partial_fit(X[start : start + step], Y[start : start + step])
    return model


@pytest.mark.parametrize(
    "duplicate",
    [lambda m: pickle.loads(pickle.dumps(m)), copy.copy, copy.deepcopy],
    ids=["pickle", "copy", "deepcopy"],
)
def test_copies_of_a_stream_are_no_different(duplicate):
    model = stream_of(ELMClassifier(20, random_state=0))
    again = duplicate(model)
    assert_array_equal(again.predict_proba(X), model.predict_proba(X))
    for each in (model, again):
        each.partial_fit(X[:7], Y[:7])
    assert_array_equal(again.read_out_coef_, model.read_out_coef_)
    assert again.gram_.n_samples == model.gram_.n_samples == 407


def test_a_strength_is_that_of_the_call_that_brought_the_rows():
    model = stream_of(ELMRegressor(20, **GIVEN)).set_params(alpha=100.0)
    assert model.alpha_ == 1.0
    assert model.partial_fit(X, Y).alpha_ == 100.0


def test_it_is_solved_once_whatever_the_threads(monkeypatch):
    model, calls = stream_of(ELMClassifier(50, random_state=0)), []
    solve = type(model.model_)._solution
    monkeypatch.setattr(
        type(model.model_),
        "_solution",
        lambda *arguments: calls.append(1) or solve(*arguments),
    )
    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(lambda _: model.predict_proba(X), range(8)))
    assert len(calls) == 1
    assert all((each == found[0]).all() for each in found)
    stream_of(model)
    assert len(calls) == 1


def test_a_solution_that_fails_is_tried_again(monkeypatch):
    model = stream_of(ELMRegressor(20, **GIVEN))
    with monkeypatch.context() as patch:
        patch.setattr(type(model.model_), "_solution", lambda *arguments: 1 / 0)
        for _ in range(2):
            with pytest.raises(ZeroDivisionError):
                model.predict(X)
    same(model, ELMRegressor(20, **GIVEN).fit(X, Y))


def test_rows_that_could_spoil_a_solution_do_not_wait():
    model = stream_of(ELMRegressor(20, input_scaling="standard", random_state=0))
    before = model.predict(X)
    with pytest.raises(ValueError, match="too large"):
        model.partial_fit(1e200 * X[:5], Y[:5])
    assert_array_equal(model.predict(X), before)
    assert model.gram_.n_samples == 400
    assert not model.partial_fit(X[:5], Y[:5]).model_.solution.is_known
    assert model.partial_fit(X[:5], np.full(5, 1e20)).model_.solution.is_known


def test_waiting_rows_are_few():
    model = ELMRegressor(20, **GIVEN).partial_fit(X, Y)
    for _ in range(stream._MANY_ROWS // 10 + 1):
        model.partial_fit(X[:10], Y[:10])
    waiting = sum(len(chunk.y) for chunk in model._stream._waiting)
    assert waiting < stream._MANY_ROWS


def test_layers_that_look_at_no_data_are_the_same_for_any_first_chunk():
    rng = np.random.default_rng(0)
    many = rng.standard_normal((3000, 3))
    model = ELMRegressor(20, **GIVEN)
    whole = clone(model).fit(many, many[:, 0])
    parts = clone(model).partial_fit(many[:9], many[:9, 0])
    assert_array_equal(parts.weights_[0], whole.weights_[0])


def test_frames_with_categories_come_and_go():
    frame = pd.DataFrame(X[:, :5]).assign(c=pd.Categorical(np.array(list("ab"))[Y % 2]))
    frame.columns = frame.columns.astype(str)
    model = ELMClassifier(20, **{**GIVEN, "column_embedding": None})
    found = clone(model).partial_fit(frame, Y).forget(frame[:50], Y[:50])
    once = clone(model).partial_fit(frame, Y)
    again = found.partial_fit(frame[:50], Y[:50])
    same_rows = again.predict(frame) == once.predict(frame)
    assert same_rows.all()


# -- Gram --------------------------------------------------------------------------


def test_scaled_and_minus_are_what_ridge_finds():
    rng = np.random.default_rng(0)
    H, T = rng.standard_normal((60, 5)), rng.standard_normal((60, 2))
    old, new = Gram().update(H[:40], T[:40]), Gram().update(H[40:], T[40:])
    weight = np.repeat([0.25, 1.0], [40, 20])
    expected = Ridge(2.0).fit(H, T, weight)
    assert_allclose(old.scaled(0.25).merge(new).solve(2.0)[0], expected.coef_)
    rest = Gram().update(H, T).minus(new)
    for name in ("gram", "cross", "feature_mean", "target_square", "weight_norm"):
        assert_allclose(getattr(rest, name), getattr(old, name), atol=1e-12)
    assert new.minus(new).gram is None
    assert_allclose(old.minus(Gram()).gram, old.gram)
    with pytest.raises(ValueError, match="cannot be taken out of"):
        old.minus(Gram().update(H[:2, :3], T[:2]))
    with pytest.raises(ValueError, match="cannot be taken out of one of None"):
        Gram().minus(old)


@pytest.mark.parametrize("k", [1, 5, 700])
def test_pickles_and_files_hold_half_the_matrix(tmp_path, k):
    rng = np.random.default_rng(0)
    gram = Gram().update(rng.standard_normal((9, k)), rng.standard_normal((9, 2)))
    assert len(pickle.dumps(gram)) < 4 * k * (k + 1) + 40 * k + 1500
    gram.save(tmp_path / "sums.npz")
    twins = [
        pickle.loads(pickle.dumps(gram)),
        Gram.load(tmp_path / "sums.npz"),
        Gram.from_dict(gram.to_dict()),
    ]
    for twin in twins:
        for name, value in vars(gram).items():
            assert_array_equal(getattr(twin, name), value)
        assert type(twin.n_samples) is int
    Gram().save(tmp_path / "empty.npz")
    assert Gram.load(tmp_path / "empty.npz").gram is None


def test_files_that_are_none_of_a_gram_are_refused(tmp_path):
    path = tmp_path / "sums.npz"
    with pytest.raises(OSError):
        Gram.load(path)
    Gram().update(np.eye(3), np.ones((3, 1))).save(path)
    whole = path.read_bytes()
    with np.load(path) as file:
        state = dict(file)
    spoilt = [
        {**state, "gram": state["gram"][:-1]},
        {**state, "more": np.ones(3)},
        {name: value for name, value in state.items() if name != "cross"},
        {**state, "cross": np.array([None], object)},
    ]
    for each in spoilt:
        np.savez(path, **each)
        with pytest.raises(ValueError, match=r"sums.npz is no file of Gram.save"):
            Gram.load(path)
    np.save(tmp_path / "one.npy", np.ones((3, 2)))
    array = (tmp_path / "one.npy").read_bytes()
    for content in (b"", b"text", whole[: len(whole) // 2], array):
        path.write_bytes(content)
        with pytest.raises(ValueError, match=r"sums.npz is no file of Gram.save"):
            Gram.load(path)


@pytest.mark.parametrize("k", [1, 2, 7, 30])
def test_packed_sums_give_the_ridge_of_all_rows(k):
    rng = np.random.default_rng(0)
    H, T = 3 + rng.standard_normal((90, k)), rng.standard_normal((90, 2))
    sums = PackedGram()
    for rows in (slice(0, 1), slice(1, 40), slice(40, 90)):
        sums.update(H[rows], T[rows])
    expected = Ridge(2.0).fit(H, T)
    coef, intercept = sums.solve(2.0)
    assert_allclose(coef, expected.coef_, rtol=1e-3, atol=1e-5)
    assert_allclose(intercept, expected.intercept_, rtol=1e-3, atol=1e-5)
    assert sums.half.nbytes == 2 * k * (k + 1)


def test_what_packed_sums_refuse():
    H = np.ones((9, 3))
    with pytest.raises(ValueError, match="seen no row"):
        PackedGram().solve(1.0)
    with pytest.raises(ValueError, match="seen no row"):
        _ = PackedGram().trace
    with pytest.raises(ValueError, match="H has 9 rows, Y has 8"):
        PackedGram().update(H, H[:8])
    sums = PackedGram().update(np.arange(27.0).reshape(9, 3), H)
    with pytest.raises(ValueError, match=r"hold \(3, 3\)"):
        sums.update(H, H[:, 0])
    with pytest.raises(ValueError, match="alpha=0 is too small"):
        sums.solve(0)
    with pytest.raises(ValueError, match="Input H contains"):
        sums.update(H * np.nan, H)
