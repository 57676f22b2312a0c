"""Tests marked `gpu` are left out where there is no GPU, and the header says why; `slurm` is to be asked for."""

import gc
import os
import tempfile

import pytest
from hypothesis import HealthCheck, settings

from solvers.execution.cuda import engine as cuda_engine

# How long an example takes says what else the machine does.
settings.register_profile("no clock", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("no clock")


# The compiler keeps much, and leaves little to collect: looking through all of it again and again takes a tenth of the
# time.
gc.set_threshold(50_000, 20, 20)


@pytest.fixture(scope="module", autouse=True)
def settled():
    """Look through what a module's tests leave once."""
    yield
    gc.collect()
    gc.freeze()


def pytest_configure(config):
    # Kernels of other runs of the tests must not hide what compiling does now. Those of one run are for all its workers.
    if not hasattr(config, "workerinput"):
        folder = config.stash[FOLDER] = tempfile.TemporaryDirectory(prefix="cubie-tests-")
        os.environ["CUBIE_CACHE_DIR"] = folder.name
    reason = cuda_engine.why_unavailable()
    config.stash[REASON] = reason and reason[0]


def pytest_unconfigure(config):
    if FOLDER in config.stash:
        config.stash[FOLDER].cleanup()


FOLDER = pytest.StashKey[tempfile.TemporaryDirectory]()
REASON = pytest.StashKey[str | None]()


def pytest_report_header(config):
    reason = config.stash[REASON]
    return f"gpu tests are left out: {reason}" if reason else "gpu tests are run"


def pytest_collection_modifyitems(config, items):
    left_out = {"gpu"} if config.stash[REASON] else set()
    if "slurm" not in config.option.markexpr:
        left_out.add("slurm")
    deselected = [item for item in items if any(map(item.get_closest_marker, left_out))]
    if deselected:
        config.hook.pytest_deselected(items=deselected)
        items[:] = [item for item in items if not any(map(item.get_closest_marker, left_out))]
