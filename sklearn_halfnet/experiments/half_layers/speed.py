"""``halfnet reproduce half-layers-speed``: seconds, memory and bytes, with rivals."""

from sklearn_halfnet.experiments._common.data import load_images
from sklearn_halfnet.experiments._common.experiment import Experiment
from sklearn_halfnet.experiments._common.measures import Bar, bars_table, measure_jobs
from sklearn_halfnet.experiments._common.report import (
    environment_text,
    mean,
    results_by,
)
from sklearn_halfnet.experiments.half_layers import _speed as speed

__all__ = ["EXPERIMENT", "report_text"]

QUICK_ROWS = 3_000


def _jobs(run):
    data = load_images(run, "mnist", train=QUICK_ROWS)
    rows = {"n_rows": QUICK_ROWS} if run.quick else {}
    measures = {
        "mlp": lambda seed: speed.against_mlp(data, seed),
        "epoch": lambda seed: speed.epoch_against_full_layer(data, seed),
        "features": lambda seed: speed.epoch_by_features(seed, **rows),
        "cache": lambda seed: speed.cache_too_small(data, seed),
        "bytes": speed.pickled_bytes,
    }
    speed.against_mlp(data, 0)  # the first run loads libraries: not counted
    return measure_jobs(measures, {"cache", "bytes"}, run, "pair")


# Measure, half layer, beside, ratio, bar.
ROWS = (
    (
        "MNIST, 512 templates: fit, s",
        "{mlp.half:.2f}",
        "MLPClassifier((32,), max_iter=10): {mlp.mlp:.2f}",
        "{mlp.ratio:.2f}",
        Bar("at most 1.0", lambda v: v["mlp"].ratio, most=1),
    ),
    (
        "its test accuracy, %",
        "{mean:.2f}",
        "{mlp.mlp_test:.2f}",
        "",
        Bar("at least 96.6", lambda v: v["mean"], least=96.6),
    ),
    (
        "its trainable parameters",
        "{mlp.n_trainable:,.0f}",
        "25,450",
        "",
        Bar("at most 6,200", lambda v: v["mlp"].n_trainable, most=6_200),
    ),
    (
        "epoch, H = 1,024, MNIST, s",
        "{epoch.half:.3f}",
        "full layer in torch: {epoch.full:.3f}",
        "{epoch.ratio:.1f}",
        Bar("at least 5", lambda v: v["epoch"].ratio, least=5),
    ),
    (
        "epoch with 3,072 features, s",
        "{features.many:.3f}",
        "with 784: {features.few:.3f}",
        "{features.ratio:.2f}",
        Bar("within 15 %", lambda v: abs(v["features"].ratio - 1), most=0.15),
    ),
    (
        "peak with cache_size=50, MB",
        "{cache.peak_mb:.0f}",
        "projection: {cache.projection_mb:.0f}",
        "",
        Bar("at most 250", lambda v: v["cache"].peak_mb, most=250),
    ),
    (
        "its scores' largest difference",
        "{cache.difference:.1e}",
        "everything cached",
        "",
        Bar("at most 1e-5", lambda v: v["cache"].difference, most=1e-5),
    ),
    (
        "pickle, 784 x 1,000 binary, bytes",
        "{bytes.bytes:,.0f}",
        "float32 weights alone: 3,136,000",
        "",
        Bar("below 200,000", lambda v: v["bytes"].bytes, most=200_000),
    ),
)


def report_text(records):
    """Write the medians as Markdown, each beside its bar."""
    accuracy = mean(results_by("measure", records)["mlp"], "half_test")
    header = ["measure", "half layer", "beside", "ratio", "bar"]
    return f"""\
# Speed and memory of half layers

Medians; each pair was measured alternately in one run.

{bars_table(header, ROWS, records, mean=accuracy)}

## Environment

{environment_text(records)}
"""


EXPERIMENT = Experiment("half-layers-speed", _jobs, report_text)
