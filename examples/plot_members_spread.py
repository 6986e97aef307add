"""
Members differ where there are no data
======================================

HalfNet trains several members that share most of their weights. Each fits the rows, and
each goes its own way where there are none: how far they part is a hint at where not to
trust the prediction. It is not a calibrated interval, and no substitute for one.
"""

import matplotlib.pyplot as plt
import numpy as np

from sklearn_halfnet import HalfNetRegressor

# %%
# A wave with a gap in the middle, and nothing beyond the ends.
rng = np.random.default_rng(0)
x = np.concatenate([rng.uniform(-3, -1, 120), rng.uniform(1, 3, 120)])
y = np.sin(2 * x) + 0.1 * rng.standard_normal(len(x))
model = HalfNetRegressor(
    128, n_members=8, column_embedding=None, max_iter=100, random_state=0
)
model.fit(x[:, None], y)

# %%
# The spread over the members is largest where no rows were.
grid = np.linspace(-5, 5, 400)
members = model.predict_members(grid[:, None])
spread = members.std(axis=0)
near = np.abs(grid[:, None] - x).min(axis=1) < 0.1
print(
    f"spread near rows {spread[near].mean():.3f}, elsewhere {spread[~near].mean():.3f}"
)

figure, (above, below) = plt.subplots(
    2,
    1,
    figsize=(8, 6),
    height_ratios=(3, 1),
    sharex=True,
    layout="constrained",
)
above.plot(grid, members.T, color="C0", alpha=0.4, linewidth=1)
above.plot(grid, members.mean(axis=0), color="C3", linewidth=2, label="prediction")
above.plot(grid, np.sin(2 * grid), "k:", label="truth")
above.plot(x, y, "k.", markersize=3, label="rows")
above.set(ylabel="y", ylim=(-3, 3), title="eight members")
above.legend()
below.fill_between(grid, spread, alpha=0.5)
below.set(xlabel="x", ylabel="spread of members")
plt.show()
