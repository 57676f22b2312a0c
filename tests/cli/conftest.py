"""A small batch in a folder of its own, and the command line in this process."""

import signal
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from cubie_cli.main import main

MODEL = """\
name = "Decay"
[states]
x = 1.0
y = 2.0
[parameters]
rate = 0.5
gain = 1.0
[equations]
x = "-rate*x"
y = "gain*log(y)"
[observables]
total = "x + y"
[units]
x = "mol"
rate = "1/s"
total = "mol"
"""

CONFIGURATION = """\
[model]
file = "model.toml"
[solve]
t1 = 1.0
algorithm = "tsit5"
dt = 0.25
[batch.values]
rate = [0.5, 1.0]
x = [1.0, 2.0, 3.0]
[output]
file = "result.h5"
save_every = 0.5
observables = ["total"]
[run]
target = "python"
"""


@dataclass(frozen=True)
class Outcome:
    code: int
    out: str
    err: str


@pytest.fixture
def folder(tmp_path, monkeypatch):
    (tmp_path / "model.toml").write_text(MODEL)
    (tmp_path / "run.toml").write_text(CONFIGURATION)
    monkeypatch.chdir(tmp_path)
    return Path(tmp_path)


@pytest.fixture
def cubie(monkeypatch, capsys, folder):  # noqa: ARG001 - the commands run there
    """Return a function that runs the command line in `folder`."""
    handled = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2, signal.SIGALRM)
    before = {number: signal.getsignal(number) for number in handled}
    monkeypatch.delenv("CUBIE_TRACEBACK", raising=False)

    def call(*arguments):
        monkeypatch.setattr(sys, "argv", ["cubie", *map(str, arguments)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        captured = capsys.readouterr()
        return Outcome(ended.value.code or 0, captured.out, captured.err)

    yield call
    for number, handler in before.items():
        signal.signal(number, handler)
    signal.setitimer(signal.ITIMER_REAL, 0.0)
