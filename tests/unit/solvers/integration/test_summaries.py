"""What summaries make of steps that are cut, and of states that jump between them: on polynomials that a test gives."""

from types import SimpleNamespace

import numpy as np
import pytest
from numpy.polynomial import Polynomial
from support.systems import make_system

from buffers import BufferRegistry
from solvers.algebra.point import Point
from solvers.equations.right_hand_side import RightHandSide
from solvers.integration import bernstein
from solvers.integration.lane import Place, Results
from solvers.integration.summaries import Summaries
from solvers.integration.summary_groups import AskedSummary
from solvers.integration.windows import WindowEnds
from solvers.settings import LEVEL_KINDS, PEAK_KINDS
from solvers.status import Status
from solvers.targets.memory import make_frame
from solvers.targets.python import PythonTarget

DEGREE = 3
WHOLE = (WindowEnds(),)
SYSTEM = make_system({"x": 0.0}, {"x": "0"}, {"k": 1.0}, {"root": "sqrt(x)"})


class GivenStep:
    """A step whose polynomial a test says."""

    extension_degree = DEGREE

    def __init__(self):
        self.curve = None

    def extension(self, point, memory):  # noqa: ARG002 - as methods have it
        length = float(point.h)
        values = [np.float64(self.curve(point.t + length * node)) for node in bernstein.nodes(DEGREE)]
        return lambda _state: bernstein.through(values)


class Run:
    """A run that a test takes from part to part."""

    def __init__(self, asked, windows=WHOLE, start=0.0, t0=0.0, t1=10.0):
        self.step, self.asked = GivenStep(), asked
        given = [AskedSummary(**{"quantity": 0, "observable": False, "window": 0, **each}) for each in asked]
        rhs = RightHandSide(SYSTEM, "float64")
        summaries = Summaries(rhs, self.step, tuple(given), tuple(windows), t0, t1, changes=True)
        registry, target = BufferRegistry(), PythonTarget()
        summaries.register(registry)
        registry.freeze()
        frame = target.allocate(make_frame(registry, "summaries"))(None, None)
        self.memory = SimpleNamespace(state=np.array([start]), parameters=np.array([1.0]), step=None, summaries=frame)
        self.does = summaries.build(target, lambda _point, _memory: None)
        self.t = np.float64(t0)
        self.does.begin(True, self.t, self.memory)  # noqa: FBT003

    def go(self, curve, t_next, t_stop=None):
        """Take a step along a curve of t, of which the part up to t_stop counts."""
        self.step.curve = curve
        t_stop = t_next if t_stop is None else t_stop
        point = Point(self.t, np.float64(t_next - self.t), self.memory.state, self.memory.parameters)
        self.does.update(True, point, np.float64(t_next), np.float64(t_stop), self.memory)  # noqa: FBT003
        self.t = np.float64(t_stop)
        self.memory.state[0] = curve(t_stop)

    def jump(self, value):
        self.memory.state[0] = value
        self.does.jump(True, self.t, self.memory)  # noqa: FBT003

    def end(self, status=Status.SUCCESS):
        findings = np.full(len(self.asked), -1.0)
        results = Results(None, None, findings)
        place = Place(np.int64(0), np.int64(1))
        self.does.end(True, np.int32(status), self.t, self.memory, results, place)  # noqa: FBT003
        return dict(zip([each["kind"] for each in self.asked], findings, strict=True))


def kinds(*names, **options):
    return [{"kind": name, **options} for name in names]


def test_of_a_step_that_is_cut_the_part_counts_that_was_gone():
    run = Run(kinds("max", "time_of_max", "mean", "integral", "std", "final", "peaks"))
    run.go(Polynomial([0.0, 4.0, -1.0]), 3.0, 1.0)  # its peak, at 2, is beyond
    run.jump(1.0)
    run.go(Polynomial([1.0]), 2.0)
    found = run.end(Status.STOPPED)
    assert (found["max"], found["time_of_max"]) == (3.0, 1.0)
    assert found["integral"] == pytest.approx(2 - 1 / 3 + 1)
    assert found["mean"] == pytest.approx((2 - 1 / 3 + 1) / 2)
    square = 16 / 3 - 8 / 4 + 1 / 5 + 1
    assert found["std"] == pytest.approx(np.sqrt(square / 2 - found["mean"] ** 2))
    assert found["final"] == 1.0
    assert found["peaks"] == 1  # the jump is a fall


def test_a_value_after_a_jump_is_seen_where_no_step_follows():
    run = Run(kinds("max", "time_of_max", "final", "peaks"))
    run.go(Polynomial([1.0, -0.5]), 2.0)
    run.jump(7.0)
    assert run.end() == {"max": 7.0, "time_of_max": 2.0, "final": 7.0, "peaks": 0.0}


def test_a_jump_crosses_a_level_once():
    run = Run(kinds(*LEVEL_KINDS, level=2.0))
    run.go(Polynomial([0.0, 1.0]), 1.5)
    run.jump(5.0)
    run.go(Polynomial([6.5, -1.0]), 5.5)
    found = run.end()
    assert (found["crossings"], found["first_crossing"]) == (2, 1.5)
    assert found["last_crossing"] == pytest.approx(4.5)
    assert (found["time_above"], found["time_below"]) == (pytest.approx(3.0), pytest.approx(2.5))


def test_doses_make_peaks_and_resets_too():
    run = Run(kinds(*PEAK_KINDS))
    for _ in range(3):  # falls, is raised, falls
        t = run.t
        run.go(Polynomial([4.0 + t, -1.0]), t + 2.0)
        run.jump(4.0)
    run.go(Polynomial([10.0, -1.0]), 7.0)
    found = run.end()
    assert (found["peaks"], found["first_peak"], found["mean_peak"], found["mean_period"]) == (3, 4.0, 4.0, 2.0)
    run = Run(kinds(*PEAK_KINDS))
    for _ in range(3):  # rises, is reset, rises
        t = run.t
        run.go(Polynomial([-t, 1.0]), t + 2.0)
        run.jump(0.0)
    found = run.end()
    assert (found["peaks"], found["last_peak"], found["mean_period"]) == (3, 2.0, 2.0)


def test_an_observable_is_not_asked_for_beyond_the_cut():
    asked = kinds("integral", "min", observable=True)
    run = Run(asked, start=1.0)
    with np.errstate(invalid="ignore"):
        run.go(Polynomial([1.0, -1.0]), 2.0, 0.5)  # its root has no value from 1 on
    found = run.end(Status.STOPPED)
    assert found["min"] == pytest.approx(np.sqrt(0.5), rel=1e-6)
    assert found["integral"] == pytest.approx((1 - 0.5**1.5) * 2 / 3, rel=1e-4)


def test_a_window_that_was_not_reached_has_none():
    names = ("final", "min", "mean", "std", "integral", "first_peak", "peaks")
    run = Run(kinds(*names), [WindowEnds(4.0, 6.0)])
    run.go(Polynomial([0.0, 1.0]), 3.0)
    with np.errstate(invalid="ignore"):
        found = run.end(Status.STOPPED)
    assert found.pop("peaks") == 0
    assert np.isnan(list(found.values())).all()


def test_the_end_of_a_window_has_the_value_after_an_event_there():
    run = Run(kinds("final", "mean"), [WindowEnds(1.0, 2.0)])
    run.go(Polynomial([0.0, 1.0]), 4.0, 2.0)
    run.jump(9.0)
    run.go(Polynomial([9.0]), 4.0)
    assert run.end() == {"final": 9.0, "mean": pytest.approx(1.5)}


@pytest.mark.parametrize("status", [status for status in Status if status not in {Status.SUCCESS, Status.STOPPED}])
def test_a_run_that_failed_has_none(status):
    run = Run(kinds("final", "max", "mean", "peaks"))
    run.go(Polynomial([0.0, 1.0]), 3.0)
    found = run.end(status)
    assert found.pop("peaks") == 0
    assert np.isnan(list(found.values())).all()


def test_it_has_no_buffers_for_what_is_known_at_the_end():
    rhs = RightHandSide(SYSTEM, "float64")
    final = AskedSummary(quantity=0, observable=False, kind="final", window=0)
    for ends, names in ((WindowEnds(), set()), (WindowEnds(None, 2.0), {"coefficients", "extremes", "parts"})):
        registry = BufferRegistry()
        Summaries(rhs, GivenStep(), (final,), (ends,), 0.0, 10.0).register(registry)
        assert names <= set(registry.buffers_of("summaries"))
        assert bool(names) == bool(registry.buffers_of("summaries"))
