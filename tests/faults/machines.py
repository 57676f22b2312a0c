"""Machines that misbehave: no locks, clocks that jump, devices that fail, processes that are stopped."""

import datetime as dt
import errno
import fcntl
import json
import multiprocessing
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from random import Random
from typing import Any

from solvers.errors import DeviceError
from tests.faults.child import WrongError, begin, cubie, end
from tests.faults.scene import CHUNKS, PARTS, RESULT, Scene, before

ROOT = Path(__file__).parents[2]


def locks(scene: Scene) -> str:
    """Have two commands write one result where locks fail, or hold nothing: one at most is done, and it is right."""
    number = scene.rng.choice((errno.ENOLCK, errno.ENOTSUP, errno.ENOSYS, errno.EIO, errno.ESTALE, 0))

    def unlock() -> None:
        def flock(*_: object) -> None:
            if number:
                raise OSError(number, os.strerror(number))

        fcntl.flock = flock  # type: ignore[assignment]

    one = begin(scene.folder, "run", "run.toml", *CHUNKS, hurt=unlock)
    time.sleep(scene.rng.random() * 0.3)
    other = begin(scene.folder, "run", "run.toml", *CHUNKS, hurt=unlock)
    codes = sorted(end(scene.folder, each).among(0, 5).code for each in (one, other))
    scene.recover("--force")  # the one that came late may have left what it had
    return f"{errno.errorcode.get(number, 'no lock')}: {codes}"


def clocks(scene: Scene) -> str:
    """Have the time of day jump to and fro, and other clocks forward, whenever they are asked."""
    seed = scene.rng.random()
    ended = scene.run("--json", "--log", "run.log", "--max-time", "1000d", hurt=lambda: _disturb(Random(seed))).among(0)  # noqa: S311
    seconds = json.loads(ended.out)["seconds"]
    if min(seconds.values()) < 0:
        raise WrongError(f"seconds {seconds}")
    scene.check()
    (scene.folder / "run.log").unlink()
    scene.recover()
    return str(ended.code)


def _disturb(rng: Random) -> None:
    ahead = 0.0

    def jumping(usual: Any) -> Any:
        def now() -> float:
            nonlocal ahead
            if rng.random() < 0.2:
                ahead += rng.expovariate(1e-3)
            return usual() + ahead

        return now

    day = time.time
    time.time = lambda: day() + rng.uniform(-1e9, 1e9)
    time.monotonic, time.perf_counter = jumping(time.monotonic), jumping(time.perf_counter)
    usual = dt.datetime

    class Jumping(usual):  # type: ignore[misc, valid-type]
        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return usual.now(tz) + dt.timedelta(seconds=rng.uniform(-1e9, 1e9))

    for module in [*sys.modules.values()]:
        if getattr(module, "datetime", None) is usual and module.__name__.startswith("cubie_cli"):
            module.datetime = Jumping


def devices(scene: Scene) -> str:
    """Have the device fail, or run out of memory, in the middle."""
    from solvers.execution.python.engine import PythonSolver  # noqa: PLC0415 - the commands have it

    error = scene.rng.choice((DeviceError("cuStreamSynchronize: it fell off the bus", "X"), MemoryError()))
    at = scene.rng.randrange(1, PARTS + 1)
    ended = scene.run(hurt=lambda: before(PythonSolver, "begin", at, lambda: _raise(error))).among(5, 6)
    if at > 1 and "runs are kept" not in ended.err:
        raise WrongError(f"runs are lost: {ended.err}")
    scene.recover()
    return f"{type(error).__name__}: {ended.code}"


def _raise(error: Exception) -> None:
    raise error


def workers(scene: Scene) -> str:
    """Have processes share the batch, and kill one of them."""
    number = scene.rng.randrange(1, 2 * PARTS)
    which = scene.rng.randrange(2)
    ended = cubie(scene.folder, "run", "run.toml", *CHUNKS[:2], hurt=lambda: _lose_a_worker(number, which)).among(0)
    scene.check()
    scene.recover()
    return "lost one" if "its process ended" in ended.err else "lost none"


workers.target = "cpu"  # type: ignore[attr-defined] - the interpreter has no devices


def _lose_a_worker(at: int, which: int) -> None:
    from cubie_cli.runs import solving  # noqa: PLC0415 - the commands have it
    from cubie_cli.runs.workers import Workers  # noqa: PLC0415

    solving.devices_of = lambda _batch: (0, 0)
    solving.worth_sharing = lambda _ranges, _pace: True
    heard: list[object] = []

    def kill() -> None:
        heard.append(None)
        members = sorted(multiprocessing.active_children(), key=lambda each: each.pid or 0)
        if len(heard) == 1 and len(members) == 2:
            members[which].kill()

    before(Workers, "_hear", at, kill)


# -- ends ---------------------------------------------------------------------------------------


def signals(scene: Scene) -> str:
    """Send a signal to a program at any moment from its first to its last."""
    return _stop(scene, Path(os.environ["CUBIE_CACHE_DIR"]))


def signals_while_compiling(scene: Scene) -> str:
    """Send a signal to a program that has a kernel to compile."""
    cold = scene.folder.parent / "cold"
    try:
        return _stop(scene, cold)
    finally:
        shutil.rmtree(cold, ignore_errors=True)


signals_while_compiling.target = "cpu"  # type: ignore[attr-defined]


def _stop(scene: Scene, cache: Path) -> str:
    number = scene.rng.choice((signal.SIGINT, signal.SIGTERM, signal.SIGUSR1, signal.SIGHUP, signal.SIGKILL))
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "CUBIE_CACHE_DIR": str(cache)}
    moment = scene.rng.random() * _usual_seconds(scene.folder, cache)
    with _program(scene.folder, environment, number) as process:
        try:
            process.wait(moment)
        except subprocess.TimeoutExpired:
            process.send_signal(number)
        _, err = process.communicate(timeout=600)
    _check_stop(number, process.returncode, err)
    scene.recover()
    return f"{number.name}: {process.returncode}"


def _program(folder: Path, environment: Mapping[str, str], number: signal.Signals) -> "subprocess.Popen[str]":
    """Start the command as a program of its own, which heeds a signal."""

    def heed() -> None:
        if number != signal.SIGKILL:
            signal.signal(number, signal.SIG_DFL)

    command = [sys.executable, "-m", "cubie_cli", "run", "run.toml", *CHUNKS]
    pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    return subprocess.Popen(command, cwd=folder, env=environment, preexec_fn=heed, **pipes)  # noqa: PLW1509


_SECONDS: dict[Path, float] = {}


def _usual_seconds(folder: Path, cache: Path) -> float:
    """Return how long the program takes when nothing stops it."""
    if cache not in _SECONDS:
        started = time.monotonic()
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "CUBIE_CACHE_DIR": str(cache)}
        with _program(folder, environment, signal.SIGINT) as process:
            process.communicate()
        _SECONDS[cache] = time.monotonic() - started
        (folder / RESULT).unlink()
        if cache.name == "cold":
            shutil.rmtree(cache)
    return _SECONDS[cache]


def _check_stop(number: signal.Signals, code: int, err: str) -> None:
    """Check the exit code of a program that was sent a signal.

    Raises
    ------
    WrongError
        It is none of those that the contract has, or not what is told.
    """
    at_once = code == -number and not err  # before it listens, or by SIGKILL
    stopped = code in {75, 128 + number} and err.splitlines()[-1].startswith(f"stopped by {number.name}; ")
    kept = "are kept" in err or number == signal.SIGUSR1
    if not (code == 0 or at_once or (stopped and (code == 75) == kept)):
        raise WrongError(f"{number.name}: exit code {code}: {err[-600:]}")
