"""The choice of dropout and rate by short trainings on some of the rows."""

from types import SimpleNamespace

import numpy as np
import pytest

from sklearn_halfnet import HalfLayerRegressor, HalfNetClassifier, HalfNetRegressor
from sklearn_halfnet.exceptions import NonFiniteError
from sklearn_halfnet.models import regularisation
from sklearn_halfnet.models.regularisation import (
    LADDER,
    choose_regularisation,
    divided,
    rungs,
)
from sklearn_halfnet.models.train import Rows, held_out_loss
from sklearn_halfnet.models.training_options import TrainingOptions

# No penalty to speak of, so that noise is learned by heart if nothing else helps.
HALF = {"hidden_layer_sizes": 64, "max_iter": 40, "random_state": 0, "alpha": 1e-4}
SMALL = HALF | {"n_members": 1, "column_embedding": None}
OPEN = {"dropout": "auto", "learning_rate_init": "auto"}


def rows_with(noise, n_rows=200):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n_rows, 30))
    return X, X.sum(axis=1) + noise * rng.normal(size=n_rows)


def rows_of(n_rows):
    """Rows, as far as the choice looks at them."""
    numbers = np.arange(n_rows)
    held_out = Rows(None, None, None, numbers[: n_rows // 4])
    return Rows(None, None, None, numbers[n_rows // 4 :], held_out)


@pytest.mark.parametrize(
    "n_rows, alpha, n_passes",
    [(2000, None, 80), (2001, None, 40), (2001, 0.09, 40), (2001, 0.1, 80)],
)
@pytest.mark.parametrize(
    "losses, given, chosen, few_tried, many_tried",
    [
        ([1, 2, 3, 0], {}, LADDER[0], 3, 2),
        ([2, 1, 3, 0], {}, LADDER[1], 3, 3),
        ([3, 2, 1, 2, 0], {}, LADDER[2], 4, 4),
        ([3, 2, 1, 0, 1], {}, LADDER[3], 5, 5),
        ([4, 3, 2, 1, 0], {}, LADDER[4], 5, 5),
        # Equal losses ask for nothing more; what diverges is out.
        ([1, 1, 1, 0], {}, LADDER[0], 3, 2),
        ([None, 2, 1, 2], {}, LADDER[2], 4, 4),
        ([2, 1, 3, 0], {"learning_rate_init": 0.1}, {"dropout": 0.1}, 3, 3),
        ([2, 1, 3], {"dropout": 0.5}, {"learning_rate_init": 1.5e-3}, 3, 3),
        # No training yet is better than none, whose loss is 5.
        ([6, 7, 8, 7, 5.1], {}, LADDER[4], 5, 5),
        ([6, 7, 8, 4, 5], {}, LADDER[3], 5, 5),
        # What is better by no more than chance has learned nothing.
        ([5, 4.996, 5, 5, 5], {}, LADDER[4], 5, 5),
        ([5, 4.994, 5, 0], {}, LADDER[1], 3, 3),
        ([4, 7, 8, 3, 2], {}, LADDER[0], 3, 2),
    ],
)
def test_the_ladder_is_gone_up_while_it_helps(
    losses,
    given,
    chosen,
    few_tried,
    many_tried,
    n_rows,
    alpha,
    n_passes,
    monkeypatch,
):
    tried = []
    start = SimpleNamespace(loss=5.0, start_alpha=alpha)

    def train(model, rows, options, rng):
        assert rows.held_out is None
        tried.append((options.regularisation, options.max_iter))
        loss = losses[len(tried) - 1]
        if loss is None:
            raise NonFiniteError("Diverged.")
        return SimpleNamespace(loss=loss), None

    def held_out_loss(model, rows, options):
        assert len(rows.held_out.numbers) == n_rows // 4
        return model.loss

    monkeypatch.setattr(regularisation, "train", train)
    monkeypatch.setattr(regularisation, "held_out_loss", held_out_loss)
    parameters = HalfNetRegressor(**(OPEN | given)).get_params()
    options = TrainingOptions.of("HalfNet", 0.0, parameters, 100)
    left = rungs(parameters, n_rows=n_rows)
    rng = np.random.default_rng(0)
    found = choose_regularisation(left, start, rows_of(n_rows), options, rng)
    assert found == chosen
    assert len(tried) == (few_tried if n_passes == 80 else many_tried)
    for (how, passes), rung in zip(tried, left, strict=False):
        assert passes == n_passes
        assert how == LADDER[0] | given | rung


@pytest.mark.parametrize("n_classes", [2, 3])
def test_rungs_are_judged_by_the_loss_that_training_minimises(n_classes, monkeypatch):
    judged = []

    def watched(network, rows, options):
        loss = held_out_loss(network, rows, options)
        judged.append((network, rows, loss))
        return loss

    monkeypatch.setattr(regularisation, "held_out_loss", watched)
    X, y = rows_with(noise=0.0)
    y = np.digitize(y, np.quantile(y, [0.2, 0.5][: n_classes - 1]))
    HalfNetClassifier(label_smoothing=0.1, **SMALL | {"max_iter": 5}).fit(X, y)
    assert len(judged) >= 4
    for network, rows, loss in judged:
        held, others = y[rows.held_out.numbers], y[rows.numbers]
        smoothed = 0.9 * np.eye(n_classes)[held] + 0.1 * np.bincount(others) / len(
            others
        )
        shares = network.targets.probabilities(network.scores(X[rows.held_out.numbers]))
        expected = -(smoothed * np.log(shares)).sum(axis=1).mean()
        assert loss == pytest.approx(expected, rel=1e-5)


def test_rows_are_divided():
    numbers = np.arange(10, 110)
    train, held = divided(numbers, np.random.default_rng(0))
    assert (len(train), len(held)) == (75, 25)
    assert sorted([*train, *held]) == list(numbers)


def test_noise_asks_for_the_tightest_training():
    model = HalfNetRegressor(**SMALL)
    assert model.fit(*rows_with(noise=10)).learning_rate_init_ == 1.5e-4
    assert model.dropout_ == 0.25
    assert model.fit(*rows_with(noise=0.0)).learning_rate_init_ == 1.5e-2


def test_labels_without_a_cause_ask_for_the_tightest_training():
    X = rows_with(noise=0.0)[0]
    y = np.random.default_rng(0).integers(2, size=len(X))
    for part in (0.0, 0.1):
        model = HalfNetClassifier(label_smoothing=part, **SMALL).fit(X, y)
        assert model.learning_rate_init_ <= 1.5e-3, part
    y = X @ np.arange(X.shape[1]) > 0
    assert HalfNetClassifier(**SMALL).fit(X, y).learning_rate_init_ == 1.5e-2


def test_what_is_given_stays():
    X, y = rows_with(noise=10)
    model = HalfNetRegressor(**SMALL, learning_rate_init=0.02).fit(X, y)
    assert (model.dropout_, model.learning_rate_init_) == (0.25, 0.02)
    model = HalfNetRegressor(**SMALL, dropout=0.0).fit(X, y)
    assert (model.dropout_, model.learning_rate_init_) == (0.0, 1.5e-4)
    model = HalfLayerRegressor(**HALF, **OPEN).fit(*rows_with(noise=40))
    assert (model.dropout_, model.learning_rate_init_) == (0.25, 1.5e-4)


def test_a_choice_is_as_if_it_had_been_given():
    X, y = rows_with(noise=10)
    chosen = HalfNetRegressor(**SMALL).fit(X, y)
    given = HalfNetRegressor(**SMALL, dropout=0.25, learning_rate_init=1.5e-4).fit(X, y)
    np.testing.assert_array_equal(chosen.predict(X), given.predict(X))


def test_a_warm_start_goes_on_as_it_began():
    X, y = rows_with(noise=10)
    model = HalfNetRegressor(**SMALL, warm_start=True).fit(X, y)
    model.fit(*rows_with(noise=0.0))
    assert (model.dropout_, model.learning_rate_init_) == (0.25, 1.5e-4)


@pytest.mark.parametrize("n_rows", [3, 99])
def test_few_rows_are_not_divided_but_trained_on_tightly(n_rows):
    model = HalfNetRegressor(**SMALL).fit(*rows_with(0.0, n_rows))
    assert (model.dropout_, model.learning_rate_init_) == (0.25, 1.5e-3)


def test_lbfgs_has_no_rate():
    X, y = rows_with(noise=1.0)
    model = HalfNetRegressor(**SMALL | {"alpha": 1.0}, solver="lbfgs", tol=0.1)
    assert model.fit(X, y).dropout_ == 0
    with pytest.raises(AttributeError, match="This solver has no rate"):
        _ = model.learning_rate_init_
    model.set_params(solver="adam", warm_start=True).fit(X, y)
    assert model.learning_rate_init_ == 1.5e-2


def test_a_chunk_is_not_divided():
    X, y = rows_with(noise=10)
    model = HalfNetClassifier(**SMALL).fit(X, y > 0)
    model.partial_fit(X, y > 0)
    assert (model.dropout_, model.learning_rate_init_) == (0.0, 1.5e-2)
