"""
Loss curves and early stopping
==============================

What training did is remembered: the loss after each pass and, where rows are held out,
what these said. ``LossCurveDisplay`` draws it for any model that has ``loss_curve_``.
"""

import warnings

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier

from sklearn_halfnet import HalfLayerClassifier
from sklearn_halfnet.inspection.loss_curve_display import LossCurveDisplay

# %%
# Few rows with wrong labels among them: a network can learn these by heart.
X, y = load_digits(return_X_y=True)
X_train, X_val, y_train, y_val = train_test_split(X, y, train_size=400, random_state=0)
rng = np.random.default_rng(0)
wrong = rng.random(len(y_train)) < 0.2
y_train[wrong] = rng.integers(10, size=wrong.sum())

# %%
# Rows given as ``X_val`` judge after each pass, and the best values are kept. The loss
# of the training rows goes on falling; that of the others does not.
# Both go through all of their passes, to be seen.
warnings.filterwarnings("ignore", category=ConvergenceWarning)
half_layer = HalfLayerClassifier(
    512,
    learning_rate="constant",
    alpha=0.0,
    max_iter=60,
    n_iter_no_change=60,
    random_state=0,
)
half_layer.fit(X_train, y_train, X_val=X_val, y_val=y_val)
print(f"best score {half_layer.best_validation_score_:.3f}")
# The MLP holds out a part of the rows that it is given, and keeps scores only.
mlp = MLPClassifier(
    512, early_stopping=True, n_iter_no_change=60, max_iter=60, random_state=0
).fit(X_train / 16, y_train)

figure, axes = plt.subplots(1, 2, figsize=(12, 4.5), layout="constrained")
for ax, model in zip(axes, (half_layer, mlp), strict=True):
    LossCurveDisplay.from_estimator(model).plot(ax)
    ax.set_title(type(model).__name__)
plt.show()
