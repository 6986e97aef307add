"""Table 6: the same fit in one process, on one worker and on two."""

import logging
import pickle
from contextlib import contextmanager
from functools import partial

import numpy as np
from threadpoolctl import threadpool_limits

from sklearn_halfnet import ELMRegressor
from sklearn_halfnet.experiments._common.experiment import Table
from sklearn_halfnet.experiments._common.measures import bars_table, timed
from sklearn_halfnet.experiments._common.report import bytes_text
from sklearn_halfnet.experiments._common.runner import Job

__all__ = ["TABLE"]

N_FEATURES = 100
BLOCK = 20_000


def against_one_process(run):
    """Fit persisted blocks; what travels, and how often the blocks are read."""
    from dask import array as da
    from distributed import Client, LocalCluster, wait

    from sklearn_halfnet import dask as halfnet_dask

    n_rows, n_units = (40_000, 64) if run.quick else (400_000, 1000)
    model, result = ELMRegressor(n_units, random_state=0), {}
    X, y = _rows(n_rows)
    with threadpool_limits(1):
        alone, result["local"] = timed(
            lambda: ELMRegressor(**model.get_params()).fit(X, y)
        )
    options = {"threads_per_worker": 1, "dashboard_address": ":0", "silence_logs": 50}
    for n_workers in (1, 2):
        with LocalCluster(n_workers=n_workers, **options) as cluster, Client(cluster):
            rows = da.from_array(X, chunks=(BLOCK, -1)).persist()
            targets = da.from_array(y, chunks=BLOCK).persist()
            wait([rows, targets])
            small = ELMRegressor(8, random_state=0)
            halfnet_dask.fit(small, rows, targets)  # loads libraries: not counted
            fit = partial(halfnet_dask.fit, model, rows, targets)
            with _passes_logged() as passes:
                _, result[f"workers_{n_workers}"] = timed(fit)
    result["passes"] = passes[-1]
    sums = len(pickle.dumps(model.gram_))
    result["bytes_sum"] = sums
    result["bytes_all"] = sums * (n_rows // BLOCK)
    result["bytes_full"] = 8 * n_units**2 * (n_rows // BLOCK)
    coef = alone.read_out_coef_
    worst = np.abs(model.read_out_coef_ - coef).max() / np.abs(coef).max()
    return {
        **result,
        "difference": float(worst),
        "ratio": result["workers_1"] / result["local"],
        "speedup": result["workers_1"] / result["workers_2"],
    }


@contextmanager
def _passes_logged():
    """Note the numbers of passes that ``dask.fit`` logs."""
    logger, passes = logging.getLogger("sklearn_halfnet.dask"), []
    handler, level = logging.Handler(), logger.level
    handler.emit = lambda record: passes.append(record.args[1])
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        yield passes
    finally:
        logger.setLevel(level)
        logger.removeHandler(handler)


def _rows(n_rows):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((n_rows, N_FEATURES), dtype=np.float32)
    return X, np.sin(X[:, 0]) + X[:, 1] * X[:, 2]


def _fits(run):
    return [
        Job(
            key={"table": 6, "measure": "workers", "seed": seed},
            label=f"workers, round {seed + 1}",
            run=lambda: against_one_process(run),
            settings={"quick": run.quick},
        )
        for seed in range(run.rounds)
    ]


_ROWS = (
    ("one process, one thread, s", "{workers.local:.1f}", "", ""),
    (
        "one worker, s",
        "{workers.workers_1:.1f}",
        "ratio {workers.ratio:.2f}",
        "<= 1.3",
    ),
    (
        "two workers, s",
        "{workers.workers_2:.1f}",
        "{workers.speedup:.2f} times faster",
        ">= 1.8",
    ),
    ("passes over the blocks", "{workers.passes:.0f}", "", "told"),
    ("bytes of a block's sums", "{each}", "", "packed"),
    ("bytes of all sums that move", "{all}", "not packed: {full}", "printed"),
    ("read-out, relative difference", "{workers.difference:.1e}", "", ""),
)


def _text(records):
    last = records[-1]["result"]
    sizes = {
        "each": bytes_text(last["bytes_sum"]),
        "all": bytes_text(last["bytes_all"]),
        "full": bytes_text(last["bytes_full"]),
    }
    table = bars_table(["measure", "ours", "beside", "bar"], _ROWS, records, **sizes)
    return f"""\
400,000 x 100 rows in blocks of 20,000, persisted, 1,000 units; medians over the rounds.

{table}
"""


TABLE = Table("On more than one worker", _fits, _text)
