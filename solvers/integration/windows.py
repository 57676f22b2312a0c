"""Windows: the parts of a run that summaries are of, and the parts of a step that lie in them."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from solvers.algebra.point import Point
from solvers.equations.instant import time_of
from solvers.equations.program import Program, literals
from solvers.integration.measures import Part
from solvers.straightline import both, convert, either, literal, maximum, minimum, select
from solvers.straightline.setting import Number


@dataclass(frozen=True)
class WindowEnds:
    """Where a window begins and ends: numbers, or programs of all parameters; None: with the run."""

    begin: Number | Program | None = None
    end: Number | Program | None = None

    @property
    def whole(self) -> bool:
        """Whether it is all of the run."""
        return self.begin is None and self.end is None


@dataclass(frozen=True)
class Windows:
    """Straight-line code that tells where windows are; `memory` is the frame of the summaries.

    Parameters
    ----------
    ends
        Of each window.
    t0, t1
        The span.
    changes
        Whether events may cut a step short.
    """

    ends: tuple[WindowEnds, ...]
    t0: Number
    t1: Number
    changes: bool

    @cached_property
    def computed(self) -> tuple[tuple[int, str], ...]:
        """The ends that are computed for each run, by window and name."""
        return tuple(
            (index, name)
            for index, window in enumerate(self.ends)
            for name in ("begin", "end")
            if isinstance(getattr(window, name), Program)
        )

    def may_be_cut(self, window: int) -> bool:
        """Return whether a window may begin or end within a step."""
        return self.changes or not self.ends[window].whole

    @property
    def any_cut(self) -> bool:
        """Whether that is so of any window."""
        return any(map(self.may_be_cut, range(len(self.ends))))

    def compute(self, fresh: Any, p: Any, parameters: int, memory: Any) -> None:
        """Store the ends that depend on parameters for runs that start, kept within the span; NaN without a value."""
        if not self.computed:
            return
        exact = [convert(p[index], "float64") for index in range(parameters)]
        for place, (window, name) in enumerate(self.computed):
            program: Program = getattr(self.ends[window], name)
            (found,) = program.evaluate(exact, literals(exact[0], "float64"))
            found = maximum(found, self.t0) if name == "begin" else minimum(found, self.t1)
            memory.windows[place] = select(fresh, found, memory.windows[place])

    def bounds(self, window: int, like: Any, memory: Any) -> tuple[Any, Any]:
        """Return where a window begins and ends, float64; None: with the run."""
        begin, end = (self._bound(window, name, like, memory) for name in ("begin", "end"))
        return begin, end

    def _bound(self, window: int, name: str, like: Any, memory: Any) -> Any:
        found = getattr(self.ends[window], name)
        if found is None:
            return None
        if isinstance(found, Program):
            return memory.windows[self.computed.index((window, name))]
        return literal(like, found, "float64")

    def locate(self, window: int, accept: Any, point: Point, t_next: Any, t_stop: Any, memory: Any) -> tuple[Any, Any]:
        """Store where the part of a step that counts begins and ends; return where there is one, and less than all."""
        t = time_of(point.t)
        first, last = self.bounds(window, t, memory)
        begin = t if first is None else maximum(t, first)
        stop = t_stop if self.changes else t_next
        end = stop if last is None else minimum(stop, last)
        memory.parts[2 * window], memory.parts[2 * window + 1] = begin, end
        if not self.may_be_cut(window):
            return accept, literal(t, False, "mask")  # noqa: FBT003
        inside = both(accept, begin < end)
        return inside, both(inside, either(begin > t, end < t_next))

    def part(self, window: int, memory: Any) -> Part:
        """Return the part that was located last."""
        begin, end = memory.parts[2 * window], memory.parts[2 * window + 1]
        first, _ = self.bounds(window, begin, memory)
        return Part(begin, end, end - begin, begin - (self.t0 if first is None else first))

    def covers(self, window: int, mask: Any, t: Any, memory: Any) -> Any:
        """Return where a mask holds and a time is in a window."""
        first, last = self.bounds(window, t, memory)
        mask = mask if first is None else both(mask, t >= first)
        return mask if last is None else both(mask, t <= last)

    def until(self, window: int, good: Any, t: Any, memory: Any) -> tuple[Any, Any]:
        """Return where runs that ended at t are good and had some of a window, and how much of it."""
        first, last = self.bounds(window, t, memory)
        length = (t if last is None else minimum(t, last)) - (self.t0 if first is None else first)
        return good if self.ends[window].whole else both(good, length > 0.0), length
