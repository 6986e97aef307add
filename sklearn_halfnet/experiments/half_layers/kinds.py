"""``halfnet reproduce weight-kinds``: all kinds of weights at one width, on images."""

from sklearn_halfnet import ELMClassifier
from sklearn_halfnet.experiments._common.counts import weight_kind
from sklearn_halfnet.experiments._common.data import load_images
from sklearn_halfnet.experiments._common.epochs import fit_all_epochs, percent_right
from sklearn_halfnet.experiments._common.experiment import Experiment
from sklearn_halfnet.experiments._common.report import (
    environment_text,
    markdown_table,
    mean_text,
)
from sklearn_halfnet.experiments._common.runner import Job
from sklearn_halfnet.weights import WEIGHTS, ReceptiveFieldWeights

__all__ = ["EXPERIMENT", "KINDS"]

SETS = ("mnist", "fashion-mnist")
# The read-out is in closed form: no training blurs what the weights are worth.
OPTIONS = {
    "hidden_layer_sizes": 512,
    "activation": "relu",
    "input_scaling": "center",
    "alpha": "gcv",
}
_WITHIN_FIELDS = ("normal", "difference", "class_sums")
KINDS = [
    *(kind for kind in WEIGHTS if kind != "receptive_field"),
    *(f"receptive_field of {kind}" for kind in _WITHIN_FIELDS),
]


def _jobs(run):
    return [
        Job(
            {"data": name, "kind": kind, "seed": seed},
            f"{name}, {kind}, seed {seed}",
            lambda name=name, kind=kind, seed=seed: _measure(
                run.load(name), kind, seed
            ),
            {"options": OPTIONS, "quick": run.quick},
        )
        for seed in range(run.rounds)
        for name in SETS
        for kind in KINDS
    ]


def _measure(data, kind, seed):
    field, _, base = kind.partition(" of ")
    if base:
        weights = ReceptiveFieldWeights(base, image_shape=data.image_shape)
    else:
        weights = weight_kind(field, data.image_shape)
    model = ELMClassifier(**OPTIONS, weight_kind=weights, random_state=seed)
    seconds = fit_all_epochs(model, data)
    return {"test": percent_right(model, data, "test"), "fit_seconds": seconds}


def _report(records):
    found = {}
    for record in records:
        key = record["key"]
        found.setdefault((key["kind"], key["data"]), []).append(record["result"])
    rows = [
        [kind, *(mean_text(found[kind, name], "test") for name in SETS)]
        for kind in KINDS
    ]
    options = ", ".join(f"`{name}={value!r}`" for name, value in OPTIONS.items())
    lines = [
        "# Kinds of weights",
        "",
        f"Test accuracy in percent of `ELMClassifier`, {options}; filters and fields "
        "with their defaults. Mean and standard deviation over the seeds.",
        "",
        markdown_table(["kind", *SETS], rows),
        "",
        "## Environment",
        "",
        environment_text(records),
    ]
    return "\n".join(lines) + "\n"


EXPERIMENT = Experiment(
    "weight-kinds",
    _jobs,
    _report,
    lambda result: f"{result['test']:.2f} % in {result['fit_seconds']:.1f} s",
    load=lambda run, name: load_images(run, name, train=1_000, test=500),
)
