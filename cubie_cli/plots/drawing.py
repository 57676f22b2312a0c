"""Makes a picture of quantities of a result, of each kind, as it is before it is known where it is drawn."""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

import numpy as np

from cubie_cli.documents.messages import UsageError, counted
from cubie_cli.plots.choosing import FEW, OVER_TIME
from cubie_cli.plots.figure import Axis, Band, Bars, Figure, Line, Panel, Points
from cubie_cli.plots.kind import Kind
from cubie_cli.plots.maps import field, heatmap
from cubie_cli.plots.source import Coordinate, Source, is_logarithmic, label_of, recorded
from cubie_cli.results.export import Quantity

#: Panels of a picture, elements of a vector, and values that are drawn at most.
_PANELS, _ELEMENTS, _VALUES = 6, 8, 1 << 24
#: Points of one panel, and runs of which percentiles are taken at most.
_POINTS, _PERCENTILE_RUNS = 100_000, 20_000
#: What is within this factor of each other has room on one axis.
_ALIKE = 30.0
_BANDS = {"5 % to 95 %": (5, 95), "25 % to 75 %": (25, 75)}


def draw(source: Source, quantities: Sequence[Quantity], kind: Kind) -> Figure:
    """Return a picture of quantities.

    Raises
    ------
    UsageError
        They have no picture of this kind.
    """
    remarks = source.remarks
    if kind is Kind.FIELD:
        panels = field(source, quantities, _PANELS, remarks)
    else:
        given = quantities if kind is Kind.BIFURCATION else _elements(quantities, remarks)
        _check(source, given, kind)
        if kind is not Kind.PHASE and len(given) > _PANELS:
            remarks.append(f"the first {_PANELS} of {len(given)} quantities are drawn; choose others with -q")
            given = given[:_PANELS]
        panels = _KINDS[kind](source, given, remarks)
    return Figure(source.title, tuple(panels), kind.value, tuple(remarks))


def _elements(quantities: Sequence[Quantity], remarks: list[str]) -> list[Quantity]:
    """Return quantities with vectors as some of their elements, spread evenly."""
    found: list[Quantity] = []
    for quantity in quantities:
        elements = list(quantity.elements())
        if len(elements) > _ELEMENTS:
            remarks.append(f"{_ELEMENTS} of {len(elements)} elements of {quantity.name} are drawn; name others with -q")
            elements = [elements[place * len(elements) // _ELEMENTS] for place in range(_ELEMENTS)]
        found += elements
    return found


def _check(source: Source, given: Sequence[Quantity], kind: Kind) -> None:
    """Refuse quantities that have no picture of a kind."""
    if kind is Kind.BIFURCATION:
        for each in given:
            if not recorded(each):
                hint = "[[events]] record = { first = n, states = [..] } records values, -q names them"
                raise UsageError(f"{each.name!r} is not recorded at an event", hint=hint)
        return
    for each in given:
        if kind in OVER_TIME and not each.over_time:
            raise UsageError(f"{each.name!r} has one value a run", hint="--kind line, scatter, heatmap or histogram")
    if kind in OVER_TIME and len(source.times) < 2:
        hint = "give [output] save_every or save_at, or --kind line, scatter, heatmap or histogram"
        raise UsageError("one time is saved, and no trajectory", hint=hint)
    if kind in {Kind.LINE, Kind.SCATTER, Kind.HEATMAP} and not source.coordinates:
        raise UsageError(f"nothing is swept in these runs, and a {kind} is over what is", hint="sweep a parameter")


# -- over time ----------------------------------------------------------------------------------


def _trajectories(source: Source, given: Sequence[Quantity], remarks: list[str]) -> list[Panel]:
    time = Axis(source.time_label, is_logarithmic(source.times))
    places = _few_runs(source, remarks)
    if len(places) > 1:
        told = [source.told(place) for place in places]
        return [
            Panel(time, Axis(label_of(each)), _lines(source.times, source.over_time(each, places), told))
            for each in given
        ]
    rows = {each: source.over_time(each, places)[:, 0] for each in given}
    return [
        Panel(time, _common_axis(group), tuple(Line(source.times, rows[each], each.name) for each in group))
        for group in _alike(rows, states=True)
    ]


def _few_runs(source: Source, remarks: list[str]) -> np.ndarray:
    places = source.places(FEW)
    if len(places) < source.drawn:
        remarks.append(f"{FEW} of {source.drawn:,} runs are drawn; choose others with --runs")
    return places


def _lines(x: np.ndarray, rows: np.ndarray, labels: Sequence[str]) -> tuple[Line, ...]:
    return tuple(Line(x, row, label) for row, label in zip(rows.T, labels, strict=True))


def _alike(rows: Mapping[Quantity, np.ndarray], *, states: bool) -> list[list[Quantity]]:
    """Return groups of quantities that have room on one axis: of one unit, and about as large.

    Of states that have no unit it is taken that they have the same; of summaries it is not.
    """
    groups: list[list[Quantity]] = []
    sizes = {each: _size(row) for each, row in rows.items()}
    for each in rows:
        for group in groups:
            first = group[0]
            ratio = sizes[each] / sizes[first]
            if _units(each) == _units(first) and (states or _units(each)) and 1 / _ALIKE < ratio < _ALIKE:
                group.append(each)
                break
        else:
            groups.append([each])
    return groups


def _size(row: np.ndarray) -> float:
    known = np.abs(row[np.isfinite(row)])
    return float(known.max(initial=0.0)) or 1.0


def _units(quantity: Quantity) -> str:
    return str(quantity.data.attrs.get("units", ""))


def _common_axis(group: Sequence[Quantity]) -> Axis:
    return Axis(label_of(group[0]) if len(group) == 1 else _units(group[0]))


def _fan(source: Source, given: Sequence[Quantity], remarks: list[str]) -> list[Panel]:
    places = source.places(max(100, min(_PERCENTILE_RUNS, _VALUES // len(source.times))))
    if len(places) < source.drawn:
        remarks.append(f"percentiles are those of {len(places):,} of {source.drawn:,} runs, spread over the batch")
    time = Axis(source.time_label, is_logarithmic(source.times))
    panels = []
    for each in given:
        rows = source.over_time(each, places)
        panels.append(Panel(time, Axis(label_of(each)), _percentiles(source.times, list(rows))))
    return panels


def _percentiles(x: np.ndarray, samples: Sequence[np.ndarray]) -> tuple[Band | Line, ...]:
    """Return the bands and the median of a sample at each x."""
    wanted = [*(end for ends in _BANDS.values() for end in ends), 50]
    known = [sample[np.isfinite(sample)] for sample in samples]
    found = np.array([np.percentile(each, wanted) if len(each) else [np.nan] * len(wanted) for each in known]).T
    bands = (Band(x, found[2 * k], found[2 * k + 1], label) for k, label in enumerate(_BANDS))
    return (*bands, Line(x, found[-1], "median"))


def _phase(source: Source, given: Sequence[Quantity], remarks: list[str]) -> list[Panel]:
    if len(given) < 2:
        raise UsageError("a phase plane takes two quantities", hint="such as: -q x -q y")
    if len(given) > 2:
        remarks.append(f"{given[0].name} and {given[1].name} are drawn; choose others with -q")
    places = _few_runs(source, remarks)
    x, y = (source.over_time(each, places) for each in given[:2])
    told = [source.told(place) for place in places] if len(places) > 1 else [""]
    lines = tuple(Line(a, b, label) for a, b, label in zip(x.T, y.T, told, strict=True))
    return [Panel(Axis(label_of(given[0])), Axis(label_of(given[1])), lines)]


# -- over what was swept ------------------------------------------------------------------------


def _line(source: Source, given: Sequence[Quantity], remarks: list[str]) -> list[Panel]:
    first = next(iter([*source.quantity_axes, *source.coordinates]))
    others = [each for each in source.coordinates if each is not first]
    places = source.places(_POINTS)
    if len(places) < source.drawn:
        remarks.append(f"{len(places):,} of {source.drawn:,} runs are drawn, spread over the batch")
    x = source.of_runs(first.data, (), places)
    axis = Axis(first.label, is_logarithmic(x))
    if not others:
        order = np.argsort(x, kind="stable")
        rows = {each: source.at_end(each, places)[order] for each in given}
        return [
            Panel(axis, _axis_at_end(source, group), tuple(Line(x[order], rows[each], each.name) for each in group))
            for group in _alike(rows, states=all(each.over_time for each in given))
        ]
    return [
        Panel(axis, _axis_at_end(source, [each]), _along(source, x, source.at_end(each, places), others, places))
        for each in given
    ]


def _along(
    source: Source, x: np.ndarray, y: np.ndarray, others: Sequence[Coordinate], places: np.ndarray
) -> tuple[Line | Band, ...]:
    """Return a line for each combination of other coordinates where they are few, else percentiles over them."""
    columns = np.array([source.of_runs(each.data, (), places) for each in others])
    combinations, which = np.unique(columns, axis=1, return_inverse=True)
    if combinations.shape[1] > FEW:
        values, positions = np.unique(x, return_inverse=True)
        order = np.argsort(positions, kind="stable")
        return _percentiles(values, np.split(y[order], np.flatnonzero(np.diff(positions[order])) + 1))
    lines = []
    for position, values in enumerate(combinations.T):
        own = np.flatnonzero(which.ravel() == position)
        own = own[np.argsort(x[own], kind="stable")]
        told = ", ".join(each.told(value) for each, value in zip(others, values, strict=True))
        lines.append(Line(x[own], y[own], told))
    return tuple(lines)


def _axis_at_end(source: Source, group: Sequence[Quantity]) -> Axis:
    label = label_of(group[0]) if len(group) == 1 else _units(group[0])
    if not group[0].over_time:
        return Axis(label)
    return Axis(f"{label} {source.at_last_time}".lstrip())


def _scatter(source: Source, given: Sequence[Quantity], remarks: list[str]) -> list[Panel]:
    places = source.places(_POINTS)
    if len(places) < source.drawn:
        remarks.append(f"{len(places):,} of {source.drawn:,} runs are drawn, spread over the batch")
    panels = []
    for each in given:
        y = source.at_end(each, places)
        for coordinate in source.coordinates:
            x = source.of_runs(coordinate.data, (), places)
            axis = Axis(coordinate.label, is_logarithmic(x))
            panels.append(Panel(axis, _axis_at_end(source, [each]), (Points(x, y),)))
    if len(panels) > _PANELS:
        remarks.append(f"the first {_PANELS} of {len(panels)} panels are drawn; choose quantities with -q")
    return panels[:_PANELS]


def _histogram(source: Source, given: Sequence[Quantity], remarks: list[str]) -> list[Panel]:
    places = source.places(_VALUES)
    if len(places) < source.drawn:
        remarks.append(f"{len(places):,} of {source.drawn:,} runs are counted, spread over the batch")
    panels = []
    for each in given:
        values = source.at_end(each, places)
        known = values[np.isfinite(values)]
        if len(known) < len(values):
            remarks.append(f"{each.name}: {counted(len(values) - len(known), 'run')} without a value")
        logarithmic = is_logarithmic(known)
        panels.append(
            Panel(_logged(_axis_at_end(source, [each]), logarithmic), Axis("runs"), (_bars(each, known, logarithmic),))
        )
    return panels


def _logged(axis: Axis, logarithmic: bool) -> Axis:  # noqa: FBT001 - what the axis is
    return Axis(axis.label, logarithmic)


def _bars(quantity: Quantity, known: np.ndarray, logarithmic: bool) -> Bars:  # noqa: FBT001 - as above
    if not len(known):
        return Bars(np.array([0.0, 1.0]), np.zeros(1))
    if quantity.data.dtype.kind == "i" and np.ptp(known) <= 60:
        edges = np.arange(known.min(), known.max() + 2) - 0.5
    else:
        scaled = np.log10(known) if logarithmic else known
        edges = np.histogram_bin_edges(scaled, bins=min(60, max(5, round(2 * len(known) ** (1 / 3)))))
        edges = 10**edges if logarithmic else edges
    return Bars(edges, np.histogram(known, edges)[0])


# -- at events ----------------------------------------------------------------------------------


def _bifurcation(source: Source, given: Sequence[Quantity], remarks: list[str]) -> list[Panel]:
    panels = []
    for each in given:
        firings = each.data.shape[0]
        places = source.places(max(1, _POINTS // firings))
        if len(places) < source.drawn:
            remarks.append(f"{len(places):,} of {source.drawn:,} runs are drawn, spread over the batch")
        y = np.array([source.of_runs(each.data, (firing,), places) for firing in range(firings)])
        if source.coordinates:
            first = source.coordinates[0]
            x = np.broadcast_to(source.of_runs(first.data, (), places), y.shape)
            axis = Axis(first.label, is_logarithmic(x))
        else:
            moments = source.file[f"{each.own[0].removesuffix('_firing')}_time"]
            x = np.array([source.of_runs(moments, (firing,), places) for firing in range(firings)])
            axis = Axis(source.time_label)
        known = np.isfinite(y)
        panels.append(Panel(axis, Axis(label_of(each)), (Points(x[known], y[known]),)))
    return panels


_KINDS: Mapping[Kind, Callable[[Source, Sequence[Quantity], list[str]], list[Panel]]] = MappingProxyType(
    {
        Kind.TRAJECTORIES: _trajectories,
        Kind.FAN: _fan,
        Kind.PHASE: _phase,
        Kind.LINE: _line,
        Kind.SCATTER: _scatter,
        Kind.HEATMAP: heatmap,
        Kind.HISTOGRAM: _histogram,
        Kind.BIFURCATION: _bifurcation,
    }
)
