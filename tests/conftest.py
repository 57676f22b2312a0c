"""Tests marked `gpu` are left out where there is no GPU, and the header says why."""

import pytest

from solvers.targets import cuda_engine


def pytest_configure(config):
    reason = cuda_engine.why_unavailable()
    config.stash[REASON] = reason and reason[0]


REASON = pytest.StashKey[str | None]()


def pytest_report_header(config):
    reason = config.stash[REASON]
    return f"gpu tests are left out: {reason}" if reason else "gpu tests are run"


def pytest_collection_modifyitems(config, items):
    if not config.stash[REASON]:
        return
    left_out = [item for item in items if item.get_closest_marker("gpu")]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if not item.get_closest_marker("gpu")]
