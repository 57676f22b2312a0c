"""What SECURITY.md promises is held by the tests that it names; and no code is made of texts."""

import ast
import re
from pathlib import Path

import pytest

from cubie_cli.documents.document import read_document
from cubie_cli.models.model import read_model
from cubie_cli.models.system import read_system

ROOT = Path(__file__).parents[2]
#: What makes code, or objects, of texts.
FORBIDDEN = frozenset({"eval", "exec", "compile", "__import__", "sympify", "parse_expr", "lambdify", "system", "popen"})
#: What sends tasks to workers, over engines that send pickles anyway; no file comes to it.
TO_WORKERS = {"pool_solver.py", "remote.py"}
FORBIDDEN_MODULES = frozenset({"pickle", "marshal", "shelve", "dill", "cloudpickle", "code", "codeop", "runpy"})


def test_promises_name_tests_that_are_there():
    named = set(re.findall(r"`(test_\w+)`", (ROOT / "SECURITY.md").read_text()))
    assert len(named) > 15
    found = set()
    for path in (ROOT / "tests").rglob("test_*.py"):
        found.update(re.findall(r"(?m)^def (test_\w+)", path.read_text()))
    assert named <= found


def sources():
    for package in ("cubie_cli", "solvers", "buffers"):
        yield from (ROOT / package).rglob("*.py")


def test_no_code_is_made_of_texts():
    calls, modules = "|".join(FORBIDDEN), "|".join(FORBIDDEN_MODULES)
    suspected = re.compile(rf"\b({calls})\s*\(|\bimport\b.*\b({modules})\b|\bfrom\s+({modules})\b|\bshell\s*=")
    for path in sources():
        text = path.read_text()
        for node in ast.walk(ast.parse(text)) if suspected.search(text) else ():
            where = f"{path.relative_to(ROOT)}:{getattr(node, 'lineno', 0)}"
            if isinstance(node, ast.Import | ast.ImportFrom):
                names = [alias.name for alias in node.names] + [getattr(node, "module", None) or ""]
                allowed = {"pickle"} if path.parent.name == "runs" and path.name in TO_WORKERS else set()
                assert not ({name.partition(".")[0] for name in names} & FORBIDDEN_MODULES) - allowed, where
            if isinstance(node, ast.Call):
                keywords = {key.arg for key in node.keywords}
                assert not is_forbidden(node.func) or "strict" in keywords, where  # takes no texts
                assert "shell" not in keywords, where


def is_forbidden(function):
    if isinstance(function, ast.Name):
        return function.id in FORBIDDEN
    if not isinstance(function, ast.Attribute) or function.attr not in FORBIDDEN:
        return False
    return isinstance(function.value, ast.Name) and function.value.id in {"builtins", "sympy", "os"}


@pytest.mark.parametrize("text", ["eval(x)", "builtins.exec(x)", "sympy.sympify(x)", "os.system(x)"])
def test_what_makes_code_is_found(text):
    assert is_forbidden(ast.parse(text).body[0].value.func)


MODEL = """
[states]
{x} = 1.0
{y} = "{p}"
[parameters]
{p} = 2.0
[equations]
{x} = "-{p}*{x} + ({y} if t < {p} else 0)"
{y} = "exp(-{w})"
[observables]
{w} = "{x}*{y}"
"""


def test_names_are_positions(tmp_path):
    found = []
    for names in (("x", "y", "p", "w"), ("lambda", "v0", "os", "__class__")):
        path = tmp_path / f"{names[1]}.toml"
        path.write_text(MODEL.format(**dict(zip("xypw", names, strict=True))))
        found.append(read_system(read_model(read_document(path))))
    one, other = found
    assert (one.derivatives, one.observable_expressions, one.values) == (
        other.derivatives,
        other.observable_expressions,
        other.values,
    )
