"""The report and the figures of ``halfnet reproduce halfnet``."""

from collections import defaultdict

import numpy as np

from sklearn_halfnet.experiments._figures import (
    can_draw,
    save_png,
    score_against_parameters,
)
from sklearn_halfnet.experiments._half_layers_report import environment_text
from sklearn_halfnet.experiments._measures import by_model, mean, mean_text
from sklearn_halfnet.experiments._report import markdown_table, mean_and_sd

__all__ = ["draw", "report_text"]


def report_text(tables, records):
    """Write every table that has results as Markdown.

    Parameters
    ----------
    tables : dict of int to (str, str)
        Number -> (key of the data, title).
    records : list of dict
        Of ``ResultFile.read``.

    Returns
    -------
    str
    """
    lines = ["# HalfNet", "", "Means and standard deviations over the seeds.", ""]
    for number, (_, title) in tables.items():
        results = by_model(records, number)
        if results:
            lines += [f"## Table {number}. {title}", "", _repetitions(results), ""]
            lines += [_TABLES[number](results), ""]
    lines += ["## Environment", "", environment_text(records)]
    return "\n".join(lines) + "\n"


def _repetitions(results):
    counts = sorted({len(found) for found in results.values()})
    return f"Seeds: {' to '.join(map(str, counts))}."


def _image_table(results):
    rows = [
        [
            model,
            mean_text(found, "test"),
            mean_text(found, "train"),
            f"{mean(found, 'n_trainable'):,.0f}",
            mean_text(found, "fit_seconds", 1),
            str(len(found)),
        ]
        for model, found in results.items()
    ]
    header = ["model", "test %", "train %", "parameters", "fit s", "seeds"]
    return markdown_table(header, rows)


def _beside_full_layers(results):
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
                f"{mean(other, 'fit_seconds') / mean(net, 'fit_seconds'):.1f} of the "
                "time."
            )
    return "\n".join(lines)


def _by_rank(results):
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


def _score_table(results):
    rows = [
        [model, mean_text(found, "test", 4), mean_text(found, "fit_seconds", 1)]
        for model, found in results.items()
    ]
    return markdown_table(["model", "test R2", "fit s"], rows)


def _neighbours(results):
    found = results["all"]
    rows = [[name, mean_text(found, name)] for name in found[0]]
    return markdown_table(["neighbours in", "test %"], rows)


def _defaults(results):
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
        "splits' differences is a tie. Defaults, but 1,000 components and gamma "
        '"scale" for RBFSampler and 500 components for Nystroem. Seconds of a fit, '
        "summed over the data sets.",
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


_TABLES = {
    1: _beside_full_layers,
    2: _by_rank,
    3: _by_rank,
    4: _score_table,
    5: _neighbours,
    6: _defaults,
}


def draw(records, out):
    """Draw accuracy against trainable parameters for the tables by rank.

    Parameters
    ----------
    records : list of dict
    out : Path
        Folder.
    """
    for number, name in ((2, "mnist"), (3, "cifar10")):
        series = defaultdict(list)
        for model, found in by_model(records, number).items():
            score, sd = mean_and_sd([result["test"] for result in found])
            point = {
                "parameters": mean(found, "n_trainable"),
                "score": score,
                "sd": sd,
            }
            series[model.split(", rank")[0]].append(point)
        if series and can_draw():
            title = f"HalfNet of 1,024 units, rank 1 to 128: {name}"
            figure = score_against_parameters(dict(series), "test accuracy, %", title)
            save_png(figure, out / f"{name}-rank.png")
