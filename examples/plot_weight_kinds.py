"""
Random weights in pictures
==========================

A half unit's weights are drawn once and frozen. What they look like is the weight
kind: noise, filters, templates, or mixtures of training rows. Here six units of each
kind are drawn as pictures; blue is negative, red positive.
"""

# %%
# Without data
# ------------
# These kinds need the shape of the image at most. The first three have no notion of
# neighbouring pixels; the filters have a random place and size, a Gabor filter a random
# orientation and wavelength too; a receptive field is a rectangle cut out of any kind.

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits

from sklearn_halfnet.weights import (
    BinaryWeights,
    ClassSumWeights,
    DifferenceWeights,
    GaborWeights,
    InstanceWeights,
    MexicanHatWeights,
    NormalWeights,
    PrincipalWeights,
    ReceptiveFieldWeights,
    SparseWeights,
)


def show(kinds, image_shape, X=None, y=None, n_units=6):
    """Draw each kind's units as a row of pictures."""
    size = (n_units + 1.5, len(kinds))
    _, axes = plt.subplots(len(kinds), n_units, figsize=size, layout="constrained")
    for row, (name, kind) in zip(axes, kinds.items(), strict=True):
        rng = np.random.default_rng(7)
        weights = kind.sample(n_units, int(np.prod(image_shape)), rng, X, y)
        weights = weights.toarray() if hasattr(weights, "toarray") else weights
        for ax, unit in zip(row, weights, strict=True):
            limit = np.abs(unit).max()
            ax.imshow(unit.reshape(image_shape), "RdBu_r", vmin=-limit, vmax=limit)
            ax.set(xticks=[], yticks=[])
        row[0].set_ylabel(name, rotation=0, ha="right", va="center")


shape = (28, 28)
show(
    {
        "normal": NormalWeights(),
        "binary": BinaryWeights(),
        "sparse": SparseWeights(),
        "mexican_hat": MexicanHatWeights(shape),
        "gabor": GaborWeights(shape, sigma_range=(2, 6)),
        "receptive_field": ReceptiveFieldWeights("normal", image_shape=shape),
    },
    shape,
)

# %%
# From data
# ---------
# These kinds are made of training rows, here scikit-learn's digits of 8 x 8 pixels. The
# rows are centred first, as estimators do it: without it, templates are all alike.

X, y = load_digits(return_X_y=True)
X = X - X.mean(axis=0)
kinds = {
    "instances": InstanceWeights(),
    "difference": DifferenceWeights(),
    "class_sums": ClassSumWeights(),
    "parts of difference": ReceptiveFieldWeights("difference", image_shape=(8, 8)),
    "principal": PrincipalWeights(),
}
show(kinds, (8, 8), X, y)

# %%
# Much alike or all different?
# ----------------------------
# Units that look alike add little. The picture shows how often two of 200 units have
# weights at a given angle's cosine: noise is nearly orthogonal, templates of the same
# digit resemble each other.

figure, ax = plt.subplots(layout="constrained")
kinds = {name: kinds[name] for name in ("instances", "difference")}
kinds |= {"normal": NormalWeights(), "mexican_hat": MexicanHatWeights((8, 8))}
for name, kind in kinds.items():
    weights = kind.sample(200, 64, np.random.default_rng(0), X, y)
    weights = weights / np.linalg.norm(weights, axis=1, keepdims=True)
    cosines = (weights @ weights.T)[np.triu_indices(200, 1)]
    ax.hist(cosines, np.linspace(-1, 1, 81), histtype="step", density=True, label=name)
ax.set(xlabel="cosine between two units", ylabel="density")
ax.legend()
plt.show()
