"""Files that are never half written."""

import os
from pathlib import Path

__all__ = ["replace_file"]


def replace_file(path, write):
    """Write a file beside its place and move it there when it is complete.

    Whatever happens on the way, a file that was there stays as it was.

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
    partial = path.with_name(f".{path.stem}.partial{path.suffix}")
    try:
        if callable(write):
            write(partial)
        else:
            content = write.encode("utf-8") if isinstance(write, str) else write
            partial.write_bytes(content)
        with partial.open("rb+") as file:
            os.fsync(file.fileno())
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)
