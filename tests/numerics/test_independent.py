"""A sample of the independent check: with events, switches and drivers, what ends with success is right."""

from dataclasses import replace

import numpy as np
import pytest

from tests.independent.check import examine
from tests.independent.comparison import Way, differences, solved, summarised
from tests.independent.models import random_model
from tests.independent.peers import SciPy
from tests.independent.walk import Walk, smooth_part


@pytest.mark.one_in(12)
@pytest.mark.parametrize("seed", range(0, 72, 3))
def test_no_run_is_wrong_with_success(seed):
    report = examine(seed, ["SciPy"])
    assert not report.broken
    assert not [str(finding) for finding in report.findings if finding.verdict == "wrong"]


def test_what_is_wrong_would_be_seen():
    model = next(each for each in map(random_model, range(0, 99, 3)) if each.happenings and each.forcings)
    smooth = smooth_part(model, summarised(model))
    known, way = Walk(model, smooth, 0).by(SciPy(smooth)), Way("tsit5", 1e-6, "python")
    found = solved(model, way)
    assert max(differences(model, way, found, 0, known).values()) < 100
    moved = replace(known, states=known.states * (1 + 1e-3))
    assert differences(model, way, found, 0, moved)["states"] > 500
    missed = replace(known, firings=[firings[1:] for firings in known.firings])
    assert differences(model, way, found, 0, missed)["counts"] == np.inf


def test_a_third_of_the_models_have_what_happens():
    models = [random_model(seed) for seed in range(60)]
    assert sum(not model.smooth for model in models) == 20
    assert {len(model.equations) for model in models} >= {2, 12}
    assert models[4].table() == random_model(4).table()
