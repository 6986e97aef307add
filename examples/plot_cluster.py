"""
Half layers, ELM and grids on a dask cluster
============================================

A closed-form read-out needs only sums over the rows, and half layers trained by L-BFGS
only sums of gradients. So both can be fitted where the data lie. The random weights are
drawn again from their seed on each worker, and never sent.
"""

import joblib
import matplotlib.pyplot as plt
import numpy as np
from dask import array as da
from distributed import Client, LocalCluster
from sklearn.datasets import load_digits
from sklearn.model_selection import GridSearchCV

from sklearn_halfnet import ELMClassifier, HalfLayerClassifier, dask as halfnet_dask

X, y = load_digits(return_X_y=True)
# Two workers in this process; on a real cluster, Client(address of its scheduler).
cluster = LocalCluster(n_workers=2, processes=False, dashboard_address=":0")
client = Client(cluster)

# %%
# Rows in blocks
# --------------
# The result is that of one machine, up to rounding: the model is fitted in three passes
# over the blocks, the last of which sums up.

blocks, labels = da.from_array(X, chunks=(600, -1)), da.from_array(y, chunks=600)
options = {"hidden_layer_sizes": 300, "dtype": "float64", "random_state": 0}
model = halfnet_dask.fit(ELMClassifier(**options), blocks, labels)
alone = ELMClassifier(**options).fit(X, y)
print("largest difference:", np.abs(model.read_out_coef_ - alone.read_out_coef_).max())

# %%
# Predictions are dask arrays, and stay where they are until they are computed.

predicted = halfnet_dask.predict(model, blocks)
print(predicted, (predicted == labels).mean().compute())

# %%
# A half layer exchanges two numbers a hidden unit and its read-out in each step,
# however many features there are.

half = HalfLayerClassifier(300, solver="lbfgs", tol=1e-3, max_iter=100, random_state=0)
half = halfnet_dask.fit(half, blocks, labels)
print(half.n_iter_, "steps, accuracy", half.score(X, y))

n_features, n_units, n_classes = np.geomspace(10, 10_000, 50), 300, 10
read_out = (n_units + 1) * n_classes
figure, ax = plt.subplots(layout="constrained")
ax.loglog(n_features, (n_features + 1) * n_units + read_out, label="full layer")
ax.loglog(n_features, np.full(50, 2 * n_units + read_out), label="half layer")
ax.set(xlabel="features", ylabel="numbers sent to each block in a step")
ax.legend()

# %%
# A grid, its fits spread over the workers
# ----------------------------------------
# Where the data are small and the candidates many, joblib's dask backend does it.

grid = GridSearchCV(
    ELMClassifier(random_state=0),
    {"hidden_layer_sizes": [100, 300], "weight_kind": ["normal", "class_sums"]},
    cv=3,
)
with joblib.parallel_backend("dask"):
    grid.fit(X, y)
print(grid.best_params_, grid.best_score_)

client.close()
cluster.close()
