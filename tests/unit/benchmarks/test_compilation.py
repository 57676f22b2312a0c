"""How long compiling takes is measured on kernels that work."""

from benchmarks import compilation
from benchmarks.__main__ import chosen


def test_a_row_has_what_was_compiled():
    wanted = chosen(["compile lorenz tsit5"])[compilation.SECTION]
    [row] = compilation.measure(wanted, "cpu", (), None)
    assert row.name == "lorenz tsit5 adaptive float64"
    assert min(row.figures["plan_s"], row.figures["compile_s"]) > 0
    assert row.figures["code kB"] > 1


def test_nothing_is_compiled_where_nothing_is_wanted(monkeypatch):
    monkeypatch.delattr(compilation, "_compiled")
    assert not list(compilation.measure([], "cpu", (), None))
