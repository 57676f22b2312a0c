"""States too small for their tolerance: found in any chunk and at any time, and nothing else."""

import numpy as np
import pytest

from cubie_cli.reports.small_states import SmallStates
from solvers.equations.quantities import Quantities
from solvers.planning.exchange import Exchange, Solution
from solvers.settings import SaveSettings, SolveSettings


def small(starts=(0.0, 1.0), swept=(), names=("x", "y"), **settings):
    quantities = Quantities("test", names, starts, (), ())
    solve = SolveSettings("tsit5", 0.0, 1.0, (1e-9, 1e-9), **settings)
    return SmallStates(Exchange(quantities, solve, SaveSettings(states=(0, 1), every=0.5), swept))


def look(found, x, y, status=None, values=None):
    variables = np.array([x, y], dtype=float)
    runs = variables.shape[2]
    counts = np.zeros(runs, dtype=np.int32)
    solution = Solution(
        variables, np.empty((0, 0)), counts if status is None else np.array(status), counts, counts, 0.0, 0.0
    )
    found.look(np.empty((0, runs)) if values is None else np.array(values), solution)
    return list(found.warnings())


ONE = [[1.0], [1.0], [1.0]]


def test_a_state_that_stayed_small_is_named_with_a_remedy():
    (text,) = look(small(), [[0.0], [1e-5], [-1e-4]], ONE)
    assert text.startswith("x never rose above atol/rtol = 0.001, ")
    assert "x = 1e-13" in text


@pytest.mark.parametrize("x", [[[0.0], [1.0], [1e-5]], [[0.0], [0.0], [-1.0]], [[0.0], [0.0], [0.0]]])
def test_one_that_rose_once_or_was_never_there_is_not(x):
    assert look(small(), x, ONE) == []


def test_initial_values_count_the_swept_ones_too():
    assert look(small(starts=(1.0, 1.0)), [[np.nan], [1e-9], [1e-9]], ONE) == []
    (text,) = look(small(swept=("x",)), [[1e-9, 1e-9]] * 3, [[1.0, 1.0]] * 3, values=[[1.0, 1e-8]])
    assert "in 1 of 2 runs" in text


def test_chunks_add_up_and_failures_are_left_out():
    found = small()
    look(found, [[1e-9, 1.0]] * 3, [[1.0, 1.0]] * 3)
    (text,) = look(found, [[1e-9, 1e-8]] * 3, [[1.0, 1.0]] * 3, status=[5, 0])
    assert "in 2 of 3 runs" in text
    assert "x = 1e-17" in text


def test_a_stopped_run_counts_as_far_as_it_came():
    (text,) = look(small(), [[1e-9, 1e-9], [1e-8, 1.0], [np.nan, np.nan]], [[1.0, 1.0]] * 3, status=[6, 6])
    assert "in 1 of 2 runs" in text
    assert "x = 1e-17" in text
    assert look(small(), [[np.nan]], [[np.nan]], status=[6]) == []


def test_fixed_steps_have_no_tolerance():
    assert look(small(dt=0.1), [[1e-9]] * 3, ONE) == []


def test_a_vector_is_one_line():
    found = small(names=("u[0]", "u[1]"), starts=(0.0, 0.0))
    (text,) = look(found, [[0.0], [1e-5], [1e-4]], [[0.0], [1e-7], [1e-6]])
    assert text.startswith("2 elements of u never rose above atol/rtol = 0.001, ")
    assert "u = 1e-13" in text
