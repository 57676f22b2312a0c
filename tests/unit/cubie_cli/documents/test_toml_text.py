"""TOML that is written says what it was written from, in the same order."""

import tomli
from hypothesis import given
from hypothesis import strategies as st

from cubie_cli.documents.toml_text import toml_text

TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8)
SCALARS = st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False) | TEXTS
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3), max_leaves=8
)


def paths(value, path=()):
    """Yield each value and where it is, in order."""
    if isinstance(value, dict) and value:
        for key, each in value.items():
            yield from paths(each, (*path, key))
    else:
        yield path, value


@given(st.dictionaries(TEXTS, st.dictionaries(TEXTS, VALUES, max_size=3) | SCALARS, max_size=4))
def test_what_is_written_is_read_again(data):
    found = tomli.loads(toml_text(data))
    assert found == data


@given(st.dictionaries(TEXTS, st.dictionaries(TEXTS, VALUES, max_size=3), max_size=3))
def test_tables_are_in_the_order_given(data):
    assert list(paths(tomli.loads(toml_text(data)))) == list(paths(data))


def test_a_person_can_read_it():
    data = {"solve": {"t1": 20.0}, "batch": {"values": {"rho": {"linspace": [0.0, 28.0, 3]}, "x": [1.0, 2.0]}}}
    assert toml_text(data) == (
        "[solve]\nt1 = 20.0\n\n[batch]\nvalues.rho.linspace = [0.0, 28.0, 3]\nvalues.x = [1.0, 2.0]\n"
    )
