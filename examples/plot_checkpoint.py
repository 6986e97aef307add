"""
======================================
A training that was killed three times
======================================

``Checkpoint`` keeps a fit in a folder. Here a process is killed, as by a queue's time
limit, whenever it has done some passes, and started again. The curves of the pieces lie
on that of a training that nothing has cut off, and the model is the same to the last
bit.
"""

# %%
# A callback that ends the fit stands for whoever kills the process. What it has seen is
# drawn below.

import tempfile

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits

from sklearn_halfnet import Checkpoint, HalfLayerClassifier

X, y = load_digits(return_X_y=True)


class Killed(Exception):
    """Stands for a signal that no process survives."""


class KillAfter:
    """Callback that scores each pass, and ends the fit after some of them."""

    def __init__(self, n_passes):
        self.n_passes, self.scores = n_passes, []

    def setup(self, estimator, context):
        """Do nothing."""

    def on_fit_task_begin(self, estimator, context):
        """Do nothing."""

    def on_fit_task_end(self, estimator, context, *, fitted_estimator):
        """Score the network as it is."""
        if context.task_name == "iteration":
            self.scores.append(1 - fitted_estimator.score(X, y))
            if len(self.scores) == self.n_passes:
                raise Killed

    def teardown(self, estimator, context):
        """Do nothing."""


def make_model():
    return HalfLayerClassifier(128, max_iter=24, init="random", random_state=0)


# %%
# Once without, and once in four pieces. Passes that were not kept are done again: here
# each pass is kept (``interval=0``), but for the one that the kill has cut off.

whole = KillAfter(np.inf)
expected = make_model().set_callbacks(whole).fit(X, y)

pieces = []
with tempfile.TemporaryDirectory() as folder:
    for n_passes in (4, 8, 6, np.inf):
        pieces.append(KillAfter(n_passes))
        model = make_model().set_callbacks(Checkpoint(folder, 0), pieces[-1])
        try:
            model.fit(X, y)
        except Killed:
            print(f"killed after {n_passes} passes")

same = np.array_equal(model.predict_proba(X), expected.predict_proba(X))
print("The same bits:", same)

# %%
# The thick grey line is the whole training, each colour one process.

figure, ax = plt.subplots(figsize=(7, 3.6), layout="constrained")
passes = np.arange(1, len(whole.scores) + 1)
ax.plot(passes, whole.scores, color="0.85", linewidth=9, label="never killed")
done = 0
for number, piece in enumerate(pieces, 1):
    here = done + np.arange(1, len(piece.scores) + 1)
    ax.plot(here, piece.scores, "o-", markersize=4, label=f"process {number}")
    if number < len(pieces):
        ax.plot(here[-1], piece.scores[-1], "kx", markersize=10)
        done = here[-1] - 1  # the pass that was cut off is done again
ax.set(xlabel="pass", ylabel="training error", yscale="log")
ax.legend(frameon=False, title="x: killed")
plt.show()
