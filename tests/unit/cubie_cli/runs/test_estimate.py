import dataclasses
from pathlib import Path

import pytest

from cubie_cli.runs.estimate import Estimate, estimate, keep_pace
from cubie_cli.runs.prepared_batch import prepare_batch

CONFIGURATION = """\
[model]
states = { x = 1.0 }
parameters = { rate = 0.5 }
equations = { x = "-rate*x" }
[solve]
t1 = 1.0
algorithm = "tsit5"
[batch.values]
rate = { linspace = [0.5, 1.0, 100] }
[output]
file = "result.h5"
[run]
target = "python"
"""


@pytest.fixture
def prepared(tmp_path, monkeypatch):
    """Return what makes a batch, whose pace is kept in a folder of the test."""
    monkeypatch.setenv("CUBIE_CACHE_DIR", str(tmp_path / "cache"))
    (tmp_path / "run.toml").write_text(CONFIGURATION)
    return lambda *overrides: prepare_batch(Path(tmp_path / "run.toml"), overrides)


def test_what_a_batch_took_tells_what_another_will(prepared):
    assert estimate(prepared()) == Estimate(None)
    keep_pace(prepared(), 2.0)
    assert estimate(prepared()) == Estimate(2.0, 100)
    larger = estimate(prepared("batch.values.rate={linspace=[0.0,1.0,400000]}"))
    assert larger == Estimate(8000.0, 100)
    assert str(larger) == "about 2 h 13 min, at the pace of 100 runs solved before"


def test_other_settings_take_another_time(prepared):
    keep_pace(prepared(), 2.0)
    for change in ("solve.t1=2.0", "output.save_every=0.1", "model.equations.x='-rate*x**2'", "solve.rtol=1e-3"):
        assert estimate(prepared(change)).seconds is None
    assert "not known yet" in str(estimate(prepared("solve.t1=2.0")))


def test_what_is_soon_done_tells_nothing(prepared):
    keep_pace(prepared(), 0.5)
    assert estimate(prepared()).seconds is None


def test_only_runs_that_were_solved_count(prepared):
    batch = prepared()
    begun = dataclasses.replace(batch, begun=type("Begun", (), {"runs": 90})())
    keep_pace(begun, 2.0)
    assert estimate(batch) == Estimate(20.0, 10)
