"""What is written in place of TOML is told with what TOML wants, and that is TOML."""

import re
from pathlib import Path

import pytest
import tomli

from cubie_cli.configurations.job import load
from cubie_cli.documents.document import read_document
from cubie_cli.documents.messages import UserError

TABLE = "[states]\nx = 1.0\n"


def told(folder, text, name="a.toml"):
    path = Path(folder, name)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(UserError) as error:
        read_document(path)
    return error.value


@pytest.mark.parametrize(
    ("line", "hint"),
    [
        ("k = .5", "write 0.5"),
        ("k 0.5", "write k = 0.5"),
        ("k == 0.5", "write = 0.5"),
        ("k = 1e", "write 1e3"),
        ("k = 1 000", "write 1000"),
        ("k = {0.5}", "a list of numbers stands in [ ]"),
        ("[k] = 2", "a name stands without brackets"),
        ("k = [0.5", "']' is missing"),
        ("k = '0.5", "the closing quote is missing"),
        ('k = """0.5', "the closing quote is missing"),
        ("k = -.5", "write -0.5"),
        ("k = 1.", "write 1.0"),
        ("k = 1,000", "write 1000"),
        ("k = 1,5", "write 1.5"),
        ("k = 05", "write 5"),
        ("k = True", "write true"),
        ("k = 1/3", "may be expressions in quotes"),
        ("k = 2**3", "may be expressions in quotes"),
        ("k = 1 mV", "units stand in [units]"),
        ("k = 1 // note", "a comment begins with #"),
        ("// note", "a comment begins with #"),
        ("% note", "a comment begins with #"),
        ("k = 1; l = 2", "a line of its own"),
        ("k = \u201cx\u201d", "straight quotes"),
        ("k = \u2018x\u2019", "straight quotes"),
        ('k = "x', "the closing quote is missing"),
        ('file = "models\\m.toml"', "paths have /"),
        ("k = None", "leave the line out"),
        ("k =", "the value is missing"),
        ("k = -x", "stand in quotes"),
        ("dx/dt = 'x'", "stands alone on the left"),
        ("x' = 'x'", "stands alone on the left"),
        ("x(0) = 1", "stands alone on the left"),
        ("k: 1", "write name = value"),
        ("k := 1", "write name = value"),
        ("[parameters", "']' is missing"),
    ],
)
def test_a_line(tmp_path, line, hint):
    error = told(tmp_path, f"{TABLE}{line}\n")
    assert error.line == 3
    assert hint in error.hint
    for value in re.findall(r"write ([\d.-]+|true)(?=[:,]|$)", error.hint):
        assert tomli.loads(f"k = {value}")


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ('<?xml version="1.0"?><sbml/>', "cubie import"),
        ("x'=-x\np k=1\ndone\n", "cubie import"),
        ("model a\n S -> P; k*S\nend\n", "cubie import"),
        ('{"model": {}}', "JSON"),
        ("model:\n  file: m.toml\n", "YAML"),
        ("import numpy as np\n", "Python"),
    ],
)
def test_a_file_in_another_format(tmp_path, text, hint):
    assert hint in told(tmp_path, text).hint


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_a_file_in_another_encoding(tmp_path, encoding):
    error = told(tmp_path, TABLE.encode(encoding))
    assert (error.message, error.hint) == ("this text is in UTF-16", "save it as UTF-8")
    assert told(tmp_path, b"\x7fELF\0\1").message == "this is a binary file, not TOML text"


@pytest.mark.parametrize(
    "text",
    ["x = " + "a" * 50_000 + " //", "=" * 50_000, "\n" * 20_000 + "= 1", "x = " + " " * 50_000 + "?", "<" * 50_000],
)
def test_mistakes_in_long_lines_are_told_at_once(write, text):
    """Looked at to their end they would take minutes."""
    with pytest.raises(UserError, match="not valid TOML"):
        read_document(write(text))


def test_a_model_file_that_is_missing_may_have_any_name(write):
    path = write(f'[model]\nfile = "{"x" * 5000}"\n[solve]\nt1 = 1.0')
    with pytest.raises(UserError, match="no such model file"):
        load(path)
