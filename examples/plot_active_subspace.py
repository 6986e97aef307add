"""
Few directions of many: random features stall, HalfNet does not
===============================================================

The target depends on 8 directions of 50 features. Isotropic random weights mostly look
along directions that are noise; HalfNet learns from which distribution to draw them.
"""

import matplotlib.pyplot as plt
import numpy as np

from sklearn_halfnet import HalfLayerRegressor, HalfNetRegressor
from sklearn_halfnet.datasets import make_multi_index
from sklearn_halfnet.inspection.spectrum_display import (
    PrincipalAnglesDisplay,
    SpectrumDisplay,
)

X, y, directions = make_multi_index(12_000, random_state=0, return_directions=True)
X_train, X_test, y_train, y_test = X[:10_000], X[10_000:], y[:10_000], y[10_000:]

# %%
# The noise leaves a ceiling of R2 = 1 / 1.09. Half layers climb towards it slowly as
# they get wider; HalfNet is near it with few units. It has neither waves beside the
# columns nor members here: so one matrix tells where it looks.


def half_layer(n_units):
    return HalfLayerRegressor(n_units, max_iter=20, random_state=0)


def halfnet(n_units):
    return HalfNetRegressor(
        n_units, column_embedding=None, n_members=1, max_iter=20, random_state=0
    )


sizes = [32, 128, 512]
scores = {
    name: [make(size).fit(X_train, y_train).score(X_test, y_test) for size in sizes]
    for name, make in {"half layer": half_layer, "HalfNet": halfnet}.items()
}
figure, axes = plt.subplots(1, 3, figsize=(12, 3.5), layout="constrained")
for name, values in scores.items():
    axes[0].plot(sizes, values, marker="o", label=name)
    print(f"{name}: {', '.join(f'{value:.3f}' for value in values)}")
axes[0].axhline(1 / 1.09, color="gray", linestyle=":", label="ceiling")
axes[0].set(xlabel="hidden units", ylabel="test R2", xscale="log", ylim=(0, 1))
axes[0].legend()

# %%
# The spectrum of the learned covariance falls off after the directions that count, and
# the leading ones lie close to those planted.
model = halfnet(512).fit(X_train, y_train)
SpectrumDisplay.from_estimator(model).plot(axes[1])
planted = np.linalg.qr(directions.T)[0]
PrincipalAnglesDisplay.from_estimator(model.metric_, planted, k=8).plot(axes[2])
axes[2].set_title("to the planted directions")
plt.show()
