"""Events: what changes a run, ends it or is recorded, at given times or where an expression crosses zero."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property, reduce
from operator import add
from typing import Any, NamedTuple

import sympy

from buffers import BufferRegistry
from solvers.algebra.point import Point
from solvers.equations.instant import Instant, middle_of, time_of
from solvers.equations.quantities import EventFacts
from solvers.equations.right_hand_side import RightHandSide
from solvers.equations.system import Event, parameter_symbol, state_symbol
from solvers.integration.appointments import Diary
from solvers.integration.crossings import QUARTERS, SOON, Bracket, Crossings, moment
from solvers.integration.lane import Stretch
from solvers.methods.step import StepFunctions
from solvers.status import Status
from solvers.straightline import absolute, both, convert, either, literal, negate, scatter, select, smaller
from solvers.straightline.setting import Number
from solvers.targets.target import DeviceFunction, Target
from solvers.trace import EVENT

#: How far from zero, in units of its value where it fired, an expression is still on it.
_RESIDUE = 4.0


class EventFunctions(NamedTuple):
    """The device functions of events; `memory` is their frame.

    begin(fresh, t, y, p, status, memory) -> status: take up runs at t0; no such run has times that are none.
    pass_by(accept, point, t_next, appointed, step_memory, memory, place, results) -> stretch: look for crossings in a
        step, tell of those that change nothing, and stop at the first that does; its state is then in `memory.state`.
    act(mask, cut, t, y, p, status, memory, place, results) -> (status, changed): act at a moment at which appointments
        are due or, where it is `cut`, a crossing has been found, and on what follows from that; whether anything was
        set.
    appointed(like, memory) -> time: the next appointment.
    take(mask, y, memory): make the state of that moment the run's.
    end(mask, t, memory, place, results): tell what is known at the end.
    """

    begin: DeviceFunction
    pass_by: DeviceFunction
    act: DeviceFunction
    appointed: DeviceFunction
    take: DeviceFunction
    end: DeviceFunction


class EventRows(NamedTuple):
    """In which rows of the findings it is told of an event: its firings; their times and what is recorded with them."""

    firings: int
    times: int


@dataclass(frozen=True)
class Events:
    """What happens on the way.

    Parameters
    ----------
    rhs
        The system.
    given
        Returns a number by its name in `Quantities.event_numbers`.
    t1
        The end of the span.
    most
        Most firings of a run.
    end_row
        The row of the findings that takes the end of each run; None: it is that of the span.
    rows
        Those of each event.
    report
        Takes (run, event, t) of each firing, on a target that is watched; None: nobody does.
    """

    rhs: RightHandSide
    given: Callable[[str], Number]
    t1: Number
    most: Number
    end_row: int | None
    rows: tuple[EventRows, ...]
    report: DeviceFunction | None = None

    owner = "events"

    def register(self, registry: BufferRegistry) -> None:
        """Register what is remembered of each event, and the state at a moment."""
        precision = self.rhs.precision
        registry.register(self.owner, "state", len(self.rhs.system.states), precision)
        registry.register(self.owner, "firings", len(self._events), "int32", lifetime="run")
        registry.register(self.owner, "appointments", len(self._dated), "float64", lifetime="run")
        for name in ("side", "residue", "value", "beyond"):
            registry.register(self.owner, name, len(self._watched), precision, lifetime="run")

    def build(self, target: Target, step: StepFunctions) -> EventFunctions:
        """Return the device functions, given those of the method."""
        if target.watched and self.report is None:
            return replace(self, report=target.probe(EVENT)).build(target, step)
        return EventFunctions(
            begin=target.straight_line(self._begin),
            pass_by=self._pass_by(target, step) if self._watched else target.straight_line(self._pass_unseen),
            act=self._act(target),
            appointed=target.straight_line(self._appointed),
            take=target.straight_line(self._take),
            end=target.straight_line(self._end),
        )

    # -- which events there are -----------------------------------------------------------------

    @property
    def watches(self) -> bool:
        """Whether the continuous extension of each step is looked at."""
        return bool(self._watched)

    @property
    def stops(self) -> bool:
        """Whether a run may end before the end of the span."""
        return any(facts.stop for facts in self._facts)

    @property
    def _events(self) -> tuple[Event, ...]:
        return self.rhs.system.events

    @property
    def _facts(self) -> tuple[EventFacts, ...]:
        return self.rhs.system.event_facts

    @cached_property
    def _watched(self) -> tuple[int, ...]:
        """Positions of the events that wait for a crossing."""
        return tuple(index for index, event in enumerate(self._events) if event.when is not None)

    @cached_property
    def _dated(self) -> tuple[int, ...]:
        """Positions of the events that have appointments."""
        return tuple(index for index, event in enumerate(self._events) if event.appointments is not None)

    @cached_property
    def _crossings(self) -> Crossings:
        expressions = tuple(event.when for event in self._events if event.when is not None)
        directions = tuple(self._events[index].direction for index in self._watched)
        return Crossings(self.rhs.computed(expressions), directions, self.rhs.precision)

    def _expression(self, index: int, t: Any, y: Any, p: Any) -> Any:
        """Return the value of the expression whose crossings an event waits for."""
        (value,) = self._expressions[index](t, y, p)
        return value

    @cached_property
    def _expressions(self) -> dict[int, Callable[[Any, Any, Any], list[Any]]]:
        whens = {index: self._events[index].when for index in self._watched}
        return {index: self.rhs.computed((when,)) for index, when in whens.items() if when is not None}

    def _diary(self, index: int) -> Diary:
        appointments = self._events[index].appointments
        assert appointments is not None  # noqa: S101 - asked of events that have some
        return Diary(appointments, len(self.rhs.system.parameters), self.given, self.t1)

    # -- straight-line code ---------------------------------------------------------------------

    def _begin(self, fresh: Any, t: Any, y: Any, p: Any, status: Any, memory: Any) -> Any:
        status = select(fresh, literal(status, 0, "int32"), status)
        for index in range(len(self._events)):
            memory.firings[index] = select(fresh, 0, memory.firings[index])
        for place, index in enumerate(self._dated):
            first = self._diary(index).first(time_of(t), p)
            memory.appointments[place] = select(fresh, first, memory.appointments[place])
            broken = both(fresh, first != first)  # noqa: PLR0124 - NaN
            status = select(broken, literal(status, Status.NONFINITE, "int32"), status)
        if self._watched:
            self._crossings.begin(fresh, t, y, p, memory)
        return status

    def _appointed(self, like: Any, memory: Any) -> Any:
        never = literal(like, float("inf"), "float64")
        return reduce(smaller, (memory.appointments[place] for place in range(len(self._dated))), never)

    def _pass_unseen(
        self,
        accept: Any,
        _point: Any,
        t_next: Any,
        appointed: Any,
        _step: Any,
        _memory: Any,
        _place: Any,
        _results: Any,
    ) -> Stretch:
        return _whole(accept, t_next, appointed)

    def _take(self, mask: Any, y: Any, memory: Any) -> None:
        self.rhs.states.each(y, lambda i: y.__setitem__(i, select(mask, memory.state[i], y[i])))

    def _end(self, mask: Any, t: Any, memory: Any, place: Any, results: Any) -> None:
        if self.end_row is not None:
            self._store(mask, self.end_row, t, place, results)
        for index, rows in enumerate(self.rows):
            self._store(mask, rows.firings, memory.firings[index], place, results)

    # -- crossings within a step ----------------------------------------------------------------

    def _pass_by(self, target: Target, step: StepFunctions) -> DeviceFunction:
        """Return `EventFunctions.pass_by`."""
        any_lane, prepare, interpolate = target.any_lane, step.prepare, step.interpolate
        crossings = self._crossings
        whole, nothing = target.straight_line(_whole), target.straight_line(crossings.nothing)
        rests, sample = target.straight_line(crossings.rests), target.straight_line(crossings.sample)
        is_wide, guess = target.straight_line(crossings.is_wide), target.straight_line(crossings.guess)
        narrow, decide = target.straight_line(crossings.narrow), target.straight_line(self._decide)
        still = target.straight_line(both)
        first, second, third, last = QUARTERS
        soon, sooner, sooner_still, soonest = reversed(SOON)

        @target.control
        def look(mask: Any, theta: Any, point: Any, t_next: Any, bracket: Any, step_memory: Any, memory: Any) -> Any:
            interpolate(theta, point, step_memory, memory.state)
            return sample(mask, theta, point, t_next, bracket, memory)

        @target.control
        def find(searching: Any, point: Any, t_next: Any, bracket: Any, step_memory: Any, memory: Any) -> Any:
            resting = rests(searching, bracket, memory)
            if any_lane(resting):
                bracket = look(resting, soonest, point, t_next, bracket, step_memory, memory)
                bracket = look(resting, sooner_still, point, t_next, bracket, step_memory, memory)
                bracket = look(resting, sooner, point, t_next, bracket, step_memory, memory)
                bracket = look(resting, soon, point, t_next, bracket, step_memory, memory)
            bracket = look(searching, first, point, t_next, bracket, step_memory, memory)
            bracket = look(searching, second, point, t_next, bracket, step_memory, memory)
            bracket = look(searching, third, point, t_next, bracket, step_memory, memory)
            bracket = look(searching, last, point, t_next, bracket, step_memory, memory)
            wide = is_wide(searching, bracket, point, t_next)
            while any_lane(wide):
                theta = guess(bracket, point, t_next, memory)
                interpolate(theta, point, step_memory, memory.state)
                bracket = narrow(wide, theta, point, t_next, bracket, memory)
                wide = is_wide(searching, bracket, point, t_next)
            return bracket

        @target.control
        def pass_by(
            accept: Any,
            point: Any,
            t_next: Any,
            appointed: Any,
            step_memory: Any,
            memory: Any,
            place: Any,
            results: Any,
        ) -> Any:
            prepare(point, step_memory)
            bracket, searching, stretch = nothing(accept), accept, whole(accept, t_next, appointed)
            while any_lane(searching):
                bracket = find(searching, point, t_next, bracket, step_memory, memory)
                searching = still(searching, bracket.found)
                if any_lane(searching):
                    interpolate(bracket.high, point, step_memory, memory.state)
                    searching, bracket, stretch = decide(
                        searching, point, t_next, appointed, bracket, stretch, memory, place, results
                    )
            if any_lane(stretch.cut):
                interpolate(bracket.high, point, step_memory, memory.state)
            return stretch

        return pass_by

    def _decide(  # noqa: PLR0913, PLR0917 - a moment is all of it
        self,
        mask: Any,
        point: Point,
        t_next: Any,
        appointed: Any,
        bracket: Bracket,
        stretch: Stretch,
        memory: Any,
        place: Any,
        results: Any,
    ) -> tuple[Any, Bracket, Stretch]:
        """Stop at a moment where an event acts, and tell of one that changes nothing.

        Return for which runs to look further, their brackets, and how far steps count.
        """
        t = moment(bracket.high, point.t, t_next)
        crossed = {index: self._crossings.crossed(place, memory) for place, index in enumerate(self._watched)}
        acts = self._too_many(memory, more=len(self._watched))
        for index, crosses in crossed.items():
            if self._events[index].changes:
                acts = either(acts, crosses)
            elif self._facts[index].stop:
                acts = either(acts, both(crosses, memory.firings[index] + 1 >= self._facts[index].stop))
        if self._dated:
            acts = either(acts, t >= appointed)
        stops, goes_on = both(mask, acts), both(mask, negate(acts))
        for index, crosses in crossed.items():
            fires, instant = both(goes_on, crosses), Instant(t, middle_of(point.t))
            memory.firings[index] = memory.firings[index] + convert(fires, "int32")
            self._tell(fires, index, instant, memory.state, point.p, memory, place, results)
        stretch = Stretch(
            stretch.end, select(stops, t, stretch.stop), either(stops, stretch.acts), either(stops, stretch.cut)
        )
        return goes_on, self._crossings.resume(goes_on, bracket, memory), stretch

    # -- acting ---------------------------------------------------------------------------------

    def _act(self, target: Target) -> DeviceFunction:
        """Return `EventFunctions.act`."""
        any_lane, again = target.any_lane, target.straight_line(self._once)

        @target.control
        def act(  # noqa: PLR0913, PLR0917 - a moment is all of it
            mask: Any, cut: Any, t: Any, y: Any, p: Any, status: Any, memory: Any, place: Any, results: Any
        ) -> Any:
            following, changed, status = again(mask, cut, t, y, p, status, memory, place, results)
            while any_lane(following):
                following, once_more, status = again(
                    following, idle(following), t, y, p, status, memory, place, results
                )
                changed = joined(changed, once_more)
            return status, changed

        idle = target.straight_line(lambda mask: literal(mask, False, "mask"))  # noqa: FBT003
        joined = target.straight_line(either)
        return act

    def _once(  # noqa: PLR0913, PLR0917 - a moment is all of it
        self, mask: Any, cut: Any, t: Any, y: Any, p: Any, status: Any, memory: Any, place: Any, results: Any
    ) -> tuple[Any, Any, Any]:
        """Let each event act that has to, in the order written, each on what the one before left.

        Return where what they have set makes others cross zero, where anything was set, and the status.
        """
        going, changed = mask, literal(mask, False, "mask")  # noqa: FBT003
        fired = []
        for index, event in enumerate(self._events):
            fires = both(going, self._fires(index, cut, t, y, p, memory))
            self._set(fires, event, t, y, p)
            self._go_on(fires, index, cut, t, y, p, memory)
            self._tell(fires, index, t, y, p, memory, place, results)
            fired.append(fires)
            changed = either(changed, fires) if event.changes else changed
            status = self._told(fires, index, status, memory)
            going = both(going, status == 0)
        return both(going, self._followed(mask, fired, t, y, p, memory)), changed, status

    def _fires(self, index: int, cut: Any, t: Any, y: Any, p: Any, memory: Any) -> Any:
        if index in self._dated:
            return memory.appointments[self._dated.index(index)] <= time_of(t)
        number = self._watched.index(index)
        now = self._crossings.crosses_to(number, self._expression(index, t, y, p), memory)
        return either(both(cut, self._crossings.crossed(number, memory)), now)

    @staticmethod
    def _index_of(symbol: sympy.Symbol, count: int, made: Callable[[int], sympy.Symbol]) -> int | None:
        return next((index for index in range(count) if made(index) == symbol), None)

    def _set(self, fires: Any, event: Event, t: Any, y: Any, p: Any) -> None:
        """Set states and parameters; every value is of the moment before."""
        if not event.changes:
            return
        values = self.rhs.computed(tuple(value for _, value in event.changes))(t, y, p)
        for (symbol, _), value in zip(event.changes, values, strict=True):
            index = self._index_of(symbol, len(self.rhs.system.states), state_symbol)
            array = p if index is None else y
            if index is None:
                index = self._index_of(symbol, len(self.rhs.system.parameters), parameter_symbol)
            array[index] = select(fires, value, array[index])

    def _go_on(self, fires: Any, index: int, cut: Any, t: Any, y: Any, p: Any, memory: Any) -> None:
        """Note when an event that fired has to act next, or on which side of zero its expression is now."""
        memory.firings[index] = memory.firings[index] + convert(fires, "int32")
        if index in self._dated:
            place = self._dated.index(index)
            following = self._diary(index).following(memory.appointments[place], p)
            memory.appointments[place] = select(fires, following, memory.appointments[place])
            return
        number = self._watched.index(index)
        zero = literal(memory.value[number], 0.0, self.rhs.precision)
        residue = select(cut, absolute(memory.beyond[number]) * _RESIDUE, zero)
        self._crossings.leave(fires, number, self._expression(index, t, y, p), residue, memory)

    def _told(self, fires: Any, index: int, status: Any, memory: Any) -> Any:
        """Return the status where an event ends the run."""
        stop = self._facts[index].stop
        if stop:
            ends = both(fires, memory.firings[index] >= stop)
            status = select(ends, literal(status, Status.STOPPED, "int32"), status)
        many = both(fires, both(status == 0, self._too_many(memory)))
        return select(many, literal(status, Status.TOO_MANY_EVENTS, "int32"), status)

    def _followed(self, mask: Any, fired: list[Any], t: Any, y: Any, p: Any, memory: Any) -> Any:
        """Return where an expression crosses zero by what was set, and note the sides of the others."""
        followed = literal(mask, False, "mask")  # noqa: FBT003
        if not any(event.changes for event in self._events):
            return followed
        for number, index in enumerate(self._watched):
            value = self._expression(index, t, y, p)
            crosses = both(mask, self._crossings.crosses_to(number, value, memory))
            followed = either(followed, crosses)
            self._crossings.note(both(mask, both(negate(crosses), negate(fired[index]))), number, value, memory)
        return followed

    def _too_many(self, memory: Any, more: int = 0) -> Any:
        """Return whether a run has more firings than it may have, or would with some more."""
        total = reduce(add, (memory.firings[index] for index in range(len(self._events))))
        return total + more > self.most

    # -- telling --------------------------------------------------------------------------------

    def _tell(self, fires: Any, index: int, t: Any, y: Any, p: Any, memory: Any, place: Any, results: Any) -> None:
        """Record a firing that has been counted."""
        facts, rows = self._facts[index], self.rows[index]
        if self.report and fires:
            self.report((place.run, index, time_of(t)))
        if not facts.first:
            return
        number = convert(memory.firings[index], "int64") - 1
        kept = both(fires, number < facts.first)
        values = [time_of(t), *(y[state] for state in facts.states)]
        values += self.rhs.observables(facts.observables)(t, y, p) if facts.observables else []
        for row, value in enumerate(values):
            self._store(kept, number + (rows.times + row * facts.first), value, place, results)

    @staticmethod
    def _store(mask: Any, row: Any, value: Any, place: Any, results: Any) -> None:
        scatter(results.findings, place.run + place.runs * row, convert(value, "float64"), mask)


def _whole(accept: Any, t_next: Any, appointed: Any) -> Stretch:
    """Return a step that counts as a whole."""
    return Stretch(t_next, t_next, both(accept, t_next >= appointed), literal(t_next, False, "mask"))  # noqa: FBT003


def event_rows(facts: tuple[EventFacts, ...], first: int) -> tuple[int | None, tuple[EventRows, ...]]:
    """Return the row of the ends of runs, if it is told, and those of each event, given the first that is theirs."""
    stops = any(each.stop for each in facts)
    rows, row = [], first + stops
    for each in facts:
        rows.append(EventRows(row, row + 1))
        row += 1 + each.first * (1 + len(each.states) + len(each.observables))
    return first if stops else None, tuple(rows)
