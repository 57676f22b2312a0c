"""What Python programs catch: one exception, with the words of the command, and its options as arguments."""

import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from html import escape
from typing import Self

from cubie_cli.documents.messages import UserError, system_refusal

#: What messages say of options and lines of a file, and how it is said in Python.
_SPELLINGS = (
    (r"--set run\.cache=false", "run.cache = false"),
    (r"--(force|resume)\b", r"\1=True"),
    (r"--target (\w+)", r'target="\1"'),
    (r"--(output|target)( FILE)?\b", r"\1="),
    (r"name it in one, under \[model\]: file = .*", "give it as model="),
    (r"write \[model\] on a line, and below it file = .*", 'add "model": {...}, or give it as model='),
    (r"add a line \[(\w+)\]", r'add "\1": {...}'),
    (r"add a line (\w+) = (\S+)", r'add "\1": \2'),
)


class CubieError(Exception):
    """A mistake that can be mended: where it is, what is wrong, and what to do.

    Parameters
    ----------
    text
        The whole message, as the command prints it.
    message
        What is wrong.
    place
        Where: a file with line and column, or the keys of a dictionary; None where it is neither.
    hint
        What to do; None where nothing is known.
    exit_code
        With which the command would end.
    """

    def __init__(
        self, text: str, message: str = "", place: str | None = None, hint: str | None = None, exit_code: int = 1
    ) -> None:
        super().__init__(text)
        self.message = message
        self.place = place
        self.hint = hint
        self.exit_code = exit_code

    @classmethod
    def of(cls, error: UserError) -> Self:
        """Return the exception for a command's."""
        message = in_python(error.message)
        hint = in_python(error.hint) if error.hint else None
        told = UserError(message, error.file, error.line, error.column, hint, source=error.source)
        notes = [in_python(note) for note in getattr(error, "__notes__", [])]
        return cls("\n".join([str(told), *notes]), message, error.place, hint, error.exit_code)

    def _render_traceback_(self) -> list[str]:
        """Return what IPython shows in place of a traceback, which has nothing that the message has not."""
        return [f"{type(self).__name__}: {self}"]

    def _repr_html_(self) -> str:
        return f"<pre>{escape(str(self))}</pre>"


# Tracebacks name it as programs do.
CubieError.__module__ = "cubie_cli"


class CubieWarning(UserWarning):
    """What is allowed and probably not meant, and runs that failed."""


CubieWarning.__module__ = "cubie_cli"
# A cell that is run again warns again; filters of the program's own come first.
warnings.simplefilter("always", CubieWarning, append=True)


def in_python(text: str) -> str:
    """Return a message with the arguments of `run` in place of the options of `cubie run`."""
    for pattern, spelling in _SPELLINGS:
        text = re.sub(pattern, spelling, text)
    return text


@contextmanager
def as_cubie_errors() -> Iterator[None]:
    """Raise `CubieError` for what the command answers with one message.

    Raises
    ------
    CubieError
        In place of it, without what led there.
    """
    try:
        yield
    except UserError as error:
        raise CubieError.of(error) from None
    except (MemoryError, OSError) as error:
        refused = system_refusal(error)
        if refused is None:
            raise
        raise CubieError.of(refused) from None
    except KeyboardInterrupt as stop:
        stop.__notes__ = [in_python(note) for note in getattr(stop, "__notes__", [])]
        raise
