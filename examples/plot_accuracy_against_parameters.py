"""
Accuracy against trained parameters
===================================

A half unit has two trained numbers, however many inputs there are. At the same number
of trained parameters half layers are therefore much wider than an MLP.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier

from sklearn_halfnet import ELMClassifier, HalfLayerClassifier, HalfNetClassifier

X, y = load_digits(return_X_y=True)
splits = [train_test_split(X, y, random_state=seed) for seed in range(2)]

# %%
# Each family by its width; HalfNet is the plain network of one member.
families = {
    "MLP": lambda width: MLPClassifier(width, max_iter=200, tol=1e-3),
    "half layer": lambda width: HalfLayerClassifier(width, max_iter=15),
    "half layer, training rows as weights": lambda width: HalfLayerClassifier(
        width, weight_kind="instances", max_iter=15
    ),
    "HalfNet of rank 8": lambda width: HalfNetClassifier(
        width, rank=8, n_members=1, column_embedding=None, dropout=0.0, max_iter=15
    ),
    "ELM": ELMClassifier,
}


def n_trained(model):
    """Count an MLP's numbers; ours know it."""
    if isinstance(model, MLPClassifier):
        return sum(array.size for array in model.coefs_ + model.intercepts_)
    return model.n_trainable_parameters_


# %%
# The mean of two splits of the digits; the bars span them.
figure, ax = plt.subplots(figsize=(8, 5), layout="constrained")
for (name, make), marker in zip(families.items(), "os^Dv", strict=True):
    numbers, scores = [], []
    for width in (16, 64, 256):
        fitted = [
            make(width).set_params(random_state=seed).fit(split[0], split[2])
            for seed, split in enumerate(splits)
        ]
        numbers.append(n_trained(fitted[0]))
        scores.append(
            [
                model.score(split[1], split[3])
                for model, split in zip(fitted, splits, strict=True)
            ]
        )
    mean = np.mean(scores, axis=1)
    span = np.abs([np.min(scores, axis=1), np.max(scores, axis=1)] - mean)
    ax.errorbar(numbers, mean, span, marker=marker, capsize=3, label=name)
    print(f"{name}: {dict(zip(numbers, mean.round(3).tolist(), strict=True))}")
ax.set(xscale="log", xlabel="trained numbers", ylabel="test accuracy", ylim=(0.7, 1))
ax.legend(loc="lower right")
plt.show()
