"""
Several tasks on one random backbone
====================================

Four questions about the same digits, each answered by a network of its own, of which a
tenth of the filters is learned. All else is drawn from one seed: memory holds it once,
and what is stored of a further task is its small learned part.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from sklearn_halfnet import PartialCNNClassifier

X, y = load_digits(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
tasks = {
    "which digit": lambda y: y,
    "odd": lambda y: y % 2 == 1,
    "below five": lambda y: y < 5,
    "has a loop": lambda y: np.isin(y, [0, 6, 8, 9]),
}

# %%
# ``backbone_seed`` stands for all that is fixed. Beside it networks that learn all of
# their weights, and share nothing.
ways = {
    "one backbone, a tenth learned": {"fraction": 0.1, "backbone_seed": 0},
    "all learned": {"trainable": "all"},
}
models = {
    way: {
        task: PartialCNNClassifier(
            depth=10,
            width=1,
            image_shape=(8, 8),
            max_iter=4,
            random_state=seed,
            **options,
        ).fit(X_train, label(y_train))
        for seed, (task, label) in enumerate(tasks.items())
    }
    for way, options in ways.items()
}

# %%
# A task more costs some kilobytes where the backbone is shared.
figure, (left, right) = plt.subplots(1, 2, figsize=(9, 4), layout="constrained")
places = np.arange(len(tasks))
for i, (way, fitted) in enumerate(models.items()):
    scores = [fitted[task].score(X_test, tasks[task](y_test)) for task in tasks]
    stored = np.cumsum([model.n_stored_bytes_ / 1000 for model in fitted.values()])
    print(f"{way}: mean accuracy {np.mean(scores):.3f}, {stored[-1]:.0f} KB stored")
    left.plot(scores, places + 0.1 * (2 * i - 1), "os"[i], label=way)
    right.plot(places + 1, stored, marker="os"[i], label=way)
left.set_yticks(places, tasks)
left.set(xlabel="test accuracy")
left.invert_yaxis()
left.grid(alpha=0.3)
right.set_xticks(places + 1)
right.set(xlabel="tasks", ylabel="stored, KB", ylim=(0, None))
right.legend()
plt.show()
