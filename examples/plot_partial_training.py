"""
Learning next to nothing: accuracy against the fraction of filters
==================================================================

A convolutional network of which a few filters a layer are learned, and the rest stays
random or is zero. Accuracy rises with the logarithm of the fraction, and random filters
are worth much where few are learned.
"""

import matplotlib.pyplot as plt
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from sklearn_halfnet import PartialCNNClassifier
from sklearn_halfnet.inspection.magnitudes import MagnitudesDisplay

X, y = load_digits(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(
    X, y, train_size=700, random_state=0
)

# %%
# The same small wide residual network each time.
fractions = [0.07, 0.1, 0.2, 0.4, 1.0]
models = {
    frozen: [
        PartialCNNClassifier(
            "wrn",
            depth=10,
            width=1,
            fraction=fraction,
            frozen=frozen,
            image_shape=(8, 8),
            max_iter=5,
            random_state=0,
        ).fit(X_train, y_train)
        for fraction in fractions
    ]
    for frozen in ("random", "zero")
}
figure, ax = plt.subplots(layout="constrained")
for frozen, fitted in models.items():
    scores = [model.score(X_test, y_test) for model in fitted]
    ax.plot(fractions, scores, marker="o", label=f"the rest is {frozen}")
    for fraction, model, score in zip(fractions, fitted, scores, strict=True):
        numbers = f"{model.n_trainable_parameters_:,} numbers learned"
        print(f"{frozen}, fraction {fraction}: {score:.3f}, {numbers}")
ax.set(xscale="log", xlabel="fraction of the filters", ylabel="test accuracy")
ax.set_xticks(fractions, [f"{fraction:g}" for fraction in fractions])
ax.minorticks_off()
ax.legend()
plt.show()

# %%
# The weights of the network with a tenth of its filters learned: their mean size, with
# bars of one standard deviation. Few passes have moved them little: those learned are
# about as large as those that stayed random.
figure, ax = plt.subplots(layout="constrained")
MagnitudesDisplay.from_estimator(models["random"][1]).plot(ax)
plt.show()
