"""The command ``halfnet``: benchmarks, the papers' tables, export and model files.

Nothing heavy is imported before a command runs, so that ``--help`` is quick.
"""

import argparse
import sys
from functools import partial
from importlib import import_module

from sklearn_halfnet import __version__
from sklearn_halfnet.exceptions import CommandError
from sklearn_halfnet.experiments import BENCH_FAMILIES, EXPERIMENTS, MORE_OPTIONS

__all__ = ["main", "make_parser"]

DATA_NAMES = ("digits", "mnist", "fashion-mnist", "cifar10", "cifar100")
DATA_SUFFIXES = (".csv", ".csv.gz", ".npz")
EXPORT_SUFFIXES = (".onnx", ".c")
EXPORT_WEIGHTS = ("stored", "float32", "int8", "binary", "seed")
# Suite, or None for one data set -> the module, and its options with their defaults.
BENCH = {
    None: {
        "module": "sklearn_halfnet.experiments.bench.command",
        "options": {
            "data": "digits",
            "data_home": None,
            "target": None,
            "task": None,
            "seeds": 1,
            "out": "halfnet-bench",
            "models": None,
            "sizes": None,
            "kinds": None,
            "plot": True,
            "quick": False,
        },
    },
    "tables": {
        "module": "sklearn_halfnet.experiments.tables.command",
        "options": {
            "data_home": None,
            "sets": None,
            "models": None,
            "splits": 3,
            "out": "halfnet-tables",
            "quick": False,
            "report": False,
            "install": False,
        },
    },
}


def main(argv=None):
    """Run a command and return its exit code.

    Parameters
    ----------
    argv : list of str, default=None
        Arguments without the program's name; by default those of the process.

    Returns
    -------
    int
        0 if all went well, 1 if a file, the data or an option stand in the way, 130
        if interrupted.
    """
    args = vars(make_parser().parse_args(argv))
    args = args.pop("complete", dict)(args)
    module, command = args.pop("module"), args.pop("command")
    try:
        import_module(module).run(**args)
    except (CommandError, OSError) as error:
        print(f"halfnet {command}: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(f"halfnet {command}: interrupted.", file=sys.stderr)
        return 130
    return 0


def make_parser():
    """Build the parser of the whole command line.

    Returns
    -------
    argparse.ArgumentParser
        Its namespace holds the module to import and what its ``run`` takes.

    Examples
    --------
    >>> from sklearn_halfnet.cli import make_parser
    >>> make_parser().parse_args(["bench", "--data", "mnist"]).data
    'mnist'
    """
    parser = argparse.ArgumentParser(
        prog="halfnet",
        description="Neural networks that train only what matters, measured.",
    )
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _add_bench(commands)
    _add_reproduce(commands)
    _add_export(commands)
    _add_info(commands)
    return parser


def _add_bench(commands):
    bench = commands.add_parser(
        "bench",
        help="compare our networks with scikit-learn's models on a data set",
        description="Compare HalfNet, half layers and ELM with linear models, MLPs and "
        "boosting: a table, a JSON file and a picture of test score against trainable "
        "parameters. Or, with --suite, all families and other packages on many data "
        "sets.",
        # What is not given is filled in by what the options make of it together.
        argument_default=argparse.SUPPRESS,
    )
    bench.set_defaults(complete=partial(_complete_bench, bench.error))
    bench.add_argument(
        "--data",
        type=_data_name,
        help=f"{', '.join(DATA_NAMES)}, or the path of a "
        f"{', '.join(DATA_SUFFIXES)} file (default: digits)",
    )
    bench.add_argument(
        "--target", metavar="NAME", help="column to predict (csv: the last; npz: y)"
    )
    bench.add_argument(
        "--task",
        choices=("classification", "regression"),
        help="default: told by the target",
    )
    _add_common(bench, seeds=1, out="halfnet-bench")
    bench.add_argument(
        "--models",
        nargs="+",
        metavar="NAME",
        help=f"families to fit, of {', '.join(BENCH_FAMILIES)} (default: all that take "
        "reasonable time); of a suite, models (default: all that are installed)",
    )
    bench.add_argument(
        "--sizes",
        nargs="+",
        type=_positive,
        metavar="H",
        help="hidden units of the half layers (default: 512)",
    )
    bench.add_argument(
        "--kinds",
        nargs="+",
        metavar="KIND",
        help="weight kinds of the half layers (default: normal)",
    )
    bench.add_argument("--no-plot", dest="plot", action="store_false")
    _add_suite(bench)


def _add_suite(bench):
    suite = bench.add_argument_group("many data sets")
    suite.add_argument(
        "--suite",
        choices=("tables",),
        help="fifteen tables, default parameters, beside boosting, forests and "
        "networks of other packages; goes on where it stopped",
    )
    suite.add_argument("--sets", nargs="+", metavar="NAME", help="only these sets")
    suite.add_argument(
        "--splits", type=_positive, metavar="N", help="splits of each set (default: 3)"
    )
    suite.add_argument(
        "--report", action="store_true", help="fit nothing, report on what is stored"
    )
    suite.add_argument(
        "--install",
        action="store_true",
        help="install absent packages, each into an environment of its own",
    )


def _complete_bench(error, given):
    """Fill in the defaults of one data set or of a suite, and refuse other options."""
    suite = given.pop("suite", None)
    chosen = BENCH[suite]
    wrong = sorted(given.keys() - chosen["options"].keys() - {"command"})
    if wrong:
        how = "without --suite" if suite is None else f"with --suite {suite}"
        error(f"argument --{wrong[0].replace('plot', 'no-plot')}: not allowed {how}")
    if suite is None:
        for name in given.get("models") or ():
            if name not in BENCH_FAMILIES:
                error(
                    f"argument --models: invalid choice: {name!r} (choose from "
                    f"{', '.join(BENCH_FAMILIES)})"
                )
    return {"module": chosen["module"], **chosen["options"], **given}


def _add_reproduce(commands):
    reproduce = commands.add_parser(
        "reproduce",
        help="run a paper's tables and figures, published figures beside ours",
        description="Run the tables and figures of a paper. A run that was cut off "
        "goes on where it stopped when it is started again.",
    )
    papers = reproduce.add_subparsers(
        dest="experiment", required=True, metavar="EXPERIMENT"
    )
    for name, (_, help_text) in EXPERIMENTS.items():
        paper = papers.add_parser(name, help=help_text, description=help_text)
        paper.set_defaults(module="sklearn_halfnet.experiments._common.experiment")
        paper.add_argument(
            "--table", type=_positive, metavar="N", help="only this table"
        )
        for option, (default, words) in MORE_OPTIONS.get(name, {}).items():
            paper.add_argument(
                f"--{option}", type=type(default), default=default, help=words
            )
        defaults = {"seeds": 5, "out": f"halfnet-{name}"}
        _add_common(paper, **defaults)
        paper.set_defaults(**defaults)


def _add_export(commands):
    export = commands.add_parser(
        "export",
        help="write a saved estimator as an ONNX model or as C source",
        description="Write a fitted estimator of this package as an ONNX model or as C "
        "source. A file of sklearn_halfnet.save is data; loading a pickle executes the "
        "code in it: load only pickles that you trust.",
    )
    export.set_defaults(module="sklearn_halfnet.export.command")
    export.add_argument(
        "model",
        metavar="MODEL",
        help="a file that sklearn_halfnet.save, pickle or joblib has written",
    )
    export.add_argument(
        "out",
        metavar="OUT",
        type=_export_name,
        help=f"file to write; its ending ({' or '.join(EXPORT_SUFFIXES)}) says as what",
    )
    export.add_argument(
        "--dtype",
        choices=("float32", "float64"),
        default="float32",
        help="type of the numbers (default: float32)",
    )
    export.add_argument(
        "--name",
        default="model",
        help="what all names in C begin with (default: model)",
    )
    for option, names, words in (
        ("weights", EXPORT_WEIGHTS, "how weights of hidden units are held"),
        ("trained", ("float", "int8"), "how all other numbers are held"),
        ("inputs", ("float", "uint8"), "type of a row in C"),
    ):
        export.add_argument(
            f"--{option}",
            choices=names,
            default=names[0],
            help=f"{words} (default: {names[0]})",
        )


def _add_info(commands):
    info = commands.add_parser(
        "info",
        help="say what a model file holds, without loading it",
        description="Say what a file holds that sklearn_halfnet.save has written: "
        "family, numbers, features, classes, parameters, environment. Nothing in it is "
        "executed.",
    )
    info.set_defaults(module="sklearn_halfnet.files.command")
    info.add_argument("file", metavar="FILE")
    info.add_argument("--card", action="store_true", help="as a model card in Markdown")


def _add_common(command, seeds, out):
    command.add_argument(
        "--data-home",
        metavar="DIR",
        help="folder with the image sets' files (default: OpenML, cached)",
    )
    command.add_argument(
        "--seeds",
        type=_positive,
        metavar="N",
        help=f"repetitions (default: {seeds})",
    )
    command.add_argument(
        "--out",
        metavar="DIR",
        help=f"folder for the results (default: {out})",
    )
    command.add_argument(
        "--quick", action="store_true", help="a small run, to see that it works"
    )


def _data_name(text):
    if text in DATA_NAMES or text.endswith(DATA_SUFFIXES):
        return text
    raise argparse.ArgumentTypeError(
        f"{text!r} is none of {', '.join(DATA_NAMES)} and no "
        f"{', '.join(DATA_SUFFIXES)} file"
    )


def _export_name(text):
    if text.endswith(EXPORT_SUFFIXES):
        return text
    raise argparse.ArgumentTypeError(
        f"{text!r} ends in none of {', '.join(EXPORT_SUFFIXES)}"
    )


def _positive(text):
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{number} is not a positive number")
    return number
