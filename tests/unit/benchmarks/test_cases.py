"""Every case of the benchmarks can be planned, and says what it means to."""

from pathlib import Path

import pytest

from benchmarks.cases import CASES, Case
from benchmarks.problems import PROBLEMS
from cubie_cli.runs.prepared_batch import prepare_batch


@pytest.mark.parametrize("case", CASES.values(), ids=list(CASES))
def test_case_is_planned_as_named(case, tmp_path):
    prepared = prepare_batch(case.on("cpu", 1 / 64).write(tmp_path), (), "cpu")
    exchange = prepared.exchange
    assert (exchange.solve.dt is not None) is case.fixed
    assert exchange.solve.precision == case.precision
    assert exchange.solve.algorithm == case.algorithm
    assert len(exchange.times) == (case.saves + 1 if case.saves else 1)
    assert exchange.swept == (case.problem.sweep[0],)
    assert prepared.warnings == []


def test_runs_follow_target_and_scale():
    case = CASES["explicit lorenz tsit5 fixed float32"]
    assert case.on("cuda").runs == 2**20
    assert case.on("cpu").runs == 2**16
    assert case.on("cpu", 0.5).runs == 2**15


def test_the_absolute_tolerance_follows_the_relative_one():
    case = Case("peers", PROBLEMS["robertson"], "rodas4", 1, rtol=1e-4)
    assert case.atol == pytest.approx(100 * PROBLEMS["robertson"].atol)


def test_a_plain_case_leaves_controller_and_first_step_to_the_method(tmp_path):
    for plain in (False, True):
        case = Case("stiff", PROBLEMS["hires"], "rodas4", 1, plain=plain)
        solve = prepare_batch(case.write(Path(tmp_path)), (), "cpu").exchange.solve
        assert (solve.dt0 is None) is plain
        assert (solve.controller.kind is None) is plain
