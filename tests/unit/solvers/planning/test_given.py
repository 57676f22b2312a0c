"""What is given to kernels, and what is compiled in."""

from dataclasses import replace

import pytest
from support.solving import make_problem
from support.systems import lorenz

from solvers.errors import PlanError
from solvers.planning.given import check, choose_controller, compiled_choices, given_numbers, most_corrections
from solvers.planning.plan import make_plan
from solvers.settings import ControllerSettings, LinearSettings, NewtonSettings, Summary, Window
from solvers.straightline.setting import Setting
from solvers.tableaus import IMPLICIT_TABLEAUS, TABLEAUS

ITERATIVE = LinearSettings(kind="bicgstab", tolerance=1e-9)
#: Every setting that is a number, under adaptive steps that save.
NUMBERS = {
    "t0": -0.5,
    "t1": 2.0,
    "rtol": 0.0,
    "atol": (1e-3,) * 3,
    "dt0": 1e-4,
    "dt_min": 1e-9,
    "dt_max": 0.5,
    "max_steps": 77,
    "max_events": 7,
    "controller": ControllerSettings(ki=0.5, kp=0.1, safety=0.7, min_factor=0.8, max_factor=3.0),
    "newton": NewtonSettings(tolerance=0.5, damping=0.7, max_backtracks=5),
    "linear": LinearSettings(kind="bicgstab", tolerance=1e-3, max_iters=7),
}


def adaptive(algorithm="kvaerno5", **settings):
    newton = NewtonSettings(max_backtracks=1)
    limits = {"dt0": 1e-3, "dt_min": 1e-12, "dt_max": 1.0, "newton": newton, "linear": ITERATIVE}
    return make_problem(lorenz(), algorithm, 1.0, every=0.25, **{**limits, **settings})


def numbers(problem):
    return given_numbers(problem.solve, problem.save)


@pytest.mark.parametrize("name", NUMBERS)
def test_no_number_is_compiled_in(name):
    before = adaptive()
    after = replace(before.solve, **{name: NUMBERS[name]})
    assert compiled_choices(before.solve, before.save) == compiled_choices(after, before.save)
    assert given_numbers(before.solve, before.save) != given_numbers(after, before.save)


def test_save_times_and_their_number_are_not_compiled_in():
    grid, table = adaptive(), make_problem(lorenz(), "tsit5", 1.0, at=[0.1, 0.2])
    often = replace(grid.save, every=0.001)
    assert compiled_choices(grid.solve, grid.save) == compiled_choices(grid.solve, often)
    later = replace(table.save, at=(0.0, 0.5, 0.75))
    assert compiled_choices(table.solve, table.save) == compiled_choices(table.solve, later)
    assert given_numbers(table.solve, later)["saves"] == 3


@pytest.mark.parametrize(
    "change",
    [
        {"algorithm": "tsit5"},
        {"precision": "float32"},
        {"dt": 0.1},
        {"dt0": None},
        {"dt_min": 0.0},
        {"dt_max": None},
        {"atol": (1e-3, 1e-3, 1e-4)},
        {"controller": ControllerSettings(kind="i")},
        {"newton": NewtonSettings()},
        {"newton": NewtonSettings(max_backtracks=1, jacobian="iteration")},
        {"linear": LinearSettings()},
        {"linear": replace(ITERATIVE, preconditioner="none")},
        {"linear": replace(ITERATIVE, neumann_order=3)},
    ],
)
def test_what_code_depends_on_is_compiled_in(change):
    before = adaptive()
    after = replace(before.solve, **change)
    assert compiled_choices(before.solve, before.save) != compiled_choices(after, before.save)


SUMMARIES = (
    Summary(0, observable=False, kind="crossings", name="turns", level=1.0, direction=1),
    Summary(1, observable=False, kind="peaks", name="peaks", window=1, above=2.0),
)
WINDOWS = (Window(0.1, "rho/30"), Window(None, 0.9))


def told(**changes):
    save = replace(adaptive().save, summaries=SUMMARIES, windows=WINDOWS)
    return replace(save, **changes)


def test_levels_and_windows_are_not_compiled_in():
    solve, save = adaptive().solve, told()
    first, second = SUMMARIES
    others = [
        told(summaries=(replace(first, level=-3.0), second)),
        told(summaries=(first, replace(second, above=0.0))),
        told(windows=(Window(0.0, "rho/30"), WINDOWS[1])),
        told(windows=(WINDOWS[0], Window(None, 0.5))),
    ]
    for each in others:
        assert compiled_choices(solve, each) == compiled_choices(solve, save)
        assert given_numbers(solve, each) != given_numbers(solve, save)
    renamed = told(summaries=(replace(first, name="other"), second))
    assert compiled_choices(solve, renamed) == compiled_choices(solve, save)


def test_which_summaries_there_are_is_compiled_in():
    solve = adaptive().solve
    first, second = SUMMARIES
    kinds = [
        told(),
        told(summaries=(first,)),
        told(summaries=(second, first)),
        told(summaries=(replace(first, direction=-1), second)),
        told(summaries=(replace(first, kind="first_crossing"), second)),
        told(summaries=(first, replace(second, above=None))),
        told(summaries=(first, replace(second, quantity=2))),
        told(windows=(Window(None, "rho/30"), WINDOWS[1])),
        told(windows=(Window(0.1, "rho/40"), WINDOWS[1])),
    ]
    choices = [compiled_choices(solve, each) for each in kinds]
    assert all(choices.count(each) == 1 for each in choices)


def test_code_with_summaries_asks_for_what_is_given():
    problem = replace(adaptive("tsit5"), save=told(windows=(Window(0.1, 0.8), Window(None, 0.9))))
    loop, asked = make_plan(problem, "cpu").loop, set()
    _collect([loop.summaries.asked, loop.summaries.ends], asked, set())
    numbers_of_these = {name for name in numbers(problem) if name.startswith(("summaries", "windows"))}
    assert asked == numbers_of_these
    assert len(asked) == 5


def test_what_is_saved_is_compiled_in():
    problem = adaptive()
    save = problem.save
    choices = [
        compiled_choices(problem.solve, each)
        for each in (save, replace(save, every=None), replace(save, at=(0.5,)), replace(save, states=(0,)))
    ]
    assert all(choices.count(each) == 1 for each in choices)


@pytest.mark.parametrize("fixed", [True, False])
@pytest.mark.parametrize("algorithm", [*TABLEAUS, *IMPLICIT_TABLEAUS])
def test_code_asks_for_what_is_given(algorithm, fixed):
    if not fixed and (TABLEAUS.get(algorithm) or IMPLICIT_TABLEAUS[algorithm]).error_order is None:
        pytest.skip("takes fixed steps only")
    way = {"dt": 0.25, "dt0": None, "dt_min": 0.0, "dt_max": None} if fixed else {}
    plan = make_plan(adaptive(algorithm, **way), "cpu")
    asked = set()
    _collect(plan.loop, asked, set())
    assert {"t0", "t1"} < asked <= set(numbers(plan.problem))


def _collect(node, names, seen):
    """Collect the names of all settings that a tree of components holds."""
    if id(node) in seen:
        return
    seen.add(id(node))
    if isinstance(node, Setting):
        names.update({node.kind} if not node.operands else ())
        for each in node.operands:
            _collect(each, names, seen)
    elif isinstance(node, tuple | list):
        for each in node:
            _collect(each, names, seen)
    elif type(node).__module__.startswith(("solvers.algebra", "solvers.integration", "solvers.methods")):
        for each in vars(node).values() if hasattr(node, "__dict__") else node:
            _collect(each, names, seen)


def test_the_python_target_works_with_the_numbers_themselves():
    names = set()
    _collect(make_plan(adaptive(), "python").loop, names, set())
    assert not names


# -- what settings mean -------------------------------------------------------------------------


def test_newton_stops_at_what_the_steps_and_the_precision_allow():
    given = numbers(adaptive(rtol=1e-6))
    assert given["newton.tolerance"] == 0.01
    assert numbers(adaptive(rtol=1e-6, precision="float32"))["newton.tolerance"] == pytest.approx(0.119, rel=0.01)


def test_how_often_newton_corrects_is_compiled_in():
    few = adaptive(dt=0.1, newton=NewtonSettings(max_iters=4))
    found = [most_corrections(problem.solve) for problem in (adaptive(), adaptive(dt=0.1), few)]
    assert found == [10, 100, 4]
    assert [compiled_choices(problem.solve, problem.save)["newton"][-1] for problem in (adaptive(), few)] == [10, 4]


def test_a_linear_solver_stops_where_it_is_told_or_where_the_method_needs_it():
    assert numbers(adaptive())["linear.tolerance"] == 1e-9
    open_ended = LinearSettings(kind="bicgstab")
    assert numbers(adaptive(linear=open_ended))["linear.tolerance"] == 1e-6
    assert numbers(adaptive(linear=open_ended, precision="float32"))["linear.tolerance"] == 1e-4
    assert numbers(adaptive("rodas5p", linear=open_ended, rtol=1e-5))["linear.tolerance"] == pytest.approx(1e-7)
    assert numbers(adaptive("ros34pw2", linear=open_ended, rtol=0.0))["linear.tolerance"] == 1e-12


def test_one_tolerance_for_all_states_is_one_setting():
    even, uneven = adaptive(), adaptive()
    uneven = replace(uneven, solve=replace(uneven.solve, atol=(1e-6, 1e-7, 1e-8)))
    assert numbers(even)["atol"] == 1e-9
    assert [numbers(uneven)[f"atol[{index}]"] for index in range(3)] == [1e-6, 1e-7, 1e-8]


@pytest.mark.parametrize(("every", "saves", "computed"), [(0.25, 5, 5), (0.3, 4, 4), (0.1, 11, 11), (1 / 49, 50, 49)])
def test_saves_that_rounding_would_move_off_the_end_are_at_the_end(every, saves, computed):
    given = numbers(replace(adaptive(), save=replace(adaptive().save, every=every)))
    assert (given["saves"], given["computed_saves"]) == (saves, computed)


# -- what is refused ----------------------------------------------------------------------------


def test_a_gain_that_a_controller_does_not_have_is_refused():
    solve = replace(adaptive("tsit5").solve, controller=ControllerSettings(kind="i", kp=0.5))
    with pytest.raises(PlanError, match='the controller "i" has no gain kp'):
        check(solve, adaptive().save)
    assert choose_controller(replace(solve, controller=ControllerSettings(kind="i", ki=0.5))).ki == 0.5


def test_saves_between_fixed_steps_that_cannot_interpolate_are_refused():
    problem = make_problem(lorenz(), "cash_karp54", 1.0, dt=0.1, every=0.2)
    check(problem.solve, problem.save)
    with pytest.raises(PlanError, match="saves at steps only"):
        check(problem.solve, replace(problem.save, every=0.25))
