"""Refuses the name of a file that cannot be written, and a result that its disk has no room for."""

import os
import shutil
from collections.abc import Iterable
from pathlib import Path

from cubie_cli.documents.messages import OutputError, size


def check_destination(path: Path, *, inputs: Iterable[Path], force: bool, option: str = "--output") -> None:
    """Refuse a name that no result can be written to.

    Parameters
    ----------
    path
        The result's.
    inputs
        Files that were read: none is overwritten, forced or not.
    force
        Whether a result that exists may be replaced.
    option
        Where another name is given.

    Raises
    ------
    OutputError
        The folder is missing or closed to us, or the name is taken.
    """
    try:
        _check_name(path, list(inputs), option, force=force)
    except OSError as error:
        raise OutputError(f"cannot write {path}: {error.strerror}") from error


def _check_name(path: Path, inputs: list[Path], option: str, *, force: bool) -> None:
    folder = path.parent
    if not folder.is_dir():
        raise OutputError(f"the folder of the output does not exist: {folder}", hint=f"mkdir -p {folder}")
    if path.is_dir():
        raise OutputError(f"the output is a folder: {path}", hint="name a file")
    if any(path.exists() and other.exists() and path.samefile(other) for other in inputs):
        raise OutputError(f"the output is an input too: {path}", hint="name another file")
    if path.exists() and not force:
        raise OutputError(f"the output exists: {path}", hint=f"name another with {option}, or add --force")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise OutputError(f"no permission to write in {folder}", hint=f"name another folder with {option}")


def check_space(path: Path, expected: int, runs: int) -> None:
    """Refuse a result that its disk has no room for.

    Raises
    ------
    OutputError
        Fewer bytes are free than the result will take.
    """
    free = shutil.disk_usage(path.parent).free
    if expected > free:
        raise OutputError(
            f"{runs:,} runs make a result of {size(expected)}; {path.parent} has {size(free)} free",
            hint="take fewer runs, save fewer times or variables, or name another disk with --output",
        )
