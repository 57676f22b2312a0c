"""Where a buffer of an implicit method lies never changes a result, and the report adds up."""

from itertools import cycle, pairwise

import numpy as np
import pytest
from support.solving import build, make_problem
from support.systems import lorenz

from buffers import LOCATIONS
from solvers.execution.engine import plan
from solvers.settings import LinearSettings

MATRIX_FREE = LinearSettings(kind="minimal_residual")
#: The largest tree: an error filtered by iteration, values between steps, a controller with a history.
SETTINGS = {
    "matrix-free": {"algorithm": "sdirk2", "linear": MATRIX_FREE},
    "direct": {"algorithm": "sdirk2"},
    "coupled": {"algorithm": "radau_iia_3"},
    "coupled, matrix-free": {"algorithm": "radau_iia_3", "linear": MATRIX_FREE},
    "rosenbrock": {"algorithm": "rodas3", "linear": LinearSettings(kind="bicgstab")},
}
RHO = np.linspace(0.5, 28.0, 12)[None]


def problem(name, locations):
    return make_problem(
        lorenz(), t1=0.25, rtol=1e-4, atol=1e-6, every=0.1, swept=("rho",), locations=locations, **SETTINGS[name]
    )


def names(name):
    """Return the names of all buffers of a method."""
    return plan(problem(name, {"default": "local"}), "python").registry.names


def at_random(name, seed):
    places = np.random.default_rng(seed).choice(LOCATIONS, len(names(name)))
    return dict(zip(names(name), map(str, places), strict=True))


def solved(name, locations, target, values=RHO):
    solver = build(problem(name, locations), target)
    solution = solver.solve(values)
    solver.close()
    assert not solution.status.any()
    return solution


@pytest.fixture(scope="module")
def all_local():
    """Return a function that solves with every buffer local, once for each case."""
    known = {}

    def reference(name, target, values=RHO):
        if (name, target) not in known:
            known[name, target] = solved(name, {"default": "local"}, target, values)
        return known[name, target]

    return reference


def assert_same(moved, reference):
    np.testing.assert_array_equal(moved.steps, reference.steps)
    np.testing.assert_array_equal(moved.rejected, reference.rejected)
    np.testing.assert_array_equal(moved.variables, reference.variables)


@pytest.mark.parametrize("name", [pytest.param("coupled, matrix-free", marks=pytest.mark.thorough), "rosenbrock"])
def test_one_buffer_alone_changes_nothing(name, all_local):
    reference = all_local(name, "python", RHO[:, -1:])
    for buffer, place in zip(names(name), cycle(("shared", "persistent")), strict=False):
        locations = {"default": "local", buffer: place}
        totals = plan(problem(name, locations), "python").registry.totals()
        assert getattr(totals, place) > 0
        assert_same(solved(name, locations, "python", RHO[:, -1:]), reference)


@pytest.mark.one_in(8)
@pytest.mark.parametrize("target", ["cpu", pytest.param("cuda", marks=pytest.mark.gpu)])
@pytest.mark.parametrize("seed", range(8))
def test_random_assignments_change_nothing(seed, target, all_local):
    # Seeds go round the methods, with more for the largest tree.
    name = "matrix-free" if seed < 2 else list(SETTINGS)[seed % len(SETTINGS)]
    locations = at_random(name, seed)
    assert_same(solved(name, locations, target), all_local(name, target))


@pytest.mark.one_in(3)
@pytest.mark.parametrize("name", SETTINGS)
@pytest.mark.parametrize("seed", range(8))
def test_totals_are_the_sum_of_the_tree(seed, name):
    registry = plan(problem(name, at_random(name, seed)), "cpu").registry
    rows = [row for row in registry.rows() if row.kind == "own"]
    totals = registry.totals()
    for place in LOCATIONS:
        bytes_there = sum(row.bytes for row in rows if row.location == place)
        padding = getattr(totals, place) - bytes_there
        # Only four bytes beside float64 leave gaps, one at most for each change of type.
        assert 0 <= padding <= 4 * sum(row.dtype != "float64" for row in rows if row.location == place)
        assert place != "local" or padding == 0
        elements = sum(row.elements for row in rows if row.location == place)
        assert registry.element_sizes("loop", place).total == elements
        own = [row for row in rows if row.location == place and row.offset is not None and row.bytes]
        spans = sorted((row.offset, row.offset + row.bytes) for row in own)
        assert all(first[1] <= second[0] for first, second in pairwise(spans))


@pytest.mark.parametrize("name", SETTINGS)
def test_all_local_needs_nothing_shared(name):
    totals = plan(problem(name, {"default": "local"}), "cpu").registry.totals()
    assert (totals.shared, totals.persistent) == (0, 0)
    assert totals.local > 0


def test_explicit_methods_have_no_solvers():
    explicit = plan(make_problem(lorenz(), "tsit5", 1.0, locations={"newton.*": "shared"}), "cpu")
    assert not {"newton", "linear", "filter"} & set(explicit.registry.owners)
    assert not any(row.name.startswith("solver") for row in explicit.registry.rows())
    assert explicit.registry.totals().shared == 0
