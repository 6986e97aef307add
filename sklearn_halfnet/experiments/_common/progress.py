"""Progress and remaining time: a bar of rich on a terminal, else plain lines."""

import sys
import time
from importlib.util import find_spec

__all__ = ["duration", "progress"]


def progress(total, title, stream=None):
    """Choose how to show progress of some work, in any unit; on standard error.

    What it returns is a context manager with ``begin(label)`` and
    ``done(amount, message)``.
    """
    stream = stream or sys.stderr
    if stream.isatty() and find_spec("rich"):
        return RichProgress(total, title, stream)
    return PlainProgress(total, title, stream)


def duration(seconds):
    """Write a time as people do.

    Examples
    --------
    >>> duration(8), duration(75), duration(7300)
    ('8 s', '1 min 15 s', '2 h 1 min')
    """
    seconds = round(seconds)
    if seconds < 60:
        return f"{seconds} s"
    if seconds < 3600:
        return f"{seconds // 60} min {seconds % 60} s"
    return f"{seconds // 3600} h {seconds % 3600 // 60} min"


class _Pace:
    """Remaining time, if the rest goes as fast as what is done."""

    def __init__(self, total, title, stream):
        self.total, self.title, self.stream = total, title, stream
        self.amount = 0.0
        self.begun = time.perf_counter()

    def __enter__(self):
        return self

    def __exit__(self, *exc_info):
        return None

    def begin(self, label):
        """Say what is worked on now."""

    def done(self, amount, message):
        """Count an amount of work as done, and say what came out of it."""
        self.amount += amount
        self.show(amount, message)

    def skip(self, amount):
        """Take an amount out of the work: it was done in an earlier run."""
        self.total -= amount

    def remaining(self):
        """Remaining time, for people."""
        if not self.amount:
            return "unknown time"
        elapsed = time.perf_counter() - self.begun
        return duration(elapsed * (self.total - self.amount) / self.amount)


class PlainProgress(_Pace):
    """One line for each thing done."""

    def show(self, amount, message):
        """Print share done, message and remaining time."""
        percent = 100 * self.amount / self.total
        line = f"{percent:4.0f} %  {message}  (about {self.remaining()} left)"
        print(line, file=self.stream, flush=True)


class RichProgress(_Pace):
    """A bar that says what is worked on, elapsed and remaining time."""

    def __init__(self, total, title, stream):
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

        super().__init__(total, title, stream)
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.percentage:>3.0f} %"),
            TimeElapsedColumn(),
            TextColumn("about {task.fields[remaining]} left"),
            console=Console(file=stream),
            transient=True,
        )
        self._task = self._bar.add_task(title, total=total, remaining="unknown time")

    def __enter__(self):
        self._bar.start()
        return self

    def __exit__(self, *exc_info):
        self._bar.stop()

    def begin(self, label):
        """Say what is worked on now."""
        self._bar.update(self._task, description=f"{self.title}: {label}")

    def skip(self, amount):
        """Take an amount out of the work: it was done in an earlier run."""
        super().skip(amount)
        self._bar.update(self._task, total=self.total)

    def show(self, amount, message):
        """Move the bar on."""
        self._bar.update(self._task, advance=amount, remaining=self.remaining())
