"""``halfnet reproduce closed-form``: ELM's seconds, memory, accuracy, calibration."""

from sklearn_halfnet.experiments._common.data import load_images, load_table
from sklearn_halfnet.experiments._common.experiment import Experiment
from sklearn_halfnet.experiments._common.measures import Bar, bars_table, measure_jobs
from sklearn_halfnet.experiments._common.report import environment_text
from sklearn_halfnet.experiments.closed_form import _measures as measures

__all__ = ["EXPERIMENT", "ROWS", "report_text"]

# Read beside MNIST for calibration.
TABLES = ("letter", "magic")


def _jobs(run):
    folder = run.folder("closed-form", "MNIST and npz files")
    mnist = load_images(run, "mnist", train=2_000)
    units = {"n_units": 64} if run.quick else {}
    rows = {"n_rows": 60_000, "n_units": 50} if run.quick else {}
    wide, widest = (80, 96) if run.quick else (8000, 12_000)
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
    for name in TABLES:
        data = load_table(folder, name)
        runs[f"calibration {name}"] = lambda seed, data=data: (
            measures.calibration_error(data, seed, **units)
        )
    measures.against_reference(mnist, 0, n_units=64)  # loads libraries: not counted
    once = {"memory", "plain", "upright", "wide fields", "rows"}
    return measure_jobs(runs, once, run)


def _at_least(bar, measure, figure):
    return Bar(f">= {bar}", lambda v: getattr(v[measure], figure), least=bar)


def _at_most(bar, measure, figure, words=""):
    return Bar(f"<= {bar}{words}", lambda v: getattr(v[measure], figure), most=bar)


def _timed(figure, bar):
    ratio = f"{figure}_ratio"
    return (
        f"{{reference.{figure}:.2f}}",
        f"ratio {{reference.{ratio}:.2f}}",
        _at_most(bar, "reference", ratio),
    )


def _accuracy(measure):
    return f"{{{measure}.test:.2f}}", f"{{{measure}.seconds:.1f}} s"


def _error(data, bar):
    measure = f"calibration {data}"
    return (
        f"{{{measure}.error:.4f}}",
        f"test {{{measure}.test:.2f}} %",
        _at_most(bar, measure, "error"),
    )


def _lost_in_8_bits(values):
    return abs(values["reference"].int8_test - values["reference"].default_test)


# Measure, ours, beside, bar.
ROWS = (
    ("2,048 units: default, fit s", *_timed("default", 1)),
    ("the ridge given, fit s", *_timed("given", 1)),
    ("in 8 bits, fit s", *_timed("int8", 0.5)),
    ("in 8 bits, the ridge given", *_timed("int8_given", 0.5)),
    ("numpy reference, fit s", "{reference.reference:.2f}", "", ""),
    ("default, test %", "{reference.default_test:.2f}", "", ""),
    (
        "in 8 bits, test %",
        "{reference.int8_test:.2f}",
        "",
        Bar("within 0.1", _lost_in_8_bits, most=0.1),
    ),
    ("reference, test %", "{reference.reference_test:.2f}", "", ""),
    (
        "peak above the data, MB",
        "{memory.peak_mb:.0f}",
        "",
        _at_most(400, "memory", "peak_mb"),
    ),
    (
        "8,000 plain units, test %",
        *_accuracy("plain"),
        _at_least(98.2, "plain", "test"),
    ),
    ("on images deskewed first, test %", *_accuracy("upright"), ""),
    (
        "2,000 receptive fields, test %",
        "{fields.test:.2f}",
        "",
        _at_least(98.0, "fields", "test"),
    ),
    (
        "their fit, s",
        "{fields.seconds:.2f}",
        "ratio {fields.ratio:.2f}",
        _at_most(2, "fields", "ratio", " of an MLP's"),
    ),
    (
        "12,000 fields, test %",
        *_accuracy("wide fields"),
        _at_least(99.0, "wide fields", "test"),
    ),
    ("ECE on MNIST", *_error("mnist", 0.02)),
    ("ECE on letter", *_error("letter", 0.03)),
    ("ECE on magic", *_error("magic", 0.03)),
    (
        "2,000,000 x 100 rows, peak MB",
        "{rows.peak_mb:.0f}",
        "{rows.seconds:.1f} s",
        _at_most(1000, "rows", "peak_mb"),
    ),
)


def report_text(records):
    """Write the medians as Markdown, each beside its bar."""
    return f"""\
# Closed form: seconds, memory, accuracy, calibration

MNIST where nothing else is said; medians over the rounds, each measured in one run \
beside its rival. ECE: expected calibration error, 15 bins. 8,000 units, 12,000 \
fields, memory and the many rows were run once.

{bars_table(["measure", "ours", "beside", "bar"], ROWS, records)}

## Environment

{environment_text(records)}
"""


EXPERIMENT = Experiment("closed-form", _jobs, report_text)
