"""What reports are made of: figures of results, tables as text and as Markdown."""

import statistics
from collections import Counter

import numpy as np

__all__ = [
    "by_model",
    "bytes_text",
    "describe",
    "environment_text",
    "markdown_table",
    "mean",
    "mean_and_sd",
    "mean_text",
    "median_text",
    "met",
    "range_text",
    "results_by",
    "tables_text",
    "text_table",
]


def describe(result):
    """Write all numbers of a result in one line.

    Examples
    --------
    >>> describe({"seconds": 0.25, "ratio": 2.0, "curve": []})
    'seconds 0.25, ratio 2'
    """
    return ", ".join(
        f"{name} {value:.4g}" for name, value in result.items() if np.isscalar(value)
    )


def results_by(name, records):
    """Results by a value of their keys, in the order of the records.

    Examples
    --------
    >>> records = [{"key": {"seed": i, "n": 9}, "result": i} for i in (1, 0, 1)]
    >>> results_by("seed", records)
    {1: [1, 1], 0: [0]}
    """
    found = {}
    for record in records:
        found.setdefault(record["key"][name], []).append(record["result"])
    return found


def by_model(records, table):
    """Model -> results of a table, in the order of the records."""
    return results_by("model", [r for r in records if r["key"]["table"] == table])


def mean(results, name):
    """Mean of one figure over results."""
    return float(np.mean([result[name] for result in results]))


def mean_text(results, name, digits=2):
    """Mean of one figure and, of several results, its standard deviation."""
    value, sd = mean_and_sd([result[name] for result in results])
    spread = "" if np.isnan(sd) else f" ± {sd:.{digits}f}"
    return f"{value:.{digits}f}{spread}"


def median_text(results, name, digits=1):
    """Median of one figure, as of seconds, and of several results the range."""
    values = [result[name] for result in results]
    spread = f" ({range_text(values, f'.{digits}f')})" if len(values) > 1 else ""
    return f"{statistics.median(values):.{digits}f}{spread}"


def mean_and_sd(values):
    """Mean and sample standard deviation (nan for a single value).

    Examples
    --------
    >>> mean_and_sd([1.0, 3.0])
    (2.0, 1.4142135623730951)
    """
    sd = statistics.stdev(values) if len(values) > 1 else float("nan")
    return statistics.fmean(values), sd


def bytes_text(n_bytes):
    """Write a number of bytes as people do (1 KB is 1,000 bytes).

    Examples
    --------
    >>> bytes_text(512), bytes_text(101_770), bytes_text(3_200_000)
    ('512 B', '102 KB', '3.2 MB')
    """
    if n_bytes < 1_000:
        return f"{n_bytes} B"
    if n_bytes < 1_000_000:
        return f"{n_bytes / 1e3:.{0 if n_bytes >= 1e4 else 1}f} KB"
    return f"{n_bytes / 1e6:.1f} MB"


def text_table(headers, rows):
    """Align a table in columns: the first to the left, numbers to the right.

    Examples
    --------
    >>> print(text_table(["model", "n"], [["a", "10"], ["long name", "9"]]))
    model       n
    ---------  --
    a          10
    long name   9
    """
    widths = [max(map(len, column)) for column in zip(headers, *rows, strict=True)]
    rule = ["-" * width for width in widths]
    lines = []
    for cells in [headers, rule, *rows]:
        first = cells[0].ljust(widths[0])
        rest = [c.rjust(w) for c, w in zip(cells[1:], widths[1:], strict=True)]
        lines.append("  ".join([first, *rest]).rstrip())
    return "\n".join(lines)


def markdown_table(headers, rows):
    """Write a table in Markdown, numbers to the right.

    Examples
    --------
    >>> print(markdown_table(["model", "n"], [["a", "10"]]))
    | model | n |
    |---|---:|
    | a | 10 |
    """
    rule = "|---|" + "---:|" * (len(headers) - 1)
    lines = ["| " + " | ".join(cells) + " |" for cells in [headers, *rows]]
    return "\n".join([lines[0], rule, *lines[1:]])


def environment_text(records):
    """Say on what it ran; more than one line if a run went on elsewhere.

    Of threads and commits all are named that the records have.
    """
    threads, commits = {}, {}
    for record in records:
        found = record["environment"]
        versions = ", ".join(f"{k} {v}" for k, v in found["versions"].items())
        machine = (
            f"- {found['processor']}, {found['n_cpus']} CPUs, {found['platform']}, "
            f"Python {found['python']}; {versions}"
        )
        pools = threads.setdefault(machine, {})
        for pool in found["threads"]:
            pools.setdefault(pool["internal_api"], set()).add(pool["num_threads"])
        commit = found.get("commit") or "not recorded"
        commits.setdefault(machine, Counter())[commit] += 1
    return "\n".join(
        f"{machine}; threads: {_ranges(pools)}; commit (records): "
        + ", ".join(f"{name} ({n})" for name, n in commits[machine].items())
        for machine, pools in threads.items()
    )


def _ranges(pools):
    """Write how many threads each library had, least and most.

    Examples
    --------
    >>> _ranges({"openmp": {2, 1}, "openblas": {1}})
    'openblas 1, openmp 1 to 2'
    """
    return ", ".join(
        f"{name} {range_text(counts, 'd')}" for name, counts in sorted(pools.items())
    )


def met(holds):
    """Mark a bar as met or missed."""
    return "met" if holds else "MISSED"


def range_text(values, form=".2f"):
    """Write least and most of some values, once if they are the same.

    Examples
    --------
    >>> range_text([3.0, 1.5, 2.0]), range_text([2, 2], "d")
    ('1.50 to 3.00', '2')
    """
    ends = dict.fromkeys(f"{end:{form}}" for end in (min(values), max(values)))
    return " to ".join(ends)


def tables_text(head, tables, records):
    """Write every ``Table`` that has results, or says why not, as Markdown.

    At the end stands on what they ran.

    ``head`` are the lines before; the records' keys have ``table`` and ``model``.
    """
    lines = [*head, ""]
    for number, table in tables.items():
        results = by_model(records, number)
        text = table.text(results) if results else table.missing
        if text:
            lines += [f"## Table {number}. {table.title}", "", text, ""]
    lines += ["## Environment", "", environment_text(records)]
    return "\n".join(lines) + "\n"
