"""The processor as LLVM knows it, and machine code for it: what runs a compiled kernel without a compiler."""

import ctypes
import platform
from collections.abc import Sequence
from functools import cache
from typing import Any

import llvmlite.binding as llvm
import numpy as np

_VECTOR_LIBRARY = "libmvec.so.1"


def description() -> str:
    """Return what machine code depends on: the processor, its features, and the C library that it calls."""
    library = f"{' '.join(platform.libc_ver())}, {_VECTOR_LIBRARY if vector_library() else 'no vector library'}"
    return f"{llvm.get_host_cpu_name()} {llvm.get_host_cpu_features().flatten()} {library}"


def vector_bytes() -> int:
    """Return the bytes of this machine's widest vector registers."""
    features = llvm.get_host_cpu_features()
    return 64 if features.get("avx512f") else 32 if features.get("avx2") else 16


@cache
def vector_library() -> ctypes.CDLL | None:
    """Return glibc's library of vector functions, loaded for machine code to call; None where there is none."""
    try:
        library = ctypes.CDLL(_VECTOR_LIBRARY)
    except OSError:
        return None
    llvm.load_library_permanently(_VECTOR_LIBRARY)
    return library


class LoadedFunction:
    """A compiled function, which releases the interpreter's lock while it runs.

    Parameters
    ----------
    code
        An object file for this machine.
    symbol
        The function, with Numba's calling convention for functions of no result.
    arguments
        Their C types.
    """

    def __init__(self, code: bytes, symbol: str, arguments: Sequence[type]) -> None:
        vector_library()
        llvm.initialize_native_target()
        llvm.initialize_native_asmprinter()
        target = llvm.Target.from_triple(llvm.get_process_triple())
        machine = target.create_target_machine(codemodel="jitdefault", jit=True)
        self._engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), machine)  # frees the code as it goes
        self._engine.add_object_file(llvm.ObjectFileRef.from_data(code))
        self._engine.finalize_object()
        self._unused = [ctypes.c_void_p(), ctypes.c_void_p()]  # for a result and for an exception: there are none
        kind = ctypes.CFUNCTYPE(ctypes.c_int32, *[ctypes.c_void_p] * 2, *arguments)
        self._call = kind(self._engine.get_function_address(symbol))

    def __call__(self, *values: Any) -> None:
        """Call it."""
        self._call(*(ctypes.addressof(place) for place in self._unused), *values)

    def write(self, symbol: str, block: np.ndarray) -> None:
        """Fill a block of the code's memory."""
        ctypes.memmove(self._engine.get_global_value_address(symbol), block.ctypes.data, block.nbytes)
