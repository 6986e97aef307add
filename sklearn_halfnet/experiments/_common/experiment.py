"""An experiment as a value, and the one function that runs it.

``halfnet reproduce NAME`` imports the module that ``EXPERIMENTS`` names and hands its
value ``EXPERIMENT`` to :func:`reproduce`.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import cache, cached_property, partial
from importlib import import_module
from pathlib import Path

from sklearn_halfnet._files import replace_file
from sklearn_halfnet.experiments import EXPERIMENTS, CommandError
from sklearn_halfnet.experiments._common.figures import (
    NO_MATPLOTLIB,
    can_draw,
    save_png,
)
from sklearn_halfnet.experiments._common.report import describe
from sklearn_halfnet.experiments._common.runner import (
    ResultFile,
    make_folder,
    run_jobs,
)

__all__ = ["Experiment", "Run", "Table", "reproduce", "run"]


@dataclass(frozen=True)
class Table:
    """One numbered table.

    Attributes
    ----------
    title : str
        Its heading.
    fits : callable
        What is run for it; its module says what that takes and returns.
    text : callable
        Takes model -> results and returns Markdown.
    data : str
        Name of its data set, where the tables have several.
    missing : str
        What is written where nothing of it was run; nothing leaves the table out.
    """

    title: str
    fits: Callable
    text: Callable | None = None
    data: str = ""
    missing: str = ""


@dataclass(frozen=True)
class Experiment:
    """What belongs to one ``halfnet reproduce``: what is run, and what is said of it.

    Attributes
    ----------
    name : str
        As in ``EXPERIMENTS``, where its title stands.
    jobs : callable
        Takes the run and returns an iterable of Job.
    report : callable
        Takes the records of the jobs, as ``run_jobs`` returns them: Markdown.
    describe : callable
        Turns a result to a few words for the progress lines.
    tables : mapping
        The numbers that ``--table`` takes; none: there are no numbered tables.
    load : callable
        Takes the run, and what else names a data set; ``run.load`` calls it.
    figures : callable
        Takes the records and the run: names of files, each with what draws it.
    prints : sequence of {"report", "path", "figures"}
        What is printed at the end: the report itself, where it is, where figures are.
    whole : bool
        Whether the report tells all that is stored, of tables not run now as well.
    stored : bool
        Whether results are kept in ``results.jsonl``; of seconds of work none are.
    """

    name: str
    jobs: Callable
    report: Callable
    describe: Callable = describe
    tables: Mapping = field(default_factory=dict)
    load: Callable | None = None
    figures: Callable = lambda records, run: {}
    prints: Sequence[str] = ("report",)
    whole: bool = False
    stored: bool = True


@dataclass(frozen=True, eq=False)
class Run:
    """What was asked for on the command line.

    Attributes
    ----------
    experiment : Experiment
    tables : tuple of int
        Tables to run, in order.
    data_home : path-like or None
        Folder with the data sets' files.
    seeds : int
        Repetitions asked for.
    quick : bool
        Whether it is a small run, to see that it works.
    exits : ExitStack
        What a job opens for all jobs; closed after the last one.
    more : mapping
        The experiment's own options, as ``MORE_OPTIONS`` lists them.
    """

    experiment: Experiment
    tables: tuple
    data_home: object
    seeds: int
    quick: bool
    exits: ExitStack
    more: Mapping = field(default_factory=dict)

    @property
    def command(self):
        """What was typed, as far as results depend on it; folders are not named."""
        words = ["halfnet reproduce", self.experiment.name]
        if len(self.tables) < len(self.experiment.tables):
            words += ["--table", *map(str, self.tables)]
        if self.data_home is not None:
            words += ["--data-home", "DIR"]
        words += ["--seeds", str(self.seeds)]
        for option, value in self.more.items():
            words += [f"--{option}", str(value)]
        return " ".join(words + (["--quick"] if self.quick else []))

    @property
    def rounds(self):
        """Repetitions: a quick run has one."""
        return 1 if self.quick else self.seeds

    @cached_property
    def load(self):
        """The experiment's ``load``, called once for each data set."""
        return cache(partial(self.experiment.load, self))

    def folder(self, reader, files):
        """Folder with the data sets' files, for what cannot do without.

        Raises
        ------
        CommandError
            If there is none: ``reader`` reads ``files``, it says.
        """
        if self.data_home is None:
            raise CommandError(
                f"{reader} reads {files}: give their folder by --data-home."
            )
        return Path(self.data_home)


def run(experiment, **options):
    """Run the experiment of a name; the rest as :func:`reproduce` takes it."""
    module, _ = EXPERIMENTS[experiment]
    return reproduce(import_module(module).EXPERIMENT, **options)


def reproduce(
    experiment, table=None, data_home=None, seeds=5, out=None, quick=False, **more
):
    """Run an experiment, and write its report and figures.

    Parameters
    ----------
    experiment : Experiment
    table : int, default=None
        Only this table; by default all.
    data_home : path-like, default=None
        Folder with the data sets' files; image sets by default come from OpenML.
    seeds : int, default=5
        Repetitions.
    out : path-like, default=None
        Folder for ``results.jsonl``, ``report.md`` and the figures; "halfnet-" and the
        name by default. Results that are already there are not computed again.
    quick : bool, default=False
        One repetition of little work: to see that it works.
    **more : dict
        Options that only this experiment has.

    Returns
    -------
    Path
        The report.

    Raises
    ------
    DatasetError
        If the data cannot be had.
    CommandError
        If there is no such table, data need a ``data_home``, or results cannot be
        written to ``out``.
    """
    out = Path(f"halfnet-{experiment.name}" if out is None else out)
    tables = _choose_tables(experiment, table)
    with ExitStack() as exits:
        run = Run(experiment, tables, data_home, seeds, quick, exits, more)
        records = _records(run, list(experiment.jobs(run)), out)
    report, text = out / "report.md", experiment.report(records)
    replace_file(report, text)
    said = {"report": [text], "path": [f"Written: {report}"]}
    said["figures"] = _draw(experiment.figures(records, run), out)
    print("\n".join(line for what in experiment.prints for line in said[what]))
    return report


def _choose_tables(experiment, table):
    if table is None:
        return tuple(experiment.tables)
    if not experiment.tables:
        raise CommandError(f"{experiment.name} has no numbered tables.")
    if table not in experiment.tables:
        known = ", ".join(map(str, experiment.tables))
        raise CommandError(f"there is no table {table}; the tables are {known}.")
    return (table,)


def _records(run, jobs, out):
    if not run.experiment.stored:
        make_folder(out)
        return [{"key": job.key, "result": job.run()} for job in jobs]
    results = ResultFile(out / "results.jsonl")
    records = run_jobs(jobs, run.command, results, run.experiment.describe)
    if run.experiment.whole:
        return [r for r in results.read() if r["settings"]["quick"] == run.quick]
    return records


def _draw(figures, out):
    """Draw all figures, and say where they are, or why there are none."""
    if figures and not can_draw():
        return [NO_MATPLOTLIB]
    for name, draw in figures.items():
        save_png(draw(), out / name)
    return [f"Written: {out / name}" for name in figures]
