"""How each rival is built: one function of width and seed a candidate.

Stand-alone: read by its path in the rival's own environment, so nothing of this
library is imported at module level. Where nothing else is said a rival keeps its own
defaults. All get the same arrays: float32 rows, classes 0, 1, 2, ...
"""

import numpy as np


class OneHotELM:
    """hpelm's ELM behind ``fit`` and ``predict``; it wants float64 one-hot targets."""

    def __init__(self, n_units):
        self.n_units = n_units

    def fit(self, X, y):
        """Fit as its manual does for classification."""
        from hpelm import ELM

        targets = np.eye(y.max() + 1)[y]
        # tprint: seconds between its progress lines.
        self.model = ELM(X.shape[1], targets.shape[1], tprint=10**9)
        self.model.add_neurons(self.n_units, "sigm")
        self.model.train(X, targets, "c")
        return self

    def predict(self, X):
        """Class of the highest output."""
        return self.model.predict(X).argmax(axis=1)


class SampledNetwork:
    """swimnetworks' two layers, whose pipeline calls prediction ``transform``."""

    def __init__(self, n_units, seed):
        from sklearn.pipeline import Pipeline
        from swimnetworks import Dense, Linear

        hidden = Dense(
            layer_width=n_units,
            activation="tanh",
            parameter_sampler="tanh",
            random_seed=seed,
            is_classifier=True,
        )
        self.model = Pipeline([("hidden", hidden), ("out", Linear(is_classifier=True))])

    def fit(self, X, y):
        """Fit both layers."""
        self.model.fit(X, y)
        return self

    def predict(self, X):
        """Class of each row."""
        return np.ravel(self.model.transform(X))


class KernelPipeline:
    """A kernel approximation whose gamma is one over the total variance of X."""

    def __init__(self, name, n_units, seed):
        from sklearn import kernel_approximation, linear_model, pipeline

        self.kind = getattr(kernel_approximation, name)
        self.make_pipeline = pipeline.make_pipeline
        self.ridge = linear_model.RidgeClassifier()
        self.options = {"n_components": n_units, "random_state": seed}

    def fit(self, X, y):
        """Fit the features, then the ridge."""
        gamma = 1 / (X.shape[1] * X.var())
        features = self.kind(gamma=gamma, **self.options)
        self.model = self.make_pipeline(features, self.ridge).fit(X, y)
        return self

    def predict(self, X):
        """Class of each row."""
        return self.model.predict(X)


def hpelm(n_units, seed):
    """Build hpelm's ELM with sigmoid units (seeded by numpy's global generator)."""
    import hpelm  # noqa: F401 - loaded before the clock starts

    return OneHotELM(n_units)


def scikit_elm(n_units, seed):
    """Build scikit-elm's classifier (tanh)."""
    from skelm import ELMClassifier

    return ELMClassifier(n_neurons=n_units, random_state=seed)


def rvfln(n_units, seed):
    """Build rvfln's classifier (seeded by numpy's global generator)."""
    from rvfln.rvfln import RVFLNClassifier

    return RVFLNClassifier(n_enhancement=n_units)


def pyrcn(n_units, seed):
    """Build PyRCN's ELM (tanh)."""
    from pyrcn.extreme_learning_machine import ELMClassifier

    return ELMClassifier(hidden_layer_size=n_units, random_state=seed)


def graforvfl(n_units, seed):
    """Build GrafoRVFL's classifier; its default, no ridge, is an SVD of all rows."""
    from graforvfl import RvflClassifier

    return RvflClassifier(size_hidden=n_units, reg_alpha=1.0, seed=seed)


def swimnetworks(n_units, seed):
    """Build a sampled network of tanh units."""
    return SampledNetwork(n_units, seed)


def gfdl(n_units, seed):
    """Build GFDL's RVFL; its defaults are linear units and an SVD of all rows."""
    from gfdl.model import GFDLClassifier

    return GFDLClassifier((n_units,), activation="relu", reg_alpha=1.0, seed=seed)


def nystroem_ridge(n_units, seed):
    """Build scikit-learn's Nystroem, rbf of width "scale" as in SVC, and ridge."""
    return KernelPipeline("Nystroem", n_units, seed)


def rbf_sampler_ridge(n_units, seed):
    """Build scikit-learn's RBFSampler of the same width, and ridge."""
    return KernelPipeline("RBFSampler", n_units, seed)


def mlp_32(n_units, seed):
    """Build scikit-learn's MLP of 32 trained units, 10 epochs, whatever the width."""
    from sklearn.neural_network import MLPClassifier

    return MLPClassifier((32,), max_iter=10, random_state=seed)


def halfnet_elm(n_units, seed):
    """Build our ELM; images are centred only."""
    from sklearn_halfnet import ELMClassifier

    return ELMClassifier(n_units, input_scaling="center", random_state=seed)


def halfnet_elm_int8(n_units, seed):
    """Build our ELM in reduced precision."""
    from sklearn_halfnet import ELMClassifier

    return ELMClassifier(
        n_units, input_scaling="center", dtype="int8", random_state=seed
    )


def halfnet_rvfl(n_units, seed):
    """Build our RVFL."""
    from sklearn_halfnet import RVFLClassifier

    return RVFLClassifier(n_units, input_scaling="center", random_state=seed)
