"""What a message to the user looks like: the place, what is wrong, what to do; and the exit code beside it."""

import errno
from enum import IntEnum
from pathlib import Path

#: Longest stretch of a source line that a message shows.
_SHOWN = 100
_DISK_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_UNITS = ("B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB", "ZiB")


class ExitCode(IntEnum):
    """What the exit status of every command means."""

    DONE = 0
    BUG = 1
    USAGE = 2
    INPUT = 3
    FAILED_RUNS = 4
    OUTPUT = 5
    DEVICE = 6
    STOPPED = 75


class UserError(Exception):
    """Something the user can mend.

    Parameters
    ----------
    message
        What is wrong.
    file
        The file it is in.
    line, column
        Where, counted from 1, in characters.
    hint
        What to do about it.
    exit_code
        The status the command ends with; None: the class's own.
    source
        The text of the line, shown with a caret under the column.
    """

    exit_code: int = ExitCode.INPUT

    def __init__(
        self,
        message: str,
        file: str | Path | None = None,
        line: int | None = None,
        column: int | None = None,
        hint: str | None = None,
        exit_code: int | None = None,
        source: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.file = None if file is None else str(file)
        self.line = line
        self.column = column
        self.hint = hint
        self.source = source
        if exit_code is not None:
            self.exit_code = int(exit_code)

    @property
    def place(self) -> str | None:
        """Where it is: the file, with the line and column where they are known."""
        return ":".join(str(part) for part in (self.file, self.line, self.column) if part is not None) or None

    def __str__(self) -> str:
        lines = [f"{self.place or 'error'}: {_printable(self.message)}"]
        if self.source is not None and self.column is not None:
            lines += _excerpt(self.source, self.column)
        if self.hint:
            lines.append(f"  hint: {_printable(self.hint)}")
        return "\n".join(lines)


class UsageError(UserError):
    """A wrong option or argument."""

    exit_code = ExitCode.USAGE


class OutputError(UserError):
    """The result cannot be written, or would not fit."""

    exit_code = ExitCode.OUTPUT


class DeviceError(UserError):
    """The device is missing, fails, or has too little memory."""

    exit_code = ExitCode.DEVICE


def system_refusal(error: MemoryError | OSError) -> UserError | None:
    """Return what to tell where memory or a disk is full; None where something else went wrong."""
    if isinstance(error, MemoryError):
        return OutputError("out of memory", hint="save fewer times or variables, or set a smaller [run] chunk")
    return OutputError(f"cannot write: {error.strerror}") if error.errno in _DISK_FULL else None


def size(count: int) -> str:
    """Return a number of bytes as a person reads it: 1536 is "1.5 KiB"."""
    value, unit = float(count), 0
    while value >= 1024 and unit < len(_UNITS) - 1:
        value, unit = value / 1024, unit + 1
    return (
        f"{count} B" if unit == 0 else f"{value:.3g} {_UNITS[unit]}" if value < 1000 else f"{value:.0f} {_UNITS[unit]}"
    )


def counted(count: int, thing: str) -> str:
    """Return how many there are of a thing, whose plural has an s: "1 run", "2,400 runs"."""
    return f"{count:,} {thing}" if count == 1 else f"{count:,} {thing}s"


def shortened(text: str) -> str:
    """Return a text without its middle where it is too long for a message."""
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN // 2]} ... {text[-_SHOWN // 4 :]}"


def _excerpt(source: str, column: int) -> list[str]:
    """Return the source line, cut around the column where it is long, and a caret below the column."""
    start = 0 if column <= _SHOWN - 20 else column - _SHOWN // 2
    shown = source[start : start + _SHOWN]
    caret = min(column - 1 - start, len(shown))
    return [f"    {_printable(shown)}".rstrip(), f"    {' ' * caret}^"]


def _printable(text: str) -> str:
    """Replace what would move the cursor or command the terminal, one character for one."""
    return "".join(char if char.isprintable() or char == "\n" else " " for char in text)
