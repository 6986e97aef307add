"""What ``halfnet reproduce weight-agnostic --table 3`` says and draws."""

from functools import partial

import numpy as np

from sklearn_halfnet.experiments._common.figures import evolution_curve
from sklearn_halfnet.experiments._common.report import markdown_table, results_by

__all__ = ["CURVE", "NAMES", "figures", "lines", "turns_name"]

ALONE, IN_TURNS, CURVE = (
    "evolution, alone",
    "evolution, beside the released code",
    "evolution, curve",
)
NAMES = (ALONE, IN_TURNS, CURVE)
PICTURE = "evolution.png"
# The report shows about so many points of the curve.
POINTS = 12


def turns_name(has_released):
    """Name of the measure, by whether there is the released code to compare with."""
    return IN_TURNS if has_released else ALONE


def lines(by_measure):
    """Write what was measured, measure -> results, as lines of Markdown."""
    found = []
    for name in (ALONE, IN_TURNS):
        for result in by_measure.get(name, []):
            found += ["", "## Generations a second", "", *_turns(result["rounds"])]
    for result in by_measure.get(CURVE, []):
        found += ["", "## Learning curve of the evolution", "", *_curve(result)]
    return found


def _turns(rounds):
    size = rounds[0]["generations"]
    both = "released" in rounds[0]
    names = ["ours", "released"] if both else ["ours"]
    rates = {n: np.array([1 / r[n]["seconds"] for r in rounds]) for n in names}
    said = [f"{name} {np.median(rate):.3g}" for name, rate in rates.items()]
    text = (
        f"{rounds[0]['n_rows']:,} images of {rounds[0]['n_features']} pixels, "
        f"population {rounds[0]['population']}, batches of 1,000, one thread; "
        f"{size} generations a round. Median generations a second: {', '.join(said)}"
    )
    header = ["generations"]
    for name in names:
        header += [f"{name}, a second", "loss", "connections"]
    rows = [
        [f"{size * i + 1} to {size * (i + 1)}", *_cells(r, names)]
        for i, r in enumerate(rounds)
    ]
    if both:
        ratio = rates["ours"] / rates["released"]
        text += (
            f"; ratio {np.median(ratio):.0f} (rounds: {ratio.min():.0f} to "
            f"{ratio.max():.0f})"
        )
        header.append("ratio")
        rows = [[*row, f"{r:.0f}"] for row, r in zip(rows, ratio, strict=True)]
    return [text + ".", "", markdown_table(header, rows)]


def _cells(found, names):
    cells = []
    for name in names:
        turn = found[name]
        rate, loss = f"{1 / turn['seconds']:.3g}", f"{turn['loss']:.3f}"
        cells += [rate, loss, str(turn["connections"])]
    return cells


def _curve(result):
    curve = result["curve"]
    shown = sorted({*range(0, len(curve), -(-len(curve) // POINTS)), len(curve) - 1})
    rows = [
        [
            f"{p['generation']:,}",
            f"{p['seconds']:.1f}",
            f"{p['loss']:.3f}",
            f"{p['mean']:.3f}",
            f"{p['best']:.3f}",
            f"{p['n_connections']:,}",
        ]
        for p in (curve[i] for i in shown)
    ]
    header = ["generation", "s", "loss on its batch", "validation, mean of six weights"]
    return [
        f"Champion of each generation, one thread, {result['generations']:,} "
        f"generations. At the end, test accuracy: mean of six weights "
        f"{result['mean']:.3f}, ensemble {result['ensemble']:.3f}, "
        f"{result['connections']:,} connections.",
        "",
        markdown_table([*header, "validation, best weight", "connections"], rows),
        "",
        f"![Accuracy against generations and seconds]({PICTURE})",
    ]


def figures(records, run):
    """Learning curve, if there is one."""
    found = results_by("measure", records).get(CURVE)
    return {PICTURE: partial(evolution_curve, found[-1]["curve"])} if found else {}
