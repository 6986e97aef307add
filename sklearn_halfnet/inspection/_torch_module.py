"""Outputs of a torch module's parts, and a copy with its parameters drawn anew."""

import copy
from collections import Counter
from contextlib import contextmanager

import numpy as np

from sklearn_halfnet._device import import_torch

__all__ = ["module_outputs", "untrained_module"]

# Rows that pass through a module at a time.
_BATCH = 512


def module_outputs(module, X):
    """Collect what the innermost modules return, in evaluation mode, by forward hooks.

    Parameters
    ----------
    module : torch.nn.Module
    X : array-like of shape (n_samples, ...)
        As the module takes it; brought to the type and device of its parameters.

    Returns
    -------
    outputs : list of (str, ndarray of shape (n_samples, n_units))
        In the order of the calls. A module that is called again gets a number.
    """
    torch = import_torch()

    first = next(module.parameters(), torch.zeros(0))
    rows = torch.as_tensor(np.asarray(X)).to(first.device, first.dtype)
    recorder = _Recorder()
    with _evaluation(module), recorder.hooks(module), torch.no_grad():
        for start in range(0, len(rows), _BATCH):
            recorder.calls.clear()
            module(rows[start : start + _BATCH])
    return [(name, np.concatenate(parts)) for name, parts in recorder.outputs.items()]


class _Recorder:
    """Keeps the outputs of modules, batch after batch."""

    def __init__(self):
        self.outputs, self.calls = {}, Counter()

    @contextmanager
    def hooks(self, module):
        hooks = [
            each.register_forward_hook(self._hook(name or "output"))
            for name, each in module.named_modules()
            if not any(True for _ in each.children())
        ]
        try:
            yield
        finally:
            for hook in hooks:
                hook.remove()

    def _hook(self, name):
        def keep(module, inputs, output):
            self.calls[name] += 1
            n = self.calls[name]
            # Copied: the next module may work in place.
            tensor = output[0] if isinstance(output, (tuple, list)) else output
            array = tensor.detach().flatten(1).cpu().numpy().copy()
            key = name if n == 1 else f"{name} (call {n})"
            self.outputs.setdefault(key, []).append(array)

        return keep


@contextmanager
def _evaluation(module):
    """Put a module into evaluation mode, and each part back into its own after."""
    modes = [(each, each.training) for each in module.modules()]
    module.eval()
    try:
        yield
    finally:
        for each, mode in modes:
            each.training = mode


def untrained_module(module, seed):
    """Copy a module and let every part with ``reset_parameters`` reset them.

    Parameters
    ----------
    module : torch.nn.Module
    seed : int
        torch's own random state is left as it was.

    Returns
    -------
    untrained : torch.nn.Module

    Raises
    ------
    TypeError
        If a part has parameters of its own and no ``reset_parameters``.
    """
    torch = import_torch()

    other = copy.deepcopy(module)
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        for name, each in other.named_modules():
            if hasattr(each, "reset_parameters"):
                each.reset_parameters()
            elif any(True for _ in each.parameters(recurse=False)):
                raise TypeError(
                    f"Part {name!r} of the module, a {type(each).__name__}, has no "
                    "reset_parameters; give the untrained module yourself."
                )
    return other
