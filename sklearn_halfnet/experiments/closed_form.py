"""``halfnet reproduce closed-form``: ELM's seconds, memory, accuracy, calibration."""

from pathlib import Path

from sklearn_halfnet.datasets import load_dataset
from sklearn_halfnet.experiments import CommandError, _closed_form_measures as measures
from sklearn_halfnet.experiments._measures import describe, measure_jobs, medians
from sklearn_halfnet.experiments._report import markdown_table, replace_file
from sklearn_halfnet.experiments._runner import ResultFile, run_jobs

__all__ = ["run"]

TABLES = ("letter", "magic")
QUICK_ROWS = 2_000


def run(table=None, data_home=None, seeds=5, out="halfnet-closed-form", quick=False):
    """Measure the closed form beside a reference in plain numpy, and write the report.

    Parameters
    ----------
    table : None
        There are no numbered tables here.
    data_home : path-like
        Folder with MNIST's files and ``tabular/classification/{letter,magic}.npz``.
    seeds : int, default=5
        Rounds of the timings; medians are reported.
    out : path-like, default="halfnet-closed-form"
        Folder for ``results.jsonl`` and ``report.md``.
    quick : bool, default=False
        One round on few rows and units: to see that it works.

    Returns
    -------
    Path
        The report.

    Raises
    ------
    CommandError
        If there is no ``data_home``, or a table is asked for.
    """
    if table is not None:
        raise CommandError("closed-form has no numbered tables.")
    if data_home is None:
        raise CommandError(
            "closed-form reads MNIST and npz files: give their folder by --data-home."
        )
    out, seeds = Path(out), 1 if quick else seeds
    mnist = load_dataset("mnist", data_home)
    folder = Path(data_home) / "tabular" / "classification"
    tables = {
        name: load_dataset(folder / f"{name}.npz", task="classification")
        for name in TABLES
    }
    if quick:
        mnist.X_train, mnist.y_train = (
            mnist.X_train[:QUICK_ROWS],
            mnist.y_train[:QUICK_ROWS],
        )
    measures.against_reference(mnist, 0, n_units=64)  # loads libraries: not counted
    records = run_jobs(
        _jobs(mnist, tables, seeds, quick),
        "halfnet reproduce closed-form",
        ResultFile(out / "results.jsonl"),
        describe,
    )
    report = out / "report.md"
    replace_file(report, report_text(records))
    print(report.read_text(encoding="utf-8"))
    return report


def _jobs(mnist, tables, seeds, quick):
    units = {"n_units": 64} if quick else {}
    rows = {"n_rows": 60_000, "n_units": 50} if quick else {}
    wide, widest = (80, 96) if quick else (8000, 12_000)
    runs = {
        "reference": lambda seed: measures.against_reference(mnist, seed, **units),
        "memory": lambda seed: measures.memory(mnist, seed, **units),
        "fields": lambda seed: measures.receptive_fields_against_mlp(mnist, seed),
        "plain": lambda seed: measures.accuracy(mnist, seed, wide, "plain"),
        "upright": lambda seed: measures.accuracy(mnist, seed, wide, "upright"),
        "wide fields": lambda seed: measures.accuracy(mnist, seed, widest, "fields"),
        "rows": lambda seed: measures.many_rows(seed, **rows),
        "calibration mnist": lambda seed: measures.calibration_error(
            mnist, seed, input_scaling="center", **units
        ),
    }
    for name, data in tables.items():
        runs[f"calibration {name}"] = lambda seed, data=data: (
            measures.calibration_error(data, seed, **units)
        )
    once = {"memory", "plain", "upright", "wide fields", "rows"}
    return measure_jobs(runs, once, seeds, quick)


# (measure, what is written, figure, its format, beside, bar)
ROWS = (
    ("reference", "2,048 units: default, fit s", "default", ".2f", "ratio", "<= 1"),
    ("reference", "the ridge given, fit s", "given", ".2f", "ratio", "<= 1"),
    ("reference", "in 8 bits, fit s", "int8", ".2f", "ratio", "<= 0.5"),
    ("reference", "in 8 bits, the ridge given", "int8_given", ".2f", "ratio", "<= 0.5"),
    ("reference", "numpy reference, fit s", "reference", ".2f", "", ""),
    ("reference", "default, test %", "default_test", ".2f", "", ""),
    ("reference", "in 8 bits, test %", "int8_test", ".2f", "", "within 0.1"),
    ("reference", "reference, test %", "reference_test", ".2f", "", ""),
    ("memory", "peak above the data, MB", "peak_mb", ".0f", "", "<= 400"),
    ("plain", "8,000 plain units, test %", "test", ".2f", "seconds", ">= 98.2"),
    ("upright", "on images deskewed first, test %", "test", ".2f", "seconds", ""),
    ("fields", "2,000 receptive fields, test %", "test", ".2f", "", ">= 98.0"),
    ("fields", "their fit, s", "seconds", ".2f", "ratio", "<= 2 of an MLP's"),
    ("wide fields", "12,000 fields, test %", "test", ".2f", "seconds", ">= 99.0"),
    ("calibration mnist", "ECE on MNIST", "error", ".4f", "test", "<= 0.02"),
    ("calibration letter", "ECE on letter", "error", ".4f", "test", "<= 0.03"),
    ("calibration magic", "ECE on magic", "error", ".4f", "test", "<= 0.03"),
    ("rows", "2,000,000 x 100 rows, peak MB", "peak_mb", ".0f", "seconds", "< 1000"),
)


def report_text(records):
    """Write the medians as a Markdown table, each beside its bar.

    Parameters
    ----------
    records : list of dict
        What ``run_jobs`` returned.

    Returns
    -------
    str
    """
    median = medians(records)
    rows = []
    for measure, label, name, form, beside, bar in ROWS:
        figure = format(median(measure, name), form)
        rows.append([label, figure, _beside(median, measure, name, beside), bar])
    environment = records[-1]["environment"]
    lines = [
        "# Closed form: seconds, memory, accuracy, calibration",
        "",
        "MNIST where nothing else is said; medians over the rounds, each measured "
        "in one run beside its rival. ECE: expected calibration error, 15 bins. "
        "8,000 units, 12,000 fields, memory and the many rows were run once.",
        "",
        markdown_table(["measure", "ours", "beside", "bar"], rows),
        "",
        f"Processor: {environment['processor']}, {environment['n_cpus']} cores. "
        f"Versions: {environment['versions']}.",
    ]
    return "\n".join(lines) + "\n"


def _beside(median, measure, name, beside):
    if beside == "ratio":
        of = "ratio" if measure == "fields" else f"{name}_ratio"
        return f"ratio {median(measure, of):.2f}"
    if beside == "seconds":
        return f"{median(measure, 'seconds'):.1f} s"
    if beside == "test":
        return f"test {median(measure, 'test'):.2f} %"
    return ""
