"""A few cases of each target of the fuzzer; `python -m tests.fuzz` runs as many as are wanted."""

import pytest

from tests.fuzz.__main__ import fuzzed
from tests.fuzz.watching import watched

#: A machine that has much else to do takes long for anything.
PATIENCE = 100.0
CASES = {
    "expressions": 500,
    "models": 20,
    "configurations": 60,
    "tables": 100,
    "imports": 10,
    "problems": 3,
    "journals": 50,
}


@pytest.mark.parametrize("target", CASES)
def test_what_is_nearly_valid_is_accepted_or_refused(target):
    kinds, found = fuzzed(target, seed=0, first=0, cases=CASES[target], patience=PATIENCE)
    assert not found
    assert kinds.total() == CASES[target]


def test_what_should_not_be_is_noticed():
    assert watched(lambda: None).kind == "accepted"
    assert watched(lambda: 1 / 0).kind == "traceback"
    assert "ZeroDivisionError" in watched(lambda: 1 / 0).told
    assert watched(_endless, patience=0.01).kind == "hang"


def _endless():
    while True:
        pass
