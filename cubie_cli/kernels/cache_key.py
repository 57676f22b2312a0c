"""Makes the key under which a kernel is kept: a digest of everything that its machine code depends on.

It is taken from what is written, not from what follows, so that a kernel is found without SymPy or a
compiler.
"""

import hashlib
import json
import os
import sys
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

import buffers
import cubie_cli
import solvers
from cubie_cli.configurations.job import Job
from cubie_cli.results.provenance import installed_version
from solvers.planning.given import compiled_choices

#: Distributions whose version may change a bit of a result.
COMPILERS = ("llvmlite", "numba", "numba-cuda", "numpy", "sympy")
_TOOLKIT = ("cuda-toolkit", "nvidia-nvvm", "nvidia-cuda-nvcc", "nvidia-cuda-nvcc-cu12")


def kernel_key(job: Job, target: str, architecture: str) -> str:
    """Return the key of a job's kernel, hexadecimal digits.

    Values that are handed to a kernel as it starts are left out: those of the batch, the model's defaults, the numbers
    in drivers' tables, and those of `[solve]` and `[output]`.

    Parameters
    ----------
    target
        "cuda" or "cpu".
    architecture
        What the code is for, as `solvers.execution.engine.architecture` names it.
    """
    quantities, settings = job.model.quantities, job.configuration
    facts: dict[str, Any] = {
        "sources": digest_of_sources(),
        "versions": _versions(target),
        "target": target,
        "architecture": architecture,
        "states": quantities.states,
        "parameters": quantities.parameters,
        "constants": dict(job.model.constants),
        "vectors": [asdict(vector) for vector in job.model.vectors.values()],
        "equations": [job.model.text_of("equations", name) for name in quantities.states],
        "values": {name: job.model.text_of_value(name) for name in job.model.computed},
        "observables": {name: job.model.text_of("observables", name) for name in quantities.observables},
        "events": [event.compiled for event in job.model.events],
        "drivers": {driver.name: driver.shape for driver in quantities.drivers},
        "choices": compiled_choices(settings.solve, settings.save),
        "swept": job.design.names,
        "kernel": asdict(settings.kernel),
        "buffers": [settings.buffers.default, list(settings.buffers.named.items())],
    }
    if target == "cuda":
        facts["disorder"] = job.design.disorder
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()


def _versions(target: str) -> dict[str, str | None]:
    """Return the versions of what writes the code."""
    names = (*COMPILERS, *_TOOLKIT) if target == "cuda" else COMPILERS
    found: dict[str, str | None] = {name: installed_version(name) for name in names}
    return found | {"python": sys.version, "CUDA_HOME": os.environ.get("CUDA_HOME")}


@cache
def digest_of_sources() -> str:
    """Return a digest of this program, which a version number is not: a checkout changes under it."""
    digest = hashlib.sha256()
    for package in (buffers, cubie_cli, solvers):
        folder = Path(str(package.__file__)).parent
        for path in sorted(folder.rglob("*.py")):
            digest.update(f"{path.relative_to(folder)}\n".encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()
