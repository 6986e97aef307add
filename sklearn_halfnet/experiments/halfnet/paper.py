"""``halfnet reproduce halfnet``: learned geometry, beside trained weights.

References
----------
E. Alpaydin (2026), "HalfNet", arXiv 2606.04583.
"""

from sklearn_halfnet.experiments._common.data import (
    QUICK_TABLES,
    TABLES as TABULAR,
    load_images,
    load_table,
)
from sklearn_halfnet.experiments._common.experiment import Experiment, Table
from sklearn_halfnet.experiments._common.recipes import CIFAR_RECIPE, RECIPE
from sklearn_halfnet.experiments._common.report import tables_text
from sklearn_halfnet.experiments._common.runner import Job
from sklearn_halfnet.experiments.halfnet import (
    _geometry as geometry,
    _images as images,
    _report as report,
    _tables as tabular,
)
from sklearn_halfnet.experiments.halfnet._control import TrainedDirections

__all__ = ["EXPERIMENT", "TABLES"]


def _load(run, name, seed=0):
    if name == "multi-index":
        return tabular.multi_index_data(run.quick)
    if name in TABULAR:
        return load_table(run.data_home, name, seed)
    return load_images(run, name, train=2_000, test=1_000)


def _jobs(run):
    """Make the jobs of each table and seed: the models one after another."""
    if 6 in run.tables:
        run.folder("table 6", "npz files")
    for number in run.tables:
        recipe = CIFAR_RECIPE if number == 3 else RECIPE
        recipe = recipe | ({"max_iter": 2} if run.quick else {})
        for seed in range(run.rounds):
            fits = TABLES[number].fits(run, TABLES[number].data, seed, recipe)
            for model, fit in fits.items():
                yield Job(
                    key={"table": number, "model": model, "seed": seed},
                    label=f"table {number}, {model}, seed {seed}",
                    run=fit,
                    settings=_settings(number, model, recipe) | {"quick": run.quick},
                )


def _settings(number, model, recipe):
    """Select what a model depends on of HalfNet's recipe for images."""
    if number in (4, 6, 7):
        return {}
    if number in (5, 8, 9) or "HalfNet" in model:
        return {"recipe": recipe}
    return {name: recipe[name] for name in ("max_iter", "input_scaling")}


# -- tables: model -> function that fits and scores it ---------------------------------


def _beside_full_layers(run, name, seed, recipe):
    fits = {
        "HalfNet": lambda: images.fit_halfnet(
            run.load(name), seed, 32, recipe, resample=True
        )
    }
    fits["HalfNet, Z trained"] = lambda: images.fit_halfnet(
        run.load(name), seed, 32, recipe, kind=TrainedDirections
    )
    for rate in images.MLP_RATES:
        fits[f"torch MLP, rate {rate}"] = lambda rate=rate: images.fit_mlp(
            run.load(name), seed, rate, recipe
        )
    fits["MLPClassifier"] = lambda: images.fit_scikit_learn_mlp(
        run.load(name), seed, recipe
    )
    return fits


def _by_rank(run, name, seed, recipe):
    fits = {}
    for rank in images.RANKS[::4] if run.quick else images.RANKS:
        fits[f"HalfNet, rank {rank}"] = lambda rank=rank: images.fit_halfnet(
            run.load(name), seed, rank, recipe
        )
        fits[f"MLP of equal count, rank {rank}"] = lambda rank=rank: (
            images.fit_mlp_of_equal_count(run.load(name), seed, rank, recipe)
        )
    fits["MLP-1024"] = lambda: images.fit_mlp(run.load(name), seed, "3e-3", recipe)
    return fits


def _multi_index(run, name, seed, recipe):
    return {
        model: lambda model=model: tabular.fit_multi_index(run.load(name), seed, model)
        for model in tabular.MULTI_INDEX
    }


def _rank_8(run, name, seed, recipe):
    return {
        model: lambda model=model: tabular.fit_rank_8(run.load(name), seed, model)
        for model in tabular.RANK_8
    }


def _spectrum(run, name, seed, recipe):
    return {"all": lambda: geometry.fit_spectrum(run.load(name), seed, recipe)}


def _kernel(run, name, seed, recipe):
    return {"all": lambda: geometry.fit_kernel(run.load(name), seed, recipe)}


def _neighbours(run, name, seed, recipe):
    return {"all": lambda: images.fit_neighbours(run.load(name), seed, recipe)}


def _on_tables(run, name, seed, recipe):
    return {
        f"{data}: {model}": lambda data=data, model=model: tabular.fit_on_table(
            run.load(data, seed), seed, model
        )
        for data in (QUICK_TABLES if run.quick else TABULAR)
        for model in tabular.names_on_tables(TABULAR[data][0])
    }


TABLES = {
    1: Table(
        "MNIST: HalfNet of rank 32 beside full layers of 1,024 units",
        _beside_full_layers,
        report.beside_full_layers,
        "mnist",
    ),
    2: Table("MNIST: accuracy by rank", _by_rank, report.by_rank, "mnist"),
    3: Table(
        "CIFAR-10, flat pixels: accuracy by rank", _by_rank, report.by_rank, "cifar10"
    ),
    4: Table(
        "Regression on 8 directions of 50 features",
        _multi_index,
        report.score_table,
        "multi-index",
    ),
    5: Table(
        "MNIST, 10,000 rows: 5 nearest neighbours",
        _neighbours,
        report.neighbours,
        "mnist",
    ),
    6: Table("Ten tabular data sets", _on_tables, report.on_tables),
    7: Table(
        "Table 4's problem: what becomes of a rank of just 8",
        _rank_8,
        report.rank_8,
        "multi-index",
    ),
    8: Table("MNIST: the spectrum of A A^T", _spectrum, report.spectrum, "mnist"),
    9: Table(
        "MNIST: kernels of random units beside their closed forms",
        _kernel,
        report.kernel,
        "mnist",
    ),
}


def _describe(result):
    if "test" not in result:
        return ", ".join(f"{name} {value:.2f}" for name, value in result.items())
    return f"{result['test']:.4g} in {result['fit_seconds']:.1f} s"


EXPERIMENT = Experiment(
    "halfnet",
    _jobs,
    lambda records: tables_text(report.HEAD, TABLES, records),
    _describe,
    TABLES,
    load=_load,
    figures=report.figures,
    prints=("path",),
    whole=True,
)
