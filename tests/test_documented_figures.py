"""Figures that pages tell in their own words are those of the stored report."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
REPORT = (ROOT / "doc/results/tables/report.md").read_text(encoding="utf-8")


def rows(text):
    """Lines of all tables: first cell to the others."""
    lines = re.findall(r"^\| *([^-].*?) *\|$", text, flags=re.MULTILINE)
    return [[cell.strip(" *") for cell in line.split("|")] for line in lines]


def section(title):
    text = REPORT.partition(f"## {title}\n")[2].partition("\n## ")[0]
    return {first: rest for first, *rest in rows(text)}


RANKS, TIME = section("Mean ranks"), section("Time")
OUTCOMES = section("Wins, ties and losses")


def near(told, exact):
    """Whether a figure is the exact one with the digits that are told."""
    digits = len(told.partition(".")[2])
    return abs(float(told) - float(exact)) <= 0.5 * 10**-digits + 1e-9


def test_the_readme_table():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    told = [row for row in rows(text) if row[0] in RANKS and row[0] != "model"]
    assert len(told) == 9
    for model, rank, log_loss, seconds, outcome in told:
        assert near(rank, RANKS[model][0]) and near(log_loss, RANKS[model][3]), model
        assert near(seconds, TIME[model][0]), model
        assert outcome == (OUTCOMES[model][0] if model in OUTCOMES else ""), model


def test_the_picture_of_which_estimator_when():
    text = (ROOT / "doc/user_guide/choosing.md").read_text(encoding="utf-8")
    told = re.findall(r"(\w+): rank ([\d.]+), ([\d.]+) s", text)
    assert len(told) >= 4
    for model, rank, seconds in told:
        assert near(rank, RANKS[model][0]) and near(seconds, TIME[model][0]), model
