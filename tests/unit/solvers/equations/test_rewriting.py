"""Walks over expressions, and which sign an argument is taken with."""

import pytest
import sympy

from solvers.equations.functions import is_turned
from solvers.equations.rewriting import distinct

X, Y, Z = sympy.symbols("x y z", real=True)


def test_what_expressions_are_made_of_comes_once():
    square = (X - Y) ** 2
    found = list(distinct([square + sympy.sin(square), X]))
    assert len(found) == len(set(found)) == 9
    assert {sympy.sin(square), X - Y, -Y, sympy.Integer(2)} < set(found)


@pytest.mark.parametrize(
    "argument", [X, 2 * X * Y, X - Y, X - 1, 1 - X, X * Y - Z, X - Y - Z, sympy.sin(X) - Y + Z - 1]
)
def test_one_of_an_argument_and_its_negative_is_turned(argument):
    assert is_turned(argument) is not is_turned(-argument)


def test_a_difference_begins_with_a_quantity():
    assert not any(map(is_turned, [X - Y, 2 * X - 3 * Y, X - 1]))
