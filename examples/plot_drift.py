"""
A boundary that turns
=====================

The line that parts two classes turns once in 20,000 rows. Each chunk of 200 rows is
predicted before it is learned. With ``decay`` old rows fade, and the fit follows.
"""

import matplotlib.pyplot as plt
import numpy as np

from sklearn_halfnet import ELMClassifier

n_rows, chunk = 20_000, 200
rng = np.random.default_rng(0)
X = rng.standard_normal((n_rows, 2))
angle = np.linspace(0, 2 * np.pi, n_rows)
y = (np.cos(angle) * X[:, 0] + np.sin(angle) * X[:, 1] > 0).astype(int)

# %%
# How many rows count is 1 / (1 - decay), about.
models = {
    f"decay={decay:g}": ELMClassifier(60, alpha=1.0, decay=decay, random_state=0)
    for decay in (1.0, 0.9998, 0.998, 0.95)
}
right = {name: [] for name in models}
for start in range(0, n_rows, chunk):
    rows = slice(start, start + chunk)
    for name, model in models.items():
        if start:
            right[name].append(np.mean(model.predict(X[rows]) == y[rows]))
        model.partial_fit(X[rows], y[rows])
for name, values in right.items():
    print(f"{name}: {100 * np.mean(values):.1f} % of the next rows")

# %%
# Left: accuracy of the next chunk, smoothed over ten. Right: where the last models see
# the boundary, beside the true one.
figure, (left, square) = plt.subplots(
    1, 2, figsize=(10, 4), layout="constrained", width_ratios=[1.6, 1]
)
smooth = np.ones(10) / 10
for name, values in right.items():
    moved = np.convolve(values, smooth, mode="valid")
    left.plot(chunk * np.arange(len(moved)), moved, label=name)
left.set(xlabel="rows seen", ylabel="accuracy of the next rows", ylim=(0, 1.02))
left.legend(loc="lower left")

axis = np.linspace(-3, 3, 120)
grid = np.stack(np.meshgrid(axis, axis), axis=-1)
for color, model in zip(["C0", "C1", "C2", "C3"], models.values(), strict=True):
    scores = model.decision_function(grid.reshape(-1, 2)).reshape(120, 120)
    square.contour(axis, axis, scores, [0], colors=color)
square.scatter(*X[-500:].T, c=np.where(y[-500:], "0.4", "0.8"), s=8)
square.axvline(0, color="black", linestyle="--")
square.set(title="after the last row", xlim=(-3, 3), ylim=(-3, 3), aspect="equal")
plt.show()
