"""Vectors by themselves: names of elements, and what is read beyond the ends."""

import pytest

from cubie_cli.models.expressions.vectors import ENDS, OutsideError, Vector


def vector(ends="error", shape=(3,)):
    return Vector("u", "states", shape, ("i", "j")[: len(shape)], (ends,) * len(shape))


def test_elements_are_named_by_their_indices_the_last_one_fastest():
    found = vector(shape=(2, 2))
    assert list(found.elements) == ["u[0,0]", "u[0,1]", "u[1,0]", "u[1,1]"]
    assert found.elements["u[1,0]"] == {"i": 1, "j": 0}
    assert found.dimensions == (("u_i", 2), ("u_j", 2))
    assert (found.general, found.told) == ("u[i,j]", "u[0,0] to u[1,1]")


@pytest.mark.parametrize(
    ("ends", "expected"),
    [
        ("periodic", ["u[1]", "u[2]", "u[0]", "u[2]", "u[0]", "u[1]"]),
        ("hold", ["u[0]", "u[0]", "u[0]", "u[2]", "u[2]", "u[2]"]),
        ("zero", [None, None, "u[0]", "u[2]", None, None]),
    ],
)
def test_ends_say_what_is_read_beyond_them(ends, expected):
    assert [vector(ends).read([index]) for index in (-2, -1, 0, 2, 3, 4)] == expected


@pytest.mark.parametrize("index", [-1, 3])
def test_an_element_that_is_not_there_is_none(index):
    with pytest.raises(OutsideError):
        vector().read([index])


def test_each_dimension_has_ends_of_its_own():
    mixed = Vector("v", "states", (2, 2), ("i", "j"), ("zero", "error"))
    assert mixed.read([-1, 0]) is None
    with pytest.raises(OutsideError) as caught:
        mixed.read([-1, 2])
    assert caught.value.dimension == 1


def test_without_a_word_ends_are_errors():
    assert ENDS[0] == "error"
