"""Ends a command early: where a signal asks for it, or its time is up."""

import re
import signal
from collections.abc import Callable
from types import FrameType
from typing import NoReturn

from cubie_cli.documents.messages import UsageError
from cubie_cli.documents.stopped import FROM_SCHEDULERS, TIME_UP, Stopped

_ASKING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, *FROM_SCHEDULERS)
_UNITS = {"d": 86400.0, "h": 3600.0, "m": 60.0, "min": 60.0, "s": 1.0}
_SPAN = re.compile(r"(?:\d+(?:\.\d+)?(?:d|h|min|m|s))+")
_CLOCK = re.compile(r"(?:(\d+)-)?(\d+):(\d{2}):(\d{2})")


def listen() -> None:
    """Have the signals that ask for an end raise `Stopped`, but those that a shell or nohup has switched off."""
    _handle(_stop)


def stop_after(seconds: float) -> None:
    """Have the program end once so many seconds have passed."""
    signal.signal(TIME_UP, _stop)
    signal.setitimer(signal.ITIMER_REAL, max(seconds, 1e-3))


def stop_again(stop: Stopped) -> None:
    """Raise it anew, a moment later: a finalizer may swallow what is raised while it runs."""
    signal.signal(TIME_UP, lambda *_: _stop(stop.number, None))
    signal.setitimer(signal.ITIMER_REAL, 0.01)


def parse_duration(text: str, option: str) -> float:
    """Return the seconds of a time such as 3h50m, or of D-HH:MM:SS as batch systems write it.

    Raises
    ------
    UsageError
        For anything else, and no time at all.
    """
    clock, seconds = _CLOCK.fullmatch(text), 0.0
    if clock:
        days, hours, minutes, rest = (float(part or 0) for part in clock.groups())
        seconds = 86400 * days + 3600 * hours + 60 * minutes + rest
    elif _SPAN.fullmatch(text):
        parts = re.findall(r"(\d+(?:\.\d+)?)(d|h|min|m|s)", text)
        seconds = sum(float(number) * _UNITS[unit] for number, unit in parts)
    if seconds <= 0:
        raise UsageError(f"{option} {text}: this is no time", hint="write it like 3h50m, 90s or 03:50:00")
    return seconds


def _handle(handler: Callable[[int, FrameType | None], NoReturn] | signal.Handlers) -> None:
    for number in _ASKING:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, handler)


def _stop(number: int, _frame: FrameType | None) -> NoReturn:
    _handle(signal.SIG_DFL)  # a second one ends the program even where it cleans up slowly
    for each in FROM_SCHEDULERS:
        signal.signal(each, signal.SIG_IGN)  # a scheduler tells a job's script, which tells us, and may tell us too
    signal.setitimer(signal.ITIMER_REAL, 0.0)
    raise Stopped(number)
