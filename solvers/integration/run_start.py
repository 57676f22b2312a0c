"""Where a run starts: its values, its first step, and whether it can start at all."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from solvers.equations.right_hand_side import RightHandSide
from solvers.equations.system import parameter_symbol, state_symbol
from solvers.integration.lane import AppointedTime, Place, Progress, Saving, SwitchingTime, Time
from solvers.status import Status
from solvers.straightline import are_finite, both, either, gather, literal, select
from solvers.straightline.dealing import Dealing, chosen
from solvers.straightline.loops import Repeated, by_lane
from solvers.straightline.record import INDEX
from solvers.straightline.setting import Number
from solvers.targets.target import DeviceFunction, Target


@dataclass(frozen=True)
class RunStart:
    """Straight-line code that gives a lane a run.

    Parameters
    ----------
    rhs
        The system.
    t0
        Where runs start.
    dt
        First step; None: estimated.
    swept_states, swept_parameters
        Position of each input row by the position of the state or parameter that it sets.
    stops, events
        Whether there are stops on the way, and whether there are events.
    """

    rhs: RightHandSide
    t0: Number
    dt: Number | None
    swept_states: dict[int, int]
    swept_parameters: dict[int, int]
    stops: bool
    events: bool = False

    def nobody(self, runs: Any) -> tuple[Any, Any, Any, Progress, Saving]:
        """Return what a lane without a run has: run, fresh, active, progress, saving."""
        t, dt = (
            literal(runs, self.t0, "float64"),
            literal(runs, 0.0 if self.dt is None else self.dt, self.rhs.precision),
        )
        none, idle = literal(runs, 0, "int32"), literal(runs, False, "mask")  # noqa: FBT003
        time: Any = SwitchingTime(t, dt, t, t) if self.stops else Time(t, t, dt)
        if self.events:
            time = AppointedTime(t, dt, t, t, t)
        progress = Progress(time, dt, none, none, none, idle)
        fresh = literal(runs, True, "mask")  # noqa: FBT003
        return literal(runs, -1, "int64"), fresh, idle, progress, Saving(none, t)

    def load(self, fresh: Any, place: Place, inputs: Any, defaults: Any, y: Any, p: Any) -> None:
        """Store a run's initial values and parameters."""
        system = self.rhs.system
        count = len(system.states)

        def value(row: int | None, position: int) -> Any:
            if row is not None:
                return gather(inputs, place.run + row * place.runs, fresh)
            return defaults[position] if system.values else None

        states = [value(self.swept_states.get(i), i) for i in range(count)]
        parameters = [value(self.swept_parameters.get(j), count + j) for j in range(len(system.parameters))]
        swept = self.swept_states, self.swept_parameters
        self.rhs.start_values.fill(states, parameters, self.rhs.precision, *swept)
        own = {symbol for symbol, _ in system.values}
        for array, values, first, rows, symbol in (
            (y, states, 0, self.swept_states, state_symbol),
            (p, parameters, count, self.swept_parameters, parameter_symbol),
        ):
            special = [index for index in range(len(values)) if index in rows or symbol(index) in own]
            if array is y and self.rhs.dealing:
                self._store_dealt(fresh, y, values, special, defaults, self.rhs.dealing)
            else:
                self._store(fresh, array, values, special, defaults, first)

    def _store(
        self, fresh: Any, array: Any, values: list[Any], special: Sequence[int], defaults: Any, first: int
    ) -> None:
        """Store values for fresh runs; those between the special ones are defaults, from `first` on."""

        def take_defaults(start: int, count: int) -> None:
            def take(i: Any) -> None:
                array[i + start] = select(fresh, defaults[i + start + first], array[i + start])

            Repeated(count, self.rhs.states.longest).each(array, take)

        begun = 0
        for index in [*special, len(values)]:
            take_defaults(begun, index - begun)
            if index < len(values):
                array[index] = select(fresh, values[index], array[index])
            begun = index + 1

    @staticmethod
    def _store_dealt(
        fresh: Any, y: Any, values: list[Any], special: Sequence[int], defaults: Any, dealing: Dealing
    ) -> None:
        """Store the values of a thread's states for fresh runs, zeros where it has none."""
        for slot, states in enumerate(dealing.slots):
            value = defaults[by_lane(y, INDEX, states)]
            for state in set(special).intersection(states):
                value = chosen([each == state for each in states], values[state], value)
            value = chosen([each is not None for each in states], value, literal(y, 0.0, y.dtype))
            y[slot] = select(fresh, value, y[slot])

    def begin(self, fresh: Any, attempts: Any, rejected: Any) -> tuple[Any, Any, Any]:
        """Return the time at which runs start, and their counts."""
        return literal(fresh, self.t0, "float64"), select(fresh, 0, attempts), select(fresh, 0, rejected)

    def check(self, fresh: Any, sound: Any, y: Any, status: Any, active: Any) -> tuple[Any, Any]:
        """Return the status, and which runs are active; `sound` are those whose right-hand side is finite."""
        sound = both(sound, are_finite(y, self.rhs.states))
        fresh_status = select(sound, literal(status, 0, "int32"), literal(status, Status.NONFINITE, "int32"))
        return select(fresh, fresh_status, status), either(both(fresh, sound), active)

    def first_step(self, target: Target, estimate: DeviceFunction) -> DeviceFunction:
        """Return code (fresh, dt, t, y, p, memory) -> dt, given `StepFunctions.first_step`."""

        @target.straight_line
        def choose(fresh: Any, dt: Any, estimated: Any) -> Any:
            return select(fresh, estimated, dt)

        @target.control
        def estimated(fresh: Any, dt: Any, t: Any, y: Any, p: Any, memory: Any) -> Any:
            return choose(fresh, dt, estimate(t, y, p, memory))

        @target.straight_line
        def given(fresh: Any, dt: Any, _t: Any, _y: Any, _p: Any, _memory: Any) -> Any:
            return select(fresh, self.dt, dt)

        return estimated if self.dt is None else given
