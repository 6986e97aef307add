import os
from pathlib import Path

import pytest

# scikit-learn skips its array API check unless this is set before its import.
os.environ["SCIPY_ARRAY_API"] = "1"
os.environ["MPLBACKEND"] = "Agg"
# On AMD processors of the first Zen generation the backward pass of convolutions that
# torch 2.13 chooses there writes where it must not, and ends the process now and then.
CPUINFO = Path("/proc/cpuinfo")
if CPUINFO.exists() and "cpu family\t: 23\nmodel\t\t: 1\n" in CPUINFO.read_text():
    os.environ.setdefault("ONEDNN_MAX_CPU_ISA", "AVX")
# Threads of workers that share the processors would wait for each other. Set before
# numpy and torch are imported, and in the workers only: they inherit what the process
# that starts them has set.
if "PYTEST_XDIST_WORKER_COUNT" in os.environ:
    workers = int(os.environ["PYTEST_XDIST_WORKER_COUNT"])
    threads = max(1, (os.cpu_count() or 1) // workers)
    os.environ.setdefault("OMP_NUM_THREADS", str(threads))

# For a type checker to read: half of its lines are wrong.
collect_ignore = ["typing_user.py"]

DATA_HOME = Path(__file__).parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def data_home():
    """Folder of real data sets beside the checkout; the test is skipped without it."""
    if not DATA_HOME.is_dir():
        pytest.skip(f"no real data sets in {DATA_HOME}")
    return DATA_HOME
