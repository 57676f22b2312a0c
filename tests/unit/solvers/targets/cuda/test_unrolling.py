"""Loops of code that has hundreds are not unrolled."""

import pytest
from llvmlite import binding, ir

from solvers.straightline import Argument, record
from solvers.straightline.loops import for_each
from solvers.targets.cuda.emitter import MOST_UNROLLED, CudaEmitter
from solvers.targets.lane_builder import SCALAR


def code_with(loops):
    def function(numbers):
        for place in range(loops):

            def add(i, place=place):
                numbers[i] = numbers[i] + numbers[place]

            for_each(numbers, 90, add, longest=0)

    module = ir.Module()
    code = ir.Function(module, ir.FunctionType(ir.VoidType(), [SCALAR["float64"].as_pointer()]), "code")
    builder = ir.IRBuilder(code.append_basic_block())
    CudaEmitter(builder, code.args).emit(record(function, [Argument(is_array=True, dtype="float64")]))
    builder.ret_void()
    return str(module)


@pytest.mark.parametrize(("loops", "marked"), [(MOST_UNROLLED, 0), (MOST_UNROLLED + 1, MOST_UNROLLED + 1)])
def test_many_loops_are_not_unrolled(loops, marked):
    text = code_with(loops)
    assert text.count("!llvm.loop") == marked
    binding.parse_assembly(text).verify()
    assert ('!"llvm.loop.unroll.disable"' in text) is bool(marked)
