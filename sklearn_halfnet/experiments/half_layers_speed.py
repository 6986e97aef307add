"""``halfnet reproduce half-layers-speed``: seconds, memory and bytes, with rivals."""

from pathlib import Path

import numpy as np

from sklearn_halfnet.datasets import load_dataset
from sklearn_halfnet.experiments import CommandError, _speed as speed
from sklearn_halfnet.experiments._measures import describe, measure_jobs, medians
from sklearn_halfnet.experiments._report import markdown_table, replace_file
from sklearn_halfnet.experiments._runner import ResultFile, run_jobs

__all__ = ["run"]

QUICK_ROWS = 3_000


def run(table=None, data_home=None, seeds=5, out="halfnet-speed", quick=False):
    """Measure each rival pair alternately in one run, and write the report.

    Parameters
    ----------
    table : None
        There are no numbered tables here.
    data_home : path-like, default=None
        Folder with MNIST's files; by default they come from OpenML.
    seeds : int, default=5
        Pairs of each comparison; medians are reported.
    out : path-like, default="halfnet-speed"
        Folder for ``results.jsonl`` and ``report.md``.
    quick : bool, default=False
        One pair on few rows: to see that it works.

    Returns
    -------
    Path
        The report.

    Raises
    ------
    CommandError
        If a table is asked for.
    """
    if table is not None:
        raise CommandError("half-layers-speed has no numbered tables.")
    out, seeds = Path(out), 1 if quick else seeds
    data = load_dataset("mnist", data_home)
    if quick:
        data.X_train, data.y_train = (
            data.X_train[:QUICK_ROWS],
            data.y_train[:QUICK_ROWS],
        )
    speed.against_mlp(data, 0)  # the first run loads libraries: not counted
    records = run_jobs(
        _jobs(data, seeds, quick),
        "halfnet reproduce half-layers-speed",
        ResultFile(out / "results.jsonl"),
        describe,
    )
    report = out / "report.md"
    replace_file(report, report_text(records))
    print(report.read_text(encoding="utf-8"))
    return report


def _jobs(data, seeds, quick):
    rows = {"n_rows": QUICK_ROWS} if quick else {}
    measures = {
        "mlp": lambda seed: speed.against_mlp(data, seed),
        "epoch": lambda seed: speed.epoch_against_full_layer(data, seed),
        "features": lambda seed: speed.epoch_by_features(seed, **rows),
        "cache": lambda seed: speed.cache_too_small(data, seed),
        "bytes": speed.pickled_bytes,
    }
    once = {"cache", "bytes"}
    return measure_jobs(measures, once, seeds, quick, "pair")


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
    accuracy = np.mean(
        [r["result"]["half_test"] for r in records if r["key"]["measure"] == "mlp"]
    )
    rows = [
        [
            "MNIST, 512 templates: fit, s",
            f"{median('mlp', 'half'):.2f}",
            f"MLPClassifier((32,), max_iter=10): {median('mlp', 'mlp'):.2f}",
            f"{median('mlp', 'ratio'):.2f}",
            "at most 1.0",
        ],
        [
            "its test accuracy, %",
            f"{accuracy:.2f}",
            f"{median('mlp', 'mlp_test'):.2f}",
            "",
            "at least 96.6",
        ],
        [
            "its trainable parameters",
            f"{median('mlp', 'n_trainable'):,.0f}",
            "25,450",
            "",
            "at most 6,200",
        ],
        [
            "epoch, H = 1,024, MNIST, s",
            f"{median('epoch', 'half'):.3f}",
            f"full layer in torch: {median('epoch', 'full'):.3f}",
            f"{median('epoch', 'ratio'):.1f}",
            "at least 5",
        ],
        [
            "epoch with 3,072 features, s",
            f"{median('features', 'many'):.3f}",
            f"with 784: {median('features', 'few'):.3f}",
            f"{median('features', 'ratio'):.2f}",
            "within 15 %",
        ],
        [
            "peak with cache_size=50, MB",
            f"{median('cache', 'peak_mb'):.0f}",
            f"projection: {median('cache', 'projection_mb'):.0f}",
            "",
            "at most 250",
        ],
        [
            "its scores' largest difference",
            f"{median('cache', 'difference'):.1e}",
            "everything cached",
            "",
            "at most 1e-5",
        ],
        [
            "pickle, 784 x 1,000 binary, bytes",
            f"{median('bytes', 'bytes'):,.0f}",
            "float32 weights alone: 3,136,000",
            "",
            "below 200,000",
        ],
    ]
    environment = records[-1]["environment"]
    lines = [
        "# Speed and memory of half layers",
        "",
        "Medians; each pair was measured alternately in one run.",
        "",
        markdown_table(["measure", "half layer", "beside", "ratio", "bar"], rows),
        "",
        f"Processor: {environment['processor']}, {environment['n_cpus']} cores. "
        f"Versions: {environment['versions']}.",
    ]
    return "\n".join(lines) + "\n"
