"""What solvers report through `probe` on the python target, and that it costs nothing on the others."""

import math
from itertools import groupby, pairwise

import numpy as np
import pytest
from support.probes import without_probes
from support.solving import make_problem, solve
from support.systems import make_system

from solvers.execution import engine
from solvers.execution.cuda import toolchain as cuda_toolchain
from solvers.settings import LinearSettings, NewtonSettings
from solvers.targets.cpu import target as cpu
from solvers.targets.cuda import target as cuda
from solvers.trace import ATTEMPT, EVENTS, LINEAR, NEWTON, Recorder

ROBERTSON = make_system(
    {"A": 1.0, "B": 0.0, "C": 0.0},
    {"A": "-k1*A + 1e4*B*C", "B": "k1*A - 1e4*B*C - 3e7*B**2", "C": "3e7*B**2"},
    {"k1": 0.04},
)
MINIMAL_RESIDUAL = LinearSettings("minimal_residual")


def robertson(algorithm, **settings):
    return make_problem(ROBERTSON, algorithm, 40.0, swept=("k1",), rtol=1e-6, **settings)


def recorded(problem, values=((0.04,),)):
    """Return a solution, and the rows of each event."""
    recorder = Recorder()
    solution = engine.interpret(engine.plan(problem, "python"), recorder).solve(np.array(values))
    return solution, recorder.take()


def solves(rows):
    """Return the iterations of each solve."""
    groups = groupby(rows, key=lambda row: (row["run"], row["attempt"], row["solve"]))
    return [list(group) for _, group in groups]


def test_every_attempt_is_told_with_what_became_of_it():
    solution, rows = recorded(robertson("kvaerno5"), [[0.04, 0.05]])
    for run in (0, 1):
        attempts = [row for row in rows["attempt"] if row["run"] == run]
        accepted = [row for row in attempts if row["accepted"]]
        assert [row["attempt"] for row in attempts] == list(range(1, len(attempts) + 1))
        assert len(accepted) == solution.steps[run]
        assert len(attempts) - len(accepted) == solution.rejected[run] > 0
        assert accepted[0]["t"] == 0.0
        ends = [row["t"] + row["h"] for row in accepted]
        np.testing.assert_allclose([row["t"] for row in accepted[1:]], ends[:-1], rtol=1e-12)
        assert ends[-1] == pytest.approx(40.0)
        assert all(row["error"] <= 1 for row in accepted)
        # The last two are of one length.
        for row, following in pairwise(attempts[:-2]):
            assert following["h"] == row["next_dt"]
        for row in attempts[:-1]:
            assert row["accepted"] or row["trouble"] or row["error"] > 1
    assert any(row["trouble"] and math.isnan(row["error"]) for row in rows["attempt"])


@pytest.mark.parametrize("algorithm", ["kvaerno5", "radau_iia_5"])
def test_newton_converges(algorithm):
    _, rows = recorded(robertson(algorithm))
    fine = {row["attempt"] for row in rows["attempt"] if not row["trouble"]}
    stages = 6 if algorithm == "kvaerno5" else 1
    found = [solve for solve in solves(rows["newton"]) if solve[0]["attempt"] in fine]
    assert len(found) == stages * len(fine)
    assert max(map(len, found)) > 1
    for corrections in found:
        norms = [row["correction"] for row in corrections]
        assert norms == sorted(norms, reverse=True)
        assert [row["iteration"] for row in corrections] == list(range(1, len(corrections) + 1))
        assert [row["converged"] for row in corrections] == [0] * (len(corrections) - 1) + [1]
        assert [row["error"] <= 0.01 for row in corrections] == [bool(row["converged"]) for row in corrections]
        assert math.isnan(corrections[0]["contraction"])
        for before, row in pairwise(corrections):
            assert row["contraction"] == pytest.approx(row["correction"] / before["correction"], rel=1e-5)
            assert row["residual_before"] == before["residual"]


def test_corrections_have_the_times_of_their_stages():
    problem = robertson("kvaerno5")
    _, rows = recorded(problem)
    nodes = problem.tableau.nodes[1:]
    attempt = next(row for row in rows["attempt"] if row["accepted"])
    times = [s[0]["t"] for s in solves(rows["newton"]) if s[0]["attempt"] == attempt["attempt"]]
    np.testing.assert_allclose(times, [attempt["t"] + attempt["h"] * node for node in nodes], rtol=1e-14)


#: A step of 2 takes Newton from x = 1 far beyond the root of x - 1 + 2000*atan(10*x), where arctan is flat.
FLAT = make_system({"x": 1.0}, {"x": "-1000*atan(10*x)"})


def flat(**settings):
    newton = NewtonSettings(jacobian="iteration", max_iters=30, **settings)
    return make_problem(FLAT, "backwards_euler", 4.0, dt=2.0, newton=newton)


def test_without_damping_newton_takes_whole_corrections_and_fails():
    solution, rows = recorded(flat(), np.empty((0, 1)))
    assert solution.status.tolist() == [3]
    assert {row["scale"] for row in rows["newton"]} == {1.0}
    assert not any(row["backtracks"] for row in rows["newton"])
    assert rows["newton"][-1]["residual"] > rows["newton"][0]["residual_before"]


@pytest.mark.parametrize("damping", [0.5, 0.25])
def test_damping_and_backtracking_act_where_they_are_needed(damping):
    solution, rows = recorded(flat(damping=damping, max_backtracks=8), np.empty((0, 1)))
    assert solution.status.tolist() == [0]
    assert any(row["backtracks"] > 1 for row in rows["newton"])
    for row in rows["newton"]:
        assert row["scale"] == damping ** row["backtracks"]
        assert row["residual"] <= row["residual_before"]
        assert row["backtracks"] < 8
    assert all(corrections[-1]["converged"] for corrections in solves(rows["newton"]))


def test_no_more_than_max_backtracks():
    _, rows = recorded(flat(damping=0.9, max_backtracks=2), np.empty((0, 1)))
    assert max(row["backtracks"] for row in rows["newton"]) == 2
    assert any(row["residual"] > row["residual_before"] for row in rows["newton"])


@pytest.mark.parametrize("kind", ["minimal_residual", "bicgstab"])
@pytest.mark.parametrize("tolerance", [0.1, 1e-4])
def test_the_inner_solver_stops_where_its_tolerance_says(kind, tolerance):
    _, rows = recorded(robertson("kvaerno5", linear=LinearSettings(kind, tolerance=tolerance)))
    found = solves(rows["linear"])
    assert max(map(len, found)) > 1
    for iterations in found:
        initial, limit = iterations[0]["initial"], iterations[0]["limit"]
        assert limit == pytest.approx(tolerance * initial)
        assert all(row["residual"] > limit for row in iterations[:-1])
        assert iterations[-1]["residual"] <= limit
        assert [row["iteration"] for row in iterations] == list(range(1, len(iterations) + 1))


def test_the_inner_solver_stops_after_its_most_iterations():
    linear = LinearSettings("minimal_residual", preconditioner="none", tolerance=1e-6, max_iters=3)
    _, rows = recorded(robertson("kvaerno5", linear=linear, max_steps=20))
    assert max(row["iteration"] for row in rows["linear"]) == 3
    assert any(iterations[-1]["residual"] > iterations[-1]["limit"] for iterations in solves(rows["linear"]))


def test_linear_iterations_belong_to_a_correction_or_to_none():
    _, rows = recorded(robertson("radau_iia_5", linear=MINIMAL_RESIDUAL))
    corrections = {(row["attempt"], row["solve"], row["iteration"]) for row in rows["newton"]}
    served = {(row["attempt"], row["newton_solve"], row["newton_iteration"]) for row in rows["linear"]}
    filters = {place for place in served if place[1:] == (0, 0)}
    assert served - filters == corrections
    assert filters == {(row["attempt"], 0, 0) for row in rows["attempt"]}
    _, rows = recorded(robertson("rodas4", linear=MINIMAL_RESIDUAL))
    assert not rows["newton"]
    assert {(row["newton_solve"], row["newton_iteration"]) for row in rows["linear"]} == {(0, 0)}


def test_rows_have_the_columns_of_their_event():
    _, rows = recorded(robertson("kvaerno5", linear=MINIMAL_RESIDUAL, max_steps=5))
    assert set(rows) == {event.name for event in EVENTS}
    for event in (ATTEMPT, NEWTON, LINEAR):
        assert rows[event.name]
        assert {frozenset(row) for row in rows[event.name]} == {frozenset(field.name for field in event.columns)}


def test_watching_changes_nothing():
    problem = robertson("kvaerno5", linear=MINIMAL_RESIDUAL, every=4.0)
    watched, _ = recorded(problem)
    alone = solve(problem, [[0.04]], target="python")
    assert watched.variables.tobytes() == alone.variables.tobytes()
    assert (watched.steps, watched.rejected) == (alone.steps, alone.rejected)


# -- on compiled targets ----------------------------------------------------------------------------

#: Problems whose kernels between them have every probe, and how many of their functions have one.
PROBED = {
    "diagonally implicit": (robertson("kvaerno5", linear=MINIMAL_RESIDUAL, newton=NewtonSettings(max_backtracks=3)), 3),
    "fully implicit": (robertson("radau_iia_5"), 2),
    "Rosenbrock": (robertson("rodas4", linear=LinearSettings("bicgstab")), 2),
}


@pytest.fixture
def drop_probes(monkeypatch):
    """Return a function that makes a target drop probes, and returns the functions that had one."""

    def drop(target):
        dropped, as_it_stands = [], target.control

        def control(self, function, *, inline=True):
            if "probe" not in function.__code__.co_freevars:
                return as_it_stands(self, function, inline=inline)
            dropped.append(function.__name__)
            return as_it_stands(self, without_probes(function), inline=inline)

        monkeypatch.setattr(target, "control", control)
        return dropped

    return drop


@pytest.mark.one_in(3)
@pytest.mark.parametrize(
    ("name", "target", "family"),
    [*(("cpu", cpu.CpuTarget, family) for family in PROBED), ("cuda", cuda.CudaTarget, "diagonally implicit")],
)
def test_probes_are_nothing_to_compiled_targets(name, target, family, drop_probes):
    problem, count = PROBED[family]
    plan = engine.plan(problem, name)
    try:
        probed = instructions(plan)
    except engine.TargetUnavailableError:
        pytest.skip("the CUDA toolkit is not installed")
    dropped = drop_probes(target)
    bare = instructions(plan)
    assert len(dropped) == count
    assert sum(map(len, probed)) > 10_000
    assert bare == probed


def instructions(plan):
    """Return a kernel's sections of instructions; symbols, which Numba numbers, lie elsewhere."""
    sections = cuda_toolchain.elf_sections(engine.compile_kernel(plan).code)
    return [data for name, data in sections.items() if name.startswith((".text", ".ltext"))]
