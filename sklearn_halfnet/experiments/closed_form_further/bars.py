"""``halfnet reproduce closed-form-further``: what the closed form gives beyond a fit.

Each table is a module of this room with its ``TABLE``: ``fits`` takes the run and
returns jobs, whose keys name the table by ``"table"``; ``text`` takes their records and
returns Markdown.
"""

from sklearn_halfnet.experiments._common.experiment import Experiment
from sklearn_halfnet.experiments._common.report import environment_text
from sklearn_halfnet.experiments.closed_form_further import (
    boosting,
    intervals,
    sets,
    streams,
    weights,
    workers,
)

__all__ = ["EXPERIMENT", "report_text"]

TABLES = {
    1: intervals.TABLE,
    2: sets.TABLE,
    3: streams.TABLE,
    4: boosting.TABLE,
    5: weights.TABLE,
    6: workers.TABLE,
}


def _jobs(run):
    return [job for number in run.tables for job in TABLES[number].fits(run)]


def report_text(records):
    """Write every table as Markdown."""
    lines = ["# The closed form goes further", ""]
    for number, table in TABLES.items():
        found = [each for each in records if each["key"]["table"] == number]
        if found:
            lines += [f"## Table {number}. {table.title}", "", table.text(found), ""]
    lines += ["## Environment", "", environment_text(records)]
    return "\n".join(lines) + "\n"


EXPERIMENT = Experiment(
    "closed-form-further", _jobs, report_text, tables=TABLES, whole=True
)
