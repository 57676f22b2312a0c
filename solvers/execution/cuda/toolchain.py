"""From a Numba-CUDA function to machine code for a named architecture, on machines with or without a GPU.

Numba lowers the function to LLVM IR, libNVVM optimises that into PTX, `ptxas` assembles PTX into a cubin and
says what the kernel needs. This is the one module that knows the compilers.
"""

import re
import shutil
import struct
import subprocess
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from cuda import pathfinder
from cuda.bindings.nvvm import nvvmError
from llvmlite import ir
from numba.cuda import dispatcher, types
from numba.cuda.compiler import compile_cuda, kernel_fixup
from numba.cuda.core.compiler_lock import global_compiler_lock
from numba.cuda.cudadrv import libs, nvvm

from solvers.errors import PlanError
from solvers.execution.cuda.occupancy import Architecture, KernelResources
from solvers.interruptible import interruptible
from solvers.targets.written import Announce, count_written

#: A global per function that Numba declares, needs for object mode only, and numbers as it goes: without it
#: the same kernel gives the same PTX every time.
ENVIRONMENT = re.compile(r'^@"_ZN08NumbaEnv.*\n', re.MULTILINE)

#: A function that becomes a kernel, and the Numba types of its arguments.
Entry = tuple[Callable[..., None], tuple[types.Type, ...]]

INSTRUCTION_BYTES = 16  # on every architecture since 7.0
OPCODE_MASK = 0xFFF
OPCODE_NOP = 0x918
OPCODE_BRANCH = 0x947


class ToolchainError(Exception):
    """A compiler refused its input; the message is the compiler's own."""


class ToolkitMissingError(ToolchainError):
    """A part of the CUDA toolkit is not installed; the message says which, `hint` how to get it."""

    hint = "install the toolkit with `pip install 'cubie-cli[cuda13]'`, or set CUDA_HOME to one"

    def __init__(self, part: str) -> None:
        super().__init__(f"CUDA kernels cannot be compiled here: {part} was not found")


@dataclass(frozen=True)
class CompiledKernel:
    """A kernel in the forms a driver loads, and what it needs.

    Parameters
    ----------
    name
        Of the entry, for `cuda_driver.Module.function`: the Python function's own.
    ptx
        Text that any driver new enough compiles for its GPU.
    cubin
        Machine code for one architecture, an ELF file.
    resources
        As the assembler reports them.
    seconds
        Wall time of the whole compilation.
    modules
        The LLVM IR that the PTX comes from.
    """

    name: str
    ptx: str
    cubin: bytes
    resources: KernelResources
    seconds: float
    modules: tuple[str, ...]


def compile_kernel(
    pyfunc: Callable[..., None],
    signature: tuple[types.Type, ...],
    arch: Architecture = (9, 0),
    *,
    max_registers: int | None = None,
    beside: Sequence[Entry] = (),
    definitions: Callable[[], str] | None = None,
    announce: Announce | None = None,
    **rules: bool,
) -> CompiledKernel:
    """Compile a Python function as a CUDA kernel, to machine code.

    Parameters
    ----------
    pyfunc, signature, arch, beside, **rules
        As `compile_ptx` takes them; `arch` is what the machine code runs on.
    max_registers
        Most registers a thread; None leaves it to the assembler.
    definitions
        Returns LLVM code that defines what the code of all functions declares; called when that is written.
    announce
        Is told how much there is to optimise, before that begins.

    Raises
    ------
    ToolkitMissingError
        Without libNVVM, libNVRTC, libdevice or ptxas.
    ToolchainError
        Where one of them fails.
    numba.cuda.core.errors.NumbaError
        Where the function cannot be typed or lowered.
    """
    start = time.perf_counter()
    require_toolkit()
    name = pyfunc.__name__
    modules, ptx = _translate([(pyfunc, signature), *beside], arch, definitions, announce, **rules)
    cubin, resources = assemble(ptx, name, arch, max_registers)
    return CompiledKernel(name, ptx, cubin, resources, time.perf_counter() - start, modules)


def compile_ptx(
    pyfunc: Callable[..., None],
    signature: tuple[types.Type, ...],
    arch: Architecture = (9, 0),
    *,
    beside: Sequence[Entry] = (),
    **rules: bool,
) -> str:
    """Compile a Python function as a CUDA kernel, to PTX, which drivers take where there is no assembler.

    Parameters
    ----------
    pyfunc
        A plain function of no result, undecorated. What it calls is `numba.cuda.jit(device=True)` or an
        intrinsic. Its name becomes the kernel's.
    signature
        Numba types of its arguments. `CPointer` and scalars become plain parameters of the entry: a pointer
        of 8 bytes, or the scalar itself.
    arch
        Compute capability, (major, minor), the oldest the code runs on.
    beside
        Other kernels for the same text, as (function, signature).
    fma
        Let the compiler fuse any multiplication with the addition that follows. Otherwise, which is the default, only
        what is written as a fused operation, or is marked `contract` in LLVM IR, is fused.
    flush_subnormals, exact_division, exact_sqrt
        Float32 only: treat subnormals as 0 (default: not); divide and take roots correctly rounded (default).

    Raises
    ------
    ToolkitMissingError, ToolchainError, numba.cuda.core.errors.NumbaError
        As `compile_kernel`, but for ptxas.
    """
    _require_compiler()
    _, ptx = _translate([(pyfunc, signature), *beside], arch, None, None, **rules)
    return ptx


def _translate(
    entries: Sequence[Entry],
    arch: Architecture,
    definitions: Callable[[], str] | None,
    announce: Announce | None = None,
    *,
    fma: bool = False,
    flush_subnormals: bool = False,
    exact_division: bool = True,
    exact_sqrt: bool = True,
) -> tuple[tuple[str, ...], str]:
    """Return the LLVM IR of some kernels, module by module, and their PTX; the rules are those of `compile_ptx`."""
    options = {"opt": 3, "fma": fma, "ftz": flush_subnormals, "prec-div": exact_division, "prec-sqrt": exact_sqrt}
    lowered = [lower(function, arguments, arch) for function, arguments in entries]
    modules = tuple(dict.fromkeys(text for texts, _ in lowered for text in texts))
    more = (_module(definitions()),) if definitions else ()
    if announce is not None:
        announce(count_written(modules))
    ptx = interruptible(lambda: optimise((*modules, *more), arch, options))
    for (function, _), (_, entry) in zip(entries, lowered, strict=True):
        ptx = ptx.replace(entry, function.__name__)
    return modules, ptx


def _module(definitions: str) -> str:
    """Return definitions as a module of their own."""
    module = ir.Module("definitions")
    module.triple, module.data_layout = "nvptx64-nvidia-cuda", nvvm.NVVM().data_layout
    nvvm.add_ir_version(module)
    return f"{module}\n{definitions}"


def require_toolkit() -> None:
    """Check that everything `compile_kernel` needs is installed.

    Raises
    ------
    ToolkitMissingError
        Naming the first part that is missing.
    """
    _require_compiler()
    find_ptxas()


def _require_compiler() -> None:
    _library("nvvm")
    _library("nvrtc")  # Numba looks for it beside libdevice, and does without neither
    if libs.get_libdevice() is None:
        raise ToolkitMissingError("libdevice")


def _library(name: str) -> Path:
    try:
        return Path(pathfinder.load_nvidia_dynamic_lib(name).abs_path)
    except pathfinder.DynamicLibNotFoundError as error:
        raise ToolkitMissingError(f"the library {name}") from error


def find_ptxas() -> str:
    """Return the path of the assembler, of the toolkit that libNVVM belongs to where that has one.

    An older assembler refuses a newer libNVVM's PTX, so the first one on the PATH will not do.
    """
    library = _library("nvvm").resolve()
    siblings = [folder / "bin" for folder in library.parents[1:4]]
    beside = next((found for folder in siblings if (found := shutil.which("ptxas", path=str(folder)))), None)
    found = beside or pathfinder.find_nvidia_binary_utility("ptxas") or shutil.which("ptxas")
    if found is None:
        raise ToolkitMissingError("the assembler ptxas")
    return str(found)


@contextmanager
def _assumed_device(arch: Architecture) -> Iterator[None]:
    """Answer the one question Numba asks the driver while it lowers: which architecture a callee is for.

    Numba lowers a device function when its first caller is typed, for the current device, whatever the caller
    is for. The name it asks by is replaced, for as long as the compiler lock is held.
    """
    asked = dispatcher.get_current_device
    dispatcher.get_current_device = lambda: SimpleNamespace(compute_capability=arch)
    try:
        yield
    finally:
        dispatcher.get_current_device = asked


def lower(pyfunc: Callable[..., None], signature: tuple[types.Type, ...], arch: Architecture) -> tuple[list[str], str]:
    """Lower a kernel and all it calls to LLVM IR.

    Returns
    -------
    tuple
        The texts of the modules, and the name of the entry in them.
    """
    with global_compiler_lock, _assumed_device(arch):
        compiled = compile_cuda(pyfunc, types.void, signature, cc=arch)
    library = compiled.library
    entry = library.get_function(compiled.fndesc.llvm_func_name)
    kernel_fixup(entry, debug=False)
    texts = dict.fromkeys(library.llvm_strs)  # what is called from two places comes twice
    return [ENVIRONMENT.sub("", text) for text in texts], entry.name


def module_name(module: str) -> str:
    """Return the name of the function that a module of `lower` is of, without what Numba numbers it by."""
    found = re.search(r'^; ModuleID = "(.*?)(\$\d+)?"$', module, re.MULTILINE)
    return found[1].replace(".<locals>", "") if found else "module"


def optimise(modules: Sequence[str], arch: Architecture, options: dict[str, Any]) -> str:
    """Compile LLVM IR to PTX with libNVVM, libdevice linked in.

    Parameters
    ----------
    options
        Of libNVVM, without the leading dash.
    """
    major, minor = arch
    unit = nvvm.CompilationUnit({"arch": f"compute_{major}{minor}", **options})
    try:
        for module in modules:
            unit.add_module(nvvm.llvm_replace(module).encode())
        unit.verify()
        unit.lazy_add_module(nvvm.LibDevice().get())  # not subject to the verifier
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", nvvm.NvvmWarning)
            ptx = unit.compile()
    except nvvmError as error:
        told = unit.get_log().strip() or str(error)
        if "-arch=" in told and "unsupported" in told:
            hint = (
                "CUDA 13 begins with sm_75: pip install 'cubie-cli[cuda12]' knows older ones" if arch < (7, 5) else None
            )
            message = f"the CUDA toolkit that is installed does not know sm_{major}{minor}"
            raise PlanError(message, hint or "a newer toolkit may", "--arch") from error
        raise ToolchainError(f"libNVVM: {told}") from error
    return str(ptx.decode().strip("\0 \n"))


def assemble(
    ptx: str, name: str, arch: Architecture, max_registers: int | None = None
) -> tuple[bytes, KernelResources]:
    """Assemble PTX to a cubin and read what one of its kernels needs.

    Raises
    ------
    ToolchainError
        With the assembler's message.
    """
    major, minor = arch
    limit = [] if max_registers is None else [f"--maxrregcount={max_registers}"]
    with tempfile.TemporaryDirectory(prefix="cubie-") as folder:
        source, output = Path(folder, "kernel.ptx"), Path(folder, "kernel.cubin")
        source.write_text(ptx)
        command = [find_ptxas(), "-v", "-O3", f"--gpu-name=sm_{major}{minor}", *limit]
        done = subprocess.run(  # noqa: S603 - no part of it comes from a user
            [*command, str(source), "-o", str(output)], capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise ToolchainError(f"ptxas: {(done.stderr or done.stdout).strip()}")
        cubin = output.read_bytes()
    return cubin, _resources(done.stderr + done.stdout, name, cubin)


def _resources(report: str, name: str, cubin: bytes) -> KernelResources:
    """Read the assembler's verbose report, and from the cubin what the report leaves out."""
    _, _, properties = report.partition(f"Function properties for {name}\n")
    if not properties:
        raise ToolchainError(f"ptxas reports no kernel {name}: {report.strip()}")

    def number(unit: str) -> int:
        found = re.search(rf"(\d+) {unit}", properties)
        return int(found[1]) if found else 0

    sections = elf_sections(cubin)
    return KernelResources(
        registers=number("registers"),
        stack_bytes=number("bytes stack frame"),
        spill_store_bytes=number("bytes spill stores"),
        spill_load_bytes=number("bytes spill loads"),
        static_shared_bytes=number("bytes smem"),
        instructions=count_instructions(sections[f".text.{name}"]),
        constant_bytes=len(sections[f".nv.constant0.{name}"]),
    )


def elf_sections(image: bytes) -> dict[str, bytes]:
    """Return the contents of the named sections of a 64-bit little-endian ELF file.

    A section that takes no room in the file has no contents. Source: System V Application Binary Interface,
    chapter 4, "Object Files".

    Raises
    ------
    ValueError
        For anything else.
    """
    if image[:6] != b"\x7fELF\x02\x01":
        raise ValueError("not a 64-bit little-endian ELF file")
    (table,) = struct.unpack_from("<Q", image, 0x28)
    entry_bytes, count, names_index = struct.unpack_from("<3H", image, 0x3A)
    no_contents = 8
    headers = [struct.unpack_from("<IIQQQQ", image, table + i * entry_bytes) for i in range(count)]
    contents = [
        b"" if kind == no_contents else image[offset : offset + size] for _, kind, _, _, offset, size in headers
    ]
    names = contents[names_index]
    return {
        names[start : names.index(b"\0", start)].decode(): data
        for (start, *_), data in zip(headers, contents, strict=True)
    }


def count_instructions(code: bytes) -> int:
    """Count the machine instructions of a kernel, less the padding at its end.

    The assembler ends a kernel with a branch to itself and fills up with instructions that do nothing. The
    opcodes, bits 0 to 11 of 128, are those it writes on every architecture since 7.0.
    """
    opcodes = [
        struct.unpack_from("<H", code, start)[0] & OPCODE_MASK for start in range(0, len(code), INSTRUCTION_BYTES)
    ]
    while opcodes and opcodes[-1] == OPCODE_NOP:
        opcodes.pop()
    if opcodes and opcodes[-1] == OPCODE_BRANCH:
        opcodes.pop()
    return len(opcodes)
