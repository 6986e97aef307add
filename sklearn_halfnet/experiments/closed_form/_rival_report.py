"""The table of ``halfnet reproduce closed-form-rivals``."""

import statistics

from sklearn_halfnet.experiments._common.report import (
    environment_text,
    markdown_table,
    results_by,
)

__all__ = ["describe", "report_text"]

HEADERS = (
    "candidate",
    "fit, s",
    "fit / reference",
    "predict, s",
    "peak above the data, MB",
    "test accuracy, %",
    "ECE",
    "probabilities",
    "versions",
)
REFERENCE = "numpy reference"


def describe(result):
    """Say in a few words what came out.

    Examples
    --------
    >>> describe({"error": "no such thing"})
    'FAILED: no such thing'
    """
    if "error" in result:
        return f"FAILED: {result['error']}"
    return f"fit {result['fit_seconds']:.2f} s, {result['accuracy']:.2f} %"


def report_text(records):
    """Write medians over rounds as Markdown, a table for each width."""
    lines = [
        "# Closed form: rivals",
        "",
        "MNIST, float32 pixels. Medians over rounds; in each, every candidate runs "
        "once, in a fresh process, warmed up on 300 rows. Peak is that of fit. ECE: "
        "expected calibration error of `predict_proba`, 15 bins; a dash: it offers "
        "none. Each rival keeps its defaults, but for the settings in "
        "`_rival_candidates.py`.",
    ]
    for units in sorted({record["key"]["units"] for record in records}):
        of_width = [r for r in records if r["key"]["units"] == units]
        results = results_by("candidate", of_width)
        reference = _median(results.get(REFERENCE, []), "fit_seconds")
        rows = [_row(name, runs, reference) for name, runs in results.items()]
        lines += ["", f"## {units:,} units", "", markdown_table(list(HEADERS), rows)]
    lines += ["", "## Environment", "", environment_text(records)]
    return "\n".join(lines) + "\n"


def _row(name, runs, reference):
    errors = [run["error"] for run in runs if "error" in run]
    if errors:
        text = errors[0].replace("|", "/")
        failed = f" ({len(errors)} of {len(runs)} rounds)" if len(runs) > 1 else ""
        return [name, f"failed{failed}: {text}", *[""] * (len(HEADERS) - 2)]
    fit = _median(runs, "fit_seconds")
    versions = runs[0]["versions"]
    return [
        name,
        f"{fit:.2f}",
        _number(fit / reference if reference else None, ".2f"),
        f"{_median(runs, 'predict_seconds'):.3f}",
        _number(_median(runs, "peak_mb"), ".0f"),
        f"{_median(runs, 'accuracy'):.2f}",
        _number(_median(runs, "calibration_error"), ".3f"),
        _faults(runs),
        ", ".join(f"{package} {version}" for package, version in versions.items()),
    ]


def _median(runs, name):
    """Median of a number that every run has; None if one has not."""
    values = [run.get(name) for run in runs]
    return statistics.median(values) if values and None not in values else None


def _number(value, form):
    return "-" if value is None else format(value, form)


def _faults(runs):
    """Say what is wrong with the probabilities, at the worst."""
    if "sum_error" not in runs[0]:
        return "-"
    worst, least = max(r["sum_error"] for r in runs), min(r["least"] for r in runs)
    faults = [f"rows off 1 by {worst:.2g}"] if worst > 1e-4 else []
    faults += [f"least {least:.2g}"] if least < 0 else []
    return ", ".join(faults) or "sound"
