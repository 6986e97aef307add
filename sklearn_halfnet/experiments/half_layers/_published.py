"""The published figures of the half-layer paper.

References
----------
E. Alpaydin (2025), "Half-Layered Neural Networks", arXiv 2506.04352: one hidden
layer (tables 1 and 2 here), and the same behind two convolutional layers (3 and 4);
mean of five seeds. Of what it says of later layers, behind trained ones of any kind, it
has no figures (5 and 6).
"""

from dataclasses import dataclass

__all__ = ["SOURCE", "TABLES", "PaperTable"]

SOURCE = "Alpaydin (2025), Half-Layered Neural Networks, arXiv 2506.04352"


@dataclass(frozen=True)
class PaperTable:
    """A table: its data set, and model -> test accuracy in percent in the paper.

    None where the paper has no such model.
    """

    data: str
    title: str
    published: dict
    figures: str = ""  # before the names of its figures


# Mean test accuracy over five seeds, in percent: MNIST, Fashion-MNIST. Two evident
# misprints of the latter are corrected: the first mlp row of the printed table is
# mlp-16, and its second rnd-1024-B is rnd-1024-T.
ONE_HIDDEN_LAYER = {
    "lp": (92.34, 84.58),
    "mlp-16": (94.35, 85.86),
    "mlp-32": (96.03, 86.62),
    "rnd-256-N": (92.62, 83.86),
    "rnd-256-B": (92.45, 83.87),
    "rnd-256-M": (93.83, 81.91),
    "rnd-256-T": (92.97, 81.29),
    "rnd-512-N": (93.94, 84.63),
    "rnd-512-B": (93.95, 84.78),
    "rnd-512-M": (94.35, 82.48),
    "rnd-512-T": (94.10, 82.25),
    "rnd-1024-N": (95.23, 85.27),
    "rnd-1024-B": (95.06, 85.27),
    "rnd-1024-M": (94.22, 82.61),
    "rnd-1024-T": (94.71, 82.97),
    "rnd-2048-N": (95.64, 85.66),
    "rnd-2048-B": (95.81, 85.56),
    "rnd-2048-M": (94.14, 83.21),
    "rnd-2048-T": (95.76, 83.27),
}
BEHIND_CONVOLUTIONS = {
    "clp": (98.85, 90.32),
    "cmlp-40": (98.95, 89.37),
    "crnd-256-N": (96.69, 85.12),
    "crnd-256-B": (96.51, 84.89),
    "crnd-512-N": (96.58, 85.37),
    "crnd-512-B": (96.53, 85.64),
    "crnd-1024-N": (97.13, 85.77),
    "crnd-1024-B": (96.37, 86.16),
    "crnd-2048-N": (96.63, 84.08),
    "crnd-2048-B": (96.80, 84.45),
}
# One full layer, two of them, and a full layer before a half layer of the same size;
# and half layers of principal directions.
BEHIND_A_FULL_LAYER = dict.fromkeys(
    ("mlp-64", "mlp-64-512", "mlp-64-rnd-512-N", "rnd-512-P", "rnd-1024-P"),
    (None, None),
)


def _table(rows, column, layers, figures=""):
    data, title = (("mnist", "MNIST"), ("fashion-mnist", "Fashion-MNIST"))[column]
    published = {model: row[column] for model, row in rows.items()}
    return PaperTable(data, f"{title}, {layers}", published, figures)


TABLES = {
    1: _table(ONE_HIDDEN_LAYER, 0, "one hidden layer"),
    2: _table(ONE_HIDDEN_LAYER, 1, "one hidden layer"),
    3: _table(BEHIND_CONVOLUTIONS, 0, "behind two convolutional layers", "conv-"),
    4: _table(BEHIND_CONVOLUTIONS, 1, "behind two convolutional layers", "conv-"),
    5: _table(BEHIND_A_FULL_LAYER, 0, "behind a full layer", "full-"),
    6: _table(BEHIND_A_FULL_LAYER, 1, "behind a full layer", "full-"),
}
