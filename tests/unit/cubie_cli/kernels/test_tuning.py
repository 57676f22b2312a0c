"""The search for faster settings, with kernels whose times are made up."""

import math
from itertools import count
from types import SimpleNamespace

import numpy as np
import pytest
import tomli

from cubie_cli.documents.messages import UserError
from cubie_cli.kernels import tuning
from solvers.planning.exchange import Solution

STATE = ("buffers", "loop.state")
SLOPE = ("buffers", "step.slope")


class Bench:
    """A batch whose kernel takes 1 s, times a factor for each setting that has one."""

    target = "cpu"
    runs = 4

    def __init__(self, factors, results=None, refused=()):
        self.factors, self.results, self.refused = factors, results or {}, refused
        self.opened = 0
        rows = [
            SimpleNamespace(kind="own", owner="loop", name="state", bytes=24, location="local"),
            SimpleNamespace(kind="own", owner="step", name="slope", bytes=48, location="local"),
            SimpleNamespace(kind="own", owner="step", name="nothing", bytes=0, location="local"),
            SimpleNamespace(kind="aggregation", owner="loop", name="step_shared", bytes=48, location="shared"),
        ]
        self.base = SimpleNamespace(work=SimpleNamespace(registry=SimpleNamespace(rows=lambda: rows)))
        solve = SimpleNamespace(precision="float64")
        quantities = SimpleNamespace(name="test")
        self.job = SimpleNamespace(
            configuration=SimpleNamespace(solve=solve), model=SimpleNamespace(quantities=quantities)
        )

    def open(self, settings):
        for setting in settings.items():
            if setting in self.refused:
                raise UserError("no room")
        seconds = float(np.prod([self.factors.get(setting, 1.0) for setting in settings.items()]))
        value = sum(self.results.get(setting, 0.0) for setting in settings.items())
        return tuning.Candidate(Solver(self, seconds, 1.0 + value), np.zeros((1, self.runs)))


class Solver:
    device = "a device"

    def __init__(self, bench, seconds, value):
        self.bench, self.kernel_seconds, self.value = bench, seconds, value
        bench.opened += 1

    def solve(self, values):
        runs = values.shape[1]
        variables = np.full((1, 1, runs), self.value)
        counts = np.zeros(runs, dtype=np.int32)
        return Solution(variables, np.empty((0, 0)), counts.astype(np.int8), counts, counts, self.kernel_seconds, 0.0)

    def close(self):
        self.bench.opened -= 1


def search(bench, seconds=math.inf):
    told = []
    found = tuning.tune(bench, seconds, told.append)
    assert found.trials == tuple(told)
    assert bench.opened == 0
    return found


def test_what_is_faster_is_kept_and_built_upon():
    bench = Bench({(STATE, "shared"): 0.5, (SLOPE, "shared"): 0.9, (SLOPE, "persistent"): 0.8})
    found = search(bench)
    assert found.settings == {SLOPE: "persistent", STATE: "shared"}
    assert found.speed == pytest.approx(1 / (0.5 * 0.8))
    kept = {next(iter(trial.settings.items())): trial.speed for trial in found.trials if trial.kept}
    assert kept[SLOPE, "persistent"] == pytest.approx(0.9 / 0.8)
    assert found.complete


def test_large_buffers_come_first_and_all_places_are_tried():
    tried = [next(iter(trial.settings.items())) for trial in search(Bench({})).trials]
    buffers = [setting for setting in tried if setting[0][0] == "buffers"]
    assert buffers == [(SLOPE, "shared"), (SLOPE, "persistent"), (STATE, "shared"), (STATE, "persistent")]


def test_nothing_faster_is_no_setting():
    found = search(Bench({(STATE, "shared"): 0.99, (SLOPE, "shared"): 1.5}))
    assert found.settings == {}
    assert found.speed == 1.0
    assert {trial.note for trial in found.trials} == {"not faster"}


def test_other_results_are_not_kept():
    found = search(Bench({(STATE, "shared"): 0.5}, results={(STATE, "shared"): 1e-9}))
    assert found.settings == {}
    assert "other results" in {trial.note for trial in found.trials}


def test_what_cannot_be_built_is_passed_over():
    found = search(Bench({(SLOPE, "persistent"): 0.5}, refused=[(SLOPE, "shared")]))
    assert found.settings == {SLOPE: "persistent"}
    (refusal,) = (trial for trial in found.trials if trial.speed is None)
    assert refusal.note == "no room"


@pytest.mark.parametrize("trials", [0, 1, 3])
def test_the_search_ends_in_time(trials, monkeypatch):
    monkeypatch.setattr(tuning, "time", SimpleNamespace(perf_counter=count().__next__))
    found = search(Bench({}), seconds=trials)
    assert (len(found.trials), found.complete) == (trials, False)
    assert found.settings == {}


def test_settings_are_toml():
    found = search(Bench({(STATE, "shared"): 0.5, (("run", "kernel", "vectors"), 2): 0.5}))
    assert tomli.loads(found.as_toml()) == {"buffers": {"loop.state": "shared"}, "run": {"kernel": {"vectors": 2}}}
    assert found.as_toml().startswith("# test on a device (cpu)")
    assert found.as_json()["settings"] == {"run.kernel.vectors": 2, 'buffers."loop.state"': "shared"}
