"""What each source claims, and how our records judge it."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from sklearn_halfnet.experiments.claims._records import NotMeasured

__all__ = ["SOURCES", "Claim"]

HALF, HALFNET, PARTIAL = "half-layers", "halfnet", "partial-cnn"
MNIST, FASHION = 1, 2
CONV_MNIST, CONV_FASHION = 3, 4
SIZES = (256, 512, 1024, 2048)
RANKS = (1, 2, 4, 8, 16, 32, 64, 128)


@dataclass(frozen=True)
class Claim:
    """One claim of a source.

    Attributes
    ----------
    text : str
        With the paper's figures, where it has any.
    judge : callable or None
        Takes Records; returns whether it came out, and our figures as text. None: it
        was not tried.
    command : str
        What makes the records, behind ``halfnet reproduce``.
    """

    text: str
    judge: Callable | None = None
    command: str = ""


def _figures(values, digits=2):
    return ", ".join(f"{value:.{digits}f}" for value in values)


# -- half layers -----------------------------------------------------------------------


def _by_size(records, table, kind, prefix="rnd"):
    return [
        records.mean(HALF, "test", table=table, model=f"{prefix}-{n}-{kind}")
        for n in SIZES
    ]


def _more_units_help(records):
    rows = [_by_size(records, table, "N") for table in (MNIST, FASHION)]
    gains = [np.diff(row) for row in rows]
    holds = all((gain > 0).all() and gain[-1] < gain[0] for gain in gains)
    return holds, "; ".join(map(_figures, rows))


def _filters_are_poor_on_fashion(records):
    rows = {kind: _by_size(records, FASHION, kind) for kind in "NMT"}
    holds = all(max(m, t) < n for n, m, t in zip(*rows.values(), strict=True))
    return holds, "; ".join(f"{kind} {_figures(row)}" for kind, row in rows.items())


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
    return holds, f"best crnd {_figures(best)}; cmlp-40 {_figures(trained)}"


# -- HalfNet ---------------------------------------------------------------------------


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
    return found[0] > max(found[1:]), f"embedding, PCA, pixels: {_figures(found)}"


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


# -- learning next to nothing ----------------------------------------------------------


def _part(records, network, what, field="test"):
    return records.mean(PARTIAL, field, table=1, model=f"{network}: {what}")


def _both(judge):
    """Judge the wide residual network and the DenseNet by the same figures."""

    def of_both(records):
        found = {name: judge(records, name) for name in ("wrn", "densenet")}
        text = "; ".join(f"{name} {text}" for name, (_, text) in found.items())
        return all(holds for holds, _ in found.values()), text

    return of_both


def _rises(records, network):
    names = [f"fraction {f}" for f in (".1", ".4", ".7", "1")]
    found = [_part(records, network, name) for name in names]
    return sorted(found) == found, _figures(found, 1)


def _random_above_zero(records, network):
    found = [
        _part(records, network, f"fraction .1{more}") for more in ("", ", others zero")
    ]
    return found[0] > found[1], _figures(found, 1)


def _filters_above_channels(records, network):
    found = [_part(records, network, n) for n in ("fraction .1", "input channels .1")]
    return found[0] > found[1], _figures(found, 1)


def _norms_above_chance(records, network):
    norms = _part(records, network, "batch norm")
    return norms > 15, f"{norms:.1f} (chance 10)"


def _classifier_below_blocks(more):
    def judge(records, network):
        fc, *blocks = (
            _part(records, network, f"{part}{more}")
            for part in ("fc", "block1", "block2", "block3")
        )
        return fc < max(blocks), f"fc {fc:.1f}, blocks {_figures(blocks, 1)}"

    return judge


def _densenet_above(what):
    def judge(records):
        dense, wide = (_part(records, name, what) for name in ("densenet", "wrn"))
        return dense > wide, f"densenet {dense:.1f}, wrn {wide:.1f}"

    return judge


def _ensembles(records):
    names = ("fc only", "share .9", "share .6", "share .3", "full")
    whole, member = (
        [records.mean(PARTIAL, field, table=2, model=name) for name in names]
        for field in ("test", "mean_member")
    )
    holds = sorted(whole) == whole and all(np.greater(whole, member))
    return holds, f"{_figures(whole, 1)}; members {_figures(member, 1)}"


# -- untrained networks ----------------------------------------------------------------


def _falls(records):
    (found,) = records.results("untrained", table=1)
    worst = max(found["trend"])
    return worst <= -0.95, f"largest Spearman correlation {worst:.3f}"


def _weakens(records):
    (found,) = records.results("untrained", table=1)
    first = found["schemes"].index("perceptron")
    slopes = np.abs(found["slope_beyond_half"][first:]) * 1000
    return bool((np.diff(slopes) < 0).all()), _figures(slopes, 1) + " / 1000"


def _lost_with_depth(records):
    (found,) = records.results("untrained", table=2)
    first, *_, last = found["10"]["smoothness"]
    return last < first / 2, f"{first:.2f} to {last:.2f} through 9 layers"


def _items_collapse(records):
    (found,) = records.results("untrained", table=5)
    same, other = (found[name] for name in ("same", "other"))
    text = (
        f"within a category {same[0]:.2f} at the input, {same[-1]:.2f} in layer 20; "
        f"between categories {other[0]:.2f} and {other[-1]:.2f}"
    )
    return same[-1] > 0.95, text


def _order_within(records):
    (found,) = records.results("untrained", table=5)
    within = found["within_class"]
    text = f"within categories {within[0]:.2f} to {within[-1]:.2f}"
    return within[-1] < within[0] - 0.1, text


def _like_trained(records):
    (found,) = records.results("untrained", table=4)
    texts, falls = [], []
    for name, rows in found["layers"].items():
        smooth = [row["smoothness"] for row in rows]
        falls.append(sorted(smooth, reverse=True) == smooth)
        texts.append(f"{name} {_figures(smooth)}")
    return all(falls), "; ".join(texts)


def _theory(records):
    (found,) = records.results("untrained", table=3)
    worst = max(pair["gap"] for pair in found["pairs"])
    return worst <= 0.06, f"largest gap {worst:.3f}"


# -- weight-agnostic networks ----------------------------------------------------------

WANN, LONG = "weight-agnostic", {"measure": "mnist, 600 s"}


def _row(records, *fields):
    return [records.mean(WANN, field, **LONG) for field in fields]


def _any_weight(records):
    mean, sd = _row(records, "random", "random_sd")
    return mean > 0.82, f"{mean:.3f} ± {sd:.3f}"


def _as_linear(records):
    *found, linear = _row(records, "ensemble", "tuned", "logistic")
    return max(
        found
    ) >= linear, f"{_figures(found, 3)}; logistic regression {linear:.3f}"


def _trained_as_linear(records):
    trained, linear = _row(records, "trained", "logistic")
    return trained >= linear, f"{trained:.3f}; logistic regression {linear:.3f}"


def _ensemble_is_near(records):
    ensemble, tuned = _row(records, "ensemble", "tuned")
    return ensemble >= tuned - 0.005, f"ensemble {ensemble:.3f}, tuned {tuned:.3f}"


def _training_helps(records):
    tuned, trained = _row(records, "tuned", "trained")
    return trained > tuned, f"tuned {tuned:.3f}, trained {trained:.3f}"


def _training_helps_on_digits(records):
    tuned, trained = (
        records.mean(WANN, field, measure="digits") for field in ("tuned", "trained")
    )
    return trained > tuned, f"tuned {tuned:.3f}, trained {trained:.3f}"


def _three_seeds(records):
    found = records.values(WANN, "ensemble", measure="mnist, 60 s")
    if len(found) < 3:
        raise NotMeasured("one seed")
    return found.min() >= 0.916, f"{_figures(sorted(found), 3)}"


SOURCES = {
    "Alpaydin (2025), Half-Layered Neural Networks, arXiv 2506.04352": [
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
        Claim(
            "Binary weights are as good as normal", _binary_is_as_good, "half-layers"
        ),
        Claim(
            "Behind convolutions half layers trail the MLP",
            _behind_convolutions,
            "half-layers",
        ),
        Claim("A half layer may stand behind any trained layer, full ones too"),
    ],
    "Alpaydin (2026), HalfNet, arXiv 2606.04583": [
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
    ],
    "Rosenfeld & Tsotsos (2018), learning next to nothing, arXiv 1802.00844": [
        Claim("Accuracy rises with the fraction", _both(_rises), "partial-cnn"),
        Claim(
            "Random fixed weights beat zeros at .1 (WRN: by 2.6 points)",
            _both(_random_above_zero),
            "partial-cnn",
        ),
        Claim(
            "Whole filters beat input channels",
            _both(_filters_above_channels),
            "partial-cnn",
        ),
        Claim(
            "Batch norms alone learn something",
            _both(_norms_above_chance),
            "partial-cnn",
        ),
        Claim(
            "DenseNet above WRN by batch norms alone (60.85 and 30.2)",
            _densenet_above("batch norm"),
            "partial-cnn",
        ),
        Claim(
            "DenseNet above WRN by one filter a layer (85 and 69)",
            _densenet_above("one filter"),
            "partial-cnn",
        ),
        Claim(
            "The classifier is below the best single block, all with batch norms",
            _both(_classifier_below_blocks(", batch norms")),
            "partial-cnn --table 1",
        ),
        Claim(
            "The same without the batch norms, which the paper has not",
            _both(_classifier_below_blocks("")),
            "partial-cnn --table 1",
        ),
        Claim(
            "Ensembles: the less is shared the better, each above its mean member",
            _ensembles,
            "partial-cnn --table 2",
        ),
        Claim("Below .1 batch norms make most of the accuracy, above .4 little"),
        Claim("VGG without batch norms fails at small fractions; the AlexNet row"),
        Claim("Rows and columns of kernels are worse than filters"),
        Claim("5 and 10 filters a layer; fractions .07 to .09"),
        Claim("With .1 learned, learned weights are markedly larger than fixed ones"),
        Claim("CIFAR-100 and Tiny ImageNet"),
        Claim("Several tasks may share one backbone (outlook)"),
    ],
    "Guest & Love (2017), eLife 6:e21397, and the first author's blog": [
        Claim(
            "Similarity to the prototype falls with distortion (Spearman at most -.95)",
            _falls,
            "untrained --table 1",
        ),
        Claim(
            "The deeper, the weaker its slope beyond noise .5",
            _weakens,
            "untrained --table 1",
        ),
        Claim(
            "Deep in random networks smoothness is lost (to less than a half)",
            _lost_with_depth,
            "untrained --table 2",
        ),
        Claim(
            "The blog: deep in the network items of a category collapse to one",
            _items_collapse,
            "untrained --table 5",
        ),
        Claim(
            "The blog: the order within a category is lost",
            _order_within,
            "untrained --table 5",
        ),
        Claim(
            "Trained and untrained alike lose smoothness with depth (an MLP on digits)",
            _like_trained,
            "untrained --table 4",
        ),
        Claim(
            "Mean-field theory (Poole et al. 2016) predicts it (within .06)",
            _theory,
            "untrained --table 3",
        ),
        Claim("The same in branched networks (Inception)"),
        Claim("The same in recurrent networks, along time"),
    ],
    "Gaier & Ha (2019), Weight Agnostic Neural Networks, arXiv 1906.04358": [
        Claim(
            "MNIST with one random weight: .820 and more",
            _any_weight,
            "weight-agnostic --table 2",
        ),
        Claim(
            "An ensemble of weights is about as good as the tuned one (.916 and .919)",
            _ensemble_is_near,
            "weight-agnostic --table 2",
        ),
        Claim(
            "Training all weights helps further (.942)",
            _training_helps,
            "weight-agnostic --table 2",
        ),
        Claim(
            "The same on digits, 450 connections",
            _training_helps_on_digits,
            "weight-agnostic --table 1",
        ),
        Claim(
            "Without trained weights as good as a linear classifier",
            _as_linear,
            "weight-agnostic --table 2",
        ),
        Claim(
            "With trained weights as good as a linear classifier",
            _trained_as_linear,
            "weight-agnostic --table 2",
        ),
        Claim(
            "Any seed does: three seeds of 60 s at .916 or more",
            _three_seeds,
            "weight-agnostic --table 2",
        ),
        Claim("Reinforcement learning: SwingUp, Biped, CarRacing"),
    ],
}
