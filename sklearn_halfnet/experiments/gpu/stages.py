"""``halfnet reproduce gpu``: stages within some minutes, each with a share of them.

A job is stored when it has ended, under the name of its device; what did not fit into
the minutes is left to the next run.
"""

from functools import partial

from sklearn_halfnet._device import resolve_device
from sklearn_halfnet.experiments._common.data import channels_first, load_images
from sklearn_halfnet.experiments._common.environment import describe_environment
from sklearn_halfnet.experiments._common.experiment import Experiment, Table
from sklearn_halfnet.experiments._common.partial_cnns import (
    COUNTS,
    FEW,
    HALVES,
    LOW_RATE,
    MAGNITUDES,
    NORMS_FIXED,
    SLICES,
    TASKS,
)
from sklearn_halfnet.experiments._common.report import tables_text
from sklearn_halfnet.experiments._common.runner import Job
from sklearn_halfnet.experiments.gpu import _measures as measures, _report as report
from sklearn_halfnet.experiments.gpu._minutes import Minutes

__all__ = ["EXPERIMENT", "FURTHER", "NETWORKS", "PARTS", "TABLES"]

# Of the minutes; what a stage leaves is the next one's.
SHARES = {1: 2.0, 2: 3.0, 3: 2.0, 4: 5.0, 5: 8.0}
ROWS = {"n_rows": 1_000_000, "n_units": 8192}
ROWS |= {"n_cpu_rows": 200_000, "n_exact_rows": 20_000}
QUICK_ROWS = {"n_rows": 4_000, "n_units": 96, "n_cpu_rows": 2_000}
QUICK_ROWS |= {"n_exact_rows": 1_000}
RANKS = (32, 64, 128, 256)

NETWORKS = {
    "wrn": {"architecture": "wrn", "depth": 28, "width": 4},
    "densenet": {"architecture": "densenet", "depth": 100, "width": 12},
}
# VGG-19 has 16 convolutions, AlexNet 5.
VGG = {"depth": 17, "width": 64}
OTHERS = {
    "vgg_bn": {"architecture": "vgg_bn", **VGG},
    "vgg": {"architecture": "vgg", **VGG, **LOW_RATE},
    "alexnet": {"architecture": "alexnet", "depth": 6, "width": 64, **LOW_RATE},
}
QUICK_SIZES = {"depth": 10, "width": 1}
# The paper learns all batch norms beside a part, and of a part no more than it.
PARTS = {
    "fraction 1": {"trainable": "all"},
    "fraction .1": {"fraction": 0.1},
    "fraction .4": {"fraction": 0.4},
    "fraction .1, others zero": {"fraction": 0.1, "frozen": "zero"},
    "one filter": {"n_filters": 1},
    "batch norm": {"trainable": "batch_norm"},
    "conv1": {"trainable": ["conv1", "batch_norm"]},
    "block1": {"trainable": ["block1", "batch_norm"]},
    "block2": {"trainable": ["block2", "batch_norm"]},
    "block3": {"trainable": ["block3", "batch_norm"]},
    "fc": {"trainable": ["classifier", "batch_norm"]},
}
# What the paper claims beside these, what tells most first. Network, what is learned.
FURTHER = {
    **{
        ("wrn", f"fraction {name}{NORMS_FIXED}"): {
            "fraction": fraction,
            "fit_batch_norms": False,
        }
        for name, fraction in ((".05", 0.05), (".1", 0.1), (".4", 0.4))
    },
    ("wrn", "fraction .05"): {"fraction": 0.05},
    **{
        ("wrn", name): SLICES[name]
        for name in ("kernel rows 1/3", "kernel columns 1/3", "fraction 1/3")
    },
    **{("wrn", name): options for name, options in (COUNTS | FEW).items()},
    **{
        (network, name): MAGNITUDES[name]
        for network in ("vgg", "alexnet")
        for name in ("fraction .1", "fraction .4")
    },
}
LAST = {
    ("vgg_bn", "fraction .4"): MAGNITUDES["fraction .4"],
    ("wrn", "input channels 1/3"): SLICES["input channels 1/3"],
}
CNN_RECIPE = {
    **{"max_iter": 10, "batch_size": 128, "learning_rate_init": 0.1},
    **{"flips": True, "crop_padding": 4, "mixed_precision": True},
}


def _load(run, name):
    data = load_images(run, name, train=300, test=100)
    return channels_first(data) if name == "cifar10" else data


def _flat(data):
    """Rows of pixels, for networks that know nothing of images."""
    rows = type(data)(**data)
    for part in ("X_train", "X_test"):
        rows[part] = rows[part].reshape(len(rows[part]), -1)
    return rows


def _device_name(device):
    """Name the device as its maker does."""
    import torch

    device = resolve_device(device)
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    return describe_environment()["processor"]


def _jobs(run):
    settings = {"quick": run.quick, "device": _device_name(run.more["device"])}
    shares = {number: SHARES[number] for number in run.tables}
    minutes = Minutes(run.more["minutes"], shares)
    for number in run.tables:
        for model, (kind, options, fit) in TABLES[number].fits(run).items():
            yield Job(
                key={"table": number, "model": model, "seed": 0},
                label=f"table {number}, {model}",
                run=_in_time(minutes, number, kind, fit),
                settings=settings | options,
            )


def _in_time(minutes, stage, kind, fit):
    """Return a function that fits if there is time, and notes how long it takes."""

    def run():
        if not minutes.allow(stage, kind):
            return None
        before = minutes.left(stage)
        result = fit(before)
        if result is not None:
            minutes.took(kind, before - minutes.left(stage))
        return result

    return run


# -- stages: model -> its kind, settings, and a function of the seconds left -----------


def _passes(run):
    device = run.more["device"]
    return {
        "half layer": (
            "half layer",
            {},
            lambda left: measures.half_layer(run.load("mnist"), device),
        ),
        "HalfNet": (
            "HalfNet",
            {},
            lambda left: measures.plain_net(run.load("mnist"), device),
        ),
    }


def _closed_form(run):
    device, sizes = run.more["device"], QUICK_ROWS if run.quick else ROWS
    n_units = 64 if run.quick else 8000
    return {
        "rows": (
            "rows",
            sizes,
            lambda left: measures.rows_beside_the_cpu(device, **sizes),
        ),
        "fields": (
            "fields",
            {"n_units": n_units},
            lambda left: measures.fields(run.load("mnist"), device, n_units),
        ),
    }


def _by_rank(run):
    device, max_iter = run.more["device"], 2 if run.quick else 50
    ranks = RANKS[:1] if run.quick else RANKS
    names = {f"HalfNet, rank {rank}": rank for rank in ranks} | {"MLP-1024": None}
    return {
        name: (
            "rank",
            {"max_iter": max_iter},
            lambda left, rank=rank: measures.by_rank(
                _flat(run.load("cifar10")), device, rank, max_iter
            ),
        )
        for name, rank in names.items()
    }


def _partial_cnns(run):
    fits = {}
    for name, network in NETWORKS.items():
        for part, options in PARTS.items():
            fits[f"{name}: {part}"] = network | options
    fits["vgg_bn: fraction .1"] = OTHERS["vgg_bn"] | PARTS["fraction .1"]
    names = [*fits][:2] if run.quick else fits
    return {
        name: _cnn(run, name.split(":")[0], fits[name], measures.partial_cnn)
        for name in names
    }


def _cnn(run, kind, options, measure):
    """One row: its kind, its settings, and a function of the seconds left."""
    options = CNN_RECIPE | options
    if run.quick:
        options |= QUICK_SIZES | {"max_iter": 1}
    return (
        kind,
        {"options": options},
        lambda left: measure(run.load("cifar10"), run.more["device"], options, left),
    )


def _further(run):
    networks = NETWORKS | OTHERS
    of_layers = partial(measures.partial_cnn, of_layers=True)

    def rows(parts):
        return {
            f"{network}: {part}": _cnn(
                run, network, networks[network] | options, measures.partial_cnn
            )
            for (network, part), options in parts.items()
        }

    fits = rows(FURTHER)
    for name, options in TASKS.items():
        options = NETWORKS["wrn"] | options
        fits[f"{HALVES}: {name}"] = _cnn(run, "tasks", options, measures.two_tasks)
    for name, options in MAGNITUDES.items():
        options = NETWORKS["wrn"] | options
        fits[f"wrn: {name}, weights"] = _cnn(run, "wrn", options, of_layers)
    fits |= rows(LAST)
    if run.quick:
        # One of a kind; of magnitudes what has fixed weights, and what has none.
        kinds = {name.split(":")[0]: name for name in reversed(fits)}
        weights = [name for name in fits if name.endswith(", weights")]
        fits = {name: fits[name] for name in [*kinds.values(), *weights]}
    return fits


TABLES = {
    1: Table("MNIST: seconds of passes", _passes, report.passes),
    2: Table("Closed form", _closed_form, report.closed_form),
    3: Table(
        "CIFAR-10, flat pixels: accuracy by rank after 50 passes",
        _by_rank,
        report.by_rank,
    ),
    4: Table(
        "CIFAR-10: partly trained networks of the paper's sizes, 10 passes",
        _partial_cnns,
        report.partial_cnns,
    ),
    5: Table(
        "CIFAR-10: what else the paper claims, at its sizes, 10 passes",
        _further,
        report.further,
    ),
}


def _report(records):
    devices = sorted({record["settings"]["device"] for record in records})
    return "".join(
        tables_text(
            [*report.HEAD, "", f"Device: {device}."],
            TABLES,
            [r for r in records if r["settings"]["device"] == device],
        )
        for device in devices
    )


EXPERIMENT = Experiment(
    "gpu",
    _jobs,
    _report,
    tables=TABLES,
    load=_load,
    figures=report.figures,
    prints=("path", "report", "figures"),
    whole=True,
)
