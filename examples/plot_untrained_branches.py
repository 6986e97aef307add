"""
Smoothness through branches, and along time
===========================================

Guest & Love (2017) find that similar images have similar representations early in
Inception, and no more in its late blocks. Is that learned? Here are networks that have
learned nothing: one of parallel paths like Inception, one with a time axis.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits

from sklearn_halfnet import RandomBranchedNetwork, RandomRecurrentNetwork
from sklearn_halfnet.inspection.smoothness import functional_smoothness

X, _ = load_digits(return_X_y=True)
X = X[:300]
X = (X - X.mean()) / X.std()

# %%
# Each block has filters of 1 x 1, 3 x 3 and 5 x 5, and pooling, side by side. Weights
# of a larger scale lose the similarities of the images sooner.
INCEPTION = [[8], [8, (8, 3)], [8, (8, 5)], ["pool", 8]]
SCALES = (1, 3, 10)
by_block = {}
for scale in SCALES:
    network = RandomBranchedNetwork(
        INCEPTION,
        n_blocks=9,
        image_shape=(8, 8),
        pool_every=3,
        weight_scale=scale,
        random_state=0,
    )
    rows = functional_smoothness(X, network.fit(X), similarity="cosine")
    by_block[scale] = [row.smoothness for row in rows if "path" not in row.layer]
    print(f"sigma_w {scale}: {by_block[scale][0]:.2f} to {by_block[scale][-1]:.2f}")

# %%
# A recurrent network sees an image for one step only, and then nothing: its state goes
# through the same random weights again and again.
N_STEPS = 12
pulse = np.zeros((len(X), X.shape[1], N_STEPS))
pulse[:, :, 0] = X
by_step = {}
for radius in SCALES:
    network = RandomRecurrentNetwork(
        100, spectral_radius=radius, input_scale=radius, random_state=0
    ).fit(pulse)
    rows = functional_smoothness(pulse, network, similarity="cosine")
    by_step[radius] = [row.smoothness for row in rows]
    print(f"radius {radius}: {by_step[radius][0]:.2f} to {by_step[radius][-1]:.2f}")

figure, axes = plt.subplots(1, 2, figsize=(11, 4), sharey=True, layout="constrained")
for ax, found, name, what in (
    (axes[0], by_block, "sigma_w", "block"),
    (axes[1], by_step, "spectral radius", "step after the image"),
):
    for scale, smoothness in found.items():
        ax.plot(
            range(1, len(smoothness) + 1),
            smoothness,
            marker="o",
            label=f"{name} = {scale}",
        )
    ax.set(xlabel=what, ylim=(0, 1))
    ax.legend()
axes[0].set(ylabel="smoothness", title="parallel paths, as in Inception")
axes[1].set(title="one recurrent layer, along time")
plt.show()
