"""
A half layer behind a full one
==============================

The weights of half units stay as they were drawn, but the error passes through them: a
full layer before them learns what they should see. It needs a trained weight for each
input; the half layer behind it two numbers a unit, where a second full layer would need
one for each unit before.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier

from sklearn_halfnet import HalfLayerClassifier

X, y = load_digits(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)

# %%
# What the full units look at: eight of them as they were drawn, and trained through the
# frozen weights of 256 half units. Blue is negative, red positive.
model = HalfLayerClassifier(256, full_layer_sizes=8, max_iter=40, random_state=0)
# So small a rate leaves everything where it begins.
start = clone(model).set_params(learning_rate_init=1e-12, max_iter=1)
start, model = start.fit(X_train, y_train), model.fit(X_train, y_train)
figure, axes = plt.subplots(2, 8, figsize=(11, 3.2), layout="constrained")
for row, name, network in zip(axes, ("drawn", "trained"), (start, model), strict=True):
    for ax, unit in zip(row, network.weights_[0], strict=True):
        limit = np.abs(unit).max()
        ax.imshow(unit.reshape(8, 8), "RdBu_r", vmin=-limit, vmax=limit)
        ax.set(xticks=[], yticks=[])
    row[0].set_ylabel(name)
plt.show()

# %%
# Accuracy against what is trained: with 2 to 32 full units, and a half layer or a
# second full one of 256 units behind them; and with half layers alone.
half_alone = {
    "half layer alone": [HalfLayerClassifier(n, max_iter=40) for n in (64, 256, 1024)]
}
sizes = (2, 4, 8, 32)
behind = {
    "full, then 256 half units": [
        HalfLayerClassifier(256, full_layer_sizes=n, max_iter=40) for n in sizes
    ],
    "full, then 256 full units": [
        MLPClassifier((n, 256), max_iter=1000) for n in sizes
    ],
}


def n_trained(model):
    if isinstance(model, HalfLayerClassifier):
        return model.n_trainable_parameters_
    return sum(array.size for array in [*model.coefs_, *model.intercepts_])


figure, ax = plt.subplots(layout="constrained")
for name, models in (half_alone | behind).items():
    points = []
    for model in models:
        model.set_params(random_state=0).fit((X_train - 8) / 8, y_train)
        points.append((n_trained(model), model.score((X_test - 8) / 8, y_test)))
    print(name, *(f"{count:,}: {score:.3f}" for count, score in points), sep="  ")
    ax.plot(*zip(*points, strict=True), "o-", label=name)
ax.set(xscale="log", xlabel="trained parameters", ylabel="test accuracy")
ax.legend()
plt.show()
