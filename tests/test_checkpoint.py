"""Fits that are cut off go on to the result that they would have had."""

import itertools
import subprocess
import sys
import textwrap

import numpy as np
import pytest
from callbacks import Interrupt
from numpy.testing import assert_array_equal
from sklearn.base import clone, is_classifier
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_halfnet import (
    Checkpoint,
    ConvHalfLayerClassifier,
    ELMClassifier,
    HalfLayerClassifier,
    HalfLayerRegressor,
    HalfNetClassifier,
    PartialCNNClassifier,
    SharedBackboneEnsembleClassifier,
    WeightAgnosticClassifier,
    load,
)
from sklearn_halfnet.files import checkpoint

pytestmark = [
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
]

rng = np.random.default_rng(0)
X = rng.standard_normal((48, 16))
LABELS = np.array(["no", "yes", "perhaps"])[rng.integers(3, size=48)]
SMALL = {"hidden_layer_sizes": 8, "random_state": 0, "max_iter": 5}
ONE = {
    **{"image_shape": (4, 4), "filters": (2,), "kernel_sizes": (3,)},
    "paddings": ("same",),
}
CNN = PartialCNNClassifier(
    **{"image_shape": (4, 4), "depth": 3, "width": 4, "architecture": "vgg"},
    **{"flips": True, "crop_padding": 1, "max_iter": 3, "random_state": 0},
)
JUDGED = {"early_stopping": True, "validation_fraction": 0.3}
MODELS = {
    "half layer": HalfLayerClassifier(**SMALL, dropout=0.2),
    "behind a full layer": HalfLayerClassifier(**SMALL, full_layer_sizes=6),
    "twice": HalfLayerClassifier(**SMALL, **JUDGED),
    "best": HalfLayerRegressor(**SMALL, **JUDGED, learning_rate="constant"),
    "members": HalfNetClassifier(**SMALL, n_members=2, dropout=0.2),
    "resampled": HalfNetClassifier(**SMALL, n_members=1, resample_every=2),
    "polished": HalfNetClassifier(**SMALL, n_members=1, polish="ridge"),
    "convolutions": ConvHalfLayerClassifier(**SMALL, **ONE),
    "partial": CNN,
    "ensemble": SharedBackboneEnsembleClassifier(CNN, 2, random_state=0),
    "guided": WeightAgnosticClassifier(max_iter=5, random_state=0),
    "evolution": WeightAgnosticClassifier(
        search="evolution", max_iter=5, population_size=12, random_state=0
    ),
}


def fitted(model):
    return model.fit(X, LABELS if is_classifier(model) else X[:, 0])


class Crash:
    """Callback that raises at the end of task number ``at``."""

    max_propagation_depth = None

    def __init__(self, at):
        self.at, self.tasks = at, itertools.count(1)

    def setup(self, estimator, context):
        pass

    def on_fit_task_begin(self, estimator, context):
        pass

    def on_fit_task_end(self, estimator, context):
        if next(self.tasks) == self.at:
            raise OverflowError("crash")

    def teardown(self, estimator, context):
        pass


class Count(Crash):
    """Callback that counts tasks."""

    def on_fit_task_end(self, estimator, context):
        self.at = next(self.tasks)


@pytest.mark.parametrize("name", MODELS)
def test_a_fit_that_crashed_goes_on_to_the_same_bits(name, tmp_path):
    whole = clone(MODELS[name]).set_callbacks(counted := Count(0))
    expected = fitted(whole).predict(X)
    for at in (2, counted.at - 2):
        model = clone(MODELS[name]).set_callbacks(Checkpoint(tmp_path, 0), Crash(at))
        with pytest.raises(OverflowError, match="crash"):
            fitted(model)
        assert list(tmp_path.iterdir())
        model.set_callbacks(Checkpoint(tmp_path, 0), again := Count(0))
        assert_array_equal(fitted(model).predict(X), expected)
        assert again.at < counted.at
        assert not list(tmp_path.iterdir())
        for attribute in ("loss_curve_", "validation_scores_", "n_iter_"):
            if hasattr(whole, attribute):
                assert getattr(model, attribute) == getattr(whole, attribute)
        if hasattr(model, "predict_proba"):
            assert_array_equal(model.predict_proba(X), whole.predict_proba(X))


def blocks(fails_at=None):
    # Of more rows than those that wait for others, and then are summed up together.
    for number, rows in enumerate(np.arange(6 * 72).reshape(6, 72) % 48):
        if number == fails_at:
            raise OSError("the disk is gone")
        yield X[rows], LABELS[rows]


def test_blocks_go_on_from_their_sums(tmp_path):
    known = np.unique(LABELS)
    model = ELMClassifier(8, random_state=0)
    expected = clone(model).fit_blocks(blocks(), classes=known)
    model.set_callbacks(Checkpoint(tmp_path, 0))
    with pytest.raises(OSError, match="the disk is gone"):
        model.fit_blocks(blocks(fails_at=4), classes=known)
    model.set_callbacks(Checkpoint(tmp_path, 0), counted := Count(0))
    model.fit_blocks(blocks(), classes=known)
    assert counted.at == 3  # two blocks, and the whole
    assert_array_equal(model.predict_proba(X), expected.predict_proba(X))
    halves = [each.gram_.to_dict()["gram"] for each in (model, expected)]
    assert_array_equal(*halves)


def test_one_callback_reaches_pipelines_and_searches(tmp_path, monkeypatch):
    kept = []
    write = checkpoint._Kept._write
    monkeypatch.setattr(
        checkpoint._Kept,
        "_write",
        lambda self, state: kept.append(self.path) or write(self, state),
    )
    model = HalfLayerClassifier(8, max_iter=2, random_state=0)
    make_pipeline(StandardScaler(), model).set_callbacks(Checkpoint(tmp_path, 0)).fit(
        X, LABELS
    )
    assert len({*kept}) == 1
    kept.clear()
    search = GridSearchCV(model, {"alpha": [0.1, 1.0]}, cv=2)
    search.set_callbacks(Checkpoint(tmp_path, 0)).fit(X, LABELS)
    assert len({*kept}) == 5  # two candidates twice, and the best one
    assert not list(tmp_path.iterdir())


def test_another_fit_does_not_go_on_from_it(tmp_path):
    model = clone(MODELS["half layer"])
    model.set_callbacks(Checkpoint(tmp_path, 0), Crash(2))
    with pytest.raises(OverflowError):
        fitted(model)
    other = clone(model).set_params(alpha=0.1)
    expected = fitted(clone(other).set_callbacks())
    fitted(other.set_callbacks(Checkpoint(tmp_path, 0)))
    assert_array_equal(other.predict_proba(X), expected.predict_proba(X))


def test_ctrl_c_keeps_a_model_and_its_place(tmp_path):
    expected = fitted(clone(MODELS["half layer"]))
    model = clone(MODELS["half layer"])
    model.set_callbacks(Checkpoint(tmp_path, 0), Interrupt(2))
    with pytest.warns(UserWarning, match="interrupted by the user"):
        fitted(model)
    assert model.n_iter_ < 5 and model.predict(X).shape == (48,)
    fitted(model.set_callbacks(Checkpoint(tmp_path, 0)))
    assert_array_equal(model.predict_proba(X), expected.predict_proba(X))


def test_a_seed_is_asked_for(tmp_path):
    model = HalfLayerClassifier(8).set_callbacks(Checkpoint(tmp_path))
    with pytest.raises(ValueError, match="Checkpoint needs an int as random_state"):
        fitted(model)


def test_nothing_is_written_before_the_interval(tmp_path):
    model = clone(MODELS["half layer"])
    model.set_callbacks(Checkpoint(tmp_path, 3600), Crash(4))
    with pytest.raises(OverflowError):
        fitted(model)
    assert not list(tmp_path.iterdir())


def test_kills_lose_nothing(tmp_path):
    """Killed at random moments until it is done."""
    code = f"""
        import os, random, signal, time
        import numpy as np
        import torch
        from sklearn_halfnet import Checkpoint, HalfLayerClassifier, save
        rng, random = np.random.default_rng(0), random.Random(0)
        X = rng.standard_normal((400, 16))
        model = HalfLayerClassifier(64, max_iter=100, dropout=0.1, random_state=0)
        torch.set_num_threads(1)
        # What is imported at first is not to be imported by each child.
        HalfLayerClassifier(4, max_iter=1).fit(X, X[:, 0] > 0)
        kills = 0
        while True:
            child = os.fork()
            if not child:
                model.set_callbacks(Checkpoint({str(tmp_path)!r}, 0))
                model.fit(X, X[:, 0] > 0).set_callbacks()
                save(model, {str(tmp_path / "done.halfnet")!r})
                os._exit(0)
            time.sleep(random.uniform(0.1, 0.5) * (1 + 0.2 * kills))
            os.kill(child, signal.SIGKILL)
            if os.waitpid(child, 0)[1] == 0:
                break
            kills += 1
        print(kills)
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert int(done.stdout) > 0
    rows = np.random.default_rng(0).standard_normal((400, 16))
    model = HalfLayerClassifier(64, max_iter=100, dropout=0.1, random_state=0)
    expected = model.fit(rows, rows[:, 0] > 0).predict_proba(rows)
    assert_array_equal(load(tmp_path / "done.halfnet").predict_proba(rows), expected)
