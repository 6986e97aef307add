"""Peak memory of a piece of work, measured where nothing else has run."""

import threading
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path

__all__ = ["in_fresh_process", "peak_memory"]


def in_fresh_process(function, *arguments):
    """Call a function in a new process and return its result."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as fresh:
        return fresh.submit(function, *arguments).result()


@contextmanager
def peak_memory(interval=0.002):
    """Watch how far resident memory rises above its present value, in MB."""
    before, peak, done = _resident_mb(), {"mb": 0.0}, threading.Event()

    def watch():
        while not done.wait(interval):
            peak["mb"] = max(peak["mb"], _resident_mb() - before)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield peak
    finally:
        done.set()
        watcher.join()


def _resident_mb():
    """Resident memory of this process; needs Linux."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096 / 2**20
