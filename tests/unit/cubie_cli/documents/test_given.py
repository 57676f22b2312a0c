"""Dictionaries with arrays become documents, and mistakes are told by their keys."""

from enum import StrEnum
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray

from cubie_cli.documents import tables
from cubie_cli.documents.given import given
from cubie_cli.documents.messages import UserError

NAMES = {(): "config", ("model",): "model"}


class Name(StrEnum):
    TSIT5 = "tsit5"


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        (np.array([1.0, 2.5]), [1.0, 2.5]),
        (np.array([1, 2]), [1, 2]),
        (np.array(["x", "y"]), ["x", "y"]),
        (np.array([[1.0, 0.5], [0.5, 1.0]]), [[1.0, 0.5], [0.5, 1.0]]),
        (np.float32(0.5), 0.5),
        (np.int64(3), 3),
        (np.array([True]), [True]),
        (True, True),
        (3, 3),
        (range(3), [0, 1, 2]),
        ((1.0, np.float64(2.0)), [1.0, 2.0]),
        (pd.Series([1.0, 2.0], index=["a", "b"]), [1.0, 2.0]),
        (xarray.DataArray([1.0, 2.0]), [1.0, 2.0]),
        (xarray.DataArray(2.0), 2.0),
        (pd.DataFrame({"k": [1.0, 2.0], "x": [3, 4]}), {"k": [1.0, 2.0], "x": [3, 4]}),
        (Path("runs.csv"), "runs.csv"),
        (Name.TSIT5, "tsit5"),
        ([{"name": "dosing", "at": np.array([0.0, 1.0])}], [{"name": "dosing", "at": [0.0, 1.0]}]),
    ],
)
def test_what_programs_have_is_taken_as_toml_has_it(value, plain):
    found = given({"key": value}, NAMES).data["key"]
    assert found == plain
    assert repr(found) == repr(plain)


@pytest.mark.parametrize(
    ("data", "told"),
    [
        ({"a": {"b": None}}, "config['a']['b']: None is no value\n  hint: leave the key out"),
        ({"a": [1.0, None]}, "config['a'][1]: None is no value"),
        ({"a": 1 + 2j}, "config['a']: a complex is nothing that can stand here"),
        ({"a": b"x"}, "config['a']: a bytes is nothing"),
        ({"a": {1: 2.0}}, "config['a']: a key is a text, this is 1"),
        ({"a": "\ud800"}, "config['a']: this is a text that no file can hold"),
        ({"model": {"states": {"x": {1.0}}}}, "model['states']['x']: a set is nothing"),
    ],
)
def test_what_is_none_of_these_is_refused_at_its_key(data, told):
    with pytest.raises(UserError) as caught:
        given(data, NAMES)
    assert str(caught.value).startswith(told)


def test_what_holds_itself_is_refused():
    data = {}
    data["a"] = data
    with pytest.raises(UserError, match="nested too deeply"):
        given(data, NAMES)


def test_mistakes_are_told_by_keys_and_those_in_a_text_by_a_caret():
    document = given({"model": {"equations": {"x": "-a*q"}}}, NAMES)
    error = document.error("undefined name 'q'", ("model", "equations", "x"), offset=3)
    assert str(error) == "model['equations']['x']:4: undefined name 'q'\n    -a*q\n       ^"
    missing = document.error("it is missing", ("model", "states", "x"), "key", "count it from this file")
    assert str(missing) == "model: it is missing\n  hint: count it from the working folder"


@pytest.mark.parametrize(
    ("values", "told"),
    [([1.0, float("nan")], "[1]: the number must be finite"), ([1, 10**400], "[1]: the number must be finite"),
     ([1.0, True], "[1]: a number is needed, this is true or false"), ([1.0, "2"], "[1]: a number is needed")],
)  # fmt: skip
def test_a_number_among_many_is_told_by_its_place(values, told):
    with pytest.raises(UserError) as caught:
        tables.numbers(given({"a": values}, NAMES), ("a",))
    assert str(caught.value).startswith(f"config['a']{told}")
