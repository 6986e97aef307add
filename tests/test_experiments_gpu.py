"""``halfnet reproduce gpu`` on small data: what it computes, and its minutes."""

import json

import numpy as np
import pytest
from sklearn.utils import Bunch

from sklearn_halfnet._device import resolve_device
from sklearn_halfnet.experiments._common import data as data_sets
from sklearn_halfnet.experiments._common.experiment import reproduce
from sklearn_halfnet.experiments._common.partial_cnns import HALVES
from sklearn_halfnet.experiments._common.torch_mlp import TorchMLP
from sklearn_halfnet.experiments.gpu import _measures as measures, _minutes
from sklearn_halfnet.experiments.gpu._minutes import Minutes, PassesInTime
from sklearn_halfnet.experiments.gpu.stages import EXPERIMENT, NETWORKS, PARTS


@pytest.fixture
def images(monkeypatch):
    """Small images in the place of both data sets: one channel, or three last."""
    rng = np.random.default_rng(0)

    def load(name, data_home):
        shape = (8, 8, 3) if name == "cifar10" else (28, 28)
        X, y = rng.random((300, *shape), np.float32), np.arange(300) % 10
        X[np.arange(300), y % 8] += 1
        X = X.reshape(300, -1)
        data = Bunch(X_train=X[:200], y_train=y[:200], X_test=X[200:], y_test=y[200:])
        data.image_shape = shape
        return data

    monkeypatch.setattr(data_sets, "load_dataset", load)


def run(tmp_path, table, minutes=5.0):
    options = {"device": "cpu", "minutes": minutes, "quick": True}
    report = reproduce(EXPERIMENT, table=table, out=tmp_path, **options)
    lines = (tmp_path / "results.jsonl").read_text(encoding="utf-8").splitlines()
    return report.read_text(encoding="utf-8"), [json.loads(line) for line in lines]


@pytest.mark.parametrize(
    "table, expected",
    [
        (1, "| a pass of a half layer, 1,024 units, s |"),
        (2, "| in float64 | 0.0e+00 | <= 1e-06: met |"),
        (3, "The best, HalfNet, rank 32, beside the full layer: "),
        (4, "| wrn: fraction .1 |"),
    ],
)
def test_stages(tmp_path, images, table, expected):
    text, records = run(tmp_path, table)
    assert expected in text
    processor = records[0]["environment"]["processor"]
    assert f"Device: {processor}." in text
    assert all(r["settings"]["device"] == processor for r in records)
    assert run(tmp_path, table)[1] == records


def test_what_else_the_paper_claims(tmp_path, images):
    """A row of each kind of measurement; lines where there are fixed weights."""
    text, records = run(tmp_path, 5)
    assert run(tmp_path, 5)[1] == records
    kinds = [record["key"]["model"].split(":")[0] for record in records]
    assert set(kinds) == {"wrn", "vgg", "vgg_bn", "alexnet", HALVES}
    assert "| wrn: fraction .1 | 9 |" in text and "| wrn: fraction 1 | 9 |" not in text
    found = {record["key"]["model"]: record["result"] for record in records}
    tasks = found[f"{HALVES}: one backbone"]
    assert tasks["test"] == pytest.approx(np.mean(tasks["tests"]))
    # One copy of the weights of two networks.
    learned = found["wrn: fraction 1, weights"]["n_learned"]
    assert 0.9 * learned < tasks["n_drawn"] < learned


def test_what_there_is_no_time_for_is_left_to_the_next_run(tmp_path, images):
    (tmp_path / "results.jsonl").touch()
    _, records = run(tmp_path, 3, minutes=0.01)
    assert records == []
    text, records = run(tmp_path, 3)
    assert len(records) == 2 and "MLP-1024" in text


def test_a_stage_leaves_to_the_next_what_it_did_not_need():
    minutes = Minutes(10, {"first": 1, "second": 4})
    assert 100 < minutes.left("first") <= 120
    assert 580 < minutes.left("second") <= 600
    assert minutes.allow("first", "wide")
    minutes.took("wide", 300)
    assert minutes.allow("second", "wide") and not minutes.allow("first", "wide")
    assert minutes.allow("first", "narrow")


class Ended:
    task_name = "iteration"


@pytest.mark.parametrize("seconds, gives_up", [(30, False), (10, True)])
def test_a_fit_that_cannot_end_in_time_is_given_up(seconds, gives_up, monkeypatch):
    clock = iter([0, 0, 3, 4, 4, 5, 5])  # a slow first pass, then one a second
    monkeypatch.setattr(_minutes.time, "perf_counter", lambda: next(clock))
    watch = PassesInTime(seconds, n_passes=10)
    assert not watch.on_fit_task_end(None, Ended)
    assert watch.on_fit_task_end(None, Ended) == watch.gave_up == gives_up
    assert watch.seconds == 1


def test_a_network_that_is_given_up_is_no_result(images, monkeypatch):
    data = data_sets.channels_first(data_sets.load_dataset("cifar10", None))
    options = {"architecture": "wrn", "depth": 10, "width": 1, "max_iter": 9}
    assert measures.partial_cnn(data, "cpu", options, seconds=1.0) is None


def test_a_network_that_diverges_is_a_result(images):
    data = data_sets.channels_first(data_sets.load_dataset("cifar10", None))
    options = {"architecture": "vgg", "depth": 3, "width": 4, "max_iter": 9}
    options["learning_rate_init"] = 1e6
    assert measures.partial_cnn(data, "cpu", options, 60.0)["test"] is None


def test_the_networks_are_those_of_the_paper():
    """Sizes as published: 5.85 and 0.77 million numbers; 7.2 and 9.77 thousand."""
    from sklearn_halfnet.models.partial_cnn import Backbone, Constants
    from sklearn_halfnet.models.partial_design import NetworkDesign

    counts = {}
    for name in NETWORKS:
        for part in ("fraction 1", "batch norm", "fc"):
            options = {"trainable": "filters", "fraction": 0.1, "n_filters": None}
            options |= {"frozen": "random", "fit_batch_norms": True}
            options |= NETWORKS[name] | PARTS[part]
            design = NetworkDesign.of(options, (3, 32, 32))
            backbone = Backbone(design, Constants(design, "float32", 0))
            learned = backbone.module("cpu", learned=False).parameters()
            head = (design.shapes[-1][0] + 1) * 10 * design.learned.classifier
            counts[name, part] = head + sum(p.numel() for p in learned)
    assert round(counts["wrn", "fraction 1"] / 1e6, 2) == 5.85
    assert round(counts["densenet", "fraction 1"] / 1e6, 2) == 0.77
    assert round(counts["wrn", "batch norm"] / 1e3, 1) == 7.2
    assert round(counts["wrn", "fc"] / 1e3, 2) == 9.77
    assert round(counts["densenet", "batch norm"] / 1e3) == 24


def test_a_full_layer_is_trained_where_auto_says():
    X, y = np.eye(20, 3, dtype=np.float32), np.arange(20) % 2
    model = TorchMLP(4, 1e-2, 1, 8, seed=0, device="auto").fit(X, y)
    assert model.network[0].weight.device.type == resolve_device("auto").type
    assert model.predict(X).shape == (20,)
