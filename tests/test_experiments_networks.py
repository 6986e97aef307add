"""``halfnet reproduce partial-cnn`` and ``untrained``: what they compute and say."""

from types import SimpleNamespace

import numpy as np
import pytest
from sklearn.utils import Bunch

from sklearn_halfnet import PartialCNNClassifier
from sklearn_halfnet.exceptions import DatasetError
from sklearn_halfnet.experiments import CommandError
from sklearn_halfnet.experiments._common import data as data_sets
from sklearn_halfnet.experiments._common.experiment import reproduce
from sklearn_halfnet.experiments._common.partial_cnns import (
    NORMS_FIXED,
    TASKS,
    magnitudes_text,
    of_tasks,
    tasks_of_halves,
)
from sklearn_halfnet.experiments.partial_cnn import _report, paper as partial_cnn
from sklearn_halfnet.experiments.partial_cnn._report import FRACTIONS, findings
from sklearn_halfnet.experiments.untrained import paper as untrained


@pytest.fixture
def images(monkeypatch):
    """Small images of ten classes, the channels last, in the place of CIFAR-10."""
    rng = np.random.default_rng(0)
    X, y = rng.random((400, 8, 8, 3), np.float32), np.arange(400) % 10
    X[np.arange(400), y % 8] += 1
    X = X.reshape(400, -1)
    data = Bunch(X_train=X[:200], y_train=y[:200], X_test=X[200:], y_test=y[200:])
    data.image_shape = (8, 8, 3)
    monkeypatch.setattr(data_sets, "load_dataset", lambda *_: Bunch(**data))
    return data


@pytest.mark.parametrize(
    "table, expected",
    [
        (1, "densenet above wrn with batch norms alone"),
        (2, "each above its mean member"),
        (3, "| a tenth, others zero |"),
        (4, "| wrn: fraction .05 |"),
        (5, "| alexnet: fraction .1 |"),
        (6, "| wrn: kernel rows 1/3 |"),
        (7, "| wrn: 10 filters |"),
        (8, "| wrn: fraction .1 | 9 |"),
        (9, "| MNIST and Fashion-MNIST: one backbone |"),
        (10, "| wrn: fc, batch norms |"),
    ],
)
def test_partial_cnn(tmp_path, images, monkeypatch, table, expected):
    monkeypatch.setattr(partial_cnn, "SPEED_ROWS", 64)
    if table > 3:
        monkeypatch.delitem(partial_cnn.NETWORKS, "densenet")
        monkeypatch.delitem(partial_cnn.BACKBONES, "vgg_bn")
        monkeypatch.setattr(partial_cnn, "QUICK_ROWS", 50)
    report = reproduce(partial_cnn.EXPERIMENT, table=table, out=tmp_path, quick=True)
    text = report.read_text(encoding="utf-8")
    assert expected in text
    lines = (tmp_path / "results.jsonl").read_text(encoding="utf-8")
    reproduce(partial_cnn.EXPERIMENT, table=table, out=tmp_path, quick=True)
    assert (tmp_path / "results.jsonl").read_text(encoding="utf-8") == lines
    assert (tmp_path / "cifar10-learned.png").exists() == (table == 1)
    assert (tmp_path / "weights.png").exists() == (table == 8)


def test_cifar100_is_left_out_where_it_is_not(tmp_path, images, monkeypatch):
    def load(name, data_home):
        raise DatasetError(f"no {name} here")

    monkeypatch.setattr(data_sets, "load_dataset", load)
    options = {"table": 10, "out": tmp_path, "quick": True}
    with pytest.warns(UserWarning, match="Table 10 is left out. no cifar100 here"):
        report = reproduce(partial_cnn.EXPERIMENT, **options)
    text = report.read_text(encoding="utf-8")
    assert "Table 10. CIFAR-100\n\nNot run: no data of CIFAR-100." in text


def test_grey_images_have_one_channel(images):
    images.image_shape = (8, 24)
    data = partial_cnn._load(SimpleNamespace(data_home=None, quick=True), "mnist")
    assert data.X_train.shape == (200, 1, 8, 24)
    row = images.X_train[5].reshape(8, 24)
    np.testing.assert_array_equal(data.X_train[5, 0], row)


def test_gains_of_batch_norms_are_differences():
    results = {
        "wrn: fraction .05": [{"test": 40.0, "n_learned": 9}],
        f"wrn: fraction .05{NORMS_FIXED}": [{"test": 25.5, "n_learned": 4}],
    }
    text = _report.norms(results)
    assert "| wrn: fraction .05 | 40.00 | 25.50 | +14.50 | 9 | 4 |" in text


def test_a_line_goes_through_the_layers():
    layers = {"layers": ["a", "b", "c"], "fixed": [0.1, 0.2, 0.3]}
    partly = layers | {"learned": [0.25, 0.45, 0.65]}
    whole = layers | {"learned": [0.3, 0.3, 0.3], "fixed": [None] * 3}
    results = {
        name: [{"magnitudes": found}] * 2
        for name, found in (("tenth", partly), ("all", whole))
    }
    text = magnitudes_text(results)
    line = "| tenth | 3 | 2.25 | 2.17 to 2.50 | 0.0500 + 2.00 fixed |"
    assert line in text and text.count("fixed |") == 3
    assert "| b | 0.4500 | 0.2000 | 0.3000 |" in text


def test_tasks_share_what_is_fixed_and_nothing_else(images):
    data = partial_cnn._load(SimpleNamespace(data_home=None, quick=True))
    tasks = tasks_of_halves(data)
    assert [sorted(set(task.y_test)) for task in tasks] == [
        [*range(5)],
        [*range(5, 10)],
    ]
    found = {}
    for name, options in TASKS.items():
        options = partial_cnn.NETWORKS["wrn"] | options
        model = PartialCNNClassifier(**options, max_iter=1)
        found[name] = of_tasks(model, tasks, 3, partial_cnn._fit)
    one, each, learned = found.values()
    assert one["n_learned"] == each["n_learned"] < learned["n_learned"]
    assert 2 * one["n_drawn"] == each["n_drawn"]
    assert one["n_stored_bytes"] == each["n_stored_bytes"] < learned["n_stored_bytes"]
    assert one["test"] == pytest.approx(np.mean(one["tests"]))
    # The second task of the third round, by itself.
    options = partial_cnn.NETWORKS["wrn"] | TASKS["one backbone"]
    options |= {"max_iter": 1, "backbone_seed": 3, "random_state": 7}
    alone = PartialCNNClassifier(**options).fit(tasks[1].X_train, tasks[1].y_train)
    expected = 100 * alone.score(tasks[1].X_test, tasks[1].y_test)
    assert one["tests"][1] == pytest.approx(expected)


def test_channels_come_first(images):
    data = partial_cnn._load(SimpleNamespace(data_home=None, quick=True))
    assert data.X_train.shape == (200, 3, 8, 8)
    image = images.X_train[5].reshape(8, 8, 3)
    np.testing.assert_array_equal(data.X_train[5, 2], image[:, :, 2])


def test_findings_are_judged_by_the_figures():
    scores = dict.fromkeys(partial_cnn.CONFIGURATIONS, 20.0)
    scores |= dict(zip(FRACTIONS, (40.0, 45, 47, 50), strict=True))
    scores |= {"fraction .1, others zero": 34.0, "block3": 30.0}
    scores |= {"block3, batch norms": 30.0}
    results = {
        f"{net}: {name}": [{"test": score}]
        for net in ("wrn", "densenet")
        for name, score in scores.items()
    }
    lines = findings(results)
    assert [line.split(": ")[1] for line in lines[:-1]] == ["yes"] * 12
    assert lines[-1].startswith("NO: densenet above wrn")
    results["wrn: fraction .7"] = [{"test": 60.0}]
    results["wrn: fraction .1, others zero"] = [{"test": 41.0}]
    assert [line.split(": ")[1] for line in findings(results)[:2]] == ["NO", "NO"]


@pytest.mark.parametrize(
    "table, expected",
    [
        (1, "Largest Spearman correlation: -0.9"),
        (2, "| 10 |"),
        (3, "Largest gap at any layer: "),
        (4, "| output |"),
        (5, "| 20 |"),
        (6, "| digits | branched | 10 |"),
        (7, "| 10 | recurrent |"),
        (8, "| made | 10 | 60 |"),
    ],
)
def test_untrained(tmp_path, table, expected):
    report = reproduce(
        untrained.EXPERIMENT, table=table, out=tmp_path, seeds=2, quick=True
    )
    assert expected in report.read_text(encoding="utf-8")
    pictures = {path.name for path in tmp_path.glob("*.png")}
    assert pictures == {
        1: {"figure-2a.png"},
        4: {"digits-smoothness.png"},
        6: {"branched-smoothness.png"},
    }.get(table, set())


@pytest.mark.parametrize("module", [partial_cnn, untrained])
def test_unknown_table(tmp_path, module):
    with pytest.raises(CommandError, match="no table 99"):
        reproduce(module.EXPERIMENT, table=99, out=tmp_path)
