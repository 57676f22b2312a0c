"""Straight-line functions compiled on their own, for scalars or vectors, without a kernel around them."""

import ctypes
from collections.abc import Callable, Mapping
from itertools import count
from typing import Any

import llvmlite.binding as llvm
import numpy as np
from llvmlite import ir

from solvers.straightline import Argument, record
from solvers.straightline.setting import SYMBOL, SettingsBlock, filled
from solvers.targets.cpu.emitter import CpuEmitter
from solvers.targets.settings import definition

_POINTER = ir.IntType(8).as_pointer()
_NUMBERS = count()


def compiled(
    function: Callable[..., Any], dtypes: list[str], lanes: int, numbers: Mapping[str, float] | None = None
) -> Callable[..., list[np.ndarray]]:
    """Return a compiled straight-line function of scalars.

    Parameters
    ----------
    function
        Takes one value an argument, returns a value or a tuple of them, masks as int32.
    dtypes
        Types of the arguments.
    lanes
        Values that are computed together.
    numbers
        Settings by name; addresses of tables are whole numbers.

    Returns
    -------
    callable
        Takes arrays of shape (lanes,), returns a list of such arrays.
    """
    recorded = record(function, [Argument(False, dtype) for dtype in dtypes])  # noqa: FBT003
    module = ir.Module()
    module.triple = llvm.get_process_triple()
    kind = ir.FunctionType(ir.VoidType(), [_POINTER, _POINTER])
    code = ir.Function(module, kind, f"straight_line_{next(_NUMBERS)}")
    builder = ir.IRBuilder(code.append_basic_block())
    memory = CpuEmitter(builder, (), lanes)

    def slot(base: ir.Value, index: int) -> ir.Value:
        return builder.gep(base, [ir.Constant(ir.IntType(64), index * 8 * lanes)])

    arguments = [memory.load(slot(code.args[0], i), dtype, 0) for i, dtype in enumerate(dtypes)]
    settings = SettingsBlock()
    results = CpuEmitter(builder, arguments, lanes, settings=settings).emit(recorded)
    for i, (value, result) in enumerate(zip(recorded.results, results, strict=True)):
        memory.store(slot(code.args[1], i), value.dtype, 0, result)
    builder.ret_void()
    engine = _engine(str(module), definition(settings.nbytes, space=0) if settings.nbytes else "")
    if settings.nbytes:
        block = filled(settings.slots.values(), numbers or {})
        ctypes.memmove(engine.get_global_value_address(SYMBOL), block.ctypes.data, block.nbytes)
    call = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p)(engine.get_function_address(code.name))

    def run(*inputs: np.ndarray) -> list[np.ndarray]:
        given, found = (_aligned(max(1, number) * 8 * lanes) for number in (len(dtypes), len(results)))
        for i, (dtype, values) in enumerate(zip(dtypes, inputs, strict=True)):
            _part(given, i, dtype, lanes)[:] = values
        call(given.ctypes.data, found.ctypes.data)
        return [_part(found, i, value.dtype, lanes).copy() for i, value in enumerate(recorded.results)]

    run.engine = engine  # type: ignore[attr-defined] # freed with what refers to it
    return run


def _engine(text: str, definitions: str) -> Any:
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    module = llvm.parse_assembly(text)
    module.link_in(llvm.parse_assembly(definitions))
    module.verify()
    machine = llvm.Target.from_default_triple().create_target_machine(
        cpu=llvm.get_host_cpu_name(), features=llvm.get_host_cpu_features().flatten(), opt=2
    )
    engine = llvm.create_mcjit_compiler(module, machine)
    engine.finalize_object()
    return engine


def _aligned(nbytes: int) -> np.ndarray:
    memory = np.zeros(nbytes + 64, dtype=np.uint8)
    start = -memory.ctypes.data % 64
    return memory[start : start + nbytes]


def _part(memory: np.ndarray, index: int, dtype: str, lanes: int) -> np.ndarray:
    start = index * 8 * lanes
    return memory[start : start + np.dtype(dtype).itemsize * lanes].view(dtype)
