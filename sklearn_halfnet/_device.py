"""Where and how training runs: device, memory, threads and torch's global modes."""

import os
from contextlib import ExitStack, contextmanager, nullcontext
from functools import cache

from threadpoolctl import ThreadpoolController

__all__ = ["check_memory", "compute_threads", "resolve_device", "training_mode"]

# Multiply-adds of a step below which waking a second thread costs more than it saves:
# of torch, which is woken at every operation, and of BLAS.
_SMALL_STEP = 5_000_000
_TINY_STEP = 1_000_000

# Kinds of device on which half precision may have been asked for.
_AUTOCAST = ("cpu", "cuda")

_forked = False


def _mark_forked():
    global _forked
    _forked = True


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_mark_forked)


def resolve_device(device):
    """Turn ``device`` into a ``torch.device``.

    Parameters
    ----------
    device : str
        "auto" takes a GPU if torch sees one, else the CPU.

    Returns
    -------
    device : torch.device

    Raises
    ------
    ValueError
        If the device does not exist here.

    Examples
    --------
    >>> from sklearn_halfnet._device import resolve_device
    >>> resolve_device("cpu")
    device(type='cpu')
    """
    import torch

    if device == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        resolved = torch.device(device)
        torch.empty(0, device=resolved)
    except (RuntimeError, AssertionError) as error:
        raise ValueError(
            f"device={device!r} cannot be used: {error} Use device='auto' or 'cpu'."
        ) from error
    return resolved


def _available_memory():
    """Bytes of memory that can be had without swapping; None where unknown."""
    try:
        with open("/proc/meminfo") as meminfo:
            for line in meminfo:
                if line.startswith("MemAvailable:"):
                    return int(line.split()[1]) * 1024
    except OSError:
        pass
    return None


def check_memory(n_bytes, what, remedy):
    """Raise MemoryError before an allocation that cannot succeed.

    Parameters
    ----------
    n_bytes : int
        What is about to be allocated.
    what : str
        What needs it, naming the parameter and its value.
    remedy : str
        What to change.

    Raises
    ------
    MemoryError
        If ``n_bytes`` exceeds the memory available now.
    """
    available = _available_memory()
    if available is not None and n_bytes > available:
        raise MemoryError(
            f"{what} needs about {n_bytes / 2**30:.1f} GiB, but "
            f"{available / 2**30:.1f} GiB are available. {remedy}"
        )


@cache
def _libraries():
    """Libraries with threads of their own; finding them takes milliseconds."""
    return ThreadpoolController()


@contextmanager
def compute_threads(step_size):
    """Run a block with as many threads as pay for steps of this size.

    Parameters
    ----------
    step_size : int
        Multiply-adds of one training step. Small steps get one thread. So does a forked
        process whose parent may have used torch's threads: they do not survive the
        fork, and a second thread would be waited for without end.
    """
    import torch

    if not _forked and step_size >= _SMALL_STEP:
        yield
        return
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    tiny = _forked or step_size < _TINY_STEP
    try:
        with _libraries().limit(limits=1) if tiny else nullcontext():
            yield
    finally:
        if not _forked:
            torch.set_num_threads(before)


@contextmanager
def training_mode(gradients=True):
    """Shield torch from its global modes that the caller may have set.

    Gradients are recorded even inside ``torch.no_grad()`` or ``inference_mode()``,
    tensors made without a device land on the CPU even under ``torch.device("meta")``,
    and numbers keep their precision even inside ``torch.autocast``.

    Parameters
    ----------
    gradients : bool, default=True
        Whether to record gradients; False is for prediction.
    """
    import torch

    with ExitStack() as modes:
        modes.enter_context(torch.inference_mode(False))
        modes.enter_context(torch.set_grad_enabled(gradients))
        # A device context costs microseconds at each call of torch: only where needed.
        if torch.get_default_device().type != "cpu":
            modes.enter_context(torch.device("cpu"))
        for kind in _AUTOCAST:
            if torch.is_autocast_enabled(kind):
                modes.enter_context(torch.autocast(kind, enabled=False))
        yield
