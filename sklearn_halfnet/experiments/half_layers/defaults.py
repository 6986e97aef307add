"""``halfnet reproduce half-layers-defaults``: defaults on ten tabular data sets.

Half layers get the columns unscaled. MLPs stand behind a StandardScaler, and their
regression targets are standardised. A quarter of the rows, drawn anew for each seed, is
for testing.
"""

import numpy as np

from sklearn_halfnet import HalfLayerClassifier, HalfLayerRegressor
from sklearn_halfnet.experiments._common.data import QUICK_TABLES, TABLES, load_table
from sklearn_halfnet.experiments._common.epochs import fit_all_epochs
from sklearn_halfnet.experiments._common.experiment import Experiment
from sklearn_halfnet.experiments._common.report import (
    markdown_table,
    mean,
    results_by,
)
from sklearn_halfnet.experiments._common.rivals import scaled_mlp
from sklearn_halfnet.experiments._common.runner import Job

__all__ = ["EXPERIMENT", "report_text"]

HALF_LAYERS = {
    "classification": HalfLayerClassifier,
    "regression": HalfLayerRegressor,
}


def _jobs(run):
    example = f" (for example DIR/{TABLES['letter'][1]}, with arrays X and y)"
    run.folder("half-layers-defaults", "npz files", example)
    return [
        Job(
            key={"data": name, "seed": seed},
            label=f"{name}, split {seed}",
            run=lambda name=name, seed=seed: _measure(run.load(name, seed), seed),
            settings={},
        )
        for name in (QUICK_TABLES if run.quick else TABLES)
        for seed in range(run.rounds)
    ]


def _measure(data, seed):
    half = HALF_LAYERS[data.task](random_state=seed)
    mlp, result = scaled_mlp(data.task, random_state=seed), {}
    for model, estimator in (("half", half), ("mlp", mlp)):
        result[f"{model}_seconds"] = fit_all_epochs(estimator, data)
        result[model] = estimator.score(data.X_test, data.y_test)
    return result


def _describe(result):
    return f"half layer {result['half']:.4f}, MLP {result['mlp']:.4f}"


def report_text(records):
    """Write means over the splits as Markdown."""
    rows, outcomes = [], []
    for name, results in results_by("data", records).items():
        half, mlp = (np.array([r[model] for r in results]) for model in ("half", "mlp"))
        outcomes.append(_outcome(half - mlp))
        rows.append(
            [
                name,
                f"{half.mean():.4f} ± {half.std():.4f}",
                f"{mlp.mean():.4f} ± {mlp.std():.4f}",
                f"{(half - mlp).mean():+.4f}",
                outcomes[-1],
                f"{mean(results, 'half_seconds'):.2f}",
                f"{mean(results, 'mlp_seconds'):.2f}",
            ]
        )
    header = ["data", "half layer", "MLP", "difference", "", "fit s", "MLP fit s"]
    wins, ties, loses = (outcomes.count(word) for word in ("wins", "ties", "loses"))
    return f"""\
# Default parameters on tabular data

Test accuracy or R2, mean ± sd over random splits. A difference smaller than the \
standard deviation of the splits' differences is a tie.

{markdown_table(header, rows)}

Half layers win on {wins}, tie on {ties} and lose on {loses} of {len(rows)} data sets.
"""


def _outcome(differences):
    mean = differences.mean()
    if abs(mean) < differences.std():
        return "ties"
    return "wins" if mean > 0 else "loses"


EXPERIMENT = Experiment(
    "half-layers-defaults",
    _jobs,
    report_text,
    _describe,
    load=lambda run, name, seed: load_table(run.data_home, name, seed),
)
