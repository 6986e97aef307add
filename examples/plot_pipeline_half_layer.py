"""
A half layer in a pipeline, on a table with mixed columns
=========================================================

``HalfLayerClassifier`` takes the place of ``MLPClassifier``: it sits at the end of a
pipeline, takes pandas tables and sample weights, and scales its inputs itself.
"""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

from sklearn_halfnet import HalfLayerClassifier

# %%
# A made-up shop: whether a visitor buys depends on age and hour in a way that is not
# linear, and on the kind of visit.
rng = np.random.default_rng(0)
n_rows = 4000
table = pd.DataFrame(
    {
        "age": rng.uniform(18, 80, n_rows),
        "hour": rng.uniform(0, 24, n_rows),
        "visit": rng.choice(["search", "mail", "direct"], n_rows),
    }
)


def probability(table):
    score = (
        2 * np.sin(table["hour"] * np.pi / 12)
        - ((table["age"] - 45) / 15) ** 2
        + table["visit"].map({"search": 0.0, "mail": 1.5, "direct": 0.5})
    )
    return 1 / (1 + np.exp(-score))


buys = np.where(rng.random(n_rows) < probability(table), "yes", "no")
train, test, y_train, y_test = train_test_split(table, buys, random_state=0)

# %%
# The same preparation in front of both models, and the probability that each gives to
# visits by mail, beside the true one.
encode = make_column_transformer(
    (OneHotEncoder(), ["visit"]),
    remainder="passthrough",
    verbose_feature_names_out=False,
)
models = {
    "half layer": HalfLayerClassifier(128, max_iter=20, random_state=0),
    "logistic regression": LogisticRegression(max_iter=1000),
}
age, hour = np.meshgrid(np.linspace(18, 80, 60), np.linspace(0, 24, 60))
asked = pd.DataFrame({"age": age.ravel(), "hour": hour.ravel(), "visit": "mail"})
found = {"truth": probability(asked).to_numpy()}
for name, model in models.items():
    pipeline = make_pipeline(encode, model).fit(train, y_train)
    print(f"{name}: test accuracy {pipeline.score(test, y_test):.3f}")
    found[name] = pipeline.predict_proba(asked)[:, 1]

figure, axes = plt.subplots(1, 3, figsize=(11, 3.6), sharey=True, layout="constrained")
for ax, (name, values) in zip(axes, found.items(), strict=True):
    image = ax.pcolormesh(age, hour, values.reshape(age.shape), vmin=0, vmax=1)
    ax.set(title=name, xlabel="age")
axes[0].set(ylabel="hour", yticks=range(0, 25, 6))
figure.colorbar(image, ax=axes, label="probability to buy")
plt.show()

# %%
# What a notebook shows of the pipeline. The question mark of a step leads to its page.
make_pipeline(encode, models["half layer"])
