"""A fully trained network with one hidden layer, in plain torch, for comparison."""

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin

__all__ = ["TorchMLP", "width_for"]


class TorchMLP(ClassifierMixin, BaseEstimator):
    """Linear, ReLU, Linear; Adam with the one-cycle rate that the half layers use.

    Parameters
    ----------
    width : int
        Hidden units.
    learning_rate : float
        Largest rate.
    max_iter : int
        Passes over the data.
    batch_size : int
    seed : int
    device : str, default="cpu"
    """

    def __init__(self, width, learning_rate, max_iter, batch_size, seed, device="cpu"):
        self.width = width
        self.learning_rate = learning_rate
        self.max_iter = max_iter
        self.batch_size = batch_size
        self.seed = seed
        self.device = device

    def fit(self, X, y):
        """Train on float32 rows and labels 0, 1, ..."""
        import torch

        from sklearn_halfnet._device import resolve_device
        from sklearn_halfnet.solvers.schedules import SCHEDULES

        device = resolve_device(self.device)
        generator = torch.Generator().manual_seed(self.seed)
        self.classes_ = np.unique(y)
        X, y = (torch.from_numpy(array).to(device) for array in (X, y.astype(np.int64)))
        with torch.random.fork_rng():
            torch.manual_seed(self.seed)
            self.network = torch.nn.Sequential(
                torch.nn.Linear(X.shape[1], self.width),
                torch.nn.ReLU(),
                torch.nn.Linear(self.width, len(self.classes_)),
            ).to(device)
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
        return self

    def predict(self, X):
        """Predict labels."""
        import torch

        with torch.no_grad():
            device = self.network[0].weight.device
            scores = self.network(torch.from_numpy(X).to(device))
            return scores.argmax(dim=1).cpu().numpy()

    @property
    def n_trainable_parameters_(self):
        """All weights and offsets."""
        return sum(parameter.numel() for parameter in self.network.parameters())


def width_for(n_parameters, n_features, n_classes):
    """Hidden units at which an MLP has about so many parameters.

    Examples
    --------
    >>> from sklearn_halfnet.experiments._common.torch_mlp import width_for
    >>> width_for(25_450, 784, 10)
    32
    """
    return max(1, round((n_parameters - n_classes) / (n_features + 1 + n_classes)))
