"""Summaries are those of the continuous extension: of a curve through 10,001 points of it, and of closed forms."""

from dataclasses import replace

import numpy as np
import pytest
import sympy
from support.properties import METHODS
from support.solving import make_problem, solve
from support.summaries import POINTS, Curve, asking, every_kind
from support.systems import make_system

from solvers.equations.system import parameter_symbol
from solvers.errors import PlanError
from solvers.planning.given import check
from solvers.settings import COUNT_KINDS, LEVEL_KINDS, PEAK_KINDS, Window

#: Damped and driven: peaks of different heights, in no step's middle.
SYSTEM = make_system(
    {"x": 1.0, "y": 0.7},
    {"x": "y", "y": "cos(1.3*t) - k*x - y/10"},
    {"k": 4.0, "begin": 1.37},
    {"energy": "k*x**2/2 + y**2/2", "shifted": "x + t/20"},
)
T1 = 9.0
STEPS = 150
DENSE = [name for name, method in METHODS.items() if method.dense_output is not None]
#: Some of each measure, of the first state: every kind makes large kernels.
FEW = [
    {"quantity": 0, **each}
    for each in (
        *({"kind": kind} for kind in ("max", "time_of_min", "mean", "rms", "std", "first_peak", "mean_period")),
        {"kind": "crossings", "level": 0.21},
        {"kind": "last_crossing", "level": 0.21, "direction": 1},
        {"kind": "time_below", "level": 0.21},
        {"kind": "peaks", "above": 0.6},
    )
]
everywhere = pytest.mark.parametrize("target", ["python", "cpu", pytest.param("cuda", marks=pytest.mark.gpu)])


def settings_of(name, rtol=1e-7):
    adaptive = METHODS[name].error_order is not None
    return {"rtol": rtol, "atol": rtol / 100} if adaptive and METHODS[name].order > 2 else {"dt": T1 / STEPS}


def curves(problem, target, windows=((0.0, T1),), points=2001):
    """Return the curve of each state and observable in each window."""
    at = np.linspace(0.0, T1, points)
    many = replace(problem, save=replace(problem.save, at=tuple(at), summaries=(), windows=()))
    solution = solve(many, target=target)
    assert solution.status[0] == 0
    return [[Curve(at, row[:, 0], *window) for row in solution.variables] for window in windows]


def compare(found, asked, curve, tolerance, *, of_times=None):
    for value, each in zip(found, asked, strict=True):
        expected, kind = curve.told(each), each["kind"]
        exact = kind in COUNT_KINDS
        allowed = 0 if exact else (of_times or tolerance) if "time" in kind or "crossing" in kind else tolerance
        np.testing.assert_allclose(value, expected, rtol=allowed, atol=allowed, err_msg=str(each))


@pytest.mark.one_in(4)
@pytest.mark.parametrize("name", DENSE[::6])
def test_each_family_of_kinds_with_every_method(name):
    problem = make_problem(SYSTEM, name, T1, **settings_of(name, rtol=1e-5), observables=())
    asked = [{"kind": kind} for kind in ("final", "min", "max", "time_of_min", "mean", "rms", "std", "first_peak")]
    asked += [{"kind": kind, "level": 0.21} for kind in ("crossings", "last_crossing", "time_below")]
    asked = [{**each, "quantity": 0} for each in asked]
    found = solve(asking(problem, asked), target="python")
    assert found.status[0] == 0
    # Extensions of low order have corners at the ends of steps.
    smooth = METHODS[name].dense_output.order >= 3
    curve = curves(problem, "python")[0][0]
    curve.corners = not smooth
    compare(found.findings[:, 0], asked, curve, 1e-5 if smooth else 5e-3, of_times=2e-3 if smooth else 1e-2)


def test_every_kind():
    problem = make_problem(SYSTEM, "tsit5", T1, rtol=1e-7, atol=1e-9, observables=())
    asked = every_kind(0.21, 0.6, quantity=0)
    found = solve(asking(problem, asked), target="python").findings[:, 0]
    compare(found, asked, curves(problem, "python", points=POINTS)[0][0], 1e-6, of_times=1e-6)


@pytest.mark.one_in(8)
@pytest.mark.parametrize(
    ("name", "target"),
    [
        *((name, "python") for name in ("tsit5", "rodas5p", "kvaerno5", "radau_iia_5")),
        *((name, "cpu") for name in ("tsit5", "radau_iia_5")),
        *(pytest.param(name, "cuda", marks=pytest.mark.gpu) for name in ("tsit5", "rodas5p", "radau_iia_5")),
    ],
)
def test_states_and_observables_in_windows_that_begin_and_end_inside_steps(name, target):
    windows = [Window(), Window(1.234567, 7.654321), Window("begin", "2*begin + 3")]
    spans = [(0.0, T1), (1.234567, 7.654321), (1.37, 2 * 1.37 + 3)]
    asked = [
        {"quantity": quantity, "observable": observable, "window": window, **each}
        for quantity, observable in ((0, False), (1, True))
        for window in range(3)
        for each in [
            *({"kind": kind} for kind in ("final", "min", "time_of_max", "range", "mean", "rms", "std", "mean_peak")),
            {"kind": "first_crossing", "level": 0.3, "direction": -1},
            {"kind": "time_above", "level": 0.3},
        ]
    ]
    begin = parameter_symbol(1)
    problem = make_problem(SYSTEM, name, T1, **settings_of(name))
    problem = replace(asking(problem, asked, windows), moments={"begin": begin, "2*begin + 3": 2 * begin + 3})
    found, expected = solve(problem, target=target), curves(problem, "python", spans)
    for value, each in zip(found.findings[:, 0], asked, strict=True):
        series = each["quantity"] + 2 * each["observable"]
        compare([value], [each], expected[each["window"]][series], 3e-6, of_times=3e-6)


@pytest.mark.one_in(2)
@everywhere
def test_single_precision(target):
    problem = make_problem(SYSTEM, "tsit5", T1, rtol=1e-5, atol=1e-6, precision="float32")
    asked = [*FEW, *({**each, "observable": True} for each in FEW if "level" not in each and "above" not in each)]
    found = solve(asking(problem, asked), target=target).findings[:, 0]
    exact = curves(make_problem(SYSTEM, "tsit5", T1, rtol=1e-9, atol=1e-11), "python")[0]
    compare(found[: len(FEW)], FEW, exact[0], 2e-4, of_times=2e-3)
    compare(found[len(FEW) :], asked[len(FEW) :], exact[2], 2e-3, of_times=2e-3)


@pytest.mark.parametrize("settings", [{"rtol": 1e-8}, {"dt": 0.37}], ids=["adaptive", "fixed"])
def test_a_sine_has_closed_forms(settings):
    system = make_system({"x": 0.0, "y": 1.0}, {"x": "y", "y": "-x"})
    asked = [
        {"quantity": 0, "kind": kind} for kind in ("max", "time_of_max", "peaks", "mean_period", "integral", "std")
    ]
    asked += [{"quantity": 0, "kind": "time_above", "level": 0.5}]
    t1 = 4.5 * np.pi
    problem = asking(make_problem(system, "vern9", t1, **settings), asked)
    found = solve(problem, target="python").findings[:, 0]
    mean = 1 / t1
    std = np.sqrt((t1 / 2 - np.sin(2 * t1) / 4) / t1 - mean**2)
    expected = [1, np.pi / 2, 2, 2 * np.pi, 1 - np.cos(t1), std, 2 * (2 * np.pi / 3) + np.pi / 3]
    # Peaks are of one height: which is the first of the highest is for rounding to say.
    found[1] = found[1] % (2 * np.pi)
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_several_extremes_and_crossings_in_one_step():
    # A step of ten, with a polynomial solution that the method's extension has exactly.
    system = make_system({"x": 0.0}, {"x": "4*(t - 1)*(t - 4)*(t - 8)/100"})
    t = sympy.Symbol("t")
    exact = sympy.integrate(4 * (t - 1) * (t - 4) * (t - 8) / 100, t)
    asked = [
        {"quantity": 0, "kind": kind}
        for kind in ("min", "time_of_min", "max", "time_of_max", "peaks", "first_peak", "integral", "rms")
    ]
    roots = sorted(float(root) for root in sympy.Poly(exact + sympy.Rational(1, 2), t).nroots() if root.is_real)
    inside = [root for root in roots if 0 < root < 10]
    asked += [{"quantity": 0, "kind": kind, "level": -0.5} for kind in LEVEL_KINDS]
    found = solve(asking(make_problem(system, "radau_iia_9", 10.0, dt=10.0), asked), target="python").findings[:, 0]
    value = sympy.lambdify(t, exact)
    places = np.array([0.0, 1.0, 4.0, 8.0, 10.0])
    heights = np.array([value(place) for place in places])
    area, square = (float(sympy.integrate(each, (t, 0, 10))) for each in (exact, exact**2))
    expected = [heights.min(), places[heights.argmin()], heights.max(), places[heights.argmax()], 1, value(4.0)]
    expected += [area, np.sqrt(square / 10), len(inside), inside[0], inside[-1]]
    ends = np.array([0.0, *inside, 10.0])
    above = np.array([value(middle) > -0.5 for middle in (ends[1:] + ends[:-1]) / 2])
    expected += [np.diff(ends)[above].sum(), np.diff(ends)[~above].sum()]
    assert len(inside) >= 2
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-9)


@pytest.mark.one_in(4)
@everywhere
@pytest.mark.parametrize("settings", [{"rtol": 1e-6}, {"dt": 0.0625}], ids=["adaptive", "fixed"])
def test_saving_changes_no_bit_of_them(settings, target):
    asked = [*FEW, {"quantity": 1, "observable": True, "kind": "mean"}]
    windows = [Window(0.11, 8.3)]
    for name in ("tsit5", "vern7", "rodas5p"):
        if target != "python" and name != "tsit5":
            continue
        plain = make_problem(SYSTEM, name, T1, **settings)
        saving = make_problem(SYSTEM, name, T1, **settings, every=0.25)
        found = [solve(asking(each, asked, windows), target=target) for each in (plain, saving)]
        assert found[0].findings.tobytes() == found[1].findings.tobytes()
        assert found[0].steps == found[1].steps


def test_nothing_saved_but_summaries():
    problem = make_problem(SYSTEM, "tsit5", T1)
    problem = replace(problem, save=replace(problem.save, states=(), observables=()))
    found = solve(asking(problem, [{"quantity": 0, "kind": "max"}]), target="python")
    assert found.variables.shape == (0, 1, 1)
    assert np.isfinite(found.findings).all()


def test_what_there_is_none_of():
    asked = every_kind(50.0, 50.0, quantity=0)
    problem = asking(make_problem(SYSTEM, "tsit5", T1), asked)
    found = solve(problem, target="python").findings[:, 0]
    told = {(each["kind"], each.get("above")): value for each, value in zip(asked, found, strict=True)}
    assert told["crossings", None] == told["peaks", 50.0] == told["time_above", None] == 0
    assert told["time_below", None] == pytest.approx(T1)
    none = [
        ("first_crossing", None),
        ("last_crossing", None),
        *((kind, 50.0) for kind in PEAK_KINDS if kind != "peaks"),
    ]
    assert np.isnan([told[each] for each in none]).all()


def test_a_run_that_fails_has_none_and_its_neighbours_have_theirs():
    system = make_system({"x": 1.0}, {"x": "k*x**2 - x"}, {"k": 0.5})
    asked = every_kind(0.5, 0.0, quantity=0)
    problem = asking(make_problem(system, "tsit5", 5.0, swept=("k",)), asked)
    found = solve(problem, [0.5, 3.0, 0.2], target="python")
    assert found.status.tolist() == [0, found.status[1], 0]
    assert found.status[1] > 0
    counts = np.array([each["kind"] in COUNT_KINDS for each in asked])
    assert (found.findings[counts, 1] == 0).all()
    assert np.isnan(found.findings[~counts, 1]).all()
    alone = solve(problem, [0.2], target="python")
    assert found.findings[:, 2].tobytes() == alone.findings[:, 0].tobytes()


def test_a_state_at_rest_has_no_peaks_and_crosses_nothing():
    # Rounding moves it by units in the last place.
    system = make_system({"x": 0.3, "y": 0.1}, {"x": "y - x/3", "y": "x/3 - y"})
    asked = [{"quantity": 0, "kind": "peaks"}, {"quantity": 0, "kind": "crossings", "level": 0.3}]
    for name in ("tsit5", "rodas5p", "radau_iia_5"):
        problem = asking(make_problem(system, name, 50.0, rtol=1e-6, dt_max=0.5), asked)
        assert solve(problem, target="python").findings[:, 0].tolist() == [0, 0]


def test_a_level_where_it_starts_is_not_crossed():
    system = make_system({"x": 0.0, "y": 1.0}, {"x": "y", "y": "-x"})
    asked = [{"quantity": 0, "kind": kind, "level": 0.0} for kind in ("crossings", "first_crossing")]
    found = solve(asking(make_problem(system, "tsit5", 4.0, rtol=1e-8), asked), target="python").findings[:, 0]
    np.testing.assert_allclose(found, [1, np.pi], rtol=1e-7)


def test_the_spread_of_what_is_large_and_moves_little():
    system = make_system({"x": 1e7, "y": 1.0}, {"x": "y", "y": "-(x - 10000000)"})
    asked = [{"quantity": 0, "kind": "std"}, {"quantity": 0, "kind": "mean"}]
    t1 = 2 * np.pi
    problem = asking(make_problem(system, "vern7", t1, rtol=1e-9, atol=1e-9, dt_max=0.05), asked)
    std, mean = solve(problem, target="python").findings[:, 0]
    assert std == pytest.approx(np.sqrt(0.5), rel=1e-6)
    assert mean == pytest.approx(1e7, abs=1e-6)


def test_conditions_of_time_are_what_they_are_in_each_step():
    system = make_system({"x": 0.0}, {"x": "rate"}, {"stop": 2.2}, {"rate": "Piecewise((3, t < stop), (0, True))"})
    asked = [{"quantity": 0, "observable": True, "kind": kind} for kind in ("integral", "max", "time_of_max", "final")]
    for name in ("tsit5", "rodas5p", "backwards_euler"):
        settings = {"dt": 0.3} if name == "backwards_euler" else {}
        found = solve(asking(make_problem(system, name, 5.0, **settings), asked), target="python").findings[:, 0]
        np.testing.assert_allclose(found, [6.6, 3.0, 0.0, 0.0], atol=1e-12)


def test_without_an_extension_there_is_the_final_value_alone():
    problem = make_problem(SYSTEM, "cash_karp54", T1, rtol=1e-7)
    final = asking(problem, [{"quantity": 0, "kind": "final"}])
    solution = solve(final, target="python")
    assert solution.findings[0, 0] == solution.variables[0, 0, 0]
    for asked, windows in (({"kind": "max"}, [Window()]), ({"kind": "final"}, [Window(None, 2.0)])):
        refused = asking(problem, [{"quantity": 0, **asked}], windows)
        with pytest.raises(PlanError, match="no continuous extension") as caught:
            check(refused.solve, refused.save)
        assert caught.value.key == "output.summaries"


def test_a_window_of_which_nothing_is_left_has_no_summaries():
    begin, end = (parameter_symbol(index) for index in (0, 1))
    system = make_system({"x": 1.0}, {"x": "cos(t)"}, {"a": 0.0, "b": 1.0})
    asked = [{"quantity": 0, **each} for each in (*every_kind(0.2, 0.6, quantity=0), {"kind": "final"})]
    problem = make_problem(system, "tsit5", 10.0, rtol=1e-5, swept=("a", "b"))
    problem = replace(asking(problem, asked, [Window("a", "b")]), moments={"a": begin, "b": end})
    found = solve(problem, [[8.0, 2.0, 12.0, -5.0], [2.0, 2.0, 20.0, -1.0]], target="python")
    assert not found.status.any()
    for row, each in zip(found.findings, asked, strict=True):
        if each["kind"] in COUNT_KINDS:
            assert row.tolist() == [0] * 4, each
        else:
            assert np.isnan(row).all(), each
