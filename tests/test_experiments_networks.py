"""``halfnet reproduce partial-cnn`` and ``untrained``: what they compute and say."""

from types import SimpleNamespace

import numpy as np
import pytest
from sklearn.utils import Bunch

from sklearn_halfnet.experiments import CommandError
from sklearn_halfnet.experiments._common import data as data_sets
from sklearn_halfnet.experiments._common.experiment import reproduce
from sklearn_halfnet.experiments.partial_cnn import paper as partial_cnn
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
    ],
)
def test_partial_cnn(tmp_path, images, monkeypatch, table, expected):
    monkeypatch.setattr(partial_cnn, "SPEED_ROWS", 64)
    report = reproduce(partial_cnn.EXPERIMENT, table=table, out=tmp_path, quick=True)
    text = report.read_text(encoding="utf-8")
    assert expected in text
    lines = (tmp_path / "results.jsonl").read_text(encoding="utf-8")
    reproduce(partial_cnn.EXPERIMENT, table=table, out=tmp_path, quick=True)
    assert (tmp_path / "results.jsonl").read_text(encoding="utf-8") == lines
    assert (tmp_path / "cifar10-learned.png").exists() == (table == 1)


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
    with pytest.raises(CommandError, match="no table 9"):
        reproduce(module.EXPERIMENT, table=9, out=tmp_path)
