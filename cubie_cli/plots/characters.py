"""Draws figures in the terminal: lines, points and bars with plotext, maps in blocks."""

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
from rich.console import Console
from rich.text import Text

from cubie_cli.documents.messages import UsageError
from cubie_cli.plots.blocks import map_lines
from cubie_cli.plots.figure import Axis, Band, Bars, Figure, Line, Map, Panel, Points
from cubie_cli.plots.scales import ticks
from cubie_cli.reports import terminal

#: Colours of a terminal, which suit light and dark ones, and signs where it has none.
_COLOURS = ("blue", "red", "green", "magenta", "orange", "cyan", "gray", "white")
_SIGNS = ("*", "o", "+", "x", "#", "@", "%", "&")
_WIDEST, _FILE_WIDTH = 160, 80
#: Lines of a panel: the only one or two, and each of more.
_TALL, _LOW = 20, 14
#: Places at which the height of bars is drawn: two a column, and that of the widest terminal.
_STEPS = 2 * _WIDEST
#: Columns between marks of an axis, and lines.
_MARK_WIDTH, _MARK_HEIGHT = 12, 3


def show(figure: Figure) -> None:
    """Print a figure to standard output, as wide as the terminal.

    Raises
    ------
    UsageError
        The output has no signs to draw with.
    """
    console = terminal.console()
    width = min(console.width, _WIDEST) if console.is_terminal else _FILE_WIDTH
    if not _has(console, "┤⣿▀"):
        hint = "name a file, --output picture.png, or set PYTHONIOENCODING=utf-8"
        raise UsageError(f"the output is in {console.encoding}, which has no signs to draw with", hint=hint)
    coloured = console.is_terminal and not console.no_color
    height = _TALL if len(figure.panels) < 3 else _LOW
    if figure.title:
        console.print(Text(figure.title, style="bold"))
    for panel in figure.panels:
        for line in panel_lines(panel, width, height, coloured=coloured):
            line.truncate(width, overflow="ellipsis")
            console.print(line, no_wrap=True, overflow="crop", crop=False)


def panel_lines(panel: Panel, width: int, height: int, *, coloured: bool) -> Iterator[Text]:
    """Yield the lines of a panel."""
    yield Text("")
    if panel.title:
        yield Text(panel.title)
    if isinstance(panel.layers[0], Map):
        yield from map_lines(panel, panel.layers[0], width, height, coloured=coloured)
        return
    if isinstance(panel.layers[0], Bars) and not panel.layers[0].counts.any():
        yield Text(f"no values of {panel.x.label}")
        return
    yield from _heading(panel, width, coloured=coloured)
    yield from _drawn(panel, width, height, coloured=coloured)
    yield Text(panel.x.label.center(width).rstrip())


def _heading(panel: Panel, width: int, *, coloured: bool) -> Iterator[Text]:
    """Yield lines that say what the vertical axis is, and what is what."""
    line = Text(panel.y.label)
    for position, label in enumerate(panel.labels):
        sign, colour = _look(position)
        entry = Text("━" if coloured else sign, style=_rich(colour) if coloured else "").append(f" {label}", style="")
        entry.truncate(width - 2, overflow="ellipsis")
        if line and len(line) + len(entry) + 3 > width:
            yield line
            line = Text("  ")
        line = line.append("   " if line.plain.strip() else "").append_text(entry)
    if line:
        yield line


def _look(position: int) -> tuple[str, str]:
    return _SIGNS[position % len(_SIGNS)], _COLOURS[position % len(_COLOURS)]


def _rich(colour: str) -> str:
    return {"orange": "dark_orange", "gray": "grey50"}.get(colour, colour)


def _drawn(panel: Panel, width: int, height: int, *, coloured: bool) -> Iterator[Text]:
    """Draw all but maps."""
    import plotext  # noqa: PLC0415 - takes time to import

    plotext.clear_figure()
    plotext.theme("clear")
    plotext.limitsize(False, False)  # noqa: FBT003 - it would go by a terminal that the output need not be
    plotext.plotsize(width, height)
    for position, layer in enumerate(panel.layers):
        sign, colour = _look(position)
        single = len(panel.layers) == 1
        marker = "braille" if coloured or single else sign
        _layer(plotext, layer, panel, {"marker": marker, "color": colour if coloured else "default"})
    whole = isinstance(panel.layers[0], Bars) and panel.layers[0].whole
    _scale(plotext, "x", panel.x, _ends(panel, "x"), width // _MARK_WIDTH, whole=whole)
    _scale(plotext, "y", panel.y, panel.level or _ends(panel, "y"), height // _MARK_HEIGHT)
    text = plotext.build()
    for line in (text if coloured else plotext.uncolorize(text)).splitlines():
        yield Text.from_ansi(line.rstrip())


def _layer(plotext: Any, layer: Any, panel: Panel, look: dict[str, Any]) -> None:
    if isinstance(layer, Bars):
        edges = _scaled(layer.edges, panel.x)
        places = np.linspace(edges[0], edges[-1], _STEPS)
        bins = np.clip(np.searchsorted(edges, places, side="right") - 1, 0, len(layer.counts) - 1)
        plotext.plot(places.tolist(), layer.counts[bins].tolist(), fillx=True, **look)
    elif isinstance(layer, Band):
        for y in (layer.low, layer.high):
            _curve(plotext.plot, layer.x, y, panel, look)
    elif isinstance(layer, Points):
        _curve(plotext.scatter, layer.x, layer.y, panel, look)
    elif isinstance(layer, Line):
        _curve(plotext.plot, layer.x, layer.y, panel, look)


def _curve(draw: Any, x: np.ndarray, y: np.ndarray, panel: Panel, look: dict[str, Any]) -> None:
    x, y = _scaled(x, panel.x), _scaled(y, panel.y)
    known = np.isfinite(x) & np.isfinite(y)
    if known.any():
        draw(x[known].tolist(), y[known].tolist(), **look)


def _scaled(values: np.ndarray, axis: Axis) -> np.ndarray:
    with np.errstate(all="ignore"):
        return np.log10(values) if axis.logarithmic else np.asarray(values, dtype=np.float64)


def _ends(panel: Panel, which: str) -> tuple[float, float]:
    """Return the smallest and the largest value along an axis."""
    parts: list[np.ndarray] = []
    for layer in panel.layers:
        if isinstance(layer, Bars):
            parts.append(layer.edges if which == "x" else np.array([0.0, layer.counts.max()]))
        elif isinstance(layer, Band):
            parts += [layer.x] if which == "x" else [layer.low, layer.high]
        elif isinstance(layer, Line | Points):
            parts.append(layer.x if which == "x" else layer.y)
    values = np.concatenate([np.ravel(part) for part in parts])
    known = values[np.isfinite(values)]
    return (float(known.min()), float(known.max())) if known.size else (0.0, 1.0)


def _scale(plotext: Any, which: str, axis: Axis, ends: tuple[float, float], count: int, *, whole: bool = False) -> None:
    """Set the ends of an axis and its marks, at round numbers."""
    low, high = ends
    if low == high:
        low, high = (low / 2, high * 2) if axis.logarithmic else (low - 0.5, high + 0.5)
    marks, labels = ticks(low, high, count, logarithmic=axis.logarithmic)
    if whole:
        marks = list(dict.fromkeys(float(round(each)) for each in marks if low <= round(each) <= high))
        labels = [f"{each:g}" for each in marks]
    places = _scaled(np.array(marks), axis).tolist()
    if axis.logarithmic:
        low, high = math.log10(low), math.log10(high)
    getattr(plotext, f"{which}lim")(low, high)
    getattr(plotext, f"{which}ticks")(places, list(labels))


def _has(console: Console, signs: str) -> bool:
    """Return whether what is printed to can have these signs."""
    try:
        signs.encode(console.encoding)
    except UnicodeEncodeError:
        return False
    return True
