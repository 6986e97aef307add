"""
Ensembles that share most of their weights
==========================================

Five networks go on from one short start, each learning a fraction of every convolution.
What they share is stored once: the more of it, the smaller the ensemble, and the less
accurate.
"""

import pickle

import matplotlib.pyplot as plt
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from sklearn_halfnet import PartialCNNClassifier, SharedBackboneEnsembleClassifier

X, y = load_digits(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(
    X, y, train_size=500, random_state=0
)
member = PartialCNNClassifier(
    "densenet", depth=10, width=8, image_shape=(8, 8), batch_size=32, max_iter=3
)

# %%
# With ``shared_fraction=1`` members learn their classifiers only, with 0 everything.
shared = [1.0, 0.8, 0.4, 0.0]
ensembles = [
    SharedBackboneEnsembleClassifier(
        member, 5, shared_fraction=fraction, shared_max_iter=2, random_state=0
    ).fit(X_train, y_train)
    for fraction in shared
]
sizes = [len(pickle.dumps(ensemble)) / 1000 for ensemble in ensembles]
alone = len(pickle.dumps(ensembles[-1].estimators_[0])) / 1000
members = [
    sum(one.score(X_test, y_test) for one in ensemble.estimators_) / 5
    for ensemble in ensembles
]
scores = [ensemble.score(X_test, y_test) for ensemble in ensembles]
for fraction, size, mean, score in zip(shared, sizes, members, scores, strict=True):
    print(f"shared {fraction}: {size:.0f} KB, member {mean:.3f}, ensemble {score:.3f}")

figure, ax = plt.subplots(layout="constrained")
ax.plot(sizes, scores, marker="o", label="ensemble of five")
ax.plot(sizes, members, marker="s", linestyle="--", label="mean member")
ax.axvline(alone, color="gray", linestyle=":", label="size of one network")
ax.set(xlabel="pickle, KB", ylabel="test accuracy")
ax.legend()
plt.show()
