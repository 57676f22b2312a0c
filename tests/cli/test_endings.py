"""What is left behind when a run is stopped, killed, or runs out of disk."""

import json
import os
import re
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import h5py
import pytest

from cubie_cli.results.unfinished import Journal, find_unfinished
from solvers.errors import DeviceError
from solvers.execution.python.engine import PythonSolver

ROOT = Path(__file__).parents[2]
#: Seconds after which a process counts as one without an end.
GUARD = 600


def start(folder, *arguments, **options):
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "cubie_cli", "run", "run.toml", *arguments]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    return subprocess.Popen(command, cwd=folder, env=environment, **pipes, **options)


def test_a_program_looks_for_garbage_and_plugins_rarely():
    script = (
        "import gc, os\n"
        "from cubie_cli import main\n"
        "main.main = lambda: print(gc.get_threshold()[0], os.environ['PYDANTIC_DISABLE_PLUGINS'])\n"
        "main.program()\n"
    )
    environment = {name: value for name, value in os.environ.items() if name != "PYDANTIC_DISABLE_PLUGINS"}
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "100000 __all__\n"


def wait_for_runs(folder):
    """Wait until runs of a batch are written and taken down."""
    deadline, journal = time.monotonic() + GUARD, folder / ".result.h5.journal"
    while not journal.exists() or journal.read_text().count('{"runs"') < 3:
        assert time.monotonic() < deadline
        time.sleep(0.01)


MANY = ["--set", "batch.values={rate={linspace=[0.5,1.0,400]}}", "--set", "run.chunk=1"]


def stopped(folder, number):
    """Start a batch, and send it a signal once it has written some runs; return its exit code and its last line."""
    # Shells have what they start in the background ignore SIGINT.
    heed = {} if number == signal.SIGKILL else {"preexec_fn": lambda: signal.signal(number, signal.SIG_DFL)}
    with start(folder, *MANY, **heed) as process:
        wait_for_runs(folder)
        process.send_signal(number)
        out, err = process.communicate(timeout=GUARD)
    assert out == ""
    assert not (folder / "result.h5").exists()
    return process.returncode, (err.splitlines() or [""])[-1]


def values(path):
    with h5py.File(path) as file:
        return {name: file[name][()].tobytes() for name in ("x", "y", "total", "rate", "status", "steps", "run")}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGUSR1])
def test_what_a_stopped_run_has_finished_is_kept(folder, number):
    code, told = stopped(folder, number)
    assert code == 75
    assert told.startswith(f"stopped by {number.name}; ")
    assert told.endswith(" of 400 runs are kept: --resume goes on with them")
    left = find_unfinished(folder / "result.h5")
    assert 3 <= left.runs < 400
    assert sorted(path.name for path in folder.iterdir()) == sorted(
        [left.part.name, ".result.h5.journal", "model.toml", "run.toml"]
    )


def test_a_killed_run_is_gone_on_with(folder, cubie):
    stopped(folder, signal.SIGKILL)
    left = find_unfinished(folder / "result.h5")
    assert 3 <= left.runs < 400
    refused = cubie("run", "run.toml", *MANY)
    assert refused.code == 5
    assert f"{left.runs} of 400 runs of result.h5 are left" in refused.err
    assert "add --resume" in refused.err
    refused = cubie("run", "run.toml", *MANY, "--set", "solve.dt=0.125", "--resume")
    assert refused.code == 5
    assert "the configuration differed" in refused.err

    done = cubie("run", "run.toml", *MANY, "--set", "run.chunk=50", "--resume", "--json")
    assert done.code == 0, done.err
    assert json.loads(done.out)["statuses"] == {"success": 400}
    assert sorted(path.name for path in folder.iterdir()) == ["model.toml", "result.h5", "run.toml"]
    resumed = values("result.h5")
    again = cubie("run", "run.toml", *MANY, "--resume")
    assert again.code == 0
    assert "result.h5 is complete" in again.err
    assert cubie("run", "run.toml", *MANY, "--force", "--set", "run.chunk=400").code == 0
    assert values("result.h5") == resumed


def test_what_is_left_and_damaged_stays_until_it_is_forced(folder, cubie):
    stopped(folder, signal.SIGKILL)
    part = find_unfinished(folder / "result.h5").part
    os.truncate(part, part.stat().st_size // 2)
    refused = cubie("run", "run.toml", *MANY, "--resume")
    assert refused.code == 5
    assert "what is left of result.h5 is damaged" in refused.err
    assert part.exists()
    assert cubie("run", "run.toml", *MANY, "--force", "--set", "run.chunk=400").code == 0
    assert sorted(path.name for path in folder.iterdir()) == ["model.toml", "result.h5", "run.toml"]


def test_time_that_is_up_keeps_what_was_finished(folder, cubie, monkeypatch):
    # The clock runs from the first line that is taken down, so that no machine is too slow for it.
    add, told = Journal.add, []

    def time_is_up(self, runs):
        add(self, runs)
        told.append(runs)
        if len(told) == 5:
            signal.setitimer(signal.ITIMER_REAL, 1e-3)

    monkeypatch.setattr(Journal, "add", time_is_up)
    ended = cubie("run", "run.toml", *MANY, "--max-time", "10h", "--log", "run.log")
    assert ended.code == 75
    last = ended.err.splitlines()[-1]
    assert re.fullmatch(r"stopped by --max-time; \d+ of 400 runs are kept: --resume goes on with them", last)
    assert last.removeprefix("stopped by --max-time; ") in (folder / "run.log").read_text()
    monkeypatch.setattr(Journal, "add", add)
    assert cubie("run", "run.toml", *MANY, "--set", "run.chunk=50", "--resume").code == 0


def test_time_that_is_up_at_once_leaves_nothing(folder, cubie):
    ended = cubie("run", "run.toml", *MANY, "--max-time", "0.001s")
    assert ended.code == 75
    assert ended.err.splitlines()[-1] == "stopped by --max-time; what was not finished is not kept"
    assert sorted(path.name for path in folder.iterdir()) == ["model.toml", "run.toml"]


@pytest.mark.parametrize(
    ("error", "code"), [(DeviceError("it fell off the bus", "X"), 6), (MemoryError(), 5)], ids=["device", "memory"]
)
def test_what_was_finished_before_a_failure_is_kept(folder, cubie, monkeypatch, error, code):
    begin, begun = PythonSolver.begin, []

    def failing(self, *arguments):
        begun.append(self)
        if len(begun) == 5:
            raise error
        return begin(self, *arguments)

    monkeypatch.setattr(PythonSolver, "begin", failing)
    failed = cubie("run", "run.toml", *MANY)
    assert failed.code == code
    assert "4 of 400 runs are kept: --resume goes on with them" in failed.err
    assert cubie("run", "run.toml", *MANY, "--set", "run.chunk=50", "--resume").code == 0
    assert sorted(path.name for path in folder.iterdir()) == ["model.toml", "result.h5", "run.toml"]


def test_force_starts_anew(folder, cubie):
    stopped(folder, signal.SIGKILL)
    done = cubie("run", "run.toml", "--set", "batch.values={rate=[0.5,1.0]}", "--force")
    assert done.code == 0, done.err
    assert sorted(path.name for path in folder.iterdir()) == ["model.toml", "result.h5", "run.toml"]


def test_nothing_to_go_on_with_is_a_start(folder, cubie):
    done = cubie("run", "run.toml", "--resume")
    assert done.code == 0, done.err
    assert (folder / "result.h5").exists()


def test_a_disk_that_fills_up_leaves_nothing(folder):
    def limit_files():
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))

    arguments = ["--set", "batch.values={rate={linspace=[0.5,1.0,400]}}", "--quiet", "--json"]
    with start(folder, *arguments, preexec_fn=limit_files) as process:
        out, err = process.communicate(timeout=GUARD)
    assert process.returncode == 5
    assert out == ""
    assert "cannot write result.h5" in err
    assert "Traceback" not in err
    assert sorted(path.name for path in folder.iterdir()) == ["model.toml", "run.toml"]


def test_standard_output_that_is_full(folder):
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        command = [sys.executable, "-m", "cubie_cli", "algorithms", "--json"]
        found = subprocess.run(command, cwd=ROOT, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert found.returncode == 5
    assert found.stderr == "error: cannot write: No space left on device\n"
    assert folder.is_dir()
