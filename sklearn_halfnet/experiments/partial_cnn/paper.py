"""``halfnet reproduce partial-cnn``: networks that learn next to nothing.

References
----------
A. Rosenfeld and J. K. Tsotsos (2018), "Intriguing Properties of Randomly Weighted
Networks: Generalizing While Learning Next to Nothing", arXiv 1802.00844.
"""

import pickle
import warnings
from functools import partial

import numpy as np
from sklearn.base import clone

from sklearn_halfnet import PartialCNNClassifier, SharedBackboneEnsembleClassifier
from sklearn_halfnet.exceptions import DatasetError
from sklearn_halfnet.experiments._common.data import (
    channels_first,
    first_rows,
    load_images,
)
from sklearn_halfnet.experiments._common.epochs import EpochClock
from sklearn_halfnet.experiments._common.experiment import Experiment, Table
from sklearn_halfnet.experiments._common.measures import timed
from sklearn_halfnet.experiments._common.partial_cnns import (
    COUNTS,
    FEW,
    HALVES,
    LOW_RATE,
    MAGNITUDES,
    NORMS_FIXED,
    SLICES,
    TASKS,
    magnitudes,
    magnitudes_text,
    of_tasks,
    tasks_of_halves,
)
from sklearn_halfnet.experiments._common.recipes import PARTIAL_CNN
from sklearn_halfnet.experiments._common.report import tables_text
from sklearn_halfnet.experiments._common.runner import Job
from sklearn_halfnet.experiments.partial_cnn import _report as report

__all__ = ["CONFIGURATIONS", "EXPERIMENT", "NETWORKS", "TABLES"]

N_TRAIN, N_TEST = 5_000, 10_000
NETWORKS = {
    "wrn": {"architecture": "wrn", "depth": 10, "width": 1},
    "densenet": {"architecture": "densenet", "depth": 10, "width": 12},
}
WRN = {"wrn": NETWORKS["wrn"]}
CONFIGURATIONS = {
    "fraction 1": {"trainable": "all"},
    "fraction .7": {"fraction": 0.7},
    "fraction .4": {"fraction": 0.4},
    "fraction .1": {"fraction": 0.1},
    "one filter": {"n_filters": 1},
    "fraction .4, others zero": {"fraction": 0.4, "frozen": "zero"},
    "fraction .1, others zero": {"fraction": 0.1, "frozen": "zero"},
    "input channels .1": {"fraction": 0.1, "trainable": "input_channels"},
    "batch norm": {"trainable": "batch_norm"},
    "conv1": {"trainable": "conv1"},
    "block1": {"trainable": "block1"},
    "block2": {"trainable": "block2"},
    "block3": {"trainable": "block3"},
    "fc": {"trainable": "classifier"},
    # As published: the paper's counts of what is learned include all batch norms.
    "conv1, batch norms": {"trainable": ["conv1", "batch_norm"]},
    "block1, batch norms": {"trainable": ["block1", "batch_norm"]},
    "block2, batch norms": {"trainable": ["block2", "batch_norm"]},
    "block3, batch norms": {"trainable": ["block3", "batch_norm"]},
    "fc, batch norms": {"trainable": ["classifier", "batch_norm"]},
}


def _chosen(*names):
    return {name: CONFIGURATIONS[name] for name in names}


TWENTIETH = {"fraction .05": {"fraction": 0.05}}
FRACTIONS = TWENTIETH | _chosen("fraction .1", "fraction .4", "fraction .7")
NORMS = FRACTIONS | {
    f"{name}{NORMS_FIXED}": options | {"fit_batch_norms": False}
    for name, options in FRACTIONS.items()
}
BACKBONES = {
    "vgg_bn": {"architecture": "vgg_bn", "depth": 9, "width": 16},
    "vgg": {"architecture": "vgg", "depth": 9, "width": 16, **LOW_RATE},
    "alexnet": {"architecture": "alexnet", "depth": 6, "width": 16, **LOW_RATE},
}
OF_COUNTS = _chosen("one filter") | COUNTS | TWENTIETH | FEW | _chosen("fraction .1")
# What the paper has of CIFAR-100.
OF_100 = _chosen(
    "fraction .1",
    "fraction .4",
    "fraction 1",
    "one filter",
    "batch norm",
    *(f"{part}, batch norms" for part in ("conv1", "block1", "block2", "block3", "fc")),
)
# Shared fraction of an ensemble of densenets, one pass after a start of one pass.
SHARED = {
    "fc only": 1.0,
    "share .9": 0.9,
    "share .6": 0.6,
    "share .3": 0.3,
    "full": 0.0,
}

# At least 64 filters a layer; the last two blocks of four stand for a half.
SPEED_NETWORK = {"architecture": "vgg_bn", "depth": 5, "width": 64}
SPEED_ROWS = 512
SPEED = {
    "a tenth of the filters": {"fraction": 0.1},
    "first half fixed and kept": {"trainable": ["block3", "block4", "classifier"]},
    "a tenth, others zero": {"fraction": 0.1, "frozen": "zero"},
}
QUICK_ROWS = 200


def _load(run, name="cifar10"):
    data = load_images(run, name, train=QUICK_ROWS, test=QUICK_ROWS)
    data = first_rows(data, train=N_TRAIN, test=N_TEST)
    return channels_first(data)


def _jobs(run):
    recipe = PARTIAL_CNN | ({"max_iter": 1} if run.quick else {})
    for number in run.tables:
        speed = number == 3
        settings = {"quick": run.quick, "n_train": SPEED_ROWS if speed else N_TRAIN}
        settings |= {} if speed else {"recipe": recipe}
        for seed in range(5 if speed and not run.quick else run.rounds):
            fits = TABLES[number].fits(run.load, seed, recipe)
            for model, (options, fit) in fits.items():
                yield Job(
                    key={"table": number, "model": model, "seed": seed},
                    label=f"table {number}, {model}, seed {seed}",
                    run=fit,
                    settings=settings | {"options": options},
                )


# -- tables: model -> its options, and the function that fits and scores it ------------


def _measure(model, data):
    model, result = _fit(model, data)
    train = 100 * model.score(data.X_train, data.y_train)
    return result | {"train": train}


def _fit(model, data):
    """Fit a copy; return it and what is measured of every model."""
    model = clone(model)
    _, seconds = timed(lambda: model.fit(data.X_train, data.y_train))
    return model, {
        "test": 100 * model.score(data.X_test, data.y_test),
        "n_learned": int(model.n_trainable_parameters_),
        "n_stored_bytes": int(model.n_stored_bytes_),
        "fit_seconds": seconds,
    }


def _fits(networks, configurations, load, seed, recipe, measure=_measure):
    """Every configuration of every network."""
    fits = {}
    for name, network in networks.items():
        for what, options in configurations.items():
            settings = network | options
            model = PartialCNNClassifier(**recipe | settings, random_state=seed)
            fits[f"{name}: {what}"] = (
                settings,
                lambda model=model: measure(model, load()),
            )
    return fits


def _measure_weights(model, data):
    model, result = _fit(model, data)
    return result | {"magnitudes": magnitudes(model)}


def _measure_weights(model, data):
    model, result = _fit(model, data)
    return result | {"magnitudes": magnitudes(model)}


def _cifar100(load, seed, recipe):
    def measure(model, load):
        try:
            data = load("cifar100")
        except DatasetError as error:
            warnings.warn(f"Table 10 is left out. {error}", stacklevel=1)
            return None
        return _measure(model, data)

    return _fits(WRN, OF_100, lambda: load, seed, recipe, measure)


def _tasks(load, seed, recipe):
    def pair():
        return [load("mnist"), load("fashion-mnist")]

    def halves():
        return tasks_of_halves(load())

    fits = {}
    for name, tasks in ((HALVES, halves), ("MNIST and Fashion-MNIST", pair)):
        for what, options in TASKS.items():
            settings = NETWORKS["wrn"] | options
            model = PartialCNNClassifier(**recipe | settings)
            fits[f"{name}: {what}"] = (
                settings,
                lambda model=model, tasks=tasks: of_tasks(model, tasks(), seed, _fit),
            )
    return fits


def _ensembles(load, seed, recipe):
    member = PartialCNNClassifier(**NETWORKS["densenet"], **recipe).set_params(
        max_iter=1
    )
    fits = {}
    for name, fraction in SHARED.items():
        model = SharedBackboneEnsembleClassifier(
            member,
            shared_fraction=fraction,
            validation_fraction=None,
            random_state=seed,
        )
        options = NETWORKS["densenet"] | {"shared_fraction": fraction}
        fits[name] = (options, lambda model=model: _measure_ensemble(model, load()))
    return fits


def _measure_ensemble(model, data):
    model, result = _fit(model, data)
    scores = [m.score(data.X_test, data.y_test) for m in model.estimators_]
    one, all_of_them = (len(pickle.dumps(m)) for m in (model.estimators_[0], model))
    return result | {
        "mean_member": 100 * float(np.mean(scores)),
        "pickle_ratio": all_of_them / one,
    }


def _speed(load, seed, recipe):
    return {
        name: (
            SPEED_NETWORK | options,
            lambda options=options: _beside_full_training(load(), options),
        )
        for name, options in SPEED.items()
    }


def _beside_full_training(data, options):
    """Seconds of a later pass of a network trained in part, and of the whole."""
    X, y = data.X_train[:SPEED_ROWS], data.y_train[:SPEED_ROWS]
    part = _seconds_of_a_pass(options, X, y)
    full = _seconds_of_a_pass({"trainable": "all"}, X, y)
    return {"part": part, "full": full, "speed": full / part}


def _seconds_of_a_pass(options, X, y):
    clock = EpochClock()
    model = PartialCNNClassifier(
        **SPEED_NETWORK, **options, max_iter=3, batch_size=64, random_state=0
    )
    model.set_callbacks(clock).fit(X, y)
    return clock.seconds


TABLES = {
    1: Table(
        "Accuracy by what is learned",
        partial(_fits, NETWORKS, CONFIGURATIONS),
        report.by_part,
    ),
    2: Table("Ensembles of five that share a fraction", _ensembles, report.ensembles),
    3: Table("Seconds of a pass, beside full training", _speed, report.speed),
    4: Table(
        "Batch norms learned or fixed", partial(_fits, NETWORKS, NORMS), report.norms
    ),
    5: Table(
        "VGG and AlexNet",
        partial(_fits, BACKBONES, FRACTIONS | _chosen("fraction 1")),
        report.accuracies,
    ),
    6: Table(
        "Rows and columns of kernels", partial(_fits, WRN, SLICES), report.accuracies
    ),
    7: Table(
        "Some filters, and small fractions",
        partial(_fits, NETWORKS, OF_COUNTS),
        report.accuracies,
    ),
    8: Table(
        "How large weights are",
        partial(_fits, WRN, MAGNITUDES, measure=_measure_weights),
        magnitudes_text,
    ),
    9: Table("Two tasks, two networks", _tasks, report.tasks),
    10: Table(
        "CIFAR-100", _cifar100, report.of_100, missing="Not run: no data of CIFAR-100."
    ),
}


def _describe(result):
    if "speed" in result:
        return f"{result['speed']:.2f} times as fast as full training"
    return f"{result['test']:.2f} % in {result['fit_seconds']:.1f} s"


EXPERIMENT = Experiment(
    "partial-cnn",
    _jobs,
    lambda records: tables_text(report.HEAD, TABLES, records),
    _describe,
    TABLES,
    load=_load,
    figures=report.figures,
    prints=("figures", "report"),
    whole=True,
)
