"""What is left behind when a run is stopped, killed, or runs out of disk."""

import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
#: Seconds after which a process counts as one without an end.
GUARD = 600
ENDLESS = ["--set", "batch.values={rate={linspace=[0.5,1.0,1000000]}}", "--set", "run.chunk=1"]


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


def wait_until_writing(folder):
    deadline = time.monotonic() + GUARD
    while not list(folder.glob(".*.part")):
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_a_run_and_leaves_nothing(folder, number):
    # Shells have what they start in the background ignore SIGINT.
    with start(folder, *ENDLESS, preexec_fn=lambda: signal.signal(number, signal.SIG_DFL)) as process:
        wait_until_writing(folder)
        process.send_signal(number)
        out, err = process.communicate(timeout=GUARD)
    assert process.returncode == 128 + number
    assert out == ""
    assert err.endswith(f"stopped by {number.name}; what was not finished is not kept\n")
    assert sorted(path.name for path in folder.iterdir()) == ["model.toml", "run.toml"]


def test_a_killed_run_leaves_no_result(folder):
    with start(folder, *ENDLESS) as process:
        wait_until_writing(folder)
        process.kill()
        process.communicate(timeout=GUARD)
    assert not (folder / "result.h5").exists()


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
