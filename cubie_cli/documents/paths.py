"""Paths that a file names: relative to it, with the home folder and variables of the environment put in; or URLs."""

import os
import stat
from pathlib import Path

from cubie_cli.documents.messages import UserError
from cubie_cli.documents.urls import as_url


def resolved(folder: Path, name: str) -> Path:
    """Return the path that a file in a folder names, or an object; a variable that is not set stays as it is."""
    written = os.path.expandvars(name)
    return as_url(written) or folder / Path(written).expanduser()


def is_there(path: Path) -> bool:
    """Return whether a file exists; one whose name no file system takes does not."""
    return os.path.exists(path)  # noqa: PTH110 - `Path.exists` raises for such names


def regular_bytes(path: Path) -> int:
    """Return the size of a regular file in bytes.

    Raises
    ------
    UserError
        For a directory, and for what would make a command wait for ever: a named pipe or a terminal.
    OSError
        Where there is none.
    """
    status = os.stat(path)  # noqa: PTH116 - raises for every kind of missing file
    if stat.S_ISDIR(status.st_mode):
        raise UserError("this is a directory, not a file", path)
    if not stat.S_ISREG(status.st_mode):
        raise UserError("this is not a regular file", path)
    return status.st_size
