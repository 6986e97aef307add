"""``halfnet reproduce closed-form-rivals``: packages for ELM and RVFL beside ours."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from sklearn_halfnet.datasets import load_dataset
from sklearn_halfnet.experiments import (
    CommandError,
    _rival_report as rival_report,
    _rival_worker as worker,
)
from sklearn_halfnet.experiments._report import replace_file
from sklearn_halfnet.experiments._rival_environments import (
    InstallError,
    first_error,
    interpreter,
)
from sklearn_halfnet.experiments._runner import Job, ResultFile, run_jobs

__all__ = ["CANDIDATES", "Candidate", "run"]

HERE = Path(__file__).parent
MAKERS = HERE / "_rival_candidates.py"
WIDTHS = (1024, 2048)
QUICK_ROWS, QUICK_WIDTHS = 2_000, (64,)
SECONDS_ALLOWED = 600
OUR_PACKAGES = ("sklearn-halfnet", "scikit-learn", "numpy", "scipy", "torch")


@dataclass(frozen=True)
class Candidate:
    """One row of the comparison.

    Attributes
    ----------
    name : str
        For people.
    maker : str
        Function that builds it from a width and a seed.
    requirements : sequence of str
        What pip installs into its own environment; nothing: this environment.
    file : Path
        Where the function is.
    fixed_width : bool
        Whether it is the same at every width.
    """

    name: str
    maker: str
    requirements: Sequence[str] = ()
    file: Path = MAKERS
    fixed_width: bool = False


# Where a package forgets to name what it needs, that is added.
CANDIDATES = (
    Candidate("numpy reference", "ReferenceELM", file=HERE / "_reference_elm.py"),
    Candidate("ELMClassifier (ours)", "halfnet_elm"),
    Candidate("ELMClassifier int8 (ours)", "halfnet_elm_int8"),
    Candidate("RVFLClassifier (ours)", "halfnet_rvfl"),
    Candidate("hpelm", "hpelm", ("hpelm",)),
    Candidate(
        "scikit-elm", "scikit_elm", ("scikit-elm", "dask[dataframe,distributed]")
    ),
    Candidate("rvfln", "rvfln", ("rvfln", "scikit-learn")),
    Candidate("pyrcn", "pyrcn", ("pyrcn",)),
    Candidate("graforvfl", "graforvfl", ("graforvfl",)),
    Candidate("swimnetworks", "swimnetworks", ("swimnetworks",)),
    Candidate("gfdl", "gfdl", ("gfdl",)),
    Candidate("Nystroem + RidgeClassifier", "nystroem_ridge"),
    Candidate("RBFSampler + RidgeClassifier", "rbf_sampler_ridge"),
    Candidate("MLPClassifier((32,), max_iter=10)", "mlp_32", fixed_width=True),
)


def run(
    table=None, data_home=None, seeds=5, out="halfnet-closed-form-rivals", quick=False
):
    """Fit every candidate in turn, each in a fresh process, and write the report.

    Each rival is installed into an environment of its own, in the folder that the
    environment variable ``HALFNET_RIVALS_HOME`` names. One that cannot be installed,
    or fails, keeps its row, with the error.

    Parameters
    ----------
    table : None
        There are no numbered tables here.
    data_home : path-like, default=None
        Folder with MNIST's files; by default they come from OpenML.
    seeds : int, default=5
        Rounds over all candidates; medians are reported.
    out : path-like, default="halfnet-closed-form-rivals"
        Folder for ``results.jsonl`` and ``report.md``.
    quick : bool, default=False
        One round on few rows and units: to see that it works.

    Returns
    -------
    Path
        The report.

    Raises
    ------
    CommandError
        If a table is asked for.
    """
    if table is not None:
        raise CommandError("closed-form-rivals has no numbered tables.")
    out, rounds = Path(out), 1 if quick else seeds
    with tempfile.TemporaryDirectory() as folder:
        _save_arrays(load_dataset("mnist", data_home), Path(folder), quick)
        records = run_jobs(
            _jobs(folder, QUICK_WIDTHS if quick else WIDTHS, rounds, quick),
            "halfnet reproduce closed-form-rivals",
            ResultFile(out / "results.jsonl"),
            rival_report.describe,
        )
    report = out / "report.md"
    replace_file(report, rival_report.report_text(records))
    print(report.read_text(encoding="utf-8"))
    return report


def _save_arrays(data, folder, quick):
    """Write float32 rows and class indices; nothing of them stays in this process."""
    rows = slice(QUICK_ROWS if quick else None)
    classes, y = np.unique(data.y_train, return_inverse=True)
    arrays = {
        "X_train": data.X_train[rows].astype(np.float32, copy=False),
        "y_train": y[rows],
        "X_test": data.X_test.astype(np.float32, copy=False),
        "y_test": np.searchsorted(classes, data.y_test),
    }
    for name in worker.ARRAYS:
        np.save(folder / f"{name}.npy", arrays[name])


def _jobs(folder, widths, rounds, quick):
    """Round robin: all candidates at all widths, then again."""
    return [
        Job(
            key={"candidate": candidate.name, "units": units, "round": number},
            label=f"{candidate.name}, {units} units, round {number + 1}",
            run=lambda c=candidate, u=units, n=number: _measure(c, folder, u, n),
            settings={"quick": quick, "requirements": list(candidate.requirements)},
        )
        for number in range(rounds)
        for units in widths
        for candidate in CANDIDATES
        if not candidate.fixed_width or units == widths[0]
    ]


def _measure(candidate, folder, n_units, seed):
    """Run the worker; a failure is a result too."""
    try:
        python = _python(candidate.name, candidate.requirements)
    except InstallError as error:
        return {"error": f"not installed: {error}"}
    names = (*candidate.requirements, *OUR_PACKAGES)
    job = {
        "folder": str(folder),
        "file": str(candidate.file),
        "maker": candidate.maker,
        "n_units": n_units,
        "seed": seed,
        "path": [] if candidate.requirements else [str(HERE.parents[1])],
        "packages": [name.split("[")[0] for name in names],
    }
    return _work(python, job)


def _work(python, job):
    # Isolated (-I): neither PYTHONPATH nor the folder of this file is searched.
    command = [python, "-I", worker.__file__, json.dumps(job)]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=SECONDS_ALLOWED
        )
    except subprocess.TimeoutExpired:
        return {"error": f"stopped after {SECONDS_ALLOWED} s"}
    if done.returncode < 0:
        return {"error": f"killed by signal {-done.returncode}"}
    if done.returncode:
        return {"error": first_error(done.stderr)}
    return json.loads(done.stdout)


def _python(name, requirements):
    if not requirements:
        return sys.executable
    python = _installed(name, tuple(requirements))
    if isinstance(python, InstallError):
        raise python
    return python


@cache
def _installed(name, requirements):
    """Interpreter of a rival, or why there is none: found out once a run."""
    try:
        return interpreter(name, requirements)
    except InstallError as error:
        return error
