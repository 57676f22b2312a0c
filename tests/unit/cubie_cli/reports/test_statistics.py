"""Statistics of variables that are read in blocks."""

import numpy as np
import pytest

from cubie_cli.reports import statistics
from solvers.status import Status

KEYS = ("minimum", "maximum", "mean", "std", "missing")


class Variable:
    """What of a dataset is used, with a note of how much was read at a time."""

    def __init__(self, values):
        self.values = np.asarray(values)
        self.ndim, self.shape = self.values.ndim, self.values.shape
        self.read = []

    def __getitem__(self, place):
        found = self.values[place]
        self.read.append(found.size)
        return found


def expected(values):
    known = values[~np.isnan(values)]
    return dict(zip(KEYS, (known.min(), known.max(), known.mean(), known.std(), values.size - known.size), strict=True))


@pytest.mark.parametrize("shape", [(50,), (7, 1), (1, 50), (3, 4, 9), (2, 3, 4, 5)])
@pytest.mark.parametrize("block", [1, 7, 1 << 20])
def test_blocks_come_to_what_the_whole_does(monkeypatch, shape, block):
    monkeypatch.setattr(statistics, "BLOCK", block)
    values = np.random.default_rng(1).normal(3.0, 2.0, shape)
    values[..., 0] = np.where(values[..., 0] > 3, np.nan, values[..., 0])
    values[-1] = 5.0
    data = Variable(values)
    found = statistics.statistics(data).as_json()
    assert found == pytest.approx(expected(values), rel=1e-12)
    assert max(data.read) <= block
    assert sum(data.read) == values.size


def test_only_runs_that_succeeded_count(monkeypatch):
    monkeypatch.setattr(statistics, "BLOCK", 2)
    values = np.arange(10.0).reshape(2, 5)
    status = np.array([Status.SUCCESS, Status.NONFINITE, Status.STOPPED, Status.MAX_STEPS, Status.NOT_RUN], np.int8)
    found = statistics.statistics(Variable(values), Variable(status)).as_json()
    assert found == pytest.approx(expected(values[:, [0, 2]]))


def test_small_differences_of_large_values_are_kept(monkeypatch):
    monkeypatch.setattr(statistics, "BLOCK", 100)
    values = 1e9 + np.random.default_rng(2).normal(0.0, 1e-3, 10_000)
    assert statistics.statistics(Variable(values)).as_json()["std"] == pytest.approx(values.std(), rel=1e-5)


def test_counts_stay_whole_numbers_and_nothing_known_is_none():
    counts = statistics.statistics(Variable(np.array([1, 5, 3], np.int32))).as_json()
    assert (counts["minimum"], counts["maximum"]) == (1, 5)
    assert isinstance(counts["maximum"], int)
    assert statistics.statistics(Variable([np.nan, np.nan])).as_json() == dict.fromkeys(KEYS) | {"missing": 2}


def test_infinite_values_are_told():
    found = statistics.statistics(Variable([1.0, np.inf])).as_json()
    assert (found["minimum"], found["maximum"]) == (1.0, np.inf)
