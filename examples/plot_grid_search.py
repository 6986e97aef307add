"""
Searching over hidden units and weight kind
===========================================

The kind of random weights is a parameter like any other, and so are the parameters of
the kind itself.
"""

import matplotlib.pyplot as plt
import pandas as pd
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
    "hidden_layer_sizes": [32, 128, 512],
    "weight_kind": ["normal", "binary", "instances"],
}
search = GridSearchCV(model, grid, cv=3).fit(X_train, y_train)
print(search.best_params_, f"test accuracy {search.score(X_test, y_test):.3f}")

results = pd.DataFrame(search.cv_results_).pivot(
    index="param_hidden_layer_sizes",
    columns="param_weight_kind",
    values="mean_test_score",
)
figure, ax = plt.subplots(layout="constrained")
results.plot(
    ax=ax, logx=True, marker="o", xlabel="hidden units", ylabel="accuracy (validation)"
)
plt.show()

# %%
# A configured kind has parameters of its own, which the search reaches by name.
model.set_params(hidden_layer_sizes=128, weight_kind=MexicanHatWeights((8, 8)))
sizes = {"weight_kind__sigma_range": [(0.5, 1.0), (0.5, 4.0), (2.0, 4.0)]}
search = GridSearchCV(model, sizes, cv=3).fit(X_train, y_train)
print(search.best_params_, f"test accuracy {search.score(X_test, y_test):.3f}")
