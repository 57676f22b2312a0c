"""The processor, and how much of it this process may use."""

import os
import platform
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_SIMD = ("sse4_2", "avx", "avx2", "fma", "avx512f", "avx512dq", "asimd", "sve")
_GROUPS = Path("/sys/fs/cgroup")
_OWN_GROUPS = Path("/proc/self/cgroup")


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


def processor() -> Processor:
    """Return the processor and the limits on its use."""
    affinity = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None
    cores, cgroup, slurm = os.cpu_count() or 1, group_limit(), _slurm_limit()
    limits = [float(limit) for limit in (cores, affinity, cgroup, slurm) if limit is not None]
    model, features = _cpuinfo()
    return Processor(model, features, cores, affinity, cgroup, slurm, max(1, int(min(limits))))


def group_limit(root: Path = _GROUPS, own: Path = _OWN_GROUPS) -> float | None:
    """Return the processors that the control groups of this process grant, or None.

    Parameters
    ----------
    root
        Where control groups are mounted: of version 2 the groups themselves, of version 1 a folder a controller.
    own
        The file that names the groups of this process.
    """
    try:
        lines = own.read_text(encoding="utf-8").splitlines()
    except OSError:
        return None
    quotas = (_quota(folder) for line in lines for folder in _folders(root, line))
    return min((quota for quota in quotas if quota is not None), default=None)


def _folders(root: Path, line: str) -> Iterator[Path]:
    """Return the folders of a group and of those that hold it, given a line "id:controllers:path"."""
    _, controllers, path = [*line.split(":", 2), "", ""][:3]
    if controllers and "cpu" not in controllers.split(","):
        return
    for mount in (root / controllers, root / "cpu") if controllers else (root,):
        # The path may be that outside a container; the mount's root is then the container's own group.
        group = mount / path.lstrip("/")
        yield from (folder for folder in (group, *group.parents) if folder.is_relative_to(mount))


def _quota(folder: Path) -> float | None:
    """Return the processors that a group may use: its time in a period over the period."""
    try:
        if (folder / "cpu.max").exists():
            quota, period = (folder / "cpu.max").read_text(encoding="ascii").split()
        else:
            quota, period = (
                (folder / f"cpu.cfs_{name}_us").read_text(encoding="ascii") for name in ("quota", "period")
            )
        granted = int(quota) / int(period)
    except (OSError, ValueError):  # no such file, or the quota is "max"
        return None
    return granted if granted > 0 else None


def _slurm_limit() -> int | None:
    text = os.environ.get("SLURM_CPUS_PER_TASK", "")
    return int(text) if text.isdecimal() and int(text) > 0 else None


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
