"""
Similarity to the prototype, from a vector to a deep random network
===================================================================

Figure 2A of Guest & Love (2017): patterns are distorted more and more, and one asks how
similar their representations remain to that of the undistorted prototype.
"""

import matplotlib.pyplot as plt

from sklearn_halfnet import RandomNetwork
from sklearn_halfnet.datasets import make_distorted_prototypes
from sklearn_halfnet.inspection.coding_schemes import CodingSchemes
from sklearn_halfnet.inspection.prototypes import similarity_to_prototype
from sklearn_halfnet.inspection.smoothness_display import PrototypeSimilarityDisplay

patterns = make_distorted_prototypes(random_state=0)

# %%
# With weights of the paper's scale, N(0, 1) at width 100, networks are deep in chaos:
# each layer loses more of the similarity.
schemes = CodingSchemes(random_state=0)
found = similarity_to_prototype(patterns, schemes)
for name, row in zip(found.layers, found.by_level, strict=True):
    print(f"{name}: {row[10]:.2f} at noise of .5")

# %%
# At the edge of chaos nine layers keep nearly all of it.
network = RandomNetwork((100,) * 9, weight_scale="critical", random_state=0)
network.fit(patterns.reshape(-1, 100))
figure, axes = plt.subplots(1, 2, figsize=(12, 4.5), layout="constrained", sharey=True)
PrototypeSimilarityDisplay(found.layers, found.by_level).plot(axes[0], step=0.05)
axes[0].set_title("coding schemes, sigma_w = 10")
PrototypeSimilarityDisplay.from_estimator(network, patterns).plot(axes[1], step=0.05)
axes[1].set(title="RandomNetwork, sigma_w = 1", ylabel="")
for ax in axes:
    ax.legend(loc="center left", bbox_to_anchor=(1, 0.5), fontsize="small")
plt.show()
