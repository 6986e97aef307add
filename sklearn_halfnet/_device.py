"""Where and how training runs: device, memory, threads and torch's global modes."""

import os
from contextlib import ExitStack, contextmanager, nullcontext
from functools import cache, partial
from pathlib import Path
from threading import Lock

from threadpoolctl import ThreadpoolController

__all__ = [
    "blas_threads",
    "check_memory",
    "compute_threads",
    "device_of_fit",
    "free_memory",
    "import_torch",
    "resolve_device",
    "training_mode",
]

# Multiply-adds of a step below which waking a second thread costs more than it saves:
# of torch, which is woken at every operation, and of BLAS.
_SMALL_STEP = 5_000_000
_TINY_STEP = 1_000_000
# Multiply-adds of a whole closed-form fit, of which there are some dozens of calls.
_SMALL_FIT = 500_000_000

# Multiply-adds of a closed-form fit for which a few cores take about as long as torch
# takes to be imported.
_LARGE_FIT = 100_000_000_000
# What Linux has where an NVIDIA driver is loaded, and Windows where one is installed.
_DRIVERS = tuple(
    map(Path, ("/proc/driver/nvidia/version", "/Windows/System32/nvcuda.dll"))
)

# Attribute of torch's newer switches of precision, which older releases lack.
_NEW = "fp32_precision"

# Kinds of device on which half precision may have been asked for.
_AUTOCAST = ("cpu", "cuda")
# Files of a control group: its limit, its usage, and what of that is files' copies.
_VERSION_1 = ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")
_VERSION_2 = ("memory.max", "memory.current", "inactive_file")

_forked = False


def _mark_forked():
    global _forked
    _forked = True


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_mark_forked)


def import_torch():
    """Import torch; in a forked process, for one thread.

    Whoever computes by torch outside of torch's own rooms, ``networks`` and
    ``solvers``, gets it here. The parent's threads do not survive a fork, and a second
    thread would be waited for without end.

    Returns
    -------
    torch : module
    """
    import torch

    if _forked and torch.get_num_threads() > 1:
        torch.set_num_threads(1)
    return torch


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
    torch = import_torch()

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


def device_of_fit(device, n_products):
    """Find where to fit what numpy can fit as well.

    torch is asked only if the answer may be a GPU, for its import takes seconds.

    Parameters
    ----------
    device : str
        "auto" takes a GPU for a large fit, if there is one; "cpu" is numpy.
    n_products : int
        Multiply-adds of the fit.

    Returns
    -------
    device : torch.device or None
        None is numpy.

    Raises
    ------
    ValueError
        If the device does not exist here.

    Examples
    --------
    >>> from sklearn_halfnet._device import device_of_fit
    >>> print(device_of_fit("cpu", 10**15), device_of_fit("auto", 1000))
    None None
    """
    large = n_products >= _LARGE_FIT and any(path.exists() for path in _DRIVERS)
    if device == "cpu" or (device == "auto" and not large):
        return None
    resolved = resolve_device(device)
    return None if resolved.type == "cpu" else resolved


def free_memory(device):
    """Bytes that are free on a device; infinite where torch does not tell."""
    if device.type != "cuda":
        return float("inf")
    torch = import_torch()

    free, _ = torch.cuda.mem_get_info(device)
    # torch keeps what tensors have given back.
    kept = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
    return free + kept


def _available_memory():
    """Bytes of memory that can be had without swapping; None where unknown."""
    known = [left for left in (_left_in_machine(), *_left_in_groups()) if left]
    return min(known, default=None)


def _left_in_machine():
    return _entries(Path("/proc/meminfo")).get("MemAvailable:", 0) * 1024


def _left_in_groups(own=Path("/proc/self/cgroup"), root=Path("/sys/fs/cgroup")):
    """Yield what is left in the control groups of this process, and those above them.

    A container's limit is that of its group; it may see itself as the root.
    """
    for line in _lines(own):
        _, controllers, path = line.split(":", 2)
        if controllers and "memory" not in controllers.split(","):
            continue
        folder, names = (
            (root / "memory", _VERSION_1) if controllers else (root, _VERSION_2)
        )
        group = folder / path.strip("/")
        for each in (group, *group.parents):
            if each.is_relative_to(folder):
                yield _left_in_group(each, *names)


def _left_in_group(group, limit, usage, cache):
    limit, usage = (_lines(group / name) for name in (limit, usage))
    if not (limit and usage) or limit == ["max"]:
        return None
    # Copies of files are given up when memory is needed.
    kept = int(usage[0]) - _entries(group / "memory.stat").get(cache, 0)
    return max(int(limit[0]) - kept, 1)


def _lines(path):
    try:
        return path.read_text().splitlines()
    except OSError:
        return []


def _entries(path):
    """Numbers by the names before them, a line each."""
    words = (line.split() for line in _lines(path))
    return {name: int(number) for name, number, *_ in words}


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


def blas_threads(n_products):
    """Run a block with one BLAS thread where more would wait for each other.

    Parameters
    ----------
    n_products : int
        Multiply-adds of all of the block.

    Returns
    -------
    context : context manager
    """
    return _libraries().limit(limits=1) if n_products < _SMALL_FIT else nullcontext()


@contextmanager
def compute_threads(step_size):
    """Run a block with as many threads as pay for steps of this size.

    Parameters
    ----------
    step_size : int
        Multiply-adds of one training step. Small steps get one thread, and so does a
        forked process.
    """
    torch = import_torch()

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
        torch.set_num_threads(before)


@contextmanager
def training_mode(gradients=True):
    """Shield torch from its global modes that the caller may have set.

    Gradients are recorded even inside ``torch.no_grad()`` or ``inference_mode()``,
    tensors made without a device land on the CPU even under ``torch.device("meta")``,
    and numbers keep their precision even inside ``torch.autocast``, and on a GPU even
    where TF32 is allowed, as torch allows it to convolutions.

    Parameters
    ----------
    gradients : bool, default=True
        Whether to record gradients; False is for prediction.

    Raises
    ------
    MemoryError
        If the memory of a GPU does not do.
    """
    torch = import_torch()

    with ExitStack() as modes:
        modes.enter_context(torch.inference_mode(False))
        modes.enter_context(torch.set_grad_enabled(gradients))
        # A device context costs microseconds at each call of torch: only where needed.
        if torch.get_default_device().type != "cpu":
            modes.enter_context(torch.device("cpu"))
        for kind in _AUTOCAST:
            if torch.is_autocast_enabled(kind):
                modes.enter_context(torch.autocast(kind, enabled=False))
        if torch.cuda.is_available():
            modes.enter_context(_WHOLE_NUMBERS)
        try:
            yield
        except torch.cuda.OutOfMemoryError as error:
            raise MemoryError(
                "The device has not enough memory. Lower batch_size, cache_size or "
                f"hidden_layer_sizes, or use device='cpu'. ({error})"
            ) from error


class _WithoutTF32:
    """Context in which a GPU multiplies float32 as such; the user's choice comes back.

    The choice is one of the process: the first thread to come in notes it, the last one
    to leave restores it.
    """

    def __init__(self):
        self.lock, self.n_inside, self.restore = Lock(), 0, None

    def __enter__(self):
        with self.lock:
            self.n_inside += 1
            if self.n_inside == 1:
                self.restore = _switch_tf32_off()

    def __exit__(self, *exc_info):
        with self.lock:
            self.n_inside -= 1
            if self.n_inside == 0:
                self.restore()


_WHOLE_NUMBERS = _WithoutTF32()


def _switch_tf32_off():
    """Switch TF32 off; return a function that gives back what was set before.

    torch 2.9 has added switches to those that it had, and multiplies nothing while the
    two disagree. So the old ones are set, which set the new ones as well; but where the
    user has set new ones against the old, these can only be set themselves.
    """
    torch = import_torch()
    backends = torch.backends
    products, convolutions = backends.cuda.matmul, backends.cudnn
    old = [
        (torch.get_float32_matmul_precision, torch.set_float32_matmul_precision),
        (lambda: convolutions.allow_tf32, partial(setattr, convolutions, "allow_tf32")),
    ]
    new = [products, getattr(convolutions, "conv", None)]
    also = [getattr(backends.mkldnn, "matmul", None)]  # set by the old one of products
    noted = [(part, getattr(part, _NEW, None)) for part in new + also]
    restored = []
    for (read, write), none, part in zip(old, ("highest", False), new, strict=True):
        try:
            restored.append(partial(write, read()))
            write(none)
        except RuntimeError:
            setattr(part, _NEW, "ieee")
    restored += [
        partial(setattr, part, _NEW, value)
        for part, value in noted
        if value is not None
    ]

    def restore():
        for each in restored:
            each()

    return restore
