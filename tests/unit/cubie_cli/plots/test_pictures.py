"""Figures as files and in the terminal."""

import re
from dataclasses import replace

import numpy as np
import pytest
from rich.text import Text

from cubie_cli.plots import blocks, characters, pictures
from cubie_cli.plots.figure import Axis, Band, Bars, Figure, Line, Map, Panel, Points

X = np.linspace(0.0, 1.0, 5)
LAYERS = {
    "lines": (Line(X, X, "a"), Line(X, X**2, "b")),
    "band": (Band(X, X - 1, X + 1, "all"), Line(X, X, "median")),
    "points": (Points(X, X),),
    "bars": (Bars(np.array([0.0, 1.0, 2.0]), np.array([3, 4])),),
    "map": (Map(X + 1, X + 1, np.outer(X, X), "z"),),
    "nothing": (Line(X, np.full(5, np.nan)),),
}


@pytest.mark.one_in(3)
@pytest.mark.parametrize("ending", [".png", ".svg", ".pdf"])
@pytest.mark.parametrize("layers", LAYERS.values(), ids=LAYERS)
def test_the_same_figure_gives_the_same_file(tmp_path, layers, ending):
    figure = Figure("t", (Panel(Axis("x"), Axis("y"), layers, "p"),) * 2, "line", ("a remark",))
    for name in ("a", "b"):
        pictures.write(figure, tmp_path / name, ending)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    begins = {".png": b"\x89PNG", ".svg": b"<?xml", ".pdf": b"%PDF-1.4"}[ending]
    assert (tmp_path / "a").read_bytes().startswith(begins)


def test_names_are_in_the_picture(tmp_path):
    panel = Panel(Axis("t (h)"), Axis("dose (mg)"), LAYERS["lines"])
    pictures.write(Figure("Tablets", (panel,), "trajectories", ("2 runs failed",)), tmp_path / "a", ".pdf")
    assert panel.labels == ("a", "b")
    assert (tmp_path / "a").stat().st_size > 1000


def test_a_long_legend_stands_below_the_panels(tmp_path, monkeypatch):
    sizes = []
    for label in ("a", "clearance = 2.557 L/h, volume = 31.3 L"):
        figure = Figure("t", (Panel(Axis("x"), Axis("y"), (Line(X, X, label), Line(X, X, label + "."))),), "line")
        monkeypatch.setattr("matplotlib.figure.Figure.savefig", lambda canvas, *_, **__: sizes.append(canvas))
        pictures.write(figure, tmp_path / "a", ".png")
    for canvas in sizes:
        canvas.draw_without_rendering()
    beside, below = (canvas.axes[0].get_position() for canvas in sizes)
    assert below.width > beside.width
    assert below.y0 > beside.y0


@pytest.mark.parametrize(("counts", "marks"), [([3, 4], ["0", "1"]), ([0, 0], [])])
def test_bars_of_whole_numbers_are_marked_by_them(tmp_path, monkeypatch, counts, marks):
    bars = Bars(np.array([-0.5, 0.5, 1.5]), np.array(counts))
    panes = []
    monkeypatch.setattr("matplotlib.figure.Figure.savefig", lambda canvas, *_, **__: panes.append(canvas.axes[0]))
    panel = Panel(Axis("peaks"), Axis("runs"), (bars,))
    pictures.write(Figure("t", (panel,), "histogram"), tmp_path / "a", ".png")
    assert [each.get_text().removesuffix(".0") for each in panes[0].get_xticklabels()] == marks
    lines = [line.plain for line in characters.panel_lines(panel, 40, 12, coloured=False)]
    assert ("no values of peaks" in lines) == (not marks)
    assert not marks or lines[-2].split() == marks


@pytest.mark.parametrize("logarithmic", [True, False])
def test_few_cells_of_a_map_are_marked_by_their_values(tmp_path, monkeypatch, logarithmic):
    values = np.array([2.0, 3.0, 4.5])
    panel = Panel(Axis("k", logarithmic), Axis("m"), (Map(values, X + 1, np.outer(X, values), "z"),))
    panes = []
    monkeypatch.setattr("matplotlib.figure.Figure.savefig", lambda canvas, *_, **__: panes.append(canvas.axes[0]))
    pictures.write(Figure("t", (panel,), "heatmap"), tmp_path / "a", ".png")
    assert [each.get_text() for each in panes[0].get_xticklabels(which="both")] == ["2", "3", "4.5"]


@pytest.mark.parametrize("width", [60, 80, 160])
@pytest.mark.parametrize("coloured", [True, False])
@pytest.mark.parametrize("layers", LAYERS.values(), ids=LAYERS)
def test_nothing_is_wider_than_the_terminal(monkeypatch, capsys, width, coloured, layers):
    monkeypatch.setenv("COLUMNS", str(width))
    monkeypatch.setenv("FORCE_COLOR", "1") if coloured else monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setattr("rich.console.Console.is_terminal", True)
    long = "the concentration of the metabolite in the third compartment (micromol/L)"
    named = tuple(replace(each, label=each.label and long) if hasattr(each, "label") else each for each in layers)
    characters.show(Figure(long * 2, (Panel(Axis(long), Axis(long), named, long * 3),), "line"))
    shown = capsys.readouterr().out
    assert max(Text.from_ansi(line).cell_len for line in shown.splitlines()) <= width
    assert coloured or not re.search(r"\x1b\[(\d+;)*[349]\d", shown)


def test_cells_end_between_values():
    np.testing.assert_allclose(pictures.edges(np.array([1.0, 2.0, 4.0]), logarithmic=False), [0.5, 1.5, 3.0, 5.0])
    np.testing.assert_allclose(pictures.edges(np.array([1.0, 100.0]), logarithmic=True), [0.1, 10.0, 1000.0])
    np.testing.assert_allclose(pictures.edges(np.array([3.0]), logarithmic=False), [2.5, 3.5])


def test_what_hardly_changes_is_drawn_level():
    steady = Panel(Axis("x"), Axis("y"), (Line(X, 2.0 + 1e-9 * X),))
    assert steady.level == pytest.approx((1.8, 2.2))
    assert Panel(Axis("x"), Axis("y"), (Line(X, 2.0 + X),)).level is None
    assert Panel(Axis("x"), Axis("y"), (Line(X, np.zeros(5)),)).level == pytest.approx((-1, 1))
    assert Panel(Axis("x"), Axis("y"), LAYERS["nothing"]).level is None


@pytest.mark.parametrize("coloured", [True, False])
def test_a_map_has_its_largest_value_where_it_is(coloured):
    values = np.zeros((4, 4))
    values[3, 0] = 1.0  # at the top, on the left
    values[0, 3] = np.nan
    layer = Map(np.arange(4), np.arange(4), values, "z")
    lines = list(blocks.map_lines(Panel(Axis("x"), Axis("y"), (layer,)), layer, 40, 12, coloured=coloured))
    rows = [line for line in lines if "│" in line.plain or "┤" in line.plain]
    assert max(len(line.plain) for line in lines) <= 40
    if coloured:
        first, last = rows[0].spans[0].style, rows[0].spans[-1].style
        assert first.color.triplet.hex == "#fde725"
        assert last.color.triplet.hex == "#440154"
        assert rows[-1].spans[-1].end < len(rows[-1].plain)  # no colour where there is no value
    else:
        assert rows[0].plain[11] == "@"
        assert rows[-1].plain[-1] == "?"
