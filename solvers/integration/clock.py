"""Where a run is in time, and where its next step leads.

A clock keeps up those members of a lane's `Time` that it needs. Steps are chosen by what is left, in the same way
whether or not somebody asks for t.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, NamedTuple

from solvers.equations.instant import Instant, middle_of
from solvers.integration.lane import Saving, Time
from solvers.integration.stops import Stops
from solvers.straightline import absolute, both, convert, literal, minimum, select, smaller
from solvers.straightline.setting import Number, is_used
from solvers.targets.target import DeviceFunction, Target

#: On the way to a stop, a step that would leave less than this share of what is left takes all of it: steps may be as
#: long as stops are apart, to within rounding, which is no reason for another one.
CRUMB = 2.0**-20


class ClockFunctions(NamedTuple):
    """A clock's device functions. `time` is a `Time`, `saving` a `Saving`.

    begin(fresh, time, saving, p) -> time: start again at t0.
    propose(time, dt, attempts, saving) -> (t, h, t_next, ends): the step to try, from t to t_next, and whether it ends
        the span.
    measure(h) -> length: how far a step leads, in float64.
    stay(reject, length) -> length: the same, 0 where it was rejected.
    advance(accept, time, length, t_next, saving) -> time: move on where the step counts.
    turns(accept, time, t_next) -> mask: whether a step ended at a stop.
    turn(mask, time, saving, p) -> time: go on from there.
    appoint(mask, time, saving, appointed) -> time: the next moment at which an event has to act.
    instant(t, time) -> what stands for t in the right-hand side.
    """

    begin: DeviceFunction
    propose: DeviceFunction
    measure: DeviceFunction
    stay: DeviceFunction
    advance: DeviceFunction
    turns: DeviceFunction
    turn: DeviceFunction
    appoint: DeviceFunction
    instant: DeviceFunction


@dataclass(frozen=True, kw_only=True)
class Clock(ABC):
    """What all clocks know.

    Parameters
    ----------
    t0, t1
        The span.
    precision
        Of the states, and of steps.
    """

    t0: Number
    t1: Number
    precision: str

    def build(self, target: Target) -> ClockFunctions:
        """Return the device functions."""
        steps = self._begin, self._propose, self._measure, self._stay, self._advance
        stretches = self._turns, self._turn, self._appoint, self._instant
        return ClockFunctions(*(target.straight_line(function) for function in (*steps, *stretches)))

    def _begin(self, fresh: Any, time: Time, saving: Saving, _p: Any) -> Time:
        """Write `ClockFunctions.begin`."""
        t, remaining = literal(fresh, self.t0, "float64"), literal(fresh, self.t1 - self.t0, "float64")
        start = Time(t, remaining, time.left)
        start = start._replace(left=self._left(start, saving))
        return Time(*(select(fresh, new, old) for new, old in zip(start, time, strict=True)))

    def _left(self, time: Any, _saving: Saving) -> Any:
        """Return what is left to where a step has to end at the latest."""
        return convert(time.remaining, self.precision)

    def _choose(self, dt: Any, left: Any) -> tuple[Any, Any]:
        """Return a step of dt, or all that is left, and whether it is that; the last two are of one length.

        That costs no step, and errors are those of the longest one.
        """
        last = self._suffices(dt, left)
        return select(last, left, smaller(dt, left * 0.5)), last

    def _suffices(self, dt: Any, left: Any) -> Any:
        """Return whether a step of dt leads to the end."""
        return dt >= left

    @staticmethod
    def _measure(h: Any) -> Any:
        return convert(h, "float64")

    @staticmethod
    def _stay(reject: Any, length: Any) -> Any:
        return select(reject, literal(length, 0.0, "float64"), length)

    def _turns(self, _accept: Any, _time: Time, _t_next: Any) -> Any:
        return False

    def _turn(self, _mask: Any, time: Time, _saving: Saving, _p: Any) -> Time:
        return time

    def _appoint(self, _mask: Any, time: Time, _saving: Saving, _appointed: Any) -> Time:
        return time

    def _instant(self, t: Any, _time: Time) -> Any:
        return t

    @abstractmethod
    def _propose(self, time: Time, dt: Any, attempts: Any, saving: Saving) -> Any:
        """Write `ClockFunctions.propose`."""

    @abstractmethod
    def _advance(self, accept: Any, time: Time, length: Any, t_next: Any, saving: Saving) -> Time:
        """Write `ClockFunctions.advance`."""


@dataclass(frozen=True, kw_only=True)
class EvenClock(Clock):
    """Counts equal steps: t = t0 + attempts*h, as none is tried again.

    Parameters
    ----------
    steps
        Of the span; the last ends at t1.
    landings
        Number of save times at which a step has to end, in spite of rounding.
    """

    steps: Number
    landings: Number = 0

    def _propose(self, time: Time, dt: Any, attempts: Any, saving: Saving) -> Any:
        h = (self.t1 - self.t0) / self.steps
        following = attempts + 1
        t_next = convert(following, "float64") * h + self.t0
        if is_used(self.landings):
            lands = absolute(t_next - saving.time) < 0.5 * h
            t_next = select(saving.cursor < self.landings, select(lands, saving.time, t_next), t_next)
        ends = following >= self.steps
        return time.t, dt, select(ends, self.t1, t_next), ends

    def _advance(self, _accept: Any, time: Time, _length: Any, t_next: Any, _saving: Saving) -> Time:
        return time._replace(t=t_next)


@dataclass(frozen=True, kw_only=True)
class RemainingClock(Clock):
    """Subtracts steps from the span: all there is to do where nobody asks for t."""

    def _propose(self, time: Time, dt: Any, _attempts: Any, _saving: Saving) -> Any:
        h, last = self._choose(dt, time.left)
        t = self.t1 - time.remaining
        return t, h, t + h, last

    def _advance(self, _accept: Any, time: Time, length: Any, _t_next: Any, saving: Saving) -> Time:
        time = time._replace(remaining=time.remaining - length)
        return time._replace(left=self._left(time, saving))


@dataclass(frozen=True, kw_only=True)
class SummingClock(RemainingClock):
    """Adds up steps besides, as long as t is smaller than what remains; then t is t1 less that.

    Either has the rounding of the smaller one, and no step ends behind t1.
    """

    def _propose(self, time: Time, dt: Any, attempts: Any, saving: Saving) -> Any:
        _, h, _, last = super()._propose(time, dt, attempts, saving)
        return time.t, h, select(last, self.t1, time.t + h), last

    def _advance(self, accept: Any, time: Time, length: Any, t_next: Any, saving: Saving) -> Time:
        moved = super()._advance(accept, time, length, t_next, saving)
        t = time.t + length
        return moved._replace(t=select(moved.remaining < absolute(t), self.t1 - moved.remaining, t))


@dataclass(frozen=True, kw_only=True)
class LandingClock(Clock):
    """Adds up steps that end at each save time.

    Parameters
    ----------
    landings
        Number of save times.
    """

    landings: Number

    def _suffices(self, dt: Any, left: Any) -> Any:
        return dt >= left * (1.0 - CRUMB)

    def _stop(self, time: Any) -> Any:
        """Return where a step has to end at the latest, whatever is saved."""
        return literal(time.t, self.t1, "float64")

    def _stop_at(self, time: Any, saving: Saving) -> Any:
        stop = self._stop(time)
        return (
            select(saving.cursor < self.landings, minimum(saving.time, stop), stop) if is_used(self.landings) else stop
        )

    def _left(self, time: Any, saving: Saving) -> Any:
        return convert(self._stop_at(time, saving) - time.t, self.precision)

    def _propose(self, time: Any, dt: Any, _attempts: Any, saving: Saving) -> Any:
        return self._towards(time, dt, self._stop_at(time, saving), time.left)

    def _towards(self, time: Any, dt: Any, stop: Any, left: Any) -> Any:
        """Return what to propose, given where a step has to end at the latest, and how far that is."""
        h, last = self._choose(dt, left)
        t_next = select(last, stop, time.t + h)
        # What is integrated is how far t moves: else its rounding would add up.
        h = convert(t_next - time.t, self.precision)
        # Rounding may lead to the end before its time, and nothing is left for a last step.
        return time.t, h, t_next, t_next >= self.t1

    def _advance(self, accept: Any, time: Any, _length: Any, t_next: Any, saving: Saving) -> Any:
        time = time._replace(t=select(accept, t_next, time.t))
        return time._replace(left=self._left(time, saving))


@dataclass(frozen=True, kw_only=True)
class SwitchingClock(LandingClock):
    """Adds up steps that end at stops, and at the save times a method has to land on.

    Its `time` is a `SwitchingTime`, and where there are events, which may end steps too, an `AppointedTime`.

    Parameters
    ----------
    stops
        Where steps have to end, and how long they may be.
    fixed
        Whether steps are cut short for that and for nothing else.
    events
        Whether events may end steps too.
    """

    stops: Stops
    fixed: bool
    events: bool = False

    def _begin(self, fresh: Any, time: Any, saving: Saving, p: Any) -> Any:
        t = select(fresh, literal(fresh, self.t0, "float64"), time.t)
        return self._turn(fresh, time._replace(t=t), saving, p)

    def _choose(self, dt: Any, left: Any) -> tuple[Any, Any]:
        if not self.fixed:
            return super()._choose(dt, left)
        last = self._suffices(dt, left)
        return select(last, left, dt), last

    def _stop(self, time: Any) -> Any:
        return smaller(time.appointed, time.stop) if self.events else time.stop

    def _propose(self, time: Any, dt: Any, attempts: Any, saving: Saving) -> Any:
        if not self.stops.forcing.looks_out:
            return super()._propose(time, dt, attempts, saving)
        stop = self.stops.forcing.lookout(time.t, time.middle, self._stop_at(time, saving))
        return self._towards(time, dt, stop, convert(stop - time.t, self.precision))

    def _turns(self, accept: Any, time: Any, t_next: Any) -> Any:
        return both(accept, t_next >= time.stop)

    def _turn(self, mask: Any, time: Any, saving: Saving, p: Any) -> Any:
        stop = self.stops.following(time.t, p, self.t1)
        # At the end of the run there is no stretch to have a middle.
        middle = select(stop > time.t, time.t + (stop - time.t) * 0.5, middle_of(time.t))
        time = time._replace(stop=select(mask, stop, time.stop), middle=select(mask, middle, time.middle))
        return time._replace(left=select(mask, self._left(time, saving), time.left))

    def _appoint(self, mask: Any, time: Any, saving: Saving, appointed: Any) -> Any:
        time = time._replace(appointed=select(mask, appointed, time.appointed))
        return time._replace(left=select(mask, self._left(time, saving), time.left))

    def _instant(self, t: Any, time: Any) -> Any:
        return Instant(t, time.middle)


def make_clock(
    t0: Number,
    t1: Number,
    precision: str,
    *,
    steps: Number | None,
    landings: Number,
    stops: Stops | None,
    events: bool,
    asked: bool,
) -> Clock:
    """Return the simplest clock that tells all that is asked for.

    Parameters
    ----------
    t0, t1, precision
        As for every clock.
    steps
        The number of equal steps, or None where steps adapt.
    landings
        Number of save times that have to be the end of a step.
    stops
        Where steps have to end, and how long they may be; None: nothing stops them.
    events
        Whether events may end steps too.
    asked
        Whether anybody asks for t between steps.
    """
    span: Any = {"t0": t0, "t1": t1, "precision": precision}
    if stops:
        return SwitchingClock(**span, landings=landings, stops=stops, fixed=steps is not None, events=events)
    if steps is not None:
        return EvenClock(**span, steps=steps, landings=landings)
    if is_used(landings):
        return LandingClock(**span, landings=landings)
    return SummingClock(**span) if asked else RemainingClock(**span)
