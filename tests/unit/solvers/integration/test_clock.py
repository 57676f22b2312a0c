"""Clocks as arithmetic, on the python target."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from solvers.integration.clock import EvenClock, LandingClock, RemainingClock, SummingClock
from solvers.integration.lane import Saving, Time
from solvers.targets.python import PythonTarget

SPAN = {"t0": 0.7, "t1": 1.0, "precision": "float64"}


def started(clock, save_time=1.0):
    """Return a clock's functions, the time at the start, and what is to be saved next."""
    functions = clock.build(PythonTarget())
    saving = Saving(np.int32(0), np.float64(save_time))
    nothing = np.float64(np.nan)
    return functions, functions.begin(True, Time(nothing, nothing, nothing), saving, ()), saving  # noqa: FBT003


def advanced(functions, time, proposal, saving, *, accept=True):
    """Return the time after a step."""
    length = np.float64(proposal[1] if accept else 0.0)
    return functions.advance(accept, time, length, proposal[2], saving)


def walk(clock, steps, save_time=1.0):
    """Return (t, h, t_next, ends) for each step proposed, all of which count."""
    functions, time, saving = started(clock, save_time)
    made = []
    for attempts, dt in enumerate(steps):
        proposal = functions.propose(time, np.float64(dt), np.int32(attempts), saving)
        made.append(tuple(float(value) for value in proposal))
        time = advanced(functions, time, proposal, saving)
    return made


@pytest.mark.parametrize("kind", [RemainingClock, SummingClock])
def test_steps_end_with_the_span(kind):
    first, second = walk(kind(**SPAN), [0.125, 0.25])
    assert first == pytest.approx((0.7, 0.125, 0.825, 0))
    assert second == pytest.approx((0.825, 0.175, 1.0, 1))
    # 1 - 0.7 is more than 0.3, by rounding: the last two steps are of one length.
    first, second = walk(kind(**SPAN), [0.3, 0.3])
    assert first == pytest.approx((0.7, 0.15, 0.85, 0))
    assert second == pytest.approx((0.85, 0.15, 1.0, 1))


def test_a_sum_of_steps_is_exact_near_the_start_of_a_long_span():
    tiny = [1e-9, 3e-9]
    long = {"t0": 0.0, "t1": 1e9, "precision": "float64"}
    assert [t for *_, t, _ in walk(SummingClock(**long), tiny)] == [1e-9, 4e-9]
    assert [t for *_, t, _ in walk(RemainingClock(**long), tiny)] == pytest.approx([1e-9, 4e-9], abs=2e-7)


@given(st.lists(st.floats(1e-12, 0.2), min_size=1, max_size=30))
def test_the_steps_are_the_same_whether_or_not_t_is_known(steps):
    def taken(kind):
        return [(h, ends) for _, h, _, ends in walk(kind(**SPAN), steps)]

    assert taken(RemainingClock) == taken(SummingClock)


@pytest.mark.parametrize("kind", [RemainingClock, SummingClock])
def test_rejected_steps_lead_nowhere(kind):
    functions, time, saving = started(kind(**SPAN))
    proposal = functions.propose(time, np.float64(0.1), np.int32(0), saving)
    assert advanced(functions, time, proposal, saving, accept=False) == pytest.approx(time, abs=1e-16)


def test_landing():
    clock = LandingClock(**SPAN, landings=2)
    assert walk(clock, [0.125], save_time=0.75) == [(0.7, 0.75 - 0.7, 0.75, 0)]
    assert walk(clock, [0.5], save_time=1.0) == [(0.7, 1 - 0.7, 1.0, 1)]
    # 1 - 0.7 is more than 0.3, by rounding, which leaves no step to take.
    assert walk(clock, [0.3], save_time=1.0) == [(0.7, 1 - 0.7, 1.0, 1)]
    # Behind the last save the end of the span is all there is.
    functions = clock.build(PythonTarget())
    beyond = Saving(np.int32(2), np.float64(0.75))
    time = functions.begin(True, Time(*(np.float64(0),) * 3), beyond, ())  # noqa: FBT003
    assert functions.propose(time, np.float64(0.5), np.int32(0), beyond)[2] == 1.0
    functions, time, saving = started(clock, 0.75)
    proposal = functions.propose(time, np.float64(0.5), np.int32(0), saving)
    assert advanced(functions, time, proposal, saving, accept=False) == time


def test_float32_steps_keep_float64_time():
    clock = RemainingClock(t0=0.0, t1=1.0, precision="float32")
    functions, time, saving = started(clock)
    h = np.float32(1e-7)
    for _ in range(3):
        time = advanced(functions, time, (None, h, np.float64(0)), saving)
    assert time.remaining == pytest.approx(1 - 3 * float(h), abs=1e-15)
    assert time.left.dtype == np.float32


def test_fixed_steps_are_counted_not_added():
    made = walk(EvenClock(t0=0.0, t1=1.0, precision="float64", steps=10), [0.1] * 10)
    assert [t for *_, t, _ in made] == [*(0.1 * n for n in range(1, 10)), 1.0]
    assert [ends for *_, ends in made] == [0] * 9 + [1]


def test_fixed_steps_land_in_spite_of_rounding():
    clock = EvenClock(t0=0.0, t1=3.6, precision="float64", steps=12, landings=4)
    functions, time, saving = started(clock, 0.9)
    # 3*0.3 is below 0.9.
    assert functions.propose(time, np.float64(0.3), np.int32(2), saving)[2] == 0.9
    assert functions.propose(time, np.float64(0.3), np.int32(1), saving)[2] == 0.6
