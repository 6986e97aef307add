"""Smoothness through a branched network, as Inception is one, on images."""

import numpy as np

from sklearn_halfnet import RandomBranchedNetwork
from sklearn_halfnet.experiments._common.data import load_images
from sklearn_halfnet.experiments._common.report import markdown_table
from sklearn_halfnet.inspection.smoothness import (
    LayerSmoothness,
    functional_smoothness,
)
from sklearn_halfnet.inspection.smoothness_display import SmoothnessDisplay

__all__ = ["display", "fits", "text"]

# Paths of 1 x 1, 3 x 3 and 5 x 5 filters behind 1 x 1, and of pooling, and as many
# filters of 3 x 3 on one path.
NETWORKS = {
    "branched": [[8], [8, (8, 3)], [8, (8, 5)], ["pool", 8]],
    "one path": [[(32, 3)]],
}
N_BLOCKS, POOL_EVERY = 9, 3
SCALES = (1.0, 3.0, 10.0)
N_IMAGES = 50
MOST_DRAWS = 3
FIGURES = ("smoothness", "within_class", "mean_similarity")
SHOWN = (1, 3, 6, 9)


def load_patterns(run, name):
    """Load images (n, channels, height, width) of mean 0 and variance 1, and labels."""
    data = load_images(run, name)
    height, width, *channels = data.image_shape
    X = data.X_test[:N_IMAGES].reshape(-1, height, width, *(channels or [1]))
    X = X.transpose(0, 3, 1, 2).astype(np.float32)
    return (X - X.mean()) / X.std(), data.y_test[:N_IMAGES]


def fits(run, data):
    """Measure smoothness by block: data set, network and scale to means over draws."""
    X, y = load_patterns(run, data)
    found = {}
    for network, paths in NETWORKS.items():
        for scale in SCALES[-1:] if run.quick else SCALES:
            tables = [
                _through_blocks(X, y, paths, scale, seed)
                for seed in range(min(run.rounds, MOST_DRAWS))
            ]
            found[f"{data}, {network}, {scale:g}"] = {
                "layers": [row.layer for row in tables[0]],
                "n_draws": len(tables),
            } | {
                figure: np.mean(
                    [[getattr(row, figure) for row in table] for table in tables],
                    axis=0,
                ).tolist()
                for figure in FIGURES
            }
    return found


def _through_blocks(X, y, paths, scale, seed):
    network = RandomBranchedNetwork(
        paths,
        n_blocks=N_BLOCKS,
        pool_every=POOL_EVERY,
        weight_scale=scale,
        random_state=seed,
    )
    return functional_smoothness(X, network.fit(X), y=y)


def _of_blocks(result, figure):
    """Values by block, without those of single paths."""
    pairs = zip(result["layers"], result[figure], strict=True)
    return [value for layer, value in pairs if "path" not in layer]


def text(result):
    """Write the figures of some blocks, and of the paths of the first and the last."""
    rows, of_paths = [], []
    n_draws = max(found["n_draws"] for found in result.values())
    for key, found in result.items():
        data, network, scale = key.split(", ")
        by_block = {figure: _of_blocks(found, figure) for figure in FIGURES}
        rows.append(
            [data, network, scale]
            + [f"{by_block[FIGURES[0]][i - 1]:.2f}" for i in SHOWN]
            + [f"{by_block[figure][i]:.2f}" for figure in FIGURES[1:] for i in (0, -1)]
        )
        values = dict(zip(found["layers"], found["smoothness"], strict=True))
        if network == "branched":
            of_paths.append(
                [data, scale]
                + [
                    f"{values[f'block {block}, path {path}']:.2f}"
                    for block in (1, N_BLOCKS)
                    for path in (1, 2, 3, 4)
                ]
            )
    header = ["images", "network", "sigma_w"]
    header += [f"smoothness, block {i}" if i == 1 else str(i) for i in SHOWN]
    header += ["within classes, 1", str(N_BLOCKS)]
    header += ["mean similarity, 1", str(N_BLOCKS)]
    ways = ["1 x 1", "3 x 3", "5 x 5", "pool"]
    return "\n".join(
        [
            f"RandomBranchedNetwork of tanh units, {N_BLOCKS} blocks, pooled after "
            f"each {POOL_EVERY}, on {N_IMAGES} images of mean 0 and variance 1; "
            f"means of {n_draws} draws. Branched: paths of 8 filters each, 1 x 1; "
            "1 x 1, then 3 x 3; 1 x 1, then 5 x 5; pooling, then 1 x 1. "
            "One path: 32 filters of 3 x 3.",
            "",
            markdown_table(header, rows),
            "",
            "Smoothness of the paths of the branched network's first and last block.",
            "",
            markdown_table(
                ["images", "sigma_w"]
                + [f"block {b}, {way}" for b in (1, N_BLOCKS) for way in ways],
                of_paths,
            ),
        ]
    )


def display(result):
    """Make the picture's data: smoothness by block of the first data set."""
    data = next(iter(result)).split(", ")[0]
    tables = {}
    for key, found in result.items():
        if key.startswith(data):
            columns = [_of_blocks(found, figure) for figure in ("layers", *FIGURES)]
            tables[key] = [
                LayerSmoothness(layer, 0, *values)
                for layer, *values in zip(*columns, strict=True)
            ]
    return SmoothnessDisplay(tables)
