"""Rows that a training is judged by: the user's own, and those that are held out."""

import copy

import numpy as np
import pytest
import sklearn
from callbacks import AfterEachPass, Interrupt
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.base import clone, is_classifier
from sklearn.datasets import load_breast_cancer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import accuracy_score, log_loss, r2_score
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_halfnet import (
    ConvHalfLayerClassifier,
    ConvHalfLayerRegressor,
    ELMClassifier,
    HalfLayerClassifier,
    HalfLayerRegressor,
    HalfNetClassifier,
    HalfNetRegressor,
    PartialCNNClassifier,
    PartialCNNRegressor,
)
from sklearn_halfnet._random import child_generators
from sklearn_halfnet.estimators._trained.fit import split
from sklearn_halfnet.models.history import History

# Steps on all rows, which take no notice of their order.
EXACT = {"dtype": "float64", "batch_size": "full", "max_iter": 8, "random_state": 0}
IMAGES = {**EXACT, "image_shape": (4, 4)}
CONV = {
    **{"filters": (3,), "kernel_sizes": (3,), "paddings": ("same",)},
    **{"hidden_layer_sizes": 8},
}
CNN = {"depth": 10, "width": 1}
FAMILIES = [
    HalfLayerClassifier(12, label_smoothing=0.2, **EXACT),
    HalfLayerRegressor(12, **EXACT),
    HalfNetClassifier(12, **EXACT),
    HalfNetRegressor(12, **EXACT),
    ConvHalfLayerClassifier(**CONV, **IMAGES),
    ConvHalfLayerRegressor(**CONV, **IMAGES),
    PartialCNNClassifier(**CNN, **IMAGES),
    PartialCNNRegressor(**CNN, **IMAGES),
    HalfNetClassifier(12, n_members=2, **EXACT),
]
SMALL = FAMILIES[:4]

rng = np.random.default_rng(0)
X = rng.standard_normal((80, 16))
Y = (X[:, 0] + X[:, 1] + rng.standard_normal(80) > 0).astype(int)
WEIGHT = rng.uniform(0.1, 3, 80)
X_VAL, Y_VAL, WEIGHT_VAL = X[60:], Y[60:], WEIGHT[60:]
VAL = {"X_val": X_VAL, "y_val": Y_VAL}


def each(models):
    return pytest.mark.parametrize("model", models, ids=lambda m: type(m).__name__)


def outputs(model, X=X):
    return model.predict_proba(X) if is_classifier(model) else model.predict(X)


def measure(model, X, y, weight=None):
    by = accuracy_score if is_classifier(model) else r2_score
    return by(y, model.predict(X), sample_weight=weight)


def fitted(model, *rows, **options):
    """Fit a copy, its parameters and the rows to judge by told together."""
    told = {name: options.pop(name) for name in list(options) if name.endswith("_val")}
    return clone(model).set_params(**options).fit(*rows, **told)


# -- rows of the user's ----------------------------------------------------------------


@each(FAMILIES)
@pytest.mark.parametrize("rate", ["constant", "one_cycle"])
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_rows_held_out_and_given_are_judged_alike(model, rate):
    model = clone(model).set_params(learning_rate=rate, validation_fraction=0.25)
    model.set_params(early_stopping=True)
    train, held = split(model, Y, WEIGHT, child_generators(0, 3)[1])
    own = clone(model).fit(X, Y, WEIGHT)
    told = {"X_val": X[held], "y_val": Y[held], "sample_weight_val": WEIGHT[held]}
    given = clone(model).set_params(early_stopping="auto")
    given.fit(X[train], Y[train], WEIGHT[train], **told)
    assert_allclose(given.validation_scores_, own.validation_scores_, atol=1e-6)
    assert_allclose(given.validation_losses_, own.validation_losses_, rtol=1e-5)
    best = measure(given, X[held], Y[held], WEIGHT[held])
    assert_allclose(best, given.best_validation_score_, rtol=1e-6)
    if rate == "constant":  # one_cycle then trains on all rows
        assert_allclose(outputs(given), outputs(own), atol=1e-6)


@each(SMALL)
def test_scores_and_losses_of_each_pass(model):
    """As scikit-learn counts them: weighted, without penalty or label smoothing."""
    scale = Y[:60].std()

    def see(now):
        score = measure(now, X_VAL, Y_VAL, WEIGHT_VAL)
        if is_classifier(now):
            return score, log_loss(Y_VAL, outputs(now, X_VAL), sample_weight=WEIGHT_VAL)
        squares = ((outputs(now, X_VAL) - Y_VAL) / scale) ** 2
        return score, np.average(squares, weights=WEIGHT_VAL) / 2

    callback = AfterEachPass(see)
    model = clone(model).set_params(alpha=0.1).set_callbacks(callback)
    model.fit(X[:60], Y[:60], **VAL, sample_weight_val=WEIGHT_VAL)
    scores, losses = zip(*callback.seen, strict=True)
    assert len(scores) == model.n_iter_ == 8
    assert_allclose(model.validation_scores_, scores, rtol=1e-9)
    assert_allclose(model.validation_losses_, losses, rtol=1e-9)


@pytest.mark.parametrize("kind", ["multiclass", "multilabel", "multioutput"])
def test_losses_of_several_outputs(kind):
    if kind == "multiclass":
        y, model = Y + (X[:, 2] > 0), SMALL[2]
    elif kind == "multilabel":
        y, model = np.column_stack([Y, X[:, 2] > 0]).astype(int), SMALL[2]
    else:
        y, model = X[:, :2] ** 2, SMALL[3]

    def see(now):
        found = outputs(now, X_VAL)
        if kind == "multiclass":
            return log_loss(y[60:], found)
        if kind == "multilabel":
            return sum(log_loss(y[60:, k], found[:, k]) for k in range(2))
        return (((found - y[60:]) / y[:60].std(axis=0)) ** 2).mean() / 2

    callback = AfterEachPass(see)
    model = clone(model).set_callbacks(callback)
    model.fit(X[:60], y[:60], X_val=X_VAL, y_val=y[60:])
    assert_allclose(model.validation_losses_, callback.seen, rtol=1e-9)


@each(SMALL)
def test_judging_changes_no_step(model):
    judged = fitted(model, X[:60], Y[:60], **VAL)
    plain = fitted(model, X[:60], Y[:60])
    assert judged.loss_curve_ == plain.loss_curve_
    assert not hasattr(plain, "validation_losses_")


@each(FAMILIES)
def test_rows_of_weight_zero_do_not_judge(model):
    weight = WEIGHT_VAL * (np.arange(20) % 3 > 0)
    some = weight > 0
    told = {"X_val": X_VAL[some], "y_val": Y_VAL[some]}
    without = fitted(model, X, Y, **told, sample_weight_val=weight[some])
    weighted = fitted(model, X, Y, **VAL, sample_weight_val=weight)
    assert weighted.validation_scores_ == without.validation_scores_
    assert weighted.validation_losses_ == without.validation_losses_
    assert_array_equal(outputs(weighted), outputs(without))


@pytest.mark.parametrize("class_weight", ["balanced", {0: 3.0, 1: 0.5}])
def test_classes_weigh_what_they_weigh_in_training(class_weight):
    counts = np.bincount(Y[:60])
    of_class = {0: 3.0, 1: 0.5}
    if class_weight == "balanced":
        of_class = dict(enumerate(60 / (2 * counts)))
    weight = WEIGHT_VAL * np.array([of_class[label] for label in Y_VAL])
    options = {"class_weight": class_weight, "sample_weight_val": WEIGHT_VAL}
    model = fitted(HalfLayerClassifier(12, **EXACT), X[:60], Y[:60], **VAL, **options)
    score = accuracy_score(Y_VAL, model.predict(X_VAL), sample_weight=weight)
    assert_allclose(model.best_validation_score_, score)
    again = {"X_val": X_VAL, "y_val": Y_VAL, "sample_weight_val": weight}
    train_weight = np.array([of_class[label] for label in Y[:60]])
    plain = HalfLayerClassifier(12, **EXACT).fit(X[:60], Y[:60], train_weight, **again)
    assert_allclose(plain.validation_losses_, model.validation_losses_, rtol=1e-6)


@each(SMALL)
@pytest.mark.parametrize("form", ["frame", "sparse", "tensor"])
def test_forms_of_the_rows(model, form):
    def formed(rows):
        if form == "frame":
            pandas = pytest.importorskip("pandas")
            return pandas.DataFrame(rows, columns=[f"x{i}" for i in range(16)])
        if form == "sparse":
            return sparse.csr_array(rows)
        return pytest.importorskip("torch").from_numpy(rows)

    # What "auto" is of a sparse X, it is not of a dense one.
    model = clone(model).set_params(input_scaling="standard")
    if hasattr(model, "column_embedding"):
        model.set_params(column_embedding=None)
    plain = fitted(model, X[:60], Y[:60], **VAL)
    told = {"X_val": formed(X_VAL), "y_val": Y_VAL.tolist()}
    other = fitted(model, formed(X[:60]), Y[:60], **told)
    assert_allclose(other.validation_losses_, plain.validation_losses_, rtol=1e-6)


@pytest.mark.parametrize(
    "told, options, message",
    [
        ({"X_val": X_VAL}, {}, "X_val is provided, but y_val was not provided"),
        ({"y_val": Y_VAL}, {}, "y_val is provided, but X_val was not provided"),
        (VAL, {"early_stopping": False}, "early_stopping"),
        ({**VAL, "X_val": X_VAL[:, :3]}, {}, "3 features.* 16 features"),
        ({**VAL, "X_val": X_VAL + np.inf}, {}, "infinity"),
        ({**VAL, "y_val": Y_VAL[:5]}, {}, "inconsistent numbers of samples"),
        ({**VAL, "y_val": Y_VAL + 1}, {}, "labels|Unknown|unseen"),
        ({"X_val": X_VAL[:0], "y_val": Y_VAL[:0]}, {}, r"0 sample\(s\)"),
    ],
)
def test_what_gradient_boosting_refuses_is_refused(told, options, message):
    """With words as those of scikit-learn's HistGradientBoostingClassifier."""
    for model in (
        HistGradientBoostingClassifier(max_iter=2),
        HalfLayerClassifier(12, **EXACT),
    ):
        if message == "infinity" and not isinstance(model, HalfLayerClassifier):
            continue  # trees take it
        with pytest.raises(ValueError, match=message):
            model.set_params(**options).fit(X, Y, **told)


@pytest.mark.parametrize(
    "told, message",
    [
        ({"sample_weight_val": WEIGHT_VAL}, "X_val was not provided"),
        ({**VAL, "sample_weight_val": np.zeros(20)}, "sample_weight_val is zero"),
        ({**VAL, "sample_weight_val": np.ones(3)}, r"sample_weight_val\.shape"),
        ({**VAL, "sample_weight_val": -WEIGHT_VAL}, "Negative .*sample_weight_val"),
        ({**VAL, "y_val": Y_VAL + 5}, "X_val and y_val: .* not among the classes"),
        ({**VAL, "y_val": np.eye(20)}, "X_val and y_val: y must be 1-D labels"),
    ],
)
def test_other_rows_that_cannot_judge(told, message):
    model = HalfLayerClassifier(12, **EXACT)
    with pytest.raises(ValueError, match=message):
        model.fit(X, Y, **told)
    assert not hasattr(model, "model_")


def test_rows_of_weightless_classes_cannot_judge():
    model = HalfLayerClassifier(12, class_weight={0: 0.0, 1: 1.0}, **EXACT)
    told = {"X_val": X[Y == 0], "y_val": Y[Y == 0]}
    with pytest.raises(ValueError, match="sample_weight_val times class_weight is ze"):
        model.fit(X, Y, **told)


def test_one_row_judges_no_regressor():
    with pytest.raises(ValueError, match="X_val and y_val: R2 needs two rows"):
        HalfLayerRegressor(12, **EXACT).fit(X, Y, X_val=X[:1], y_val=Y[:1])


def test_other_names_of_columns_are_refused():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(X, columns=[f"x{i}" for i in range(16)])
    other = frame.rename(columns={"x3": "z"})
    with pytest.raises(ValueError, match="feature names should match"):
        HalfLayerClassifier(12, **EXACT).fit(frame, Y, X_val=other, y_val=Y)


def test_closed_forms_are_not_judged():
    with pytest.raises(TypeError, match="X_val"):
        ELMClassifier(12).fit(X, Y, **VAL)


# -- in scikit-learn's tools -----------------------------------------------------------


@pytest.fixture
def routing():
    with sklearn.config_context(enable_metadata_routing=True):
        yield


@each(SMALL)
def test_a_pipeline_transforms_them_too(model, routing):
    scaled = StandardScaler().fit(X[:60] * 9 + 2)
    rows = [scaled.transform(each * 9 + 2) for each in (X[:60], X_VAL)]
    alone = fitted(model, rows[0], Y[:60], X_val=rows[1], y_val=Y_VAL)
    last = clone(model).set_fit_request(X_val=True, y_val=True)
    pipeline = make_pipeline(StandardScaler(), last, transform_input=["X_val"])
    pipeline.fit(X[:60] * 9 + 2, Y[:60], X_val=X_VAL * 9 + 2, y_val=Y_VAL)
    assert pipeline[-1].validation_losses_ == alone.validation_losses_


def test_a_search_hands_them_to_each_fit(routing):
    model = HalfLayerClassifier(12, **EXACT).set_fit_request(X_val=True, y_val=True)
    search = GridSearchCV(model, {"learning_rate_init": [0.1, 1e-3]}, cv=2)
    search.fit(X[:60], Y[:60], **VAL)
    alone = clone(search.best_estimator_).fit(X[:60], Y[:60], **VAL)
    assert search.best_estimator_.validation_losses_ == alone.validation_losses_


# -- early stopping where the schedule ends by itself ----------------------------------

BATCHES = {"batch_size": 16, "max_iter": 12}
STOPS = {**BATCHES, "early_stopping": True, "validation_fraction": 0.25}


def last_good(scores):
    """The last pass whose error is at most 5 per cent above the least, by counting."""
    errors = [1 - score for score in scores]
    return max(n for n, e in enumerate(errors, 1) if e <= 1.05 * min(errors) + 1e-12)


@each(FAMILIES)
def test_all_rows_are_trained_on_up_to_the_last_good_pass(model):
    """That is the fit without early stopping, cut off there."""
    twice = fitted(model, X, Y, WEIGHT, **STOPS)
    last = last_good(twice.validation_scores_)
    assert twice.n_iter_ == len(twice.loss_curve_) == last
    assert len(twice.validation_scores_) == len(twice.validation_losses_) == 12
    assert twice.best_validation_score_ == max(twice.validation_scores_)
    once = clone(model).set_params(**BATCHES)
    once.set_callbacks(AfterEachPass(stop_at=last)).fit(X, Y, WEIGHT)
    assert twice.loss_curve_ == once.loss_curve_
    assert_array_equal(outputs(twice), outputs(once))


@pytest.mark.parametrize(
    "scores, last",
    [
        ([0.1, 0.9, 0.5], 2),
        ([0.9, 0.8, 0.896, 0.89], 3),
        ([0.5, 1.0, 1.0, 0.999], 3),
        ([-3.0, -2.0, -2.1, -2.2], 3),
    ],
)
def test_last_good_pass(scores, last):
    history = History([1.0] * len(scores), 0.0, scores=scores)
    assert history.last_good_pass == last == last_good(scores)


def test_early_stopping_gains_where_a_network_overfits():
    """Labels of which a third are wrong, learned by heart if there is time."""
    data, y = load_breast_cancer(return_X_y=True)
    wrong = np.random.default_rng(0).random(len(y)) < 0.35
    noisy, train = np.where(wrong, 1 - y, y), np.arange(len(y)) % 3 > 0
    losses = []
    for stops in (False, True):
        model = HalfNetClassifier(
            **{"hidden_layer_sizes": (64, 64), "random_state": 0, "max_iter": 60},
            **{"dropout": 0.0, "label_smoothing": 0.0, "alpha": 0.0},
            **{"early_stopping": stops, "validation_fraction": 0.3},
            learning_rate_init=0.01,
        ).fit(data[train], noisy[train])
        losses.append(log_loss(y[~train], model.predict_proba(data[~train])))
    assert losses[1] < 0.7 * losses[0]


@each(SMALL)
def test_random_numbers_of_a_generator_are_drawn_once(model):
    """Both times training begins with the same network and the same batches."""
    by_int = fitted(model, X, Y, **STOPS)
    state = np.random.RandomState(0)
    by_state = fitted(model, X, Y, **STOPS, random_state=state)
    assert_array_equal(outputs(by_state), outputs(by_int))


@each(SMALL)
@pytest.mark.parametrize("rate", ["cosine", "one_cycle"])
def test_patience_does_not_stop_a_schedule(model, rate):
    options = {"learning_rate": rate, "n_iter_no_change": 1, "tol": 1e9}
    judged = fitted(model, X, Y, **VAL, **options)
    assert judged.n_iter_ == len(judged.validation_scores_) == 8


def test_more_passes_than_asked_for_are_not_done():
    """Fewer rows to train on meant more passes: those of the callbacks ran out."""
    data, y = np.tile(X, (60, 1)), np.tile(Y, 60)
    weight = np.tile(np.repeat([1.0, 0.0], [70, 10]), 60)
    callback = AfterEachPass()
    model = HalfLayerClassifier(2, early_stopping=True, random_state=0)
    model.set_callbacks(callback).fit(data, y, weight)
    assert len(model.validation_scores_) == round(400_000 / 4_200)
    assert callback.max_subtasks == 2 * round(400_000 / 4_200)
    assert len(callback.seen) == len(model.validation_scores_) + model.n_iter_


def test_what_is_printed(capsys):
    model = fitted(SMALL[0], X, Y, **STOPS, verbose=True)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(",")[0] for line in lines] == [
        *(f"Iteration {n}" for n in range(1, 13)),
        "Training on all rows",
        *(f"Iteration {n}" for n in range(1, model.n_iter_ + 1)),
    ]
    assert f"up to pass {model.n_iter_}" in lines[12]


# -- Ctrl-C and warm starts ------------------------------------------------------------


@each(SMALL)
def test_ctrl_c_while_rows_are_held_out(model):
    model = clone(model).set_params(**STOPS, warm_start=True)
    _, held = split(model, Y, None, child_generators(0, 3)[1])
    with pytest.warns(UserWarning, match="interrupted by the user after 5"):
        model.set_callbacks(Interrupt(at=5)).fit(X, Y)
    assert model.n_iter_ == len(model.validation_losses_) == 5
    before = model.validation_scores_
    score = measure(model, X[held], Y[held])
    assert_allclose(score, model.best_validation_score_, rtol=1e-6)
    # The passes that were left; the best values are kept, and no more is done.
    callback = AfterEachPass()
    model.set_callbacks(callback).fit(X, Y)
    assert len(callback.seen) == 7
    assert model.n_iter_ == len(model.validation_losses_) == 12
    assert model.validation_scores_[:5] == before
    score = measure(model, X[held], Y[held])
    assert_allclose(score, model.best_validation_score_, rtol=1e-6)


@each(SMALL)
def test_ctrl_c_while_all_rows_are_trained_on(model):
    # At such a rate all passes are about as good as the best.
    model = clone(model).set_params(**STOPS, warm_start=True, learning_rate_init=1e-6)
    whole = clone(model).fit(X, Y)
    assert whole.n_iter_ == 12
    with pytest.warns(UserWarning, match="interrupted by the user after 2"):
        model.set_callbacks(Interrupt(at=14)).fit(X, Y)
    assert model.loss_curve_ == whole.loss_curve_[:2]
    assert model.validation_scores_ == whole.validation_scores_
    callback = AfterEachPass()
    model.set_callbacks(callback).fit(X, Y)
    assert model.n_iter_ == whole.n_iter_ == len(callback.seen) + 2
    assert model.validation_scores_ == whole.validation_scores_
    assert model.validation_losses_ == whole.validation_losses_
    # Nothing is left: now it begins anew, with rows held out.
    model.set_callbacks().fit(X, Y)
    assert model.validation_losses_ != whole.validation_losses_


@each(SMALL)
def test_a_callback_that_stops_stops_for_good(model):
    callback = AfterEachPass(stop_at=5)
    model = clone(model).set_params(**STOPS).set_callbacks(callback).fit(X, Y)
    assert model.n_iter_ == len(callback.seen) == len(model.validation_scores_) == 5
    _, held = split(model, Y, None, child_generators(0, 3)[1])
    score = measure(model, X[held], Y[held])
    assert_allclose(score, model.best_validation_score_, rtol=1e-6)


@each(SMALL)
def test_warm_starts_go_on_both_times(model):
    """The second training begins with the values that the fit before has left."""
    first = clone(model).set_params(**BATCHES, warm_start=True).fit(X, Y)
    twice = copy.deepcopy(first).set_params(**STOPS).fit(X, Y)
    last = last_good(twice.validation_scores_)
    first.set_callbacks(AfterEachPass(stop_at=last)).fit(X, Y)
    assert twice.loss_curve_ == first.loss_curve_
    assert_array_equal(outputs(twice), outputs(first))


@each(SMALL)
def test_rows_of_the_user_judge_warm_starts(model):
    warm = fitted(model, X[:60], Y[:60], **VAL, warm_start=True)
    warm.fit(X[:60], Y[:60], **VAL)
    assert len(warm.validation_scores_) == 8
    score = measure(warm, X_VAL, Y_VAL)
    assert_allclose(score, warm.best_validation_score_, rtol=1e-6)


@each(SMALL)
def test_chunks_are_refused_only_where_rows_are_to_be_held_out(model):
    model = clone(model).partial_fit(
        X, Y, **({"classes": [0, 1]} if is_classifier(model) else {})
    )
    assert model.n_iter_ == 1
    with pytest.raises(ValueError, match="does not support early_stopping=True"):
        model.set_params(early_stopping=True).partial_fit(X, Y)
