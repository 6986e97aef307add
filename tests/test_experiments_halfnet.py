"""The command ``halfnet reproduce halfnet`` on small data."""

import json

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.utils import Bunch

from sklearn_halfnet.experiments import CommandError
from sklearn_halfnet.experiments._common import data as data_sets
from sklearn_halfnet.experiments._common.experiment import reproduce
from sklearn_halfnet.experiments._common.recipes import (
    RECIPE,
    WIDTH,
    plain_classifier,
)
from sklearn_halfnet.experiments._common.torch_mlp import TorchMLP
from sklearn_halfnet.experiments.halfnet import paper as halfnet
from sklearn_halfnet.experiments.halfnet._images import fit_mlp_of_equal_count
from sklearn_halfnet.experiments.halfnet._tables import fit_on_table, names_on_tables


@pytest.fixture
def digits(monkeypatch):
    X, y = load_digits(return_X_y=True)
    X = (X / 16).astype(np.float32)
    data = Bunch(X_train=X[:600], y_train=y[:600], X_test=X[600:900], y_test=y[600:900])
    data.task = "classification"
    monkeypatch.setattr(data_sets, "load_dataset", lambda *_, **__: Bunch(**data))
    return data


@pytest.mark.parametrize(
    "table, expected",
    [
        (1, "with the old read-out"),
        (2, "Largest drop from one rank to the next"),
        (4, "| RBFSampler + Ridge |"),
        (5, "| pca |"),
        (6, "HalfNet beside boosting: "),
        (8, "| effective rank (of 32) |"),
        (9, "| relu |"),
    ],
)
def test_tables(tmp_path, digits, table, expected):
    report = reproduce(
        halfnet.EXPERIMENT, table=table, data_home=".", out=tmp_path, quick=True
    )
    text = report.read_text(encoding="utf-8")
    assert expected in text
    assert f"## Table {table}. " in text
    assert (tmp_path / "mnist-rank.png").exists() == (table == 2)


def test_a_second_run_computes_nothing(tmp_path, digits, capsys):
    reproduce(halfnet.EXPERIMENT, table=5, out=tmp_path, quick=True)
    lines = (tmp_path / "results.jsonl").read_text(encoding="utf-8")
    reproduce(halfnet.EXPERIMENT, table=5, out=tmp_path, quick=True)
    assert (tmp_path / "results.jsonl").read_text(encoding="utf-8") == lines
    assert json.loads(lines)["settings"]["recipe"]["max_iter"] == 2


def test_unknown_table_and_missing_folder(tmp_path):
    with pytest.raises(CommandError, match="no table 10"):
        reproduce(halfnet.EXPERIMENT, table=10, out=tmp_path)
    with pytest.raises(CommandError, match="table 6 reads npz files"):
        reproduce(halfnet.EXPERIMENT, table=6, out=tmp_path)


def test_drop_is_the_largest_fall_between_neighbours():
    def record(rank, test):
        result = {"test": test, "train": 99.0, "fit_seconds": 1.0, "n_trainable": rank}
        key = {"table": 2, "model": f"HalfNet, rank {rank}", "seed": 0}
        environment = {"versions": {}, "processor": "", "n_cpus": 2, "platform": ""}
        environment |= {"python": "", "threads": []}
        return {"key": key, "result": result, "environment": environment}

    records = [record(*pair) for pair in ((1, 90.0), (2, 95.0), (4, 94.5), (8, 96.0))]
    text = halfnet.EXPERIMENT.report(records)
    assert "Largest drop from one rank to the next: 0.50 points." in text


def test_torch_mlp_learns_and_counts(digits):
    mlp = TorchMLP(32, 1e-2, 20, 64, seed=0).fit(digits.X_train, digits.y_train)
    assert mlp.score(digits.X_test, digits.y_test) > 0.85
    assert mlp.n_trainable_parameters_ == 65 * 32 + 33 * 10


def test_mlp_of_equal_count_has_about_as_many_parameters(digits):
    recipe = RECIPE | {"max_iter": 1}
    found = fit_mlp_of_equal_count(digits, 0, 8, recipe)["n_trainable"]
    net = plain_classifier(WIDTH, 8, random_state=0, **recipe)
    wanted = net.fit(digits.X_train, digits.y_train).n_trainable_parameters_
    assert abs(found - wanted) < 75  # one unit more or less


@pytest.mark.parametrize("model", names_on_tables("classification"))
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_classifiers_of_tables_take_text_labels(digits, model):
    names = np.array(list("abcdefghij"))
    data = Bunch(**digits)
    data.y_train, data.y_test = names[digits.y_train], names[digits.y_test]
    assert 0 < fit_on_table(data, 0, model)["test"] <= 1
