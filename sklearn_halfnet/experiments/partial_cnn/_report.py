"""The report and the figure of ``halfnet reproduce partial-cnn``."""

from collections import defaultdict
from functools import partial

import numpy as np

from sklearn_halfnet.experiments._common.figures import (
    learned_against_fixed,
    score_against_parameters,
)
from sklearn_halfnet.experiments._common.partial_cnns import (
    NORMS_FIXED,
    magnitudes_series,
)
from sklearn_halfnet.experiments._common.published import (
    OF_TEN_PASSES,
    PUBLISHED,
    PUBLISHED_100,
)
from sklearn_halfnet.experiments._common.report import (
    by_model,
    markdown_table,
    mean,
    mean_and_sd,
    mean_text,
    met,
    range_text,
)

__all__ = [
    "HEAD",
    "accuracies",
    "by_part",
    "ensembles",
    "figures",
    "findings",
    "norms",
    "of_100",
    "speed",
    "tasks",
]

# Mean member and ensemble.
PUBLISHED_ENSEMBLES = {
    "fc only": (68.5, 70.25),
    "share .9": (69.9, 71.14),
    "share .6": (71.0, 73.54),
    "share .3": (71.3, 75.47),
    "full": (71.7, 76.35),
}
SPEED_BARS = {
    "a tenth of the filters": 1.2,
    "first half fixed and kept": 2.0,
    "a tenth, others zero": 3.0,
}
FRACTIONS = ("fraction .1", "fraction .4", "fraction .7", "fraction 1")


HEAD = [
    "# Learning next to nothing",
    "",
    "CIFAR-10, a copy that was recompressed as JPEG where it comes from a folder. "
    "Means ± standard deviations over the seeds; settings in results.jsonl, the "
    "same for all configurations. The paper's networks are larger and trained for "
    "longer, so it is the order of its figures that can be compared.",
]


def by_part(results):
    """Accuracy by what is learned, and the paper's findings."""
    lines = [accuracies(results), "", "What the paper finds, and whether here:"]
    lines += ["", *(f"- {line}" for line in findings(results))]
    return "\n".join(lines)


def accuracies(results, published=PUBLISHED):
    """Accuracy by what is learned, beside what was published."""
    rows = [
        [
            model,
            f"{mean(results[model], 'n_learned'):,.0f}",
            mean_text(results[model], "test"),
            mean_text(results[model], "train"),
            *_published(model, published),
            f"{mean(results[model], 'n_stored_bytes') / 1000:,.0f}",
            f"{np.median([r['fit_seconds'] for r in results[model]]):.0f}",
        ]
        for model in results
    ]
    header = [
        "learned",
        "numbers",
        "test %",
        "train %",
        "paper, 10 passes",
        "paper, 200",
    ]
    header += ["stored KB", "median s"]
    return markdown_table(header, rows)


def of_100(results):
    """Accuracy on a hundred classes."""
    return accuracies(results, PUBLISHED_100)


def norms(results):
    """Accuracy with batch norms learned and fixed, and what learning them gives."""
    rows = []
    for fixed in (name for name in results if name.endswith(NORMS_FIXED)):
        learned = fixed.removesuffix(NORMS_FIXED)
        gain = mean(results[learned], "test") - mean(results[fixed], "test")
        texts = (mean_text(results[name], "test") for name in (learned, fixed))
        counts = (mean(results[name], "n_learned") for name in (learned, fixed))
        rows.append(
            [learned, *texts, f"{gain:+.2f}", *(f"{count:,.0f}" for count in counts)]
        )
    header = ["learned", "batch norms too, test %", "batch norms fixed", "gain"]
    return markdown_table([*header, "numbers", "numbers, fixed"], rows)


def tasks(results):
    """Accuracy of two networks, one a task, by what they share."""
    rows = [
        [
            model,
            mean_text(results[model], "test"),
            ", ".join(
                f"{test:.2f}" for test in np.mean([r["tests"] for r in found], axis=0)
            ),
            f"{mean(found, 'n_learned'):,.0f}",
            f"{mean(found, 'n_drawn'):,.0f}",
            f"{mean(found, 'n_stored_bytes') / 1000:,.0f}",
        ]
        for model, found in results.items()
    ]
    header = ["tasks: networks", "mean test %", "each", "learned", "drawn", "stored KB"]
    return markdown_table(header, rows)


def _published(model, published):
    """Cells of the paper after its 10 passes, and after 200 to 300."""
    network, part = model.split(": ")
    of_paper = part.removesuffix(", batch norms")
    if part == of_paper and part in OF_TEN_PASSES[1:]:
        return "", ""  # the paper has it with batch norms only
    value = published.get(f"{network}: {of_paper}")
    if value is None:
        return "", ""
    return (f"{value:.2f}", "") if of_paper in OF_TEN_PASSES else ("", f"{value:.2f}")


def findings(results):
    """Say of each of the paper's findings whether it came out, with the figures."""
    lines = []
    for net in ("wrn", "densenet"):
        found = {
            model.removeprefix(f"{net}: "): mean(results[model], "test")
            for model in results
            if model.startswith(f"{net}: ")
        }
        if found:
            lines += [f"{net}: {line}" for line in _findings_of(found)]
    if {"wrn: batch norm", "densenet: batch norm"} <= set(results):
        wrn, dense = (
            mean(results[f"{n}: batch norm"], "test") for n in ("wrn", "densenet")
        )
        lines.append(
            _judged(
                dense > wrn, "densenet above wrn with batch norms alone", dense, wrn
            )
        )
    return lines


def _findings_of(found):
    rising = [found[name] for name in FRACTIONS]
    random, zero = found["fraction .1"], found["fraction .1, others zero"]
    channels = found["input channels .1"]
    norms = found["batch norm"]
    return [
        _judged(sorted(rising) == rising, "rises with the fraction", *rising),
        _judged(random > zero, "random fixed above zeroed at .1", random, zero),
        _judged(random > channels, "whole filters above channels", random, channels),
        _judged(norms > 15, "batch norms alone clearly above chance (10)", norms),
        *_blocks(found, "", "fc alone below the best block"),
        *_blocks(found, ", batch norms", "fc below the best block, all with norms"),
    ]


def _blocks(found, more, what):
    """Judge the classifier beside the best block, where both were fitted."""
    if f"fc{more}" not in found:
        return []
    fc, block = found[f"fc{more}"], max(found[f"block{i}{more}"] for i in (1, 2, 3))
    return [_judged(fc < block, what, fc, block)]


def _judged(holds, what, *figures):
    shown = ", ".join(f"{figure:.2f}" for figure in figures)
    return f"{'yes' if holds else 'NO'}: {what} ({shown})"


def ensembles(results):
    """Ensembles beside their members."""
    rows = [
        [
            model,
            f"{mean(results[model], 'n_learned'):,.0f}",
            mean_text(results[model], "mean_member"),
            mean_text(results[model], "test"),
            "{:.2f} / {:.2f}".format(*PUBLISHED_ENSEMBLES[model]),
            f"{mean(results[model], 'pickle_ratio'):.2f}",
        ]
        for model in results
    ]
    header = ["members", "numbers", "mean member %", "ensemble %", "paper %", "pickle"]
    together = [mean(results[model], "test") for model in results]
    members = [mean(results[model], "mean_member") for model in results]
    above = all(e > m for e, m in zip(together, members, strict=True))
    return "\n".join(
        [
            markdown_table(header, rows),
            "",
            "The pickle of an ensemble of five, in pickles of one member.",
            "",
            f"- {_judged(sorted(together) == together, 'in this order', *together)}",
            f"- {_judged(above, 'each above its mean member')}".replace(" ()", ""),
        ]
    )


def speed(results):
    """Seconds beside full training."""
    rows = []
    for model, found in results.items():
        times = [result["speed"] for result in found]
        middle, bar = np.median(times), SPEED_BARS[model]
        rows.append(
            [
                model,
                f"{np.median([result['part'] for result in found]):.3f}",
                f"{np.median([result['full'] for result in found]):.3f}",
                f"{middle:.2f}",
                range_text(times),
                f"{bar:.1f}: {met(middle >= bar)}",
            ]
        )
    header = ["learned", "s", "full training, s", "times as fast", "range", "bar"]
    return markdown_table(header, rows)


def figures(records, run):
    """Accuracy against numbers learned."""
    series = defaultdict(list)
    for model, found in by_model(records, 1).items():
        score, sd = mean_and_sd([result["test"] for result in found])
        network, what = model.split(": ")
        kind = "fractions" if what in FRACTIONS or what == "one filter" else "parts"
        kind = "zeroed" if "zero" in what else kind
        point = {"parameters": found[0]["n_learned"], "score": score, "sd": sd}
        series[f"{network}, {kind}"].append(point)
    title = "CIFAR-10: accuracy by how much is learned"
    draw = partial(score_against_parameters, series, "test accuracy, %", title)
    drawn = {"cifar10-learned.png": draw} if series else {}
    lines = magnitudes_series(by_model(records, 8))
    title = "Mean magnitude of each layer's weights"
    draw = partial(learned_against_fixed, lines, title)
    return drawn | ({"weights.png": draw} if lines else {})
