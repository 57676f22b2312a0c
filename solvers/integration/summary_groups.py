"""Which measures summaries take: one for all that it can tell, of each quantity in each window."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from solvers.integration.extremes import Extreme
from solvers.integration.measures import Final, Integral, Measure, Present, Searched, Slots, Spread, Square
from solvers.integration.sides import Level, Peaks
from solvers.integration.step_polynomials import StepPolynomials
from solvers.integration.windows import WindowEnds
from solvers.settings import LEVEL_KINDS, PEAK_KINDS
from solvers.straightline.setting import Number

_PLAIN: dict[str, Callable[..., Measure]] = {
    "integral": Integral,
    "square": Square,
    "spread": Spread,
    "final": Final,
    "present": Present,
}


@dataclass(frozen=True)
class AskedSummary:
    """A summary as the kernel knows it; see `solvers.settings.Summary`, where numbers are not settings."""

    quantity: int
    observable: bool
    kind: str
    window: int
    level: Number | None = None
    direction: int = 0
    above: Number | None = None

    @property
    def place(self) -> tuple[int, bool, int]:
        """What it is of, and in which window."""
        return self.window, self.observable, self.quantity


class Group(NamedTuple):
    """The measures of a quantity in a window; `series` is the quantity's place among the polynomials of a step."""

    window: int
    series: int
    measures: dict[Any, Measure]


@dataclass(frozen=True)
class Groups:
    """All measures.

    Parameters
    ----------
    asked
        Summaries, in the order of the rows of findings.
    ends
        Where windows begin and end.
    groups
        The measures, by the place of what they are of, and its window.
    slots
        The numbers that they keep.
    polynomials
        Those of a step.
    """

    asked: tuple[AskedSummary, ...]
    ends: tuple[WindowEnds, ...]
    groups: dict[tuple[int, int], Group]
    slots: Slots
    polynomials: StepPolynomials

    @classmethod
    def of(
        cls,
        asked: tuple[AskedSummary, ...],
        ends: tuple[WindowEnds, ...],
        polynomials: StepPolynomials,
        *,
        changes: bool,
    ) -> "Groups":
        """Return the measures of some summaries.

        Parameters
        ----------
        changes
            Whether events may change quantities between steps.
        """
        made = cls(asked, ends, {}, Slots(polynomials.rhs.precision), polynomials)
        for index, each in enumerate(asked):
            measures = made.of_summary(index).measures
            for key in made.keys(index):
                if key not in measures:
                    measures[key] = made.measure(key, each, changes=changes)
        return made

    def __iter__(self) -> Any:
        """Yield groups."""
        return iter(self.groups.values())

    @property
    def measures(self) -> list[tuple[Group, Measure]]:
        """Each measure with its group."""
        return [(group, measure) for group in self for measure in group.measures.values()]

    @property
    def searching(self) -> list[tuple[Group, Searched]]:
        """Those that search steps."""
        return [(group, measure) for group, measure in self.measures if isinstance(measure, Searched)]

    def of_summary(self, index: int) -> Group:
        """Return the group of a summary."""
        each = self.asked[index]
        place = each.window, self.polynomials.place(each.quantity, observable=each.observable)
        return self.groups.setdefault(place, Group(*place, {}))

    def keys(self, index: int) -> Sequence[Any]:
        """Return the names of the measures that a summary is told by.

        Numbers of the user's are settings, of which it is not known here which are equal: who has one has a measure
        alone.
        """
        each = self.asked[index]
        if each.kind in LEVEL_KINDS:
            return (("level", index),)
        if each.kind in PEAK_KINDS:
            return ("peaks",) if each.above is None else (("peaks", index),)
        return {
            "final": ("present" if self.ends[each.window].end is None else "final",),
            "time_of_min": ("min",),
            "time_of_max": ("max",),
            "range": ("max", "min"),
            "mean": ("integral",),
            "rms": ("square",),
            "std": ("spread",),
        }.get(each.kind, (each.kind,))

    def measure(self, key: Any, each: AskedSummary, *, changes: bool) -> Measure:
        """Return a new measure, by its name."""
        slots, where = self.slots, {"from_start": self.ends[each.window].begin is None, "changes": changes}
        name = key if isinstance(key, str) else key[0]
        if name in {"max", "min"}:
            timed = any((one.kind, one.place) == (f"time_of_{name}", each.place) for one in self.asked)
            sign = 1 if name == "max" else -1
            return Extreme(slots, sign=sign, timed=timed, terms=self.polynomials.terms, **where)
        if name == "level":
            assert each.level is not None  # noqa: S101 - of a kind that has one
            counts = each.kind == "crossings"
            return Level(slots, level=each.level, direction=each.direction, counts=counts, **where)
        if name == "peaks":
            others = [one for one in self.asked if one.place == each.place and one.kind in PEAK_KINDS]
            counts = each.above is None and all(one.kind == "peaks" for one in others if one.above is None)
            return Peaks(slots, above=each.above, counts=counts, **where)
        return _PLAIN[name](slots, **where)
