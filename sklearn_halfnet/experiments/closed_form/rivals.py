"""``halfnet reproduce closed-form-rivals``: packages for ELM and RVFL beside ours.

Each rival is installed into an environment of its own, in the folder that the
environment variable ``HALFNET_RIVALS_HOME`` names, and each fit runs in a fresh
process. One that cannot be installed, or fails, keeps its row, with the error.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from sklearn_halfnet.experiments._common.data import load_images
from sklearn_halfnet.experiments._common.experiment import Experiment
from sklearn_halfnet.experiments._common.rival_environments import (
    InstallError,
    first_error,
    interpreter,
)
from sklearn_halfnet.experiments._common.runner import Job
from sklearn_halfnet.experiments.closed_form import (
    _rival_report as rival_report,
    _rival_worker as worker,
)

__all__ = ["CANDIDATES", "EXPERIMENT", "Candidate"]

HERE = Path(__file__).parent
MAKERS = HERE / "_rival_candidates.py"
WIDTHS = (1024, 2048)
QUICK_WIDTHS = (64,)
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


def _save_arrays(data, folder):
    """Write float32 rows and class indices; nothing of them stays in this process."""
    classes, y = np.unique(data.y_train, return_inverse=True)
    arrays = {
        "X_train": data.X_train.astype(np.float32, copy=False),
        "y_train": y,
        "X_test": data.X_test.astype(np.float32, copy=False),
        "y_test": np.searchsorted(classes, data.y_test),
    }
    for name in worker.ARRAYS:
        np.save(folder / f"{name}.npy", arrays[name])


def _jobs(run):
    """Round robin: all candidates at all widths, then again."""
    folder = Path(run.exits.enter_context(tempfile.TemporaryDirectory()))
    _save_arrays(load_images(run, "mnist", train=2_000), folder)
    widths = QUICK_WIDTHS if run.quick else WIDTHS
    return [
        Job(
            key={"candidate": candidate.name, "units": units, "round": number},
            label=f"{candidate.name}, {units} units, round {number + 1}",
            run=lambda c=candidate, u=units, n=number: _measure(c, folder, u, n),
            settings={
                "quick": run.quick,
                "requirements": list(candidate.requirements),
            },
        )
        for number in range(run.rounds)
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
        "path": [] if candidate.requirements else [str(HERE.parents[2])],
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


EXPERIMENT = Experiment(
    "closed-form-rivals", _jobs, rival_report.report_text, rival_report.describe
)
