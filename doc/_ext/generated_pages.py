"""Pages that are made of files which are not pages: results and the changelog.

A result is what ``halfnet reproduce`` has written into ``doc/results``. Its page says
how it was made: the command, the machine, the day and the commit of the code, as
``results.jsonl`` has them, and the commit that stored it, where there is a history to
ask.
"""

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

_COMMANDS = {"tables": "halfnet bench --suite tables --data-home DIR"}


def _git(folder, *arguments):
    """Ask for the history of a folder; of a source distribution nothing is known."""
    try:
        asked = subprocess.run(
            ["git", *arguments],
            cwd=folder,
            capture_output=True,
            text=True,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError):
        return ""
    return asked.stdout.strip()


def _records(folder):
    stored = folder / "results.jsonl"
    if not stored.exists():
        return []
    with stored.open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def _measured(records):
    """Say when and where records were measured."""
    days = sorted(record["finished"][:10] for record in records)
    period = days[0] if days[0] == days[-1] else f"{days[0]} to {days[-1]}"
    machines = {
        "{processor}, {n_cpus} CPUs, Python {python}".format(**record["environment"])
        for record in records
    }
    return f"Measured: {period}; {'; '.join(sorted(machines))}."


def _commits(records):
    """Name the commits of the code that has run; not every record tells its own."""
    found = Counter(
        commit[:12] if (commit := record["environment"].get("commit")) else None
        for record in records
    )
    said = [
        f"{commit or 'not recorded'} ({count:,} of {len(records):,} records)"
        for commit, count in found.most_common()
    ]
    return f"Commit of the code: {', '.join(said)}."


def _provenance(folder):
    command = _COMMANDS.get(folder.name, f"halfnet reproduce {folder.name}")
    lines = [f"Command: `{command}`"]
    records = _records(folder)
    if records:
        lines += [_measured(records), _commits(records)]
    stored = "results.jsonl" if records else "report.md"
    commit = _git(folder, "log", "-1", "--format=%h of %cs", "--", stored)
    if commit:
        lines += [f"Stored by commit {commit}."]
    if records:
        lines += ["Every single result: {download}`results.jsonl`."]
    return ":::{admonition} How it was made\n" + "\\\n".join(lines) + "\n:::\n"


def _tell_provenance(app, docname, source):
    if docname.startswith("results/") and docname.endswith("/report"):
        title, text = source[0].split("\n", 1)
        folder = Path(app.srcdir, docname).parent
        source[0] = f"{title}\n\n{_provenance(folder)}{text}"


def _write_changelog(app):
    """Gather the fragments that the next release will, without removing them."""
    root = Path(app.srcdir).parent
    gathered = subprocess.run(
        [sys.executable, "-m", "towncrier", "build", "--draft"]
        + ["--version", app.config.release, "--date", "not released yet"],
        cwd=root,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    released = root / "CHANGELOG.md"
    older = released.read_text(encoding="utf-8") if released.exists() else ""
    page = Path(app.srcdir, "changelog.md")
    text = f"# Changelog\n\n{gathered[gathered.index('## ') :]}{older}"
    if not page.exists() or page.read_text(encoding="utf-8") != text:
        page.write_text(text, encoding="utf-8")


def setup(app):
    app.connect("builder-inited", _write_changelog)
    app.connect("source-read", _tell_provenance)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
