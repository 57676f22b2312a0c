"""What is saved, and when: exactly at the times asked for, whatever the steps do."""

import numpy as np
import pytest
from support.solving import make_problem, solve
from support.systems import make_system

from solvers.errors import PlanError
from solvers.planning.assembly import make_loop
from solvers.settings import SaveSettings

OSCILLATOR = make_system(
    {"x": 0.0, "y": 1.0}, {"x": "w*y", "y": "-w*x"}, {"w": 1.0}, {"clock": "t", "energy": "x**2 + y**2"}
)
everywhere = pytest.mark.parametrize("target", ["python", "cpu", pytest.param("cuda", marks=pytest.mark.gpu)])


@pytest.mark.one_in(3)
@everywhere
@pytest.mark.parametrize("name", ["tsit5", "cash_karp54", "dop853", "bogacki_shampine32"])
def test_grid_has_t0_and_not_t1(name, target):
    problem = make_problem(OSCILLATOR, name, 2.0, t0=0.5, every=0.4, rtol=1e-8)
    expected = np.array([0.5, 0.9, 1.3, 1.7])
    np.testing.assert_allclose(problem.times, expected, rtol=1e-15)
    solution = solve(problem, target=target)
    x, y, clock, energy = solution.variables[:, :, 0]
    np.testing.assert_array_equal(clock, problem.times)
    assert (x[0], y[0]) == (0.0, 1.0)
    np.testing.assert_allclose(x, np.sin(expected - 0.5), atol=1e-6)
    np.testing.assert_allclose(y, np.cos(expected - 0.5), atol=1e-6)
    np.testing.assert_allclose(energy, 1.0, atol=1e-6)


@pytest.mark.parametrize(
    ("t0", "t1", "every"), [(0.0, 1.0, 0.25), (-3.0, 1.0, 0.1), (1e3, 1e3 + 7, 0.7), (0.1, 2.3, 1 / 3)]
)
def test_grid_is_not_accumulated(t0, t1, every):
    times = make_problem(OSCILLATOR, "tsit5", t1, t0=t0, every=every).times
    assert times.tolist() == [t0 + k * every for k in range(len(times))]
    assert times[-1] <= t1 < t0 + len(times) * every


@pytest.mark.parametrize("interval", [0.1, 0.7, 1e-3, 1 / 3])
@pytest.mark.parametrize("t0", [0.0, -3.0, 1e3])
def test_a_grid_that_ends_with_the_span_has_its_end(t0, interval):
    for count in range(1, 1001):
        for end in (t0 + count * interval, round(t0 + count * interval, 9)):
            times = SaveSettings((0,), every=interval).times(t0, end)
            if abs(end - (t0 + count * interval)) < 4 * np.spacing(abs(end)):
                assert (len(times), times[-1]) == (count + 1, end)
            assert times[-1] <= end
            assert (np.diff(times) > 0).all()


@pytest.mark.one_in(3)
@everywhere
@pytest.mark.parametrize("settings", [{"rtol": 1e-8}, {"dt": 0.025}], ids=["adaptive", "fixed"])
@pytest.mark.parametrize("name", ["tsit5", "cash_karp54"])
def test_the_last_save_of_a_grid_is_the_end_itself(name, settings, target):
    problem = make_problem(OSCILLATOR, name, 0.3, every=0.1, **settings)
    x, _, clock, _ = solve(problem, target=target).variables[:, :, 0]
    assert 3 * 0.1 > 0.3
    assert clock.tolist() == problem.times.tolist() == [0.0, 0.1, 0.2, 0.3]
    np.testing.assert_allclose(x, np.sin(problem.times), rtol=1e-6)


@everywhere
@pytest.mark.parametrize("name", ["tsit5", "cash_karp54"])
def test_listed_times_with_both_ends(name, target):
    at = [0.0, 1e-9, 0.3, 0.3 + 2**-40, 1.7, 2.0]
    solution = solve(make_problem(OSCILLATOR, name, 2.0, at=at, rtol=1e-8), target=target)
    np.testing.assert_array_equal(solution.variables[2, :, 0], at)
    np.testing.assert_allclose(solution.variables[0, :, 0], np.sin(at), atol=1e-6)


@everywhere
def test_first_listed_time_may_be_late(target):
    solution = solve(make_problem(OSCILLATOR, "tsit5", 2.0, at=[1.25], rtol=1e-8), target=target)
    np.testing.assert_allclose(solution.variables[0, 0], np.sin(1.25), atol=1e-6)


@pytest.mark.one_in(3)
@everywhere
@pytest.mark.parametrize("name", ["tsit5", "cash_karp54", "vern7"])
def test_saves_denser_than_steps(name, target):
    problem = make_problem(OSCILLATOR, name, 1.0, every=1 / 512, rtol=1e-7)
    solution = solve(problem, target=target)
    assert name == "cash_karp54" or solution.steps[0] < 60
    np.testing.assert_allclose(solution.variables[0, :, 0], np.sin(problem.times), atol=1e-6)


@everywhere
def test_early_saves_of_a_long_span(target):
    system = make_system({"x": 0.0}, {"x": "1/(1 + x)**3"})
    times = [1e-6, 1e-3, 1.0, 1e9]
    solution = solve(make_problem(system, "tsit5", 1e9, at=times, dt0=1e-7, rtol=1e-9, atol=1e-15), target=target)
    exact = np.expm1(np.log1p(4 * np.array(times)) / 4)
    np.testing.assert_allclose(solution.variables[0, :, 0], exact, rtol=1e-7)


@everywhere
def test_time_keeps_its_rounding_over_many_steps(target):
    system = make_system({"x": 0.0}, {"x": "cos(t - 1e6)"})
    problem = make_problem(system, "tsit5", 1e6 + 2.0, t0=1e6, dt_max=1e-3, dt0=1e-3)
    np.testing.assert_allclose(solve(problem, target=target).variables[0, 0, 0], np.sin(2.0), rtol=1e-9)


@pytest.mark.parametrize("name", ["tsit5", "cash_karp54"])
def test_without_a_continuous_extension_steps_land(name):
    ends = solve(make_problem(OSCILLATOR, name, 2.0, rtol=1e-4), target="python")
    saved = solve(make_problem(OSCILLATOR, name, 2.0, rtol=1e-4, every=0.1), target="python")
    assert (saved.steps[0] >= 20) == (name == "cash_karp54")
    assert ends.steps[0] < 20


@pytest.mark.one_in(3)
@everywhere
@pytest.mark.parametrize(
    ("dt", "every", "t1"), [(0.3, 0.9, 3.6), (0.1, 0.7, 7.0), (0.01, 0.07, 2.1), (1 / 3, 1.0, 3.0)]
)
def test_landing_with_fixed_steps_saves_at_the_right_step(dt, every, t1, target):
    # Multiples of steps and of save intervals round differently; x = t shows which step was saved.
    system = make_system({"x": 0.0}, {"x": "1"})
    problem = make_problem(system, "cash_karp54", t1, dt=dt, every=every)
    solution = solve(problem, target=target)
    np.testing.assert_allclose(solution.variables[0, :, 0], problem.times, rtol=1e-12, atol=1e-12)


def test_fixed_steps_that_miss_the_saves_are_refused():
    with pytest.raises(PlanError, match="continuous extension") as caught:
        make_loop(make_problem(OSCILLATOR, "cash_karp54", 1.0, dt=0.1, every=0.25))
    assert caught.value.key == "output.save_every"
    assert "0.1" in caught.value.hint


@everywhere
def test_fixed_steps_end_at_t1(target):
    # 1/0.3 steps round to 3, of a third each.
    system = make_system({"x": 0.0}, {"x": "1"}, observables={"clock": "t"})
    solution = solve(make_problem(system, "rk4", 1.0, dt=0.3, every=0.5), target=target)
    assert solution.steps.tolist() == [3]
    np.testing.assert_allclose(solution.variables[0, :, 0], [0.0, 0.5, 1.0], rtol=1e-15)
    end = solve(make_problem(system, "rk4", 1.0, dt=0.3), target=target)
    np.testing.assert_allclose(end.variables[:, 0, 0], 1.0, rtol=1e-15)


@everywhere
def test_single_precision_keeps_time_in_double(target):
    # Near t = 1e6 neighbouring float32 are 1/16 apart: a step of 1/64 would not move a clock of that kind.
    system = make_system({"x": 0.0}, {"x": "1"})
    problem = make_problem(system, "rk4", 1e6 + 1, t0=1e6, dt=1 / 64, every=0.25, precision="float32")
    solution = solve(problem, target=target)
    np.testing.assert_allclose(solution.variables[0, :, 0], [0, 0.25, 0.5, 0.75, 1], rtol=1e-6)


@everywhere
def test_halving_a_fixed_step(target):
    ends = [solve(make_problem(OSCILLATOR, "rk4", 2.0, dt=dt), target=target).variables[0, 0, 0] for dt in (0.1, 0.05)]
    coarse, fine = np.abs(np.array(ends) - np.sin(2.0))
    assert 14 < coarse / fine < 18


@pytest.mark.parametrize("t0", [0.0, -1.0, -3.0])
def test_conditions_at_a_save_on_a_switch_are_those_after_it(t0):
    observables = {"saw": "mod(t, period)", "count": "floor(t/period)", "positive": "Piecewise((1, t > 0), (0, True))"}
    system = make_system({"x": 1.0}, {"x": "-x"}, {"period": 0.1}, observables)
    found = solve(make_problem(system, "tsit5", 10.0, t0=t0, every=0.1), target="python").variables[1:, :, 0]
    number = np.arange(found.shape[1]) + round(t0 / 0.1)
    np.testing.assert_allclose(found[0], 0.0, atol=1e-13)
    np.testing.assert_array_equal(found[1], number)
    np.testing.assert_array_equal(found[2], number >= 0)
