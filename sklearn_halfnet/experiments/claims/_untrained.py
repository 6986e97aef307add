"""Claims on untrained networks."""

import numpy as np

from sklearn_halfnet.experiments.claims._claim import Claim, figures

__all__ = ["CLAIMS", "SOURCE"]

SOURCE = "Guest & Love (2017), eLife 6:e21397, and the first author's blog"


def _falls(records):
    (found,) = records.results("untrained", table=1)
    worst = max(found["trend"])
    return worst <= -0.95, f"largest Spearman correlation {worst:.3f}"


def _weakens(records):
    (found,) = records.results("untrained", table=1)
    first = found["schemes"].index("perceptron")
    slopes = np.abs(found["slope_beyond_half"][first:]) * 1000
    return bool((np.diff(slopes) < 0).all()), figures(slopes, 1) + " / 1000"


def _lost_with_depth(records):
    (found,) = records.results("untrained", table=2)
    first, *_, last = found["10"]["smoothness"]
    return last < first / 2, f"{first:.2f} to {last:.2f} through 9 layers"


def _of_sets(records, table):
    """Join the results of a table's data sets."""
    found = {}
    for result in records.results("untrained", table=table):
        found |= result
    return found


def _lost_in_branches(records):
    texts, lost = [], []
    for key, values in _of_sets(records, 6).items():
        data, network, scale = key.split(", ")
        if (network, scale) == ("branched", "10"):
            blocks = dict(zip(values["layers"], values["smoothness"], strict=True))
            first, last = blocks["block 1"], blocks["block 9"]
            lost.append(last < first / 2)
            texts.append(f"{data} {first:.2f} to {last:.2f}")
    return all(lost), "; ".join(texts) + " through 9 blocks"


def _lost_after_a_pulse(records):
    (found,) = records.results("untrained", table=7)
    first, *_, last = found["recurrent, 10"]["smoothness"]
    return last < first / 2, f"{first:.2f} to {last:.2f} in 20 steps"


def _lost_along_series(records):
    texts, lost = [], []
    for key, values in _of_sets(records, 8).items():
        name, radius = key.split(", ")
        if radius == "10":
            first, *_, last = values["so_far"]
            lost.append(last < first / 2)
            texts.append(f"{name} {first:.2f} to {last:.2f}")
    return all(lost), "; ".join(texts) + " from the first step to the end"


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
        texts.append(f"{name} {figures(smooth)}")
    return all(falls), "; ".join(texts)


def _theory(records):
    (found,) = records.results("untrained", table=3)
    worst = max(pair["gap"] for pair in found["pairs"])
    return worst <= 0.06, f"largest gap {worst:.3f}"


CLAIMS = [
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
    Claim(
        "The same in branched networks like Inception, on images (to less than a half, "
        "sigma_w = 10)",
        _lost_in_branches,
        "untrained --table 6",
    ),
    Claim(
        "The same in recurrent networks, along time, after a pulse (radius 10)",
        _lost_after_a_pulse,
        "untrained --table 7",
    ),
    Claim(
        "The same while series come in, compared with the series so far (radius 10)",
        _lost_along_series,
        "untrained --table 8",
    ),
]
