"""
Rows that are forgotten
=======================

A corner of the training rows has the wrong labels. ``forget`` takes these rows out of
the sums: what is left is the fit that has never seen them.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import make_moons
from sklearn.inspection import DecisionBoundaryDisplay

from sklearn_halfnet import ELMClassifier

X, y = make_moons(600, noise=0.2, random_state=0)
wrong = (X[:, 0] > 0.9) & (X[:, 1] > -0.4)
y[wrong] = 0

# %%
# ``scale="auto"`` would keep what the wrong rows said of the inputs' range; a number
# leaves no trace of them.
options = {"alpha": 0.1, "input_scaling": None, "scale": 1.0}
options |= {"dtype": "float64", "random_state": 0}
model = ELMClassifier(200, **options).fit(X, y)
models = {"before": model}
models["after"] = ELMClassifier(200, **options).fit(X, y).forget(X[wrong], y[wrong])
models["never seen"] = ELMClassifier(200, **options).fit(X[~wrong], y[~wrong])
difference = models["after"].decision_function(X)
difference = np.abs(difference - models["never seen"].decision_function(X))
print(f"{wrong.sum()} rows forgotten; largest difference {difference.max():.1e}")

# %%
# Probabilities of the class of the lower moon.
figure, axes = plt.subplots(1, 3, figsize=(11, 3.4), sharey=True, layout="constrained")
for ax, (name, each) in zip(axes, models.items(), strict=True):
    DecisionBoundaryDisplay.from_estimator(
        each,
        X,
        response_method="predict_proba",
        plot_method="pcolormesh",
        cmap="RdBu",
        vmin=0,
        vmax=1,
        alpha=0.7,
        ax=ax,
    )
    shown = np.ones(len(X), bool) if name == "before" else ~wrong
    colors = np.where(y[shown] == 1, "tab:blue", "tab:red")
    ax.scatter(*X[shown].T, c=colors, s=8, edgecolors="white", linewidths=0.3)
    ax.set_title(name)
plt.show()
