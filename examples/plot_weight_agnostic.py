"""
A graph that works at any weight
================================

All connections share one weight, and the search looks for a graph whose score hardly
depends on it.
"""

import matplotlib.pyplot as plt
from sklearn.datasets import load_digits, load_wine
from sklearn.model_selection import train_test_split

from sklearn_halfnet import WeightAgnosticClassifier
from sklearn_halfnet.inspection.weight_profile_display import WeightProfileDisplay

X, y = load_wine(return_X_y=True, as_frame=True)
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
wine = WeightAgnosticClassifier(complexity_penalty=1e-3, max_iter=60, random_state=0)
wine.fit(X_train, y_train)
print(f"wine: {wine.score(X_test, y_test):.3f}, {wine.n_connections_} connections")

# %%
# The graph itself, from the chemical measurements to the three cultivars.
figure, ax = plt.subplots(figsize=(9, 5), layout="constrained")
wine.plot(ax)
plt.show()

# %%
# The score at each weight between -2 and 2. At zero there is no network.
figure, ax = plt.subplots(layout="constrained")
WeightProfileDisplay.from_estimator(wine, X_test, y_test).plot(ax)
plt.show()

# %%
# Digits need more connections. Inputs are the pixels that count, row by row from above.
X, y = load_digits(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
digits = WeightAgnosticClassifier(max_iter=60, input_scaling="center", random_state=0)
digits.fit(X_train, y_train)
print(
    f"digits: {digits.score(X_test, y_test):.3f}, {digits.n_connections_} connections"
)
figure, ax = plt.subplots(figsize=(9, 11), layout="constrained")
digits.plot(ax)
plt.show()

# %%
# Each connection can be given a weight of its own, too. Of these digits that makes no
# more: the mean of the graph's answers at six shared weights is as good.
trained = digits.train_weights(X_train, y_train)
print(f"digits, weights trained: {trained.score(X_test, y_test):.3f}")
