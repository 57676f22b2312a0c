"""`[solve.newton]`, `[solve.linear]` and the methods they belong to."""

import numpy as np
import pytest

from solvers.settings import LinearSettings, NewtonSettings
from solvers.tableaus import IMPLICIT_TABLEAUS


def test_defaults_are_those_of_the_solvers(files):
    solve = files.load("solve.algorithm=kvaerno5").configuration.solve
    assert solve.newton == NewtonSettings()
    assert solve.linear == LinearSettings()


def test_everything_given_is_kept(files):
    files.edit_run("tsit5", "sdirk4")
    files.append_run(
        "[solve.newton]\ntolerance = 0.01\nmax_iters = 7\ndamping = 0.25\nmax_backtracks = 3\njacobian = 'iteration'\n"
        "[solve.linear]\nkind = 'bicgstab'\npreconditioner = 'neumann'\nneumann_order = 4\ntolerance = 0.1\n"
        "max_iters = 9\n"
    )
    configuration = files.load().configuration
    assert configuration.solve.newton == NewtonSettings(0.01, 7, 0.25, 3, "iteration")
    assert configuration.solve.linear == LinearSettings("bicgstab", "neumann", 4, 0.1, 9)
    assert configuration.warnings == ()


@pytest.mark.parametrize("name", [*IMPLICIT_TABLEAUS, "radau", "ode23s", "Radau-IIA-5"])
def test_every_implicit_method_adapts_its_steps_or_takes_fixed_ones(files, name):
    assert files.load(f"solve.algorithm={name}").configuration.solve.algorithm == name
    assert files.load(f"solve.algorithm={name}", "solve.dt=0.1").configuration.solve.dt == 0.1


@pytest.mark.parametrize("name", ["tsit5", "rodas5p", "radau_iia_5"])
def test_gustafssons_controller_serves_every_method(files, name):
    found = files.load(f"solve.algorithm={name}", "solve.controller.kind=gustafsson").configuration
    assert found.solve.controller.kind == "gustafsson"


@pytest.mark.parametrize(
    ("algorithm", "added", "line", "column", "words"),
    [
        ("tsit5", "[solve.newton]\nmax_iters = 5", 6, 8, ["'tsit5' is an explicit method", "[solve.newton]"]),
        ("tsit5", "[solve.linear]\nkind = 'lu'", 6, 8, ["'tsit5' is an explicit method", "[solve.linear]"]),
        ("rodas5p", "[solve.newton]", 6, 8, ["'rodas5p' is a Rosenbrock method", "DIRK or FIRK"]),
        ("ode23s", "newton.max_iters = 5", 6, 1, ["'ode23s' is a Rosenbrock-W method"]),
        ("kvaerno5", "[solve.linear]\ntolerance = 0.1", 7, 1, ["'tolerance' does nothing", '"lu"', "bicgstab"]),
        ("kvaerno5", "[solve.linear]\nmax_iters = 5", 7, 1, ["'max_iters' does nothing"]),
        ("rodas5p", "[solve.linear]\nkind = 'lu'\npreconditioner = 'none'", 8, 1, ["'preconditioner' does nothing"]),
        ("rodas5p", "[solve.linear]\nneumann_order = 1", 7, 1, ["'neumann_order' does nothing", '"lu"']),
        (
            "rodas5p",
            "[solve.linear]\nkind = 'bicgstab'\nneumann_order = 1",
            8,
            1,
            ["the preconditioner 'jacobi'", 'preconditioner = "neumann"'],
        ),
        ("kvaerno5", "[solve.newton]\ndamping = 1.0", 7, 11, ["'damping' must be less than 1"]),
        ("kvaerno5", "[solve.newton]\ndamping = 0", 7, 11, ["'damping' must be more than 0"]),
        ("kvaerno5", "[solve.newton]\ntolerance = 0.0", 7, 13, ["'tolerance' must be more than 0"]),
        ("kvaerno5", "[solve.newton]\ntolerance = nan", 7, 13, ["'tolerance' must be finite"]),
        ("kvaerno5", "[solve.newton]\nmax_iters = 0", 7, 13, ["'max_iters' must be at least 1"]),
        ("kvaerno5", "[solve.newton]\nmax_iters = 1001", 7, 13, ["'max_iters' must be at most 1000"]),
        ("kvaerno5", "[solve.newton]\nmax_backtracks = -1", 7, 18, ["'max_backtracks' must be at least 0"]),
        ("kvaerno5", "[solve.newton]\njacobian = 'stage'", 7, 12, ["'step' or 'iteration'"]),
        ("kvaerno5", "[solve.newton]\nmaxiters = 5", 7, 1, ["[solve.newton]", "did you mean 'max_iters'"]),
        ("kvaerno5", "[solve.linear]\nkind = 'gmres'", 7, 8, ["'kind' must be", "'bicgstab'"]),
        ("kvaerno5", "[solve.linear]\npreconditioner = 'ilu'", 7, 18, ["'none', 'jacobi' or 'neumann'"]),
        ("kvaerno5", "[solve.linear]\nkind = 'bicgstab'\ntolerance = 1.0", 8, 13, ["less than 1"]),
        ("kvaerno5", "[solve.linear]\nkind = 'bicgstab'\nmax_iters = 1.5", 8, 13, ["whole number"]),
    ],
)
def test_settings_that_do_not_fit_are_told_with_their_place(files, algorithm, added, line, column, words):
    files.edit_run("tsit5", algorithm)
    files.append_run(added + "\n")
    error = files.refused()
    assert (error.line, error.column) == (line, column), str(error)
    assert all(word in str(error) for word in words), str(error)


def test_damping_without_backtracking_is_warned_of(files):
    settings = ["solve.algorithm=kvaerno5", "solve.newton.damping=0.3"]
    assert "max_backtracks" in files.load(*settings).configuration.warnings[0]
    assert files.load(*settings, "solve.newton.max_backtracks=2").configuration.warnings == ()


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("x = 1.0", "x = -50.0", 5e-8),
        ("x = 1.0\ny = 2", "x = 0.0\ny = 0.0", 1e-9),
        ("x = 1.0\ny = 2", "x = 1e-15\ny = 3e-15", 3e-24),
        ("x = 1.0\ny = 2", "x = 1e-320\ny = 0", 2.2250738585072014e-308),
    ],
)
def test_the_default_absolute_tolerance_is_that_of_the_initial_values(files, old, new, expected):
    files.edit_model(old, new)
    configuration = files.load("batch.values.x=[1e6]").configuration
    assert configuration.solve.atol == pytest.approx((expected, expected), rel=1e-12)
    assert configuration.default_atol
    assert not files.load("solve.atol=1e-9").configuration.default_atol


def test_the_default_absolute_tolerance_is_a_number_in_single_precision(files):
    files.edit_model("x = 1.0\ny = 2", "x = 1e-37\ny = 0")
    assert np.float32(files.load("solve.precision='float32'").configuration.solve.atol[0]) > 0
