"""While a kernel is compiled: what is told, and that signals end it."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from solvers.execution import engine

ROOT = Path(__file__).parents[2]
#: Seconds after which a process counts as one that the signal did not end. The compilers here never return.
GUARD = 60
TOLD, IN_C = "compiling for", "in C"

#: The command line with a compiler that locks a mutex twice: no signal is of any effect on that.
DEAF = """\
import ctypes, sys
from {module} import {name}
def forever(*_):
    mutex, lock = ctypes.create_string_buffer(256), ctypes.CDLL(None).pthread_mutex_lock
    lock(mutex)
    print("{deaf}", file=sys.stderr, flush=True)
    lock(mutex)
sys.modules["{module}"].{name} = forever
from cubie_cli.main import program
program()
"""
CPU = DEAF.format(module="solvers.targets.cpu.compiler", name="_optimise", deaf=IN_C)
CUDA = DEAF.format(module="solvers.execution.cuda.toolchain", name="optimise", deaf=IN_C)
#: The command line with an assembler that sleeps.
ASLEEP = """\
from solvers.execution.cuda import toolchain
toolchain.optimise = lambda *_: ""
toolchain.find_ptxas = lambda: "./ptxas"
from cubie_cli.main import program
program()
"""
#: A result of before, as far as anybody looks.
FORMER = b"\x89HDF\r\n\x1a\nthat of before"


@pytest.fixture
def places(folder):
    """Return folders for kernels and temporary files, beside that of the batch."""
    found = {name: folder.with_name(f"{folder.name}-{name}") for name in ("kernels", "temporary")}
    for place in found.values():
        place.mkdir(mode=0o700)
    return found


@pytest.fixture
def start(folder, places):
    """Return a function that starts a program which is the command line, with arguments."""
    started = []

    def call(program, *arguments):
        environment = {
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "CUBIE_CACHE_DIR": str(places["kernels"]),
            "TMPDIR": str(places["temporary"]),
        }
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        command = [sys.executable, "-c", program, *arguments]
        # Shells have what they start in the background ignore SIGINT.
        heed = {"preexec_fn": lambda: signal.signal(signal.SIGINT, signal.SIG_DFL)}
        started.append(subprocess.Popen(command, cwd=folder, env=environment, **pipes, **heed))
        return started[-1]

    yield call
    for process in started:
        process.kill()
        process.communicate()


def needs_toolkit():
    if reason := engine.why_cannot_compile("cuda"):
        pytest.skip(reason[0])


def read_until(process, words):
    """Return the lines of standard error up to one of some words."""
    lines = [""]
    while words not in lines[-1]:
        lines.append(process.stderr.readline())
        assert lines[-1], "it ended by itself"
    return lines


def ended(process, number):
    """Return what a process printed to standard output and error after it was sent a signal."""
    process.send_signal(number)
    return process.communicate(timeout=GUARD)


@pytest.mark.one_in(3)
@pytest.mark.parametrize(
    ("program", "arguments", "number"),
    [
        (CPU, ["run", "--target", "cpu", "--force"], signal.SIGINT),
        (CPU, ["run", "--target", "cpu", "--force", "--json"], signal.SIGTERM),
        (CPU, ["compile", "--target", "cpu"], signal.SIGTERM),
        (CPU, ["tune", "--target", "cpu"], signal.SIGINT),
        (CUDA, ["compile", "--arch", "sm_90"], signal.SIGINT),
        (CUDA, ["compile", "--arch", "sm_90", "--json"], signal.SIGTERM),
        (CUDA, ["memory-report", "--arch", "sm_90"], signal.SIGTERM),
    ],
)
def test_a_signal_ends_a_command_that_compiles(start, folder, places, program, arguments, number):
    if program is CUDA:
        needs_toolkit()
    (folder / "result.h5").write_bytes(FORMER)
    command, *options = arguments
    process = start(program, command, "run.toml", *options)
    *_, told, _ = read_until(process, IN_C)
    assert TOLD in told
    time.sleep(0.1)  # from the line to what blocks
    out, err = ended(process, number)
    assert process.returncode == 128 + number
    assert (out, err) == ("", f"stopped by {number.name}; what was not finished is not kept\n")
    assert sorted(path.name for path in folder.iterdir()) == ["model.toml", "result.h5", "run.toml"]
    assert (folder / "result.h5").read_bytes() == FORMER
    assert not any([*place.iterdir()] for place in places.values())


def test_a_signal_ends_the_assembler_too(start, folder, places):
    needs_toolkit()
    (folder / "ptxas").write_text("#!/bin/sh\necho $$ > started.part && mv started.part started\nexec sleep 600\n")
    (folder / "ptxas").chmod(0o700)
    process = start(ASLEEP, "compile", "run.toml", "--arch", "sm_90")
    while not (folder / "started").exists():
        assert process.poll() is None
        time.sleep(0.02)
    ended(process, signal.SIGTERM)
    assert process.returncode == 128 + signal.SIGTERM
    with pytest.raises(ProcessLookupError):
        os.kill(int((folder / "started").read_text()), 0)
    assert not any([*place.iterdir()] for place in places.values())


@pytest.mark.parametrize("command", ["run", "compile"])
def test_what_a_compiler_raises_is_told_as_ever(cubie, monkeypatch, command):
    from solvers.targets.cpu import compiler  # noqa: PLC0415 - imports Numba

    def fail(*_):
        raise RuntimeError("LLVM has no more registers")

    monkeypatch.setattr(compiler, "_optimise", fail)
    answer = cubie(command, "run.toml", "--target", "cpu", "--set", "run.cache=mine")
    assert answer.code == 1
    assert "a bug in cubie (RuntimeError: LLVM has no more registers)" in answer.err
    assert "Traceback" not in answer.err


@pytest.mark.parametrize("target", [["--target", "cpu"], ["--arch", "sm_90"]], ids=" ".join)
def test_it_is_told_once_what_is_compiled(cubie, target):
    if "--arch" in target:
        needs_toolkit()
    options = ("run.toml", *target, "--set", "run.cache=mine")
    first = cubie("compile", *options)
    assert first.code == 0, first.err
    (line,) = first.err.splitlines()
    assert line.startswith(
        "compiling for cuda sm_90: tsit5, 2 states, " if "--arch" in target else "compiling for cpu "
    )
    assert line.endswith(" instructions")
    assert cubie("compile", *options).err == ""


@pytest.mark.parametrize("command", [["run", "--force"], ["compile"], ["tune", "--seconds", "0", "--runs", "2"]])
def test_who_wants_quiet_is_told_nothing(cubie, command):
    name, *options = command
    answer = cubie(name, "run.toml", "--target", "cpu", "--set", "run.cache=mine", "--quiet", *options)
    assert (answer.code, answer.err) == (0, "")
