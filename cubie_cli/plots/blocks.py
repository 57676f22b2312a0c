"""Draws maps in a terminal: two cells a character where it has colours, signs from light to dark where it has none."""

from collections.abc import Iterator

import numpy as np
from rich.style import Style
from rich.text import Text

from cubie_cli.plots.figure import Axis, Map, Panel
from cubie_cli.plots.scales import ticks

#: Matplotlib's colour map viridis (S. van der Walt, N. Smith, 2015), at nine places.
_VIRIDIS = np.array(
    [
        (68, 1, 84),
        (71, 45, 123),
        (59, 82, 139),
        (44, 114, 142),
        (33, 145, 140),
        (40, 174, 128),
        (94, 201, 98),
        (173, 220, 48),
        (253, 231, 37),
    ]
)
_SIGNS = " .:-=+*#%@"
#: Columns that numbers along the vertical axis have.
_MARGIN = 10


def map_lines(panel: Panel, layer: Map, width: int, height: int, *, coloured: bool) -> Iterator[Text]:
    """Yield the lines of a map, with its scale and its axes."""
    low, high = layer.ends
    shares = (layer.values - low) / ((high - low) or 1.0)
    lines = height - 3
    columns = width - _MARGIN - 2
    rows = 2 * lines if coloured else lines
    y_places, x_places = _spread(layer.y, rows), _spread(layer.x, columns)
    cells = shares[np.ix_(y_places[::-1], x_places)]
    yield _scale(layer.label, low, high, coloured=coloured)
    marks = _marks(layer.y[y_places[::-1]], panel.y, lines, 2 if coloured else 1)
    yield Text(f"{panel.y.label}")
    for line in range(lines):
        text = Text(f"{marks.get(line, ''):>{_MARGIN}}┤" if line in marks else f"{'':{_MARGIN}}│")
        if coloured:
            for upper, lower in zip(cells[2 * line], cells[2 * line + 1], strict=True):
                text.append("▀", Style(color=_colour(upper), bgcolor=_colour(lower)))
        else:
            text.append("".join(map(_sign, cells[line])))
        yield text
    yield Text(f"{'':{_MARGIN}}└{'─' * columns}")
    yield Text(_below(layer.x[x_places], panel.x, columns).rstrip())
    yield Text(f"{'':{_MARGIN}} {panel.x.label.center(columns).rstrip()}")


def _spread(values: np.ndarray, count: int) -> np.ndarray:
    """Return for each of a number of places which of the values is there."""
    return np.arange(count) * len(values) // count


def _colour(share: float) -> str | None:
    if not np.isfinite(share):
        return None
    place = min(max(share, 0.0), 1.0) * (len(_VIRIDIS) - 1)
    first = min(int(place), len(_VIRIDIS) - 2)
    mixed = _VIRIDIS[first] + (place - first) * (_VIRIDIS[first + 1] - _VIRIDIS[first])
    return "#{:02x}{:02x}{:02x}".format(*np.round(mixed).astype(int).tolist())


def _sign(share: float) -> str:
    return "?" if not np.isfinite(share) else _SIGNS[min(int(share * len(_SIGNS)), len(_SIGNS) - 1)]


def _scale(label: str, low: float, high: float, *, coloured: bool) -> Text:
    text = Text(f"{label}   {low:.4g} ")
    for place in range(20):
        share = place / 19
        text.append("█" if coloured else _sign(share), Style(color=_colour(share)) if coloured else "")
    return text.append(f" {high:.4g}")


def _marks(values: np.ndarray, axis: Axis, lines: int, rows: int) -> dict[int, str]:
    """Return round numbers by the lines where they are."""
    found: dict[int, str] = {}
    for value, label in zip(*_round(values, axis, lines // 3), strict=True):
        line = int(np.abs(_logged(values, axis) - _logged(np.array(value), axis)).argmin()) // rows
        found.setdefault(line, label)
    return found


def _below(values: np.ndarray, axis: Axis, columns: int) -> str:
    """Return the line of numbers below a map."""
    line = [" "] * (_MARGIN + columns + 2)
    free = 0
    for value, label in zip(*_round(values, axis, columns // 12), strict=True):
        column = _MARGIN + 1 + int(np.abs(_logged(values, axis) - _logged(np.array(value), axis)).argmin())
        first = min(max(column - len(label) // 2, 0), len(line) - len(label))
        if first >= free:
            line[first : first + len(label)] = label
            free = first + len(label) + 1
    return "".join(line)


def _round(values: np.ndarray, axis: Axis, count: int) -> tuple[list[float], list[str]]:
    low, high = float(values.min()), float(values.max())
    if low == high:
        return [low], [f"{low:g}"]
    return ticks(low, high, count, logarithmic=axis.logarithmic)


def _logged(values: np.ndarray, axis: Axis) -> np.ndarray:
    return np.log(values) if axis.logarithmic else values
