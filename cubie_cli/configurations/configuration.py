"""Reads a run configuration: settings whose values fit each other and the model."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from buffers import LOCATIONS
from cubie_cli.configurations.saves import grid_warning, read_saves
from cubie_cli.configurations.schema import DEFAULT_LOCATION, KernelTable, RunConfiguration, Target
from cubie_cli.configurations.solve_tables import read_solve, warnings_of
from cubie_cli.configurations.summaries import read_summaries
from cubie_cli.documents import tables
from cubie_cli.documents.document import Document
from cubie_cli.documents.other_names import told_of
from cubie_cli.documents.paths import resolved
from cubie_cli.documents.positions import KeyPath
from cubie_cli.documents.suggestions import did_you_mean
from cubie_cli.documents.validation import validated
from cubie_cli.models.chosen import Chosen, Wholes, wholes
from cubie_cli.models.model import Model
from solvers.settings import KernelSettings, SaveSettings, SolveSettings

#: Keys of the format that this version refuses, with what they would do.


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
    stored_precision
        Of saved states and observables in it; None: as computed.
    compressed
        Whether it is compressed.
    target
        What the kernel runs on.
    threads
        Most threads of the CPU target; None: all.
    chunk
        Runs on the device at a time; None: as many as suit it.
    devices
        Indices of GPUs; None: all.
    cache
        Folder of compiled kernels; True: the user's own, False: none are kept.
    kernel
        How the kernel is compiled and launched.
    warnings
        What is allowed and probably not meant.
    default_atol
        Whether the absolute tolerance is the default.
    saved
        The states, then the observables that are kept.
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
    stored_precision: str | None
    compressed: bool
    target: Target
    threads: int | None
    chunk: int | None
    devices: tuple[int, ...] | None
    cache: Path | bool
    kernel: KernelSettings
    warnings: tuple[str, ...]
    default_atol: bool
    saved: tuple[Chosen, ...]
    wholes: Wholes
    summary_places: tuple[KeyPath, ...]
    window_texts: Mapping[str, KeyPath]


def check_format(document: Document) -> RunConfiguration:
    """Return the tables of a run configuration with types and ranges checked.

    Raises
    ------
    UserError
        With the place of the first mistake.
    """
    if document.get(("events",)) is not None:
        hint = "write them in the model file, or as [[model.events]] here"
        raise document.error("events are part of the model", ("events",), "key", hint)
    if "model" not in document.data and {"states", "equations"} & document.data.keys():
        hint = f'name it in one, under [model]: file = "{document.path.name}"'
        raise document.error("this is a model, and a run configuration is needed", (), hint=hint)
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
    saved = read_saves(document, output, model, solve, told)
    name = output.file if output.file is not None else f"{document.path.stem}.h5"
    if not name.strip() or "\0" in name:
        raise document.error("a file name is needed", ("output", "file"))
    if name.endswith("/"):
        raise document.error("this is a folder", ("output", "file"), hint=f"name a file, such as {name}result.h5")
    if isinstance(cache, str) and (hint := told_of("cache", cache)):
        message = "the name of a folder, true or false is needed"
        raise document.error(message, ("run", "cache"), hint=hint)
    if isinstance(cache, str) and (not cache.strip() or "\0" in cache):
        raise document.error("the name of a folder is needed", ("run", "cache"), hint="false keeps no kernels")
    return Configuration(
        solve=solve,
        save=saved.settings,
        buffers=_read_buffers(document),
        output=resolved(document.path.parent, name),
        stored_precision=output.precision,
        compressed=output.compression == "gzip",
        target=tables_read.run.target,
        threads=tables_read.run.threads,
        chunk=tables_read.run.chunk,
        devices=_read_devices(document, tables_read),
        cache=resolved(document.path.parent, cache) if isinstance(cache, str) else cache,
        kernel=_read_kernel(tables_read.run.kernel),
        warnings=(*warnings_of(document, solve), *grid_warning(saved.settings, solve)),
        default_atol=tables_read.solve.atol is None,
        saved=saved.chosen,
        wholes={**wholes(saved.chosen, str), **told.wholes},
        summary_places=told.places,
        window_texts=told.texts,
    )


# -- [run] --------------------------------------------------------------------------------------


def _read_devices(document: Document, tables_read: RunConfiguration) -> tuple[int, ...] | None:
    devices = tables_read.run.devices
    if devices == "all":
        return None
    if not devices:
        raise document.error("a batch needs a device", ("run", "devices"), hint='list some, or write "all"')
    return tuple(devices)


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
