"""When steps are searched: at once where something has to be found, or later, where most of it need not be."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from solvers.integration.extremes import Extreme
from solvers.integration.measures import Searched
from solvers.integration.searches import Searches
from solvers.integration.summary_groups import Group, Groups
from solvers.integration.windows import Windows
from solvers.methods.step import Part as CodePart
from solvers.methods.step import sequence
from solvers.straightline import both
from solvers.targets.target import DeviceFunction, Target


@dataclass(frozen=True)
class SearchCode:
    """Makes the device functions that search steps for measures.

    Parameters
    ----------
    target
        What they are lowered for.
    groups
        The measures.
    windows
        Where windows are.
    of_part
        Straight-line code (group, memory) -> the polynomial of a quantity in the part of a step that counts.
    """

    target: Target
    groups: Groups
    windows: Windows
    of_part: Callable[[Group, Any], list[Any]]

    @cached_property
    def _searches(self) -> dict[str, DeviceFunction]:
        """The searches that measures take, by their names."""
        found = [measure.search for _, measure in self.groups.searching]
        callers = len(found) + found.count(Extreme.search)  # these search at the end of runs as well
        searches = Searches(self.target, self.groups.slots.precision, callers)
        return {name: getattr(searches, name)() for name in sorted(set(found))}

    def of_step(self, window: int) -> DeviceFunction:
        """Return code (searched, point, memory) that searches a step for all measures of a window that have to."""
        parts = []
        for group, measure in self.groups.searching:
            if group.window == window:
                finish = self._finish(group, measure)
                make = self._keep if isinstance(measure, Extreme) else self._at_once
                parts.append(CodePart(make(group, measure, finish), straight=False))
        return sequence(self.target, parts or [CodePart(_nothing)])

    def _finish(self, group: Group, measure: Searched) -> DeviceFunction:
        """Return code (mask, memory) that searches for a measure."""
        target, search = self.target, self._searches[measure.search]

        @target.straight_line
        def arguments(memory: Any) -> Any:
            return measure.arguments(self.of_part(group, memory), memory)

        @target.straight_line
        def take(mask: Any, found: Any, memory: Any) -> None:
            measure.take(mask, self.windows.part(group.window, memory), found, memory)

        @target.control
        def finish(mask: Any, memory: Any) -> None:
            take(mask, search(mask, arguments(memory)), memory)

        return finish

    def _flagged(self, measure: Searched) -> DeviceFunction:
        """Return code (searched, memory) -> where a measure has to search."""

        @self.target.straight_line
        def flagged(searched: Any, memory: Any) -> Any:
            return both(searched, memory.searched[measure.flag.place] != 0)

        return flagged

    def _at_once(self, group: Group, measure: Searched, finish: DeviceFunction) -> DeviceFunction:
        """Return code (searched, point, memory) that searches a step where it has to be."""
        target, any_lane, flagged = self.target, self.target.any_lane, self._flagged(measure)

        @target.straight_line
        def count(mask: Any, memory: Any) -> Any:
            return measure.count(mask, self.of_part(group, memory), memory)

        @target.control
        def look(searched: Any, _point: Any, memory: Any) -> None:
            mask = flagged(searched, memory)
            if any_lane(mask):
                rest = count(mask, memory)
                if any_lane(rest):
                    finish(rest, memory)

        return look

    def _keep(self, group: Group, measure: Searched, finish: DeviceFunction) -> DeviceFunction:
        """Return code (searched, point, memory) that keeps a step, and searches what had to be kept before."""
        assert isinstance(measure, Extreme)  # noqa: S101 - which keep steps
        target, any_lane, extreme = self.target, self.target.any_lane, measure
        flagged = self._flagged(measure)

        @target.straight_line
        def waiting(mask: Any, memory: Any) -> Any:
            return extreme.waiting(mask, memory)

        @target.straight_line
        def keep(mask: Any, memory: Any) -> None:
            extreme.keep(mask, self.windows.part(group.window, memory), self.of_part(group, memory), memory)

        @target.control
        def look(searched: Any, _point: Any, memory: Any) -> None:
            mask = flagged(searched, memory)
            if any_lane(mask):
                clash = waiting(mask, memory)
                if any_lane(clash):
                    finish(clash, memory)
                keep(mask, memory)

        return look

    def of_end(self) -> DeviceFunction:
        """Return code (mask, point, memory) that searches all steps that are kept."""
        target, any_lane = self.target, self.target.any_lane

        def part(group: Group, extreme: Extreme) -> CodePart:
            finish = self._finish(group, extreme)

            @target.straight_line
            def waiting(mask: Any, memory: Any) -> Any:
                return extreme.waiting(mask, memory)

            @target.control
            def look(mask: Any, _point: Any, memory: Any) -> None:
                wanted = waiting(mask, memory)
                if any_lane(wanted):
                    finish(wanted, memory)

            return CodePart(look, straight=False)

        parts = [part(group, each) for group, each in self.groups.searching if isinstance(each, Extreme)]
        return sequence(self.target, parts or [CodePart(_nothing)])


def _nothing(_active: Any, _point: Any, _memory: Any) -> None:
    """Search nothing."""
