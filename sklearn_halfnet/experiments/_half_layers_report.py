"""Report and figures of the half-layer paper, from the records of a run."""

import statistics

from sklearn_halfnet.experiments import _figures
from sklearn_halfnet.experiments._half_layers_published import SOURCE, TABLES
from sklearn_halfnet.experiments._report import markdown_table, mean_and_sd

__all__ = ["draw", "environment_text", "report_text", "row_summaries"]

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
    """Bring the seeds of each row of a table together.

    Parameters
    ----------
    number : int
        Table of the paper.
    records : list of dict
        Of :func:`sklearn_halfnet.experiments._runner.run_jobs`.

    Returns
    -------
    dict of str to dict
        Model -> ``test``, ``sd`` (nan for one seed), ``train``, ``paper``,
        ``n_seeds``, ``n_trainable`` and ``fit_seconds`` (median).
    """
    rows = {}
    for model, paper in TABLES[number].published.items():
        results = [record["result"] for record in _seeds_of(number, model, records)]
        if results:
            rows[model] = _summary(results, paper)
    return rows


def _seeds_of(number, model, records):
    return [
        record
        for record in records
        if (record["key"]["table"], record["key"]["model"]) == (number, model)
        and "curve" not in record["key"]
    ]


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


def report_text(tables, records, recipes, quick):
    """Write the report in Markdown, ours beside the paper's.

    Parameters
    ----------
    tables : list of int
        Tables that were run.
    records : list of dict
        Of :func:`sklearn_halfnet.experiments._runner.run_jobs`.
    recipes : dict of str to dict
        What was trained how.
    quick : bool
        Whether it was a small run, whose figures mean nothing.

    Returns
    -------
    str
        Markdown.
    """
    parts = ["# Half layers: ours beside the paper's", f"Paper: {SOURCE}."]
    if quick:
        parts.append(
            "**A quick run on few rows: it shows that the command works; its figures "
            "are not comparable with the paper's.**"
        )
    parts += [_recipe_line(what, recipe) for what, recipe in recipes.items()]
    parts.append(
        "Test accuracy is the mean over the seeds, sd its sample standard deviation, "
        "fit the median in seconds; lp, softmax regression, is an MLP without hidden "
        "layers; c stands for two convolutional layers before. No picking: the last "
        "epoch counts."
    )
    for number in tables:
        parts.append(f"## Table {number}: {TABLES[number].title}")
        rows = row_summaries(number, records)
        cells = [_cells(model, row) for model, row in rows.items()]
        parts += [markdown_table(HEADERS, cells), _verdict(rows)]
    parts += ["## Environment", environment_text(records)]
    return "\n\n".join(parts) + "\n"


def _recipe_line(what, recipe):
    values = ", ".join(f"`{name}={value!r}`" for name, value in recipe.items())
    return f"Recipe of {what}: {values}."


def _cells(model, row):
    sd = "-" if row["sd"] != row["sd"] else f"{row['sd']:.2f}"
    return [
        model,
        f"{row['n_trainable']:,}",
        f"{row['paper']:.2f}",
        f"{row['test']:.2f}",
        sd,
        f"{row['test'] - row['paper']:+.2f}",
        f"{row['train']:.2f}",
        str(row["n_seeds"]),
        f"{row['fit_seconds']:.1f}",
    ]


def _verdict(rows):
    ours = [row for model, row in rows.items() if "rnd" in model]
    better = sum(row["test"] > row["paper"] for row in ours)
    return f"{better} of {len(ours)} half-layer rows are above the paper's."


def environment_text(records):
    """Say on what it ran; more than one line if a run went on elsewhere."""
    threads = {}
    for record in records:
        found = record["environment"]
        versions = ", ".join(f"{k} {v}" for k, v in found["versions"].items())
        machine = (
            f"- {found['processor']}, {found['n_cpus']} CPUs, {found['platform']}, "
            f"Python {found['python']}; {versions}"
        )
        # A library's pool is seen only once it is loaded: the last record has all.
        pools = {f"{p['internal_api']} {p['num_threads']}" for p in found["threads"]}
        threads[machine] = ", ".join(sorted(pools))
    return "\n".join(f"{machine}; threads: {used}" for machine, used in threads.items())


def draw(tables, records, weights, out):
    """Draw all figures.

    Parameters
    ----------
    tables : list of int
        Tables that were run.
    records : list of dict
        Of :func:`sklearn_halfnet.experiments._runner.run_jobs`.
    weights : dict of str to ndarray of shape (n_units, height, width)
        Title -> random weights of the kind.
    out : Path
        Folder.

    Returns
    -------
    list of Path
        The pictures; none without matplotlib, which is said.
    """
    if not _figures.can_draw():
        print(_figures.NO_MATPLOTLIB)
        return []
    figures = {"weights.png": _figures.weight_pictures(weights)}
    for number in tables:
        table = TABLES[number]
        data, title = f"{table.figures}{table.data}", table.title
        figures[f"{data}-accuracy.png"] = _figures.score_against_parameters(
            _series(row_summaries(number, records)), "test accuracy, %", title
        )
        curves = _curves(number, records)
        if curves:
            figures[f"{data}-curves.png"] = _figures.learning_curves(curves, title)
    for name, figure in figures.items():
        _figures.save_png(figure, out / name)
    return [out / name for name in figures]


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
        name = f"{parts[0]}-{parts[2]}" if len(parts) == 3 else parts[0]
        parameters = {"parameters": row["n_trainable"]}
        point = parameters | {"score": row["test"], "sd": row["sd"]}
        ours.setdefault(name, []).append(point)
        point = parameters | {"score": row["paper"], "sd": 0.0, "published": True}
        papers.setdefault(f"{name} (paper)", []).append(point)
    return ours | papers
