"""The picture of a training shows what the model remembers of it."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from sklearn.datasets import load_wine
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier

from sklearn_halfnet import ELMClassifier, HalfLayerClassifier, HalfNetClassifier
from sklearn_halfnet.inspection.loss_curve_display import LossCurveDisplay

X, X_VAL, Y, Y_VAL = train_test_split(*load_wine(return_X_y=True), random_state=0)


@pytest.fixture
def ax():
    yield plt.figure().add_subplot()
    plt.close("all")


def heights(ax):
    return {line.get_label(): line.get_ydata() for line in ax.lines}


@pytest.mark.parametrize("family", [HalfLayerClassifier, HalfNetClassifier])
def test_shows_training_and_held_out_rows(family, ax):
    model = family(16, max_iter=4, random_state=0).fit(X, Y, X_val=X_VAL, y_val=Y_VAL)
    display = LossCurveDisplay.from_estimator(model, name="net").plot(ax)
    shown = heights(display.ax_)
    np.testing.assert_array_equal(shown["net: training"], model.loss_curve_)
    np.testing.assert_array_equal(shown["net: held-out rows"], model.validation_losses_)
    scores = heights(display.score_ax_)["net: score (right)"]
    np.testing.assert_array_equal(scores, model.validation_scores_)
    assert display.figure_ is ax.figure and len(ax.get_legend().get_texts()) == 3


def test_marks_the_last_of_the_best_passes(ax):
    display = LossCurveDisplay([3, 2, 1, 1], validation_scores=[0.5, 0.9, 0.9, 0.8])
    marked = display.plot(ax).ax_.lines[-1]
    assert list(marked.get_xdata()) == [3, 3]


def test_without_held_out_rows_there_is_one_axis(ax):
    model = HalfLayerClassifier(16, max_iter=3, random_state=0).fit(X, Y)
    display = LossCurveDisplay.from_estimator(model).plot(ax, name="", color="k")
    assert display.score_ax_ is None
    assert [line.get_color() for line in ax.lines] == ["k"]


def test_takes_an_mlp_of_scikit_learn(ax):
    model = MLPClassifier(8, early_stopping=True, solver="sgd", max_iter=500, tol=1)
    display = LossCurveDisplay.from_estimator(model.fit(X, Y)).plot(ax)
    assert display.validation_losses is None
    assert len(display.validation_scores) == model.n_iter_


def test_says_what_it_needs():
    with pytest.raises(NotFittedError, match="HalfLayerClassifier"):
        LossCurveDisplay.from_estimator(HalfLayerClassifier())
    with pytest.raises(ValueError, match=r"loss_curve_.*got ELMClassifier"):
        LossCurveDisplay.from_estimator(ELMClassifier(16).fit(X, Y))
