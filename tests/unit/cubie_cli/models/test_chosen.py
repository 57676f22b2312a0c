"""Names that stand for quantities, and vectors as variables of a result."""

from cubie_cli.models.chosen import Whole, joined
from cubie_cli.models.expressions.vectors import Vector

U = Vector("u", "states", (2,), ("i",), ("error",))
V = Vector("v", "states", (1, 2), ("i", "j"), ("error", "error"))


def test_elements_of_a_vector_are_one_variable_and_others_themselves():
    names = ["x", "u[0]", "u[1]", "v[0,0]_max", "v[0,1]_max", "u[1]_max"]
    found = joined(names, {"u[0]": Whole("u", U), "v[0,0]_max": Whole("v_max", V)})
    assert [(each.name, each.rows, each.dimensions) for each in found] == [
        ("x", range(1), ()),
        ("u", range(1, 3), (("u_i", 2),)),
        ("v_max", range(3, 5), (("v_i", 1), ("v_j", 2))),
        ("u[1]_max", range(5, 6), ()),
    ]
