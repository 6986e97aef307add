"""The published figures of the half-layer paper.

References
----------
E. Alpaydin (2025), "Half-Layered Neural Networks", arXiv 2506.04352: one hidden
layer (tables 1 and 2 here), and the same behind two convolutional layers (3 and 4);
mean of five seeds.
"""

from dataclasses import dataclass

__all__ = ["PUBLISHED", "SOURCE", "TABLES", "Table"]

SOURCE = "Alpaydin (2025), Half-Layered Neural Networks, arXiv 2506.04352"


@dataclass(frozen=True)
class Table:
    """A table of the paper: its data set, and model -> test accuracy in percent."""

    data: str
    title: str
    published: dict
    figures: str = ""  # before the names of its figures


# Mean test accuracy over five seeds, in percent.
PUBLISHED = {
    "mnist": {
        "lp": 92.34,
        "mlp-16": 94.35,
        "mlp-32": 96.03,
        "rnd-256-N": 92.62,
        "rnd-256-B": 92.45,
        "rnd-256-M": 93.83,
        "rnd-256-T": 92.97,
        "rnd-512-N": 93.94,
        "rnd-512-B": 93.95,
        "rnd-512-M": 94.35,
        "rnd-512-T": 94.10,
        "rnd-1024-N": 95.23,
        "rnd-1024-B": 95.06,
        "rnd-1024-M": 94.22,
        "rnd-1024-T": 94.71,
        "rnd-2048-N": 95.64,
        "rnd-2048-B": 95.81,
        "rnd-2048-M": 94.14,
        "rnd-2048-T": 95.76,
    },
    # Two evident misprints corrected: the first mlp row of the printed table is
    # mlp-16, and its second rnd-1024-B is rnd-1024-T.
    "fashion-mnist": {
        "lp": 84.58,
        "mlp-16": 85.86,
        "mlp-32": 86.62,
        "rnd-256-N": 83.86,
        "rnd-256-B": 83.87,
        "rnd-256-M": 81.91,
        "rnd-256-T": 81.29,
        "rnd-512-N": 84.63,
        "rnd-512-B": 84.78,
        "rnd-512-M": 82.48,
        "rnd-512-T": 82.25,
        "rnd-1024-N": 85.27,
        "rnd-1024-B": 85.27,
        "rnd-1024-M": 82.61,
        "rnd-1024-T": 82.97,
        "rnd-2048-N": 85.66,
        "rnd-2048-B": 85.56,
        "rnd-2048-M": 83.21,
        "rnd-2048-T": 83.27,
    },
}

PUBLISHED_CONVOLUTIONAL = {
    "mnist": {
        "clp": 98.85,
        "cmlp-40": 98.95,
        "crnd-256-N": 96.69,
        "crnd-256-B": 96.51,
        "crnd-512-N": 96.58,
        "crnd-512-B": 96.53,
        "crnd-1024-N": 97.13,
        "crnd-1024-B": 96.37,
        "crnd-2048-N": 96.63,
        "crnd-2048-B": 96.80,
    },
    "fashion-mnist": {
        "clp": 90.32,
        "cmlp-40": 89.37,
        "crnd-256-N": 85.12,
        "crnd-256-B": 84.89,
        "crnd-512-N": 85.37,
        "crnd-512-B": 85.64,
        "crnd-1024-N": 85.77,
        "crnd-1024-B": 86.16,
        "crnd-2048-N": 84.08,
        "crnd-2048-B": 84.45,
    },
}

TABLES = {
    1: Table("mnist", "MNIST, one hidden layer", PUBLISHED["mnist"]),
    2: Table(
        "fashion-mnist", "Fashion-MNIST, one hidden layer", PUBLISHED["fashion-mnist"]
    ),
    3: Table(
        "mnist",
        "MNIST, behind two convolutional layers",
        PUBLISHED_CONVOLUTIONAL["mnist"],
        "conv-",
    ),
    4: Table(
        "fashion-mnist",
        "Fashion-MNIST, behind two convolutional layers",
        PUBLISHED_CONVOLUTIONAL["fashion-mnist"],
        "conv-",
    ),
}
