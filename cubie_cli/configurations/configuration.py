"""Reads a run configuration: settings whose values fit each other and the model."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from buffers import LOCATIONS
from cubie_cli.configurations.schema import DEFAULT_LOCATION, KernelTable, RunConfiguration, Target
from cubie_cli.configurations.solve_tables import read_solve, warnings_of
from cubie_cli.configurations.summaries import SummariesRead, read_summaries
from cubie_cli.documents import tables
from cubie_cli.documents.document import Document
from cubie_cli.documents.positions import KeyPath
from cubie_cli.documents.suggestions import did_you_mean
from cubie_cli.documents.validation import validated
from cubie_cli.models.chosen import Chosen, Wholes, choose, wholes
from cubie_cli.models.model import Model
from solvers.settings import KernelSettings, SaveGrid, SaveSettings, SolveSettings

#: More save times than an index of 32 bits can count.
_TOO_MANY_SAVES = 2**31
#: Units in the last place of t that a save grid has to be wider than: below, times would coincide.
_LEAST_INTERVAL = 4

#: Keys of the format that this version refuses, with what they would do.
_NOT_AVAILABLE: Mapping[KeyPath, str] = MappingProxyType(
    {
        ("batch", "table"): "batches from a table of runs are",
        ("batch", "n"): "random samples are",
        ("batch", "seed"): "random samples are",
        ("run", "devices"): "a choice of devices is",
    }
)


@dataclass(frozen=True)
class BufferChoices:
    """Where the user wants buffers to live.

    Parameters
    ----------
    default
        For buffers that nothing else names.
    named
        Location by buffer name or glob, in the order written. Names are checked where the buffers are known.
    """

    default: str
    named: Mapping[str, str]


@dataclass(frozen=True)
class Saved:
    """The states and observables that are kept, in the order asked for."""

    states: tuple[Chosen, ...]
    observables: tuple[Chosen, ...]


@dataclass(frozen=True)
class Configuration:
    """A run configuration that fits its model.

    Parameters
    ----------
    solve
        Algorithm, span and tolerances.
    save
        What is kept.
    buffers
        Where buffers live.
    output
        The result file.
    target
        What the kernel runs on.
    threads
        Most threads of the CPU target; None: all.
    chunk
        Runs on the device at a time; None: as many as fit.
    cache
        Folder of compiled kernels; True: the user's own, False: none are kept.
    kernel
        How the kernel is compiled and launched.
    warnings
        What is allowed and probably not meant.
    default_atol
        Whether the absolute tolerance is the default.
    saved
        The states and observables that are kept.
    wholes
        The vectors among these, and summaries of vectors.
    summary_places
        Where each summary is asked for.
    window_texts
        The texts of ends of windows that are expressions, and where they stand.
    """

    solve: SolveSettings
    save: SaveSettings
    buffers: BufferChoices
    output: Path
    target: Target
    threads: int | None
    chunk: int | None
    cache: Path | bool
    kernel: KernelSettings
    warnings: tuple[str, ...]
    default_atol: bool
    saved: Saved
    wholes: Wholes
    summary_places: tuple[KeyPath, ...]
    window_texts: Mapping[str, KeyPath]


def check_format(document: Document) -> RunConfiguration:
    """Return the tables of a run configuration with types and ranges checked.

    Raises
    ------
    UserError
        With the place of the first mistake, or of what this version lacks.
    """
    for path, words in _NOT_AVAILABLE.items():
        if document.get(path) is not None:
            raise document.error(f"{words} not available in this version", path, "key")
    if document.get(("events",)) is not None:
        hint = "write them in the model file, or as [[model.events]] here"
        raise document.error("events are part of the model", ("events",), "key", hint)
    if document.get(("batch", "mode")) == "sample":
        raise document.error("random samples are not available in this version", ("batch", "mode"))
    return validated(RunConfiguration, document)


def read_configuration(document: Document, tables_read: RunConfiguration, model: Model) -> Configuration:
    """Return the configuration for a model.

    Parameters
    ----------
    document
        The run configuration's file, for the places of mistakes.
    tables_read
        What `check_format` returned for it.
    model
        The model.

    Raises
    ------
    UserError
        With the place of the first value that does not fit.
    """
    solve = read_solve(document, tables_read.solve, model)
    output, cache = tables_read.output, tables_read.run.cache
    told = read_summaries(document, tables_read.output.summaries, model, solve)
    saved = _read_saved(document, tables_read, model)
    save = _read_save(document, tables_read, saved, model, solve, told)
    name = output.file if output.file is not None else f"{document.path.stem}.h5"
    if not name.strip() or "\0" in name:
        raise document.error("a file name is needed", ("output", "file"))
    if isinstance(cache, str) and (not cache.strip() or "\0" in cache):
        raise document.error("the name of a folder is needed", ("run", "cache"), hint="false keeps no kernels")
    return Configuration(
        solve=solve,
        save=save,
        buffers=_read_buffers(document),
        output=document.path.parent / name,
        target=tables_read.run.target,
        threads=tables_read.run.threads,
        chunk=tables_read.run.chunk,
        cache=document.path.parent / cache if isinstance(cache, str) else cache,
        kernel=_read_kernel(tables_read.run.kernel),
        warnings=(*warnings_of(document, solve), *_grid_warning(save, solve)),
        default_atol=tables_read.solve.atol is None,
        saved=saved,
        wholes={**wholes([*saved.states, *saved.observables], str), **told.wholes},
        summary_places=told.places,
        window_texts=told.texts,
    )


# -- [output] -----------------------------------------------------------------------------------


def _read_saved(document: Document, tables_read: RunConfiguration, model: Model) -> Saved:
    output, written = tables_read.output, model.written
    states = written.names_in("states") if output.states is None else output.states
    return Saved(
        states=choose(written, document, states, "states", ("output", "states")),
        observables=choose(written, document, output.observables, "observables", ("output", "observables")),
    )


def _read_save(
    document: Document,
    tables_read: RunConfiguration,
    saved: Saved,
    model: Model,
    solve: SolveSettings,
    told: SummariesRead,
) -> SaveSettings:
    output, system = tables_read.output, model.quantities
    if not saved.states and not saved.observables and not told.summaries:
        hint = "name a state or an observable, or ask for [output.summaries]"
        raise document.error("nothing is saved", ("output", "states"), hint=hint)
    _check_save_times(document, output.save_every, output.save_at, solve)
    return SaveSettings(
        states=_positions(saved.states, system.states),
        observables=_positions(saved.observables, system.observables),
        every=output.save_every,
        at=None if output.save_at is None else tuple(output.save_at),
        summaries=told.summaries,
        windows=told.windows,
    )


def _positions(asked: Sequence[Chosen], names: Sequence[str]) -> tuple[int, ...]:
    positions = {name: index for index, name in enumerate(names)}
    return tuple(positions[name] for each in asked for name in each.elements)


def _check_save_times(
    document: Document, every: float | None, times: Sequence[float] | None, solve: SolveSettings
) -> None:
    if every is not None and times is not None:
        raise document.error("save_every and save_at exclude each other", ("output", "save_at"), "key")
    if every is not None:
        _check_grid(document, SaveGrid(solve.t0, solve.t1, every))
    if times is not None:
        _check_rising(document, times, solve)


def _check_grid(document: Document, grid: SaveGrid) -> None:
    place, span = ("output", "save_every"), grid.t1 - grid.t0
    if span / grid.every >= _TOO_MANY_SAVES:
        message = f"that is {span / grid.every:.3g} save times a run"
        raise document.error(message, place, hint=f"at most {_TOO_MANY_SAVES - 1:,} can be counted: save less often")
    if grid.every > span and not grid.has_end:
        raise document.error(f"save_every is longer than the span of {span:g}", place)
    if grid.every < _LEAST_INTERVAL * grid.resolution:
        message = f"the times of the span are {grid.resolution:g} apart, by rounding: too coarse for this interval"
        raise document.error(message, place, hint="save less often, or count time from a nearer point")


def _grid_warning(save: SaveSettings, solve: SolveSettings) -> tuple[str, ...]:
    """Return what is to be said of a save grid that does not end with the span."""
    grid = save.grid(solve.t0, solve.t1)
    if grid is None or grid.has_end:
        return ()
    missed = f"t1 = {grid.t1:.10g} is not on the grid of save_every = {grid.every:.10g}"
    remedy = "for the state at t1 choose an interval that divides the span, or list times in save_at"
    return (f"{missed}, the last save is at {grid.last:.10g}: {remedy}",)


def _check_rising(document: Document, times: Sequence[float], solve: SolveSettings) -> None:
    if not times:
        raise document.error("save_at has no times", ("output", "save_at"), hint="without it, t1 alone is saved")
    for index, time in enumerate(times):
        path: KeyPath = ("output", "save_at", index)
        if not solve.t0 <= time <= solve.t1:
            message = f"the save time {time:g} is not between t0 = {solve.t0:g} and t1 = {solve.t1:g}"
            raise document.error(message, path)
        if index and time <= times[index - 1]:
            raise document.error(f"save times must rise, and {time:g} follows {times[index - 1]:g}", path)


def _read_kernel(table: KernelTable) -> KernelSettings:
    chosen = table.model_dump()
    return KernelSettings(threads=chosen.pop("threads_per_block"), **chosen)


# -- [buffers] ----------------------------------------------------------------------------------


def _read_buffers(document: Document) -> BufferChoices:
    named = dict(_flat(document, ("buffers",)))
    default = named.pop("default", DEFAULT_LOCATION)
    return BufferChoices(default, named)


def _flat(document: Document, path: KeyPath) -> list[tuple[str, str]]:
    """Return buffer names and locations, in order; a name with a point may stand in quotes or not."""
    found: list[tuple[str, str]] = []
    for key, value in tables.table(document, path).items():
        inner: KeyPath = (*path, key)
        if isinstance(value, dict):
            found += _flat(document, inner)
        else:
            _check_location(document, inner, value)
            found.append((".".join(str(part) for part in inner[1:]), value))
    return found


def _check_location(document: Document, path: KeyPath, value: Any) -> None:
    allowed = ("auto", *LOCATIONS) if path == ("buffers", "default") else LOCATIONS
    if value not in allowed:
        message = f"a buffer's location is one of {', '.join(allowed)}"
        raise document.error(message, path, hint=did_you_mean(str(value), allowed))
