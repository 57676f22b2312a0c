"""What is told of other programs' words works: names are known here, expressions can be read."""

import re

import pytest

from cubie_cli.batches import read_distribution, spacing
from cubie_cli.configurations.schema import RunConfiguration
from cubie_cli.documents.other_names import ELSEWHERE, told_of
from cubie_cli.documents.validation import _keys_at
from cubie_cli.models import drivers, events, model
from cubie_cli.models.expressions.parser import parse
from solvers.tableaus import find

NAMED = re.compile(r"did you mean '(\w+)'")
WRITTEN = re.compile(r"write (.+?)(?=[:;] |, which|, or|$)")


#: Keys of the places that the schema of run configurations does not tell.
KEYS = {
    "model": (*model.KEYS, "file"),
    "events": events.KEYS,
    "at": events.SCHEDULE,
    "drivers": drivers.KEYS,
    "spacing": spacing.KINDS,
    "distribution": (*read_distribution.DISTRIBUTIONS, "min", "max"),
    "swept": (),
}


def known_in(place):
    table = place.strip("[]")
    return KEYS[table] if table in KEYS else _keys_at(RunConfiguration, (table,) if table else ())


TABLES = [(place, word) for place, words in ELSEWHERE.items() if place.startswith("[") for word in words]


@pytest.mark.parametrize(("place", "word"), TABLES)
def test_a_key_elsewhere_is_none_here_and_its_name_here_is_one(place, word):
    assert word not in known_in(place)
    for name in NAMED.findall(told_of(place, word)):
        assert name in known_in(place)


@pytest.mark.parametrize("key", ["target", "mode", "precision"])
def test_a_value_elsewhere_has_a_value_here(key):
    tables = {"target": "run", "mode": "batch", "precision": "solve"}
    fields = _field(RunConfiguration.model_fields[tables[key]].annotation, key)
    for told in ELSEWHERE[key].values():
        for name in NAMED.findall(told):
            assert f"'{name}'" in fields


def _field(table, key):
    return str(table.model_fields[key].annotation)


@pytest.mark.parametrize("word", ELSEWHERE["algorithm"])
def test_algorithms_that_are_named_are_there(word):
    with pytest.raises(ValueError, match="unknown algorithm"):
        find(word)
    for name in re.findall(r"[a-z_]+[0-9][a-z0-9_]*|crank_nicolson", told_of("algorithm", word)):
        assert find(name)


@pytest.mark.parametrize("word", [*ELSEWHERE["function"], *ELSEWHERE["name"]])
def test_expressions_that_are_to_be_written_can_be_read(word):
    import sympy  # noqa: PLC0415

    told = told_of("function", word) or told_of("name", word)
    for text in WRITTEN.findall(told):
        if not text.startswith("only"):
            assert parse(text, {name: sympy.Symbol(name) for name in "xy"}) is not None


@pytest.mark.parametrize(
    ("place", "word", "told"),
    [
        ("[solve]", "t_end", "'t1'"),
        ("[solve]", "max_step", "'dt_max'"),
        ("[solve]", "MaxStep", "'dt_max'"),
        ("[solve]", "method", "'algorithm'"),
        ("[solve]", "tspan", "t0 = ... and t1 = ..."),
        ("[batch]", "csv", "'table'"),
        ("[batch]", "samples", "'n'"),
        ("[run]", "gpus", "'devices'"),
        ("[model]", "variables", "'states'"),
        ("[model]", "reactions", "cubie import"),
        ("target", "gpu", "'cuda'"),
        ("target", "GPU", "'cuda'"),
        ("mode", "lhs", 'method = "latin_hypercube"'),
        ("method", "lhs", "'latin_hypercube'"),
        ("[events]", "trigger", "'when'"),
        ("[at]", "interval", "'every'"),
        ("[drivers]", "interpolation", "'method'"),
        ("[spacing]", "arange", "linspace"),
        ("[distribution]", "gaussian", "'normal'"),
        ("[swept]", "rtol", "--set"),
        ("summary", "auc", "'integral'"),
        ("command", "simulate", "'run'"),
        ("function", "dirac", "event"),
        ("algorithm", "CVODE", "rodas5p"),
        ("algorithm", "lsoda", "rodas5p"),
        ("algorithm", "bdf", "rodas5p"),
        ("function", "ifelse", "2 if x > 1 else 3"),
        ("name", "inf", "finite"),
    ],
)
def test_kinds(place, word, told):
    assert told in told_of(place, word)


def test_what_is_known_nowhere_is_told_nothing():
    assert told_of("[solve]", "blurb") is None
    assert told_of("[nowhere]", "t_end") is None
