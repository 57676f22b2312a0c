"""Antimony goes by way of SBML; its mistakes have their lines."""

import tomllib

import pytest

MODEL = """\
model enzyme
  S -> P; Vmax*S/(Km + S)
  S = 3; P = 0; Vmax = 0.5; Km = 2
  at S < 1: S = 3
end
"""


def test_a_model(importing):
    found = tomllib.loads(importing.text("enzyme.ant", MODEL))
    assert found["name"] == "enzyme"
    assert found["equations"]["S"] == "-_J0/default_compartment"
    assert found["observables"] == {"_J0": "Vmax*S/(Km + S)"}
    assert found["events"] == [{"name": "_E0", "when": "1 - S", "direction": "up", "set": {"S": 3.0}}]


@pytest.mark.parametrize(
    ("content", "message", "line"),
    [
        ("S -> ; k*S\nwhat is\n", "not valid Antimony: syntax error", 2),
        ('import "nothing.ant"\n', "not valid Antimony: Could not open 'nothing.ant'", 1),
        ("S -> ; k*delay(S, 2)\nS = 1; k = 2\n", "'delay', a delay differential equation, cannot be imported", None),
        (b"\0\1", "this is a binary file, not text", None),
        (b"S = 1\n\xff", "this is not UTF-8 text", 2),
    ],
)
def test_what_is_wrong_is_told(importing, content, message, line):
    error = importing.refused("model.ant", content)
    assert message in error.message
    assert error.line == line
