"""The report and the figures of ``halfnet reproduce halfnet``."""

from collections import Counter, defaultdict
from functools import partial, wraps

import numpy as np

from sklearn_halfnet.experiments._common.figures import score_against_parameters
from sklearn_halfnet.experiments._common.report import (
    by_model,
    markdown_table,
    mean,
    mean_and_sd,
    mean_text,
    median_text,
    range_text,
)
from sklearn_halfnet.experiments.halfnet._geometry import KERNELS, TRUNCATIONS, UNITS

__all__ = [
    "HEAD",
    "beside_full_layers",
    "by_rank",
    "figures",
    "kernel",
    "neighbours",
    "on_tables",
    "rank_8",
    "score_table",
    "spectrum",
]

HEAD = [
    "# HalfNet",
    "",
    "Means and standard deviations over the seeds; of seconds medians and ranges.",
]


def _with_seeds(text):
    """Let a table begin with the number of its seeds."""

    @wraps(text)
    def with_seeds(results):
        counts = sorted({len(found) for found in results.values()})
        return f"Seeds: {' to '.join(map(str, counts))}.\n\n{text(results)}"

    return with_seeds


def _image_table(results):
    rows = [
        [
            model,
            mean_text(found, "test"),
            mean_text(found, "train"),
            f"{mean(found, 'n_trainable'):,.0f}",
            median_text(found, "fit_seconds"),
            str(len(found)),
        ]
        for model, found in results.items()
    ]
    header = ["model", "test %", "train %", "parameters", "fit s", "seeds"]
    return markdown_table(header, rows)


@_with_seeds
def beside_full_layers(results):
    """Accuracies, and how HalfNet stands beside each full layer."""
    lines = [_image_table(results), ""]
    net = results.get("HalfNet")
    if net:
        lines += [
            f"HalfNet with new random weights: {mean_text(net, 'old_read_out')} % with "
            f"the old read-out, {mean_text(net, 'refit')} % with a refit one (logistic "
            "regression).",
            "",
        ]
    for model in results:
        if net and model != "HalfNet":
            other = results[model]
            lines.append(
                f"- Beside {model}: {mean(net, 'test') - mean(other, 'test'):+.2f} "
                f"points; 1 / "
                f"{mean(other, 'n_trainable') / mean(net, 'n_trainable'):.1f} of the "
                f"parameters; 1 / "
                f"{_median(other) / _median(net):.1f} of the "
                "time."
            )
    return "\n".join(lines)


def _median(results):
    return float(np.median([result["fit_seconds"] for result in results]))


@_with_seeds
def by_rank(results):
    """Accuracies, and the largest fall between neighbours."""
    ranked = {
        model: found
        for model, found in results.items()
        if model.startswith("HalfNet, rank")
    }
    means = [mean(found, "test") for found in ranked.values()]
    drop = max([0.0, *(-np.diff(means))])
    return (
        f"{_image_table(results)}\n\nLargest drop from one rank to the next: "
        f"{drop:.2f} points."
    )


@_with_seeds
def score_table(results):
    """R2 and seconds."""
    rows = [
        [model, mean_text(found, "test", 4), median_text(found, "fit_seconds")]
        for model, found in results.items()
    ]
    return markdown_table(["model", "test R2", "fit s"], rows)


@_with_seeds
def rank_8(results):
    """R2 as quartiles, and how often a direction is lost."""
    rows = []
    for model, found in results.items():
        low, middle, high = np.quantile([r["test"] for r in found], (0.25, 0.5, 0.75))
        lost = Counter(
            q for r in found for q, share in r["found"].items() if share < 0.5
        )
        where = ", ".join(f"{q} {n}" for q, n in sorted(lost.items()))
        rows.append(
            [
                model,
                f"{middle:.3f}",
                f"{low:.3f} to {high:.3f}",
                range_text([r["test"] for r in found], ".3f"),
                where or "none",
                median_text(found, "fit_seconds"),
                str(len(found)),
            ]
        )
    header = ["model", "median R2", "quartiles", "range", "lost", "fit s", "seeds"]
    return (
        "Lost: in how many fits less than half of the length of a direction q lies in "
        f"the span of A.\n\n{markdown_table(header, rows)}"
    )


@_with_seeds
def spectrum(results):
    """Directions that matter, and accuracy on the first k of them."""
    found = results["all"]
    words = {
        "effective_rank": "effective rank (of 32)",
        "directions_of_90_percent": "directions with 90 % of the energy",
        "cosine_to_principal": "mean cosine to as many principal directions",
        "cosine_to_other_seed": "mean cosine to A of another seed",
    }
    rows = [[text, mean_text(found, name)] for name, text in words.items()]
    rows += [
        [f"test %, A cut to {k} directions", mean_text(found, f"truncated {k}")]
        for k in TRUNCATIONS
    ]
    return markdown_table(["", "HalfNet, rank 32"], rows)


@_with_seeds
def kernel(results):
    """Relative distances to the limit, and how fast they fall."""
    found = results["all"]
    rows = []
    for name in KERNELS:
        gaps = [mean(found, f"{name} {n}") for n in UNITS]
        slope = np.polyfit(np.log(UNITS), np.log(gaps), 1)[0]
        rows.append([name, *(f"{gap:.4f}" for gap in gaps), f"{slope:.2f}"])
    header = ["kernel", *(f"{n:,} units" for n in UNITS), "exponent"]
    return (
        "Frobenius distance of the kernel of random units on HalfNet's embedding to "
        "its closed form, arc-cosine (Cho & Saul 2009) or Gaussian (Rahimi & Recht "
        "2007), in units of the latter's norm; it should fall with the units to the "
        f"power -0.5.\n\n{markdown_table(header, rows)}"
    )


@_with_seeds
def neighbours(results):
    """Accuracy by what the neighbours are sought in."""
    found = results["all"]
    rows = [[name, mean_text(found, name)] for name in found[0]]
    return markdown_table(["neighbours in", "test %"], rows)


@_with_seeds
def on_tables(results):
    """Mean score, one row a data set, and how HalfNet stands beside each model."""
    scores, seconds = defaultdict(dict), defaultdict(float)
    for key, found in results.items():
        data, model = key.split(": ")
        seconds[model] += mean(found, "fit_seconds")
        scores[data][model] = np.array([result["test"] for result in found])
    models = list(next(iter(scores.values())))
    rows = [
        [data, *(f"{of[m].mean():.4f}" if m in of else "" for m in models)]
        for data, of in scores.items()
    ]
    rows.append(["seconds, all", *(f"{seconds[m]:.0f}" for m in models)])
    lines = [
        "Test accuracy or R2. A difference smaller than the standard deviation of the "
        "splits' differences is a tie. HalfNet, a plain one, and half layers have 512 "
        "units and 50 passes; they and ELM standardise columns. All else is at its "
        'defaults, but 1,000 components and gamma "scale" for RBFSampler and 500 '
        "components for Nystroem. Seconds of a fit, summed over the data sets.",
        "",
        markdown_table(["data", *models], rows),
        "",
    ]
    for model in models[1:]:
        differences = [
            of["halfnet"] - of[model] for of in scores.values() if model in of
        ]
        wins = sum(d.mean() > 0 and abs(d.mean()) >= d.std() for d in differences)
        ties = sum(abs(d.mean()) < d.std() for d in differences)
        lines.append(
            f"- HalfNet beside {model}: {wins} wins, {ties} ties, "
            f"{len(differences) - wins - ties} losses."
        )
    return "\n".join(lines)


def figures(records, run):
    """Accuracy against trainable parameters, of the tables by rank."""
    found = {}
    for number, name in ((2, "mnist"), (3, "cifar10")):
        series = defaultdict(list)
        for model, results in by_model(records, number).items():
            score, sd = mean_and_sd([result["test"] for result in results])
            parameters = mean(results, "n_trainable")
            point = {"parameters": parameters, "score": score, "sd": sd}
            series[model.split(", rank")[0]].append(point)
        if series:
            title = f"HalfNet of 1,024 units, rank 1 to 128: {name}"
            found[f"{name}-rank.png"] = partial(
                score_against_parameters, dict(series), "test accuracy, %", title
            )
    return found
