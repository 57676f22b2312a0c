"""How Numba compiles device code: to LLVM code that is linked, optimised and made machine code once, for a kernel."""

from collections.abc import Callable
from typing import Any

import llvmlite.binding as llvm
import numba
from llvmlite import ir
from numba.core.codegen import CPUCodeLibrary
from numba.core.compiler import Compiler
from numba.core.compiler_lock import global_compiler_lock

from solvers.interruptible import interruptible
from solvers.straightline.setting import SettingsBlock
from solvers.targets.listing import Listing
from solvers.targets.settings import definition
from solvers.targets.written import Announce, Written


class DeviceLibrary(CPUCodeLibrary):
    """The LLVM code of one device function, as it was written.

    Numba's own libraries optimise a function together with all it calls, and its callers do so again.
    """

    instructions = 0

    def add_ir_module(self, ir_module: ir.Module) -> None:
        """Take the function's code before it is parsed, and count its instructions."""
        self.instructions = sum(len(block.instructions) for each in ir_module.functions for block in each.blocks)
        super().add_ir_module(ir_module)

    def add_llvm_module(self, ll_module: llvm.ModuleRef) -> None:
        """Take the function's code."""
        self._final_module.link_in(ll_module)

    def finalize(self) -> None:
        """Take no more code."""
        self._finalized = True

    def linked(self) -> llvm.ModuleRef:
        """Return the function's code with that of all it calls, directly or not."""
        module = self._final_module.clone()
        for called in self.with_called()[1:]:
            module.link_in(called._final_module, preserve=True)  # noqa: SLF001
        return module

    def count(self) -> int:
        """Return how many instructions those are; libraries that Numba adds for itself have a few that do not count."""
        return sum(each.instructions for each in self.with_called() if isinstance(each, DeviceLibrary))

    def with_called(self) -> list[CPUCodeLibrary]:
        """Return this library and those of all that the function calls, directly or not."""
        libraries: list[CPUCodeLibrary] = [self]
        for library in libraries:
            found = dict.fromkeys(library._linking_libraries)  # noqa: SLF001
            libraries += [called for called in found if called not in libraries]
        return libraries


class _DeviceCompiler(Compiler):
    """Compiles a function that only other device code calls, or of which machine code is made by `machine_code`."""

    def compile_extra(self, func: Callable[..., Any]) -> Any:
        """Return the function's LLVM code; Numba wants a built-in function by which to find it again."""
        self.state.library = DeviceLibrary(self.state.targetctx.codegen(), func.__qualname__)
        self.state.flags.no_compile = True
        compiled = super().compile_extra(func)._replace(entry_point=object().__dir__)
        self.state.targetctx.insert_user_function(compiled.entry_point, compiled.fndesc, [compiled.library])
        return compiled


def device_function(function: Callable[..., Any], *, inline: bool) -> Any:
    """Return a function for device code to call."""
    return numba.njit(
        forceinline=inline,
        error_model="numpy",
        no_cpython_wrapper=True,
        no_cfunc_wrapper=True,
        pipeline_class=_DeviceCompiler,
    )(function)


def lower(kernel: Callable[..., Any], signature: Any) -> Any:
    """Lower a kernel and all it calls to LLVM code.

    Returns
    -------
    compiled
        Numba's description of the kernel; its `library` is a `DeviceLibrary`.
    """
    dispatcher = device_function(kernel, inline=False)
    dispatcher.compile(signature)
    (compiled,) = dispatcher.overloads.values()
    return compiled


def machine_code(
    kernel: Callable[..., Any],
    signature: Any,
    settings: SettingsBlock,
    listing: Listing | None = None,
    announce: Announce | None = None,
) -> tuple[bytes, str]:
    """Compile a kernel to machine code.

    Parameters
    ----------
    kernel
        Its Python function.
    signature
        Numba's, of its arguments.
    settings
        Those that the code asks for.
    listing
        Takes the code as it comes about.
    announce
        Is told how much there is to optimise, before that begins.

    Returns
    -------
    code, symbol
        An object file, and the kernel's name in it.
    """
    compiled = lower(kernel, signature)
    symbol, machine = compiled.fndesc.llvm_func_name, compiled.library.codegen._tm  # noqa: SLF001
    with global_compiler_lock:
        if announce is not None:
            announce(Written(compiled.library.count(), 0))
        module = interruptible(compiled.library.linked)
        module.link_in(llvm.parse_assembly(definition(settings.nbytes, space=0)))
        return interruptible(lambda: _emitted(module, symbol, machine, listing)), symbol


def _emitted(module: llvm.ModuleRef, symbol: str, machine: llvm.TargetMachine, listing: Listing | None) -> bytes:
    """Return the object file of a module."""
    written = "" if listing is None else str(module)
    _optimise(module, symbol, machine)
    if listing is not None:
        listing.add_llvm("kernel", "LLVM code as written", written)
        listing.add_llvm("kernel.optimised", "LLVM code as optimised", str(module))
        # Of a copy: writing machine code changes what it is written from.
        listing.add("kernel.s", "assembly", machine.emit_assembly(module.clone()))
    return bytes(machine.emit_object(module))


def _optimise(module: llvm.ModuleRef, entry: str, machine: llvm.TargetMachine) -> None:
    """Tidy up each function by itself, put into each other what is to be inline, and optimise the whole once."""
    tidy, full = _passes(machine, 1), _passes(machine, 3)
    for function in module.functions:
        if not function.is_declaration:
            tidy.getFunctionPassManager().run(function, tidy)
            if function.name != entry:
                function.linkage = "linkonce_odr"  # dropped where nobody calls it any more
    inlining = llvm.create_new_module_pass_manager()
    inlining.add_always_inliner_pass()
    inlining.add_global_dead_code_eliminate_pass()
    inlining.run(module, full)
    full.getModulePassManager().run(module, full)
    module.verify()


def _passes(machine: llvm.TargetMachine, level: int) -> llvm.PassBuilder:
    """Return a builder of passes that leaves loops as they are: their values are vectors already."""
    tuning = llvm.create_pipeline_tuning_options(speed_level=level)
    tuning.loop_vectorization = False
    return llvm.create_pass_builder(machine, tuning)
