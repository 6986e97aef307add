"""Claims on half layers."""

import numpy as np

from sklearn_halfnet.experiments.claims._claim import Claim, figures

__all__ = ["CLAIMS", "SOURCE"]

SOURCE = "Alpaydin (2025), Half-Layered Neural Networks, arXiv 2506.04352"

HALF = "half-layers"
MNIST, FASHION = 1, 2
CONV_MNIST, CONV_FASHION = 3, 4
FULL_MNIST, FULL_FASHION = 5, 6
SIZES = (256, 512, 1024, 2048)


def _by_size(records, table, kind, prefix="rnd"):
    return [
        records.mean(HALF, "test", table=table, model=f"{prefix}-{n}-{kind}")
        for n in SIZES
    ]


def _more_units_help(records):
    rows = [_by_size(records, table, "N") for table in (MNIST, FASHION)]
    gains = [np.diff(row) for row in rows]
    holds = all((gain > 0).all() and gain[-1] < gain[0] for gain in gains)
    return holds, "; ".join(map(figures, rows))


def _filters_are_poor_on_fashion(records):
    rows = {kind: _by_size(records, FASHION, kind) for kind in "NMT"}
    holds = all(max(m, t) < n for n, m, t in zip(*rows.values(), strict=True))
    return holds, "; ".join(f"{kind} {figures(row)}" for kind, row in rows.items())


def _moves_together(records):
    gaps = {}
    for table, names in (
        (FASHION, ("mlp-32", "rnd-1024-N")),
        (CONV_FASHION, ("cmlp-40", "crnd-1024-N")),
    ):
        for name in names:
            train, test = (
                records.mean(HALF, part, table=table, model=name)
                for part in ("train", "test")
            )
            gaps[name] = train - test
    holds = (
        gaps["rnd-1024-N"] < gaps["mlp-32"] and gaps["crnd-1024-N"] < gaps["cmlp-40"]
    )
    return holds, ", ".join(f"{name} {gap:.1f} points" for name, gap in gaps.items())


def _binary_is_as_good(records):
    gaps = [
        b - n
        for table in (MNIST, FASHION)
        for n, b in zip(*(_by_size(records, table, kind) for kind in "NB"), strict=True)
    ]
    worst = max(gaps, key=abs)
    return abs(worst) <= 0.3, f"largest difference {worst:+.2f} points"


def _behind_convolutions(records):
    best, trained = [], []
    for table in (CONV_MNIST, CONV_FASHION):
        both = [_by_size(records, table, kind, "crnd") for kind in "NB"]
        best.append(np.max(both))
        trained.append(records.mean(HALF, "test", table=table, model="cmlp-40"))
    holds = all(np.less(best, trained))
    return holds, f"best crnd {figures(best)}; cmlp-40 {figures(trained)}"


def _behind_a_full_layer(records):
    half, full = (
        [
            records.mean(HALF, "test", table=table, model=model)
            for table in (FULL_MNIST, FULL_FASHION)
        ]
        for model in ("mlp-64-rnd-512-N", "mlp-64-512")
    )
    holds = bool((np.subtract(half, full) >= -0.3).all())
    return holds, f"half {figures(half)}; full {figures(full)}"


CLAIMS = [
    Claim("More units help, up to a level", _more_units_help, "half-layers"),
    Claim(
        "Filters (M) and templates (T) are poor on Fashion-MNIST",
        _filters_are_poor_on_fashion,
        "half-layers --table 2",
    ),
    Claim(
        "Train and test accuracy move together: on Fashion-MNIST they part less "
        "than those of the MLP (published: 2.6 points, MLP-32 3.8)",
        _moves_together,
        "half-layers",
    ),
    Claim("Binary weights are as good as normal", _binary_is_as_good, "half-layers"),
    Claim(
        "Behind convolutions half layers trail the MLP",
        _behind_convolutions,
        "half-layers",
    ),
    Claim(
        "A half layer may stand behind any trained layer, full ones too: 512 half "
        "units behind 64 full ones are within .3 points of 512 full units there",
        _behind_a_full_layer,
        "half-layers",
    ),
]
