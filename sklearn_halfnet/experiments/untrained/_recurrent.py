"""Smoothness along time through a recurrent network: after a pulse, and of series."""

from pathlib import Path

import numpy as np
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from sklearn_halfnet import RandomNetwork, RandomRecurrentNetwork
from sklearn_halfnet.datasets import make_distorted_prototypes
from sklearn_halfnet.experiments._common.report import markdown_table
from sklearn_halfnet.inspection.prototypes import similarity_to_prototype
from sklearn_halfnet.inspection.similarity import compare, similarity_matrix

__all__ = ["pulse", "pulse_text", "series", "series_text"]

WIDTH, N_STEPS = 100, 20
RADII = (0.9, 1.0, 3.0, 10.0)
SHOWN = (1, 2, 5, 10, 20)
# Level of noise .5 in steps of .05.
HALF = 10
N_SERIES = 200
# After the first step, and after parts of the time.
PARTS = (0.0, 0.25, 0.5, 0.75, 1.0)
# By distances: a series of one channel has no correlation over channels.
SIMILARITY = "euclidean"


# -- a pulse, and silence --------------------------------------------------------------


def pulse(run):
    """Show distorted prototypes for one step: then h_t = g(W h_{t-1}), step for step.

    That is a network of as many layers that share their weights; beside it one whose
    layers have their own.
    """
    found = {}
    for radius in RADII:
        for name, make in (("recurrent", _after_pulse), ("layers", _deep)):
            fits = [
                similarity_to_prototype(patterns, make(patterns, radius, seed))
                for seed, patterns in _prototypes(run)
            ]
            found[f"{name}, {radius:g}"] = {
                "smoothness": np.mean([f.smoothness for f in fits], axis=0).tolist(),
                "similarity": np.mean(
                    [f.by_level[:, HALF] for f in fits], axis=0
                ).tolist(),
            }
    return found


def _prototypes(run):
    return [
        (seed, make_distorted_prototypes(random_state=seed))
        for seed in range(run.rounds)
    ]


def _after_pulse(patterns, radius, seed):
    shown = FunctionTransformer(_then_silence, validate=False)
    network = RandomRecurrentNetwork(
        WIDTH,
        series_shape=(WIDTH, N_STEPS),
        spectral_radius=radius,
        # As in the layers, the first step has weights of the scale of all others.
        input_scale=radius,
        random_state=seed,
    )
    return make_pipeline(shown, network).fit(patterns.reshape(-1, WIDTH))


def _deep(patterns, scale, seed):
    network = RandomNetwork((WIDTH,) * N_STEPS, weight_scale=scale, random_state=seed)
    return network.fit(patterns.reshape(-1, WIDTH))


def _then_silence(rows):
    """Make flat series, channel by channel, of a first step and of zeros after it."""
    series = np.zeros((*rows.shape, N_STEPS))
    series[:, :, 0] = rows
    return series.reshape(len(rows), -1)


def pulse_text(result):
    """Write smoothness and similarity after some steps."""
    rows = [
        [*key.split(", ")[::-1]]
        + [f"{found['smoothness'][t - 1]:.2f}" for t in SHOWN]
        + [f"{found['similarity'][t - 1]:.2f}" for t in SHOWN[::2]]
        for key, found in result.items()
    ]
    header = ["radius, sigma_w", "network"]
    header += [f"smoothness, step {t}" if t == 1 else str(t) for t in SHOWN]
    header += [f"similarity at noise .5, {t}" if t == 1 else str(t) for t in SHOWN[::2]]
    return "\n".join(
        [
            f"The patterns of table 2, shown to {WIDTH} tanh units for one step, and "
            "then nothing. Recurrent: W of this spectral radius in each step. Layers: "
            "a RandomNetwork of this sigma_w, whose layers have their own weights.",
            "",
            markdown_table(header, rows),
        ]
    )


# -- series ----------------------------------------------------------------------------


def load_series(run, name):
    """Load series (n, channels, steps) of mean 0 and variance 1."""
    if name == "made":
        X = _made()
    else:
        with np.load(Path(run.data_home) / "timeseries" / f"{name}.npz") as data:
            X = data["X_test"][:N_SERIES].astype(np.float64)
    return (X - X.mean()) / X.std()


def _made(n_series=100, n_channels=3, n_steps=60):
    """Make waves of random frequency and phase, with noise."""
    rng = np.random.default_rng(0)
    shape = (n_series, n_channels, 1)
    frequencies, phases = rng.uniform(0.05, 0.5, shape), rng.uniform(0, 6, shape)
    waves = np.sin(frequencies * np.arange(n_steps) + phases)
    return waves + 0.2 * rng.standard_normal(waves.shape)


def series(run, data):
    """Compare states with the series so far, and with the last step alone."""
    X = load_series(run, data)
    found = {}
    for radius in RADII:
        fits = [_along(X, radius, seed) for seed in range(run.rounds)]
        found[f"{data}, {radius:g}"] = {
            figure: np.mean([fit[figure] for fit in fits], axis=0).tolist()
            for figure in fits[0]
        } | {"n_steps": X.shape[2]}
    return found


def _along(X, radius, seed):
    network = RandomRecurrentNetwork(
        WIDTH, spectral_radius=radius, random_state=seed
    ).fit(X)
    states = network.transform_layers(X)
    found = {"so_far": [], "last_step": [], "mean_similarity": []}
    pairs = np.triu_indices(len(X), 1)
    for part in PARTS:
        t = max(1, round(part * X.shape[2]))
        state, so_far = states[t - 1], X[:, :, :t].reshape(len(X), -1)
        found["so_far"].append(compare(so_far, state, SIMILARITY))
        found["last_step"].append(compare(X[:, :, t - 1], state, SIMILARITY))
        found["mean_similarity"].append(float(similarity_matrix(state)[pairs].mean()))
    return found


def series_text(result):
    """Write the figures at each part of the time."""
    rows = [
        [*key.split(", "), str(found["n_steps"])]
        + [
            f"{found[figure][i]:.2f}"
            for figure in ("so_far", "last_step")
            for i in range(len(PARTS))
        ]
        + [f"{found['mean_similarity'][i]:.2f}" for i in (0, -1)]
        for key, found in result.items()
    ]
    times = ["first step", "1/4", "1/2", "3/4", "end"]
    header = ["series", "radius", "steps", f"so far, {times[0]}", *times[1:]]
    header += [f"last step, {times[0]}", *times[1:]]
    header += [f"mean similarity, {times[0]}", times[-1]]
    return "\n".join(
        [
            f"RandomRecurrentNetwork of {WIDTH} tanh units, series of mean 0 and "
            "variance 1. Likeness of the state to the series so far, and to its last "
            "step alone, after the first step and parts of the time: correlation of "
            "the distances of all pairs. Mean similarity: correlation of two states.",
            "",
            markdown_table(header, rows),
        ]
    )
