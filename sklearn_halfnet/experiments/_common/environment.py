"""What a measurement ran on."""

import os
import platform
import subprocess
import sys
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from threadpoolctl import threadpool_info

__all__ = ["describe_environment"]

PACKAGES = ("sklearn-halfnet", "numpy", "scipy", "scikit-learn", "torch")
THREAD_FIELDS = ("internal_api", "version", "num_threads", "architecture")


def describe_environment():
    """Describe commit, versions, processor, device and threads of this process.

    Returns
    -------
    dict
        JSON values only, and no path of this machine: ``commit`` (of the checkout
        that the package runs from, with a + where its code has been changed since;
        None if it is none), ``python``, ``versions``, ``platform``, ``processor``,
        ``n_cpus`` (usable by this process), ``device`` (the GPU, or "cpu"),
        ``threads`` (one entry a library of :func:`threadpoolctl.threadpool_info`) and
        ``torch_threads`` (None if torch is not loaded).

    Examples
    --------
    >>> from sklearn_halfnet.experiments._common.environment import describe_environment
    >>> sorted(describe_environment()["versions"])
    ['numpy', 'scikit-learn', 'scipy', 'sklearn-halfnet', 'torch']
    """
    torch = sys.modules.get("torch")
    return {
        "commit": _commit(),
        "python": platform.python_version(),
        "versions": {name: _version(name) for name in PACKAGES},
        "platform": f"{platform.system()} {platform.machine()}",
        "processor": _processor(),
        "n_cpus": _n_cpus(),
        "device": _device(torch),
        "threads": [
            {name: pool.get(name) for name in THREAD_FIELDS}
            for pool in threadpool_info()
        ],
        "torch_threads": torch.get_num_threads() if torch else None,
    }


def _version(name):
    try:
        return version(name)
    except PackageNotFoundError:
        return None


@cache
def _commit():
    """Name the commit once: what runs was imported at the start."""
    package = Path(__file__).parents[2]
    revision = _git(package, "rev-parse", "--short=12", "HEAD")
    if not revision or not _git(package, "ls-files", "__init__.py"):
        return None  # a copy that lies in a checkout of something else
    changed = _git(package, "status", "--porcelain", "--", ".")
    return revision + ("+" if changed else "")


def _git(folder, *words):
    """Return what git says of a folder; nothing where there is no git."""
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), *words], capture_output=True, text=True
        )
    except OSError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def _device(torch):
    """Name the GPU that torch has computed on, or say that there is none."""
    if torch and torch.cuda.is_available() and torch.cuda.is_initialized():
        return torch.cuda.get_device_name()
    return "cpu"


def _n_cpus():
    """Count the processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count()


def _processor():
    """Name the processor, as Linux knows it or as Python does elsewhere."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            for line in file:
                if line.startswith("model name"):
                    return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()
