"""``halfnet reproduce half-layers-defaults``: defaults on ten tabular data sets."""

import time
from functools import cache
from pathlib import Path

import numpy as np
from sklearn.compose import TransformedTargetRegressor
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_halfnet import HalfLayerClassifier, HalfLayerRegressor
from sklearn_halfnet.datasets import load_dataset
from sklearn_halfnet.experiments import CommandError
from sklearn_halfnet.experiments._epochs import fit_all_epochs
from sklearn_halfnet.experiments._report import markdown_table, replace_file
from sklearn_halfnet.experiments._runner import Job, ResultFile, run_jobs

__all__ = ["DATA", "run"]

# Data set -> (task, file below the data folder).
DATA = {
    "letter": ("classification", "tabular/classification/letter.npz"),
    "magic": ("classification", "tabular/classification/magic.npz"),
    "optdigits": ("classification", "tabular/classification/optdigits.npz"),
    "phoneme": ("classification", "tabular/classification/phoneme.npz"),
    "vowel": ("classification", "tabular/classification/vowel.npz"),
    "california_housing": (
        "regression",
        "tabular/regression/california_housing.npz",
    ),
    "concrete": ("regression", "tabular/uci-regression/concrete.npz"),
    "energy": ("regression", "tabular/uci-regression/energy.npz"),
    "kin8nm": ("regression", "tabular/uci-regression/kin8nm.npz"),
    "power-plant": ("regression", "tabular/uci-regression/power-plant.npz"),
}
QUICK_DATA = ("vowel", "energy")


def run(table=None, data_home=None, seeds=3, out="halfnet-defaults", quick=False):
    """Fit half layers and MLPs with default parameters, and write the report.

    Half layers get the columns unscaled. MLPs stand behind a StandardScaler, and their
    regression targets are standardised.

    Parameters
    ----------
    table : None
        There are no numbered tables here.
    data_home : path-like
        Folder with the npz files, in the places that ``DATA`` names.
    seeds : int, default=3
        Random splits, a quarter of the rows for testing.
    out : path-like, default="halfnet-defaults"
        Folder for ``results.jsonl`` and ``report.md``.
    quick : bool, default=False
        One split of two small sets.

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
        raise CommandError("half-layers-defaults has no numbered tables.")
    if data_home is None:
        raise CommandError(
            "half-layers-defaults reads npz files: give their folder by --data-home "
            f"(for example DIR/{DATA['letter'][1]}, with arrays X and y)."
        )
    out, data_home = Path(out), Path(data_home)
    names, seeds = (QUICK_DATA, 1) if quick else (tuple(DATA), seeds)
    load = cache(lambda name, seed: _load(data_home, name, seed))
    import torch  # noqa: F401  its import is not part of the first fit

    jobs = [_job(name, seed, load) for name in names for seed in range(seeds)]
    results = ResultFile(out / "results.jsonl")
    title = "halfnet reproduce half-layers-defaults"
    records = run_jobs(jobs, title, results, _describe)
    report = out / "report.md"
    replace_file(report, report_text(names, records))
    print(report.read_text(encoding="utf-8"))
    return report


def _load(data_home, name, seed):
    task, file = DATA[name]
    return load_dataset(data_home / file, task=task, random_state=seed)


def _job(name, seed, load):
    return Job(
        key={"data": name, "seed": seed},
        label=f"{name}, split {seed}",
        run=lambda: _measure(load(name, seed), seed),
        settings={},
    )


def _measure(data, seed):
    half, mlp = _models(data.task, seed)
    result = {}
    for model, estimator in (("half", half), ("mlp", mlp)):
        begun = time.perf_counter()
        fit_all_epochs(estimator, data)
        result[f"{model}_seconds"] = time.perf_counter() - begun
        result[model] = estimator.score(data.X_test, data.y_test)
    return result


def _models(task, seed):
    if task == "classification":
        mlp = make_pipeline(StandardScaler(), MLPClassifier(random_state=seed))
        return HalfLayerClassifier(random_state=seed), mlp
    mlp = make_pipeline(StandardScaler(), MLPRegressor(random_state=seed))
    mlp = TransformedTargetRegressor(mlp, transformer=StandardScaler())
    return HalfLayerRegressor(random_state=seed), mlp


def _describe(result):
    return f"half layer {result['half']:.4f}, MLP {result['mlp']:.4f}"


def report_text(names, records):
    """Write means over the splits as a Markdown table.

    Parameters
    ----------
    names : sequence of str
        Data sets, in the order of the rows.
    records : list of dict
        What ``run_jobs`` returned.

    Returns
    -------
    str
    """
    rows, outcomes = [], []
    for name in names:
        results = [r["result"] for r in records if r["key"]["data"] == name]
        half, mlp = (np.array([r[model] for r in results]) for model in ("half", "mlp"))
        outcomes.append(_outcome(half - mlp))
        rows.append(
            [
                name,
                f"{half.mean():.4f} ± {half.std():.4f}",
                f"{mlp.mean():.4f} ± {mlp.std():.4f}",
                f"{(half - mlp).mean():+.4f}",
                outcomes[-1],
                f"{np.mean([r['half_seconds'] for r in results]):.2f}",
                f"{np.mean([r['mlp_seconds'] for r in results]):.2f}",
            ]
        )
    header = ["data", "half layer", "MLP", "difference", "", "fit s", "MLP fit s"]
    counts = {word: outcomes.count(word) for word in ("wins", "ties", "loses")}
    lines = [
        "# Default parameters on tabular data",
        "",
        "Test accuracy or R2, mean ± sd over random splits. A difference smaller than "
        "the standard deviation of the splits' differences is a tie.",
        "",
        markdown_table(header, rows),
        "",
        f"Half layers win on {counts['wins']}, tie on {counts['ties']} and lose on "
        f"{counts['loses']} of {len(rows)} data sets.",
    ]
    return "\n".join(lines) + "\n"


def _outcome(differences):
    mean = differences.mean()
    if abs(mean) < differences.std():
        return "ties"
    return "wins" if mean > 0 else "loses"
