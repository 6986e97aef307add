"""``halfnet reproduce untrained``: what architecture does without learning.

References
----------
O. Guest and B. C. Love (2017), "What the success of brain imaging implies about the
neural code", eLife 6:e21397, figure 2A; B. Poole et al. (2016), "Exponential
expressivity in deep neural networks through transient chaos", NIPS.
"""

from functools import partial

import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier

from sklearn_halfnet import RandomNetwork
from sklearn_halfnet.datasets import make_distorted_prototypes
from sklearn_halfnet.experiments._common.experiment import Experiment, Table
from sklearn_halfnet.experiments._common.figures import of_display
from sklearn_halfnet.experiments._common.report import (
    environment_text,
    markdown_table,
    met,
)
from sklearn_halfnet.experiments._common.runner import Job
from sklearn_halfnet.experiments.untrained import (
    _branched as branched,
    _recurrent as recurrent,
)
from sklearn_halfnet.inspection.coding_schemes import CodingSchemes
from sklearn_halfnet.inspection.propagation import signal_propagation
from sklearn_halfnet.inspection.prototypes import (
    PrototypeSimilarity,
    similarity_to_prototype,
)
from sklearn_halfnet.inspection.smoothness import (
    LayerSmoothness,
    functional_smoothness,
    trained_and_untrained,
)
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
MEASURED = ("smoothness", "similarity")
SMOOTHNESS = ("smoothness", "within_class", "mean_similarity")
# The blog's demonstration.
N_MEMBERS, BLOG_WIDTH, BLOG_DEPTH = 10, 100, 20


def _jobs(run):
    """Make one job a table, or a data set of it; results are numbers, of all seeds."""
    return [
        Job(
            {"table": number, **data},
            f"table {number}" + "".join(f", {name}" for name in data.values()),
            partial(TABLES[number].fits, run, **data),
            {"seeds": run.seeds, "quick": run.quick},
        )
        for number in run.tables
        for data in _data_of(run, number)
    ]


def _data_of(run, number):
    """Name the data sets of a table that has several: more where there are files."""
    if number not in OF_DATA:
        return [{}]
    first, of_folder = OF_DATA[number]
    return [{"data": name} for name in (first, *(of_folder if run.data_home else ()))]


def _by_table(records):
    """Join the records of a table: number to result and seconds."""
    found = {}
    for record in records:
        result, seconds = found.get(record["key"]["table"], ({}, 0.0))
        joined = result | record["result"], seconds + record["seconds"]
        found[record["key"]["table"]] = joined
    return found


def _report_text(records):
    lines = ["# Untrained networks", ""]
    for number, (result, seconds) in _by_table(records).items():
        text = TABLES[number].text(result)
        lines += [f"## Table {number}. {TABLES[number].title}", "", text, ""]
        lines += [f"Computed in {seconds:.1f} s.", ""]
    return "\n".join([*lines, "## Environment", "", environment_text(records)]) + "\n"


def _figures(records, run):
    found = {}
    for number, (result, _) in _by_table(records).items():
        if number in FIGURES:
            name, draw = FIGURES[number]
            found[name] = partial(draw, result)
    return found


# -- figure 2A -------------------------------------------------------------------------


def _coding_schemes(run):
    """Compute the paper's set-up: 100 prototypes, 20 levels of noise, 100 units."""
    found = [
        similarity_to_prototype(
            make_distorted_prototypes(random_state=seed),
            CodingSchemes(random_state=seed),
        )
        for seed in range(run.seeds)
    ]
    names = found[0].layers
    by_level = np.mean([each.by_level for each in found], axis=0)
    mean = PrototypeSimilarity(names, found[0].inputs, by_level[:, None])
    return {
        "schemes": names,
        "by_level": by_level.tolist(),
        "trend": mean.trend.tolist(),
        "worst_trend": np.max([each.trend for each in found], axis=0).tolist(),
        "slope": mean.slopes(1).tolist(),
        "slope_beyond_half": mean.slopes(HALF).tolist(),
        "smoothness": np.mean([each.smoothness for each in found], axis=0).tolist(),
        "n_draws": run.seeds,
    }


def _coding_schemes_text(result):
    names = result["schemes"]
    rows = [
        [
            name,
            *(f"{result['by_level'][i][level]:.2f}" for level in (1, 5, HALF, 19)),
            f"{result['trend'][i]:.3f} ({result['worst_trend'][i]:.3f})",
            f"{1000 * result['slope'][i]:.1f}",
            f"{1000 * result['slope_beyond_half'][i]:.1f}",
            f"{result['smoothness'][i]:.2f}",
        ]
        for i, name in enumerate(names)
    ]
    header = ["scheme", "noise .05", ".25", ".5", ".95", "Spearman (worst draw)"]
    header += ["slope / 1000", "beyond .5", "smoothness"]
    networks = np.abs(result["slope_beyond_half"][names.index("perceptron") :])
    largest = max(result["trend"])
    lines = [
        "Mean correlation of a distorted pattern with its prototype, "
        f"{result['n_draws']} draws of 100 prototypes. Spearman: of the mean and the "
        "level of noise, and of the worst single draw. Slope: per level, from the "
        "first level of noise on, and from .5 on. Smoothness: correlation of "
        "similarities at the input and in the scheme.",
        "",
        markdown_table(header, rows),
        "",
        f"- Largest Spearman correlation: {largest:.3f} (bar: at most -.95; "
        f"{met(largest <= -0.95)}).",
        "- The slope beyond noise .5 weakens from the perceptron to the "
        f"{names[-1]}: {'yes' if (np.diff(networks) < 0).all() else 'NO'}.",
    ]
    return "\n".join(lines)


def _figure_2a(result):
    display = PrototypeSimilarityDisplay(
        result["schemes"], np.array(result["by_level"])
    )
    return of_display(display, step=STEP)()


# -- by the scale of the weights -------------------------------------------------------


def _scales(run):
    found = {}
    for scale in SCALES:
        fits = [_through_layers(scale, seed) for seed in range(run.seeds)]
        smoothness = np.mean([each.smoothness for each in fits], axis=0)
        similarity = np.mean([each.by_level[:, HALF] for each in fits], axis=0)
        found[f"{scale:g}"] = {
            "smoothness": smoothness.tolist(),
            "similarity": similarity.tolist(),
        }
    return found


def _scales_text(result):
    rows = [
        [
            scale,
            *(f"{found[what][i]:.2f}" for what in MEASURED for i in (0, -1)),
            f"{signal_propagation(float(scale)).divergence_scale:.1f}",
        ]
        for scale, found in result.items()
    ]
    header = ["sigma_w", "smoothness, layer 1", f"layer {N_LAYERS}"]
    header += ["similarity at noise .5, layer 1", f"layer {N_LAYERS}", "divergence"]
    lines = [
        "RandomNetwork of tanh units, width 100. The blog's 0.1 N(0, 1) is sigma_w = "
        "1, the edge of chaos; the paper's code draws N(0, 1), sigma_w = 10, deep "
        "chaos. Divergence: layers in which a small distance grows by a factor e.",
        "",
        markdown_table(header, rows),
    ]
    return "\n".join(lines)


def _through_layers(scale, seed):
    patterns = make_distorted_prototypes(random_state=seed)
    network = RandomNetwork(
        (100,) * N_LAYERS, weight_scale=scale, random_state=seed
    ).fit(patterns.reshape(-1, 100))
    return similarity_to_prototype(patterns, network)


# -- theory and simulation -------------------------------------------------------------


def _mean_field(run):
    width, n_draws = (100, 1) if run.quick else (WIDTH, 5)
    found = []
    for scale in CHAOTIC:
        for cosine in COSINES:
            theory = signal_propagation(scale, n_layers=DEPTH, cosine=cosine)
            seen = _simulated_cosines(scale, cosine, width, n_draws)
            found.append(
                {
                    "sigma_w": scale,
                    "cosine": cosine,
                    "theory": theory.cosines.tolist(),
                    "seen": seen.tolist(),
                    "gap": float(np.abs(seen - theory.cosines).max()),
                    "divergence": theory.divergence_scale,
                    "depth": theory.depth_scale,
                }
            )
    return {"pairs": found, "width": width, "n_draws": n_draws}


def _mean_field_text(result):
    rows = [
        [
            f"{pair['sigma_w']:g}",
            f"{pair['cosine']:g}",
            *(f"{pair['theory'][i]:.2f} / {pair['seen'][i]:.2f}" for i in (1, 5, 10)),
            f"{pair['gap']:.3f}",
            f"{pair['divergence']:.1f}",
            f"{pair['depth']:.1f}",
        ]
        for pair in result["pairs"]
    ]
    worst = max(pair["gap"] for pair in result["pairs"])
    header = ["sigma_w", "cosine of inputs", "layer 1", "5", "10"]
    header += ["largest gap", "divergence", "depth scale"]
    lines = [
        f"Cosine of two inputs, predicted / simulated with {result['width']:,} tanh "
        f"units (mean of {result['n_draws']} draws).",
        "",
        markdown_table(header, rows),
        "",
        f"- Largest gap at any layer: {worst:.3f} (bar: at most {TOLERANCE}; "
        f"{met(worst <= TOLERANCE)}).",
    ]
    return "\n".join(lines)


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


def _digits(run):
    X, y = load_digits(return_X_y=True)
    X_train, X_test, y_train, y_test = train_test_split(X / 16, y, random_state=0)
    n_patterns = 100 if run.quick else len(X_test)
    mlp = MLPClassifier(MLP_SIZES, max_iter=1000, random_state=0).fit(X_train, y_train)
    X_test, y_test = X_test[:n_patterns], y_test[:n_patterns]
    tables = trained_and_untrained(X_test, mlp, y=y_test)
    return {
        "accuracy": mlp.score(X_test, y_test),
        "n_patterns": n_patterns,
        "layers": {
            name: [row._asdict() for row in rows] for name, rows in tables.items()
        },
    }


def _digits_text(result):
    pairs = zip(*result["layers"].values(), strict=True)
    rows = [
        [trained["layer"], *(f"{trained[w]:.2f} / {plain[w]:.2f}" for w in SMOOTHNESS)]
        for trained, plain in pairs
    ]
    header = ["layer", "smoothness", "within classes", "mean similarity"]
    lines = [
        f"MLPClassifier of {MLP_SIZES} units, accuracy {result['accuracy']:.3f}, "
        f"trained / untrained, on {result['n_patterns']} test images.",
        "",
        markdown_table(header, rows),
    ]
    return "\n".join(lines)


def _digits_figure(result):
    tables = {
        name: [LayerSmoothness(**row) for row in rows]
        for name, rows in result["layers"].items()
    }
    return of_display(SmoothnessDisplay(tables))()


# -- the first author's blog -----------------------------------------------------------


def _blog(run):
    """Two categories of ten members through twenty layers of 0.1 N(0, 1)."""
    found = []
    for seed in range(run.seeds):
        rng = np.random.default_rng(seed)
        prototypes = rng.standard_normal((2, 1, BLOG_WIDTH))
        noise = rng.standard_normal((2, N_MEMBERS, BLOG_WIDTH))
        levels = np.linspace(0, 1, N_MEMBERS)[:, None]
        X = (prototypes + levels * noise).reshape(-1, BLOG_WIDTH)
        network = RandomNetwork((BLOG_WIDTH,) * BLOG_DEPTH, random_state=seed).fit(X)
        y = np.repeat([0, 1], N_MEMBERS)
        table = functional_smoothness(X, network, y=y)
        cosines = [_cosines(Z) for Z in (X, *network.transform_layers(X))]
        found.append(
            {
                "smoothness": [row.smoothness for row in table],
                "within_class": [row.within_class for row in table],
                "same": [c[0] for c in cosines],
                "other": [c[1] for c in cosines],
            }
        )
    return {
        name: np.mean([f[name] for f in found], axis=0).tolist() for name in found[0]
    }


def _cosines(patterns):
    """Mean correlation of members of one category, and of two."""
    similar = np.corrcoef(patterns)
    first, second = similar[:N_MEMBERS, :N_MEMBERS], similar[N_MEMBERS:, N_MEMBERS:]
    pairs = ~np.eye(N_MEMBERS, dtype=bool)
    same = np.mean([first[pairs].mean(), second[pairs].mean()])
    return float(same), float(similar[:N_MEMBERS, N_MEMBERS:].mean())


def _blog_text(result):
    rows = [
        [
            str(layer),
            f"{result['same'][layer]:.2f}",
            f"{result['other'][layer]:.2f}",
            f"{result['smoothness'][layer - 1]:.2f}" if layer else "",
            f"{result['within_class'][layer - 1]:.2f}" if layer else "",
        ]
        for layer in (0, 1, 5, 10, 15, BLOG_DEPTH)
    ]
    header = ["layer", "similarity in a category", "of two", "smoothness"]
    lines = [
        "Correlations of members of one category and of two, and smoothness over all "
        "pairs and within categories; layer 0 is the input, a prototype plus 0 to 1 "
        "times normal noise. Weights are 0.1 N(0, 1), "
        f"{BLOG_WIDTH} tanh units a layer.",
        "",
        markdown_table([*header, "within categories"], rows),
    ]
    return "\n".join(lines)


def _branched_figure(result):
    return of_display(branched.display(result))()


TABLES = {
    1: Table(
        "Figure 2A: similarity to the prototype by coding scheme",
        _coding_schemes,
        _coding_schemes_text,
    ),
    2: Table(
        "Prototypes through nine layers, by the scale of the weights",
        _scales,
        _scales_text,
    ),
    3: Table("Mean-field prediction and simulation", _mean_field, _mean_field_text),
    4: Table("Digits: a trained and an untrained MLP", _digits, _digits_text),
    5: Table("The blog's two categories through twenty layers", _blog, _blog_text),
    6: Table("Images through a branched network", branched.fits, branched.text),
    7: Table(
        "A pulse and silence in a recurrent network",
        recurrent.pulse,
        recurrent.pulse_text,
    ),
    8: Table(
        "Series through a recurrent network", recurrent.series, recurrent.series_text
    ),
}
# Table -> its data set, and those that it has beside it from a folder with files.
OF_DATA = {
    6: ("digits", ("mnist", "cifar10")),
    8: ("made", ("GunPoint", "BasicMotions", "mnist1d")),
}
# Table -> file, and what draws it from the table's result.
FIGURES = {
    1: ("figure-2a.png", _figure_2a),
    4: ("digits-smoothness.png", _digits_figure),
    6: ("branched-smoothness.png", _branched_figure),
}

EXPERIMENT = Experiment(
    "untrained",
    _jobs,
    _report_text,
    lambda result: ", ".join(result),
    TABLES,
    figures=_figures,
    prints=("report", "figures"),
)
