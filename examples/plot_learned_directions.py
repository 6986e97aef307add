"""
What HalfNet looks at: learned directions as images
===================================================

HalfNet draws its weights at random from N(0, A Aᵀ) and trains A. The leading
eigenvectors of A Aᵀ are the directions that most weights lie along: here they are
pictures, as the inputs are pixels. Few are enough.
"""

import matplotlib.pyplot as plt
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.model_selection import train_test_split

from sklearn_halfnet import HalfNetClassifier
from sklearn_halfnet.inspection.spectrum import effective_rank
from sklearn_halfnet.inspection.spectrum_display import (
    DirectionsDisplay,
    SpectrumDisplay,
    TruncationDisplay,
)

X, y = load_digits(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
model = HalfNetClassifier(
    256, rank=32, column_embedding=None, n_members=1, max_iter=40, random_state=0
).fit(X_train, y_train)
print(f"accuracy {model.score(X_test, y_test):.3f}, of 64 directions", end=" ")
print(f"{effective_rank(model):.1f} count (effective rank)")

# %%
# Above the eight leading directions; below, for comparison, principal components, which
# know of no labels. White is zero, and a sign has no meaning.
figure, axes = plt.subplots(2, 8, figsize=(11, 3.2), layout="constrained")
DirectionsDisplay.from_estimator(model, (8, 8)).plot(axes[0])
components = PCA(8).fit(X_train).components_.reshape(-1, 8, 8)
DirectionsDisplay(components).plot(axes[1])
axes[0, 0].set_ylabel("HalfNet")
axes[1, 0].set_ylabel("PCA")
plt.show()

# %%
# The spectrum falls off, and the score hardly falls if only the leading directions are
# kept: training has found that a part of the space is enough.
figure, axes = plt.subplots(1, 2, figsize=(11, 4), layout="constrained")
SpectrumDisplay.from_estimator(model).plot(axes[0])
TruncationDisplay.from_estimator(model, X_test, y_test).plot(axes[1])
plt.show()
