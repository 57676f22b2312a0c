"""Names of other programs as names here."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cubie_cli.configurations.job import RESULT_NAMES
from cubie_cli.documents.tables import LONGEST_NAME
from cubie_cli.imports.names import legal_names
from cubie_cli.models.expressions.tokens import RESERVED
from cubie_cli.models.model import NAME


@pytest.mark.parametrize(
    ("name", "legal"),
    [
        *[("k", "k"), ("t", "t_"), ("run", "run_"), ("lambda", "lambda"), ("\u03b1", "alpha"), ("\u03942", "Delta2")],
        *[("\u00e9", "e"), ("2x", "_2x"), ("a b-c", "a_b_c"), ("", "_"), ("\u540d", "_"), ("x" * 300, "x" * 192)],
    ],
)
def test_a_name(name, legal):
    assert legal_names([name]) == {name: legal}


def test_names_that_become_one_differ():
    assert legal_names(["a b", "a_b", "a-b", "t", "t_"]) == {
        "a_b": "a_b",
        "t_": "t_",
        "a b": "a_b_",
        "a-b": "a_b_2",
        "t": "t_2",
    }
    assert legal_names(["x"], taken=["x"]) == {"x": "x_"}


@settings(max_examples=40, deadline=None)
@given(st.lists(st.text(max_size=12), unique=True, max_size=12))
def test_all_names_are_legal_and_differ(names):
    found = legal_names(names)
    assert found.keys() == set(names)
    assert len(set(found.values())) == len(names)
    for each in found.values():
        assert NAME.fullmatch(each)
        assert len(each) <= LONGEST_NAME
        assert each not in RESERVED
        assert each not in RESULT_NAMES
