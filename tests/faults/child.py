"""A command of `cubie` in a process of its own, which may be hurt before it begins."""

import os
import resource
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

#: Seconds after which a command counts as one without an end, and the most memory that it may have.
LONGEST, LARGEST = 120.0, 8 << 30


class WrongError(Exception):
    """A command did what it must not do."""


@dataclass(frozen=True)
class Ended:
    """How a command ended, and what it printed."""

    code: int
    out: str
    err: str
    command: str = ""

    def among(self, *codes: int) -> "Ended":
        """Return itself, where it ended with one of some codes, and said why if that is not 0.

        Raises
        ------
        WrongError
            It did not.
        """
        told = self.err.strip()
        if self.code not in codes or "Traceback" in told or (self.code and not told):
            raise WrongError(f"{self.command}: exit code {self.code}: {told[-600:]}")
        return self


def cubie(folder: Path, *arguments: object, hurt: Callable[[], object] = lambda: None) -> Ended:
    """Run a command in a folder; `hurt` is called in its process before it begins."""
    process = begin(folder, *arguments, hurt=hurt)
    return end(folder, process, " ".join(map(str, arguments)))


def begin(folder: Path, *arguments: object, hurt: Callable[[], object] = lambda: None) -> int:
    """Begin a command; return its process."""
    sys.stdout.flush()
    process = os.fork()
    if process:
        return process
    try:
        _become(folder, [str(each) for each in arguments], hurt)
    finally:
        os._exit(99)  # nothing of the parent is to go on here


def end(folder: Path, process: int, command: str = "") -> Ended:
    """Wait for a command.

    Raises
    ------
    WrongError
        It has no end.
    """
    deadline = time.monotonic() + LONGEST
    while not (waited := os.waitpid(process, os.WNOHANG))[0]:
        if time.monotonic() > deadline:
            os.kill(process, signal.SIGKILL)
            os.waitpid(process, 0)
            raise WrongError(f"{command}: no end")
        time.sleep(0.002)
    out, err = (_printed(folder, process, name) for name in ("out", "err"))
    return Ended(os.waitstatus_to_exitcode(waited[1]), out, err, command)


def _become(folder: Path, arguments: list[str], hurt: Callable[[], object]) -> None:
    """Be the command, to its end."""
    from cubie_cli import main  # noqa: PLC0415 - the parent has it

    process = os.getpid()
    os.chdir(folder)
    for number, name in ((1, "out"), (2, "err")):
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
        os.dup2(os.open(_print_to(folder, process, name), flags, 0o644), number)
    sys.stdout, sys.stderr = os.fdopen(1, "w", closefd=False), os.fdopen(2, "w", closefd=False)
    sys.argv = ["cubie", *arguments]
    resource.setrlimit(resource.RLIMIT_AS, (LARGEST, LARGEST))
    hurt()
    main.program()


def _print_to(folder: Path, process: int, name: str) -> Path:
    """Return where a process prints: no fault comes there."""
    return folder.parent / f"{folder.name}-{process}.{name}"


def _printed(folder: Path, process: int, name: str) -> str:
    path = _print_to(folder, process, name)
    text = path.read_text(errors="replace")
    path.unlink()
    return text
