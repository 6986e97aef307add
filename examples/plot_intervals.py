"""
Intervals that are as wide as the noise
=======================================

A curve whose noise changes. A closed-form fit knows what each row is predicted to be
without itself: that gives intervals that hold nine of ten new targets, with no row held
out and no second fit.
"""

import matplotlib.pyplot as plt
import numpy as np

from sklearn_halfnet import ELMRegressor


def curve(x):
    return np.sin(2 * x) + 0.3 * x


def noise(x):
    return 0.05 + 0.5 * np.exp(-((x - 2) ** 2))


def draw(n_rows, rng):
    x = rng.uniform(-4, 4, 2 * n_rows)
    x = x[np.abs(x + 1) > 0.6][:n_rows]
    return x, curve(x) + noise(x) * rng.standard_normal(len(x))


rng = np.random.default_rng(0)
x, y = draw(600, rng)
x_new, y_new = draw(4000, rng)
model = ELMRegressor(200, random_state=0).fit(x[:, None], y)

# %%
# By default widths follow the noise: a second ridge regression, on the same features,
# learns how large the errors of rows are that were left out. Without it, all intervals
# are about as wide, too wide where it is quiet and too narrow where it is loud.
grid = np.linspace(-4, 4, 400)
figure, axes = plt.subplots(1, 3, figsize=(13, 3.8), layout="constrained")
for axis, normalized in zip(axes[:2], (True, False), strict=True):
    bands = model.predict_interval(
        grid[:, None], coverage=[0.5, 0.9, 0.99], normalized=normalized
    )
    for k, level in reversed([*enumerate(("50 %", "90 %", "99 %"))]):
        low, high = bands[:, :, k].T
        axis.fill_between(grid, low, high, color="C0", alpha=0.25, lw=0, label=level)
    axis.scatter(x, y, s=4, color="0.3")
    axis.plot(grid, model.predict(grid[:, None]), color="C0")
    axis.plot(grid, curve(grid), color="black", linestyle=":", label="truth")
    axis.set(title=f"normalized={normalized}", xlabel="x", ylim=(-3.5, 4.5))
axes[0].legend(loc="upper left", ncols=2, fontsize="small")

# Both cover nine of ten new rows, but only the first comes near that everywhere.
bins = np.linspace(-4, 4, 17)
for normalized in (True, False):
    low, high = model.predict_interval(x_new[:, None], normalized=normalized).T
    covered = (low <= y_new) & (y_new <= high)
    print(f"normalized={normalized}: {covered.mean():.3f} covered")
    inside = [covered[np.digitize(x_new, bins) == k] for k in range(1, len(bins))]
    shares = [np.mean(each) if len(each) > 30 else np.nan for each in inside]
    axes[2].plot(
        (bins[1:] + bins[:-1]) / 2, shares, "o-", label=f"normalized={normalized}"
    )
axes[2].axhline(0.9, color="black", linestyle=":")
axes[2].set(title="new rows covered", xlabel="x", ylim=(0.4, 1.02))
axes[2].legend(loc="lower left")
plt.show()
