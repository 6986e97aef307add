"""A fully trained network with hidden layers or none, in plain torch."""

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin

__all__ = ["TorchMLP", "width_for"]


class TorchMLP(ClassifierMixin, BaseEstimator):
    """Linear, ReLU, ..., Linear; Adam with the one-cycle rate that the half layers use.

    Parameters
    ----------
    width : int or tuple of int
        Hidden units, of several layers one each; 0 or none is softmax regression.
    learning_rate : float
        Largest rate.
    max_iter : int
        Passes over the data.
    batch_size : int
    seed : int
    device : str, default="cpu"
    center : bool, default=False
        Whether to subtract the training mean of each column.
    """

    def __init__(
        self,
        width,
        learning_rate,
        max_iter,
        batch_size,
        seed,
        device="cpu",
        center=False,
    ):
        self.width = width
        self.learning_rate = learning_rate
        self.max_iter = max_iter
        self.batch_size = batch_size
        self.seed = seed
        self.device = device
        self.center = center

    def fit(self, X, y):
        """Train on float32 rows and labels 0, 1, ..."""
        for _ in self.passes(X, y):
            pass
        return self

    def passes(self, X, y):
        """Train as ``fit`` does, and come back after each pass."""
        import torch

        from sklearn_halfnet._device import resolve_device
        from sklearn_halfnet.solvers.schedules import SCHEDULES

        device = resolve_device(self.device)
        generator = torch.Generator().manual_seed(self.seed)
        self.classes_ = np.unique(y)
        self.mean = X.mean(axis=0) if self.center else None
        X, y = (
            torch.from_numpy(array).to(device)
            for array in (self._centered(X), y.astype(np.int64))
        )
        with torch.random.fork_rng():
            torch.manual_seed(self.seed)
            widths = self.width if isinstance(self.width, tuple) else (self.width,)
            layers, n_inputs = [], X.shape[1]
            for width in filter(None, widths):
                layers += [torch.nn.Linear(n_inputs, width), torch.nn.ReLU()]
                n_inputs = width
            layers.append(torch.nn.Linear(n_inputs, len(self.classes_)))
            self.network = torch.nn.Sequential(*layers).to(device)
        optimizer = torch.optim.Adam(self.network.parameters(), fused=True)
        n_steps = self.max_iter * -(-len(X) // self.batch_size)
        step = 0
        for _ in range(self.max_iter):
            order = torch.randperm(len(X), generator=generator).to(device)
            for index in order.split(self.batch_size):
                factor = SCHEDULES["one_cycle"](step / n_steps)
                optimizer.param_groups[0]["lr"] = factor * self.learning_rate
                scores = self.network(X[index])
                loss = torch.nn.functional.cross_entropy(scores, y[index])
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                step += 1
            yield

    def predict(self, X):
        """Predict labels."""
        import torch

        with torch.no_grad():
            device = self.network[0].weight.device
            scores = self.network(torch.from_numpy(self._centered(X)).to(device))
            return scores.argmax(dim=1).cpu().numpy()

    def _centered(self, X):
        return X if self.mean is None else X - self.mean

    @property
    def n_trainable_parameters_(self):
        """All weights and offsets."""
        return sum(parameter.numel() for parameter in self.network.parameters())

    @property
    def n_stored_bytes_(self):
        """Bytes of them, and of the mean."""
        mean = 0 if self.mean is None else self.mean.nbytes
        return mean + sum(p.numel() * p.itemsize for p in self.network.parameters())


def width_for(n_parameters, n_features, n_classes):
    """Hidden units at which an MLP has about so many parameters.

    Examples
    --------
    >>> from sklearn_halfnet.experiments._common.torch_mlp import width_for
    >>> width_for(25_450, 784, 10)
    32
    """
    return max(1, round((n_parameters - n_classes) / (n_features + 1 + n_classes)))
