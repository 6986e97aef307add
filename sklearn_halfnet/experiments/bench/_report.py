"""What ``halfnet bench`` shows: a table, a JSON file and a picture."""

import json
import re
import statistics

from sklearn_halfnet._files import replace_file
from sklearn_halfnet.experiments._common import figures
from sklearn_halfnet.experiments._common.environment import describe_environment
from sklearn_halfnet.experiments._common.report import (
    bytes_text,
    mean_and_sd,
    results_by,
    text_table,
)

__all__ = ["make_report", "print_report", "summarise", "write"]


def summarise(model, results):
    """Bring the repetitions of a model together.

    Mean and sample standard deviation (None for one repetition) of the score, medians
    of the rest.
    """
    mean, sd = mean_and_sd([result["score"] for result in results])

    def median(name):
        return statistics.median(result[name] for result in results)

    return {
        "model": model.name,
        "series": model.series,
        "score_mean": mean,
        "score_sd": None if len(results) == 1 else sd,
        "n_repetitions": len(results),
        "n_trainable": round(median("n_trainable")),
        "n_bytes": round(median("n_bytes")),
        "fit_seconds": median("fit_seconds"),
        "predict_seconds": median("predict_seconds"),
        "converged": all(result["converged"] for result in results),
    }


def make_report(data, compared, records, notes):
    """Bring a run together: what the JSON file holds.

    Models of ``compared`` without a record are left out; ``notes`` are sentences for
    the reader.
    """
    results = results_by("model", records)
    fitted = [model for model in compared if model.name in results]
    return {
        "dataset": {
            "title": data.title,
            "task": data.task,
            "n_train": len(data.X_train),
            "n_test": len(data.X_test),
            "n_features": data.X_train.shape[1],
            "target": data.target_name,
            "split": data.split,
        },
        "notes": notes,
        "models": [summarise(model, results[model.name]) for model in fitted],
        "runs": [{**record["key"], **record["result"]} for record in records],
        "environment": describe_environment(),
    }


def print_report(report):
    """Print the table, and what its columns are."""
    print(_table(report["models"], report["dataset"]["task"]))
    _print_notes(report)


def _table(summaries, task):
    score = "test accuracy" if task == "classification" else "test R2"
    headers = ["model", score, "sd", "trainable", "stored", "fit s", "predict s"]
    return text_table(headers, [_table_row(summary) for summary in summaries])


def _table_row(summary):
    sd = summary["score_sd"]
    return [
        summary["model"] + ("" if summary["converged"] else " *"),
        f"{summary['score_mean']:.4f}",
        "-" if sd is None else f"{sd:.4f}",
        f"{summary['n_trainable']:,}",
        bytes_text(summary["n_bytes"]),
        f"{summary['fit_seconds']:.3f}",
        f"{summary['predict_seconds']:.4f}",
    ]


def _print_notes(report):
    names = [summary["model"] for summary in report["models"]]
    notes = ["Scores are means; sizes and seconds are medians."]
    if not all(summary["converged"] for summary in report["models"]):
        notes.append("* stopped at its limit of iterations.")
    if "HistGradientBoosting" in names:
        notes.append("Of boosting the leaves count as trainable parameters.")
    print("\n" + "\n".join(notes) + "\n")


def write(report, out, plot):
    """Write the JSON file, and the picture if it is wanted and can be drawn."""
    title = report["dataset"]["title"]
    stem = "bench-" + re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")
    replace_file(out / f"{stem}.json", json.dumps(report, indent=1) + "\n")
    print(f"Written: {out / stem}.json")
    if not plot:
        return
    if not figures.can_draw():
        print(figures.NO_MATPLOTLIB)
        return
    figure = figures.score_against_parameters(
        _series(report["models"]), _score_label(report), title
    )
    figures.save_png(figure, out / f"{stem}.png")
    print(f"Written: {out / stem}.png")


def _score_label(report):
    if report["dataset"]["task"] == "classification":
        return "test accuracy"
    return "test R2"


def _series(summaries):
    series = {}
    for summary in summaries:
        point = {
            "parameters": summary["n_trainable"],
            "score": summary["score_mean"],
            "sd": summary["score_sd"] or 0.0,
        }
        series.setdefault(summary["series"], []).append(point)
    return series
