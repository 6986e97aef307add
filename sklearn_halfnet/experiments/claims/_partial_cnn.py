"""Claims on networks that learn next to nothing."""

import numpy as np

from sklearn_halfnet.experiments.claims._claim import Claim, figures

__all__ = ["CLAIMS", "SOURCE"]

SOURCE = "Rosenfeld & Tsotsos (2018), learning next to nothing, arXiv 1802.00844"

PARTIAL = "partial-cnn"


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
    Claim("Below .1 batch norms make most of the accuracy, above .4 little"),
    Claim("VGG without batch norms fails at small fractions; the AlexNet row"),
    Claim("Rows and columns of kernels are worse than filters"),
    Claim("5 and 10 filters a layer; fractions .07 to .09"),
    Claim("With .1 learned, learned weights are markedly larger than fixed ones"),
    Claim("CIFAR-100 and Tiny ImageNet"),
    Claim("Several tasks may share one backbone (outlook)"),
]
