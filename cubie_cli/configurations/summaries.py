"""Reads `[output.summaries]`: what is told of which quantity, and in which part of the span."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from cubie_cli.configurations.schema import SummariesTable, SummaryTable
from cubie_cli.documents.document import Document
from cubie_cli.documents.globs import is_glob, matching
from cubie_cli.documents.messages import UserError
from cubie_cli.documents.other_names import told_of
from cubie_cli.documents.positions import KeyPath
from cubie_cli.documents.suggestions import did_you_mean
from cubie_cli.models.chosen import Chosen, Whole, Wholes, chosen, wholes
from cubie_cli.models.model import Model
from cubie_cli.models.vectors import NAME
from solvers.settings import (
    CROSSING_KINDS,
    LEVEL_KINDS,
    PEAK_KINDS,
    SUMMARY_KINDS,
    SolveSettings,
    Summary,
    Window,
)

_TABLE: KeyPath = ("output", "summaries")
#: Of a vector that has summaries: each is code of its own, and a compiler takes a minute for so many.
_MOST_ELEMENTS = 256
_DIRECTIONS: Mapping[str | None, int] = MappingProxyType({None: 0, "both": 0, "up": 1, "down": -1})
#: What belongs to some kinds only, and an example of one of them.
_OPTIONS: Mapping[str, tuple[tuple[str, ...], str]] = MappingProxyType(
    {
        "level": (LEVEL_KINDS, "crossings"),
        "direction": (CROSSING_KINDS, "crossings"),
        "above": (PEAK_KINDS, "peaks"),
    }
)


@dataclass(frozen=True)
class SummariesRead:
    """The summaries of a configuration.

    Parameters
    ----------
    summaries, windows
        As `solvers.settings.SaveSettings` takes them.
    places
        Where each summary is asked for.
    texts
        The texts of ends of windows that are expressions, and where they stand.
    wholes
        The summaries of vectors.
    """

    summaries: tuple[Summary, ...] = ()
    windows: tuple[Window, ...] = ()
    places: tuple[KeyPath, ...] = ()
    texts: Mapping[str, KeyPath] = field(default_factory=dict)
    wholes: Wholes = field(default_factory=dict)


def read_summaries(
    document: Document, table: SummariesTable | None, model: Model, solve: SolveSettings
) -> SummariesRead:
    """Return the summaries that a configuration asks for.

    Raises
    ------
    UserError
        With the place of the first mistake.
    """
    return SummariesRead() if table is None else _Reader(document, model, solve).read(table)


class _Reader:
    """Reads summaries one by one, and the windows that they have."""

    def __init__(self, document: Document, model: Model, solve: SolveSettings) -> None:
        self._document = document
        self._model = model
        self._solve = solve
        self._windows: list[Window] = []
        self._common: int | None = None
        self._texts: dict[str, KeyPath] = {}
        self._wholes: dict[str, Whole] = {}
        quantities = model.quantities
        self._positions: Mapping[str, Mapping[str, int]] = {
            "states": {name: index for index, name in enumerate(quantities.states)},
            "observables": {name: index for index, name in enumerate(quantities.observables)},
        }

    def read(self, table: SummariesTable) -> SummariesRead:
        common = self._window(table.window, (*_TABLE, "window"))
        summaries: list[Summary] = []
        places: list[KeyPath] = []
        for key, entries in (table.__pydantic_extra__ or {}).items():
            quantities = self._quantities(key)
            self._check_names(key, entries, len(quantities))
            if not entries:
                message = f"no summaries of {key!r} are named"
                raise self._document.error(message, (*_TABLE, key), hint=f'for example {key} = ["min", "max"]')
            for home, asked in quantities:
                for index, entry in enumerate(entries):
                    place: KeyPath = (*_TABLE, key, index)
                    found = self._summaries(home, asked, entry, place, common)
                    if found[0] in summaries and is_glob(str(places[summaries.index(found[0])][2]) + key):
                        continue  # one of the two is of a glob
                    summaries += found
                    places += [place] * len(found)
        if not summaries and table.window is not None:
            message = "there is a window, and no summary to be of it"
            hint = f'add a list for a quantity, such as {self._model.written.names_in("states")[0]} = ["min", "max"]'
            raise self._document.error(message, (*_TABLE, "window"), "key", hint)
        return SummariesRead(tuple(summaries), tuple(self._windows), tuple(places), self._texts, self._wholes)

    # -- quantities -----------------------------------------------------------------------------

    def _quantities(self, key: str) -> list[tuple[str, Chosen]]:
        """Return the quantity or vector that a key names, or those that it matches."""
        written = self._model.written
        if not is_glob(key) or written.vector_of(key):
            return [self._quantity(key)]
        known = [*written.names_in("states"), *written.names_in("observables")]
        found = matching(key, known)
        if not found:
            hint = did_you_mean(key.strip("*?"), known)
            raise self._document.error(f"no state or observable matches {key!r}", (*_TABLE, key), "key", hint)
        return [self._quantity(name, key) for name in found]

    def _check_names(self, key: str, entries: Sequence[str | SummaryTable], count: int) -> None:
        """Refuse a name for what a glob makes several of."""
        for index, entry in enumerate(entries):
            if count > 1 and not isinstance(entry, str) and entry.name is not None:
                message = f"{key!r} matches {count} quantities, and a name is for one summary"
                raise self._document.error(message, (*_TABLE, key, index, "name"), "key", "leave the name out")

    def _quantity(self, name: str, key: str | None = None) -> tuple[str, Chosen]:
        """Return what summaries are of, and the table of the model that it stands in."""
        written, place = self._model.written, (*_TABLE, key or name)
        home = written.homes.get(name.partition("[")[0], "")
        if home in {"states", "observables"}:
            asked = chosen(written, self._document, name, home, place)
            self._check_count(asked)
            return home, asked
        if home in {"parameters", "constants"}:
            message = f"{name!r} is a {home.removesuffix('s')}, and summaries are of states and observables"
            raise self._document.error(message, place, "key")
        if home == "drivers":
            message = f"{name!r} is a driver, and summaries are of states and observables"
            raise self._document.error(message, place, "key", f'add an observable of it, such as {name}_now = "{name}"')
        hint = did_you_mean(name, [*written.names_in("states"), *written.names_in("observables"), "window"])
        raise self._document.error(f"the model has no state or observable {name!r}", place, "key", hint)

    def _check_count(self, asked: Chosen) -> None:
        if len(asked.elements) > _MOST_ELEMENTS:
            message = f"{asked.name!r} has {len(asked.elements):,} elements, and each summary is code of its own"
            first = asked.elements[0]
            hint = (
                f'{_MOST_ELEMENTS} are the most: name some, such as "{first}" = [...], or an observable made of them, '
                f"such as a sum; or save {asked.name} at some times"
            )
            raise self._document.error(message, asked.place, "key", hint)

    def _summaries(
        self, home: str, asked_of: Chosen, entry: str | SummaryTable, place: KeyPath, common: Window
    ) -> list[Summary]:
        """Return what is asked of a quantity, or of each element of a vector."""
        asked = SummaryTable() if isinstance(entry, str) else entry
        kind, level = self._plain(entry, place), None
        if not isinstance(entry, str):
            kind, level = self._kind(entry, place)
        self._check_options(kind, level, asked, place)
        window = self._place_of(common, asked, place)
        self._check_name(asked, place)
        names = {each: _called(each, asked_of, kind, asked.name) for each in (asked_of.name, *asked_of.elements)}
        self._wholes.update(wholes([asked_of], names.__getitem__))
        return [
            Summary(
                quantity=self._positions[home][each],
                observable=home == "observables",
                kind=kind,
                name=names[each],
                window=window,
                level=level,
                direction=_DIRECTIONS[asked.direction],
                above=asked.above,
            )
            for each in asked_of.elements
        ]

    def _plain(self, entry: str | SummaryTable, place: KeyPath) -> str:
        if not isinstance(entry, str):
            return ""
        if entry not in SUMMARY_KINDS:
            hint = (
                told_of("summary", entry)
                or did_you_mean(entry, SUMMARY_KINDS)
                or f"known are: {', '.join(SUMMARY_KINDS)}"
            )
            raise self._document.error(f"there is no summary {entry!r}", place, hint=hint)
        return entry

    def _kind(self, entry: SummaryTable, place: KeyPath) -> tuple[str, float | None]:
        """Return the kind and the level of a summary with options."""
        short = [kind for kind in LEVEL_KINDS if getattr(entry, kind) is not None]
        if entry.kind is not None and short:
            hint = f'write {{ kind = "{entry.kind}", level = ... }}, or {{ {short[0]} = ... }}'
            raise self._document.error(
                f"this is {entry.kind!r} and {short[0]!r} at once", (*place, short[0]), "key", hint
            )
        if len(short) > 1:
            message = f"this is {short[0]!r} and {short[1]!r} at once"
            raise self._document.error(message, (*place, short[1]), "key", "each in a table of its own")
        if short:
            if entry.level is not None:
                message = f"{short[0]!r} has its level already"
                raise self._document.error(message, (*place, "level"), "key", "take this one away")
            level: float = getattr(entry, short[0])
            return short[0], level
        if entry.kind is None:
            hint = 'add kind = "...", or a level as in { crossings = 0.0 }'
            raise self._document.error("this says nothing of what is asked for", place, hint=hint)
        return entry.kind, entry.level

    def _check_options(self, kind: str, level: float | None, asked: SummaryTable, place: KeyPath) -> None:
        if kind in LEVEL_KINDS and level is None:
            message = f"{kind!r} needs a level"
            raise self._document.error(message, place, hint=f"write it as a table: {{ {kind} = 0.0 }}")
        given = {"level": level, "direction": asked.direction, "above": asked.above}
        for option, (kinds, example) in _OPTIONS.items():
            if given[option] is not None and kind not in kinds:
                message = f"{option!r} does nothing with {kind!r}"
                hint = f"it belongs to {', '.join(kinds)}, as in {_example(option, example)}"
                raise self._document.error(message, (*place, option), "key", hint)

    def _check_name(self, asked: SummaryTable, place: KeyPath) -> None:
        if asked.name is not None and not NAME.fullmatch(asked.name):
            hint = "use ASCII letters, digits and _, a digit not first"
            raise self._document.error(f"{asked.name!r} is not a name", (*place, "name"), hint=hint)

    # -- windows --------------------------------------------------------------------------------

    def _place_of(self, common: Window, asked: SummaryTable, place: KeyPath) -> int:
        """Return the position of a summary's window; those without one of their own share that of the table."""
        if asked.window is not None:
            own = self._window(asked.window, (*place, "window"))
            self._windows += [own] * (own not in self._windows)
            return self._windows.index(own)
        if self._common is None:
            self._common = len(self._windows)
            self._windows.append(common)
        return self._common

    def _window(self, ends: Sequence[float | str] | None, place: KeyPath) -> Window:
        if ends is None:
            return Window()
        if len(ends) != 2:
            message = f"a window is where it begins and where it ends, this is a list of {len(ends)}"
            raise self._document.error(message, place, hint="for example window = [5.0, 20.0]")
        for index, end in enumerate(ends):
            self._check_end(end, (*place, index))
        begin, end = ends
        if not isinstance(begin, str) and not isinstance(end, str) and begin >= end:
            message = f"the window from {begin:g} to {end:g} is empty"
            raise self._document.error(message, place, hint="write the earlier time first")
        return Window(begin, end)

    def _check_end(self, end: float | str, place: KeyPath) -> None:
        if isinstance(end, str):
            self._texts.setdefault(end, place)
            return
        t0, t1 = self._solve.t0, self._solve.t1
        if not math.isfinite(end) or not t0 <= end <= t1:
            raise outside(self._document, place, end, t0, t1)


def _called(quantity: str, of: Chosen, kind: str, name: str | None) -> str:
    """Return what the summary of a quantity is called; of an element, by the name for its vector and its index."""
    return f"{name or f'{of.name}_{kind}'}{quantity.removeprefix(of.name)}"


def outside(document: Document, place: KeyPath, end: float, t0: float, t1: float) -> UserError:
    """Return an error for an end of a window that is outside the span."""
    message = f"the end of a window {end:g} is not between t0 = {t0:g} and t1 = {t1:g}"
    return document.error(message, place, hint="a window is a part of the span")


def _example(option: str, kind: str) -> str:
    if option == "level":
        return f"{{ {kind} = 0.0 }}"
    return f'{{ {kind} = 0.0, direction = "up" }}' if option == "direction" else f'{{ kind = "{kind}", above = 1.0 }}'
