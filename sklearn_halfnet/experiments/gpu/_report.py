"""The report of ``halfnet reproduce gpu``."""

from functools import partial

from sklearn_halfnet.experiments._common.figures import learned_against_fixed
from sklearn_halfnet.experiments._common.partial_cnns import (
    magnitudes_series,
    magnitudes_text,
)
from sklearn_halfnet.experiments._common.published import OF_TEN_PASSES, PUBLISHED
from sklearn_halfnet.experiments._common.report import by_model, markdown_table, met

__all__ = [
    "HEAD",
    "by_rank",
    "closed_form",
    "figures",
    "further",
    "partial_cnns",
    "passes",
]

HEAD = [
    "# On a GPU",
    "",
    "One fit a row, in one run of some minutes, with rows on the device. CIFAR-10 is a "
    "copy that was recompressed as JPEG where it comes from a folder.",
]


def passes(results):
    """Seconds of a pass, and of ten."""
    rows = []
    for (found,) in (results[name] for name in results):
        if "half" in found:
            rows += [
                _row("a pass of a half layer, 1,024 units, s", found["half"]),
                _row("of a full layer in torch, s", found["full"]),
                _row("times as fast", found["ratio"], at_least=5),
                _row("full layer, steps recorded, s", found["full_recorded"]),
                _row("times as fast as that", found["ratio_recorded"]),
                _row("half layer, 5 passes, test %", found["test"]),
            ]
        else:
            rows += [
                _row(
                    "HalfNet(1024, 32), 10 passes, s", found["fit_seconds"], at_most=2
                ),
                _row("its test %", found["test"]),
            ]
    return markdown_table(["measure", "ours", "bar"], rows)


def closed_form(results):
    """Seconds beside the CPU's, and differences."""
    rows = []
    for (found,) in (results[name] for name in results):
        if "ratio" in found:
            many = f"{found['n_rows']:,} x 100 rows, {found['n_units']:,} units"
            rows += [
                _row(f"{many}: s", found["seconds"]),
                _row(f"CPU, {found['n_cpu_rows']:,} rows, s", found["cpu_seconds"]),
                _row("CPU, all rows by that, s", found["cpu_seconds_of_all"]),
                _row("times as fast", found["ratio"]),
                _small("largest difference / sd, float32", found["difference"]),
                _small("in float64", found["difference_float64"], at_most=1e-6),
            ]
        else:
            rows += [
                _row("MNIST, receptive fields: s", found["given"], at_most=2),
                _row("their test %", found["given_test"], at_least=99),
                _row("the ridge chosen, s", found["chosen"]),
                _row("their test %", found["chosen_test"]),
            ]
    return markdown_table(["measure", "ours", "bar"], rows)


def by_rank(results):
    """Accuracies by rank, beside the full layer's."""
    rows = [
        [
            model,
            f"{found['test']:.2f}",
            f"{found['train']:.2f}",
            f"{found['n_trainable']:,}",
            f"{found['fit_seconds']:.1f}",
        ]
        for model, (found,) in results.items()
    ]
    header = ["model", "test %", "train %", "parameters", "fit s"]
    lines = [markdown_table(header, rows)]
    nets = [(found["test"], m) for m, (found,) in results.items() if "HalfNet" in m]
    full = [found["test"] for m, (found,) in results.items() if "HalfNet" not in m]
    if nets and full:
        best, name = max(nets)
        lines += [
            "",
            f"The best, {name}, beside the full layer: {best - full[0]:+.2f}.",
        ]
    return "\n".join(lines)


def partial_cnns(results):
    """Accuracy by what is learned, beside the paper's."""
    rows = [
        [
            model,
            f"{found.get('n_learned', 0):,}",
            "diverged" if found["test"] is None else f"{found['test']:.2f}",
            _published(model),
            f"{found['fit_seconds']:.0f}",
            f"{found.get('pass_seconds', float('nan')):.2f}".replace("nan", ""),
        ]
        for model, (found,) in results.items()
    ]
    header = ["learned", "numbers", "test %", "paper %", "fit s", "pass s"]
    table = markdown_table(header, rows)
    note = "\\* After full training of 200 or 300 passes; else after 10, as ours."
    return f"{table}\n\n{note}"


def further(results):
    """Accuracy, and the weights of the networks of which they were told."""
    lines = [partial_cnns(results)]
    tasks = [
        f"{model}: {' and '.join(f'{test:.2f}' for test in found['tests'])}, "
        f"{found['n_drawn']:,} numbers drawn, {found['n_stored_bytes']:,} bytes stored"
        for model, (found,) in results.items()
        if "tests" in found
    ]
    if tasks:
        lines += ["", "Tasks, their mean above:", "", *(f"- {line}" for line in tasks)]
    weights = _with_weights(results)
    if weights:
        lines += ["", magnitudes_text(weights)]
    return "\n".join(lines)


def figures(records, run):
    """Learned weights against fixed ones."""
    series = magnitudes_series(_with_weights(by_model(records, 5)))
    title = "WRN-28-4: mean magnitude of each layer's weights"
    draw = partial(learned_against_fixed, series, title)
    return {"wrn-weights.png": draw} if series else {}


def _with_weights(results):
    return {
        model.removesuffix(", weights"): found
        for model, found in results.items()
        if all("magnitudes" in each for each in found)
    }


def _published(model):
    if model not in PUBLISHED:
        return ""
    star = "" if model.split(": ")[1] in OF_TEN_PASSES else " \\*"
    return f"{PUBLISHED[model]:.2f}{star}"


def _row(name, value, at_least=None, at_most=None):
    bar = ""
    if at_least is not None:
        bar = f">= {at_least}: {met(value >= at_least)}"
    if at_most is not None:
        bar = f"< {at_most}: {met(value < at_most)}"
    return [name, f"{value:.3g}" if value < 10 else f"{value:.2f}", bar]


def _small(name, value, at_most=None):
    bar = "" if at_most is None else f"<= {at_most}: {met(value <= at_most)}"
    return [name, f"{value:.1e}", bar]
