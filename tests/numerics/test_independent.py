"""A sample of the independent check: with events, switches and drivers, what ends with success is right."""

import pickle
from dataclasses import replace

import numpy as np
import pytest

from tests.independent import check
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
    assert not [str(finding) for finding in report.findings if finding.verdict in {"wrong", "unconfirmed"}]


def test_a_third_of_the_models_have_what_happens():
    models = [random_model(seed) for seed in range(60)]
    assert sum(not model.smooth for model in models) == 20
    assert {len(model.equations) for model in models} >= {2, 12}
    assert models[4].table() == random_model(4).table()


@pytest.fixture(scope="module")
def model():
    """Return a model with a switch that stands in its equations, an observable, and events of both kinds."""
    return random_model(102)


def test_each_thing_that_is_told_counts(model):
    smooth, way = smooth_part(model, summarised(model)), Way("tsit5", 1e-6, "python")
    known, found = Walk(model, smooth, 0).by(SciPy(smooth)), solved(model, way)

    def told(**others):
        return differences(model, way, found, 0, replace(known, **others))

    assert max(told().values()) < 100
    assert told(states=known.states * 1.001)["states"] > 500
    assert told(observables=known.observables * 1.001)["observables"] > 100
    assert told(firings=[[(t + 0.001, y) for t, y in each] for each in known.firings])["times"] > 100
    assert told(firings=[[(t, 1.001 * y) for t, y in each] for each in known.firings])["left"] > 100
    assert told(firings=[each[1:] for each in known.firings])["counts"] == np.inf
    assert told(stopped=not known.stopped)["counts"] == np.inf
    assert told(integrals=known.integrals * 1.001)["summaries"] > 100
    assert told(squares=known.squares * 1.001)["summaries"] > 100
    assert told(extremes=known.extremes * 1.001)["summaries"] > 100


def _changed(model, part, number, **entries):
    parts = list(getattr(model, part))
    parts[number] = replace(parts[number], **entries)
    return replace(model, **{part: tuple(parts)})


def _other_equation(model):
    own = next(iter(model.equations))
    return replace(model, equations=model.equations | {own: f"1.01*({model.equations[own]})"})


def _other_observable(model):
    return replace(model, observables={name: f"1.001*({text})" for name, text in model.observables.items()})


def _other_crossing(model):
    number = next(number for number, each in enumerate(model.happenings) if each.when)
    return _changed(model, "happenings", number, when=f"{model.happenings[number].when} - 0.003")


def _other_change(model):
    number = next(number for number, each in enumerate(model.happenings) if each.changes)
    entry = model.happenings[number].entry
    changes = {name: f"1.01*({text})" for name, text in entry["set"].items()}
    return _changed(model, "happenings", number, entry=entry | {"set": changes})


def _other_forcing(model):
    forcing = model.forcings[0]
    if forcing.text:
        return _changed(model, "forcings", 0, text=f"1.01*{forcing.text}")
    values = [1.01 * value for value in forcing.table["values"]]
    return _changed(model, "forcings", 0, table=forcing.table | {"values": values})


@pytest.mark.one_in(5)
@pytest.mark.parametrize(
    "other",
    [_other_equation, _other_crossing, _other_observable, _other_change, _other_forcing],
    ids=lambda f: f.__name__,
)
def test_a_solver_that_is_wrong_is_found(monkeypatch, model, other):
    monkeypatch.setattr(check, "solved", lambda model, way: solved(other(model), way))
    report = examine(model.seed, ["SciPy"], ["tsit5"])
    assert not report.broken
    assert pickle.dumps(report)  # it comes from another process
    assert "wrong" in {finding.verdict for finding in report.findings}
