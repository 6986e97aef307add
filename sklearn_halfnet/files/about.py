"""What a model file says of itself, for readers who do not load it."""

import platform
from importlib.metadata import PackageNotFoundError, version

from sklearn.exceptions import NotFittedError
from sklearn.utils.validation import check_is_fitted

from sklearn_halfnet._version import __version__

__all__ = ["about", "as_card", "as_text"]

_PACKAGES = ("numpy", "scipy", "scikit-learn", "torch")
# Characters of a parameter or a list that are shown.
_LONGEST = 200


def about(estimator):
    """Describe an estimator in plain data.

    Parameters
    ----------
    estimator : estimator

    Returns
    -------
    told : dict
        Family, parameters, trained numbers, bytes in memory, features, classes and the
        environment; None for what is not known.
    """
    names = getattr(estimator, "feature_names_in_", None)
    classes = getattr(estimator, "classes_", None)
    n_features = getattr(estimator, "n_features_in_", None)
    n_trained = getattr(estimator, "n_trainable_parameters_", None)
    n_bytes = getattr(estimator, "n_stored_bytes_", None)
    parameters = estimator.get_params(deep=False)
    return {
        "family": type(estimator).__name__,
        "fitted": _is_fitted(estimator),
        "n_trained": None if n_trained is None else int(n_trained),
        "n_bytes_in_memory": None if n_bytes is None else int(n_bytes),
        "n_features": None if n_features is None else int(n_features),
        "feature_names": None if names is None else [str(name) for name in names],
        "classes": None if classes is None else [str(each) for each in classes],
        "parameters": {name: _short(repr(each)) for name, each in parameters.items()},
        "environment": {
            "sklearn-halfnet": __version__,
            "python": platform.python_version(),
            **{name: _version(name) for name in _PACKAGES},
            "machine": f"{platform.system()} {platform.machine()}",
        },
    }


def _is_fitted(estimator):
    try:
        check_is_fitted(estimator)
    except NotFittedError:
        return False
    return True


def _version(package):
    try:
        return version(package)
    except PackageNotFoundError:
        return "unknown"


def as_text(told):
    """Write what ``describe`` returns as lines for a terminal.

    Parameters
    ----------
    told : dict

    Returns
    -------
    text : str
    """
    lines = [f"{told['family']}, {'fitted' if told['fitted'] else 'not fitted'}", ""]
    lines += [f"{name:16} {value}" for name, value in _facts(told)]
    for heading in ("parameters", "environment"):
        lines += ["", heading]
        lines += [f"  {name} = {value}" for name, value in told[heading].items()]
    return "\n".join(map(_printable, lines)) + "\n"


def as_card(told):
    """Write what ``describe`` returns as a model card in Markdown.

    Parameters
    ----------
    told : dict

    Returns
    -------
    text : str
        With a head in YAML, by which hubs find models, and with places for what only
        the author knows.
    """
    lines = ["---", "library_name: sklearn-halfnet", "tags:", "- tabular", "---", ""]
    lines += [f"# {told['family']}", ""]
    lines += _table("", "", _facts(told))
    for question in ("Intended use", "Training data", "Evaluation", "Limitations"):
        lines += [f"## {question}", "", "(to be written by the author)", ""]
    lines += ["## Parameters", ""]
    lines += _table("parameter", "value", told["parameters"].items(), code=True)
    lines += ["## Environment", ""]
    lines += _table("", "version", told["environment"].items())
    lines += ["## Use", "", "```python", "from sklearn_halfnet import load", ""]
    lines += [f'model = load("{_printable(told["file"])}")', "```"]
    return "\n".join(lines) + "\n"


def _facts(told):
    """Yield names and values of what is known."""
    known = {
        "trained numbers": _count(told["n_trained"]),
        "stored numbers": _count(told["n_numbers"]),
        "bytes in memory": _count(told["n_bytes_in_memory"]),
        "bytes of file": _count(told["n_bytes"]),
        "weights": "drawn again by seed" if told["by_seed"] else None,
        "features": _count(told["n_features"]),
        "feature names": _list(told["feature_names"]),
        "classes": _list(told["classes"]),
    }
    return [(name, value) for name, value in known.items() if value is not None]


def _count(number):
    return None if number is None else f"{number:,}"


def _list(values):
    return None if values is None else _short(", ".join(map(str, values)))


def _short(text):
    text = " ".join(text.split())
    return text if len(text) <= _LONGEST else text[: _LONGEST - 3] + "..."


def _table(left, right, rows, code=False):
    quote = "`" if code else ""
    lines = [f"| {left} | {right} |", "|---|---|"]
    lines += [f"| {n} | {quote}{_cell(value)}{quote} |" for n, value in rows]
    return [*lines, ""]


def _cell(value):
    return _printable(str(value)).replace("|", "\\|").replace("`", "'")


def _printable(text):
    """Replace what a terminal would take for a command, for a file is anybody's."""
    return "".join(c if c.isprintable() else "?" for c in text)
