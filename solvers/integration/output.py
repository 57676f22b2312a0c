"""What a run leaves behind: states and observables at the save times, a status and counts."""

from dataclasses import dataclass
from typing import Any, NamedTuple

from buffers import BufferRegistry
from solvers.equations.right_hand_side import RightHandSide
from solvers.methods.step import StepFunctions
from solvers.straightline import both, convert, gather, literal, scatter, select
from solvers.targets.memory import Frame, make_frame
from solvers.targets.target import DeviceFunction, Target


class OutputFunctions(NamedTuple):
    """The output's device functions.

    `results` is (variables, times), `place` (run, runs), `saving` (cursor, save_time), `span` (t, t_next, h).

    begin(fresh, t, y, p, results, place, saving) -> saving: store what is due at t0.
    due(accept, saving, t_next) -> mask: whether a step passed a save time.
    save(due, span, y, p, step_memory, memory, results, place, saving) -> saving: store all that it passed.
    end(mask, status, t, y, p, results, place, saving): store what is due at the end, NaN for what was not reached.
    """

    begin: DeviceFunction
    due: DeviceFunction
    save: DeviceFunction
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
        (start, interval) where save times are start + k*interval; None: they are looked up.
    """

    rhs: RightHandSide
    states: tuple[int, ...]
    observables: tuple[int, ...]
    times: int
    only_end: bool
    grid: tuple[float, float] | None = None

    owner = "output"

    def register(self, registry: BufferRegistry) -> None:
        """Register the interpolated state."""
        registry.declare(self.owner)
        if not self.only_end:
            states = len(self.rhs.system.states)
            registry.register(self.owner, "interpolated_state", states, self.rhs.precision)

    def frame(self, registry: BufferRegistry) -> Frame:
        """Return the output's frame."""
        return make_frame(registry, self.owner, () if self.only_end else ("interpolated_state",))

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
            _span: Any,
            _y: Any,
            _p: Any,
            _step_memory: Any,
            _memory: Any,
            _results: Any,
            _place: Any,
            saving: Any,
        ) -> Any:
            return saving

        @target.straight_line
        def end(mask: Any, status: Any, t: Any, y: Any, p: Any, results: Any, place: Any, saving: Any) -> None:
            nothing = literal(y, float("nan"), self.rhs.precision)
            values = [select(status == 0, value, nothing) for value in self._values(t, y, p)]
            self._scatter(mask, values, saving[0], results, place)

        return OutputFunctions(begin, due, save, end)

    # -- a grid of times ------------------------------------------------------------------------

    def _grid(self, target: Target, step: StepFunctions) -> OutputFunctions:
        any_lane = target.any_lane
        prepare, interpolate = step.prepare, step.interpolate

        @target.straight_line
        def begin(fresh: Any, t: Any, y: Any, p: Any, results: Any, place: Any, saving: Any) -> Any:
            cursor = select(fresh, 0, saving[0])
            save_time = select(fresh, results[1][0], saving[1])
            now = both(fresh, save_time <= t)
            self._scatter(now, self._values(t, y, p), cursor, results, place)
            return self._following(now, (cursor, save_time), results[1])

        @target.straight_line
        def due(accept: Any, saving: Any, t_next: Any) -> Any:
            cursor, save_time = saving
            return both(accept, both(cursor < self.times, save_time <= t_next))

        @target.straight_line
        def inverse(span: Any) -> Any:
            t, t_next, _ = span
            return 1.0 / (t_next - t)

        @target.straight_line
        def fraction(span: Any, saving: Any, inverse: Any) -> Any:
            t, t_next, _ = span
            return select(saving[1] == t_next, 1.0, (saving[1] - t) * inverse)

        @target.straight_line
        def store(mask: Any, p: Any, memory: Any, results: Any, place: Any, saving: Any) -> Any:
            cursor, save_time = saving
            self._scatter(mask, self._values(save_time, memory[0], p), cursor, results, place)
            return self._following(mask, saving, results[1])

        @target.control
        def save(  # noqa: PLR0913, PLR0917 - all that an interpolation needs
            mask: Any,
            span: Any,
            y: Any,
            p: Any,
            step_memory: Any,
            memory: Any,
            results: Any,
            place: Any,
            saving: Any,
        ) -> Any:
            t, t_next, h = span
            prepare(t, h, y, p, step_memory)
            scale = inverse(span)
            while any_lane(mask):
                interpolate(fraction(span, saving, scale), h, y, step_memory, memory[0])
                saving = store(mask, p, memory, results, place, saving)
                mask = due(mask, saving, t_next)
            return saving

        return OutputFunctions(begin, due, save, self._fill(target))

    def _fill(self, target: Target) -> DeviceFunction:
        """Return code that stores NaN at the save times that were not reached."""
        any_lane = target.any_lane

        @target.straight_line
        def missing(mask: Any, cursor: Any) -> Any:
            return both(mask, cursor < self.times)

        @target.straight_line
        def fill(mask: Any, y: Any, cursor: Any, results: Any, place: Any) -> Any:
            nothing = literal(y, float("nan"), self.rhs.precision)
            values = [nothing for _ in (*self.states, *self.observables)]
            self._scatter(mask, values, cursor, results, place)
            return cursor + convert(mask, "int32")

        @target.control
        def end(mask: Any, _status: Any, _t: Any, y: Any, _p: Any, results: Any, place: Any, saving: Any) -> None:
            cursor = saving[0]
            mask = missing(mask, cursor)
            while any_lane(mask):
                cursor = fill(mask, y, cursor, results, place)
                mask = missing(mask, cursor)

        return end

    # -- parts ----------------------------------------------------------------------------------

    def _values(self, t: Any, y: Any, p: Any) -> list[Any]:
        states = [y[index] for index in self.states]
        return states + self.rhs.observables(self.observables)(t, y, p) if self.observables else states

    def _scatter(self, mask: Any, values: list[Any], cursor: Any, results: Any, place: Any) -> None:
        """Store variables at a save time; results lie as (variable, time, run)."""
        variables, _ = results
        run, runs = place
        first = convert(cursor, "int64") * runs + run
        for number, value in enumerate(values):
            scatter(variables, first + runs * (number * self.times), value, mask)

    def _following(self, mask: Any, saving: Any, times: Any) -> tuple[Any, Any]:
        """Return cursor and time of the next save where one was stored."""
        cursor, save_time = saving
        cursor = cursor + convert(mask, "int32")
        if self.grid is not None:
            # Rounded as NumPy rounds it. To wait for a table costs more than the rest of a save.
            start, interval = self.grid
            return cursor, select(mask, convert(cursor, "float64") * interval + start, save_time)
        another = both(mask, cursor < self.times)
        return cursor, select(another, gather(times, convert(cursor, "int64"), another), save_time)
