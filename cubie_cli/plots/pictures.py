"""Draws figures as files, with Matplotlib."""

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from cubie_cli.plots.figure import Axis, Band, Bars, Figure, Line, Map, Panel, Points
from cubie_cli.plots.kind import Kind

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Colours that those who see few colours tell apart: M. Okabe and K. Ito, Color Universal Design, 2008.
_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000", "#999999")
#: Bands, from the widest on.
_SHADES = ("#d6e6f2", "#9cc4e0")
#: Inches of a panel that is as wide as the picture, of one beside another, and of one alone.
_WIDE, _HALF, _SQUARE = (7.0, 2.9), (4.6, 3.6), (5.6, 4.2)
_DOTS_PER_INCH = 150
#: Marks between whole numbers are as far apart as these, and ten times that; fewer bars have a mark each.
_WHOLE, _FEW = [1, 2, 5, 10], 12
#: Cells of a map in a row or a column up to which each has a mark.
_FEW_CELLS = 5
#: Letters of an entry of a legend that stands beside the panels; longer ones stand below.
_SHORT = 24
#: Points from which on each is drawn small, and is no path of its own in SVG and PDF.
_MANY = 2000
#: Kinds whose panels have one x axis, below each other.
_STACKED = {Kind.TRAJECTORIES, Kind.FAN, Kind.LINE, Kind.BIFURCATION}
#: Times of making that Matplotlib writes unless told not to: the same result gives the same file.
_NO_DATE = {".svg": {"Date": None}, ".pdf": {"CreationDate": None}, ".png": {}}
_STYLE: dict[str, Any] = {
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.titlesize": "medium",
    "font.size": 10,
    "svg.hashsalt": "cubie",
    "axes.formatter.useoffset": False,
}


def write(figure: Figure, path: Path, ending: str) -> None:
    """Draw a figure to a file.

    Parameters
    ----------
    figure
        What is drawn.
    path
        The file.
    ending
        ".png", ".svg" or ".pdf".
    """
    import matplotlib as mpl  # noqa: PLC0415 - takes long to import
    from matplotlib.figure import Figure as Canvas  # noqa: PLC0415

    with mpl.rc_context(cast("Any", _STYLE)):
        rows, columns = _grid(figure)
        width, height = _HALF if columns > 1 else _WIDE if figure.kind in _STACKED else _SQUARE
        canvas = Canvas(figsize=(width * columns, height * rows + 0.5), layout="constrained")
        common = len({panel.labels for panel in figure.panels}) == 1 and figure.panels[0].labels
        shared = figure.kind in _STACKED and columns == 1
        panes = canvas.subplots(rows, columns, squeeze=False, sharex=shared)
        for position, pane in enumerate(panes.flat):
            if position >= len(figure.panels):
                pane.set_axis_off()
                continue
            panel = figure.panels[position]
            last = not shared or position == len(figure.panels) - 1
            _panel(pane, panel, with_x=last, with_legend=not common)
        if common:
            handles, labels = panes.flat[0].get_legend_handles_labels()
            beside = max(map(len, labels)) <= _SHORT
            canvas.legend(
                handles,
                labels,
                loc="outside right center" if beside else "outside lower center",
                ncols=1 if beside else 2,
                frameon=False,
                fontsize="small",
            )
        if figure.title:
            canvas.suptitle(figure.title, fontweight="bold")
        if figure.remarks:
            canvas.supxlabel("; ".join(figure.remarks), fontsize="small", color="0.35", wrap=True)
        canvas.savefig(path, format=ending[1:], dpi=_DOTS_PER_INCH, metadata=_NO_DATE[ending])


def _grid(figure: Figure) -> tuple[int, int]:
    """Return how many rows and columns of panels there are."""
    count = len(figure.panels)
    if count == 1 or (figure.kind in _STACKED and count <= 3):
        return count, 1
    columns = 2 if count in {2, 4} else 3
    return math.ceil(count / columns), columns


def _panel(pane: "Axes", panel: Panel, *, with_x: bool, with_legend: bool) -> None:
    shades = iter(_SHADES)
    colours = iter(_COLOURS * (1 + len(panel.layers) // len(_COLOURS)))
    _axis(pane, panel.x, "x", shown=with_x)
    _axis(pane, panel.y, "y", shown=True)
    for layer in panel.layers:
        if isinstance(layer, Line):
            colour = _COLOURS[0] if any(isinstance(each, Band) for each in panel.layers) else next(colours)
            pane.plot(layer.x, layer.y, label=layer.label, color=colour, linewidth=1.4)
        elif isinstance(layer, Band):
            pane.fill_between(layer.x, layer.low, layer.high, label=layer.label, color=next(shades), lw=0)
        elif isinstance(layer, Points):
            many = len(layer.x) > _MANY
            size, shade = (1.5, 0.4) if many else (9.0, 0.8)
            pane.scatter(layer.x, layer.y, s=size, alpha=shade, color=next(colours), lw=0, rasterized=many)
        elif isinstance(layer, Bars):
            _bars(pane, layer)
        else:
            _map(pane, layer, panel)
    if panel.level:
        pane.set_ylim(panel.level)
    if panel.labels and with_legend:
        pane.legend(frameon=False, fontsize="small", loc="center left", bbox_to_anchor=(1.0, 0.5))
    if panel.title:
        pane.set_title(panel.title)


def _bars(pane: "Axes", layer: Bars) -> None:
    from matplotlib.ticker import MaxNLocator  # noqa: PLC0415 - as above

    pane.stairs(layer.counts, layer.edges, fill=True, color=_COLOURS[0], alpha=0.85)
    pane.yaxis.set_major_locator(MaxNLocator(integer=True, steps=_WHOLE))
    if not layer.counts.any():
        pane.text(0.5, 0.5, "no values", transform=pane.transAxes, ha="center", va="center", color="0.35")
        pane.set(xticks=[], yticks=[])
    elif layer.whole and len(layer.counts) < _FEW:
        pane.set_xticks(layer.edges[:-1] + 0.5)
    elif layer.whole:
        pane.xaxis.set_major_locator(MaxNLocator(integer=True, steps=_WHOLE))


def _axis(pane: "Axes", axis: Axis, which: str, *, shown: bool) -> None:
    if axis.logarithmic:
        getattr(pane, f"set_{which}scale")("log")
    if shown:
        getattr(pane, f"set_{which}label")(axis.label)


def _map(pane: "Axes", layer: Map, panel: Panel) -> None:
    from matplotlib.ticker import MaxNLocator, NullLocator  # noqa: PLC0415 - as above

    x, y = edges(layer.x, panel.x.logarithmic), edges(layer.y, panel.y.logarithmic)
    values, (low, high) = np.ma.masked_invalid(layer.values), layer.ends
    shown = pane.pcolormesh(x, y, values, vmin=low, vmax=high, cmap="viridis", rasterized=True)
    for axis, middles in ((pane.xaxis, layer.x), (pane.yaxis, layer.y)):
        if len(middles) <= _FEW_CELLS:
            axis.set_ticks(middles, labels=[f"{middle:.4g}" for middle in middles])
            axis.set_minor_locator(NullLocator())
        elif np.array_equal(middles, np.round(middles)):
            axis.set_major_locator(MaxNLocator(integer=True))
    pane.figure.colorbar(shown, ax=pane, label=layer.label)


def edges(middles: np.ndarray, logarithmic: bool) -> np.ndarray:  # noqa: FBT001 - what the axis is
    """Return the ends of cells around values: halfway between neighbours."""
    values = np.log(middles) if logarithmic else np.asarray(middles, dtype=np.float64)
    if len(values) == 1:
        ends = np.array([values[0] - 0.5, values[0] + 0.5])
    else:
        between = (values[1:] + values[:-1]) / 2
        ends = np.concatenate([[2 * values[0] - between[0]], between, [2 * values[-1] - between[-1]]])
    return np.exp(ends) if logarithmic else ends
