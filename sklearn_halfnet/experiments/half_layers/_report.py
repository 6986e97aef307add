"""Report and figures of the half-layer paper, from the records of a run."""

import statistics
from functools import partial

from sklearn_halfnet.experiments._common.figures import (
    learning_curves,
    score_against_parameters,
)
from sklearn_halfnet.experiments._common.report import (
    by_model,
    environment_text,
    markdown_table,
    mean_and_sd,
)
from sklearn_halfnet.experiments.half_layers._published import SOURCE, TABLES

__all__ = ["figures", "report_text", "row_summaries"]

HEADERS = [
    "model",
    "trainable parameters",
    "paper, test %",
    "here, test %",
    "sd",
    "difference",
    "here, train %",
    "seeds",
    "fit, s",
]


def row_summaries(number, records):
    """Bring the seeds of each row of a table together: model -> figures.

    ``sd`` is nan for one seed, ``fit_seconds`` a median.
    """
    found = by_model(_without_curves(records), number)
    published = TABLES[number].published
    return {m: _summary(found[m], published[m]) for m in published if m in found}


def _without_curves(records):
    return [record for record in records if "curve" not in record["key"]]


def _summary(results, paper):
    test, sd = mean_and_sd([result["test"] for result in results])
    return {
        "test": test,
        "sd": sd,
        "train": statistics.fmean(result["train"] for result in results),
        "paper": paper,
        "n_seeds": len(results),
        "n_trainable": results[0]["n_trainable"],
        "fit_seconds": statistics.median(result["fit_seconds"] for result in results),
    }


def report_text(records, recipes):
    """Write the report in Markdown, ours beside the paper's.

    ``recipes`` takes whether it was a small run, and says what was trained how.
    """
    quick = records[0]["settings"]["quick"]
    parts = ["# Half layers: ours beside the paper's", f"Paper: {SOURCE}."]
    if quick:
        parts.append(
            "**A quick run on few rows: it shows that the command works; its figures "
            "are not comparable with the paper's.**"
        )
    parts += [_recipe_line(what, recipe) for what, recipe in recipes(quick).items()]
    parts.append(
        "Test accuracy is the mean over the seeds, sd its sample standard deviation, "
        "fit the median in seconds; lp, softmax regression, is an MLP without hidden "
        "layers, both fully trained by torch; c stands for two convolutional layers "
        "before, mlp-H-rnd for a full layer of H units before. Kinds of weights: N "
        "normal, B binary, M Mexican hats, T templates, P principal directions. No "
        "picking: the last epoch counts."
    )
    for number in _tables(records):
        parts.append(f"## Table {number}: {TABLES[number].title}")
        rows = row_summaries(number, records)
        cells = [_cells(model, row) for model, row in rows.items()]
        parts += [markdown_table(HEADERS, cells), *_verdict(rows)]
    parts += ["## Environment", environment_text(records)]
    return "\n\n".join(parts) + "\n"


def _recipe_line(what, recipe):
    values = ", ".join(f"`{name}={value!r}`" for name, value in recipe.items())
    return f"Recipe of {what}: {values}."


def _cells(model, row):
    sd = "-" if row["sd"] != row["sd"] else f"{row['sd']:.2f}"
    paper, difference = "-", "-"
    if row["paper"] is not None:
        paper = f"{row['paper']:.2f}"
        difference = f"{row['test'] - row['paper']:+.2f}"
    return [
        model,
        f"{row['n_trainable']:,}",
        paper,
        f"{row['test']:.2f}",
        sd,
        difference,
        f"{row['train']:.2f}",
        str(row["n_seeds"]),
        f"{row['fit_seconds']:.1f}",
    ]


def _verdict(rows):
    """Say how many rows are above the paper's, a list; empty where it has none."""
    ours = [row for model, row in rows.items() if "rnd" in model and row["paper"]]
    better = sum(row["test"] > row["paper"] for row in ours)
    told = f"{better} of {len(ours)} half-layer rows are above the paper's."
    return [told] if ours else []


def _tables(records):
    return sorted({record["key"]["table"] for record in records})


def figures(records):
    """Name -> function that draws it, of all tables."""
    found = {}
    for number in _tables(records):
        table = TABLES[number]
        data, title = f"{table.figures}{table.data}", table.title
        found[f"{data}-accuracy.png"] = partial(
            score_against_parameters,
            _series(row_summaries(number, records)),
            "test accuracy, %",
            title,
        )
        curves = _curves(number, records)
        if curves:
            found[f"{data}-curves.png"] = partial(learning_curves, curves, title)
    return found


def _curves(number, records):
    return {
        record["key"]["model"]: record["result"]
        for record in records
        if record["key"]["table"] == number and "curve" in record["key"]
    }


def _series(rows):
    """Points of ours and of the paper: one series a kind."""
    ours, papers = {}, {}
    for model, row in rows.items():
        parts = model.split("-")
        name = f"{parts[0]}-{parts[2]}" if parts[0].endswith("rnd") else parts[0]
        if "-rnd-" in model:
            name = f"mlp before rnd-{parts[-1]}"
        parameters = {"parameters": row["n_trainable"]}
        point = parameters | {"score": row["test"], "sd": row["sd"]}
        ours.setdefault(name, []).append(point)
        point = parameters | {"score": row["paper"], "sd": 0.0, "published": True}
        if row["paper"] is not None:
            papers.setdefault(f"{name} (paper)", []).append(point)
    return ours | papers
