"""Batches that the workers of an engine solve; threads stand in for workers where the engine does not matter."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from concurrent.futures import BrokenExecutor
from pathlib import Path

import h5py
import pytest
from support.stand_ins import have_threads_as_workers

from cubie_cli.results.result_file import ResultFile
from cubie_cli.runs import pools, remote
from solvers.execution import engine

MANY = ["--set", "batch.values={rate={linspace=[0.5,1.0,20]},x={linspace=[1.0,3.0,10]}}", "--set", "run.chunk=8"]
DASK = ["--engine", "dask"]


def values(path):
    with h5py.File(path) as file:
        return {name: file[name][()].tobytes() for name in ("x", "y", "total", "rate", "x_0", "status", "steps", "run")}


@pytest.fixture
def alone(cubie, folder):
    """Return what is written without an engine."""
    done = cubie("run", "run.toml", *MANY, "--output", "alone.h5")
    assert done.code == 0, done.err
    return values(folder / "alone.h5")


@pytest.fixture
def threads(monkeypatch):
    """Have three threads be the workers of Dask."""
    have_threads_as_workers(monkeypatch)


@pytest.mark.usefixtures("threads")
def test_workers_find_what_one_process_does(cubie, folder, alone):
    done = cubie("run", "run.toml", *MANY, *DASK, "--json")
    assert done.code == 0, done.err
    told = json.loads(done.out)
    assert told["statuses"] == {"success": 200}
    assert told["device"] == "3 x Python interpreter, by threads"
    assert values(folder / "result.h5") == alone


@pytest.mark.usefixtures("threads")
def test_a_worker_that_comes_later_is_told_the_task(cubie, folder, alone, monkeypatch):
    solve, met = remote.solve, []

    def forgetful(key, task, chunk):
        met.append(task is not None)
        if len(met) == 12:
            remote._KEPT = remote._Kept()  # noqa: SLF001 - as a process that has just begun
        return solve(key, task, chunk)

    monkeypatch.setattr(remote, "solve", forgetful)
    done = cubie("run", "run.toml", *MANY, *DASK)
    assert done.code == 0, done.err
    assert not met[11]
    assert any(met[12:])
    assert values(folder / "result.h5") == alone


@pytest.mark.usefixtures("threads")
def test_without_workers_left_what_was_finished_is_kept(cubie, folder, alone, monkeypatch):
    solve, met = remote.solve, []

    def breaking(*arguments):
        met.append(arguments)
        if len(met) > 10:
            raise BrokenExecutor
        return solve(*arguments)

    monkeypatch.setattr(remote, "solve", breaking)
    failed = cubie("run", "run.toml", *MANY, *DASK)
    assert failed.code == 6
    assert "error: all ended\n  hint: --resume goes on" in failed.err
    assert "of 200 runs are kept" in failed.err
    monkeypatch.setattr(remote, "solve", solve)
    met.clear()
    done = cubie("run", "run.toml", *MANY, *DASK, "--resume")
    assert done.code == 0, done.err
    assert values(folder / "result.h5") == alone


@pytest.mark.usefixtures("threads")
def test_a_stop_keeps_what_was_finished(cubie, folder, alone, monkeypatch):
    write, written = ResultFile.write, []

    def stopping(self, *arguments):
        write(self, *arguments)
        written.append(self)
        if len(written) == 5:
            os.kill(os.getpid(), signal.SIGUSR1)

    monkeypatch.setattr(ResultFile, "write", stopping)
    stopped = cubie("run", "run.toml", *MANY, *DASK)
    assert stopped.code == 75
    assert "stopped by SIGUSR1; 40 of 200 runs are kept" in stopped.err
    assert cubie("run", "run.toml", *MANY, "--resume").code == 0
    assert values(folder / "result.h5") == alone


@pytest.mark.usefixtures("threads")
def test_workers_compile_for_another_processor(cubie, folder, monkeypatch):
    many = [*MANY, "--target", "cpu"]
    assert cubie("run", "run.toml", *many, "--output", "alone.h5").code == 0
    compiled = []
    compile_kernel = engine.compile_kernel
    monkeypatch.setattr(engine, "compile_kernel", lambda *plan: compiled.append(plan) or compile_kernel(*plan))
    monkeypatch.setattr(remote, "_architecture", lambda _target: "another processor")
    done = cubie("run", "run.toml", *many, *DASK)
    assert done.code == 0, done.err
    assert len(compiled) == 1
    assert values(folder / "result.h5") == values(folder / "alone.h5")


@pytest.mark.usefixtures("threads")
def test_workers_of_two_kinds(cubie, monkeypatch):
    kinds = iter(["one", "another"])
    monkeypatch.setattr(remote, "_architecture", lambda _target: next(kinds))
    refused = cubie("run", "run.toml", *MANY, "--target", "cpu", *DASK)
    assert refused.code == 6
    assert "workers differ: one is another, and the kernel is for one\n  hint: use workers of one kind" in refused.err


@pytest.mark.usefixtures("threads")
def test_workers_of_another_version(cubie, monkeypatch):
    monkeypatch.setattr(remote, "digest_of_sources", lambda: "another")
    refused = cubie("run", "run.toml", *DASK)
    assert refused.code == 6
    assert "the workers have another version of cubie than this command" in refused.err


def test_a_worker_of_another_version_among_others(monkeypatch):
    monkeypatch.setattr(remote, "_KEPT", remote._Kept())  # noqa: SLF001 - what a process knows at first
    with pytest.raises(pools.DeviceError, match="a worker has another version"):
        remote.introduce("another-key", b"", 1)


@pytest.mark.usefixtures("threads")
def test_workers_without_this_program(cubie, monkeypatch):
    def absent(_requested):
        raise ModuleNotFoundError("No module named 'cubie_cli'")

    monkeypatch.setattr(remote, "place", absent)
    refused = cubie("run", "run.toml", *DASK)
    assert refused.code == 6
    assert "the workers have no cubie, or another version: No module named 'cubie_cli'" in refused.err


@pytest.mark.usefixtures("threads")
def test_a_mistake_in_the_model_is_told_as_ever(cubie, folder):
    (folder / "run.toml").write_text((folder / "run.toml").read_text().replace("t1 = 1.0", "t1 = -1.0"))
    assert cubie("run", "run.toml", *DASK).code == 3


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--scheduler", "tcp://here:8786"], "--scheduler tcp://here:8786 is for --engine dask"),
        (["--engine", "mpi", "--scheduler", "x"], "--scheduler x is for --engine dask"),
        ([*DASK, "--trace", "trace.h5"], "--trace records what is solved here, and --engine solves elsewhere"),
    ],
)
def test_what_does_not_go_together(cubie, arguments, message):
    refused = cubie("run", "run.toml", *arguments)
    assert refused.code == 2
    assert message in refused.err


@pytest.mark.parametrize(("name", "library"), [("dask", "distributed"), ("mpi", "mpi4py")])
def test_an_engine_that_is_not_installed(cubie, monkeypatch, name, library):
    monkeypatch.setitem(sys.modules, library, None)
    refused = cubie("run", "run.toml", "--engine", name)
    assert refused.code == 2
    assert f"--engine {name} needs {library}\n  hint: pip install 'cubie-cli[{name}]'" in refused.err


# -- the engines themselves ---------------------------------------------------------------------


def test_dask_loses_a_worker_and_nothing_else(cubie, folder, alone, monkeypatch):
    distributed = pytest.importorskip("distributed")
    write, written = ResultFile.write, []
    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster:

        def killing(self, *arguments):
            write(self, *arguments)
            written.append(self)
            if len(written) == 5:
                os.kill(cluster.workers[1].pid, signal.SIGKILL)

        monkeypatch.setattr(ResultFile, "write", killing)
        done = cubie("run", "run.toml", *MANY, *DASK, "--scheduler", cluster.scheduler_address, "--json")
    assert done.code == 0, done.err
    assert len(written) == 25
    assert json.loads(done.out)["device"] == "2 x Python interpreter, by dask"
    assert values(folder / "result.h5") == alone


def test_a_scheduler_that_is_not_there(cubie, monkeypatch):
    pytest.importorskip("distributed")
    monkeypatch.setattr(pools, "_PATIENCE_AT_FIRST", 0.5)
    refused = cubie("run", "run.toml", *DASK, "--scheduler", "tcp://127.0.0.1:1")
    assert refused.code == 6
    assert "there is no Dask scheduler at tcp://127.0.0.1:1" in refused.err
    assert "hint: start one with `dask scheduler`" in refused.err


def test_a_scheduler_without_workers(cubie, monkeypatch):
    distributed = pytest.importorskip("distributed")
    monkeypatch.setattr(pools, "_PATIENCE_AT_FIRST", 1.0)
    with distributed.LocalCluster(n_workers=0, dashboard_address=None) as cluster:
        refused = cubie("run", "run.toml", *DASK, "--scheduler", cluster.scheduler_address)
    assert refused.code == 6
    assert "has no workers\n  hint: start some: dask worker tcp://" in refused.err


def mpiexec(*arguments):
    """Start this program as processes of MPI."""
    pytest.importorskip("mpi4py")
    start = shutil.which("mpiexec", path=f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    if start is None:
        pytest.skip("there is no mpiexec")
    allowed = {f"{name}_ALLOW_RUN_AS_ROOT{more}": "1" for name in ("OMPI", "PRTE") for more in ("", "_CONFIRM")}
    allowed["PRTE_MCA_rmaps_default_mapping_policy"] = ":oversubscribe"
    command = [start, *arguments[:2], sys.executable, "-m", "cubie_cli", *arguments[2:]]
    return subprocess.Popen(
        command, env=os.environ | allowed, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def ended(process):
    """Return what processes of MPI print, once they have ended."""
    out, err = process.communicate(timeout=300)
    return subprocess.CompletedProcess(process.args, process.returncode, out, err)


def test_mpi_finds_what_one_process_does(folder, alone):
    done = ended(mpiexec("-n", "3", "run", "run.toml", *MANY, "--engine", "mpi", "--json"))
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["device"] == "2 x Python interpreter, by mpi"
    assert values(folder / "result.h5") == alone


def test_mpi_needs_more_than_one_process():
    refused = ended(mpiexec("-n", "1", "run", "run.toml", "--engine", "mpi"))
    assert refused.returncode == 2
    assert "there is one MPI process, and so no worker" in refused.stderr


def test_mpi_ends_where_it_loses_a_process_and_keeps_what_was_finished(cubie, folder):
    psutil = pytest.importorskip("psutil")
    many, journal = [*MANY, "--set", "solve.dt=0.05"], folder / ".result.h5.journal"
    started = mpiexec("-n", "2", "run", "run.toml", *many, "--engine", "mpi", "--quiet")
    while not journal.exists() or '"runs"' not in journal.read_text():
        assert started.poll() is None, started.communicate()
        time.sleep(0.01)
    children = psutil.Process(started.pid).children(recursive=True)
    (worker,) = [each for each in children if each.environ().get("OMPI_COMM_WORLD_RANK") == "1"]
    worker.kill()
    lost = ended(started)
    assert lost.returncode
    assert re.search(r"stopped by SIGTERM; \d+ of 200 runs are kept: --resume goes on with them\n", lost.stderr)
    done = cubie("run", "run.toml", *many, "--resume")
    assert done.code == 0, done.err
    assert cubie("run", "run.toml", *many, "--output", "alone.h5").code == 0
    assert values(folder / "result.h5") == values(folder / "alone.h5")
