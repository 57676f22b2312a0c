"""Machine code as text, with a disassembler, a broken one, and none."""

import pytest
from numba import cuda, types

from solvers.execution.cuda import disassembly
from solvers.execution.cuda.disassembly import disassemble
from solvers.execution.cuda.toolchain import ToolchainError, compile_kernel, module_name

F64 = types.CPointer(types.float64)


@pytest.fixture
def program(tmp_path, monkeypatch):
    """Return a function that installs a disassembler of which nothing but a shell is needed."""
    monkeypatch.setattr(disassembly.pathfinder, "find_nvidia_binary_utility", lambda _: None)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")

    def install(name, script):
        path = tmp_path / name
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)

    return install


@pytest.mark.parametrize(("name", "option"), [("nvdisasm", "--print-code"), ("cuobjdump", "--dump-sass")])
def test_either_program_will_do(program, name, option):
    program(name, 'echo "$1"; cat "$2"')
    assert disassemble(b"code") == f"{option}\ncode"


def test_what_a_program_complains_of_is_told(program):
    program("nvdisasm", 'echo "no cubin" >&2; exit 1')
    with pytest.raises(ToolchainError, match="nvdisasm: no cubin"):
        disassemble(b"code")


@pytest.mark.usefixtures("program")
def test_without_a_program_it_is_said_how_to_get_one():
    with pytest.raises(ToolchainError, match="pip install nvidia-cuda-nvdisasm"):
        disassemble(b"code")


def test_a_kernel_reads_as_its_instructions():
    def store(x):
        x[cuda.grid(1)] = 1.0

    compiled = compile_kernel(store, (F64,))
    (module,) = compiled.modules
    assert module_name(module).endswith("store")
    try:
        text = disassemble(compiled.cubin)
    except ToolchainError as error:
        pytest.skip(str(error))
    assert "STG" in text
    assert "EXIT" in text
