"""Claims on networks that learn next to nothing."""

from functools import partial

import numpy as np

from sklearn_halfnet.experiments._common.partial_cnns import HALVES, NORMS_FIXED
from sklearn_halfnet.experiments.claims._claim import Claim, figures
from sklearn_halfnet.experiments.claims._records import NotMeasured

__all__ = ["CLAIMS", "SOURCE"]

SOURCE = "Rosenfeld & Tsotsos (2018), learning next to nothing, arXiv 1802.00844"

PARTIAL = "partial-cnn"
CHANCE = 10


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
    return sorted(found) == found, figures(found, 1)


def _random_above_zero(records, network):
    found = [
        _part(records, network, f"fraction .1{more}") for more in ("", ", others zero")
    ]
    return found[0] > found[1], figures(found, 1)


def _filters_above_channels(records, network):
    found = [_part(records, network, n) for n in ("fraction .1", "input channels .1")]
    return found[0] > found[1], figures(found, 1)


def _norms_above_chance(records, network):
    norms = _part(records, network, "batch norm")
    return norms > 15, f"{norms:.1f} (chance 10)"


def _classifier_below_blocks(more):
    def judge(records, network):
        fc, *blocks = (
            _part(records, network, f"{part}{more}")
            for part in ("fc", "block1", "block2", "block3")
        )
        return fc < max(blocks), f"fc {fc:.1f}, blocks {figures(blocks, 1)}"

    return judge


def _at_the_papers_size(records):
    fc, *blocks = (
        records.mean("gpu", "test", table=4, model=f"wrn: {part}")
        for part in ("fc", "block1", "block2", "block3")
    )
    return fc < max(blocks), f"WRN-28-4: fc {fc:.1f}, blocks {figures(blocks, 1)}"


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
    return holds, f"{figures(whole, 1)}; members {figures(member, 1)}"


# -- what was tried at both sizes ------------------------------------------------------


def _at_both_sizes(text, judge, table):
    """Make two claims: of the paper's networks on a GPU, and of small ones."""

    def of_small(records):
        return judge(partial(_small, records, table))

    def of_large(records):
        return judge(partial(_large, records))

    return [
        Claim(f"{text}; the paper's sizes", of_large, "gpu --table 5"),
        Claim(f"{text}; small networks", of_small, f"partial-cnn --table {table}"),
    ]


def _small(records, table, model, field="test"):
    return records.values(PARTIAL, field, table=table, model=model)


def _large(records, model, field="test"):
    """Look into table 5; what it has in common with table 4 stands there."""
    name = f"{model}, weights" if field == "magnitudes" else model
    for table in (5, 4):
        try:
            return records.values("gpu", field, table=table, model=name)
        except NotMeasured:
            if table == 4:
                raise


def _means(of, *models):
    return [float(_or_chance(of(model)).mean()) for model in models]


def _or_chance(tests):
    """Count a training that diverged as one that has learned nothing."""
    return np.array([CHANCE if test is None else test for test in tests])


def _norms_make_most(of):
    learned, fixed = _means(of, "wrn: fraction .05", f"wrn: fraction .05{NORMS_FIXED}")
    return learned - fixed > fixed - CHANCE, f"learned {learned:.1f}, fixed {fixed:.1f}"


def _norms_at_04(of):
    learned, fixed = _means(of, "wrn: fraction .4", f"wrn: fraction .4{NORMS_FIXED}")
    return learned - fixed <= 2, f"learned {learned:.1f}, fixed {fixed:.1f}"


def _vgg_fails(of):
    without, norms = _means(of, "vgg: fraction .1", "vgg_bn: fraction .1")
    return without < 15 < norms, f"{without:.1f}; with batch norms {norms:.1f}"


def _alexnet_fails(of):
    tenth, more = _means(of, "alexnet: fraction .1", "alexnet: fraction .4")
    return tenth < 15, f"{tenth:.1f}; at .4 {more:.1f}"


def _filters_above_kernels(of):
    names = ("fraction", "kernel rows", "kernel columns")
    filters, *others = _means(of, *(f"wrn: {name} 1/3" for name in names))
    return filters > max(others), (
        f"filters {filters:.1f}, rows and columns {figures(others, 1)}"
    )


def _rises_by_count(of):
    found = _means(
        of, *(f"wrn: {n}" for n in ("one filter", "5 filters", "10 filters"))
    )
    return sorted(found) == found, figures(found, 1)


def _rises_below_a_tenth(of):
    found = _means(of, *(f"wrn: fraction .0{percent}" for percent in (5, 7, 8, 9)))
    return sorted(found) == found, figures(found, 1)


def _magnitudes(of, model, part):
    """Mean magnitudes of the layers, over seeds."""
    found = of(f"wrn: {model}", "magnitudes")
    return np.mean([np.array(each[part], float) for each in found], axis=0)


def _learned_are_larger(of):
    ratios = _magnitudes(of, "fraction .1", "learned")
    ratios = ratios / _magnitudes(of, "fraction .1", "fixed")
    return np.median(ratios) >= 1.2, _ratios(ratios)


def _as_in_full_training(of):
    tenth, more, full = (
        _magnitudes(of, f"fraction {name}", "learned") for name in (".1", ".4", "1")
    )
    text = f"at .4 {_ratios(more / full)}; at .1 {_ratios(tenth / full)}"
    return 1 / 1.2 <= np.median(more / full) <= 1.2, text


def _ratios(ratios):
    return f"{np.median(ratios):.2f} ({ratios.min():.2f} to {ratios.max():.2f})"


def _one_backbone(of):
    names = ("one backbone", "a backbone each", "all learned")
    one, each, full = _means(of, *(f"{HALVES}: {name}" for name in names))
    return one >= each - 1, f"{one:.1f}; {each:.1f}; all learned {full:.1f}"


def _of_100(records):
    fc, *blocks = (
        records.mean(PARTIAL, "test", table=10, model=f"wrn: {part}, batch norms")
        for part in ("fc", "block1", "block2", "block3")
    )
    return fc < max(blocks), f"fc {fc:.1f}, blocks {figures(blocks, 1)}"


CLAIMS = [
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
        "The same at the paper's size, 10 passes (37.0; 61.2, 76.3, 74.3)",
        _at_the_papers_size,
        "gpu --table 4",
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
    *_at_both_sizes(
        "Below .1 learned batch norms make most of what is above chance",
        _norms_make_most,
        4,
    ),
    *_at_both_sizes("At .4 they matter little (two points at most)", _norms_at_04, 4),
    *_at_both_sizes(
        "VGG without batch norms fails at a small fraction (below 15 % at .1)",
        _vgg_fails,
        5,
    ),
    *_at_both_sizes("AlexNet, which has none, fails there, too", _alexnet_fails, 5),
    *_at_both_sizes(
        "Rows and columns of kernels are worse than as large a share of filters",
        _filters_above_kernels,
        6,
    ),
    *_at_both_sizes("1, 5, 10 filters a layer: more is better", _rises_by_count, 7),
    *_at_both_sizes(
        "Fractions .05, .07, .08, .09: more is better", _rises_below_a_tenth, 7
    ),
    *_at_both_sizes(
        "With .1 learned, learned weights are markedly larger than fixed ones (in half "
        "of the layers by a fifth or more)",
        _learned_are_larger,
        8,
    ),
    *_at_both_sizes(
        "From .4 on they are as large as those of full training (half of the layers "
        "within a fifth)",
        _as_in_full_training,
        8,
    ),
    *_at_both_sizes(
        "Several tasks may share one backbone (outlook; within a point of a backbone "
        "each)",
        _one_backbone,
        9,
    ),
    Claim(
        "CIFAR-100: the classifier below the best single block, all with batch norms "
        "(10.3; 12.2, 25.1, 32.4)",
        _of_100,
        "partial-cnn --table 10",
    ),
    Claim("Tiny ImageNet: rises with the fraction (21.8, 30.1, 33.2, 35.5)"),
]
