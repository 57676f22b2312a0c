"""Makes maps: of a number a run over two swept axes, and of a vector over its indices and time."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from cubie_cli.documents.messages import UsageError
from cubie_cli.plots.figure import Axis, Map, Panel
from cubie_cli.plots.source import Coordinate, Source, is_logarithmic, label_of
from cubie_cli.results.export import Quantity

#: Cells along an axis of a map, and runs that are drawn together, at most.
_CELLS, _RUNS = 1000, 1 << 24


def heatmap(source: Source, given: Sequence[Quantity], remarks: list[str]) -> list[Panel]:
    """Return a map of each quantity over the two longest axes of a grid, its mean over others."""
    axes = [each for each in source.coordinates if each.index is not None]
    if len(axes) < 2:
        swept = ", ".join(each.name for each in source.coordinates)
        hint = "--kind line, scatter or histogram"
        raise UsageError(f"a heat map is over two axes of a grid, and this batch has {swept}", hint=hint)
    chosen = sorted(axes, key=lambda each: (each.is_group, -each.length))[:2]
    y_axis, x_axis = (each for each in axes if each in chosen)
    others = [each.name for each in axes if each not in chosen]
    if others:
        remarks.append(f"each colour is the mean over {', '.join(others)}")
    places = source.places(_RUNS)
    if len(places) < source.drawn:
        remarks.append(f"{len(places):,} of {source.drawn:,} runs are drawn, spread over the batch")
    x, columns = _cells(source, x_axis, places)
    y, rows = _cells(source, y_axis, places)
    cell = rows * len(x) + columns
    panels = []
    for each in given:
        values = source.at_end(each, places)
        known = np.isfinite(values)
        counts = np.bincount(cell[known], minlength=len(x) * len(y))
        sums = np.bincount(cell[known], weights=values[known], minlength=len(x) * len(y))
        with np.errstate(invalid="ignore"):
            means = (sums / counts).reshape(len(y), len(x))
        label = label_of(each) + (f" {source.at_last_time}" if each.over_time else "")
        layer = Map(x, y, means, label)
        panels.append(Panel(Axis(x_axis.label, is_logarithmic(x)), Axis(y_axis.label, is_logarithmic(y)), (layer,)))
    return panels


def _cells(source: Source, axis: Coordinate, places: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the values in the middle of the cells along an axis, and in which cell each run is."""
    values = source.of_runs(axis.data, (), places)
    positions = source.of_runs(axis.index or axis.data, (), places).astype(np.int64)
    if axis.length > _CELLS:
        positions = positions * _CELLS // axis.length
    there, cells = np.unique(positions, return_inverse=True)
    middle = np.bincount(cells, weights=values) / np.bincount(cells)
    return (middle, cells) if middle[0] <= middle[-1] else (middle[::-1], len(there) - 1 - cells)


def field(source: Source, given: Sequence[Quantity], most: int, remarks: list[str]) -> list[Panel]:
    """Return a map of vectors for some runs: of one index and time, or of two indices at the last time."""
    vectors = [each for each in given if each.own and not each.place and each.over_time]
    if len(vectors) < len(given) or not vectors:
        names = ", ".join(each.name for each in given if each not in vectors)
        raise UsageError(f"a field is of vectors over time, and {names} is none", hint="name a vector with -q")
    places = source.places(max(1, most // len(vectors)))
    if len(places) < source.drawn:
        remarks.append(f"{len(places)} of {source.drawn:,} runs are drawn; choose others with --runs")
    return [panel for each in vectors[:most] for panel in _alike([_of_run(source, each, place) for place in places])]


def _alike(panels: list[Panel]) -> list[Panel]:
    """Return panels of one map each with the same colours for the same values."""
    values = [
        each.values[np.isfinite(each.values)] for panel in panels for each in panel.layers if isinstance(each, Map)
    ]
    known = np.concatenate(values)
    limits = (float(known.min()), float(known.max())) if known.size else None
    return [
        replace(panel, layers=tuple(replace(each, limits=limits) for each in panel.layers if isinstance(each, Map)))
        for panel in panels
    ]


def _of_run(source: Source, quantity: Quantity, place: int) -> Panel:
    lengths = quantity.data.shape[: len(quantity.own)]
    title = source.told(place) if source.drawn > 1 else ""
    if len(lengths) == 1 and len(source.times) > 1:
        values = quantity.data[:, :, place]
        x, y = source.times, np.arange(lengths[0])
        return Panel(
            Axis(source.time_label, is_logarithmic(x)),
            Axis(quantity.own[0]),
            (Map(x, y, values, label_of(quantity)),),
            title,
        )
    if len(lengths) != 2:
        hint = f"name some elements, such as -q '{next(quantity.elements()).name}'"
        raise UsageError(f"there is no map of {quantity.name!r}, which has {len(lengths)} indices", hint=hint)
    values = quantity.data[:, :, -1, place]
    label = f"{label_of(quantity)} {source.at_last_time}"
    layer = Map(np.arange(lengths[1]), np.arange(lengths[0]), values, label)
    return Panel(Axis(quantity.own[1]), Axis(quantity.own[0]), (layer,), title)
