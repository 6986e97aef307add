"""``halfnet reproduce weight-agnostic``: jobs and report."""

import json

import numpy as np
import pytest

from sklearn_halfnet.experiments import CommandError
from sklearn_halfnet.experiments._common.experiment import reproduce
from sklearn_halfnet.experiments.weight_agnostic import (
    _evolution,
    paper as weight_agnostic,
)

# What is used of the released code, with rewards that can be told by hand. Like the
# original, it imports gym and prints as it goes.
RELEASED = {
    "domain/__init__.py": "",
    "domain/config.py": "games = {'digits': 'the task'}",
    "domain/classify_gym.py": "import cv2, gym\nfrom gym.utils import seeding",
    "p/default_wan.json": '{"task": "swingup", "alg_nReps": 4, "alg_nVals": 6}',
    "wann_src/__init__.py": """
import json
import numpy as np
from domain import classify_gym

class Task:
    nInput, nOutput, activations, actRange = 64, 10, [1], [1, 2]
    def __init__(self, game, nReps):
        self.X, self.y = classify_gym.digit_raw()
    def getDistFitness(self, weights, activations, settings, seed):
        return -weights[:1] * np.arange(settings["alg_nVals"]) * len(self.y)

class Network:
    def __init__(self, number):
        self.wMat, self.aVec, self.nConn = np.full((2, 2), number), np.ones(2), number

class Wann:
    def __init__(self, settings, path, existing):
        self.settings = settings
    def ask(self):
        print("a generation")
        return [Network(2 + i) for i in range(self.settings["popSize"])]
    def tell(self, rewards):
        assert rewards.shape == (self.settings["popSize"], 6)

def loadHyp(path):
    with open(path) as file:
        return json.load(file)
""",
}


@pytest.fixture
def images():
    rng = np.random.default_rng(0)
    return rng.random((60, 64)), np.arange(60) % 10


@pytest.fixture
def released(tmp_path, monkeypatch):
    for name, text in RELEASED.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    monkeypatch.setenv(_evolution.CODE_VARIABLE, str(tmp_path))


def test_released_code_takes_turns(images, released):
    rounds = _evolution.rounds(*images, seed=0, n_rounds=3, size=2, population=8)
    assert len(rounds) == 3
    for turn in rounds:
        # The best of its networks has two connections: 2 x 60 rows x mean of 0..5.
        assert turn["released"]["loss"] == 2 * 60 * 2.5
        assert turn["released"]["connections"] == 2
        assert turn["ours"]["seconds"] > 0 and turn["released"]["seconds"] > 0
    assert rounds[-1]["ours"]["loss"] < 3


def test_report_sets_rates_side_by_side(images, released):
    rounds = _evolution.rounds(*images, seed=0, n_rounds=2, size=1, population=8)
    for turn in rounds:
        turn["ours"]["seconds"], turn["released"]["seconds"] = 0.5, 8.0
    key = {"measure": "evolution, beside the released code"}
    text = weight_agnostic.report_text([{"key": key, "result": {"rounds": rounds}}])
    assert "Median generations a second: ours 2, released 0.125; ratio 16" in text
    assert "60 images of 64 pixels, population 8" in text


def test_a_folder_without_the_released_code(images, tmp_path, monkeypatch):
    monkeypatch.setenv(_evolution.CODE_VARIABLE, str(tmp_path))
    with pytest.raises(CommandError, match="does not run"):
        _evolution.rounds(*images, seed=0, n_rounds=1, size=1, population=8)


def test_curve_is_read_at_growing_distances(images):
    X, y = images
    found = _evolution.learning_curve((X, X, y, y), 0, 0.5, population=8)
    steps = [point["generation"] for point in found["curve"]]
    assert steps[0] == 1 and steps[-1] == found["generations"]
    assert (np.diff(steps) > 0).all()
    assert all(0 <= p["mean"] <= p["best"] <= 1 for p in found["curve"])


def test_quick_run_writes_every_row(tmp_path, capsys, monkeypatch):
    monkeypatch.delenv(_evolution.CODE_VARIABLE, raising=False)
    report = reproduce(weight_agnostic.EXPERIMENT, out=tmp_path, quick=True)
    text = report.read_text(encoding="utf-8")
    for name in ("digits", "mnist, 60 s", "mnist, 600 s", "published (MNIST)"):
        assert f"| {name} |" in text
    assert "Median generations a second: ours " in text and "released" not in text
    assert (tmp_path / "evolution.png").stat().st_size > 1000
    assert text in capsys.readouterr().out
    lines = (tmp_path / "results.jsonl").read_text(encoding="utf-8").splitlines()
    results = [json.loads(line)["result"] for line in lines]
    digits = results[0]
    assert 0.5 < digits["logistic"] <= 1 and digits["steps"] >= 1
    assert digits["connections"] <= 450
    assert f"{digits['ensemble']:.3f}" in text


def test_report_takes_means_over_splits():
    figures = ["random", "random_sd", "mean", "ensemble", "tuned", "trained"]
    figures += ["logistic", "connections", "steps", "seconds"]
    records = [
        {"key": {"measure": "digits"}, "result": dict.fromkeys(figures, value)}
        for value in (0.25, 0.75)
    ]
    row = weight_agnostic.report_text(records).splitlines()[6]
    assert row.startswith("| digits | 0.500 ± 0.500 | 0.500 |")


def test_unknown_table(tmp_path):
    with pytest.raises(CommandError, match="no table 4; the tables are 1, 2, 3"):
        reproduce(weight_agnostic.EXPERIMENT, table=4, out=tmp_path)
