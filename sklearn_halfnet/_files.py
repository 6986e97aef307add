"""Files that are never half written."""

import os
import secrets
from pathlib import Path

__all__ = ["replace_file"]


def replace_file(path, write):
    """Write a file beside its place and move it there when it is complete.

    Whatever happens on the way, a file that was there stays as it was; one that is
    replaced hands on its mode. Several processes may write to one path: it holds what
    one of them wrote.

    Parameters
    ----------
    path : path-like
        The file; its folder must be there.
    write : callable, str or bytes
        Takes the path to write to; or the content to write.

    Raises
    ------
    OSError
        If it cannot be written.
    """
    path = Path(path)
    # Nobody can guess the name, so no other process writes there, or plants a link.
    partial = path.with_name(f".{path.stem}.{secrets.token_hex(8)}{path.suffix}")
    try:
        with partial.open("xb") as file:
            if not callable(write):
                file.write(write.encode("utf-8") if isinstance(write, str) else write)
        if callable(write):
            write(partial)
        with partial.open("rb+") as file:
            os.fsync(file.fileno())
        if path.exists():
            partial.chmod(path.stat().st_mode & 0o777)
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)
