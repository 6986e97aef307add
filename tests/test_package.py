"""The package as a whole: structure, lazy imports, documentation, metadata."""

import ast
import inspect
import re
import subprocess
import sys
from pathlib import Path
from types import NoneType
from typing import get_args

import pytest
from sklearn.utils import get_tags

import sklearn_halfnet
from sklearn_halfnet.activations import ACTIVATIONS
from sklearn_halfnet.estimators._common import types
from sklearn_halfnet.features.scaling_rules import SCALINGS
from sklearn_halfnet.models.conformity import SET_SCORES
from sklearn_halfnet.models.left_out import METHODS
from sklearn_halfnet.models.regression_losses import REGRESSION_LOSSES
from sklearn_halfnet.solvers import solvers_for
from sklearn_halfnet.weights import WEIGHTS

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "sklearn_halfnet"
FILES = sorted(PACKAGE.rglob("*.py"))
PUBLIC = [name for name in sklearn_halfnet.__all__ if not name.startswith("_")]

FLOORS = {
    "exceptions": 1,
    "_version": 1,
    "_checks": 1,
    "_sparse_input": 1,
    "activations": 1,
    "_random": 1,
    "_device": 1,
    "_doc_link": 1,
    "_files": 1,
    "_int8": 1,
    "_matmul": 1,
    "linear": 1,
    "weights": 2,
    "features": 2,
    "networks": 2,
    "solvers": 2,
    "datasets": 2,
    "evolution": 3,
    "models": 3,
    "inspection": 4,
    "estimators": 4,
    "export": 4,
    "files": 4,
    "dask": 5,
    "experiments": 5,
    "__init__": 5,
    "cli": 6,
    "__main__": 7,
}
TORCH_ROOMS = {"networks", "solvers"}


def room(path):
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported(tree, *, top_level=False):
    nodes = tree.body if top_level else ast.walk(tree)
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_imports_go_down(path):
    for name in imported(ast.parse(path.read_text(encoding="utf-8"))):
        parts = name.split(".")
        if parts[0] != "sklearn_halfnet":
            continue
        target = parts[1] if parts[1] in FLOORS else "__init__"
        assert FLOORS[target] <= FLOORS[room(path)], f"{path.name} imports {name}"


def test_families_know_only_what_all_share():
    """No room of estimators imports the files of another, but for what all share."""
    rooms = PACKAGE / "estimators"
    for path in rooms.glob("*/*.py"):
        own = path.parent.name
        for name in imported(ast.parse(path.read_text(encoding="utf-8"))):
            if not name.startswith("sklearn_halfnet.estimators."):
                continue
            other = name.split(".")[2]
            assert other in {own, "_common", "_trained"}, f"{path} imports {name}"
            assert not (own == "_common" and other != own), f"{path} imports {name}"


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_torch_is_imported_where_it_belongs(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names = imported(tree, top_level=True)
    if room(path) not in TORCH_ROOMS:
        assert "torch" not in {name.split(".")[0] for name in names}


@pytest.mark.parametrize(
    "code, unwanted",
    [
        ("import sklearn_halfnet", ["torch", "sklearn", "numpy"]),
        ("from sklearn_halfnet import HalfLayerClassifier", ["torch"]),
        ("import sklearn_halfnet.dask", ["torch"]),
        ("import sklearn_halfnet.export", ["torch", "onnx"]),
    ],
)
def test_imports_are_lazy(code, unwanted):
    check = f"{code}; import sys; print([m for m in {unwanted} if m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", check], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_public_names():
    for name in PUBLIC:
        assert getattr(sklearn_halfnet, name).__name__ == name
        assert name in dir(sklearn_halfnet)
    with pytest.raises(AttributeError, match="no attribute 'NoSuchThing'"):
        sklearn_halfnet.NoSuchThing  # noqa: B018


@pytest.mark.parametrize("name", PUBLIC)
def test_public_names_are_documented(name):
    reference = (ROOT / "doc" / "reference" / "index.md").read_text(encoding="utf-8")
    assert f"   {name}\n" in reference
    public = getattr(sklearn_halfnet, name)
    text, sections = public.__doc__, ["References", "Examples"]
    if inspect.isclass(public):
        sections.append("Attributes")
    if inspect.signature(public).parameters:
        sections.append("Parameters")
    for section in sections:
        assert f"{section}\n    ---" in text, f"{name} has no section {section}"


ESTIMATORS = [n for n in PUBLIC if hasattr(getattr(sklearn_halfnet, n), "get_params")]


@pytest.mark.parametrize("name", ESTIMATORS)
def test_each_parameter_is_documented_with_its_default(name):
    estimator = getattr(sklearn_halfnet, name)
    text = inspect.getdoc(estimator).partition("\nParameters\n----------\n")[2]
    entries = re.findall(
        r"^(\w.*) : .*default=(.*)$", text.partition("\n\n")[0], flags=re.MULTILINE
    )
    told = {
        parameter: eval(default, {"__builtins__": {}})
        for parameters, default in entries
        for parameter in parameters.split(", ")
    }
    signature = inspect.signature(estimator).parameters.values()
    assert told == {parameter.name: parameter.default for parameter in signature}


def test_names_that_types_tell_are_those_that_are_known():
    assert {*get_args(types.ActivationName)} == {*ACTIVATIONS}
    assert {*get_args(types.WeightName)} == {*WEIGHTS}
    names, nothing = get_args(types.InputScalingName)
    assert {*get_args(names)} == {*SCALINGS} and nothing is NoneType
    assert {*get_args(types.SolverName)} == {*solvers_for()}
    assert {*get_args(types.RegressionLossName)} == {*REGRESSION_LOSSES}
    assert {*get_args(types.IntervalMethod)} == {*METHODS}
    assert {*get_args(types.SetScore)} == {*SET_SCORES}
    of_momentum = solvers_for("momentum", minibatches=True)
    assert {*get_args(types.MomentumSolverName)} == {*of_momentum}


def test_types_are_announced_where_there_are_any():
    """PEP 561: a type checker that finds the marker takes what is bare for Any."""
    publics = [getattr(sklearn_halfnet, name) for name in PUBLIC]
    parameters = [p for each in publics for p in inspect.signature(each).parameters]
    annotated = [
        parameter
        for each in publics
        for parameter in inspect.signature(each).parameters.values()
        if parameter.annotation is not inspect.Parameter.empty
    ]
    announced = len(annotated) == len(parameters)
    assert (PACKAGE / "py.typed").exists() == announced
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert ("Typing :: Typed" in project) == announced


def test_contributors_read_the_floors_that_are_tested():
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    items = re.findall(r"^(\d)\. ((?:`\w+`,?\s+)+)", text, flags=re.MULTILINE)
    told = {
        name: int(floor) for floor, names in items for name in re.findall(r"\w+", names)
    }
    assert told == FLOORS


def test_the_readme_says_who_takes_what():
    """All but those of images and series take sparse input; torch's and two go on."""
    kinds = [getattr(sklearn_halfnet, name) for name in ESTIMATORS]
    names = {kind.__name__: kind for kind in kinds}
    dense = ("Conv", "Partial", "Shared", "Deskew", "RandomBranched", "RandomRec")
    for name, kind in names.items():
        assert get_tags(kind()).input_tags.sparse != name.startswith(dense)
        by_torch = hasattr(kind(), "early_stopping")
        goes_on = by_torch or name.startswith(("ELM", "RVFL"))
        assert hasattr(kind(), "partial_fit") == goes_on
        assert hasattr(kind, "set_callbacks") or not by_torch


def test_continuous_integration_runs_the_command_of_the_readme():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    command = 'pip install -c constraints.txt -e ".[test]" && pytest -n 2'
    assert command in readme
    assert command in (ROOT / ".ci" / "run").read_text(encoding="utf-8")
