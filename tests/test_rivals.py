"""The comparison with rivals, without a network: candidates of this environment."""

import json
import subprocess
import sys

import numpy as np
import pytest
from sklearn.utils import Bunch

from sklearn_halfnet.experiments import CommandError
from sklearn_halfnet.experiments._common import (
    data as data_sets,
    rival_environments as environments,
)
from sklearn_halfnet.experiments._common.experiment import reproduce
from sklearn_halfnet.experiments.closed_form import (
    _rival_candidates as candidates,
    _rival_report as report,
    _rival_worker as worker,
    rivals,
)
from sklearn_halfnet.experiments.closed_form._reference_elm import CHUNK, ReferenceELM

FAKES = """
import numpy as np

class Fake:
    def __init__(self, n_units, probabilities):
        self.n_units = n_units
        if probabilities:
            self.predict_proba = lambda X: np.full((len(X), 3), 0.5)

    def fit(self, X, y):
        print("chatter")
        megabytes = np.ones(self.n_units * 2**20, np.uint8)
        assert megabytes[-1] == 1

    def predict(self, X):
        return X[:, :1].astype(int)

def right(n_units, seed):
    return Fake(n_units, probabilities=False)

def vague(n_units, seed):
    return Fake(n_units, probabilities=True)

def broken(n_units, seed):
    import no_such_package

def killed(n_units, seed):
    import os, signal
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def fakes(tmp_path, monkeypatch):
    """Candidates that come from a file and a data set they can solve."""
    file = tmp_path / "fakes.py"
    file.write_text(FAKES)

    def choose(*names, requirements=()):
        candidates = [
            rivals.Candidate(name, name, requirements, file) for name in names
        ]
        monkeypatch.setattr(rivals, "CANDIDATES", candidates)

    y = np.tile(np.arange(3), 200)
    X = np.column_stack([y, y])
    data = Bunch(X_train=X, y_train=y + 5, X_test=X[:60], y_test=y[:60] + 5)
    monkeypatch.setattr(data_sets, "load_dataset", lambda *_: data)
    return choose


def run(tmp_path, **options):
    path = reproduce(rivals.EXPERIMENT, out=tmp_path / "out", **options)
    lines = (tmp_path / "out" / "results.jsonl").read_text().splitlines()
    return path.read_text(), [json.loads(line) for line in lines]


def cells(text, name):
    [row] = [line for line in text.splitlines() if line.startswith(f"| {name} |")]
    return [cell.strip() for cell in row.strip("|").split("|")]


@pytest.mark.skipif(sys.platform != "linux", reason="peak memory comes from /proc")
def test_worker_measures_a_fresh_process(tmp_path, fakes, monkeypatch):
    fakes("right")
    monkeypatch.setattr(rivals, "QUICK_WIDTHS", (300,))
    ballast = np.ones(600 * 2**20, np.uint8)  # a parent's memory must not count
    text, [record] = run(tmp_path, quick=True)
    del ballast
    assert 295 < record["result"]["peak_mb"] < 330
    assert record["result"]["fit_seconds"] > record["result"]["predict_seconds"] > 0
    assert record["result"]["versions"]["numpy"] == np.__version__
    assert cells(text, "right")[5:8] == ["100.00", "-", "-"]


def test_every_candidate_has_a_row(tmp_path, fakes, capsys):
    fakes("right", "vague", "broken", "killed")
    text, records = run(tmp_path, quick=True)
    # Confidence .5 where a third is right; rows sum to 1.5.
    assert cells(text, "vague")[6:8] == ["0.167", "rows off 1 by 0.5"]
    assert "ModuleNotFoundError: No module named 'no_such_package'" in text
    assert "failed: killed by signal 9" in text
    assert [r["key"]["candidate"] for r in records] == [
        "right",
        "vague",
        "broken",
        "killed",
    ]
    assert "FAILED: ModuleNotFoundError" in capsys.readouterr().err


def test_candidates_take_turns(tmp_path, fakes, monkeypatch):
    fakes("right", "vague")
    ran = []
    result = {"error": "not run"}
    monkeypatch.setattr(
        rivals,
        "_measure",
        lambda candidate, folder, units, seed: (
            ran.append((seed, units, candidate.name)) or result
        ),
    )
    text, _ = run(tmp_path, seeds=2)
    widths = rivals.WIDTHS
    assert ran == [
        (seed, units, name)
        for seed in range(2)
        for units in widths
        for name in ("right", "vague")
    ]
    assert text.count("failed (2 of 2 rounds): not run") == 4


def test_what_cannot_be_installed_keeps_its_row(tmp_path, fakes, monkeypatch):
    fakes("right", requirements=("no-such-package-anywhere",))
    asked = []

    def call(command, **options):
        asked.append(command)
        if "venv" in command:
            return subprocess.CompletedProcess(command, 0)
        error = "WARNING: slow\nERROR: No matching distribution found\nERROR: more"
        return subprocess.CompletedProcess(command, 1, stderr=error)

    monkeypatch.setenv("HALFNET_RIVALS_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(environments.subprocess, "run", call)
    monkeypatch.setattr(rivals, "WIDTHS", (8,))
    text, _ = run(tmp_path, seeds=3)
    assert cells(text, "right")[1] == (
        "failed (3 of 3 rounds): not installed: ERROR: No matching distribution found"
    )
    assert len(asked) == 2  # asked once, not in every round
    assert "no-such-package-anywhere" in asked[1]


def test_an_environment_is_made_once_and_again_when_it_changes(tmp_path, monkeypatch):
    made = []

    def call(command):
        made.append(command[-1])
        if "venv" in command:
            command[-1].mkdir(parents=True)

    monkeypatch.setenv("HALFNET_RIVALS_HOME", str(tmp_path))
    monkeypatch.setattr(environments, "_call", call)
    first = environments.interpreter("name", ["a"])
    assert environments.interpreter("name", ["a"]) == first and len(made) == 2
    environments.interpreter("name", ["a", "b"])
    assert made[3] == "b" and len(made) == 4
    assert first.is_relative_to(tmp_path)


def test_a_slow_candidate_is_stopped(tmp_path, fakes, monkeypatch):
    fakes("right")
    monkeypatch.setattr(rivals, "SECONDS_ALLOWED", 0.01)
    text, _ = run(tmp_path, quick=True)
    assert cells(text, "right")[1] == "failed: stopped after 0.01 s"


def test_calibration_of_known_probabilities():
    # Bins of .6 (half right) and .9 (all right): (10 * .1 + 10 * .1) / 20.
    probability = np.array([[0.6, 0.4]] * 10 + [[0.1, 0.9]] * 10)
    y = np.array([0, 1] * 5 + [1] * 10)
    found = worker.calibration(probability, y)
    assert found["calibration_error"] == pytest.approx(0.1)
    assert found["least"] == 0.1 and found["sum_error"] < 1e-15
    assert worker.calibration(2 * probability - 1, y)["least"] == pytest.approx(-0.8)


def test_reference_is_a_ridge_over_chunks():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((CHUNK + 500, 6), dtype=np.float32)
    y = (X[:, 0] > 0).astype(int) + (X[:, 1] > 0)
    model = ReferenceELM(40, alpha=1.0).fit(X, y)
    pre = (X - model.mean) @ model.W
    assert np.allclose(pre.std(axis=0), 1, atol=0.1)
    H = np.maximum(pre + model.b, 0).astype(np.float64)
    V = np.linalg.solve(H.T @ H + np.eye(40), H.T @ np.eye(3)[y])
    assert np.abs(model.V - V).max() < 1e-3
    assert np.array_equal(model.predict(X), (H.astype(np.float32) @ model.V).argmax(1))
    assert np.mean(model.predict(X) == y) > 0.8


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_our_candidates_and_scikit_learns_run(digits_arrays):
    X, y = digits_arrays
    makers = {c.maker for c in rivals.CANDIDATES if not c.requirements}
    for maker in makers - {"ReferenceELM"}:
        model = getattr(candidates, maker)(64, 0)
        model.fit(X, y)
        assert np.mean(model.predict(X) == y) > 0.7, maker


@pytest.fixture
def digits_arrays():
    from sklearn.datasets import load_digits

    X, y = load_digits(return_X_y=True)
    return (X / 16).astype(np.float32), y


def test_no_tables():
    with pytest.raises(CommandError, match="no numbered tables"):
        reproduce(rivals.EXPERIMENT, table=1)


def test_report_names_negative_probabilities():
    result = {"sum_error": 0.0, "least": -0.2}
    assert report._faults([result]) == "least -0.2"
