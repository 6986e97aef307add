"""
Can probabilities be believed?
==============================

Of the cases to which a model gives a probability of .8, eight in ten should come true.
Half layers minimise the log-loss, and their probabilities are near the diagonal. ELM
calibrates its own on scores of rows left out one by one, without fitting twice; from so
few rows it is too cautious. Naive Bayes is sure of what is not so.
"""

import matplotlib.pyplot as plt
from sklearn.calibration import CalibrationDisplay
from sklearn.datasets import load_digits
from sklearn.metrics import log_loss
from sklearn.model_selection import train_test_split
from sklearn.naive_bayes import GaussianNB
from sklearn.neural_network import MLPClassifier
from sklearn.preprocessing import label_binarize

from sklearn_halfnet import ELMClassifier, HalfLayerClassifier

# %%
# Few training rows and noisy pixels, so that there is something to doubt.
X, y = load_digits(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(
    X // 6, y, train_size=300, stratify=y, random_state=0
)
models = {
    "ELM": ELMClassifier(300, random_state=0),
    "half layer": HalfLayerClassifier(random_state=0),
    "MLP": MLPClassifier(max_iter=500, random_state=0),
    "naive Bayes": GaussianNB(var_smoothing=0.01),
}

# %%
# Every probability of every class is a bet; ten classes make ten bets a row.
truth = label_binarize(y_test, classes=range(10)).ravel()
figure, ax = plt.subplots(figsize=(6, 6), layout="constrained")
for (name, model), marker in zip(models.items(), "o^sv", strict=True):
    probabilities = model.fit(X_train, y_train).predict_proba(X_test)
    loss, accuracy = log_loss(y_test, probabilities), model.score(X_test, y_test)
    print(f"{name}: log-loss {loss:.3f}, accuracy {accuracy:.3f}")
    CalibrationDisplay.from_predictions(
        truth,
        probabilities.ravel(),
        n_bins=8,
        name=f"{name}, log-loss {loss:.2f}",
        marker=marker,
        ax=ax,
    )
ax.set(xlabel="probability given", ylabel="share that came true")
plt.show()
