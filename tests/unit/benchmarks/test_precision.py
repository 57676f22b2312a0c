"""What is told of work and precision."""

import json
from dataclasses import replace

import numpy as np
import pytest

from benchmarks import precision
from benchmarks.precision import Entry
from benchmarks.precision_pictures import draw, family, fastest_table, losers, price

FAST = [
    Entry("lorenz_t10", "tsit5", 1e-3, "cpu", 1e-4, 90, 1e-6),
    Entry("lorenz_t10", "tsit5", 1e-6, "cpu", 1e-7, 400, 4e-6),
]
SLOW = [replace(entry, method="kvaerno3", seconds=5 * entry.seconds) for entry in FAST]
FAILED = [replace(FAST[0], method="vern9", error=None, seconds=1e-9)]
ALL = [*FAST, *SLOW, *FAILED]


def test_a_price_is_that_of_the_cheapest_tolerance_that_is_enough():
    assert price(FAST, 3) == {"tsit5": 1e-6}
    assert price(FAST, 5) == {"tsit5": 4e-6}
    assert price(FAST, 9) == price(FAILED, 3) == {}


def test_who_wins_and_who_loses_everywhere():
    assert "| `tsit5` 1 us | `tsit5` 4 us | `tsit5` 4 us | none |" in fastest_table(ALL)
    assert losers(ALL) == ["kvaerno3", "vern9"]


def test_every_method_has_a_family():
    assert {family(method) for method in precision.METHODS} == {
        "explicit",
        "Rosenbrock",
        "diagonally implicit",
        "fully implicit",
    }


def test_a_picture_for_each_case(tmp_path):
    draw([*ALL, *(replace(entry, target="cuda") for entry in ALL)], tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["precision_lorenz_t10.png"]


def test_errors_are_those_of_the_end(tmp_path, monkeypatch):
    monkeypatch.setattr(precision, "RTOLS", (1e-4, 1e-8))
    path = tmp_path / "found.json"
    monkeypatch.setattr(
        "sys.argv", ["precision", "--only", "tsit5", "--case", "decay_exact", "--processes", "1", str(path)]
    )
    precision.main()
    loose, tight = (Entry(**entry) for entry in json.loads(path.read_text()))
    assert 0 < tight.error <= 1e-8 < loose.error <= 1e-4
    assert 0 < loose.attempts < tight.attempts
    assert np.isfinite(tight.seconds)


@pytest.mark.parametrize("case", precision.read_cases())
def test_every_case_is_a_configuration(case):
    job = precision._job(precision.read_cases()[case], "tsit5", 1e-6, 2)  # noqa: SLF001 - as it is measured
    assert job.design.count == 2
