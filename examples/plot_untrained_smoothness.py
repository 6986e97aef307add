"""
Smoothness of a trained and of an untrained network
===================================================

Are inputs that are alike represented alike? An MLP for digits beside the same
architecture without training.
"""

import matplotlib.pyplot as plt
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier

from sklearn_halfnet.inspection.smoothness_display import SmoothnessDisplay

X, y = load_digits(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(X / 16, y, random_state=0)
mlp = MLPClassifier((64, 64, 64), max_iter=500, random_state=0).fit(X_train, y_train)
display = SmoothnessDisplay.from_training(mlp, X_test, y=y_test)

# %%
# Architecture alone loses smoothness layer by layer. Training keeps more of it, but not
# among images of the same class (in the middle), and drives the classes apart: the mean
# similarity of two images falls.
for trained, untrained in zip(*display.tables.values(), strict=True):
    print(
        f"{trained.layer}: smoothness {trained.smoothness:.2f} trained, "
        f"{untrained.smoothness:.2f} untrained; mean similarity "
        f"{trained.mean_similarity:.2f} and {untrained.mean_similarity:.2f}"
    )
figure, axes = plt.subplots(1, 3, figsize=(13, 4), layout="constrained")
for ax, quantity in zip(
    axes, ("smoothness", "within_class", "mean_similarity"), strict=True
):
    display.plot(ax, quantity=quantity)
plt.show()
