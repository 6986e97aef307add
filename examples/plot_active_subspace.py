"""
Few directions of many: random features stall, HalfNet goes on
==============================================================

The target depends on 7 directions of 50 features. Isotropic random weights mostly look
along directions that are noise; HalfNet learns from which distribution to draw them.
More rows hardly help the former; HalfNet nears the ceiling with them.
"""

import matplotlib.pyplot as plt
import numpy as np

from sklearn_halfnet import HalfLayerRegressor, HalfNetRegressor
from sklearn_halfnet.datasets import make_multi_index
from sklearn_halfnet.inspection.spectrum_display import (
    PrincipalAnglesDisplay,
    SpectrumDisplay,
)

X, y, directions = make_multi_index(18_000, random_state=0, return_directions=True)
X_test, y_test = X[16_000:], y[16_000:]

# %%
# The noise leaves a ceiling of R2 = 1 / 1.09. HalfNet has neither waves beside the
# columns nor members here: so one matrix tells where it looks.
models = {
    "half layer": HalfLayerRegressor(512, max_iter=15, random_state=0),
    "HalfNet": HalfNetRegressor(
        512,
        rank=16,
        column_embedding=None,
        n_members=1,
        max_iter=25,
        random_state=0,
    ),
}
ceiling = 1 / 1.09
n_rows = [1000, 4000, 16_000]
figure, ax = plt.subplots(layout="constrained")
for name, model in models.items():
    scores = [model.fit(X[:n], y[:n]).score(X_test, y_test) for n in n_rows]
    ax.plot(n_rows, scores, marker="o", label=name)
    print(f"{name}: {', '.join(f'{score:.3f}' for score in scores)}")
ax.axhline(ceiling, color="gray", linestyle=":", label=f"ceiling, {ceiling:.3f}")
ax.set(xlabel="training rows", ylabel="test R2", xscale="log", ylim=(0, 1))
ax.set_xticks(n_rows, [f"{n:,}" for n in n_rows])
ax.minorticks_off()
ax.legend()
plt.show()

# %%
# The spectrum of the learned covariance falls off after seven directions, and these lie
# close to the planted ones. An eighth was planted that the target does not depend on.
model = models["HalfNet"]
figure, axes = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
SpectrumDisplay.from_estimator(model).plot(axes[0])
planted = np.linalg.qr(directions.T)[0]
PrincipalAnglesDisplay.from_estimator(model.metric_, planted, k=8).plot(axes[1])
axes[1].set_title("to the planted directions")
plt.show()
