"""A type checker reads the package's public surface, and what a user writes."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("basedpyright", reason="needs basedpyright, of the extra test")

ROOT = Path(__file__).parents[1]
USER = ROOT / "tests" / "typing_user.py"


@pytest.fixture(scope="module")
def errors():
    """Errors by file and line, with the paths that pyproject.toml includes."""
    command = [sys.executable, "-m", "basedpyright", "--outputjson"]
    done = subprocess.run(
        [*command, "--pythonpath", sys.executable],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    report = json.loads(done.stdout)
    assert report["summary"]["filesAnalyzed"] > 1
    return {
        (Path(each["file"]), each["range"]["start"]["line"] + 1): each["message"]
        for each in report["generalDiagnostics"]
        if each["severity"] == "error"
    }


def test_the_public_surface_agrees_with_its_types(errors):
    assert not {place: text for place, text in errors.items() if place[0] != USER}


def test_what_a_user_gets_wrong_is_reported_and_nothing_else(errors):
    """The checker reports wrong lines that it does not find wrong, too."""
    assert not {place: text for place, text in errors.items() if place[0] == USER}
