"""``halfnet reproduce claims``: what the five sources claim, judged by our records.

Nothing is fitted: the figures are computed from the results that the other experiments
have stored, in a checkout those of ``doc/results``.
"""

from collections import Counter

from sklearn_halfnet.experiments._common.experiment import Experiment
from sklearn_halfnet.experiments._common.report import markdown_table
from sklearn_halfnet.experiments._common.runner import Job
from sklearn_halfnet.experiments.claims._records import NotMeasured, Records
from sklearn_halfnet.experiments.claims._sources import SOURCES

__all__ = ["EXPERIMENT", "judged"]


def judged(claim, records):
    """Return a claim's verdict, "yes", "NO" or "not tried", and our figures."""
    if claim.judge is None:
        return "not tried", ""
    try:
        holds, figures = claim.judge(records)
    except NotMeasured:
        return "not tried", ""
    return ("yes" if holds else "NO"), figures


def _jobs(run):
    def work():
        records = Records(run.more["results"])
        return {
            source: [
                [claim.text, *judged(claim, records), claim.command] for claim in claims
            ]
            for source, claims in SOURCES.items()
        }

    return [Job({}, "claims", work, {})]


def _report(jobs):
    verdicts = jobs[0]["result"]
    counts = Counter(row[1] for rows in verdicts.values() for row in rows)
    lines = [
        "# Claims",
        "",
        "What the sources claim, and whether it came out here, at the sizes that the "
        "records have: a NO is about these, and not about the papers'. Figures are "
        "means over seeds. "
        + ", ".join(f"{counts[word]} {word}" for word in ("yes", "NO", "not tried"))
        + ".",
    ]
    for source, rows in verdicts.items():
        cells = [
            [
                text,
                verdict,
                figures,
                f"`halfnet reproduce {command}`" if command else "",
            ]
            for text, verdict, figures, command in rows
        ]
        header = ["claim", "here", "our figures", "command"]
        lines += ["", f"## {source}", "", markdown_table(header, cells)]
    return "\n".join(lines) + "\n"


EXPERIMENT = Experiment("claims", _jobs, _report, stored=False)
