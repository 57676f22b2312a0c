"""The tree is that of the components, and its bytes are those of the report."""

import pytest
from support.solving import make_problem
from support.systems import make_system

from buffers import LOCATIONS, BufferRegistry
from cubie_cli.reports.memory_tree import branches
from solvers.planning.assembly import make_loop, register

TAIL = [("controller", "loop"), ("output", "loop")]


def registry_of(algorithm, **settings):
    system = make_system({"x": 1.0, "y": 0.0}, {"x": "y", "y": "-x - 1000*y"})
    problem = make_problem(system, algorithm, 1.0, **settings)
    return register(make_loop(problem), problem)


@pytest.mark.parametrize(
    ("algorithm", "solvers"),
    [
        ("tsit5", []),
        ("rodas5p", [("linear", "step")]),
        ("kvaerno5", [("newton", "step"), ("linear", "newton")]),
        ("radau_iia_5", [("newton", "step"), ("linear", "newton"), ("filter", "step")]),
    ],
)
@pytest.mark.parametrize("fixed", [False, True])
def test_parents(algorithm, solvers, fixed):
    found = branches(registry_of(algorithm, **({"dt": 0.1} if fixed else {})))
    expected = [("loop", None), ("step", "loop"), *solvers, *TAIL]
    expected.remove(("filter", "step")) if fixed and ("filter", "step") in expected else None
    assert [(branch.owner, branch.parent) for branch in found] == expected
    depths = {None: -1} | {branch.owner: branch.depth for branch in found}
    assert all(branch.depth == depths[branch.parent] + 1 for branch in found)


@pytest.mark.parametrize("place", ["local", "shared", "persistent"])
@pytest.mark.parametrize("algorithm", ["tsit5", "rodas4", "kvaerno5", "radau_iia_5"])
def test_bytes_add_up_at_every_level(algorithm, place):
    registry = registry_of(algorithm, locations={"default": place, "step.*": "local"})
    found = branches(registry)
    totals = registry.totals()
    for location in LOCATIONS:
        assert found[0].own[location] + found[0].reserved[location] == getattr(totals, location)
        for branch in found:
            below = [other for other in found if other.parent == branch.owner]
            assert branch.reserved[location] >= sum(other.own[location] + other.reserved[location] for other in below)
            rows = [
                row for row in registry.rows() if (row.owner, row.location, row.kind) == (branch.owner, location, "own")
            ]
            assert branch.own[location] >= sum(row.bytes for row in rows)


def test_a_registry_without_buffers_has_no_tree():
    assert branches(BufferRegistry()) == []
