"""No kernel needs more registers, stack, spills or instructions than the ledger has recorded."""

import warnings

import pytest
from kernel_ledger import CASES, figures, recorded, toolkit, worse

UPDATE = "if it is worth it, record it: python tests/ledger/kernel_ledger.py --update"


def test_the_ledger_has_every_case():
    _, kernels = recorded()
    assert list(kernels) == list(CASES), UPDATE


@pytest.mark.parametrize("name", CASES)
def test_no_kernel_needs_more(name):
    found = figures(name)
    if found is None:
        pytest.skip("the CUDA toolkit is not installed")
    release, kernels = recorded()
    same_toolkit = toolkit() == release
    if not same_toolkit:
        warnings.warn(f"toolkit {toolkit()}, the ledger's {release}: wider margins", stacklevel=1)
    complaints = worse(found, kernels[name], same_toolkit=same_toolkit)
    assert not complaints, f"{name}: {'; '.join(complaints)}; {UPDATE}"


BEFORE = {"registers": 38, "local_bytes": 0, "spill_bytes": 0, "instructions": 1000}


@pytest.mark.parametrize(
    ("change", "same", "other"),
    [
        ({}, False, False),
        ({"registers": 37, "instructions": 900}, False, False),
        ({"registers": 40}, False, False),
        ({"registers": 41}, True, False),
        ({"registers": 48}, True, False),
        ({"registers": 49}, True, True),
        ({"local_bytes": 8}, True, True),
        ({"spill_bytes": 4}, True, True),
        ({"instructions": 1020}, False, False),
        ({"instructions": 1021}, True, False),
        ({"instructions": 1101}, True, True),
    ],
)
def test_what_counts_as_more(change, same, other):
    found = BEFORE | change
    assert bool(worse(found, BEFORE, same_toolkit=True)) == same
    assert bool(worse(found, BEFORE, same_toolkit=False)) == other
