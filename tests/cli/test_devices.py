"""Several devices on one batch, for which processes on the CPU stand in."""

import json
import multiprocessing
import os
import signal

import h5py
import pytest
from support.stand_ins import share_among_processes

from cubie_cli.runs import solving, worker
from cubie_cli.runs.workers import Pending, Workers
from solvers.errors import DeviceError
from solvers.execution.cpu.solver import CpuSolver
from solvers.execution.cuda import driver as cuda_driver

MANY = ["--target", "cpu", "--set", "batch.values={rate={linspace=[0.5,1.0,40]},x={linspace=[1.0,3.0,25]}}"]


@pytest.fixture
def three(monkeypatch):
    """Have three processes share every batch, in chunks of 32 runs."""
    share_among_processes(monkeypatch, 3)
    return ["--set", "run.chunk=32"]


def values(path):
    with h5py.File(path) as file:
        return {name: file[name][()].tobytes() for name in ("x", "y", "total", "rate", "status", "steps", "run")}


@pytest.fixture
def alone(cubie, folder):
    """Return what one process writes."""
    done = cubie("run", "run.toml", *MANY, "--output", "alone.h5")
    assert done.code == 0, done.err
    return values(folder / "alone.h5")


def test_processes_write_what_one_does(cubie, folder, alone, three):
    done = cubie("run", "run.toml", *MANY, *three, "--json")
    assert done.code == 0, done.err
    told = json.loads(done.out)
    assert told["statuses"] == {"success": 1000}
    assert told["device"].startswith("3 x ")
    assert told["seconds"]["kernel"] > 0
    assert values(folder / "result.h5") == alone
    assert sorted(path.name for path in folder.iterdir()) == ["alone.h5", "model.toml", "result.h5", "run.toml"]
    assert not multiprocessing.active_children()


def test_one_that_is_killed_gives_back_what_it_had(cubie, folder, alone, three, monkeypatch):
    hear, killed = Workers._hear, []  # noqa: SLF001 - it is where the end of a process shows

    def kill_first(self, connection, take):
        if not killed:
            killed.append(multiprocessing.active_children()[0].pid)
            os.kill(killed[0], signal.SIGKILL)
        hear(self, connection, take)

    monkeypatch.setattr(Workers, "_hear", kill_first)
    done = cubie("run", "run.toml", *MANY, *three, "--json")
    assert done.code == 0, done.err
    assert killed
    assert "warning: GPU 0 failed: its process ended; 2 go on" in done.err
    assert values(folder / "result.h5") == alone


def test_without_any_left_what_was_finished_is_kept(cubie, folder, alone, three, monkeypatch):
    begin, begun = CpuSolver.begin, []

    def lose_all(self, *arguments):
        begun.append(arguments)
        if len(begun) > 4:
            for process in multiprocessing.active_children():
                process.kill()
            raise DeviceError("it fell off the bus")
        return begin(self, *arguments)

    monkeypatch.setattr(CpuSolver, "begin", lose_all)
    failed = cubie("run", "run.toml", *MANY, *three)
    assert failed.code == 6
    assert "GPU 0 failed: it fell off the bus" in failed.err
    assert "every device failed" in failed.err
    assert "of 1,000 runs are kept" in failed.err
    assert not (folder / "result.h5").exists()
    monkeypatch.setattr(CpuSolver, "begin", begin)
    done = cubie("run", "run.toml", *MANY, *three, "--resume")
    assert done.code == 0, done.err
    assert values(folder / "result.h5") == alone


def test_a_disk_that_refuses_one_is_told_once(cubie, folder, three, monkeypatch):
    task = solving._task  # noqa: SLF001 - what processes are told

    def elsewhere(*arguments):
        return task(*arguments)._replace(part=folder / "none" / "gone.part")

    monkeypatch.setattr(solving, "_task", elsewhere)
    failed = cubie("run", "run.toml", *MANY, *three)
    assert failed.code == 5
    assert "cannot write" in failed.err
    assert "No such file or directory" in failed.err
    assert not multiprocessing.active_children()


def test_a_worker_without_its_parent_ends(monkeypatch):
    ours, theirs = multiprocessing.Pipe()
    ours.close()
    monkeypatch.setattr(worker, "_Worker", lambda *_: theirs.recv())
    worker.take_part(None, lambda: None, theirs)
    assert theirs.poll()


def test_a_chunk_that_nobody_waits_for_any_more_is_abandoned():
    ours, theirs = multiprocessing.Pipe()
    listening = worker._Listening(theirs)  # noqa: SLF001 - what the wait for a chunk tells
    listening.under_way(3)
    ours.close()
    with pytest.raises(EOFError):
        listening.under_way(4)


@pytest.mark.parametrize(("visible", "seen"), [(None, "2"), ("5,3,GPU-7a", "GPU-7a")])
def test_a_process_sees_its_own_gpu_alone(monkeypatch, visible, seen):
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    if visible:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    worker._see_only(2)  # noqa: SLF001 - it changes the environment for good
    assert os.environ["CUDA_VISIBLE_DEVICES"] == seen


def test_parts_are_whole_until_the_end_is_near():
    pending = Pending()
    pending.add([range(1000), range(2000, 10_000)])
    pending.give_back([range(1000, 1500), range(1500, 2000)])
    parts = []
    while pending:
        parts.append(pending.take(800, 2))
    assert sorted(run for part in parts for run in part) == list(range(10_000))
    assert sum(map(len, parts[:-9])) > 10_000 - 2 * 2 * 800
    assert {len(part) for part in parts if part.start >= 2000 and part.stop < 6000} == {800}
    assert len(parts[-1]) <= 100


@pytest.mark.parametrize("text", ["[]", "[-1]", '"none"', "0"])
def test_devices_that_make_no_sense(cubie, text):
    refused = cubie("run", "run.toml", "--set", f"run.devices={text}")
    assert refused.code == 3
    assert "run.devices" in refused.err


@pytest.mark.gpu
def test_processes_on_one_gpu_write_what_one_does(cubie, folder, monkeypatch):
    many = ["--target", "cuda", *MANY[2:]]
    assert cubie("run", "run.toml", *many, "--output", "alone.h5").code == 0
    share_among_processes(monkeypatch, 2)
    done = cubie("run", "run.toml", *many, "--set", "run.chunk=100", "--json")
    assert done.code == 0, done.err
    assert json.loads(done.out)["device"].startswith("2 x ")
    assert values(folder / "result.h5") == values(folder / "alone.h5")


@pytest.mark.gpu
@pytest.mark.parametrize("reason", ["CUDA_ERROR_OUT_OF_MEMORY", "CUDA_ERROR_LAUNCH_FAILED"])
@pytest.mark.parametrize("at", [1, 2, 3, 5, 8, 13, 21, 34, 55, 89])
def test_a_gpu_that_fails_costs_what_was_not_finished(cubie, folder, monkeypatch, reason, at):
    many = ["--target", "cuda", *MANY[2:], "--set", "run.chunk=50"]
    assert cubie("run", "run.toml", *many, "--output", "alone.h5").code == 0
    call, calls = cuda_driver._call, []  # noqa: SLF001 - all that is asked of the driver goes through it

    def failing(function, *arguments):
        calls.append(function)
        if len(calls) >= at and "Free" not in function.__name__ and "Destroy" not in function.__name__:
            raise DeviceError(f"{function.__name__}: ({reason})", reason)
        return call(function, *arguments)

    with monkeypatch.context() as patched:
        patched.setattr(cuda_driver, "_call", failing)
        failed = cubie("run", "run.toml", *many)
    assert failed.code in ({6} if len(calls) >= at else {0})
    assert "Traceback" not in failed.err
    done = cubie("run", "run.toml", *many, "--resume")
    assert done.code == 0, done.err
    assert values(folder / "result.h5") == values(folder / "alone.h5")


@pytest.mark.gpu
def test_a_gpu_that_is_not_there(cubie):
    refused = cubie("run", "run.toml", "--target", "cuda", "--set", "run.devices=[99]")
    assert refused.code == 6
    assert "there is no GPU 99" in refused.err
