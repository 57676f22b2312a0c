"""How the runs of a result ended."""

import h5py
import numpy as np
import pytest

from cubie_cli.reports import failures, statistics
from solvers.status import Status


@pytest.fixture
def result(tmp_path):
    with h5py.File(tmp_path / "r.h5", "w") as file:
        file["run"] = np.arange(100, 110)
        file["status"] = np.array([0, 5, 6, 5, 1, 5, 5, 0, -1, 1], np.int8)
        file["steps"] = file["rejected"] = np.arange(10, dtype=np.int32)
        file["k"] = np.linspace(0.0, 0.9, 10)
        ordered = sorted(Status)
        file["status"].attrs["flag_values"] = np.array(ordered, np.int8)
        file["status"].attrs["flag_meanings"] = " ".join(status.name.lower() for status in ordered)
        yield file


@pytest.mark.parametrize("block", [3, 100])
def test_each_way_to_fail_is_told_with_its_first_runs(monkeypatch, result, block):
    monkeypatch.setattr(statistics, "BLOCK", block)
    counts = failures.outcomes(result["status"])
    assert counts == {"not_run": 1, "success": 2, "max_steps": 2, "nonfinite": 4, "stopped": 1}
    assert failures.failed(counts) == {"not_run": 1, "max_steps": 2, "nonfinite": 4}
    found = {kind["status"]: kind for kind in failures.failures(result, counts, ["k"])}
    assert {name: [run["run"] for run in kind["first"]] for name, kind in found.items()} == {
        "not_run": [108],
        "max_steps": [104, 109],
        "nonfinite": [101, 103, 105],
    }
    assert found["nonfinite"]["runs"] == 4
    values = {"k": pytest.approx(0.3)}
    assert found["nonfinite"]["first"][1] == {"run": 103, "steps": 3, "rejected": 3, "values": values}
