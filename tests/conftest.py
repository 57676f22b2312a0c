"""Which tests are run: `gpu` where there is a GPU, `slurm` where it is asked for, and all of many with `--thorough`."""

import gc
import math
import os
import tempfile
import zlib
from collections import defaultdict

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
    # Kernels of other runs of the tests must not hide what compiling does now. Workers of one run share theirs.
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


def pytest_addoption(parser):
    parser.addoption("--thorough", action="store_true", help="run every case of the tests that take a sample of theirs")


def pytest_collection_modifyitems(config, items):
    left_out = _without_what_they_need(config, items)
    if not config.option.thorough:
        left_out |= _not_in_the_sample(items)
    deselected = [item for item in items if item in left_out]
    if deselected:
        config.hook.pytest_deselected(items=deselected)
        items[:] = [item for item in items if item not in left_out]


def _without_what_they_need(config, items):
    lacking = {"gpu"} if config.stash[REASON] else set()
    if "slurm" not in config.option.markexpr:
        lacking.add("slurm")
    return {item for item in items if any(map(item.get_closest_marker, lacking))}


def _not_in_the_sample(items):
    """Return cases marked `thorough`, and of a function marked `one_in(n)` all but one in n on either kind of device.

    Which ones hangs on their names alone, so it is the same in every process and does not follow the order of cases.
    """
    functions = defaultdict(list)
    for item in items:
        if marker := item.get_closest_marker("one_in"):
            on_gpu = item.get_closest_marker("gpu") is not None
            functions[item.path, item.originalname, on_gpu, *marker.args].append(item)
    left_out = {item for item in items if item.get_closest_marker("thorough")}
    for (*_, n), cases in functions.items():
        cases.sort(key=lambda item: zlib.crc32(item.name.encode()))
        left_out.update(cases[math.ceil(len(cases) / n) :])
    return left_out
