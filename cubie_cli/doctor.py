"""What this machine offers: versions, devices, the CUDA toolkit, processors, and packages in the way."""

import os
import platform
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path

from cubie_cli import provenance

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
_SIMD = ("sse4_2", "avx", "avx2", "fma", "avx512f", "avx512dq", "asimd", "sve")


@dataclass(frozen=True)
class Processor:
    """The processor, and how much of it this process may use.

    Parameters
    ----------
    model, features
        Its name, and the vector instruction sets it has.
    cores
        Logical processors of the machine.
    affinity, cgroup, slurm
        Processors this process is bound to, the limit of its control group, and Slurm's
        `SLURM_CPUS_PER_TASK`; None where there is no such limit.
    threads
        What follows: the threads a job may use.
    """

    model: str
    features: tuple[str, ...]
    cores: int
    affinity: int | None
    cgroup: float | None
    slurm: int | None
    threads: int


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
    problems
        One sentence for each thing that is wrong.
    """

    versions: Mapping[str, str]
    toolkit: Mapping[str, str]
    targets: Mapping[str, str]
    processor: Processor
    problems: tuple[str, ...]

    def as_json(self) -> dict[str, object]:
        """Return the diagnosis as plain values."""
        return asdict(self)


def examine(targets: Mapping[str, str]) -> Diagnosis:
    """Return what this machine offers, given the targets the engine found."""
    return Diagnosis(
        versions={"cubie": provenance.version(), "python": platform.python_version()} | _installed(_LIBRARIES),
        toolkit=_toolkit(),
        targets=dict(targets),
        processor=processor(),
        problems=shadowed(metadata.packages_distributions()),
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


def usable_threads() -> int:
    """Return how many threads this process may use."""
    return processor().threads


def processor() -> Processor:
    """Return the processor and the limits on its use."""
    affinity = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None
    cores, cgroup, slurm = os.cpu_count() or 1, _cgroup_limit(), _slurm_limit()
    limits = [float(limit) for limit in (cores, affinity, cgroup, slurm) if limit is not None]
    model, features = _cpuinfo()
    return Processor(model, features, cores, affinity, cgroup, slurm, max(1, int(min(limits))))


def _installed(distributions: Sequence[str]) -> dict[str, str]:
    found = {name: provenance.installed_version(name) for name in distributions}
    return {name: text for name, text in found.items() if text is not None}


def _toolkit() -> dict[str, str]:
    names = {_canonical(found.metadata["Name"] or ""): found.version for found in metadata.distributions()}
    return {name: names[name] for name in sorted(names) if re.fullmatch(_TOOLKIT, name)}


def _canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _slurm_limit() -> int | None:
    text = os.environ.get("SLURM_CPUS_PER_TASK", "")
    return int(text) if text.isdecimal() and int(text) > 0 else None


def _cgroup_limit(root: Path = Path("/sys/fs/cgroup"), own: Path = Path("/proc/self/cgroup")) -> float | None:
    """Return the processors that the control groups (version 2) of this process grant, or None."""
    try:
        path = own.read_text(encoding="utf-8").rpartition("0::")[2].strip()
    except OSError:
        return None
    group = root / path.lstrip("/")
    limits = [_cgroup_quota(folder) for folder in (group, *group.parents) if folder.is_relative_to(root)]
    return min((limit for limit in limits if limit is not None), default=None)


def _cgroup_quota(folder: Path) -> float | None:
    try:
        quota, period = (folder / "cpu.max").read_text(encoding="ascii").split()
        return int(quota) / int(period)
    except (OSError, ValueError):  # no such file, or the quota is "max"
        return None


def _cpuinfo() -> tuple[str, tuple[str, ...]]:
    """Return the processor's name and its vector instruction sets."""
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return platform.processor() or platform.machine(), ()
    named = re.search(r"^model name\s*:\s*(.+)$", text, re.MULTILINE)
    flags = re.search(r"^(?:flags|Features)\s*:\s*(.+)$", text, re.MULTILINE)
    present = set(flags.group(1).split()) if flags else set()
    return named.group(1) if named else platform.machine(), tuple(name for name in _SIMD if name in present)
