"""Reads what is swept, and gives each run its values, without holding them all."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from cubie_cli.documents import tables
from cubie_cli.documents.document import Document
from cubie_cli.documents.messages import ExitCode, UserError
from cubie_cli.documents.positions import KeyPath
from cubie_cli.models.model import Model

Mode = Literal["grid", "zip"]

_SPACINGS = ("linspace", "logspace")
_LARGEST_INDEX = 2**62
#: Values of an axis from which on a few dozen neighbours are a small part of its range.
_FINE = 1024


@dataclass(frozen=True)
class Axis:
    """The values of one swept quantity.

    Parameters
    ----------
    name
        A parameter, or a state for its initial value.
    kind
        "number": one value for all runs; "list"; "linspace" and "logspace", which include both ends.
    points
        The number, or the values of a list; first and last value otherwise.
    count
        How many values there are.
    """

    name: str
    kind: Literal["number", "list", "linspace", "logspace"]
    points: tuple[float, ...]
    count: int

    @property
    def monotone(self) -> bool:
        """Whether values rise or fall all the way."""
        changes = np.diff(self.points) if self.kind == "list" else np.zeros(1)
        return bool((changes >= 0).all() or (changes <= 0).all())

    def at(self, positions: np.ndarray) -> np.ndarray:
        """Return the values at positions from 0 to `count` - 1, as float64 of the same shape."""
        if self.kind in ("number", "list"):
            chosen: np.ndarray = np.array(self.points, dtype=np.float64)[positions]
            return chosen
        first, last = self.points
        if self.count == 1:
            return np.full(positions.shape, first)
        if self.kind == "linspace":
            values = positions * ((last - first) / (self.count - 1)) + first
        else:
            # Powers of ten, so that whole decades are exact; only the ends, which are replaced, can overflow.
            with np.errstate(over="ignore"):
                step = (math.log10(last) - math.log10(first)) / (self.count - 1)
                values = np.power(10.0, positions * step + math.log10(first))
        values[positions == 0] = first
        values[positions == self.count - 1] = last
        return values


@dataclass(frozen=True)
class Axes:
    """All swept quantities, and how they combine.

    Parameters
    ----------
    axes
        In the order written.
    mode
        "grid": every combination, the last axis fastest; "zip": value by value.
    """

    axes: tuple[Axis, ...] = ()
    mode: Mode = "grid"

    @property
    def names(self) -> tuple[str, ...]:
        """The swept quantities."""
        return tuple(axis.name for axis in self.axes)

    @property
    def count(self) -> int:
        """The number of runs: 1 where nothing is swept."""
        counts = [axis.count for axis in self.axes]
        return math.prod(counts) if self.mode == "grid" else max(counts, default=1)

    @property
    def disorder(self) -> int:
        """How many quantities vary, where neighbours may differ much; else 0: neighbours take about as many steps."""
        varying = [axis for axis in self.axes if axis.count > 1]
        if self.mode == "zip":
            gradual = all(axis.monotone for axis in varying)
        else:
            gradual = not varying or (varying[-1].monotone and varying[-1].count >= _FINE)
        return 0 if gradual else len(varying)

    def values(self, start: int, stop: int) -> np.ndarray:
        """Return the values of a range of runs.

        Parameters
        ----------
        start, stop
            The first run, and the one after the last.

        Returns
        -------
        numpy.ndarray
            Float64, of shape (number of axes, stop - start).
        """
        if not 0 <= start <= stop <= min(self.count, _LARGEST_INDEX):
            raise IndexError(f"runs {start} to {stop} of {self.count}")
        return self.at(np.arange(start, stop, dtype=np.int64))

    def sample(self, most: int) -> np.ndarray:
        """Return the values of runs that are spread evenly over the batch, as `values` does.

        Parameters
        ----------
        most
            How many; all runs where there are fewer.
        """
        count = min(most, self.count, _LARGEST_INDEX)
        return self.at(np.array([run * self.count // count for run in range(count)], dtype=np.int64))

    def at(self, runs: np.ndarray) -> np.ndarray:
        """Return the values of some runs, given by their index: float64, of shape (number of axes, runs)."""
        result = np.empty((len(self.axes), len(runs)))
        stride = 1
        for row in reversed(range(len(self.axes))):
            axis = self.axes[row]
            grid = runs // min(stride, _LARGEST_INDEX) % axis.count
            positions = grid if self.mode == "grid" else np.minimum(runs, axis.count - 1)
            result[row] = axis.at(positions)
            stride *= axis.count
        return result


def read_axes(document: Document, mode: Mode, model: Model) -> Axes:
    """Read the `[batch]` table of a run configuration.

    `linspace = [first, last, n]` and `logspace = [first, last, n]` give n values from the first to the last,
    both included; those of `logspace` have equal ratios, and its ends are values, not exponents.

    Parameters
    ----------
    document
        The run configuration.
    mode
        How its axes combine.
    model
        What has the quantities that are swept.

    Raises
    ------
    UserError
        With the place of the first mistake.
    """
    swept = tables.table(document, ("batch", "values"))
    axes = tuple(_read_axis(document, model, name) for name in swept)
    if mode == "zip":
        _check_lengths(document, axes)
    found = Axes(axes, mode)
    if found.count > _LARGEST_INDEX:
        message = f"{found.count:.3g} runs are more than can be numbered" if found.count < 1e300 else "too many runs"
        error = document.error(message, ("batch", "values"), "key", "no disk holds their results: take fewer values")
        error.exit_code = ExitCode.OUTPUT
        raise error
    return found


def _read_axis(document: Document, model: Model, name: str) -> Axis:
    path: KeyPath = ("batch", "values", name)
    _check_sweepable(document, model, name, path)
    value = document.get(path)
    if isinstance(value, dict):
        return _read_spacing(document, name, path, value)
    if isinstance(value, list):
        if not value:
            raise document.error(f"the axis {name!r} has no values", path, hint="give at least one")
        points = tuple(tables.number(document, (*path, index)) for index in range(len(value)))
        return Axis(name, "list", points, len(points))
    if isinstance(value, str):
        message = f"values are a list, a number or a table, this is {tables.kind_of(value)}"
        raise document.error(message, path, hint="such as { linspace = [0.0, 1.0, 11] }")
    return Axis(name, "number", (tables.number(document, path),), 1)


def _check_sweepable(document: Document, model: Model, name: str, path: KeyPath) -> None:
    system = model.quantities
    if name in system.parameters or name in system.states:
        return
    if name in model.constants:
        hint = f"move {name} to [parameters] in the model"
        raise document.error(f"{name!r} is a constant, which cannot be swept", path, "key", hint)
    if name in system.observables:
        raise document.error(f"{name!r} is an observable, which cannot be swept", path, "key")
    if any(driver.name == name for driver in system.drivers):
        message = f"{name!r} is a driver, which cannot be swept"
        raise document.error(message, path, "key", f"sweep a parameter that the equations multiply {name} by")
    written = model.written
    near = written.hint_for(name, [*written.names_in("parameters"), *written.names_in("states")])
    raise document.error(f"the model has no parameter or state {name!r}", path, "key", near)


def _read_spacing(document: Document, name: str, path: KeyPath, value: Mapping[str, Any]) -> Axis:
    if "uniform" in value or "normal" in value:
        raise document.error("random samples are not available in this version", path)
    tables.check_keys(document, path, _SPACINGS)
    if len(value) != 1:
        raise document.error("one of linspace and logspace is needed", path)
    (kind,) = value
    path = (*path, kind)
    if not isinstance(value[kind], list) or len(value[kind]) != 3:
        raise document.error(f"{kind} needs a list of three: [first, last, number of values]", path)
    first, last = tables.number(document, (*path, 0)), tables.number(document, (*path, 1))
    count = _read_count(document, name, (*path, 2))
    if kind == "logspace" and min(first, last) <= 0:
        message = "the ends of logspace must be positive"
        raise document.error(message, path, hint="they are values, not exponents: [0.001, 1000.0, 7]")
    if not math.isfinite(last - first):
        raise document.error("the ends are too far apart", path)
    return Axis(name, "linspace" if kind == "linspace" else "logspace", (first, last), count)


def _read_count(document: Document, name: str, path: KeyPath) -> int:
    count = document.get(path)
    if isinstance(count, bool) or not isinstance(count, int):
        raise document.error(f"the number of values must be a whole number, this is {count!r}", path)
    if count < 1:
        raise document.error(f"the axis {name!r} has no values", path, hint="give at least one")
    return count


def _check_lengths(document: Document, axes: tuple[Axis, ...]) -> None:
    longest = max(axes, key=lambda axis: axis.count, default=None)
    for axis in axes:
        if longest is not None and axis.kind != "number" and axis.count != longest.count:
            raise _unequal(document, axis, longest)


def _unequal(document: Document, axis: Axis, longest: Axis) -> UserError:
    message = f"{axis.name!r} has {axis.count} values, {longest.name!r} has {longest.count}"
    hint = 'mode = "zip" pairs values one by one; mode = "grid" takes every combination'
    return document.error(message, ("batch", "values", axis.name), hint=hint)
