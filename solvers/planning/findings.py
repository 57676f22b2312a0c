"""Findings: what is told of each run besides its saved variables and its counts, such as summaries and events."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from solvers.equations.quantities import Quantities
from solvers.settings import COUNT_KINDS, LEVEL_KINDS, PEAK_KINDS, SaveSettings, SolveSettings, Summary, Window


@dataclass(frozen=True)
class Finding:
    """A variable of the result with a value a run, or some values a run.

    Kernels write findings as float64, which holds every int32; the result has them as `dtype`.

    Parameters
    ----------
    name
        What the result calls it.
    meaning
        What it is, for people.
    dtype
        In the result.
    units
        Its unit, where it has one.
    dimension, length
        Of a variable with some values a run: its other dimension, which comes before that of the runs; None: there is
        none.
    """

    name: str
    meaning: str
    dtype: Literal["float64", "float32", "int32"] = "float64"
    units: str | None = None
    dimension: str | None = None
    length: int = 1

    @property
    def rows(self) -> int:
        """How many rows of a kernel's findings it takes."""
        return self.length


def rows_of(findings: Iterable[Finding]) -> dict[str, range]:
    """Return which rows of a kernel's findings each takes, by its name."""
    rows, first = {}, 0
    for finding in findings:
        rows[finding.name] = range(first, first + finding.rows)
        first += finding.rows
    return rows


# -- summaries ----------------------------------------------------------------------------------

#: What each kind of a summary is, of a quantity.
_MEANINGS = {
    "final": "value of {} at the end",
    "min": "smallest value of {}",
    "max": "largest value of {}",
    "time_of_min": "time of the smallest value of {}",
    "time_of_max": "time of the largest value of {}",
    "range": "largest less smallest value of {}",
    "mean": "mean over time of {}",
    "rms": "root of the mean square over time of {}",
    "std": "standard deviation over time of {}",
    "integral": "integral over time of {}",
    "crossings": "crossings of a level by {}",
    "first_crossing": "time of the first crossing of a level by {}",
    "last_crossing": "time of the last crossing of a level by {}",
    "time_above": "time that {} is above a level",
    "time_below": "time that {} is below a level",
    "peaks": "local maxima of {}",
    "first_peak": "height of the first local maximum of {}",
    "last_peak": "height of the last local maximum of {}",
    "mean_peak": "mean height of the local maxima of {}",
    "mean_period": "mean time from a local maximum of {} to the next",
}
_DIRECTIONS = {1: ", upwards", -1: ", downwards"}
_TIMES = ("time_of_min", "time_of_max", "first_crossing", "last_crossing", "time_above", "time_below", "mean_period")


def summary_findings(quantities: Quantities, solve: SolveSettings, save: SaveSettings) -> tuple[Finding, ...]:
    """Return what the result has of summaries, in their order."""
    return tuple(
        Finding(
            name=each.name,
            meaning=_meaning(each, _named(each, quantities), save.windows[each.window]),
            dtype="int32" if each.kind in COUNT_KINDS else "float64" if each.kind in _TIMES else solve.precision,
            units=_units(each.kind, quantities.units.get(_named(each, quantities)), quantities.units.get("t")),
        )
        for each in save.summaries
    )


def _named(each: Summary, quantities: Quantities) -> str:
    return (quantities.observables if each.observable else quantities.states)[each.quantity]


def _meaning(each: Summary, name: str, window: Window) -> str:
    """Return what a summary is; its numbers are in the configuration, which the result has."""
    words = _MEANINGS[each.kind].format(name)
    if each.kind in LEVEL_KINDS:
        words = words.replace("a level", f"the level {each.level:.10g}") + _DIRECTIONS.get(each.direction, "")
    if each.kind in PEAK_KINDS and each.above is not None:
        words += f", of those above {each.above:.10g}"
    ends = ["t0" if window.begin is None else _told(window.begin), "t1" if window.end is None else _told(window.end)]
    return words if window == Window() else f"{words}, from {ends[0]} to {ends[1]}"


def _told(end: float | str) -> str:
    return end if isinstance(end, str) else f"{end:.10g}"


def _units(kind: str, own: str | None, of_time: str | None) -> str | None:
    if kind in COUNT_KINDS:
        return None
    if kind in _TIMES:
        return of_time
    if kind != "integral":
        return own
    return f"{own}*{of_time}" if own and of_time else None
