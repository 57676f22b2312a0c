"""A sample of the random systems: what ends with success is right."""

import numpy as np
import pytest

from tests.numerics.random_systems import METHODS, WRONG, examine, reference, tolerances
from tests.support.random_models import random_model

#: In these, states come to rest where slopes jump, which takes thousands of steps.
SLOW = {11, 17}


@pytest.mark.one_in(16)
@pytest.mark.parametrize("seed", sorted({*range(1, 12)} - SLOW))
def test_no_run_is_wrong_with_success(seed):
    methods = [METHODS[(seed + shift) % len(METHODS)] for shift in (0, 2)]
    report = examine(seed, methods)
    assert not report.broken
    assert not [str(finding) for finding in report.findings if finding.wrong]


def test_a_wrong_solution_would_be_seen():
    exact = reference(random_model(1), 0)
    assert tolerances(exact, exact).max() == 0.0
    assert tolerances(exact + 2e-3 * np.abs(exact).max(), exact).max() > WRONG


def test_a_seed_gives_one_model():
    model = random_model(3)
    assert model == random_model(3)
    assert model.equations["S"] == "-1.196*S + 0.929*x*S"
