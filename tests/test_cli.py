"""The command line: options, messages, and a quick --help."""

import subprocess
import sys

import pytest

from sklearn_halfnet import __version__, cli
from sklearn_halfnet.datasets import IMAGES
from sklearn_halfnet.exceptions import CommandError, DatasetError
from sklearn_halfnet.experiments import EXPERIMENTS, MORE_OPTIONS

HEAVY = {"numpy", "scipy", "sklearn", "torch", "joblib", "matplotlib", "rich"}


@pytest.mark.parametrize(
    "argv",
    [
        ["--help"],
        ["bench", "--help"],
        ["reproduce", "half-layers", "--help"],
        ["export", "--help"],
    ],
)
def test_help_imports_nothing_heavy(argv):
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "sklearn_halfnet", *argv],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.startswith("usage: halfnet")
    imported = {
        line.rsplit("|", 1)[1].strip().partition(".")[0]
        for line in done.stderr.splitlines()
        if "|" in line
    }
    assert "argparse" in imported  # the list of imports is there
    assert not imported & HEAVY


def test_version(capsys):
    with pytest.raises(SystemExit) as caught:
        cli.main(["--version"])
    assert caught.value.code == 0
    assert capsys.readouterr().out.strip() == __version__


def test_names_of_data_sets_are_those_of_the_loaders():
    assert set(cli.DATA_NAMES) == {"digits", *IMAGES}


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        ([], "required"),
        (["bench", "--data", "minst"], "'minst' is none of digits"),
        (["bench", "--seeds", "0"], "not a positive number"),
        (["bench", "--models", "forest"], "invalid choice"),
        (["reproduce"], "required"),
        (["reproduce", "quarter-layers"], "invalid choice"),
        (["export", "model.pkl"], "required"),
        (["export", "model.pkl", "model.h"], "'model.h' ends in none of .onnx, .c"),
    ],
)
def test_wrong_options_are_explained(argv, message, capsys):
    with pytest.raises(SystemExit) as caught:
        cli.main(argv)
    assert caught.value.code == 2
    assert message in capsys.readouterr().err


class Recorder:
    """Stands for an experiment's module."""

    def __init__(self, error=None):
        self.error = error

    def run(self, **options):
        self.options = options
        if self.error:
            raise self.error


@pytest.fixture
def recorder(monkeypatch):
    recorder = Recorder()
    monkeypatch.setattr(cli, "import_module", lambda name: recorder)
    return recorder


def test_bench_options_reach_the_module(recorder):
    argv = (
        "bench --data a.csv --target t --sizes 8 16 --kinds normal --no-plot --seeds 2"
    )
    assert cli.main(argv.split()) == 0
    assert recorder.options == {
        "data": "a.csv",
        "data_home": None,
        "target": "t",
        "task": None,
        "seeds": 2,
        "out": "halfnet-bench",
        "models": None,
        "sizes": [8, 16],
        "kinds": ["normal"],
        "plot": False,
        "quick": False,
    }


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_reproduce_options_reach_the_module(recorder, name):
    assert cli.main(["reproduce", name, "--table", "2", "--quick"]) == 0
    assert recorder.options == {
        "experiment": name,
        "table": 2,
        "data_home": None,
        "seeds": 5,
        "out": f"halfnet-{name}",
        "quick": True,
        **{option: value for option, (value, _) in MORE_OPTIONS.get(name, {}).items()},
    }


def test_export_options_reach_the_module(recorder):
    words = "export a.pkl b.c --name net --dtype float64 --weights seed --trained int8"
    assert cli.main(words.split()) == 0
    assert recorder.options == {
        "model": "a.pkl",
        "out": "b.c",
        "dtype": "float64",
        "name": "net",
        "weights": "seed",
        "trained": "int8",
        "inputs": "float",
    }


def test_export_says_that_pickles_execute_code(capsys):
    with pytest.raises(SystemExit):
        cli.main(["export", "--help"])
    assert "executes the code" in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (DatasetError("x.gz is truncated"), 1, "halfnet bench: x.gz is truncated"),
        (CommandError("no such table"), 1, "halfnet bench: no such table"),
        (OSError(28, "No space left"), 1, "halfnet bench: [Errno 28] No space left"),
        (KeyboardInterrupt(), 130, "halfnet bench: interrupted"),
    ],
)
def test_errors_of_users_are_one_line(recorder, capsys, error, code, message):
    recorder.error = error
    assert cli.main(["bench"]) == code
    err = capsys.readouterr().err
    assert err.startswith(message) and err.count("\n") == 1


def test_errors_of_ours_are_not_hidden(recorder):
    recorder.error = ZeroDivisionError()
    with pytest.raises(ZeroDivisionError):
        cli.main(["bench"])
