"""``halfnet reproduce half-layers``: the tables and figures of the paper.

References
----------
E. Alpaydin (2025), "Half-Layered Neural Networks", arXiv 2506.04352: one hidden
layer (tables 1 and 2 here), the same behind convolutions (3 and 4), and the figures
of accuracy against the number of trainable parameters, of the weight kinds, and of
learning curves. Tables 5 and 6 are of what the paper has no figures of: a half layer
behind a full one, and principal directions.
"""

import numpy as np

from sklearn_halfnet import ConvHalfLayerClassifier, HalfLayerClassifier
from sklearn_halfnet.experiments._common.counts import stored_bytes, weight_kind
from sklearn_halfnet.experiments._common.data import load_images
from sklearn_halfnet.experiments._common.epochs import learning_curve, measure_epochs
from sklearn_halfnet.experiments._common.experiment import Experiment
from sklearn_halfnet.experiments._common.figures import weight_pictures
from sklearn_halfnet.experiments._common.recipes import (
    CONVOLUTIONS,
    FULL_LAYERS,
    HALF_LAYERS,
)
from sklearn_halfnet.experiments._common.runner import Job
from sklearn_halfnet.experiments._common.torch_mlp import TorchMLP
from sklearn_halfnet.experiments.half_layers import _report as report
from sklearn_halfnet.experiments.half_layers._published import TABLES

__all__ = ["EXPERIMENT", "KINDS", "make_model"]

HEADS = {"clp": "linear", "cmlp": "full", "crnd": "half"}

KINDS = {
    "N": "normal",
    "B": "binary",
    "M": "mexican_hat",
    "T": "instances",
    "P": "principal",
}

PICTURED_UNITS = 8
CURVE_MODELS = ("mlp-32", "rnd-1024-N", "cmlp-40", "crnd-1024-N")
QUICK_MODELS = (
    *("lp", "mlp-32", "rnd-256-N", "rnd-256-B", "rnd-256-M", "rnd-256-T"),
    *("clp", "cmlp-40", "crnd-256-N", "crnd-256-B"),
    *("mlp-64-512", "mlp-64-rnd-512-N", "rnd-512-P"),
)
QUICK_CURVE_MODELS = ("mlp-32", "rnd-256-N", "crnd-256-N")
QUICK_ROWS = {"train": 2_000, "test": 1_000}
QUICK_EPOCHS = 3


def _jobs(run):
    """Every model, seed by seed, then learning curves of seed 0; table by table."""
    curve_models = QUICK_CURVE_MODELS if run.quick else CURVE_MODELS
    for number in run.tables:
        known = TABLES[number].published
        models = [m for m in known if not run.quick or m in QUICK_MODELS]
        for seed in range(run.rounds):
            yield from (_job(run, number, model, seed) for model in models)
        for model in curve_models:
            if model in models:
                yield _job(run, number, model, 0, curve=True)


def _job(run, number, model, seed, curve=False):
    recipe = _recipes(run.quick)[_family(model)]
    what = {"table": number, "model": model, "seed": seed}
    work = _curve if curve else _measure
    return Job(
        key=what | {"curve": True} if curve else what,
        label=f"table {number}, {model}, {'curves' if curve else f'seed {seed}'}",
        run=lambda: work(model, seed, recipe, run.load(TABLES[number].data)),
        settings={"recipe": recipe, "quick": run.quick},
        cost=_cost(model) * (2 if curve else 1),
    )


def _recipes(quick):
    shorter = {"max_iter": QUICK_EPOCHS} if quick else {}
    return {
        "half layers": HALF_LAYERS | shorter,
        "lp and mlp": FULL_LAYERS | shorter,
        "convolutional networks": CONVOLUTIONS | shorter,
    }


def _family(model):
    """Which recipe a model of the paper follows."""
    if model.startswith("c"):
        return "convolutional networks"
    return "half layers" if "rnd" in model else "lp and mlp"


def _cost(model):
    """Guess the seconds of a fit: they only share out the remaining time."""
    if model.startswith("c"):
        return 40.0
    if model.startswith("mlp-64-"):  # all weights of two layers, or all that is before
        return 15.0
    return 2 + int(model.split("-")[1]) / 256 if model.startswith("rnd") else 3.0


def make_model(model, seed, recipe, image_shape):
    """Build the estimator of a row, unfitted.

    Parameters
    ----------
    model : str
        Name in the paper: "lp", "mlp-H" or "rnd-H-K" with K one of N, B, M, T; after
        convolutions "clp", "cmlp-H" or "crnd-H-K". Like these "mlp-F-H" and, after a
        full layer, "mlp-F-rnd-H-K"; K may be P.
    seed : int
    recipe : dict
        Parameters of training.
    image_shape : tuple of int
    """
    name, *rest = model.split("-")
    if name in HEADS:
        return ConvHalfLayerClassifier(
            int(rest[0]) if rest else 1,
            weight_kind=KINDS[rest[1]] if rest[1:] else "normal",
            head=HEADS[name],
            image_shape=image_shape,
            random_state=seed,
            **recipe,
        )
    full, is_half, half = model.partition("rnd-")
    if not is_half:  # without hidden layers it is softmax regression
        return TorchMLP(tuple(map(int, rest)), seed=seed, **recipe)
    size, kind = half.split("-")
    return HalfLayerClassifier(
        int(size),
        weight_kind=weight_kind(KINDS[kind], image_shape),
        full_layer_sizes=tuple(map(int, full.split("-")[1:-1])),
        random_state=seed,
        **recipe,
    )


def _measure(model, seed, recipe, data):
    estimator = make_model(model, seed, recipe, data.image_shape)
    result = measure_epochs(estimator, data)
    return result | {"n_bytes": stored_bytes(estimator)}


def _curve(model, seed, recipe, data):
    return learning_curve(make_model(model, seed, recipe, data.image_shape), data)


def _describe(result):
    if "fit_seconds" in result:
        return f"{result['test']:.2f} % in {result['fit_seconds']:.1f} s"
    return f"{result['test'][-1]:.2f} % after {len(result['test'])} epochs"


def _figures(records, run):
    data = TABLES[run.tables[0]].data
    weights = {"weights.png": lambda: weight_pictures(_sample_kinds(run.load(data)))}
    return weights | report.figures(records)


def _sample_kinds(data):
    """Sample a few units of each kind as a half layer would see them."""
    rng = np.random.default_rng(0)
    X = data.X_train[:2000] - data.X_train[:2000].mean(axis=0)
    return {
        f"{letter}: {kind}": weight_kind(kind, data.image_shape)
        .sample(PICTURED_UNITS, X.shape[1], rng, X=X, y=data.y_train[:2000])
        .reshape(-1, *data.image_shape)
        for letter, kind in KINDS.items()
    }


EXPERIMENT = Experiment(
    "half-layers",
    _jobs,
    lambda records: report.report_text(records, _recipes),
    _describe,
    TABLES,
    load=lambda run, name: load_images(run, name, **QUICK_ROWS),
    figures=_figures,
    prints=("path", "figures"),
    whole=True,
)
