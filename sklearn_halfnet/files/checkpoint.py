"""Fits that outlive their process: a callback, and what a fit does with it."""

import numbers
import os
import time
from pathlib import Path
from typing import Any

import joblib

from sklearn_halfnet._checks import check_options, real
from sklearn_halfnet._files import replace_file
from sklearn_halfnet._version import __version__
from sklearn_halfnet.files.model_file import read_value, write_value

__all__ = ["Checkpoint", "checkpoint_of"]

_SUFFIX = ".checkpoint"


class Checkpoint:
    """Callback that keeps a fit in a folder, from which the same fit goes on.

    Whatever ends the process, ``fit`` called again with the same parameters and the
    same data goes on from the last pass or step that was kept, to the result that it
    would have had: on one thread to the last bit. When the outermost fit has ended its
    files are removed.

    Parameters
    ----------
    folder : path-like
        For the files, one a fit, named by what is fitted to which data. It is made
        where there is none. Give an outermost fit a folder of its own.
    interval : float, default=60.0
        Seconds between two that are kept, at least; 0 keeps each pass.

    Attributes
    ----------
    max_propagation_depth : None
        Members of ensembles and candidates of a search are kept, too.

    Raises
    ------
    ValueError
        By ``fit``, if ``random_state`` is no int: another draw would go on from the
        wrong place.

    See Also
    --------
    save : For what has been fitted.

    References
    ----------
    J. T. Daly, "A higher order estimate of the optimum checkpoint interval for restart
    dumps", Future Generation Computer Systems 22 (2006).

    Examples
    --------
    >>> import tempfile
    >>> from sklearn.datasets import load_digits
    >>> from sklearn_halfnet import Checkpoint, HalfLayerClassifier
    >>> X, y = load_digits(return_X_y=True)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     model = HalfLayerClassifier(64, max_iter=5, random_state=0)
    ...     model = model.set_callbacks(Checkpoint(folder)).fit(X, y)
    >>> model.n_iter_
    5
    """

    max_propagation_depth = None

    @check_options({"folder": [str, os.PathLike], "interval": [real(0)]})
    def __init__(self, folder: str | os.PathLike, interval: float = 60.0) -> None:
        self.folder = Path(folder)
        self.interval = interval
        self.interrupted = False

    def setup(self, estimator: Any, context: Any) -> None:
        """Make the folder."""
        _check_seed(estimator)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.interrupted = False

    def on_fit_task_begin(self, estimator: Any, context: Any) -> None:
        """Do nothing: a fit asks for what was kept by itself."""

    def on_fit_task_end(self, estimator: Any, context: Any) -> None:
        """Remove the files when the outermost fit has ended, but not by Ctrl-C."""
        if context.parent is None and not self.interrupted:
            for path in self.folder.glob(f"*{_SUFFIX}"):
                path.unlink()

    def teardown(self, estimator: Any, context: Any) -> None:
        """Do nothing: after an error the files stay."""


class _Nothing:
    """Stands for a checkpoint where there is none."""

    state, results = None, ()

    def offer(self, make_state):
        """Keep nothing."""

    def finish(self, result):
        """Keep nothing."""

    def interrupt(self):
        """Keep nothing."""


class _Kept(_Nothing):
    """What is kept of one fit.

    Attributes
    ----------
    state : object or None
        Of the training that was cut off.
    results : list
        Of trainings of this fit that have ended.
    """

    def __init__(self, callback, path):
        self.callback, self.path = callback, path
        self.state, self.results = None, []
        self._last = time.monotonic()
        if path.exists():
            self.state, self.results = read_value(path)

    def offer(self, make_state):
        """Keep a state, if it is time to."""
        if time.monotonic() - self._last >= self.callback.interval:
            self._write(make_state())

    def finish(self, result):
        """Keep the result of a training that has ended."""
        self.results = [*self.results, result]
        self._write(None)

    def interrupt(self):
        """Let the files stay: Ctrl-C has ended the training."""
        self.callback.interrupted = True

    def _write(self, state):
        self.state = state
        replace_file(self.path, lambda path: write_value(path, (state, self.results)))
        self._last = time.monotonic()


def checkpoint_of(estimator, *data):
    """Return what is kept of a fit, by the callback ``Checkpoint`` if it has one.

    Parameters
    ----------
    estimator : estimator
    *data : objects
        All on which the result depends beside the parameters.

    Returns
    -------
    kept : object
        With ``state``, ``results``, ``offer``, ``finish`` and ``interrupt``.
    """
    callbacks = getattr(estimator, "_skl_callbacks", [])
    callback = next((each for each in callbacks if isinstance(each, Checkpoint)), None)
    if callback is None:
        return _Nothing()
    _check_seed(estimator)
    parameters = estimator.get_params()
    parts = (type(estimator).__name__, __version__, parameters, data)
    name = joblib.hash(parts, hash_name="sha1")
    return _Kept(callback, callback.folder / f"{name}{_SUFFIX}")


def _check_seed(estimator):
    """Raise ValueError if a fit would not draw what it drew before."""
    seed = getattr(estimator, "random_state", 0)
    if not isinstance(seed, numbers.Integral):
        raise ValueError(
            f"Checkpoint needs an int as random_state, got {seed!r}: a fit that goes "
            "on has to draw what it drew before."
        )
