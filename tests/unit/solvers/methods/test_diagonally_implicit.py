"""The tree of a diagonally implicit step: its bytes, level by level, and its parts."""

import numpy as np
import pytest
from support.solving import make_problem, solve
from support.systems import lorenz, make_system

from solvers.execution.engine import plan
from solvers.settings import LinearSettings, NewtonSettings

MATRIX_FREE = LinearSettings(kind="minimal_residual", preconditioner="neumann")

# sdirk2 for n = 3 states in float64 (8 bytes), fixed steps, Newton's method with a matrix for each correction, minimal
# residuals. In its uniform shape the method has 3 slopes, f(t, y) and those of its 2 stages.
#
#   linear   preconditioned_vec 3, temp 3                                           6 x 8 =  48
#   newton   delta 3, residual 3, linearisation 3                                    9 x 8 =  72
#            contraction: one float32                                                       4
#   step     slope 3, stage_slopes 2*3, stage_accumulator 3, stage_increment 3     15 x 8 = 120
#            trouble: one int32                                                              4
#   loop     state 3, parameters 2                                                  5 x 8 =  40
LINEAR, NEWTON, CONTRACTION, STEP, TROUBLE, LOOP = 48, 72, 4, 120, 4, 40


def registry(locations):
    made = make_problem(lorenz(), "sdirk2", 1.0, dt=0.1, linear=MATRIX_FREE, locations=locations)
    return plan(made, "cpu").registry


@pytest.mark.parametrize("place", ["local", "shared", "persistent"])
def test_bytes_of_the_tree_by_hand(place):
    made = registry({"default": place})
    sizes = {owner: made.byte_sizes(owner, place) for owner in ("linear", "newton", "step", "loop")}
    assert (sizes["linear"].own, sizes["linear"].hosted) == (LINEAR, 0)
    # In a slice, what follows four bytes is aligned to eight.
    gap = 0 if place == "local" else 4
    newton = NEWTON + CONTRACTION + gap
    assert (sizes["newton"].own, sizes["newton"].hosted) == (newton, LINEAR)
    assert sizes["step"].own == STEP + TROUBLE
    assert sizes["step"].hosted == gap + newton + LINEAR
    assert sizes["loop"].own == LOOP
    assert sizes["loop"].hosted == STEP + TROUBLE + gap + newton + LINEAR
    others = {"local", "shared", "persistent"} - {place}
    assert all(made.byte_sizes("loop", other).total == 0 for other in others)


def test_solvers_partly_shared_are_disjoint_and_within_what_was_reserved():
    made = registry({"newton.delta": "shared", "linear.temp": "shared", "step.trouble": "shared"})
    rows = {f"{row.owner}.{row.name}": row for row in made.rows() if row.location == "shared"}
    assert made.byte_sizes("linear", "shared").total == 24
    assert made.byte_sizes("newton", "shared").total == 48
    assert rows["newton.solver_shared"].bytes == 24
    assert rows["step.solver_shared"].bytes == 48
    # trouble 0..4, Newton's 8..56: delta 8..32, the linear solver's 32..56
    places = {name: (rows[name].offset, rows[name].bytes) for name in ("step.trouble", "newton.delta", "linear.temp")}
    assert places == {"step.trouble": (0, 4), "newton.delta": (8, 24), "linear.temp": (32, 24)}
    assert made.totals().shared == 56


def test_a_prepared_matrix_needs_no_point_of_linearisation():
    simplified = plan(make_problem(lorenz(), "sdirk2", 1.0, dt=0.1), "cpu").registry
    assert "newton.linearisation" not in simplified.names
    assert "linear.factors" in simplified.names


def test_whole_corrections_need_no_trial():
    trial = {"newton.residual_temp", "newton.stage_base_bt"}
    for backtracks in (0, 2):
        newton = NewtonSettings(max_backtracks=backtracks)
        made = plan(make_problem(lorenz(), "sdirk2", 1.0, dt=0.1, newton=newton), "cpu").registry
        assert trial & set(made.names) == (trial if backtracks else set())


def test_last_slope_is_the_next_ones_first():
    # y' = t, so that a step's slopes are its times: with c = 0 the first slope has to be that of t, not of t0.
    system = make_system({"x": 0.0}, {"x": "2*t"})
    for name in ("crank_nicolson", "kvaerno5", "tr_bdf2", "sdirk4"):
        solution = solve(make_problem(system, name, 1.0, dt=0.25, every=0.25), target="python")
        np.testing.assert_allclose(solution.variables[0, :, 0], np.arange(5) ** 2 / 16, rtol=1e-14)


def test_error_of_a_stiff_component_is_filtered():
    # Stiff by 1e8: an error that is not filtered is of the size of the component's distance, and rejects the step.
    system = make_system({"x": 1.0}, {"x": "-1e8*(x - cos(t))"})
    for linear in (LinearSettings(), LinearSettings(kind="minimal_residual")):
        solution = solve(make_problem(system, "sdirk4", 1.0, rtol=1e-4, atol=1e-6, linear=linear), target="python")
        assert solution.status.tolist() == [0]
        assert solution.steps[0] + solution.rejected[0] < 60
        np.testing.assert_allclose(solution.variables[0, 0], np.cos(1.0), rtol=1e-4)
