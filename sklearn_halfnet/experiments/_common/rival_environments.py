"""Virtual environments of the rivals, one each, kept in a cache folder."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

__all__ = ["InstallError", "first_error", "interpreter"]

HOME_VARIABLE = "HALFNET_RIVALS_HOME"
PYTHON_VARIABLE = "HALFNET_RIVALS_PYTHON"
COMPLETE = "installed.txt"


class InstallError(RuntimeError):
    """A rival cannot be installed; the message is one line."""


def interpreter(name, requirements, install=True):
    """Path of the Python that has a rival installed; installs it when needed.

    The folder is the environment variable ``HALFNET_RIVALS_HOME``, by default
    ``sklearn-halfnet/rivals`` in the user's cache folder; ``HALFNET_RIVALS_PYTHON``
    names the Python to make environments with, by default this one.

    Parameters
    ----------
    name : str
        Folder of the environment.
    requirements : sequence of str
        What pip is asked for.
    install : bool, default=True
        False: only look whether it is there.

    Returns
    -------
    Path
        An executable.

    Raises
    ------
    InstallError
        If the environment cannot be made, with the first line of the error; if it is
        not there and nothing is to be installed.
    """
    base = os.environ.get(PYTHON_VARIABLE, sys.executable)
    folder = _home() / f"{name}-{Path(base).name}"
    python = folder / ("Scripts" if os.name == "nt" else "bin") / "python"
    wanted = "\n".join([base, *requirements])
    complete = folder / COMPLETE
    # Written last: an installation that was cut off begins anew.
    if not complete.exists() or complete.read_text(encoding="utf-8") != wanted:
        if not install:
            raise InstallError("not installed")
        shutil.rmtree(folder, ignore_errors=True)
        _call([base, "-m", "venv", folder])
        _call([python, "-m", "pip", "install", "--quiet", *requirements])
        complete.write_text(wanted, encoding="utf-8")
    return python


def _home():
    cache = os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")
    default = Path(cache) / "sklearn-halfnet" / "rivals"
    return Path(os.environ.get(HOME_VARIABLE, default)).resolve()


def _call(command):
    # pip would follow this process to its own packages by PYTHONPATH.
    env = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    try:
        done = subprocess.run(command, capture_output=True, text=True, env=env)
    except OSError as error:
        raise InstallError(f"no Python to install with: {error.strerror}") from error
    if done.returncode:
        raise InstallError(first_error(done.stderr))


def first_error(text):
    r"""Find the line that says what went wrong, without addresses and paths.

    Parameters
    ----------
    text : str
        Standard error of a command.

    Returns
    -------
    str
        The first line that begins with ``ERROR``; else the last one, where Python
        puts an exception.

    Examples
    --------
    >>> first_error("WARNING: slow\nERROR: No match for /home/me/x.whl\nERROR: b")
    'ERROR: No match for ...'
    >>> first_error("Traceback\n  File ...\nImportError: no dask\n")
    'ImportError: no dask'
    """
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith("ERROR")]
    line = (errors[:1] or lines[-1:] or ["it said nothing"])[0]
    # A result may be published: nothing of this machine or its network in it.
    return re.sub(r"\S*[/\\]\S*[/\\]\S*", "...", line)[:200]
