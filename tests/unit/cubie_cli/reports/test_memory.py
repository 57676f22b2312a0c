"""The report has the parts of the contract; its tree is that of the components, and their bytes add up."""

import pytest
from support.solving import make_problem
from support.systems import make_system

from buffers import LOCATIONS, BufferRegistry
from cubie_cli.reports.memory import branches
from solvers.planning.assembly import make_loop, register

KERNEL = {"arch": "sm_90", "registers": 48, "shared_bytes_per_block": 3072, "occupancy": 0.5, "limiter": "registers"}
TAIL = [("controller", "loop"), ("output", "loop")]


def test_json_has_the_parts_of_the_contract(memory):
    found = memory(KERNEL).as_json()
    slope, stages = found["buffers"]
    assert slope == {
        "owner": "step",
        "name": "slope",
        "location": "local",
        "dtype": "float64",
        "elements": 3,
        "bytes": 24,
        "offset": None,
    }
    assert (stages["location"], stages["offset"]) == ("shared", 0)
    assert found["totals"] == {"shared": 24, "local": 24, "persistent": 0, "shared_per_block": 3072}
    assert found["kernel"] == KERNEL
    assert found["device"]["bytes"] == 3072
    assert (found["device"]["runs_per_chunk"], found["device"]["chunks"]) == (100, 3)
    assert found["output"] == {"bytes": 5_000_000}
    assert "hint" not in found


def test_without_a_kernel_there_is_a_hint(memory):
    found = memory().as_json()
    assert found["kernel"] is None
    assert found["hint"] == "no toolkit"
    assert found["totals"]["shared_per_block"] is None


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
