"""No method makes more code of a system than the ledger has recorded."""

import warnings

import pytest
from growth import CASES, METHODS, SYSTEMS, figures, grown, recorded, table, versions

UPDATE = "if it is worth it, record it: python tests/ledger/kernel_ledger.py --update"


def test_the_ledger_has_every_case():
    _, code = recorded()
    assert [(method, system) for method, systems in code.items() for system in systems] == CASES, UPDATE


@pytest.mark.one_in(4)
@pytest.mark.parametrize(("method", "system"), CASES)
def test_no_code_grows(method, system):
    found = figures(method, system)
    made_with, code = recorded()
    same = versions() == made_with
    if not same:
        warnings.warn(f"{versions()}, the ledger's {made_with}: wider margins", stacklevel=1)
    complaints = grown(found, code[method][system], same_versions=same)
    assert not complaints, f"{method}, {system}: {'; '.join(complaints)}; {UPDATE}"


BEFORE = {"operations": 1000, "instructions": 5000}


@pytest.mark.parametrize(
    ("change", "same", "other"),
    [
        ({}, False, False),
        ({"operations": 900, "instructions": 4000}, False, False),
        ({"operations": 1001}, True, False),
        ({"operations": 1021}, True, True),
        ({"instructions": 5100}, False, False),
        ({"instructions": 5101}, True, False),
        ({"instructions": 5501}, True, True),
    ],
)
def test_what_counts_as_more(change, same, other):
    found = BEFORE | change
    assert bool(grown(found, BEFORE, same_versions=True)) == same
    assert bool(grown(found, BEFORE, same_versions=False)) == other


@pytest.mark.parametrize("figure", BEFORE)
def test_the_table_tells_what_a_state_costs(figure):
    code = {
        method: {system: {figure: 100 + 7 * int(system.rpartition(" ")[2])} for system in SYSTEMS} for method in METHODS
    }
    head, *rows = table(figure, code)
    assert head.split()[:2] == [figure, "stages"]
    assert [row.split()[0] for row in rows] == list(METHODS)
    assert all(row.split()[-3:-1] == ["7.0", "7.0"] for row in rows)
