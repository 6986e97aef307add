"""Claims on HalfNet."""

import numpy as np

from sklearn_halfnet.experiments.claims._claim import Claim, figures

__all__ = ["CLAIMS", "SOURCE"]

SOURCE = "Alpaydin (2026), HalfNet, arXiv 2606.04583"

HALFNET = "halfnet"
RANKS = (1, 2, 4, 8, 16, 32, 64, 128)


def _matches(records, table, net):
    rank = records.mean(HALFNET, "test", table=table, model=net)
    mlp = "MLP-1024" if table > 1 else "torch MLP, rate 3e-3"
    full = records.mean(HALFNET, "test", table=table, model=mlp)
    return rank >= full - 0.2, f"{net} {rank:.2f}, {mlp} {full:.2f}"


def _fewer_parameters(records):
    counts = [
        records.mean(HALFNET, "n_trainable", table=1, model=model)
        for model in ("HalfNet", "torch MLP, rate 3e-3")
    ]
    return counts[0] < counts[1] / 20, " and ".join(f"{n:,.0f}" for n in counts)


def _equal_count(records):
    gaps = []
    for table in (2, 3):
        for rank in RANKS[3:]:
            net, mlp = (
                records.mean(HALFNET, "test", table=table, model=f"{kind}, rank {rank}")
                for kind in ("HalfNet", "MLP of equal count")
            )
            gaps.append(net - mlp)
    return min(gaps) > 0, f"{min(gaps):+.2f} to {max(gaps):+.2f} points"


def _smooth_in_rank(records):
    drops = []
    for table in (2, 3):
        means = [
            records.mean(HALFNET, "test", table=table, model=f"HalfNet, rank {rank}")
            for rank in RANKS
        ]
        drops.append(max(0.0, *-np.diff(means)))
    return max(drops) <= 0.2, f"largest drop {max(drops):.2f} points"


def _geometry_not_values(records):
    test, old, new = (
        records.mean(HALFNET, field, table=1, model="HalfNet")
        for field in ("test", "old_read_out", "refit")
    )
    text = f"{test:.2f}; new Z {old:.2f}, with a refit read-out {new:.2f}"
    return new >= test - 0.5, text


def _trained_directions(records):
    frozen, free = (
        records.mean(HALFNET, "test", table=1, model=model)
        for model in ("HalfNet", "HalfNet, Z trained")
    )
    return free <= frozen + 0.2, f"frozen {frozen:.2f}, trained {free:.2f}"


def _concentrated(records):
    rank = records.mean(HALFNET, "effective_rank", table=8)
    most = records.mean(HALFNET, "directions_of_90_percent", table=8)
    half, whole = (records.mean(HALFNET, f"truncated {k}", table=8) for k in (16, 32))
    text = (
        f"effective rank {rank:.1f} of 32, 90 % of the energy in {most:.1f}; "
        f"{half:.2f} % on 16 directions, {whole:.2f} on all"
    )
    return most <= 16 and half >= whole - 1, text


def _kernel(records):
    units = (256, 1_024, 4_096, 16_384)
    texts, slopes = [], []
    for name in ("relu", "cos"):
        gaps = [records.mean(HALFNET, f"{name} {n}", table=9) for n in units]
        slopes.append(np.polyfit(np.log(units), np.log(gaps), 1)[0])
        texts.append(f"{name}: {gaps[0]:.3f} to {gaps[-1]:.3f}, power {slopes[-1]:.2f}")
    return all(abs(slope + 0.5) < 0.1 for slope in slopes), "; ".join(texts)


def _metric(records):
    names = ("halfnet", "pca", "pixels")
    found = [records.mean(HALFNET, name, table=5) for name in names]
    return found[0] > max(found[1:]), f"embedding, PCA, pixels: {figures(found)}"


def _active_subspace(records):
    net, half = (
        records.mean(HALFNET, "test", table=4, model=model)
        for model in ("HalfNet, rank 32", "HalfLayer")
    )
    return net >= 0.85 > half, f"HalfNet {net:.3f}, isotropic half layer {half:.3f}"


def _rank_8(records):
    scores = records.values(HALFNET, "test", table=7, model="rank 8")
    low, middle, high = np.quantile(scores, (0.25, 0.5, 0.75))
    text = f"median {middle:.3f}, quartiles {low:.3f} to {high:.3f}, n = {len(scores)}"
    return middle >= 0.85, text


CLAIMS = [
    Claim(
        "Matches a fully trained MLP on MNIST (within .2 points, rank 32)",
        lambda records: _matches(records, 1, "HalfNet"),
        "halfnet --table 1",
    ),
    Claim(
        "Matches a fully trained MLP on CIFAR-10 (within .2 points, rank 128)",
        lambda records: _matches(records, 3, "HalfNet, rank 128"),
        "halfnet --table 3",
    ),
    Claim(
        "With far fewer parameters (less than a twentieth, MNIST)",
        _fewer_parameters,
        "halfnet --table 1",
    ),
    Claim(
        "Above the MLP of as many parameters, from rank 8 on",
        _equal_count,
        "halfnet",
    ),
    Claim(
        "Accuracy rises smoothly with the rank",
        _smooth_in_rank,
        "halfnet",
    ),
    Claim(
        "The power lies in the geometry, not in the values: new random weights "
        "under the learned A cost at most .5 points, with a refit read-out",
        _geometry_not_values,
        "halfnet --table 1",
    ),
    Claim(
        "It is no low-rank trick: the same network with Z trained gains at most .2 "
        "points",
        _trained_directions,
        "halfnet --table 1",
    ),
    Claim(
        "Spectra: half of the directions carry nine tenths of the energy and all "
        "but a point of the accuracy",
        _concentrated,
        "halfnet --table 8",
    ),
    Claim(
        "It is a kernel: that of random units goes to its closed form, for relu "
        "and cos, as the root of their number",
        _kernel,
        "halfnet --table 9",
    ),
    Claim(
        "It is metric learning: neighbours on the embedding beat those on pixels",
        _metric,
        "halfnet --table 5",
    ),
    Claim(
        "Few active directions are found where isotropic features stall (R2 at "
        "least .85)",
        _active_subspace,
        "halfnet --table 4",
    ),
    Claim("The same with no rank to spare, 8", _rank_8, "halfnet --table 7"),
]
