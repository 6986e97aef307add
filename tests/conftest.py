import os
from pathlib import Path

import pytest

# scikit-learn skips its array API check unless this is set before its import.
os.environ["SCIPY_ARRAY_API"] = "1"
os.environ["MPLBACKEND"] = "Agg"
# Threads of workers that share the processors would wait for each other. Set before
# numpy and torch are imported.
WORKERS = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
THREADS = str(max(1, (os.cpu_count() or 1) // WORKERS))
os.environ.setdefault("OMP_NUM_THREADS", THREADS)

DATA_HOME = Path(__file__).parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def data_home():
    """Folder of real data sets beside the checkout; the test is skipped without it."""
    if not DATA_HOME.is_dir():
        pytest.skip(f"no real data sets in {DATA_HOME}")
    return DATA_HOME
