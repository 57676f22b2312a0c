"""What holds for every method, on every target, in either precision, with fixed and adaptive steps, saving or not.

`support.properties` lists the combinations. With `--thorough` the interpreter meets every property in all of them;
`ways` and `moves` there say what is not compiled, and `usual` what other runs of the tests leave out: the interpreter
still has every method meet every property, and of what is compiled every other method does.
"""

import numpy as np
import pytest
from support.properties import FEW, MAX_STEPS, MODES, STEPS, Subject, Way, columns, moves, usual, ways
from support.solving import solve

from solvers.execution import engine
from solvers.status import Status
from solvers.tableaus import IMPLICIT_TABLEAUS
from solvers.trace import Recorder

COMPILED = ("cpu", "cuda")
TARGETS = ("cpu", "python", "cuda")
#: How far two targets may be from each other: with fixed steps in units of the last place, with adaptive steps in units
#: of the tolerance, because the last bits of an error decide about those of the next step.
ROUNDING = 256
DRIFT = {"float64": 1e-3, "float32": 5.0}
#: Units of the last place that methods with large coefficients of both signs make of one.
AMPLIFIED = {"vern6": 2**18, "vern8": 2**14}
#: What another correction of Newton's method, which a last bit may decide about, changes, in units of the tolerance.
CORRECTION = 0.01


@pytest.fixture(scope="module")
def subject(request):
    """Return a mode on a target; tests of one follow each other, and share what it compiles and solves."""
    made = Subject(*request.param)
    yield made
    made.close()


def marks(way):
    return [*[pytest.mark.gpu] * (way.target == "cuda"), *[pytest.mark.thorough] * (not usual(way))]


def on(targets, chosen):
    """Run a test for the ways that are chosen of every mode on some targets."""
    cases = [
        pytest.param((mode, target), way, id=str(way), marks=marks(way))
        for mode in MODES
        for target in targets
        for way in chosen(mode, target)
    ]
    return pytest.mark.parametrize(("subject", "way"), cases, indirect=["subject"], scope="module")


def compared(mode, target):
    """Yield the way that saves at times, where there is one that saves the end only, and steps need not land."""
    found = [*ways(mode, target)]
    if len(found) == 2 and not (mode.lands and mode.adaptive):
        yield found[1]


@on(TARGETS, ways)
def test_every_run_succeeds(subject, way):
    solution = subject.solution(way)
    assert not solution.status.any()
    assert solution.variables.dtype == subject.mode.precision
    assert np.isfinite(solution.variables).all()


@on(TARGETS, ways)
def test_steps_are_counted(subject, way):
    solution = subject.solution(way)
    if subject.mode.adaptive:
        assert (solution.steps >= 1).all()
        assert (solution.rejected >= 0).all()
        assert (solution.steps + solution.rejected <= MAX_STEPS).all()
        assert len(set(solution.steps)) > 1
    else:
        assert (solution.steps == STEPS).all()
        assert not solution.rejected.any()


@on(TARGETS, ways)
def test_a_run_is_the_same_alone_and_in_another_order(subject, way):
    together, runs = subject.solution(way), subject.values.shape[1]
    # In the interpreter the first run is alone, whichever it is.
    for run in () if subject.target == "python" else (0, runs // 2, runs - 1):
        alone = subject.solve(subject.values[:, run : run + 1], way)
        assert columns(alone, [0]) == columns(together, [run])
    backwards = subject.solve(subject.values[:, ::-1], way)
    assert columns(backwards, slice(None, None, -1)) == columns(together, slice(None))


@on(TARGETS, ways)
def test_a_run_is_the_same_among_runs_that_fail(subject, way):
    together, among = subject.solution(way), subject.solve(subject.crowd(way), way)
    assert columns(among, slice(1, None, 3)) == columns(together, slice(None))
    assert (among.status[2::3] == Status.NONFINITE).all()
    assert not among.steps[2::3].any()
    assert set(among.status) <= set(Status) - {Status.NOT_RUN}
    assert (among.steps + among.rejected <= MAX_STEPS).all()
    # A Rosenbrock method solves no equations, so it may take fixed steps to some finite end.
    failed = among.status != Status.SUCCESS
    assert np.isnan(among.variables[:, -1, failed]).all()
    assert np.isfinite(among.variables[..., ~failed]).all()


@on(TARGETS, moves)
def test_buffers_elsewhere_change_nothing(subject, way):
    chosen = slice(-1, None) if subject.target == "python" else slice(None)
    local = subject.solution(Way(way.mode, way.target, way.saving))
    totals = subject.plan(way).registry.totals()
    assert getattr(totals, way.place) == totals.shared + totals.persistent + totals.local > 0
    assert columns(subject.solve(subject.values[:, chosen], way), slice(None)) == columns(local, chosen)


@on(TARGETS, compared)
def test_saving_changes_no_step(subject, way):
    saved, ends = subject.solution(way), subject.solution(Way(way.mode, way.target, saving=False))
    if subject.mode.adaptive and subject.mode.method in IMPLICIT_TABLEAUS:
        # A step may be shorter for the sake of what is saved within it.
        close = 30 * subject.mode.rtol
        np.testing.assert_allclose(saved.variables[:, -1], ends.variables[:, -1], rtol=close, atol=close)
        return
    assert saved.steps.tolist() == ends.steps.tolist()
    assert saved.rejected.tolist() == ends.rejected.tolist()
    if subject.target == "cuda":
        # The compiler fuses other multiplications and additions in another kernel.
        assert_close(saved.variables[:, -1:], ends.variables, subject)
    else:
        assert saved.variables[:, -1:].tobytes() == ends.variables.tobytes()


@on(COMPILED, ways)
def test_targets_agree(subject, way):
    mode = subject.mode
    found, defined = subject.solve(FEW, way), Subject(mode, "python").solution(way)
    if mode.method not in AMPLIFIED or mode.precision == "float64":
        exact = mode.precision == "float64" and mode.method not in IMPLICIT_TABLEAUS
        np.testing.assert_allclose(found.steps, defined.steps, rtol=0 if exact else 0.05, atol=0 if exact else 1)
    assert_close(found.variables, defined.variables, subject)


def assert_close(found, expected, subject):
    mode = subject.mode
    close = AMPLIFIED.get(mode.method, ROUNDING) * np.finfo(mode.precision).eps
    if mode.adaptive:
        close = max(close, DRIFT[mode.precision] * mode.rtol)
    elif subject.target == "cuda" and mode.method in IMPLICIT_TABLEAUS:
        close += CORRECTION * mode.rtol
    np.testing.assert_allclose(found, expected, rtol=close, atol=close / 10)


@on(["python"], ways)
def test_counts_are_those_of_the_attempts(subject, way):
    recorder = Recorder()
    solution = engine.interpret(subject.plan(way), recorder).solve(FEW[:, :1])
    accepted = [row["accepted"] for row in recorder.take()["attempt"]]
    assert solution.steps.tolist() == [sum(accepted)]
    assert solution.rejected.tolist() == [len(accepted) - sum(accepted)]


@on(["python"], ways)
def test_attempts_are_bounded(subject, way):
    solution = solve(subject.mode.problem(saving=way.saving, max_steps=3), FEW[:, :1], "python")
    assert solution.status.tolist() == [Status.MAX_STEPS]
    assert solution.steps + solution.rejected == [3]
    assert np.isnan(solution.variables[:, -1]).all()
