"""
New classes at any time
=======================

Five tasks of two digits each, one after another, no row of a former task kept. A
closed-form read-out adds a column for each class that comes, and remembers all others
exactly; a linear model that is trained by gradients forgets.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.linear_model import SGDClassifier
from sklearn.model_selection import train_test_split

from sklearn_halfnet import ELMClassifier

X, y = load_digits(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(X / 16, y, random_state=0)

# %%
# The layer looks at no data (``scale`` is a number, inputs are taken as they are), so
# that it does not depend on which classes come first.
model = ELMClassifier(1000, input_scaling=None, scale=0.7, random_state=0)
rival = SGDClassifier(random_state=0)
accuracy = {"ELM": np.full((5, 5), np.nan), "SGDClassifier": np.full((5, 5), np.nan)}
for task in range(5):
    rows = y_train // 2 == task
    model.partial_fit(X_train[rows], y_train[rows])
    rival.partial_fit(X_train[rows], y_train[rows], classes=np.arange(10))
    for name, each in zip(accuracy, (model, rival), strict=True):
        for earlier in range(task + 1):
            asked = y_test // 2 == earlier
            accuracy[name][task, earlier] = each.score(X_test[asked], y_test[asked])
    print(f"after task {task + 1}: classes {model.classes_}")

# %%
# What was learned all at once gives the same predictions.
whole = ELMClassifier(**model.get_params()).fit(X_train, y_train)
print(f"test accuracy {model.score(X_test, y_test):.3f}, all at once", end=" ")
print(f"{whole.score(X_test, y_test):.3f}")

# %%
# Rows: after which task; columns: on whose test digits.
names = ["0, 1", "2, 3", "4, 5", "6, 7", "8, 9"]
figure, axes = plt.subplots(1, 2, figsize=(8.5, 4), layout="constrained")
for ax, (name, values) in zip(axes, accuracy.items(), strict=True):
    image = ax.imshow(values, vmin=0, vmax=1, cmap="viridis")
    for (row, column), value in np.ndenumerate(values):
        if np.isfinite(value):
            color = "black" if value > 0.6 else "white"
            ax.text(
                column, row, f"{100 * value:.0f}", color=color, ha="center", va="center"
            )
    ax.set(title=name, xlabel="test digits", ylabel="after the digits")
    ax.set_xticks(range(5), names)
    ax.set_yticks(range(5), names)
figure.colorbar(image, ax=axes, label="accuracy")
plt.show()
