"""Compiling kernels without a GPU. The test extra installs the toolkit, so nothing here is skipped."""

import math
import re
import struct
import subprocess
import sys

import pytest
from llvmlite import ir
from numba import cuda, types
from numba.cuda.extending import intrinsic

from solvers.errors import PlanError
from solvers.execution.cuda import toolchain as cuda_toolchain
from solvers.execution.cuda.toolchain import (
    ToolchainError,
    ToolkitMissingError,
    assemble,
    compile_kernel,
    compile_ptx,
    count_instructions,
    elf_sections,
)

F64 = types.CPointer(types.float64)
F32 = types.CPointer(types.float32)


def axpy(x, y, n, a):
    i = cuda.grid(1)
    if i < n:
        y[i] = a * x[i] + y[i]


AXPY = (F64, F64, types.int64, types.float64)


@pytest.fixture(scope="module")
def kernel():
    return compile_kernel(axpy, AXPY)


def test_resources_are_plausible(kernel):
    needs = kernel.resources
    assert 8 <= needs.registers <= 32
    assert (needs.stack_bytes, needs.spill_store_bytes, needs.spill_load_bytes) == (0, 0, 0)
    assert needs.static_shared_bytes == 0
    assert 10 <= needs.instructions <= 60
    assert needs.constant_bytes >= 32
    assert kernel.seconds > 0


def test_the_entry_takes_plain_parameters(kernel):
    entry = re.search(r"\.visible \.entry axpy\((.*?)\)", kernel.ptx, re.DOTALL)
    assert re.findall(r"\.param \.(\w+)", entry[1]) == ["u64", "u64", "u64", "f64"]


def test_the_same_kernel_gives_the_same_code(kernel):
    again = compile_kernel(axpy, AXPY)
    assert (again.ptx, again.cubin, again.resources) == (kernel.ptx, kernel.cubin, kernel.resources)


@pytest.mark.parametrize("arch", [(7, 5), (8, 0), (8, 9), (10, 0), (12, 0)])
def test_any_architecture(arch):
    @cuda.jit(device=True)
    def square(value):
        return value * value

    def kernel(x):
        x[0] = square(x[0])

    compiled = compile_kernel(kernel, (F64,), arch)
    assert f".target sm_{arch[0]}{arch[1]}" in compiled.ptx
    assert compiled.resources.registers > 0
    assert b"kernel" in compiled.cubin


def test_numba_asks_the_driver_again_afterwards():
    asked = cuda.dispatcher.get_current_device
    compile_kernel(axpy, AXPY, (8, 0))
    assert cuda.dispatcher.get_current_device is asked


def test_stack_and_shared_memory_are_read():
    def kernel(x, n):
        mine = cuda.local.array(100, types.float64)
        ours = cuda.shared.array(64, types.float64)
        for i in range(100):
            mine[i] = x[i]
        ours[cuda.threadIdx.x] = x[n]
        cuda.syncthreads()
        x[0] = mine[n] + ours[n]

    needs = compile_kernel(kernel, (F64, types.int64)).resources
    assert needs.stack_bytes == 800
    assert needs.static_shared_bytes == 512


def test_a_limit_on_registers_spills():
    loads = "\n".join(f"    v{i} = x[{i}]" for i in range(60))
    total = " + ".join(f"v{i}" for i in range(60))  # keeps every value alive until the first store
    stores = "\n".join(f"    x[{i}] = v{59 - i}*total" for i in range(60))
    scope = {}
    exec(f"def many(x):\n{loads}\n    total = {total}\n{stores}", scope)  # noqa: S102
    free = compile_kernel(scope["many"], (F64,)).resources
    tight = compile_kernel(scope["many"], (F64,), max_registers=32).resources
    assert free.registers > 100
    assert free.spill_store_bytes == 0
    assert tight.registers <= 32
    assert tight.spill_store_bytes > 0
    assert tight.spill_load_bytes > 0


def unary(name, kind, lltype):
    """Make an intrinsic that calls an LLVM or libdevice function of one argument."""

    @intrinsic
    def call(_context, x):
        def build(_context, builder, _signature, args):
            function = builder.module.globals.get(name) or ir.Function(
                builder.module, ir.FunctionType(lltype, [lltype]), name
            )
            return builder.call(function, args)

        return kind(x), build

    return call


@intrinsic
def fused(_context, x, y, z):
    def build(_context, builder, _signature, args):
        return builder.fma(*args)

    return types.float64(x, y, z), build


@intrinsic
def contracted(_context, x, y, z):
    def build(_context, builder, _signature, args):
        product = builder.fmul(args[0], args[1], flags=("contract",))
        return builder.fadd(product, args[2], flags=("contract",))

    return types.float64(x, y, z), build


def plain(x):
    x[0] = x[0] * x[1] + x[2]


def fused_kernel(x):
    x[0] = fused(x[0], x[1], x[2])


def contracted_kernel(x):
    x[0] = contracted(x[0], x[1], x[2])


@pytest.mark.parametrize(
    ("function", "fma", "operations"),
    [
        (plain, False, ["mul.rn", "add.rn"]),  # .rn forbids the assembler to fuse too
        (plain, True, ["fma.rn"]),
        (fused_kernel, False, ["fma.rn"]),
        (contracted_kernel, False, ["fma.rn"]),
    ],
)
def test_only_what_is_written_fused_is_fused(function, fma, operations):
    ptx = compile_kernel(function, (F64,), fma=fma).ptx
    assert re.findall(r"((?:mul|add|fma)\S*)\.f64", ptx) == operations


@pytest.mark.parametrize(
    ("name", "kind", "lltype", "operation"),
    [
        ("llvm.sqrt.f64", types.float64, ir.DoubleType(), "sqrt.rn.f64"),
        ("llvm.sqrt.f32", types.float32, ir.FloatType(), "sqrt.rn.f32"),
        ("llvm.nvvm.rcp.approx.ftz.d", types.float64, ir.DoubleType(), "rcp.approx.ftz.f64"),
        ("llvm.nvvm.lg2.approx.ftz.f", types.float32, ir.FloatType(), "lg2.approx.ftz.f32"),
        ("llvm.nvvm.ex2.approx.ftz.f", types.float32, ir.FloatType(), "ex2.approx.ftz.f32"),
        ("__nv_fabs", types.float64, ir.DoubleType(), "abs.f64"),
    ],
)
def test_intrinsics_become_one_instruction(name, kind, lltype, operation):
    function = unary(name, kind, lltype)

    def kernel(x):
        x[0] = function(x[0])

    ptx = compile_kernel(kernel, (F64 if kind is types.float64 else F32,)).ptx
    body = ptx[ptx.index("{") :]
    arithmetic = [line for line in body.split("\n") if re.match(r"\s+(?!ld|st|cvta|ret)[a-z]", line)]
    assert [line.split()[0] for line in arithmetic] == [operation]


def test_libdevice_is_linked():
    function = unary("__nv_exp", types.float64, ir.DoubleType())

    def kernel(x):
        x[0] = function(x[0])

    compiled = compile_kernel(kernel, (F64,))
    assert "__nv_exp" not in compiled.ptx
    assert compiled.resources.instructions > 20


def test_float32_options_reach_the_compiler():
    def kernel(x):
        x[0] = math.sqrt(x[0] / x[1])

    exact = compile_kernel(kernel, (F32,)).ptx
    loose = compile_kernel(kernel, (F32,), flush_subnormals=True, exact_division=False, exact_sqrt=False).ptx
    assert "div.rn.f32" in exact
    assert "sqrt.rn.f32" in exact
    assert "div.full.ftz.f32" in loose
    assert "sqrt.approx.ftz.f32" in loose


def test_an_architecture_that_the_toolkit_does_not_know_is_told():
    with pytest.raises(PlanError, match="the CUDA toolkit that is installed does not know sm_50") as caught:
        compile_kernel(axpy, AXPY, (5, 0))
    assert "cubie-cli[cuda12]" in caught.value.hint


def test_what_libnvvm_refuses_is_its_message():
    function = unary("llvm.sin.f64", types.float64, ir.DoubleType())

    def kernel(x):
        x[0] = function(x[0])

    with pytest.raises(ToolchainError, match=r"Unsupported intrinsic: llvm\.sin\.f64"):
        compile_kernel(kernel, (F64,))


def test_what_the_assembler_refuses_is_its_message(kernel):
    with pytest.raises(ToolchainError, match=r"ptxas.*line \d+"):
        assemble(kernel.ptx.replace("ret;", "rot;"), "axpy", (9, 0))
    with pytest.raises(ToolchainError, match="no kernel other"):
        assemble(kernel.ptx, "other", (9, 0))


@pytest.mark.parametrize(
    ("place", "name", "answer", "part"),
    [
        (cuda_toolchain.libs, "get_libdevice", lambda: None, "libdevice"),
        (cuda_toolchain, "find_ptxas", None, "ptxas"),
        (cuda_toolchain.pathfinder, "load_nvidia_dynamic_lib", None, "nvvm"),
    ],
)
def test_a_missing_toolkit_is_named(monkeypatch, place, name, answer, part):
    def missing(*_):
        if part == "ptxas":
            raise ToolkitMissingError("the assembler ptxas")
        raise cuda_toolchain.pathfinder.DynamicLibNotFoundError("nvvm")

    monkeypatch.setattr(place, name, answer or missing)
    with pytest.raises(ToolkitMissingError, match=part) as caught:
        compile_kernel(axpy, AXPY)
    assert "cubie-cli[cuda13]" in caught.value.hint


def test_without_an_assembler_there_is_ptx(monkeypatch, kernel):
    monkeypatch.setattr(cuda_toolchain.shutil, "which", lambda *_, **__: None)
    monkeypatch.setattr(cuda_toolchain.pathfinder, "find_nvidia_binary_utility", lambda _: None)
    with pytest.raises(ToolkitMissingError, match="ptxas"):
        compile_kernel(axpy, AXPY)
    assert compile_ptx(axpy, AXPY) == kernel.ptx


def test_elf_sections_of_a_file_made_by_hand():
    names = b"\0.shstrtab\0.text.k\0.nv.shared.k\0"
    code = b"0123456789abcdef"
    sections = [  # name, type, offset, size
        (0, 0, 0, 0),
        (names.index(b".shstrtab"), 3, 64, len(names)),
        (names.index(b".text.k"), 1, 64 + len(names), len(code)),
        (names.index(b".nv.shared.k"), 8, 64 + len(names) + len(code), 4096),
    ]
    headers = b"".join(struct.pack("<IIQQQQIIQQ", n, t, 0, 0, o, s, 0, 0, 0, 0) for n, t, o, s in sections)
    table = 64 + len(names) + len(code)
    head = b"\x7fELF\x02\x01" + bytes(10) + struct.pack("<HHIQQQIHHHHHH", 2, 190, 1, 0, 0, table, 0, 64, 0, 0, 64, 4, 1)
    found = elf_sections(head + names + code + headers)
    assert found == {"": b"", ".shstrtab": names, ".text.k": code, ".nv.shared.k": b""}


@pytest.mark.parametrize("image", [b"", b"MZ", b"\x7fELF\x01\x01"])
def test_other_files_are_no_elf(image):
    with pytest.raises(ValueError, match="ELF"):
        elf_sections(image)


def test_padding_is_not_counted():
    def instruction(opcode):
        return struct.pack("<QQ", 0xABCD0000 | opcode, 0)

    exit_, branch, nop = instruction(0x94D), instruction(0x947), instruction(0x918)
    assert count_instructions(nop + exit_ + branch + nop * 5) == 2
    assert count_instructions(branch + exit_) == 2
    assert count_instructions(b"") == 0


def test_no_toolchain_module_is_imported_by_the_driver_layer():
    code = "import sys, solvers.execution.cuda.driver; sys.exit(any(m.startswith('numba') for m in sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
