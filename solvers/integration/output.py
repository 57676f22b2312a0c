"""What a run leaves behind: states and observables at the save times, a status and counts."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from buffers import BufferRegistry
from solvers.equations.instant import time_of
from solvers.equations.right_hand_side import RightHandSide
from solvers.integration.lane import Saving, counts, end_of
from solvers.methods.step import StepFunctions
from solvers.status import Status
from solvers.straightline import both, convert, either, gather, literal, scatter, select
from solvers.straightline.dealing import Dealing, in_lanes
from solvers.straightline.loops import ALWAYS_WRITTEN_OUT, LONGEST_WRITTEN_OUT, Repeated, by_lane
from solvers.straightline.setting import Number
from solvers.targets.target import DeviceFunction, Target


class EvenSaves(NamedTuple):
    """Save times t0 + k*every; from the number `computed` on they are t1, in spite of rounding."""

    t0: Number
    every: Number
    computed: Number
    t1: Number


class OutputFunctions(NamedTuple):
    """The output's device functions.

    `results`, `place` and `saving` are those of `solvers.integration.lane`; `point` is where a step starts; `t_next` is
    where it leads, or a `Stretch`.

    begin(fresh, t, y, p, results, place, saving) -> saving: store what is due at t0.
    due(accept, saving, t_next) -> mask: whether a step passed a save time.
    save(due, point, t_next, step_memory, memory, results, place, saving) -> saving: store all that it passed.
    settle(mask, t, y, p, results, place, saving) -> saving: store what is due at a moment at which an event acted.
    end(mask, status, t, y, p, results, place, saving): store what is due at the end, NaN for what was not reached.
    """

    begin: DeviceFunction
    due: DeviceFunction
    save: DeviceFunction
    settle: DeviceFunction
    end: DeviceFunction


@dataclass(frozen=True)
class Output:
    """Saves the state at given times.

    Parameters
    ----------
    rhs
        The system.
    states, observables
        Positions of what is saved; variables are in this order, states first.
    times
        Number of save times.
    only_end
        Whether the one save time is the end of the span.
    grid
        Where save times are at equal distances; None: they are looked up.
    stops
        Whether events may end a run before the end of the span.
    """

    rhs: RightHandSide
    states: tuple[int, ...]
    observables: tuple[int, ...]
    times: Number
    only_end: bool
    grid: EvenSaves | None = None
    stops: bool = False

    owner = "output"

    def register(self, registry: BufferRegistry) -> None:
        """Register the interpolated state."""
        registry.declare(self.owner)
        if not self.only_end:
            registry.register(self.owner, "interpolated_state", self.rhs.states.held, self.rhs.precision)

    def build(self, target: Target, step: StepFunctions) -> OutputFunctions:
        """Return the device functions, given those of the method."""
        return self._end_only(target) if self.only_end else self._grid(target, step)

    # -- the state at the end alone -------------------------------------------------------------

    def _end_only(self, target: Target) -> OutputFunctions:
        @target.straight_line
        def begin(_fresh: Any, _t: Any, _y: Any, _p: Any, _results: Any, _place: Any, saving: Any) -> Any:
            return saving

        @target.straight_line
        def due(_accept: Any, _saving: Any, _t_next: Any) -> Any:
            return False

        @target.straight_line
        def save(
            _due: Any,
            _point: Any,
            _t_next: Any,
            _step_memory: Any,
            _memory: Any,
            _results: Any,
            _place: Any,
            saving: Any,
        ) -> Any:
            return saving

        @target.straight_line
        def end(mask: Any, status: Any, t: Any, y: Any, p: Any, results: Any, place: Any, saving: Any) -> None:
            self._store(mask, self._reached(status), t, y, p, saving.cursor, results, place)

        @target.straight_line
        def settle(_mask: Any, _t: Any, _y: Any, _p: Any, _results: Any, _place: Any, saving: Any) -> Any:
            return saving

        return OutputFunctions(begin, due, save, settle, end)

    # -- a grid of times ------------------------------------------------------------------------

    def _grid(self, target: Target, step: StepFunctions) -> OutputFunctions:
        any_lane = target.any_lane
        prepare, interpolate = step.prepare, step.interpolate

        def store_now(mask: Any, t: Any, y: Any, p: Any, results: Any, place: Any, saving: Any) -> Any:
            now = both(mask, saving.time <= time_of(t))
            self._store(now, True, t, y, p, saving.cursor, results, place)  # noqa: FBT003
            return self._following(now, saving, results.times)

        @target.straight_line
        def begin(fresh: Any, t: Any, y: Any, p: Any, results: Any, place: Any, saving: Any) -> Any:
            first = Saving(select(fresh, 0, saving.cursor), select(fresh, results.times[0], saving.time))
            return store_now(fresh, t, y, p, results, place, first)

        @target.straight_line
        def due(accept: Any, saving: Any, t_next: Any) -> Any:
            return both(accept, both(saving.cursor < self.times, counts(saving.time, t_next)))

        @target.straight_line
        def settle(mask: Any, t: Any, y: Any, p: Any, results: Any, place: Any, saving: Any) -> Any:
            return store_now(both(mask, saving.cursor < self.times), t, y, p, results, place, saving)

        @target.straight_line
        def inverse(t: Any, t_next: Any) -> Any:
            return 1.0 / (end_of(t_next) - time_of(t))

        @target.straight_line
        def fraction(t: Any, t_next: Any, saving: Any, inverse: Any) -> Any:
            return select(saving.time == end_of(t_next), 1.0, (saving.time - time_of(t)) * inverse)

        @target.straight_line
        def store(mask: Any, p: Any, memory: Any, results: Any, place: Any, saving: Any) -> Any:
            self._store(mask, True, saving.time, memory.interpolated_state, p, saving.cursor, results, place)  # noqa: FBT003
            return self._following(mask, saving, results.times)

        @target.control
        def save(
            mask: Any,
            point: Any,
            t_next: Any,
            step_memory: Any,
            memory: Any,
            results: Any,
            place: Any,
            saving: Any,
        ) -> Any:
            prepare(point, step_memory)
            scale = inverse(point.t, t_next)
            while any_lane(mask):
                interpolate(fraction(point.t, t_next, saving, scale), point, step_memory, memory.interpolated_state)
                saving = store(mask, point.p, memory, results, place, saving)
                mask = due(mask, saving, t_next)
            return saving

        return OutputFunctions(begin, due, save, settle, self._fill(target))

    def _fill(self, target: Target) -> DeviceFunction:
        """Return code that stores NaN at the save times that were not reached."""
        any_lane = target.any_lane

        @target.straight_line
        def missing(mask: Any, cursor: Any) -> Any:
            return both(mask, cursor < self.times)

        @target.straight_line
        def fill(mask: Any, y: Any, cursor: Any, results: Any, place: Any) -> Any:
            nothing = literal(y, float("nan"), self.rhs.precision)
            index, stride = self._first_place(cursor, place)

            def store(_: Any, indices: tuple[Any, ...]) -> tuple[Any, ...]:
                (place_of_variable,) = indices
                scatter(results.variables, place_of_variable, nothing, mask)
                return (place_of_variable + stride,)

            # Of the threads that share a run each does all of it, which is rare.
            longest = LONGEST_WRITTEN_OUT if self.rhs.dealing else self.rhs.states.longest
            Repeated(len(self.states) + len(self.observables), longest).fold(y, (index,), store)
            return cursor + convert(mask, "int32")

        @target.control
        def end(mask: Any, _status: Any, _t: Any, y: Any, _p: Any, results: Any, place: Any, saving: Any) -> None:
            cursor = saving.cursor
            mask = missing(mask, cursor)
            while any_lane(mask):
                cursor = fill(mask, y, cursor, results, place)
                mask = missing(mask, cursor)

        return end

    # -- parts ----------------------------------------------------------------------------------

    def _reached(self, status: Any) -> Any:
        """Return whether a run has a state at its end: what ended at an event has it there."""
        return either(status == 0, status == Status.STOPPED) if self.stops else status == 0

    def _store(self, mask: Any, kept: Any, t: Any, y: Any, p: Any, cursor: Any, results: Any, place: Any) -> None:
        """Store variables at a save time, NaN where `kept` does not hold; results lie as (variable, time, run)."""
        index, stride = self._first_place(cursor, place)
        nothing = literal(y, float("nan"), self.rhs.precision)

        def told(value: Any) -> Any:
            return value if kept is True else select(kept, value, nothing)

        def store(index: Any, value: Any, mask: Any) -> None:
            scatter(results.variables, index, told(value), mask)

        if self.rhs.dealing:
            self._store_dealt(self.rhs.dealing, y, mask, lambda row, *given: store(index + row * stride, *given))
            index = index + stride * len(self.states)
        elif self.states:
            index = self._store_states(y, mask, index, stride, store)
        for value in self.rhs.observables(self.observables)(t, y, p) if self.observables else ():
            store(index, value, mask)
            index = index + stride

    def _store_states(self, y: Any, mask: Any, index: Any, stride: Any, store: Callable[..., None]) -> Any:
        """Do store(index, value, mask) for each state that is saved; return where the next variable goes."""

        def store_state(number: Any, indices: tuple[Any, ...]) -> tuple[Any, ...]:
            (place,) = indices
            state = self.states[number] if isinstance(number, int) else number + self.states[0]
            store(place, y[state], mask)
            return (place + stride,)

        (index,) = self._repeated.fold(y, (index,), store_state)
        return index

    def _store_dealt(self, dealing: Dealing, y: Any, mask: Any, store: Callable[..., None]) -> None:
        """Do store(row, value, mask) for each state of a thread that is saved, in the row of its variable."""
        rows = {state: row for row, state in enumerate(self.states)}
        for slot, states in enumerate(dealing.slots):
            own = [None if state is None else rows.get(state) for state in states]
            held = [row is not None for row in own]
            if any(held):
                store(by_lane(y, "int64", own), y[slot], both(in_lanes(y.record, held), mask))

    def _first_place(self, cursor: Any, place: Any) -> tuple[Any, Any]:
        """Return where the first variable goes at a save time, and how far the next one is from it."""
        return convert(cursor, "int64") * place.runs + place.run, place.runs * self.times

    @property
    def _repeated(self) -> Repeated:
        """What is done for each state that is saved: by loops only where they are neighbours."""
        count = len(self.states)
        neighbours = self.states == tuple(range(self.states[0], self.states[0] + count))
        return Repeated(count, self.rhs.states.longest if neighbours else ALWAYS_WRITTEN_OUT)

    def _following(self, mask: Any, saving: Saving, times: Any) -> Saving:
        """Return the next save where one was stored."""
        cursor = saving.cursor + convert(mask, "int32")
        if self.grid is not None:
            # Rounded as NumPy rounds it. To wait for a table costs more than the rest of a save.
            time = convert(cursor, "float64") * self.grid.every + self.grid.t0
            time = select(cursor < self.grid.computed, time, self.grid.t1)
            return Saving(cursor, select(mask, time, saving.time))
        another = both(mask, cursor < self.times)
        return Saving(cursor, select(another, gather(times, convert(cursor, "int64"), another), saving.time))
