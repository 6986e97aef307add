"""The report of ``halfnet bench --suite tables``: who is where, and where we lose."""

from collections import Counter

import numpy as np

from sklearn_halfnet.experiments._common.report import (
    environment_text,
    markdown_table,
)
from sklearn_halfnet.experiments.tables._ranks import verdict
from sklearn_halfnet.experiments.tables._results import Results

__all__ = [
    "GROUPS",
    "SECONDS_PICTURE",
    "fit_seconds",
    "picture_name",
    "rank_table",
    "report_text",
]

SECONDS_PICTURE = "ranks-seconds.png"

# Heading of a ranking -> sets by their task, and measure.
GROUPS = {
    "all": ("all", "score"),
    "classification": ("classification", "score"),
    "regression": ("regression", "score"),
    "log-loss": ("classification", "log_loss"),
}


def picture_name(group):
    """File of the picture of a group of ``GROUPS``."""
    return f"ranks-{group}.png"


def report_text(records, models, ours, notes=(), pictures=()):
    """Write the whole report as Markdown.

    Parameters
    ----------
    records : list of dict
        As the runner stores them.
    models, ours : sequence of str
        All models in the order to show them; those of this library among them.
    notes : sequence of str
        Sentences for the reader.
    pictures : sequence of str
        Files that stand beside the report.
    """
    results = Results(records, models)
    ours = [name for name in ours if name in results.models]
    rivals = [name for name in results.models if name not in ours]
    sections = {
        "Mean ranks": _ranks(results, pictures),
        "Accuracy": _score_table(results, "classification", "score"),
        "R2": _score_table(results, "regression", "score"),
        "Log-loss": _score_table(results, "classification", "log_loss"),
        "Wins, ties and losses": _outcomes(results, ours, rivals),
        "Where ours lose": _losses(results, ours, rivals),
        "Time": _times(results, ours, pictures),
        "Parameters": _parameters(results, ours),
        "What failed": _failures(results),
        "Environment": environment_text(records) + _package_versions(records),
    }
    lines = [_head(results, notes)]
    for title, text in sections.items():
        lines += [f"## {title}\n\n{text}\n"] if text else []
    return "\n".join(lines)


def _head(results, notes):
    counts = sorted({len(results.splits(name)) for name in results.sets})
    splits = " to ".join(map(str, dict.fromkeys([counts[0], counts[-1]])))
    lines = [
        "# Tables, default parameters",
        "",
        f"{len(results.sets)} public sets, {splits} splits of each, at most 4,000 "
        "training and 4,000 test rows. Every model stands behind a StandardScaler and "
        "has nothing set but its seed (the MLP's regression target is standardised, "
        "too). Test accuracy or R2, means over the splits.",
        "",
    ]
    return "\n".join(lines + [f"{note}\n" for note in notes])


def _ranks(results, pictures):
    text = rank_table(results, GROUPS)
    for group in GROUPS:
        if picture_name(group) in pictures:
            text += f"\n\n![Mean ranks, {group}]({picture_name(group)})"
    return text


def rank_table(results, groups):
    """Write mean ranks, one column a group, and what the tests say of them."""
    rankings = {
        group: results.ranking(results.of_task(task), measure)
        for group, (task, measure) in groups.items()
    }
    rankings = {group: found for group, found in rankings.items() if found}
    if not rankings:
        return ""
    order = {}
    for found in rankings.values():
        order |= dict.fromkeys(m for m in found.mean_ranks if m not in order)
    rows = [
        [model, *(_rank(found, model) for found in rankings.values())]
        for model in order
    ]
    header = [f"{group} ({len(found.sets)})" for group, found in rankings.items()]
    lines = [markdown_table(["model", *header], rows), ""]
    lines += ["1 is the best; in parentheses the number of sets."]
    lines += [_test(group, found) for group, found in rankings.items() if found.test]
    lines += _incomplete(results)
    return "\n".join(lines)


def _rank(found, model):
    return f"{found.mean_ranks[model]:.2f}" if model in found.mean_ranks else "-"


def _test(group, found):
    return (
        f"- {group}: two models differ (Nemenyi, 5 %) from {found.difference:.2f} "
        f"ranks on; that all are alike has p = {found.test.p:.2g} (Friedman, "
        f"F = {found.test.F:.2f})."
    )


def _incomplete(results):
    """Name models that lack sets or splits, and are not ranked."""
    lines = []
    for model in results.models:
        lacking = [s for s in results.sets if results.scores(s, model) is None]
        if lacking:
            lines.append(f"- {model} is not ranked where it lacks {_names(lacking)}.")
    return lines


def _names(names, most=5):
    return ", ".join([*names[:most], *(["..."] if len(names) > most else [])])


# -- scores ----------------------------------------------------------------------------


def _score_table(results, task, measure):
    names = results.of_task(task)
    models = [
        m for m in results.models if any(results.figures(s, m, measure) for s in names)
    ]
    rows = [[name, *_score_cells(results, name, models, measure)] for name in names]
    return markdown_table(["set", *models], rows) if models else ""


def _score_cells(results, name, models, measure):
    values = {m: results.figures(name, m, measure) for m in models}
    means = {m: float(np.mean(found)) for m, found in values.items() if found}
    best = (min if measure == "log_loss" else max)(means.values(), default=None)
    return [_score_cell(means.get(m), best) for m in models]


def _score_cell(value, best):
    if value is None:
        return "-"
    text = f"{value:.3f}"
    return f"**{text}**" if text == f"{best:.3f}" else text


# -- beside each other -----------------------------------------------------------------


def _outcomes(results, ours, rivals):
    if not ours or not rivals:
        return ""
    rows = [[r, *(_outcome(results, mine, r) for mine in ours)] for r in rivals]
    return (
        "Sets on which ours win, tie and lose. A mean difference below the standard "
        "deviation of the differences over splits is a tie.\n\n"
        + markdown_table(["beside", *ours], rows)
    )


def _outcome(results, mine, rival):
    counts = Counter(
        verdict(differences)
        for name in results.sets
        if (differences := results.differences(name, mine, rival)) is not None
    )
    return " - ".join(str(counts[word]) for word in ("win", "tie", "loss"))


def _losses(results, ours, rivals):
    if not ours or not rivals:
        return ""
    lines = [
        "Sets on which any rival wins, and the largest difference among those that do.",
        "",
    ]
    for mine in ours:
        found = (_lost(results, mine, rivals, name) for name in results.sets)
        lost = sorted(filter(None, found))
        words = [f"{name} {gap:+.3f} ({rival})" for gap, name, rival in lost]
        lines.append(
            f"- {mine}, {len(lost)} of {len(results.sets)} sets: "
            f"{', '.join(words) or 'none'}."
        )
    return "\n".join(lines)


def _lost(results, mine, rivals, name):
    """Return the largest gap on a set to a rival that wins; None if none does."""
    found = {rival: results.differences(name, mine, rival) for rival in rivals}
    gaps = [
        (float(each.mean()), name, rival)
        for rival, each in found.items()
        if each is not None and verdict(each) == "loss"
    ]
    return min(gaps, default=None)


# -- time and size ---------------------------------------------------------------------


def fit_seconds(results, model):
    """Median over the sets of the median seconds of a fit; None where all failed."""
    found = [*_medians(results, model, "fit_seconds").values()]
    return float(np.median(found)) if found else None


def _times(results, ours, pictures):
    rows = []
    for model in results.models:
        fits = _medians(results, model, "fit_seconds")
        predicts = _medians(results, model, "predict_seconds")
        if not fits:
            continue
        ratios = [_ratio(_medians(results, mine, "fit_seconds"), fits) for mine in ours]
        middle = (np.median([*s.values()]) for s in (fits, predicts))
        rows.append([model, *(f"{seconds:.3f}" for seconds in middle), *ratios])
    header = ["model", "fit s", "predict s", *(f"{mine} /" for mine in ours)]
    drawn = SECONDS_PICTURE in pictures
    picture = f"\n\n![Mean ranks against seconds]({SECONDS_PICTURE})" if drawn else ""
    return (
        "Median seconds over the sets, to fit and to predict all test rows; and how "
        "many times as long ours take to fit, the geometric mean over the sets that "
        f"both have.\n\n{markdown_table(header, rows)}{picture}"
    )


def _medians(results, model, figure):
    """Set -> median over the splits."""
    found = {name: results.figures(name, model, figure) for name in results.sets}
    return {name: float(np.median(values)) for name, values in found.items() if values}


def _ratio(mine, others):
    both = mine.keys() & others.keys()
    logs = [np.log(mine[name] / others[name]) for name in both]
    return f"{np.exp(np.mean(logs)):.2f}" if logs else "-"


def _parameters(results, ours):
    """Trained numbers and stored bytes of ours, by set."""
    rows = [[s, *(_size(results, s, mine) for mine in ours)] for s in results.sets]
    if not ours:
        return ""
    return (
        "Trained numbers, and stored bytes with frozen weights (medians).\n\n"
        + markdown_table(["set", *ours], rows)
    )


def _size(results, name, mine):
    trained, stored = (
        results.figures(name, mine, figure)
        for figure in ("n_trained", "n_stored_bytes")
    )
    if not trained:
        return "-"
    return f"{np.median(trained):,.0f}; {np.median(stored) / 1e3:,.0f} KB"


def _failures(results):
    lines = Counter(
        f"- {model} on {name}: {error}" for name, model, error in results.errors()
    )
    if not lines:
        return ""
    told = [f"{line} ({n} splits)" if n > 1 else line for line, n in lines.items()]
    return "\n".join([*told, "", "A failure ranks last."])


def _package_versions(records):
    """Versions in the processes of packages, which may differ from ours."""
    found = {}
    for record in records:
        found |= {record["key"]["model"]: record["result"].get("versions")}
    return "".join(
        f"\n- {model}: {', '.join(f'{k} {v}' for k, v in versions.items())}"
        for model, versions in found.items()
        if versions
    )
