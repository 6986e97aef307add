"""``halfnet reproduce weight-agnostic``: jobs and report."""

import json

import pytest

from sklearn_halfnet.experiments import CommandError, weight_agnostic


def test_quick_run_writes_every_row(tmp_path, capsys):
    report = weight_agnostic.run(out=tmp_path, quick=True)
    text = report.read_text(encoding="utf-8")
    for name in ("digits", "mnist, 60 s", "mnist, 600 s", "published (MNIST)"):
        assert f"| {name} |" in text
    assert "generations" in text and text in capsys.readouterr().out
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
    with pytest.raises(CommandError, match="tables 1"):
        weight_agnostic.run(table=4, out=tmp_path)
