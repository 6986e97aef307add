"""What is measured of intervals, sets and weights, in small."""

import pytest
from sklearn.datasets import load_digits, make_friedman1

from sklearn_halfnet.experiments._common.experiment import reproduce
from sklearn_halfnet.experiments.closed_form_further import bars, intervals, sets
from sklearn_halfnet.models.left_out import METHODS


def test_intervals_are_measured_beside_mapies():
    pytest.importorskip("mapie", reason="the rival is not installed")
    X, y = make_friedman1(200, noise=1.0, random_state=0)
    found = intervals.measured(X, y, seed=0, n_units=20)
    assert len(found) == 2 * len(METHODS) + 1
    assert all(75 < each["coverage"] <= 100 for each in found.values())
    rival = found.pop(intervals.RIVAL)["width"]
    assert all(0.6 < each["width"] / rival < 1.5 for each in found.values())
    record = {"key": {"data": "friedman"}, "result": found | {intervals.RIVAL: {}}}
    record["result"][intervals.RIVAL] = dict(next(iter(found.values())))
    for each in record["result"].values():
        each["splits"] = 1
    assert "| friedman | jackknife+, normalized | 1 |" in intervals.TABLE.text([record])


def test_sets_are_measured_beside_mapies():
    pytest.importorskip("mapie", reason="the rival is not installed")
    X, y = load_digits(return_X_y=True)
    found = sets.measured(X[:600], y[:600], seed=0, n_units=40)
    assert 80 < found["lac, may be empty"]["coverage"] < 98
    assert found["lac"]["empty"] == 0 and found["lac"]["size"] >= 1
    assert "| digits |" in sets.TABLE.text(
        [{"key": {"data": "digits"}, "result": found}]
    )


def test_weights_are_measured(tmp_path):
    report = reproduce(bars.EXPERIMENT, table=5, out=tmp_path, quick=True).read_text()
    row = next(r for r in report.splitlines() if "weights 1000, gcv" in r)
    assert float(row.split("|")[4]) <= 1e-10
    assert "class_weight balanced, loo" in report
