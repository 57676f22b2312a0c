"""Reads the `[batch]` table of a run configuration."""

from typing import TYPE_CHECKING, Any

import numpy as np

from cubie_cli.batches.design import LARGEST_INDEX, Design
from cubie_cli.batches.distributions import Correlated, Drawn, Normal
from cubie_cli.batches.parts import Axis, Factor, Listed, Part, Same, Table, Together
from cubie_cli.batches.read_distribution import DISTRIBUTIONS, read_correlated, read_drawn, with_scipy
from cubie_cli.batches.read_table import RunTable, short_text
from cubie_cli.batches.sample import Sample
from cubie_cli.batches.sobol import MOST_DIMENSIONS, OWN_DIMENSIONS
from cubie_cli.batches.spacing import read_spacing
from cubie_cli.batches.sweepable import check_sweepable
from cubie_cli.documents import tables
from cubie_cli.documents.document import Document
from cubie_cli.documents.messages import ExitCode, UserError, counted
from cubie_cli.documents.positions import KeyPath
from cubie_cli.models.model import Model
from cubie_cli.models.vectors import NAME

if TYPE_CHECKING:
    from cubie_cli.documents.columns import TableFile

_BATCH: KeyPath = ("batch",)
_GROUPS: KeyPath = ("batch", "groups")
_OF_SAMPLES = ("n", "method", "seed", "correlated")


def read_design(document: Document, model: Model) -> Design:
    """Read which runs there are.

    Parameters
    ----------
    document
        The run configuration, whose tables have keys and types that are right.
    model
        What has the quantities that are swept.

    Raises
    ------
    UserError
        With the place of the first mistake, here or in the file of a table.
    """
    return _Reader(document, model).design()


class _Reader:
    def __init__(self, document: Document, model: Model) -> None:
        self._document = document
        self._model = model
        self._places: dict[str, KeyPath] = {}
        self._tables: dict[str, TableFile] = {}
        self._texts: dict[str, str] = {}
        self._attributes: dict[str, Any] = {}
        self._warnings: list[str] = []
        self._samples = 0

    def design(self) -> Design:
        """Read the batch."""
        groups = tuple(tables.table(self._document, _GROUPS))
        mode = self._mode(_BATCH, "grid")
        factors: tuple[Factor, ...]
        if mode == "grid":
            drawn = any(self._mode((*_GROUPS, name), "zip") == "sample" for name in groups)
            self._check_keys(_BATCH, mode, spared="seed" if drawn else None)
            axes = tuple(self._value((*_BATCH, "values", name)) for name in self._values(_BATCH))
            factors = axes + tuple(map(self._group, groups))
        else:
            if groups:
                what = "a table" if mode == "table" else f"mode = {mode!r}"
                hint = "move what stands in [batch] to a group of its own, such as [batch.groups.rest]"
                raise self._document.error(f"groups are axes of a grid, and this batch is {what}", _GROUPS, "key", hint)
            factors = (self._together(_BATCH, mode, ""),)
        found = Design(factors, self._places, self._tables, self._texts, self._attributes, tuple(self._warnings))
        self._check_count(found.count, (*_BATCH, "values") if self._values(_BATCH) else _BATCH)
        return found

    def _check_count(self, count: int, place: KeyPath) -> None:
        if count > LARGEST_INDEX:
            message = f"{count:.3g} runs are more than can be numbered" if count < 1e300 else "too many runs"
            error = self._document.error(message, place, "key", "no disk holds their results: take fewer values")
            error.exit_code = ExitCode.OUTPUT
            raise error

    # -- what a table of the configuration is ---------------------------------------------------

    def _values(self, path: KeyPath) -> tuple[str, ...]:
        return tuple(tables.table(self._document, (*path, "values")))

    def _mode(self, path: KeyPath, default: str) -> str:
        """Return what a batch or a group is: "table", or its mode."""
        mode = self._document.get((*path, "mode"))
        if self._document.get((*path, "table")) is None:
            return str(mode or default)
        if mode is not None:
            hint = "leave mode away"
            hint += "; for a grid, put the table in a group: [batch.groups.NAME]" * (path == _BATCH)
            raise self._document.error("a table says itself which runs there are", (*path, "mode"), "key", hint)
        return "table"

    def _check_keys(self, path: KeyPath, mode: str, spared: str | None = None) -> None:
        """Refuse keys that do nothing."""
        unused = [] if mode == "sample" else [key for key in _OF_SAMPLES if key != spared]
        for key in unused:
            if self._document.get((*path, key)) is not None:
                hint = "leave it away: the table says which runs there are"
                if mode != "table":
                    hint = 'set mode = "sample", or leave it away'
                raise self._document.error(f"{key!r} belongs to a sample", (*path, key), "key", hint)
        if mode != "table" and self._document.get((*path, "columns")) is not None:
            hint = 'name its file: table = "runs.csv"'
            raise self._document.error("'columns' belongs to a table", (*path, "columns"), "key", hint)

    def _group(self, name: str) -> Factor:
        path: KeyPath = (*_GROUPS, name)
        if not NAME.fullmatch(name) or len(name) > tables.LONGEST_NAME:
            hint = "use ASCII letters, digits and _, a digit not first"
            raise self._document.error(f"{name[:50]!r} is not a name", path, "key", hint)
        if name in self._values(_BATCH):
            message = f"{name!r} is an axis of [batch.values] already"
            raise self._document.error(message, path, "key", "give the group another name")
        return self._together(path, self._mode(path, "zip"), name)

    def _together(self, path: KeyPath, mode: str, axis: str) -> Together:
        """Read quantities that move together: the whole batch, or a group."""
        self._check_keys(path, mode)
        if mode == "zip":
            found = Together(tuple(self._value((*path, "values", name)) for name in self._values(path)), axis)
            self._check_lengths(path, found)
        elif mode == "table":
            found = Together((self._table(path, axis), *self._numbers(path)), axis)
        else:
            found = Together((self._sample(path, axis), *self._numbers(path)), axis)
        if axis and not found.parts:
            hint = f"give it a table, or values: [batch.groups.{axis}.values]"
            raise self._document.error(f"the group {axis!r} has no quantities", path, "key", hint)
        return found

    # -- values ---------------------------------------------------------------------------------

    def _claim(self, name: str, path: KeyPath) -> None:
        """Take a quantity that is swept, unless it cannot be, or already is."""
        check_sweepable(self._document, self._model, name, path)
        if name in self._places:
            before = ".".join(map(str, self._places[name]))
            raise self._document.error(f"{name!r} has values already, in {before}", path, "key", "keep one of them")
        self._places[name] = path

    def _value(self, path: KeyPath) -> Axis | Same:
        """Read the values of a quantity in a grid or a zip."""
        name = str(path[-1])
        self._claim(name, path)
        value = self._document.get(path)
        if isinstance(value, dict):
            self._refuse_distribution(path, value)
            return Axis(name, read_spacing(self._document, path, f"the axis {name!r}"))
        if isinstance(value, list):
            if not value:
                raise self._document.error(f"the axis {name!r} has no values", path, hint="give at least one")
            return Axis(name, Listed(tables.numbers(self._document, path)))
        if isinstance(value, str):
            message = f"values are a list, a number or a table, this is {tables.kind_of(value)}"
            raise self._document.error(message, path, hint="such as { linspace = [0.0, 1.0, 11] }")
        return Same(name, self._number(path))

    def _number(self, path: KeyPath) -> float:
        return tables.number(self._document, path)

    def _refuse_distribution(self, path: KeyPath, value: dict[str, Any]) -> None:
        kind = next((key for key in value if key in DISTRIBUTIONS), None)
        if kind is None:
            return
        where = f"[{'.'.join(map(str, path[:-2]))}]"
        hint = f'set mode = "sample" and n, the number of runs, in {where}'
        if path[:-2] == _BATCH:
            hint += "; for a grid, put it in a group of that mode: [batch.groups.NAME]"
        raise self._document.error(f"{kind!r} is random, and values here are in order", (*path, kind), "key", hint)

    def _numbers(self, path: KeyPath) -> tuple[Part, ...]:
        """Read the numbers that all runs of a table or sample have."""
        found = []
        for name in self._values(path):
            place: KeyPath = (*path, "values", name)
            if name in self._places and self._places[name] == place:
                continue  # it was drawn
            self._claim(name, place)
            if isinstance(self._document.get(place), dict | list):
                hint = "for a grid, put the table in a group: [batch.groups.NAME]"
                if path != _BATCH:
                    hint = "for a grid, move it to [batch.values]"
                message = "beside a table, a value is one number, the same for all runs"
                raise self._document.error(message, place, hint=hint)
            found.append(Same(name, self._number(place)))
        return tuple(found)

    def _check_lengths(self, path: KeyPath, found: Together) -> None:
        axes = [part for part in found.parts if isinstance(part, Axis)]
        longest = max(axes, key=lambda axis: axis.count, default=None)
        for axis in axes:
            if longest is not None and axis.count != longest.count:
                raise self._unequal((*path, "values", axis.name), axis, longest)

    def _unequal(self, path: KeyPath, axis: Axis, longest: Axis) -> UserError:
        message = f"{axis.name!r} has {counted(axis.count, 'value')}, {longest.name!r} has {longest.count}"
        hint = 'mode = "zip" pairs values one by one; mode = "grid" takes every combination'
        if path[:-2] != _BATCH:
            hint = "a group pairs values one by one"
        return self._document.error(message, path, hint=hint)

    # -- tables and samples ---------------------------------------------------------------------

    def _table(self, path: KeyPath, axis: str) -> Part:
        name, text_name = (f"group_{axis}", f"groups/{axis}") if axis else ("table", "table")
        enclosed = self._document.enclosed
        if enclosed and not self._document.changed((*path, "table")):
            found, self._tables[name] = self._held_table(path, enclosed.table(text_name, name))
        else:
            file = RunTable(self._document, path, self._model, self._claim)
            found, self._tables[name] = file.read(), file.file
        text = short_text(found)
        if text is not None:
            self._texts[text_name] = text
        return found

    def _held_table(
        self, path: KeyPath, held: "tuple[tuple[str, ...], np.ndarray, TableFile] | None"
    ) -> "tuple[Table, TableFile]":
        """Return a table whose rows a result holds, under the names of quantities."""
        if held is None:
            key = ".".join(map(str, (*path, "table")))
            hint = f"run the configuration itself, or name the file, from where the result is: --set {key}=FILE"
            message = "this table is too long for a result to hold its rows"
            raise self._document.error(message, (*path, "table"), hint=hint)
        names, rows, file = held
        for name in names:
            self._claim(name, (*path, "table"))
        return Table(names, rows), file

    def _sample(self, path: KeyPath, axis: str) -> Part:
        """Read a sample; the seed of a group is by default the batch's, and one more for each further sample."""
        count = self._document.get((*path, "n"))
        if count is None:
            raise self._document.error("a sample needs n, the number of runs", path, "key", "add a line n = 1024")
        self._check_count(count, (*path, "n"))
        method = self._document.get((*path, "method"), "random")
        seed = self._document.get((*path, "seed"), self._document.get((*_BATCH, "seed"), 0) + self._samples)
        self._samples += 1
        drawn = self._drawn(path)
        found = Sample(drawn, count, method, seed)
        self._check_method(path, found)
        prefix = f"group_{axis}_" if axis else ""
        self._attributes |= {f"{prefix}seed": seed, f"{prefix}sample_method": method}
        if method == "sobol" and count & (count - 1):
            lower = 1 << count.bit_length() - 1
            what = f"the group {axis!r}" if axis else "the batch"
            self._warnings.append(
                f"{what} has {count:,} points of Sobol's sequence: only powers of two are balanced, "
                f"such as {lower:,} and {2 * lower:,}"
            )
        return found

    def _drawn(self, path: KeyPath) -> tuple[Drawn, ...]:
        found: list[Drawn] = []
        for name in self._values(path):
            place: KeyPath = (*path, "values", name)
            value = self._document.get(place)
            if isinstance(value, bool) or not isinstance(value, int | float):
                self._claim(name, place)
                found.append(read_drawn(self._document, place))
        several = self._document.get((*path, "correlated"), [])
        places = [(*path, "correlated", index) for index in range(len(several))]
        for place in [(*path, "correlated")] if isinstance(several, dict) else places:
            correlated = read_correlated(self._document, place)
            for index, name in enumerate(correlated.names):
                self._claim(name, (*place, "quantities", index))
            found.append(correlated)
        if not found:
            hint = f"add [{'.'.join(map(str, path))}.values] with distributions, such as k = {{ uniform = [0.0, 1.0] }}"
            raise self._document.error("the sample draws nothing", path, "key", hint)
        return tuple(found)

    def _check_method(self, path: KeyPath, sample: Sample) -> None:
        """Refuse a sample that cannot be drawn, before anything is computed."""
        many = sample.method == "sobol" and len(sample.names) > OWN_DIMENSIONS
        if sample.method == "sobol" and len(sample.names) > MOST_DIMENSIONS:
            message = f"Sobol's sequence is known for {MOST_DIMENSIONS:,} quantities, here are "
            raise self._document.error(f"{message}{len(sample.names):,}", (*path, "method"))
        normal = [each.names[0] for each in sample.drawn if isinstance(each, Normal | Correlated)]
        if many or normal:
            place = (*path, "method") if many else self._places[normal[0]]
            with_scipy(self._document, place, lambda: sample.at(np.zeros(1, dtype=np.int64)))
