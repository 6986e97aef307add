"""What a measurement ran on."""

import os
import platform
import sys
from importlib.metadata import PackageNotFoundError, version

from threadpoolctl import threadpool_info

__all__ = ["describe_environment"]

PACKAGES = ("sklearn-halfnet", "numpy", "scipy", "scikit-learn", "torch")
THREAD_FIELDS = ("internal_api", "version", "num_threads", "architecture")


def describe_environment():
    """Describe versions, processor and threads of this process.

    Returns
    -------
    dict
        JSON values only, and no path of this machine: ``python``,
        ``versions``, ``platform``, ``processor``, ``n_cpus`` (usable by this
        process), ``threads`` (one entry a library of
        :func:`threadpoolctl.threadpool_info`) and ``torch_threads`` (None if
        torch is not loaded).

    Examples
    --------
    >>> from sklearn_halfnet.experiments._common.environment import describe_environment
    >>> sorted(describe_environment()["versions"])
    ['numpy', 'scikit-learn', 'scipy', 'sklearn-halfnet', 'torch']
    """
    torch = sys.modules.get("torch")
    return {
        "python": platform.python_version(),
        "versions": {name: _version(name) for name in PACKAGES},
        "platform": f"{platform.system()} {platform.machine()}",
        "processor": _processor(),
        "n_cpus": _n_cpus(),
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
