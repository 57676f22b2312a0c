"""Errors, times at equal errors, the equations handed to other programs, choice of measurements, and tables."""

import json
import math

import numpy as np
import pytest

from benchmarks.__main__ import chosen
from benchmarks.cases import Case
from benchmarks.commands import timed
from benchmarks.equal_error import Point, errors, time_at
from benchmarks.equations import equations
from benchmarks.problems import PROBLEMS
from benchmarks.table import Row, Table, attempted, number


def test_the_error_is_relative_to_the_state_or_a_share_of_the_largest():
    exact = np.array([[100.0, 1.0], [1e-9, -2.0]])
    states = np.array([[101.0, 1.0], [1e-3, -2.5]])
    assert errors(states, exact) == pytest.approx([1e-2, 0.25])
    assert errors(np.array([[np.nan]]), np.array([[1.0]])).tolist() == [math.inf]


def test_the_time_at_an_error_is_interpolated_between_logarithms():
    curve = [Point(1e-4, 1e-4, 10.0), Point(1e-6, 1e-8, 1000.0)]
    assert time_at(curve, 1e-6) == pytest.approx(100.0)
    assert time_at(curve, 1e-8) == pytest.approx(1000.0)
    assert time_at(curve, 1e-9) == math.inf
    assert time_at([*curve, Point(1e-8, 1e-9, 20.0)], 1e-6) == 20.0


@pytest.mark.parametrize("name", ["lorenz", "robertson", "van_der_pol", "hires", "pollution"])
def test_functions_for_other_programs_agree_with_expressions(name):
    system = equations(Case("peers", PROBLEMS[name], "rodas4", 1))
    y = np.linspace(0.5, 1.5, len(system.states))
    known = dict(zip([*system.states, *system.parameters], [*y, *system.values], strict=True))
    out = np.zeros(len(y))
    system.function()(0.0, y, system.values, out)
    assert out == pytest.approx([float(one.subs(known)) for one in system.derivatives])
    matrix = np.zeros((len(y), len(y)))
    system.jacobian()(0.0, y, system.values, matrix)
    expected = [[float(one.diff(state).subs(known)) for state in system.states] for one in system.derivatives]
    assert matrix == pytest.approx(np.array(expected))


def test_texts_choose_measurements_by_section_and_name():
    assert all(chosen([]).values())
    only = chosen(["commands", "kernels explicit lorenz tsit5 fixed float32"])
    assert only["kernels"] == ["explicit lorenz tsit5 fixed float32"]
    assert "help" in only["commands"]
    assert only["memory"] == only["peers"] == []


def test_a_command_is_timed_from_outside(tmp_path):
    script = tmp_path / "script.sh"
    script.write_text('#!/bin/sh\necho words\necho \'{"seconds": {"total": 1}}\'\nexit $1\n')
    script.chmod(0o755)
    found = timed([str(script), "0"])
    assert found["seconds"] == {"total": 1}
    assert found["wall_s"] > 0
    assert 0 < found["peak_MiB"] < 1000
    with pytest.raises(RuntimeError, match="failed"):
        timed([str(script), "3"])


def test_a_table_prints_headings_once_and_keeps_all_rows(tmp_path, capsys):
    path = tmp_path / "figures.json"
    table = Table(path, {"device": "abacus"})
    table.add(Row("kernels", "first", {"ms": 1.25, "failed": 0}))
    table.add(Row("kernels", "second", {"ms": 12345.6, "failed": 7}, {"rounds": [1]}, ["a note"]))
    out = capsys.readouterr().out
    assert out.count("failed") == 1
    assert ["second", "12,346", "7"] in [line.split() for line in out.splitlines()]
    assert "a note" in out
    kept = json.loads(path.read_text())
    assert kept["about"] == {"device": "abacus"}
    assert [row["name"] for row in kept["rows"]] == ["first", "second"]
    assert not table.failed


def test_a_measurement_that_fails_leaves_the_others():
    def fail():
        raise ValueError("no\nroom")

    table = Table(None, {})
    table.add(attempted("kernels", "first", fail))
    assert table.failed
    row = attempted("kernels", "first", fail)
    assert (row.name, row.figures, row.notes) == ("first", {}, ["failed: ValueError: no room"])


@pytest.mark.parametrize(("value", "text"), [(1.23456, "1.23"), (1000.4, "1,000"), (math.inf, "inf"), (12, "12")])
def test_figures_are_short(value, text):
    assert number(value) == text
