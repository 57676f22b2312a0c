"""`cubie plot`: what is drawn of which result, and what is said where nothing can be."""

import numpy as np
import pytest

from cubie_cli.batches.selection import select_runs
from cubie_cli.plots import choosing
from cubie_cli.plots.drawing import draw
from cubie_cli.plots.figure import Band, Line, Map, Points
from cubie_cli.plots.kind import Kind
from cubie_cli.plots.source import Source
from cubie_cli.results.opening import open_result

MODEL = """\
name = "Falling"
[states]
h = 1.0
v = 0.0
[parameters]
g = 9.81
k = 0.0
[equations]
h = "v"
v = "-g - k*v"
[observables]
energy = "0.5*v**2 + g*h"
[[events]]
name = "bounce"
when = "h"
direction = "down"
set = { v = "-0.5*v", h = 0.0 }
record = { first = 3, states = ["v"] }
[units]
t = "s"
h = "m"
v = "m/s"
g = "m/s**2"
"""


@pytest.fixture
def solved(cubie, folder):
    """Return a function that solves a batch with values, and how it is saved, given as TOML."""
    (folder / "falling.toml").write_text(MODEL)

    def solve(batch="", output="save_every = 0.1", t1=1.0):
        text = f'[model]\nfile = "falling.toml"\n[solve]\nt1 = {t1}\nalgorithm = "tsit5"\nrtol = 1e-4\n'
        text += f'{batch}\n[output]\n{output}\n[run]\ntarget = "python"\n'
        (folder / "b.toml").write_text(text)
        assert cubie("run", "b.toml", "-q", "--force", "--allow-failures").code == 0
        return folder / "b.h5"

    return solve


@pytest.fixture
def figure_of(solved):
    """Return a function that solves a batch and makes its figure."""

    def made(*given, kind=None, names=(), runs=None, **options):
        with open_result(solved(*given, **options)) as file:
            quantities = choosing.quantities(file, names, kind)
            source = Source(file, select_runs(runs, len(file["run"])))
            return draw(source, quantities, kind or choosing.suited(source, quantities))

    return made


SWEEP = "[batch.values]\ng = [1.0, 2.0, 4.0, 8.0]"
GRID = "[batch.values]\ng = [1.0, 2.0, 4.0]\nk = [0.0, 1.0]"
MANY = "[batch.values]\ng = { linspace = [1.0, 2.0, 12] }"
SAMPLE = '[batch]\nmode = "sample"\nn = 16\n[batch.values]\ng = { uniform = [1, 2] }\nk = { uniform = [0, 1] }'
SUMMARIES = 'states = []\n[output.summaries]\nh = ["max", "min"]'


@pytest.mark.parametrize(
    ("batch", "output", "kind"),
    [
        ("", "save_every = 0.1", Kind.TRAJECTORIES),
        (SWEEP, "save_every = 0.1", Kind.TRAJECTORIES),
        (MANY, "save_every = 0.1", Kind.FAN),
        (SWEEP, "", Kind.LINE),
        (SWEEP, SUMMARIES, Kind.LINE),
        (GRID, SUMMARIES, Kind.HEATMAP),
        (SAMPLE, SUMMARIES, Kind.HISTOGRAM),
        (SAMPLE.replace("k = { uniform = [0, 1] }", ""), SUMMARIES, Kind.SCATTER),
    ],
)
def test_what_is_drawn_without_an_option(figure_of, batch, output, kind):
    assert figure_of(batch, output).kind == kind


def test_trajectories_have_units_and_tell_runs_apart(figure_of):
    found = figure_of(SWEEP)
    assert found.title == "Falling"
    assert [panel.y.label for panel in found.panels] == ["h (m)", "v (m/s)"]
    assert found.panels[0].x.label == "t (s)"
    assert found.panels[0].labels[0] == "g = 1 m/s**2"
    first = found.panels[0].layers[0]
    np.testing.assert_allclose(first.y, 1 - first.x**2 / 2, rtol=1e-4)


def test_one_run_has_what_is_alike_in_one_panel(figure_of):
    found = figure_of("", 'save_every = 0.1\nobservables = ["energy"]', names=("h", "v", "energy"))
    assert [[layer.label for layer in panel.layers] for panel in found.panels] == [["h"], ["v"], ["energy"]]


def test_a_fan_is_of_percentiles(figure_of):
    wide, narrow, median = figure_of(MANY, names=("h",)).panels[0].layers
    ends = 1 - np.linspace(1.0, 2.0, 12) * 0.5**2 / 2
    assert isinstance(wide, Band)
    assert isinstance(median, Line)
    assert median.y[5] == pytest.approx(np.median(ends), rel=1e-4)
    assert wide.low[5] == pytest.approx(np.percentile(ends, 5), rel=1e-4)
    assert narrow.high[5] == pytest.approx(np.percentile(ends, 75), rel=1e-4)


def test_a_line_over_one_axis_and_lines_for_another(figure_of):
    one = figure_of(SWEEP, "save_at = [0.5]", names=("h",)).panels[0]
    assert one.x.label == "g (m/s**2)"
    assert one.x.logarithmic  # the values have equal ratios
    assert one.y.label == "h (m) at t = 0.5"
    np.testing.assert_allclose(one.layers[0].y, 1 - np.array([1, 2, 4, 8]) / 8, atol=1e-4)
    two = figure_of(GRID, "save_at = [0.5]", names=("h",), kind=Kind.LINE).panels[0]
    assert two.labels == ("k = 0", "k = 1")
    np.testing.assert_allclose(two.layers[0].x, [1, 2, 4])


def test_a_heat_map_has_each_value_in_its_cell(figure_of):
    (panel,) = figure_of(GRID, "save_at = [0.5]", names=("v",), kind=Kind.HEATMAP).panels
    (layer,) = panel.layers
    assert isinstance(layer, Map)
    assert (panel.y.label, panel.x.label) == ("g (m/s**2)", "k")
    np.testing.assert_allclose(layer.y, [1, 2, 4])
    g = layer.y[:, None]
    np.testing.assert_allclose(layer.values, np.hstack([-0.5 * g, -g * (1 - np.exp(-0.5))]), rtol=1e-3)


def test_the_mean_over_a_third_axis_is_told(figure_of):
    batch = "[batch.values]\ng = [1.0, 2.0]\nk = [0.0, 1.0, 2.0]\nv = [0.0, 1.0, 2.0]"
    found = figure_of(batch, "save_at = [0.1]", names=("v",), kind=Kind.HEATMAP)
    assert found.remarks == ("each colour is the mean over g",)


def test_a_phase_plane_has_the_quantities_in_the_order_given(figure_of):
    found = figure_of(names=("v", "h"), kind=Kind.PHASE)
    assert (found.panels[0].x.label, found.panels[0].y.label) == ("v (m/s)", "h (m)")


def test_bifurcations_are_of_recorded_values(figure_of):
    (panel,) = figure_of(SWEEP, t1=4.0, kind=Kind.BIFURCATION).panels
    (points,) = panel.layers
    assert isinstance(points, Points)
    assert panel.y.label == "bounce_v (m/s)"
    first = points.y[np.searchsorted(points.x[:4], [1, 2, 4, 8])]
    np.testing.assert_allclose(first, 0.5 * np.sqrt(2 * np.array([1, 2, 4, 8])), rtol=1e-3)


def test_a_histogram_counts_every_run(figure_of):
    for panel in figure_of(SAMPLE, SUMMARIES).panels:
        assert panel.layers[0].counts.sum() == 16


def test_runs_are_chosen(figure_of):
    found = figure_of(SWEEP, runs="1:3", names=("h",))
    assert found.panels[0].labels == ("g = 2 m/s**2", "g = 4 m/s**2")


def test_vectors_are_fields_and_elements_are_lines(cubie, folder):
    (folder / "ring.toml").write_text(
        '[model]\nstates = { u = { size = 6, value = "i", ends = "periodic" } }\n'
        'equations = { u = "u[i-1] - 2*u[i] + u[i+1]" }\n'
        '[solve]\nt1 = 1.0\ndt = 0.1\nalgorithm = "rk4"\n[output]\nsave_every = 0.5\n[run]\ntarget = "python"\n'
    )
    assert cubie("run", "ring.toml", "-q").code == 0
    with open_result(folder / "ring.h5") as file:
        source = Source(file, range(1))
        whole = choosing.quantities(file, (), None)
        assert choosing.suited(source, whole) is Kind.FIELD
        (layer,) = draw(source, whole, Kind.FIELD).panels[0].layers
        np.testing.assert_array_equal(layer.values[:, 0], np.arange(6))
        one = choosing.quantities(file, ("u[2]",), None)
        assert choosing.suited(source, one) is Kind.TRAJECTORIES
        np.testing.assert_array_equal(draw(source, one, Kind.TRAJECTORIES).panels[0].layers[0].y, file["u"][2, :, 0])


# -- the command --------------------------------------------------------------------------------


@pytest.mark.parametrize("ending", ["png", "svg", "pdf"])
def test_a_picture_is_written_and_not_replaced(cubie, folder, solved, ending):
    solved(SWEEP)
    found = cubie("plot", "b.h5", "-o", f"a.{ending}")
    assert found.code == 0
    assert found.out == f"a.{ending}: trajectories of Falling\n"
    before = (folder / f"a.{ending}").read_bytes()
    again = cubie("plot", "b.h5", "-o", f"a.{ending}")
    assert again.code == 5
    assert "--force" in again.err
    assert cubie("plot", "b.h5", "-o", f"a.{ending}", "--force").code == 0
    assert (folder / f"a.{ending}").read_bytes() == before


@pytest.mark.parametrize("kind", list(Kind))
def test_each_kind_is_drawn_or_told_why_not(cubie, solved, kind):
    solved(GRID, "save_every = 0.5", t1=2.0)
    drawn = cubie("plot", "b.h5", "--kind", kind)
    if kind is Kind.FIELD:
        assert drawn.code == 2
        assert "no vector is saved" in drawn.err
        return
    assert drawn.code == 0
    assert drawn.out.startswith("Falling\n")
    assert max(map(len, drawn.out.splitlines())) <= 80
    assert "\x1b" not in drawn.out
    assert cubie("plot", "b.h5", "--kind", kind, "-o", f"{kind}.png").code == 0


def test_failed_runs_are_left_out_and_told(cubie, folder):
    (folder / "b.toml").write_text(
        '[model]\nstates = { x = 1.0 }\nparameters = { a = 1.0 }\nequations = { x = "a*x*x" }\n'
        '[solve]\nt1 = 1.0\nalgorithm = "tsit5"\nmax_steps = 40\n[batch.values]\na = [0.5, 0.6, 3.0]\n'
        '[output]\nsave_every = 0.25\n[run]\ntarget = "python"\n'
    )
    assert cubie("run", "b.toml", "-q").code == 4
    found = cubie("plot", "b.h5")
    assert found.code == 0
    assert "1 of 3 runs failed and are left out" in found.err
    assert "a = 3" not in found.out
    alone = cubie("plot", "b.h5", "--runs", "2")
    assert alone.code == 3
    assert "failed, and there is nothing to plot" in alone.err


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        (("-o", "a.jpg"), 2, "the picture is neither .png, .svg nor .pdf: a.jpg\n  hint: name it a.png"),
        (("-q", "hh"), 2, "the result has no quantity 'hh'"),
        (("-q", "h", "--kind", "phase"), 2, "a phase plane takes two quantities"),
        (("-q", "bounce_v", "--kind", "fan"), 2, "'bounce_v"),
        (("-q", "h", "--kind", "bifurcation"), 2, "'h' is not recorded at an event"),
        (("--kind", "heatmap"), 2, "a heat map is over two axes of a grid"),
        (("-q", "time"), 2, "time and run are axes, and there is nothing to plot"),
        (("--runs", "9"), 2, "the batch has 4 runs"),
        (("-o", "none/a.png"), 5, "the folder of the output does not exist"),
    ],
)
def test_what_cannot_be_drawn_is_told(cubie, folder, solved, options, code, message):
    solved(SWEEP)
    before = sorted(folder.iterdir())
    found = cubie("plot", "b.h5", *options)
    assert found.code == code
    assert message in found.err
    assert found.out == ""
    assert sorted(folder.iterdir()) == before


def test_one_number_is_no_picture(cubie, solved):
    solved("", 'states = ["h"]')
    found = cubie("plot", "b.h5")
    assert found.code == 2
    assert "one value of one run" in found.err
    assert "cubie show" in found.err


@pytest.mark.parametrize(("options", "library"), [((), "plotext"), (("-o", "a.png"), "matplotlib")])
def test_a_library_that_is_missing_is_named(cubie, solved, monkeypatch, options, library):
    solved(SWEEP)
    monkeypatch.setattr("cubie_cli.commands.plot.find_spec", lambda name: None if name == library else object())
    found = cubie("plot", "b.h5", *options)
    assert found.code == 2
    assert (
        found.err == f"error: {library} is not installed, which draws pictures\n  hint: pip install 'cubie-cli[plot]'\n"
    )


def test_a_plotext_of_another_kind_is_told(cubie, solved, monkeypatch):
    solved(SWEEP)
    monkeypatch.setattr("importlib.metadata.version", lambda _name: "6.1.0")
    found = cubie("plot", "b.h5")
    assert (found.code, "pip install 'cubie-cli[plot]'" in found.err) == (2, True)


@pytest.mark.parametrize("name", ["model.toml", "none.h5"])
def test_what_is_no_result_is_refused(cubie, name):
    assert cubie("plot", name).code == 3
