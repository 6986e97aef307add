"""
Digits that could be another one
================================

``predict_set`` gives each image the classes that it may well be: sets that hold the
label of so large a share of images. Most hold one digit; those that hold more show what
the model takes for hard.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from sklearn_halfnet import ELMClassifier

X, y = load_digits(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.5, random_state=0)
model = ELMClassifier(200, random_state=0).fit(X_train, y_train)
print(f"accuracy {model.score(X_test, y_test):.3f}")

# %%
# The higher the coverage, the larger the sets. Coverage below the accuracy would need
# empty ones: by default a set holds the most probable class at least.
coverages = [0.9, 0.95, 0.99, 0.995]
rows = np.arange(len(y_test))
for score in ("lac", "aps"):
    sets = model.predict_set(X_test, coverages, score)
    for k, coverage in enumerate(coverages):
        covered = sets[rows, y_test, k].mean()
        size = sets[:, :, k].sum(axis=1).mean()
        print(f"{score}, {coverage}: {covered:.3f} covered, mean size {size:.2f}")

# %%
# The images with the largest sets of coverage .99, and two that are sure. The height
# of a bar is the digit's probability; those in the set are blue, and a red dot stands
# above the label.
sets = model.predict_set(X_test, 0.99)
size, probabilities = sets.sum(axis=1), model.predict_proba(X_test)
hard = np.argsort(-size, kind="stable")[:10]
sure = np.flatnonzero(size == 1)[:2]
figure, axes = plt.subplots(
    4, 6, figsize=(11, 6), layout="constrained", height_ratios=(2, 1, 2, 1)
)
for place, row in enumerate([*hard, *sure]):
    top, column = 2 * (place // 6), place % 6
    image, bars = axes[top, column], axes[top + 1, column]
    image.imshow(X_test[row].reshape(8, 8), cmap="gray_r")
    named = ", ".join(map(str, np.flatnonzero(sets[row])))
    image.set_title(f"{{{named}}}", fontsize="medium")
    image.set_axis_off()
    colors = np.where(sets[row], "C0", "0.8")
    bars.bar(range(10), probabilities[row], color=colors)
    bars.plot(y_test[row], 1.15, "o", color="C3", markersize=4)
    bars.set(ylim=(0, 1.3), xticks=range(10), yticks=[])
    bars.tick_params(labelsize=7, length=0)
figure.suptitle("Sets that hold 99 of 100 labels; red dots are labels")
plt.show()
