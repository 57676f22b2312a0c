"""Machine code for a GPU as text, by NVIDIA's disassemblers; the toolkit's packages come without them."""

import shutil
import subprocess
import tempfile
from pathlib import Path

from cuda import pathfinder

from solvers.execution.cuda.toolchain import ToolchainError

#: Program -> what it takes to print code.
_PROGRAMS = {"nvdisasm": "--print-code", "cuobjdump": "--dump-sass"}


def disassemble(cubin: bytes) -> str:
    """Return the machine code of a cubin as text.

    Raises
    ------
    ToolchainError
        With the disassembler's message, or how to get one.
    """
    program, option = _disassembler()
    with tempfile.TemporaryDirectory(prefix="cubie-") as folder:
        source = Path(folder, "kernel.cubin")
        source.write_bytes(cubin)
        done = subprocess.run(  # noqa: S603 - no part of it comes from a user
            [program, option, str(source)], capture_output=True, text=True, check=False
        )
    if done.returncode:
        raise ToolchainError(f"{Path(program).name}: {(done.stderr or done.stdout).strip()}")
    return done.stdout


def _disassembler() -> tuple[str, str]:
    """Return the path of a disassembler, and its option."""
    for name, option in _PROGRAMS.items():
        found = pathfinder.find_nvidia_binary_utility(name) or shutil.which(name)
        if found:
            return str(found), option
    raise ToolchainError("nvdisasm was not found; install it with `pip install nvidia-cuda-nvdisasm`")
