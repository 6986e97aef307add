"""
========================================
Accuracy against bytes on a small device
========================================

A half layer trains its read-out and two numbers a unit; its weights are frozen, and
need not be stored where they can be drawn again. Here half layers of several widths are
written in C in four ways, and each way's test accuracy is set against the bytes of its
constants.
"""

# %%
# Four ways to write a model
# --------------------------
# Weights of the kind "seeded" are -1 or +1. C can hold them as numbers, as bits, or as
# the key that they are drawn by; and what is trained as numbers or rounded to 8 bits.
# ``to_numpy`` computes what each answers.

import re

import matplotlib.pyplot as plt
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from sklearn_halfnet import HalfLayerClassifier
from sklearn_halfnet.export import to_c, to_numpy

X, y = load_digits(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)

WAYS = {
    "numbers": {"weights": "float32"},
    "bits": {"weights": "binary"},
    "seed": {"weights": "seed"},
    "seed, 8 bits": {"weights": "seed", "trained": "int8"},
}
WIDTHS = (8, 16, 32, 64, 128)


def constant_bytes(model, **how):
    """Read from the head of the C file how many bytes its constants take."""
    source = to_c(model, **how, inputs="uint8")
    return int(re.search(r"(\d+) bytes of constants", source)[1])


points = {name: [] for name in WAYS}
for width in WIDTHS:
    model = HalfLayerClassifier(width, "seeded", max_iter=10, random_state=0)
    model.fit(X_train, y_train)
    for name, how in WAYS.items():
        accuracy = (to_numpy(model, **how)(X_test)["label"] == y_test).mean()
        points[name].append((constant_bytes(model, **how), 100 * accuracy))

# %%
# What the bytes are worth
# ------------------------
# The curves are the same models, moved to the left: a seed takes away all weights, and
# rounding most of what is left. On 8 x 8 pixels weights are few; with 784 inputs, as
# MNIST has, the distance between bits and seed is ten times as large.

figure, ax = plt.subplots(figsize=(7, 4.5))
for (name, curve), marker in zip(points.items(), "osD^", strict=True):
    n_bytes, accuracies = zip(*curve, strict=True)
    ax.plot(n_bytes, accuracies, marker=marker, label=name)
ax.set(xscale="log", xlabel="bytes of constants in C", ylabel="test accuracy, %")
ax.axvline(2048, color="grey", linestyle=":")
ax.text(2100, 76, "flash of an ATtiny2313", rotation=90, va="center", color="grey")
ax.grid(alpha=0.3)
ax.legend(title="frozen weights as")
figure.tight_layout()
plt.show()
