"""``halfnet reproduce untrained``: what architecture does without learning.

References
----------
O. Guest and B. C. Love (2017), "What the success of brain imaging implies about the
neural code", eLife 6:e21397, figure 2A; B. Poole et al. (2016), "Exponential
expressivity in deep neural networks through transient chaos", NIPS.
"""

import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier

from sklearn_halfnet import RandomNetwork
from sklearn_halfnet.datasets import make_distorted_prototypes
from sklearn_halfnet.experiments._common.experiment import Experiment, Table
from sklearn_halfnet.experiments._common.figures import of_display
from sklearn_halfnet.experiments._common.measures import timed
from sklearn_halfnet.experiments._common.report import markdown_table
from sklearn_halfnet.experiments._common.runner import Job
from sklearn_halfnet.inspection.coding_schemes import CodingSchemes
from sklearn_halfnet.inspection.propagation import signal_propagation
from sklearn_halfnet.inspection.prototypes import (
    PrototypeSimilarity,
    similarity_to_prototype,
)
from sklearn_halfnet.inspection.smoothness import trained_and_untrained
from sklearn_halfnet.inspection.smoothness_display import (
    PrototypeSimilarityDisplay,
    SmoothnessDisplay,
)

__all__ = ["EXPERIMENT", "TABLES"]

STEP = 0.05
# Level of noise .5 in steps of .05.
HALF = 10
SCALES = (1.0, 2.0, 3.0, 5.0, 10.0)
N_LAYERS = 9
# Of the theory's comparison with a simulation, and what may lie between them.
WIDTH, DEPTH, CHAOTIC, TOLERANCE = 1_000, 10, (1.5, 2.0, 3.0), 0.06
COSINES = (0.9, 0.5)
MLP_SIZES = (64, 64, 64)


def _jobs(run):
    """One job a table, whose result is text and figures; of all seeds, if quick too."""
    return [
        Job({"table": number}, f"table {number}", lambda n=number: _measure(n, run), {})
        for number in run.tables
    ]


def _measure(number, run):
    (text, figures), seconds = timed(lambda: TABLES[number].fits(run.seeds, run.quick))
    return {"text": text, "figures": figures, "seconds": seconds}


def _report_text(records):
    lines = ["# Untrained networks", ""]
    for record in records:
        number, result = record["key"]["table"], record["result"]
        lines += [f"## Table {number}. {TABLES[number].title}", "", result["text"], ""]
        lines += [f"Computed in {result['seconds']:.1f} s.", ""]
    return "\n".join(lines)


def _figures(records, run):
    return {
        name: draw
        for record in records
        for name, draw in record["result"]["figures"].items()
    }


# -- figure 2A -------------------------------------------------------------------------


def _coding_schemes(seeds, quick):
    """Compute the paper's set-up: 100 prototypes, 20 levels of noise, 100 units."""
    found = [
        similarity_to_prototype(
            make_distorted_prototypes(random_state=seed),
            CodingSchemes(random_state=seed),
        )
        for seed in range(seeds)
    ]
    names, by_level = (
        found[0].layers,
        np.mean([each.by_level for each in found], axis=0),
    )
    mean = PrototypeSimilarity(names, found[0].inputs, by_level[:, None])
    smoothness = np.mean([each.smoothness for each in found], axis=0)
    single = np.max([each.trend for each in found], axis=0)
    slopes = {level: mean.slopes(level) for level in (1, HALF)}
    rows = [
        [
            name,
            *(f"{by_level[i, level]:.2f}" for level in (1, 5, HALF, 19)),
            f"{mean.trend[i]:.3f} ({single[i]:.3f})",
            f"{1000 * slopes[1][i]:.1f}",
            f"{1000 * slopes[HALF][i]:.1f}",
            f"{smoothness[i]:.2f}",
        ]
        for i, name in enumerate(names)
    ]
    header = ["scheme", "noise .05", ".25", ".5", ".95", "Spearman (worst draw)"]
    header += ["slope / 1000", "beyond .5", "smoothness"]
    networks = np.abs(slopes[HALF][names.index("perceptron") :])
    lines = [
        f"Mean correlation of a distorted pattern with its prototype, {seeds} draws "
        "of 100 prototypes. Spearman: of the mean and the level of noise, and of the "
        "worst single draw. Slope: per level, from the first level of noise on, and "
        "from .5 on. Smoothness: correlation of similarities at the input and in the "
        "scheme.",
        "",
        markdown_table(header, rows),
        "",
        f"- Largest Spearman correlation: {mean.trend.max():.3f} (bar: at most -.95).",
        "- The slope beyond noise .5 weakens from the perceptron to the "
        f"{names[-1]}: {'yes' if (np.diff(networks) < 0).all() else 'NO'}.",
    ]
    display = PrototypeSimilarityDisplay(names, by_level)
    return "\n".join(lines), {"figure-2a.png": of_display(display, step=STEP)}


# -- by the scale of the weights -------------------------------------------------------


def _scales(seeds, quick):
    rows = []
    for scale in SCALES:
        found = [_through_layers(scale, seed) for seed in range(seeds)]
        smoothness = np.mean([each.smoothness for each in found], axis=0)
        similarity = np.mean([each.by_level[:, HALF] for each in found], axis=0)
        rows.append(
            [
                f"{scale:g}",
                f"{smoothness[0]:.2f}",
                f"{smoothness[-1]:.2f}",
                f"{similarity[0]:.2f}",
                f"{similarity[-1]:.2f}",
                f"{signal_propagation(scale).divergence_scale:.1f}",
            ]
        )
    header = ["sigma_w", "smoothness, layer 1", f"layer {N_LAYERS}"]
    header += ["similarity at noise .5, layer 1", f"layer {N_LAYERS}", "divergence"]
    lines = [
        "RandomNetwork of tanh units, width 100. The blog's 0.1 N(0, 1) is sigma_w = "
        "1, the edge of chaos; the paper's code draws N(0, 1), sigma_w = 10, deep "
        "chaos. Divergence: layers in which a small distance grows by a factor e.",
        "",
        markdown_table(header, rows),
    ]
    return "\n".join(lines), {}


def _through_layers(scale, seed):
    patterns = make_distorted_prototypes(random_state=seed)
    network = RandomNetwork(
        (100,) * N_LAYERS, weight_scale=scale, random_state=seed
    ).fit(patterns.reshape(-1, 100))
    return similarity_to_prototype(patterns, network)


# -- theory and simulation -------------------------------------------------------------


def _mean_field(seeds, quick):
    width, n_draws = (100, 1) if quick else (WIDTH, 5)
    rows, worst = [], 0.0
    for scale in CHAOTIC:
        for cosine in COSINES:
            theory = signal_propagation(scale, n_layers=DEPTH, cosine=cosine)
            seen = _simulated_cosines(scale, cosine, width, n_draws)
            gap = np.abs(seen - theory.cosines).max()
            worst = max(worst, gap)
            rows.append(
                [
                    f"{scale:g}",
                    f"{cosine:g}",
                    *(f"{theory.cosines[i]:.2f} / {seen[i]:.2f}" for i in (1, 5, 10)),
                    f"{gap:.3f}",
                    f"{theory.divergence_scale:.1f}",
                    f"{theory.depth_scale:.1f}",
                ]
            )
    header = ["sigma_w", "cosine of inputs", "layer 1", "5", "10"]
    header += ["largest gap", "divergence", "depth scale"]
    lines = [
        f"Cosine of two inputs, predicted / simulated with {width:,} tanh units (mean "
        f"of {n_draws} draws).",
        "",
        markdown_table(header, rows),
        "",
        f"- Largest gap at any layer: {worst:.3f} (bar: at most {TOLERANCE}).",
    ]
    return "\n".join(lines), {}


def _simulated_cosines(scale, cosine, width, n_draws):
    """Mean cosine of pairs of inputs at the input and after each layer."""
    found = []
    for seed in range(n_draws):
        first, second = _pairs(cosine, width, np.random.default_rng(seed))
        network = RandomNetwork(
            (width,) * DEPTH, weight_scale=scale, random_state=seed
        ).fit(first)
        layers = zip(
            [first, *network.transform_layers(first)],
            [second, *network.transform_layers(second)],
            strict=True,
        )
        found.append([_mean_cosine(a, b) for a, b in layers])
    return np.mean(found, axis=0)


def _pairs(cosine, width, rng, n_pairs=20):
    """Pairs of rows of mean square one, at an exact angle."""
    first, other = rng.standard_normal((2, n_pairs, width))
    first /= np.linalg.norm(first, axis=1, keepdims=True)
    other -= (other * first).sum(axis=1, keepdims=True) * first
    other /= np.linalg.norm(other, axis=1, keepdims=True)
    second = cosine * first + np.sqrt(1 - cosine**2) * other
    return np.sqrt(width) * first, np.sqrt(width) * second


def _mean_cosine(first, second):
    norms = np.linalg.norm(first, axis=1) * np.linalg.norm(second, axis=1)
    return ((first * second).sum(axis=1) / norms).mean()


# -- trained and untrained -------------------------------------------------------------


def _digits(seeds, quick):
    X, y = load_digits(return_X_y=True)
    X_train, X_test, y_train, y_test = train_test_split(X / 16, y, random_state=0)
    n_patterns = 100 if quick else len(X_test)
    mlp = MLPClassifier(MLP_SIZES, max_iter=1000, random_state=0).fit(X_train, y_train)
    X_test, y_test = X_test[:n_patterns], y_test[:n_patterns]
    tables = trained_and_untrained(X_test, mlp, y=y_test)
    rows = [
        [
            trained.layer,
            *(
                f"{getattr(trained, what):.2f} / {getattr(plain, what):.2f}"
                for what in ("smoothness", "within_class", "mean_similarity")
            ),
        ]
        for trained, plain in zip(tables["trained"], tables["untrained"], strict=True)
    ]
    header = ["layer", "smoothness", "within classes", "mean similarity"]
    lines = [
        f"MLPClassifier of {MLP_SIZES} units, accuracy "
        f"{mlp.score(X_test, y_test):.3f}, trained / untrained, on {n_patterns} test "
        "images.",
        "",
        markdown_table(header, rows),
    ]
    display = SmoothnessDisplay(tables)
    return "\n".join(lines), {"digits-smoothness.png": of_display(display)}


TABLES = {
    1: Table(
        "Figure 2A: similarity to the prototype by coding scheme", _coding_schemes
    ),
    2: Table("Prototypes through nine layers, by the scale of the weights", _scales),
    3: Table("Mean-field prediction and simulation", _mean_field),
    4: Table("Digits: a trained and an untrained MLP", _digits),
}

EXPERIMENT = Experiment(
    "untrained",
    _jobs,
    _report_text,
    tables=TABLES,
    figures=_figures,
    prints=("report", "figures"),
    stored=False,
)
