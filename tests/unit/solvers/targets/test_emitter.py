"""The code that is emitted: the same for scalars and vectors, and in the words that NVVM knows."""

import numpy as np
import pytest
from llvmlite import ir
from support.compiled import compiled

from solvers.straightline import Argument, call, maximum, record, select, square_root
from solvers.targets.cpu import math as cpu_math
from solvers.targets.cpu.emitter import CpuEmitter
from solvers.targets.emitter import Emitter
from solvers.targets.lane_builder import LaneBuilder


def mixture(a, b):
    return select(a < b, a * b - 0.3, square_root(a / b)), maximum(a, b) * -a


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("lanes", [2, 4, 8, 16, 32])
def test_every_width_computes_the_same(dtype, lanes):
    rng = np.random.default_rng(3)
    a, b = rng.uniform(0.1, 2.0, (2, 32)).astype(dtype)
    wide = compiled(mixture, [dtype, dtype], 32)(a, b)
    parts = [compiled(mixture, [dtype, dtype], lanes)(a[i : i + lanes], b[i : i + lanes]) for i in range(0, 32, lanes)]
    for index, expected in enumerate(wide):
        np.testing.assert_array_equal(np.concatenate([part[index] for part in parts]), expected)


def scalar_code(function, dtypes):
    module = ir.Module()
    kinds = [LaneBuilder(ir.IRBuilder()).type(dtype) for dtype in dtypes]
    code = ir.Function(module, ir.FunctionType(ir.VoidType(), kinds), "scalar")
    builder = ir.IRBuilder(code.append_basic_block())
    recorded = record(function, [Argument(False, dtype) for dtype in dtypes])  # noqa: FBT003
    CpuEmitter(builder, code.args, 1).emit(recorded)
    return str(module)


def test_scalars_stay_scalars():
    text = scalar_code(mixture, ["float64", "float64"])
    assert "<" not in text.replace("<<", "")
    assert "llvm.sqrt.f64" in text


def test_negation_is_a_subtraction_from_minus_zero():
    text = scalar_code(lambda a: -a, ["float32"])
    assert "fneg" not in text
    assert "fsub" in text


def test_no_assumption_about_nan_is_made():
    text = scalar_code(mixture, ["float64", "float64"])
    assert not any(flag in text for flag in (" fast ", "nnan", "ninf", "reassoc"))


def test_what_a_target_must_add():
    with pytest.raises(TypeError, match=r"abstract.*function"):
        Emitter(ir.IRBuilder(), ())


@pytest.mark.parametrize("lanes", [2, 4, 8, 32])
def test_functions_on_any_number_of_lanes(lanes):
    x = np.linspace(-2.0, 2.0, lanes)
    found = compiled(lambda a: call("sin", a), ["float64"], lanes)(x)[0]
    np.testing.assert_allclose(found, np.sin(x), rtol=1e-15)


def test_without_a_vector_library_lanes_are_called_one_by_one(monkeypatch):
    monkeypatch.setattr(cpu_math, "vector_function", lambda *_: None)
    x = np.linspace(-2.0, 2.0, 8)
    found = compiled(lambda a, b: call("atan2", a, b), ["float64", "float64"], 8)(x, x[::-1].copy())[0]
    np.testing.assert_allclose(found, np.arctan2(x, x[::-1]), rtol=1e-15)


def test_alignment_is_that_of_a_cache_line_at_most():
    assert [CpuEmitter(ir.IRBuilder(), (), lanes).alignment("float64") for lanes in (1, 4, 8, 32)] == [8, 32, 64, 64]
