"""What is compared: ours, scikit-learn's, and packages that may be installed."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.linear_model import LogisticRegression, RidgeCV

from sklearn_halfnet import (
    ELMClassifier,
    ELMRegressor,
    HalfLayerClassifier,
    HalfLayerRegressor,
    HalfNetClassifier,
    HalfNetRegressor,
    RVFLClassifier,
    RVFLRegressor,
)
from sklearn_halfnet.experiments import CommandError
from sklearn_halfnet.experiments._common.counts import count_parameters, stored_bytes
from sklearn_halfnet.experiments._common.rival_environments import (
    InstallError,
    first_error,
    interpreter,
)
from sklearn_halfnet.experiments._common.rivals import scaled, scaled_mlp
from sklearn_halfnet.experiments.tables import _worker as worker

__all__ = ["MODELS", "OURS", "Here", "Package", "measure_here", "parameters", "twins"]

HERE = Path(__file__).parent
SECONDS_ALLOWED = 1_800
# xRFM took 18 GB where rows were many; what asks for more than this has failed.
MEMORY_GB = 8


@dataclass(frozen=True)
class Here:
    """A model that is fitted in this process.

    Attributes
    ----------
    name : str
    makers : mapping
        "classification" and "regression", each a function of a seed.
    ours : bool
        Whether it is of this library: its parameters are counted, and a result counts
        only for the parameters it was made with.
    cost : float
        Expected seconds, roughly.
    """

    name: str
    makers: Mapping
    ours: bool = False
    cost: float = 3.0

    def missing(self, install):
        """Say why it cannot be run: never."""
        return None

    def settings(self, task):
        """Name what a result depends on beside the data."""
        return {"parameters": parameters(self.makers[task](0))} if self.ours else {}

    def measure(self, split, seed):
        """Fit and measure one estimator on a ``Split``."""
        estimator = self.makers[split.task](seed)
        try:
            result = measure_here(estimator, split)
        except (ValueError, MemoryError) as error:
            raise CommandError(f"{self.name} cannot be fitted: {error}") from error
        if not self.ours:
            return result
        counts = {
            "n_trained": count_parameters(estimator),
            "n_stored_bytes": stored_bytes(estimator),
        }
        return result | counts


@dataclass(frozen=True)
class Package:
    """A model of another package, fitted in a process of its own.

    Attributes
    ----------
    name, maker : str
        For people; function in ``_makers.py``, or in ``file``, of task and seed.
    package : str
        What is imported. If it is installed beside this library, that one is taken;
        else the one in an environment of its own.
    requirements : sequence of str
        What pip installs there.
    """

    name: str
    maker: str
    package: str
    requirements: Sequence[str]
    file: Path = HERE / "_makers.py"
    cost: float = 10.0
    ours: bool = False

    def missing(self, install):
        """Say why it cannot be run, or None; ``install`` it if that is wanted."""
        python = _python(self.package, tuple(self.requirements), install)
        return str(python) if isinstance(python, InstallError) else None

    def settings(self, task):
        """Name what a result depends on beside the data."""
        return {"memory_gb": MEMORY_GB, "seconds_allowed": SECONDS_ALLOWED}

    def measure(self, split, seed):
        """Fit and measure one estimator; a failure is a result, too."""
        python = _python(self.package, tuple(self.requirements), False)
        with tempfile.TemporaryDirectory() as folder:
            for name in worker.ARRAYS:
                np.save(Path(folder) / f"{name}.npy", getattr(split, name))
            job = {
                "folder": folder,
                "file": str(self.file),
                "maker": self.maker,
                "task": split.task,
                "seed": seed,
                "memory_gb": MEMORY_GB,
                "packages": [self.package, "scikit-learn", "torch"],
            }
            return _work(str(python), job)


def measure_here(estimator, split):
    """Fit and measure an estimator on a ``Split`` in this process."""
    arrays = (getattr(split, name) for name in worker.ARRAYS)
    return worker.measure(estimator, split.task, *arrays)


def parameters(pipeline):
    """Parameters of a pipeline's last step, as text: JSON knows no estimators."""
    own = pipeline[-1].get_params(deep=False)
    return {name: repr(value) for name, value in own.items()}


def twins(classifier, regressor, **options):
    """Make the functions of a seed of both tasks, behind a StandardScaler."""

    def make(kind, seed):
        return scaled(kind(**options, random_state=seed))

    kinds = {"classification": classifier, "regression": regressor}
    return {task: partial(make, kind) for task, kind in kinds.items()}


def _work(python, job):
    # Neither the folder of the script is searched (-P), nor, in an environment of the
    # package's own, what PYTHONPATH names (-I).
    alone = "-P" if python == sys.executable else "-I"
    command = [python, alone, worker.__file__, json.dumps(job)]
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
    return json.loads((Path(job["folder"]) / "result.json").read_text())


@cache
def _python(package, requirements, install):
    """Python that has a package, or why there is none: found out once a run."""
    if find_spec(package):
        return sys.executable
    try:
        return interpreter(package, requirements, install)
    except InstallError as error:
        return error


def _linear(task):
    kinds = {"classification": LogisticRegression, "regression": RidgeCV}
    return lambda seed: scaled(kinds[task]())


def _both(make):
    return {task: make(task) for task in ("classification", "regression")}


_HERE = (
    Here("HalfNet", twins(HalfNetClassifier, HalfNetRegressor), ours=True, cost=10),
    Here("HalfLayer", twins(HalfLayerClassifier, HalfLayerRegressor), ours=True),
    Here("ELM", twins(ELMClassifier, ELMRegressor), ours=True),
    Here("RVFL", twins(RVFLClassifier, RVFLRegressor), ours=True),
    Here("linear", _both(_linear), cost=0.3),
    Here("MLP", _both(lambda task: lambda seed: scaled_mlp(task, random_state=seed))),
    Here(
        "HistGB", twins(HistGradientBoostingClassifier, HistGradientBoostingRegressor)
    ),
    Here("forest", twins(RandomForestClassifier, RandomForestRegressor)),
)
# Its RealMLP and TabM need none of its extras.
_PYTABKIT = ("pytabkit",)
_PACKAGES = (
    Package("LightGBM", "lightgbm", "lightgbm", ("lightgbm", "scikit-learn")),
    Package("CatBoost", "catboost", "catboost", ("catboost", "scikit-learn"), cost=30),
    Package("RealMLP", "realmlp", "pytabkit", _PYTABKIT, cost=60),
    Package("TabM", "tabm", "pytabkit", _PYTABKIT, cost=120),
    Package("xRFM", "xrfm", "xrfm", ("xrfm", "scikit-learn"), cost=30),
)
MODELS = {model.name: model for model in (*_HERE, *_PACKAGES)}
OURS = tuple(name for name, model in MODELS.items() if model.ours)
