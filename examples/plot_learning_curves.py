"""
Learning curves of a half layer and of an MLP
=============================================

A half layer starts at a ridge regression of its read-out: after its first pass it is
where an MLP of as many units comes after dozens. On so few rows both learn the training
rows by heart in the end, and their test curves meet.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier

from sklearn_halfnet import HalfLayerClassifier

X, y = load_digits(return_X_y=True)
X = X / 16
X_train, X_test, y_train, y_test = train_test_split(
    X, y, test_size=0.5, random_state=0, stratify=y
)

# %%
# Both learn by ``partial_fit``, one pass over the training rows at a time.
models = {
    "half layer, 256 units": HalfLayerClassifier(
        256, input_scaling="center", learning_rate_init=3e-3, random_state=0
    ),
    "MLP, 256 units": MLPClassifier((256,), learning_rate_init=3e-3, random_state=0),
}
n_passes = 40
figure, ax = plt.subplots(layout="constrained")
for color, (name, model) in zip(["C0", "C1"], models.items(), strict=True):
    scores = []
    for _ in range(n_passes):
        model.partial_fit(X_train, y_train, classes=np.arange(10))
        scores.append([model.score(X_train, y_train), model.score(X_test, y_test)])
    train, test = np.transpose(scores)
    passes = np.arange(1, n_passes + 1)
    ax.plot(passes, train, color=color, linestyle="--", label=f"{name}: training")
    ax.plot(passes, test, color=color, label=f"{name}: test")
    print(f"{name}: training {train[-1]:.3f}, test {test[-1]:.3f}")
ax.set(xlabel="passes over the data", ylabel="accuracy", ylim=(0.7, 1.01))
ax.legend(loc="lower right")
plt.show()
