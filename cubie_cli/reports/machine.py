"""Examines this machine: versions, devices, the CUDA toolkit, processors, and packages in the way."""

import platform
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib import metadata

from cubie_cli.kernels.cache import CacheUnusableError, entries, open_cache
from cubie_cli.results import provenance
from solvers.execution.cpu.processor import Processor, processor

OUR_DISTRIBUTION = "cubie-cli"
OUR_PACKAGES = ("cubie_cli", "solvers", "buffers")

_LIBRARIES = (
    "cuda-bindings",
    "h5py",
    "llvmlite",
    "numba",
    "numba-cuda",
    "numpy",
    "pydantic",
    "sympy",
    "typer",
)
_TOOLKIT = r"cuda-toolkit|nvidia-(cuda-nvcc|cuda-nvrtc|nvjitlink|nvvm|cuda-cccl|cuda-runtime)(-cu\d+)?"


@dataclass(frozen=True)
class Diagnosis:
    """All that `cubie doctor` finds.

    Parameters
    ----------
    versions, toolkit
        Version by distribution; `toolkit` has the packages that CUDA kernels are compiled with.
    targets
        Description or the reason why it is unavailable, by target.
    processor
        The processor.
    kernels
        Folder, number and bytes of the compiled kernels that are kept.
    problems
        One sentence for each thing that is wrong.
    """

    versions: Mapping[str, str]
    toolkit: Mapping[str, str]
    targets: Mapping[str, str]
    processor: Processor
    kernels: Mapping[str, str | int]
    problems: tuple[str, ...]

    def as_json(self) -> dict[str, object]:
        """Return the diagnosis as plain values."""
        return asdict(self)


def examine(targets: Mapping[str, str]) -> Diagnosis:
    """Return what this machine offers, given the targets the engine found."""
    kernels, unusable = _kernels()
    return Diagnosis(
        versions={"cubie": provenance.version(), "python": platform.python_version()} | _installed(_LIBRARIES),
        toolkit=_toolkit(),
        targets=dict(targets),
        processor=processor(),
        kernels=kernels,
        problems=(*shadowed(metadata.packages_distributions()), *unusable),
    )


def shadowed(owners: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """Return one sentence for each other distribution that brings an import package of our name.

    Parameters
    ----------
    owners
        Distributions by import package, as `importlib.metadata.packages_distributions` gives them.
    """
    return tuple(
        f"the distribution {other!r} also installs the package {package!r}: one hides the other; "
        f"install {OUR_DISTRIBUTION} in an environment of its own"
        for package in OUR_PACKAGES
        for other in sorted(set(owners.get(package, ())))
        if _canonical(other) != OUR_DISTRIBUTION
    )


def _kernels() -> tuple[dict[str, str | int], tuple[str, ...]]:
    """Return what is known of the kernels that are kept, and what keeps them from being kept."""
    try:
        folder = open_cache()
    except CacheUnusableError as error:
        return {"folder": "none", "number": 0, "bytes": 0}, (str(error),)
    sizes = [known.st_size for _, known in entries(folder)]
    return {"folder": str(folder), "number": len(sizes), "bytes": sum(sizes)}, ()


def _installed(distributions: Sequence[str]) -> dict[str, str]:
    found = {name: provenance.installed_version(name) for name in distributions}
    return {name: text for name, text in found.items() if text is not None}


def _toolkit() -> dict[str, str]:
    names = {_canonical(found.metadata["Name"] or ""): found.version for found in metadata.distributions()}
    return {name: names[name] for name in sorted(names) if re.fullmatch(_TOOLKIT, name)}


def _canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
