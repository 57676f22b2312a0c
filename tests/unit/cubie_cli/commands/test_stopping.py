import os
import signal
import sys

import pytest

from cubie_cli.commands import stopping
from cubie_cli.commands.stopping import parse_duration
from cubie_cli.documents.messages import UsageError
from cubie_cli.documents.stopped import Stopped


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("3h50m", 13800), ("90s", 90), ("1.5h", 5400), ("2d", 172800), ("10min", 600), ("1-02:03:04", 93784)],
)
def test_a_time_is_read(text, seconds):
    assert parse_duration(text, "--max-time") == seconds


@pytest.mark.parametrize("text", ["", "3", "h", "3 h", "0s", "-1s", "3:50", "3h50", "1e3s", "inf", "00:00:00"])
def test_anything_else_is_refused_with_how_it_is_written(text):
    with pytest.raises(UsageError) as refused:
        parse_duration(text, "--max-time")
    assert parse_duration("3h50m", "") > 0
    assert "3h50m" in refused.value.hint


def test_what_a_scheduler_says_twice_is_heard_once(monkeypatch):
    told = {number: signal.getsignal(number) for number in (*stopping._ASKING, signal.SIGALRM)}  # noqa: SLF001 - all
    complaints = []
    monkeypatch.setattr(sys, "unraisablehook", complaints.append)
    try:
        stopping.listen()
        with pytest.raises(Stopped) as stopped:
            os.kill(os.getpid(), signal.SIGUSR2)
        for number in (signal.SIGUSR1, signal.SIGUSR2):
            os.kill(os.getpid(), number)
    finally:
        for number, handler in told.items():
            signal.signal(number, handler)
    assert (stopped.value.reason, stopped.value.planned) == ("SIGUSR2", True)
    assert complaints == []
