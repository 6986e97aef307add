"""``halfnet bench --suite tables``: all models on fifteen tables, as they come."""

from functools import partial
from pathlib import Path

from sklearn_halfnet._files import replace_file
from sklearn_halfnet.experiments import CommandError
from sklearn_halfnet.experiments._common import figures
from sklearn_halfnet.experiments._common.runner import Job, ResultFile, run_jobs
from sklearn_halfnet.experiments._common.table_sets import (
    QUICK_ROWS,
    QUICK_SETS,
    ROWS,
    SETS,
    check_sets,
    load_split,
    source,
)
from sklearn_halfnet.experiments.tables._models import MODELS, OURS
from sklearn_halfnet.experiments.tables._ranks import cliques
from sklearn_halfnet.experiments.tables._report import (
    GROUPS,
    SECONDS_PICTURE,
    fit_seconds,
    picture_name,
    rank_table,
    report_text,
)
from sklearn_halfnet.experiments.tables._results import Results

__all__ = ["run"]


def run(
    data_home=None,
    sets=None,
    models=None,
    splits=3,
    out="halfnet-tables",
    quick=False,
    report=False,
    install=False,
):
    """Fit all models on all splits of all sets, and write a report with pictures.

    Parameters
    ----------
    data_home : path-like, default=None
        Folder with the sets' files, ``tabular/classification/letter.npz`` and so on;
        by default OpenML, cached, whose rows are in another order.
    sets, models : sequence of str, default=None
        Names in ``SETS`` and ``MODELS``; all by default. The report tells of these.
    splits : int, default=3
        Splits of each set.
    out : path-like, default="halfnet-tables"
        Folder for ``results.jsonl``, ``report.md`` and the pictures. Results that are
        already there are not computed again.
    quick : bool, default=False
        One split of 300 rows, of two sets if none are named: to see that it works.
    report : bool, default=False
        Fit nothing: report on what is stored.
    install : bool, default=False
        Install packages that are absent, each into an environment of its own.

    Returns
    -------
    Path
        The report.

    Raises
    ------
    DatasetError
        If the data cannot be had.
    CommandError
        If a set or a model is unknown; if there is nothing to report; if results cannot
        be written to ``out``; if a model of this process cannot be fitted.
    """
    sets = _chosen(sets, QUICK_SETS if quick else SETS, SETS, "set")
    models = _chosen(models, MODELS, MODELS, "model")
    results, notes = ResultFile(Path(out) / "results.jsonl"), []
    if not report:
        check_sets(sets, data_home)
        present, notes = _present(models, install)
        print("\n".join(notes))
        jobs = _jobs(sets, present, data_home, 1 if quick else splits, quick)
        run_jobs(jobs, "halfnet bench --suite tables", results, _describe)
    records = [r for r in results.read() if _is_wanted(r, sets, models, quick)]
    if not records:
        raise CommandError(f"there are no results to report in {out}.")
    return _write(records, notes, Path(out))


def _chosen(names, default, known, what):
    unknown = [name for name in names or () if name not in known]
    if unknown:
        raise CommandError(
            f"unknown {what} {', '.join(unknown)}; known: {', '.join(known)}."
        )
    return [name for name in known if name in (names or default)]


def _present(models, install):
    """Models that can be run, and what is to be said of the others."""
    missing = {name: MODELS[name].missing(install) for name in models}
    absent = {name: why for name, why in missing.items() if why}
    notes = [f"{name} is left out: {why}." for name, why in absent.items()]
    return [name for name in models if name not in absent], notes


def _jobs(sets, models, data_home, splits, quick):
    """Set by set, so that a cut-off run has whole sets."""
    rows = QUICK_ROWS if quick else ROWS
    return [
        Job(
            key={"set": name, "model": model, "split": split},
            label=f"{name}, split {split}, {model}",
            run=partial(_measure, name, model, split, data_home, rows),
            settings={
                "quick": quick,
                "data": source(data_home),
                **MODELS[model].settings(SETS[name].task),
            },
            cost=MODELS[model].cost,
        )
        for name in sets
        for split in range(splits)
        for model in models
    ]


def _measure(name, model, split, data_home, rows):
    return MODELS[model].measure(load_split(name, data_home, split, rows), split)


def _describe(result):
    if "error" in result:
        return f"FAILED: {result['error']}"
    return f"{result['score']:.4f} in {result['fit_seconds']:.2f} s"


def _is_wanted(record, sets, models, quick):
    key = record["key"]
    chosen = key["set"] in sets and key["model"] in models
    return chosen and record["settings"]["quick"] == quick


def _write(records, notes, out):
    """Write report and pictures, and print where they are and the ranks."""
    results, said = Results(records, list(MODELS)), []
    pictures = _pictures(results) if figures.can_draw() else {}
    for name, draw in pictures.items():
        figures.save_png(draw(), out / name)
        said.append(f"Written: {out / name}")
    if not figures.can_draw():
        said.append(figures.NO_MATPLOTLIB)
    path = out / "report.md"
    replace_file(path, report_text(records, list(MODELS), OURS, notes, pictures))
    print("\n".join([rank_table(results, GROUPS), "", *said, f"Written: {path}"]))
    return path


def _pictures(results):
    """Names of files, each with what draws it."""
    found = {}
    for group, (task, measure) in GROUPS.items():
        ranking = results.ranking(results.of_task(task), measure)
        if ranking and ranking.difference is not None:
            found[picture_name(group)] = partial(
                figures.critical_difference,
                ranking.mean_ranks,
                ranking.difference,
                cliques(list(ranking.mean_ranks.values()), ranking.difference),
                f"Mean rank, {group}: {len(ranking.sets)} sets",
            )
    ranking = results.ranking(results.sets, "score")
    if ranking:
        seconds = {model: fit_seconds(results, model) for model in ranking.mean_ranks}
        seconds = {model: each for model, each in seconds.items() if each is not None}
    if ranking and seconds:
        found[SECONDS_PICTURE] = partial(
            figures.ranks_against_seconds,
            {model: ranking.mean_ranks[model] for model in seconds},
            seconds,
            OURS,
            f"Accuracy or R2 of defaults on {len(ranking.sets)} tables",
        )
    return found
