"""Events: what changes a run, ends it or is recorded, at given times or where an expression crosses zero."""

from dataclasses import dataclass, replace
from functools import reduce
from typing import Any, NamedTuple

from buffers import BufferRegistry
from solvers.equations.instant import time_of
from solvers.integration.acting import Acting
from solvers.integration.crossings import QUARTERS
from solvers.integration.firings import Firings
from solvers.integration.lane import Stretch
from solvers.integration.passing import Passing, whole_step
from solvers.methods.step import StepFunctions
from solvers.status import Status
from solvers.straightline import both, literal, select, smaller
from solvers.targets.target import DeviceFunction, Target
from solvers.trace import EVENT


class EventFunctions(NamedTuple):
    """The device functions of events; `memory` is their frame.

    begin(fresh, t, y, p, status, memory) -> status: take up runs at t0; no such run has times that are none.
    watch(active, point, t_next, step_memory, memory) -> (trying, stirs): look at an attempt, before it is judged; which
        attempts count, the others being made again, and in which there may be crossings.
    pass_by(accept, stirs, point, t_next, appointed, step_memory, memory, place, results) -> stretch: look for crossings
        in a step, tell of those that change nothing, and stop at the first that does; its state is then in
        `memory.state`.
    act(mask, cut, t, y, p, status, memory, place, results) -> (status, changed): act at a moment at which appointments
        are due or, where it is `cut`, a crossing has been found, and on what follows from that; whether anything was
        set.
    appointed(like, memory) -> time: the next appointment.
    take(mask, y, memory): make the state of that moment the run's.
    end(mask, t, memory, place, results): tell what is known at the end.
    """

    begin: DeviceFunction
    watch: DeviceFunction
    pass_by: DeviceFunction
    act: DeviceFunction
    appointed: DeviceFunction
    take: DeviceFunction
    end: DeviceFunction


@dataclass(frozen=True)
class Events:
    """The component: what happens on the way.

    Parameters
    ----------
    firings
        The events.
    patience
        Attempts that a run with a crossing waits for runs that step together with it; 0: none.
    """

    firings: Firings
    patience: int = 0

    owner = "events"

    def register(self, registry: BufferRegistry) -> None:
        """Register what is remembered of each event, and the state at a moment."""
        precision = self.firings.rhs.precision
        registry.register(self.owner, "state", self.firings.rhs.states.held, precision)
        registry.register(self.owner, "firings", len(self.firings.events), "int32", lifetime="run")
        registry.register(self.owner, "appointments", len(self.firings.dated), "float64", lifetime="run")
        registry.register(self.owner, "side", len(self.firings.watched), "int32", lifetime="run")
        for name in ("residue", "value"):
            registry.register(self.owner, name, len(self.firings.watched), precision, lifetime="run")
        registry.register(self.owner, "beyond", len(self.firings.watched), precision)
        if self.waits:
            registry.register(self.owner, "waited", 1, "int32", lifetime="run")
        registry.register(self.owner, "samples", len(self.firings.watched) * (len(QUARTERS) + 1), precision)

    @property
    def waits(self) -> bool:
        """Whether runs with crossings may wait for others."""
        return bool(self.firings.watched and self.patience)

    def build(self, target: Target, step: StepFunctions) -> EventFunctions:
        """Return the device functions, given those of the method."""
        if target.watched and self.firings.report is None:
            return replace(self, firings=replace(self.firings, report=target.probe(EVENT))).build(target, step)
        passing, watched = Passing(self.firings, self.patience), self.firings.watched
        return EventFunctions(
            begin=target.straight_line(self._begin),
            watch=passing.watch(target, step) if watched else target.straight_line(_unwatched),
            pass_by=passing.build(target, step) if watched else target.straight_line(self._pass_unseen),
            act=Acting(self.firings).build(target),
            appointed=target.straight_line(self._appointed),
            take=target.straight_line(self._take),
            end=target.straight_line(self._end),
        )

    def _begin(self, fresh: Any, t: Any, y: Any, p: Any, status: Any, memory: Any) -> Any:
        status = select(fresh, literal(status, 0, "int32"), status)
        for index in range(len(self.firings.events)):
            memory.firings[index] = select(fresh, 0, memory.firings[index])
        for place, index in enumerate(self.firings.dated):
            first = self.firings.diary(index).first(time_of(t), p)
            memory.appointments[place] = select(fresh, first, memory.appointments[place])
            broken = both(fresh, first != first)  # noqa: PLR0124 - NaN
            status = select(broken, literal(status, Status.NONFINITE, "int32"), status)
        if self.firings.watched:
            self.firings.crossings.begin(fresh, t, y, p, memory)
        if self.waits:
            memory.waited[0] = select(fresh, 0, memory.waited[0])
        return status

    def _appointed(self, like: Any, memory: Any) -> Any:
        never = literal(like, float("inf"), "float64")
        return reduce(smaller, (memory.appointments[place] for place in range(len(self.firings.dated))), never)

    def _pass_unseen(
        self,
        accept: Any,
        _stirs: Any,
        _point: Any,
        t_next: Any,
        appointed: Any,
        _step: Any,
        _memory: Any,
        _place: Any,
        _results: Any,
    ) -> Stretch:
        return whole_step(accept, t_next, appointed)

    def _take(self, mask: Any, y: Any, memory: Any) -> None:
        self.firings.rhs.states.each(y, lambda i: y.__setitem__(i, select(mask, memory.state[i], y[i])))

    def _end(self, mask: Any, t: Any, memory: Any, place: Any, results: Any) -> None:
        if self.firings.end_row is not None:
            self.firings.store(mask, self.firings.end_row, t, place, results)
        for index, rows in enumerate(self.firings.rows):
            self.firings.store(mask, rows.firings, memory.firings[index], place, results)


def _unwatched(active: Any, _point: Any, _t_next: Any, _step: Any, _memory: Any) -> tuple[Any, Any]:
    return active, active
