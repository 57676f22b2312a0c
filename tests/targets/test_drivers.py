"""Drivers on the compiled targets: the solution by SciPy's interpolators, in the interpreter's steps."""

from contextlib import closing
from dataclasses import replace

import numpy as np
import pytest
from support.forced import ALL, DOSE, LINE, SMOOTH, WAVE, course, forced, forced_solution
from support.solving import make_problem, solve

from solvers.equations.drivers import Driver
from solvers.execution import engine
from solvers.execution.kernel import Kernel

T1 = 4.0
#: Some of them are rows' times, where values are those of what begins there.
TIMES = np.array([0.1, 0.3, 0.35, 0.7, 1.0, 1.35, 1.7, 2.5, 3.2, 3.9, T1])
RUNS = np.array([np.linspace(0.4, 2.0, 9), np.linspace(0.5, 1.5, 9)])
COMPILED = ["cpu", pytest.param("cuda", marks=pytest.mark.gpu)]


def problem(algorithm, drivers=ALL, **settings):
    return make_problem(forced(drivers), algorithm, T1, swept=("k", "level"), at=TIMES, **settings)


def error(found, drivers=ALL):
    """Return the largest error, in units of a tolerance that is absolute and relative."""
    exact = np.array([forced_solution(drivers, TIMES, *run) for run in RUNS.T]).T
    return (np.abs(found.variables[0] - exact) / (1.0 + np.abs(exact))).max()


@pytest.mark.one_in(2)
@pytest.mark.parametrize("target", COMPILED)
@pytest.mark.parametrize("algorithm", ["cash_karp54", "rodas5p"])
def test_drivers_of_all_kinds_together(algorithm, target):
    made = problem(algorithm, rtol=1e-6, atol=1e-6)
    found = solve(made, RUNS, target)
    assert not found.status.any()
    assert error(found) <= 1e-5
    interpreted = solve(made, RUNS, "python")
    np.testing.assert_allclose(found.variables[0], interpreted.variables[0], rtol=1e-6, atol=1e-6)
    assert np.abs(found.steps - interpreted.steps).max() <= 2
    total = sum(course(driver, TIMES * (1.0 + 1e-15)) for driver in ALL)
    np.testing.assert_allclose(found.variables[1], np.tile(total[:, None], 9), atol=1e-12)


@pytest.mark.one_in(2)
@pytest.mark.parametrize("target", COMPILED)
@pytest.mark.parametrize("algorithm", ["tsit5", "rodas5p"])
def test_drivers_in_single_precision(algorithm, target):
    found = solve(problem(algorithm, rtol=1e-4, atol=1e-4, precision="float32"), RUNS, target)
    assert not found.status.any()
    assert error(found) <= 1e-3


@pytest.mark.one_in(2)
@pytest.mark.parametrize("target", COMPILED)
@pytest.mark.parametrize("algorithm", ["rk4", "rodas4"])
def test_fixed_steps_are_cut_at_jumps(algorithm, target):
    made = problem(algorithm, dt=0.05)
    found, interpreted = solve(made, RUNS, target), solve(made, RUNS, "python")
    assert found.steps.tolist() == interpreted.steps.tolist()
    assert (found.steps > T1 / 0.05).all()
    assert error(found) <= 1e-4
    np.testing.assert_allclose(found.variables, interpreted.variables, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("target", COMPILED)
def test_each_kind_by_itself_with_one_kernel_for_every_table(target):
    """A kept kernel takes other rows, of another number of them where they are at equal distances."""
    settings = {"rtol": 1e-7, "atol": 1e-7}
    longer = np.linspace(0.0, 3.0, 301)
    others = {
        LINE: Driver("line", LINE.times * 1.1, -LINE.values, "linear", "hold"),
        WAVE: Driver("wave", longer, np.cos(2 * np.pi * longer / 1.5), "cubic", "periodic"),
        DOSE: Driver("dose", DOSE.times - 0.05, DOSE.values * 2.0, "hold", "zero"),
        SMOOTH: Driver("smooth", SMOOTH.times + 0.3, SMOOTH.values, "pchip", "periodic"),
    }
    for driver, other in others.items():
        assert driver.shape == other.shape
        first, second = (problem("tsit5", [each], **settings) for each in (driver, other))
        made = engine.compile_kernel(engine.plan(first, target))
        kernel = Kernel.from_json(made.as_json(), made.code)
        for each, made in ((driver, first), (other, second)):
            with closing(engine.load(kernel, made.exchange, threads=1)) as solver:
                found = solver.solve(RUNS)
            assert not found.status.any()
            assert error(found, [each]) <= 1e-6


@pytest.mark.parametrize("target", ["python", *COMPILED])
def test_a_pulse_of_a_millisecond_in_a_second(target):
    held = Driver("held", np.array([0.0, 0.3, 0.301, 1.0]), np.array([0.0, 1000.0, 0.0, 0.0]), "hold")
    spike = Driver("spike", np.array([0.0, 0.5, 0.5005, 0.501, 1.0]), np.array([0.0, 0.0, 1000.0, 0.0, 0.0]))
    made = make_problem(forced([held, spike]), "tsit5", 1.0, swept=("k", "level"), rtol=1e-6, atol=1e-6)
    found = solve(made, RUNS, target)
    expected = np.array([forced_solution([held, spike], np.array([1.0]), *run) for run in RUNS.T])[:, 0]
    assert (np.abs(found.variables[0, 0] - expected) <= 1e-5).all()
    assert (found.steps < 80).all()


@pytest.mark.parametrize("target", COMPILED)
@pytest.mark.parametrize("even", [True, False], ids=["even", "uneven"])
def test_a_table_of_100_000_rows(even, target):
    times = np.linspace(0.0, 50.0, 100_000)
    times = times if even else times + 1e-4 * np.sin(times * 1e3)
    driver = Driver("u", times, np.sin(times), "cubic", "error")
    made = make_problem(forced([driver]), "dop853", 49.0, swept=("k", "level"), rtol=1e-9, atol=1e-9)
    found = solve(made, RUNS, target)
    k, level = RUNS
    particular = level * (k * np.sin(49.0) - np.cos(49.0)) / (k**2 + 1.0)
    expected = particular + (0.5 + level / (k**2 + 1.0)) * np.exp(-49.0 * k)
    np.testing.assert_allclose(found.variables[0, 0], expected, atol=1e-7)
    assert (found.steps < 100_000 / 8).all()


@pytest.mark.one_in(4)
@pytest.mark.parametrize("precision", ["float64", "float32"])
@pytest.mark.parametrize("algorithm", ["tsit5", "rodas5p", "kvaerno5", "radau_iia_5"])
def test_kernels_for_a_gpu_read_through_the_cache_of_what_nobody_writes(algorithm, precision):
    from solvers.targets.listing import Listing  # noqa: PLC0415 - beside what it is for

    listing = Listing()
    made = problem(algorithm, [LINE, WAVE], rtol=1e-4, atol=1e-4, precision=precision)
    engine.compile_kernel(engine.plan(made, "cuda"), "sm_90", listing)
    (ptx,) = (text.content for text in listing.texts if text.name == "kernel.ptx")
    assert "ld.global.nc.v2.f64" in ptx  # a time, and the inverse of the length behind it
    assert ("ld.global.nc.v4.f32" if precision == "float32" else "ld.global.nc.v2.f64") in ptx


def test_a_driver_that_nobody_uses_ends_no_steps():
    system = forced([LINE])
    unused = replace(system, drivers=(LINE, DOSE))
    settings = {"rtol": 1e-6, "swept": ("k", "level")}
    first, second = (solve(make_problem(each, "tsit5", T1, **settings), RUNS, "python") for each in (system, unused))
    assert first.steps.tolist() == second.steps.tolist()
