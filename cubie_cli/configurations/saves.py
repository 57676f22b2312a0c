"""Reads from `[output]` what is saved of each run, and at which times."""

from dataclasses import dataclass

import numpy as np

from cubie_cli.batches.spacing import read_spacing
from cubie_cli.configurations.schema import OutputTable
from cubie_cli.configurations.summaries import SummariesRead
from cubie_cli.documents.document import Document
from cubie_cli.documents.positions import KeyPath
from cubie_cli.models.chosen import Chosen, choose, positions
from cubie_cli.models.model import Model
from solvers.settings import SaveGrid, SaveSettings, SolveSettings

_AT: KeyPath = ("output", "save_at")
#: More save times than an index of 32 bits can count.
_TOO_MANY_SAVES = 2**31
#: Save times that are held one by one.
_MOST_LISTED = 10_000_000
#: Units in the last place of t that a save grid has to be wider than: below, times would coincide.
_LEAST_INTERVAL = 4


@dataclass(frozen=True)
class SavesRead:
    """What is saved.

    Parameters
    ----------
    settings
        As solvers take it.
    chosen
        The states, then the observables, and where they are asked for.
    """

    settings: SaveSettings
    chosen: tuple[Chosen, ...]


def read_saves(
    document: Document, output: OutputTable, model: Model, solve: SolveSettings, told: SummariesRead
) -> SavesRead:
    """Return what a configuration saves of a model.

    Raises
    ------
    UserError
        With the place of the first mistake.
    """
    system, written = model.quantities, model.written
    asked = written.names_in("states") if output.states is None else output.states
    states = choose(written, document, asked, "states", ("output", "states"))
    observables = choose(written, document, output.observables, "observables", ("output", "observables"))
    if not states and not observables and not told.summaries:
        hint = "name a state or an observable, or ask for [output.summaries]"
        raise document.error("nothing is saved", ("output", "states"), hint=hint)
    if output.save_every is not None and output.save_at is not None:
        raise document.error("save_every and save_at exclude each other", _AT, "key")
    if output.save_every is not None:
        _check_grid(document, SaveGrid(solve.t0, solve.t1, output.save_every))
    settings = SaveSettings(
        states=positions(states, system.states),
        observables=positions(observables, system.observables),
        every=output.save_every,
        at=None if output.save_at is None else _read_times(document, solve),
        summaries=told.summaries,
        windows=told.windows,
    )
    return SavesRead(settings, (*states, *observables))


def _read_times(document: Document, solve: SolveSettings) -> tuple[float, ...]:
    """Return the times of `save_at`: a list, or a spacing."""
    written = document.get(_AT)
    if isinstance(written, list):
        times = np.array(written, dtype=np.float64)
        kind = None
    else:
        spacing = read_spacing(document, _AT, "save_at")
        if spacing.count > _MOST_LISTED:
            message = f"that is {spacing.count:,} save times a run"
            hint = f"at most {_MOST_LISTED:,} are listed one by one; save_every has no such limit"
            raise document.error(message, (*_AT, spacing.kind, 2), hint=hint)
        times, kind = spacing.at(np.arange(spacing.count)), spacing.kind
    _check_rising(document, times, kind, solve)
    return tuple(times.tolist())


def _check_rising(document: Document, times: np.ndarray, kind: str | None, solve: SolveSettings) -> None:
    """Refuse times that do not rise within the span, listed one by one or by a spacing of a kind."""
    if not times.size:
        raise document.error("save_at has no times", _AT, hint="without it, t1 alone is saved")
    outside = (times < solve.t0) | (times > solve.t1)
    wrong = np.flatnonzero(outside | ~(np.diff(times, prepend=-np.inf) > 0.0))
    if not wrong.size:
        return
    row = int(wrong[0])
    place: KeyPath = (*_AT, kind or row)
    if outside[row]:
        message = f"the save time {times[row]:g} is not between t0 = {solve.t0:g} and t1 = {solve.t1:g}"
        raise document.error(message, place)
    raise document.error(f"save times must rise, and {times[row]:.10g} follows {times[row - 1]:.10g}", place)


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


def grid_warning(save: SaveSettings, solve: SolveSettings) -> tuple[str, ...]:
    """Return what is to be said of a save grid that does not end with the span."""
    grid = save.grid(solve.t0, solve.t1)
    if grid is None or grid.has_end:
        return ()
    missed = f"t1 = {grid.t1:.10g} is not on the grid of save_every = {grid.every:.10g}"
    remedy = "for the state at t1 choose an interval that divides the span, or list times in save_at"
    return (f"{missed}, the last save is at {grid.last:.10g}: {remedy}",)
