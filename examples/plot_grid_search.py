"""
Searching over hidden units and weight kind
===========================================

The kind of random weights is a parameter like any other, and so are the parameters of
the kind itself.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import GridSearchCV, train_test_split

from sklearn_halfnet import HalfLayerClassifier
from sklearn_halfnet.weights import MexicanHatWeights

X, y = load_digits(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
model = HalfLayerClassifier(input_scaling="center", max_iter=10, random_state=0)

# %%
# Number of units and kind of weights together.
grid = {
    "hidden_layer_sizes": [32, 64, 128],
    "weight_kind": ["normal", "binary", "sparse", "instances"],
}
search = GridSearchCV(model, grid, cv=3).fit(X_train, y_train)
print(search.best_params_, f"test accuracy {search.score(X_test, y_test):.3f}")

# The grid is a matrix: the last parameter runs fastest.
sizes, kinds = grid.values()
scores = search.cv_results_["mean_test_score"].reshape(len(sizes), len(kinds))
figure, ax = plt.subplots(figsize=(6.4, 4), layout="constrained")
image = ax.imshow(scores, cmap="viridis", aspect="auto")
figure.colorbar(image, label="accuracy (cross-validation)")
for (row, column), score in np.ndenumerate(scores):
    color = "black" if image.norm(score) > 0.6 else "white"
    ax.text(column, row, f"{score:.3f}", color=color, ha="center", va="center")
ax.set_xticks(range(len(kinds)), kinds)
ax.set_yticks(range(len(sizes)), sizes)
ax.set(xlabel="weight kind", ylabel="hidden units")
plt.show()

# %%
# A configured kind has parameters of its own, which the search reaches by name.
model.set_params(hidden_layer_sizes=128, weight_kind=MexicanHatWeights((8, 8)))
sizes = {"weight_kind__sigma_range": [(0.5, 1.0), (0.5, 4.0), (2.0, 4.0)]}
search = GridSearchCV(model, sizes, cv=3).fit(X_train, y_train)
print(search.best_params_, f"test accuracy {search.score(X_test, y_test):.3f}")
