"""
Layer by layer: what boosted random features add
================================================

Each layer of random features sees the inputs and what the layers before it predict, and
the step that it adds is solved for in closed form. Two spirals show what depth is for.
"""

import matplotlib.pyplot as plt
import numpy as np

from sklearn_halfnet import BoostedFeaturesClassifier, ELMClassifier

rng = np.random.default_rng(0)
angle = np.sqrt(rng.random(1_200)) * 3 * np.pi
label = rng.integers(0, 2, len(angle))
radius = angle * np.where(label == 0, 1, -1)
X = np.column_stack([radius * np.cos(angle), radius * np.sin(angle)])
X += 0.35 * rng.standard_normal(X.shape)
X_train, X_test, y_train, y_test = X[:400], X[400:], label[:400], label[400:]

# %%
# Few units a layer, so that one layer cannot do it alone.
model = BoostedFeaturesClassifier(
    12, 15, directions="isotropic", tol=0.0, random_state=0
).fit(X_train, y_train)
one_layer = ELMClassifier(15, random_state=0).fit(X_train, y_train)
print(f"{model.n_layers_} layers: {model.score(X_test, y_test):.3f}")
print(f"one layer (ELM): {one_layer.score(X_test, y_test):.3f}")

# %%
# Regions after the first layer, in the middle and at the end; and the log loss after
# each layer: cross-fitted, as the fit has seen it, and of new rows.
grid = np.linspace(-11, 11, 160)
nodes = np.stack(np.meshgrid(grid, grid), axis=-1).reshape(-1, 2)
stages = list(model.staged_predict_proba(nodes))
figure, axes = plt.subplots(1, 4, figsize=(12, 3.2), layout="constrained")
shown = [0, len(stages) // 2, len(stages) - 1]
for ax, number in zip(axes, shown, strict=False):
    probability = stages[number][:, 1].reshape(len(grid), -1)
    ax.contourf(grid, grid, probability, levels=20, cmap="RdBu_r", vmin=-0.3, vmax=1.3)
    ax.scatter(*X_train.T, c=y_train, cmap="RdBu_r", s=9, edgecolors="w", lw=0.3)
    ax.set(title=f"after layer {number + 1}", xticks=[], yticks=[], aspect="equal")

rows = np.arange(len(y_test))
test = [
    -np.log(stage[rows, y_test]).mean() for stage in model.staged_predict_proba(X_test)
]
layers = np.arange(1, model.n_layers_ + 1)
axes[3].plot(layers, model.losses_[1:], marker="o", label="cross-fitted")
axes[3].plot(layers, test, marker="s", label="test, calibrated")
axes[3].set(xlabel="layer", ylabel="log loss", ylim=(0, None))
axes[3].legend()
plt.show()
