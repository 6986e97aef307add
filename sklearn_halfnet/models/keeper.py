"""What a training that is cut off needs to go on: all that changes with the passes."""

from sklearn_halfnet._device import import_torch
from sklearn_halfnet.models.tensors import from_tensor

__all__ = ["Keeper", "passes_kept"]

# What a monitor remembers, in plain numbers.
_OF_MONITOR = ("losses", "scores", "validation_losses", "best", "n_no_change")


def passes_kept(kept):
    """Count the passes after which a training was kept."""
    return 0 if kept.state is None else len(kept.state["losses"])


class Keeper:
    """Keeps all that a training changes, and takes it up again.

    Parameters
    ----------
    kept : object
        As of ``train``.
    module, solver, monitor, rng
        What changes.
    """

    def __init__(self, kept, module, solver, monitor, rng):
        self.kept = kept
        self.module, self.solver, self.monitor = module, solver, monitor
        # Dropout and the moves of images may draw from others.
        parts = [part for each in module.modules() for part in vars(each).values()]
        own = [part.rng for part in parts if hasattr(part, "rng")]
        self.generators = [rng, *own]

    def take_up(self):
        """Go on from what was kept, if anything was."""
        state, monitor = self.kept.state, self.monitor
        if state is None:
            return
        self._set_values(state["values"])
        self.solver.resume(state["solver"])
        for name in _OF_MONITOR:
            setattr(monitor, name, state[name])
        if state["best_values"] is not None:
            monitor.best_values = self._like_values(state["best_values"])
        for generator, bits in zip(self.generators, state["generators"], strict=True):
            generator.bit_generator.state = bits

    def after(self, loss):
        """Tell the monitor of a pass, and offer what there is now."""
        stops = self.monitor(loss)
        if not stops:
            self.kept.offer(self._state)
        return stops

    def _state(self):
        monitor, best = self.monitor, self.monitor.best_values
        return {
            "values": [from_tensor(v) for v in self.module.state_dict().values()],
            "best_values": None if best is None else [from_tensor(v) for v in best],
            "solver": self.solver.checkpoint(),
            "generators": [each.bit_generator.state for each in self.generators],
            **{name: getattr(monitor, name) for name in _OF_MONITOR},
        }

    def _like_values(self, arrays):
        """Make tensors like those of the module."""
        torch = import_torch()

        tensors = self.module.state_dict().values()
        pairs = zip(tensors, arrays, strict=True)
        return [torch.empty_like(t).copy_(torch.from_numpy(a)) for t, a in pairs]

    def _set_values(self, arrays):
        values = self._like_values(arrays)
        self.module.load_state_dict(
            dict(zip(self.module.state_dict(), values, strict=True))
        )
