"""Tables 3 and 6 of ``halfnet reproduce closed-form-further`` on small data."""

from sklearn_halfnet import ELMClassifier
from sklearn_halfnet.experiments.closed_form_further import streams, workers
from sklearn_halfnet.experiments.closed_form_further.bars import report_text


def test_decay_follows_a_boundary_that_turns():
    X, y = streams.turning(6000, n_turns=1)
    found = [
        streams.prequential(
            ELMClassifier(30, alpha=1.0, decay=decay, random_state=0), X, y, chunk=300
        )
        for decay in (1.0, 0.998)
    ]
    assert found[1] > found[0] + 10


def record(table, measure, **result):
    environment = {
        **{"versions": {}, "threads": [], "processor": "p", "n_cpus": 2},
        **{"platform": "x", "python": "3"},
    }
    return {
        "key": {"table": table, "measure": measure, "seed": 0},
        "settings": {"quick": False},
        "result": result,
        "environment": environment,
    }


def test_reports_say_what_was_measured():
    of_tasks = {
        f"{name}_{task}": 90.0 + task
        for name in ("test", "sgd")
        for task in range(1, streams.N_TASKS + 1)
    }
    common = {"seconds": 1.0, "refit_seconds": 2.0, "difference": 3e-12}
    text = report_text(
        [
            record(3, "tasks", **of_tasks, **common),
            record(3, "forget", **common),
            record(3, "drift", decay=88.0, none=60.0, sgd=70.0),
            record(3, "chunks", mean_ms=2.0, median_ms=1.0, cpu_ms=1.5, solve_ms=40.0),
            record(3, "wide", peak_mb=450.0, seconds=60.0, test=97.0),
            record(
                *(6, "workers"),
                **{"local": 5.0, "workers_1": 6.0, "workers_2": 3.0, "passes": 3},
                **{"ratio": 1.2, "speedup": 2.0, "difference": 1e-9},
                **{"bytes_sum": 4e6, "bytes_all": 8e7, "bytes_full": 1.6e8},
            ),
        ]
    )
    for words in ("| 95.00 |", "3.0e-12", "decay=0.999: 88.0", "450", "1.20", "4.0 MB"):
        assert words in text
    assert {streams.TABLE.title, workers.TABLE.title} <= {
        line.partition(". ")[2] for line in text.splitlines() if line.startswith("## ")
    }
