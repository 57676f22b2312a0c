"""Summaries: what is told of quantities over a run, computed from the continuous extension while it is integrated."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, partial, reduce
from math import nan
from typing import Any

from buffers import BufferRegistry
from solvers.equations.instant import time_of
from solvers.equations.right_hand_side import RightHandSide
from solvers.integration.lane import Place, Results
from solvers.integration.measures import BUFFERS, Ended, Present
from solvers.integration.step_polynomials import StepPolynomials
from solvers.integration.summary_functions import SummaryFunctions, no_summaries
from solvers.integration.summary_groups import AskedSummary, Group, Groups
from solvers.integration.summary_searches import SearchCode
from solvers.integration.windows import WindowEnds, Windows
from solvers.methods.step import OneStepMethod
from solvers.settings import COUNT_KINDS
from solvers.status import Status
from solvers.straightline import convert, either, literal, scatter, select
from solvers.straightline.setting import Number
from solvers.targets.target import DeviceFunction, Target


@dataclass(frozen=True)
class Summaries:
    """Computes summaries.

    Buffers: `coefficients` are the polynomials of a step, `part_coefficients` those of the part of it that is in a
    window, `parts` where that begins and ends; `windows` are ends of windows that differ from run to run; `extremes`,
    `totals`, `moments` and `counts` are what measures keep over a run, `searched` which of them have to search a step.

    Parameters
    ----------
    rhs, step
        The system and the method.
    asked
        Summaries, in the order of the rows of findings, of which they are the first.
    ends
        Where windows begin and end, by their positions.
    t0, t1
        The span.
    changes
        Whether events may cut a step short and change states.
    """

    rhs: RightHandSide
    step: OneStepMethod
    asked: tuple[AskedSummary, ...]
    ends: tuple[WindowEnds, ...]
    t0: Number
    t1: Number
    changes: bool = False

    owner = "summaries"

    def register(self, registry: BufferRegistry) -> None:
        """Register what polynomials and measures take."""
        registry.declare(self.owner)
        precision, slots = self.rhs.precision, self.groups.slots
        if self.inner:
            registry.register(self.owner, "coefficients", self.polynomials.count, precision)
            if self.windows.any_cut:
                registry.register(self.owner, "part_coefficients", self.polynomials.count, precision)
            registry.register(self.owner, "parts", 2 * len(self.ends), "float64")
        kept = {name: (slots.counts[name], slots.dtype(name)) for name in BUFFERS}
        kept["windows"] = len(self.windows.computed), "float64"
        for name, (count, dtype) in kept.items():
            if count:
                registry.register(self.owner, name, count, dtype, lifetime="run")
        if slots.counts["searched"]:
            registry.register(self.owner, "searched", slots.counts["searched"], "int32")

    def build(self, target: Target, prepare: DeviceFunction) -> SummaryFunctions:
        """Return the device functions, given what makes the continuous extension of a step ready."""
        nothing = no_summaries(target)
        code = SearchCode(target, self.groups, self.windows, self._of_part)
        begin, end = self._begin(target), self._end(target, code)
        if not self.inner:
            return nothing._replace(begin=begin, end=end)
        return SummaryFunctions(begin, self._update(target, prepare, code), self._jump(target), end)

    # -- what there is --------------------------------------------------------------------------

    @property
    def inner(self) -> bool:
        """Whether steps are looked at, and not the end of runs alone."""
        return any(not isinstance(measure, Present) for _, measure in self.groups.measures)

    @cached_property
    def polynomials(self) -> StepPolynomials:
        """The polynomials of a step."""
        states = frozenset(each.quantity for each in self.asked if not each.observable)
        observables = tuple(sorted({each.quantity for each in self.asked if each.observable}))
        return StepPolynomials(self.rhs, self.step, states, observables)

    @cached_property
    def windows(self) -> Windows:
        """Where windows are."""
        return Windows(self.ends, self.t0, self.t1, self.changes)

    @cached_property
    def groups(self) -> Groups:
        """The measures."""
        return Groups.of(self.asked, self.ends, self.polynomials, changes=self.changes)

    # -- where a run starts ---------------------------------------------------------------------

    def _begin(self, target: Target) -> DeviceFunction:
        @target.straight_line
        def start(fresh: Any, t: Any, y: Any, p: Any, memory: Any) -> None:
            values = self.polynomials.values(t, y, p)
            for group, measure in self.groups.measures:
                measure.begin(fresh, time_of(t), values[group.series], memory)
            self.windows.compute(fresh, p, len(self.rhs.system.parameters), memory)

        @target.control
        def begin(fresh: Any, t: Any, memory: Any) -> None:
            start(fresh, t, memory.state, memory.parameters, memory.summaries)

        return begin

    # -- a step ---------------------------------------------------------------------------------

    def _update(self, target: Target, prepare: DeviceFunction, code: SearchCode) -> DeviceFunction:
        any_lane = target.any_lane
        windows = sorted({group.window for group in self.groups})
        look = reduce(partial(_one_after_the_other, target), [self._in_window(target, each, code) for each in windows])

        @target.straight_line
        def sample(point: Any, t_next: Any, step_memory: Any, memory: Any) -> None:
            self.polynomials.sample(point, t_next, step_memory, memory.coefficients)

        @target.control
        def update(accept: Any, point: Any, t_next: Any, t_stop: Any, memory: Any) -> None:
            if any_lane(accept):
                prepare(point, memory.step)
                sample(point, t_next, memory.step, memory.summaries)
                look(accept, point, t_next, t_stop, memory.summaries)

        return update

    def _in_window(self, target: Target, window: int, code: SearchCode) -> DeviceFunction:
        """Return code (accept, point, t_next, t_stop, memory) that has the measures of a window look at a step."""
        any_lane, cut = target.any_lane, self._cut(target, window)
        search = code.of_step(window)

        @target.straight_line
        def locate(accept: Any, point: Any, t_next: Any, t_stop: Any, memory: Any) -> Any:
            return self.windows.locate(window, accept, point, t_next, t_stop, memory)

        @target.straight_line
        def add(inside: Any, memory: Any) -> Any:
            return self._add(window, inside, memory)

        @target.control
        def look(accept: Any, point: Any, t_next: Any, t_stop: Any, memory: Any) -> None:
            inside, partly = locate(accept, point, t_next, t_stop, memory)
            if any_lane(inside):
                cut(partly, point, t_next, memory)
                searched = add(inside, memory)
                if any_lane(searched):
                    search(searched, point, memory)

        return look

    def _cut(self, target: Target, window: int) -> DeviceFunction:
        """Return code (partly, point, t_next, memory) that leaves the polynomials of the part that counts."""
        if not self.windows.may_be_cut(window):
            return target.straight_line(_nothing_to_cut)
        any_lane, polynomials = target.any_lane, self.polynomials

        @target.straight_line
        def copy(memory: Any) -> None:
            for index in range(polynomials.count):
                memory.part_coefficients[index] = memory.coefficients[index]

        @target.straight_line
        def restrict(partly: Any, point: Any, t_next: Any, memory: Any) -> None:
            span = memory.parts[2 * window], memory.parts[2 * window + 1]
            polynomials.restrict(partly, point, t_next, span, memory.coefficients, memory.part_coefficients)

        @target.control
        def cut(partly: Any, point: Any, t_next: Any, memory: Any) -> None:
            copy(memory)
            if any_lane(partly):
                restrict(partly, point, t_next, memory)

        return cut

    def _of_part(self, group: Group, memory: Any) -> list[Any]:
        """Return a quantity's polynomial in the part that counts."""
        array = memory.part_coefficients if self.windows.may_be_cut(group.window) else memory.coefficients
        return self.polynomials.coefficients(array, group.series)

    def _add(self, window: int, inside: Any, memory: Any) -> Any:
        """Have all measures of a window look at a part; return where any of them has to search it."""
        part, searched = self.windows.part(window, memory), literal(memory.parts, False, "mask")  # noqa: FBT003
        for group, measure in self.groups.measures:
            if group.window == window:
                found = measure.add(inside, part, self._of_part(group, memory), memory)
                searched = searched if found is None else either(searched, found)
        return searched

    # -- where an event changes a state, and where a run ends --------------------------------------

    def _jump(self, target: Target) -> DeviceFunction:
        @target.straight_line
        def take(mask: Any, t: Any, y: Any, p: Any, memory: Any) -> None:
            values, now = self.polynomials.values(t, y, p), time_of(t)
            for group, measure in self.groups.measures:
                inside = self.windows.covers(group.window, mask, now, memory)
                measure.jump(inside, now, values[group.series], memory)

        @target.control
        def jump(mask: Any, t: Any, memory: Any) -> None:
            take(mask, t, memory.state, memory.parameters, memory.summaries)

        return jump

    def _end(self, target: Target, code: SearchCode) -> DeviceFunction:
        search_kept = code.of_end()

        @target.straight_line
        def store(mask: Any, status: Any, t: Any, y: Any, p: Any, memory: Any, results: Results, place: Place) -> None:
            good = either(status == int(Status.SUCCESS), status == int(Status.STOPPED))
            for row, value in enumerate(self._told(good, t, y, p, memory)):
                scatter(results.findings, place.run + row * place.runs, value, mask)

        @target.control
        def end(mask: Any, status: Any, t: Any, memory: Any, results: Any, place: Any) -> None:
            search_kept(mask, t, memory.summaries)
            store(mask, status, t, memory.state, memory.parameters, memory.summaries, results, place)

        return end

    def _told(self, good: Any, t: Any, y: Any, p: Any, memory: Any) -> Iterator[Any]:
        """Yield each summary as float64; without a value it is NaN, and a count 0."""
        values, now = self.polynomials.values(t, y, p), time_of(t)
        for index, each in enumerate(self.asked):
            group = self.groups.of_summary(index)
            reached, duration = self.windows.until(each.window, good, now, memory)
            ended = Ended(values[group.series], duration)
            told = []
            for key in self.groups.keys(index):
                kind = key if each.kind == "range" else each.kind
                told.append(convert(group.measures[key].told(kind, ended, memory), "float64"))
            value = told[0] if len(told) == 1 else told[0] - told[1]
            yield select(reached, value, literal(now, 0.0 if each.kind in COUNT_KINDS else nan, "float64"))


def _one_after_the_other(target: Target, first: DeviceFunction, second: DeviceFunction) -> DeviceFunction:
    @target.control
    def run(accept: Any, point: Any, t_next: Any, t_stop: Any, memory: Any) -> None:
        first(accept, point, t_next, t_stop, memory)
        second(accept, point, t_next, t_stop, memory)

    return run


def _nothing_to_cut(_partly: Any, _point: Any, _t_next: Any, _memory: Any) -> None:
    """Leave polynomials as they are."""
