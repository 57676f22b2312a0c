"""A sample of the independent check: with events, switches and drivers, what ends with success is right."""

from dataclasses import replace

import pytest

from tests.independent import check
from tests.independent.check import examine
from tests.independent.comparison import Way, solved
from tests.independent.models import random_model

WAY = Way("tsit5", 1e-6, "python")


@pytest.mark.one_in(12)
@pytest.mark.parametrize("seed", range(0, 72, 3))
def test_no_run_is_wrong_with_success(seed):
    report = examine(seed, ["SciPy"])
    assert not report.broken
    assert not [str(finding) for finding in report.findings if finding.verdict == "wrong"]


def _first_with(what):
    """Return a model of which each of the tuples named has something."""
    return next(model for model in map(random_model, range(0, 300, 3)) if all(getattr(model, name) for name in what))


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


@pytest.mark.one_in(2)
@pytest.mark.parametrize(
    "other",
    [_other_equation, _other_crossing, _other_observable, _other_change, _other_forcing],
    ids=lambda f: f.__name__,
)
def test_a_solver_that_is_wrong_is_found(monkeypatch, other):
    model = _first_with(["observables", "happenings", "forcings"])
    monkeypatch.setattr(check, "solved", lambda model, way: solved(other(model), way))
    report = examine(model.seed, ["SciPy"], ["tsit5"])
    assert not report.broken
    assert "wrong" in {finding.verdict for finding in report.findings}
