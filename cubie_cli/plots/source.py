"""Reads from a result what a picture needs: chosen runs, their values and what was swept, a bounded amount of each."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import h5py
import numpy as np

from cubie_cli.documents.messages import UserError, counted
from cubie_cli.reports.statistics import blocks_of
from cubie_cli.results.export import Quantity
from cubie_cli.results.opening import dimensions
from solvers.status import Status

_SUCCESSES = [status for status in Status if status.succeeded]
#: Values have equal ratios but for so much; or they span such a factor, half of them in this share of the range.
_EQUAL, _WIDE, _LOW = 1e-6, 30.0, 0.2


@dataclass(frozen=True)
class Coordinate:
    """Something that differs between the runs.

    Parameters
    ----------
    name
        What was swept, or the axis of a group.
    label
        The name with its unit.
    data
        Its values, run by run.
    index
        The positions along an axis of a grid, run by run; None: it is none.
    length
        The number of positions along the axis; 0: it is none.
    """

    name: str
    label: str
    data: h5py.Dataset
    index: h5py.Dataset | None = None
    length: int = 0

    @property
    def is_group(self) -> bool:
        """Whether several quantities move along the axis, so that its values are positions."""
        return self.index is not None and self.index == self.data

    def told(self, value: float) -> str:
        """Return the name with a value and its unit."""
        return f"{self.name} = {value:.4g} {self.data.attrs.get('units', '')}".rstrip()


class Source:
    """A result, and the runs of it that are drawn.

    Parameters
    ----------
    file
        The result.
    selected
        The runs that are asked for, by their places in the file.

    Raises
    ------
    UserError
        All of these failed.
    """

    def __init__(self, file: h5py.File, selected: range) -> None:
        self.file = file
        self.selected = selected
        self.drawn = sum(int(each.sum()) for _, each in self._fine())
        if not self.drawn:
            whose = "the run" if len(selected) == 1 else "all of the runs"
            raise UserError(f"{whose} failed, and there is nothing to plot", hint=f"cubie show {file.filename}")

    @property
    def title(self) -> str:
        """The model's name."""
        return str(self.file.attrs.get("title", ""))

    @property
    def remarks(self) -> list[str]:
        """What is said of runs that are left out."""
        failed = len(self.selected) - self.drawn
        return [f"{failed:,} of {counted(len(self.selected), 'run')} failed and are left out"] if failed else []

    @property
    def quantity_axes(self) -> list[Coordinate]:
        """The axes of a grid that are quantities and not numbers of groups."""
        return [each for each in self.coordinates if each.length and not each.is_group]

    @cached_property
    def times(self) -> np.ndarray:
        """The saved times."""
        return np.asarray(self.file["time"][:])

    @property
    def at_last_time(self) -> str:
        """When the last values are."""
        return f"at t = {self.times[-1]:g}"

    @property
    def time_label(self) -> str:
        """Time with its unit."""
        return with_units("t", self.file["time"])

    def _fine(self) -> Iterator[tuple[slice, np.ndarray]]:
        """Yield parts of the selected runs, and which of each succeeded."""
        for part in blocks_of(len(self.selected)):
            runs = slice(self.selected.start + part.start, self.selected.start + part.stop)
            yield runs, np.isin(self.file["status"][runs], _SUCCESSES)

    def places(self, most: int) -> np.ndarray:
        """Return the places of runs that succeeded: all, or where they are more so many, spread evenly."""
        wanted = np.arange(self.drawn) if self.drawn <= most else np.arange(most) * self.drawn // most
        found, before = [], 0
        for runs, fine in self._fine():
            there = np.flatnonzero(fine) + runs.start
            first, last = np.searchsorted(wanted, [before, before + len(there)])
            found.append(there[wanted[first:last] - before])
            before += len(there)
        return np.concatenate(found)

    # -- values ---------------------------------------------------------------------------------

    def of_runs(self, data: h5py.Dataset, place: tuple[int, ...], places: np.ndarray) -> np.ndarray:
        """Return values of runs at one place along all other dimensions, as float64."""
        parts = []
        for runs in blocks_of(data.shape[-1]):
            first, last = np.searchsorted(places, [runs.start, runs.stop])
            if first < last:
                low, high = int(places[first]), int(places[last - 1]) + 1
                parts.append(data[(*place, slice(low, high))][places[first:last] - low])
        return np.concatenate(parts).astype(np.float64) if parts else np.empty(0)

    def over_time(self, quantity: Quantity, places: np.ndarray) -> np.ndarray:
        """Return values of runs at all times, shape (times, runs)."""
        rows = [self.of_runs(quantity.data, (*quantity.place, time), places) for time in range(len(self.times))]
        return np.array(rows)

    def at_end(self, quantity: Quantity, places: np.ndarray) -> np.ndarray:
        """Return a value for each run: what there is one of, or that at the last time."""
        last = (len(self.times) - 1,) if quantity.over_time else ()
        return self.of_runs(quantity.data, (*quantity.place, *last), places)

    # -- what was swept -------------------------------------------------------------------------

    @cached_property
    def coordinates(self) -> tuple[Coordinate, ...]:
        """What differs between the runs: the axes of a grid, or all swept quantities that have several values."""
        axes = str(self.file.attrs.get("batch_axes", "")).split()
        lengths = np.ravel(self.file.attrs.get("batch_shape", ())).tolist()
        if len(axes) > 1:
            found = [self._axis(axis, int(length)) for axis, length in zip(axes, lengths, strict=True)]
        else:
            length = int(lengths[0]) if axes else 0
            found = [
                Coordinate(name, with_units(name, self.file[name]), self.file[name], None, length)
                for name in self._swept
            ]
        return tuple(each for each in found if self._differs(each.index if each.index is not None else each.data))

    @property
    def _swept(self) -> list[str]:
        """The variables of what was swept, and of positions along axes."""
        return str(self.file["status"].attrs.get("coordinates", "")).split()

    def _axis(self, axis: str, length: int) -> Coordinate:
        """Return an axis of a grid: a quantity, or a group, whose positions are counted."""
        index = self.file[f"{axis}_index"]
        for name in (axis, f"{axis}_0"):
            if name in self._swept:
                return Coordinate(axis, with_units(name, self.file[name]), self.file[name], index, length)
        return Coordinate(axis, f"{axis} (number)", index, index, length)

    def _differs(self, data: h5py.Dataset) -> bool:
        first = data[self.selected.start]
        parts = (
            slice(self.selected.start + part.start, self.selected.start + part.stop)
            for part in blocks_of(len(self.selected))
        )
        return any((data[part] != first).any() for part in parts)

    def told(self, place: int) -> str:
        """Return what tells a run from the others."""
        if not self.coordinates or len(self.coordinates) > 3:
            return f"run {int(self.file['run'][place])}"
        return ", ".join(each.told(each.data[place]) for each in self.coordinates)


def with_units(name: str, data: h5py.Dataset) -> str:
    """Return a name with the unit of a variable behind it, if it has one."""
    units = str(data.attrs.get("units", ""))
    return f"{name} ({units})" if units else name


def label_of(quantity: Quantity) -> str:
    """Return what stands at the axis of a quantity."""
    return with_units(quantity.name, quantity.data)


def is_logarithmic(values: np.ndarray) -> bool:
    """Return whether values are better told apart by their ratios: they have equal ones, or are of very many sizes."""
    known = np.unique(values[np.isfinite(values)])
    if len(known) < 3 or known[0] <= 0:
        return False
    ratios = np.diff(np.log(known))
    equal = np.ptp(ratios) <= _EQUAL * ratios.max() and np.ptp(np.diff(known)) > _EQUAL * known[-1]
    low = np.median(known) - known[0] < _LOW * (known[-1] - known[0])
    return bool(equal or (low and known[-1] >= _WIDE * known[0]))


def recorded(quantity: Quantity) -> bool:
    """Return whether a quantity was recorded at the firings of an event."""
    return any(name.endswith("_firing") for name in dimensions(quantity.data)) and not quantity.place


def drawable(file: h5py.File, names: Sequence[str]) -> list[Quantity]:
    """Return variables of a result by their names."""
    return [Quantity(name, file[name]) for name in names]
