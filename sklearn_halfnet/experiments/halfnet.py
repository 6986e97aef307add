"""``halfnet reproduce halfnet``: learned geometry, beside trained weights.

References
----------
E. Alpaydin (2026), "HalfNet", arXiv 2606.04583.
"""

from functools import cache
from pathlib import Path

from sklearn_halfnet.datasets import load_dataset
from sklearn_halfnet.experiments import (
    CommandError,
    _halfnet_images as images,
    _halfnet_tables as tables,
)
from sklearn_halfnet.experiments._halfnet_report import draw, report_text
from sklearn_halfnet.experiments._measures import choose_tables
from sklearn_halfnet.experiments._report import replace_file
from sklearn_halfnet.experiments._runner import Job, ResultFile, run_jobs
from sklearn_halfnet.experiments.half_layers_defaults import DATA, QUICK_DATA

__all__ = ["TABLES", "run"]

# Number -> (key, title).
TABLES = {
    1: ("mnist", "MNIST: HalfNet of rank 32 beside full layers of 1,024 units"),
    2: ("mnist", "MNIST: accuracy by rank"),
    3: ("cifar10", "CIFAR-10, flat pixels: accuracy by rank"),
    4: ("multi-index", "Regression on 8 directions of 50 features"),
    5: ("mnist", "MNIST, 10,000 rows: 5 nearest neighbours"),
    6: ("tabular", "Default parameters on ten tabular data sets"),
}
QUICK_ROWS = {"train": 2_000, "test": 1_000}


def run(table=None, data_home=None, seeds=3, out="halfnet-halfnet", quick=False):
    """Run the tables, then write the report and the figures.

    Parameters
    ----------
    table : int, default=None
        Only this table; by default all.
    data_home : path-like, default=None
        Folder with the data sets' files; image sets by default come from OpenML.
    seeds : int, default=3
        Repetitions.
    out : path-like, default="halfnet-halfnet"
        Folder for ``results.jsonl``, ``report.md`` and the figures. Results that are
        already there are not computed again.
    quick : bool, default=False
        One seed on few rows: to see that it works.

    Returns
    -------
    Path
        The report.

    Raises
    ------
    DatasetError
        If the data cannot be had.
    CommandError
        If there is no such table, or table 6 has no ``data_home``.
    """
    numbers = choose_tables(table, TABLES)
    if data_home is None and table in (None, 6):
        raise CommandError("table 6 reads npz files: give their folder by --data-home.")
    out, seeds = Path(out), 1 if quick else seeds
    load = cache(lambda name, seed=0: _load(name, data_home, quick, seed))
    import torch  # noqa: F401  its import is not part of the first fit

    jobs = [
        job
        for number in numbers
        for seed in range(seeds)
        for job in _jobs(number, seed, load, quick)
    ]
    results = ResultFile(out / "results.jsonl")
    run_jobs(jobs, "halfnet reproduce halfnet", results, _describe)
    records = [r for r in results.read() if r["settings"]["quick"] == quick]
    replace_file(out / "report.md", report_text(TABLES, records))
    draw(records, out)
    print(f"Written: {out / 'report.md'}")
    return out / "report.md"


def _load(name, data_home, quick, seed):
    if name == "multi-index":
        return tables.multi_index_data(quick)
    if name in DATA:
        task, file = DATA[name]
        return load_dataset(Path(data_home) / file, task=task, random_state=seed)
    data = load_dataset(name, data_home)
    if quick:
        for part, n_rows in QUICK_ROWS.items():
            for array in (f"X_{part}", f"y_{part}"):
                data[array] = data[array][:n_rows]
    return data


def _jobs(number, seed, load, quick):
    """Jobs of one table and seed: the table's models one after another."""
    recipe = images.CIFAR_RECIPE if number == 3 else images.RECIPE
    recipe = recipe | ({"max_iter": 2} if quick else {})
    for model, fit in _fits(number, seed, recipe, load, quick).items():
        yield Job(
            key={"table": number, "model": model, "seed": seed},
            label=f"table {number}, {model}, seed {seed}",
            run=fit,
            settings=_settings(number, model, recipe) | {"quick": quick},
        )


def _settings(number, model, recipe):
    """Select what a model depends on of HalfNet's recipe for images."""
    if number in (4, 6):
        return {}
    if number == 5 or "HalfNet" in model:
        return {"recipe": recipe}
    return {name: recipe[name] for name in ("max_iter", "input_scaling")}


def _fits(number, seed, recipe, load, quick):
    """Model -> function that fits and scores it."""
    name = TABLES[number][0]
    if number == 1:
        return _beside_full_layers(lambda: load(name), seed, recipe)
    if number in (2, 3):
        return _by_rank(lambda: load(name), seed, recipe, quick)
    if number == 4:
        return {
            model: lambda model=model: tables.fit_multi_index(load(name), seed, model)
            for model in tables.MULTI_INDEX
        }
    if number == 5:
        return {"all": lambda: images.fit_neighbours(load(name), seed, recipe)}
    return {
        f"{data}: {model}": lambda data=data, model=model: tables.fit_default(
            load(data, seed), seed, model
        )
        for data in (QUICK_DATA if quick else DATA)
        for model in tables.default_names(DATA[data][0])
    }


def _beside_full_layers(data, seed, recipe):
    fits = {
        "HalfNet": lambda: images.fit_halfnet(data(), seed, 32, recipe, resample=True)
    }
    for rate in images.MLP_RATES:
        fits[f"torch MLP, rate {rate}"] = lambda rate=rate: images.fit_mlp(
            data(), seed, rate, recipe
        )
    fits["MLPClassifier"] = lambda: images.fit_scikit_learn_mlp(data(), seed, recipe)
    return fits


def _by_rank(data, seed, recipe, quick):
    fits = {}
    for rank in images.RANKS[::4] if quick else images.RANKS:
        fits[f"HalfNet, rank {rank}"] = lambda rank=rank: images.fit_halfnet(
            data(), seed, rank, recipe
        )
        fits[f"MLP of equal count, rank {rank}"] = lambda rank=rank: (
            images.fit_mlp_of_equal_count(data(), seed, rank, recipe)
        )
    fits["MLP-1024"] = lambda: images.fit_mlp(data(), seed, "3e-3", recipe)
    return fits


def _describe(result):
    if "test" not in result:
        return ", ".join(f"{name} {value:.2f}" for name, value in result.items())
    return f"{result['test']:.4g} in {result['fit_seconds']:.1f} s"
