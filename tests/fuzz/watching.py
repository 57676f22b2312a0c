"""Runs one case under watch: what it may end with, and how much time and memory it may take."""

import resource
import signal
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from cubie_cli.documents.messages import UserError
from cubie_cli.models.expressions.tokens import ExpressionError

#: Seconds of a processor: a clock would tell what else the machine does.
LONGEST = 2.0
#: Bytes by which a case may raise the most that the process ever held.
LARGEST = 1 << 30
_REFUSALS = (UserError, ExpressionError)


class HangError(BaseException):
    """A case has taken too long; no handler of exceptions takes it for one of its own."""


@dataclass(frozen=True)
class Outcome:
    """What a case ended with: "accepted", "refused", or what should not be; and where that was."""

    kind: str
    told: str = ""

    @property
    def is_wrong(self) -> bool:
        """Whether it should not be."""
        return self.kind not in {"accepted", "refused"}


def watched(case: Callable[[], object], patience: float = 1.0) -> Outcome:
    """Return what a case ends with; `patience` is by how much longer it may take."""
    before = _most_memory()
    try:
        with _limited(patience * getattr(case, "longest", LONGEST)):
            case()
        outcome = Outcome("accepted")
    except _REFUSALS as error:
        outcome = _seen(error)
    except HangError as error:
        outcome = Outcome("hang", _place(error))
    except BaseException as error:  # noqa: BLE001 - this is what is looked for
        outcome = Outcome("traceback", f"{type(error).__name__}: {str(error)[:200]} at {_place(error)}")
    if _most_memory() - before > LARGEST:
        return Outcome("memory", f"{_most_memory() - before} bytes")
    return outcome


def _seen(error: Exception) -> Outcome:
    """Return what a refusal is: one without words is a mistake."""
    return Outcome("refused") if str(error).strip() else Outcome("traceback", "a refusal without a message")


@contextmanager
def _limited(seconds: float) -> Iterator[None]:
    def stop(*_: object) -> None:
        raise HangError

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0.0)
        signal.signal(signal.SIGPROF, before)


def _place(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)[-3:]
    return " < ".join(f"{frame.filename.rpartition('/')[2]}:{frame.lineno}" for frame in reversed(frames))


def _most_memory() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
