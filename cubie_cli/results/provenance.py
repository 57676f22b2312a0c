"""Tells where a result comes from: versions, hashes of the files, the command line and the time."""

import shlex
import sys
from datetime import UTC, datetime
from importlib import metadata
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from cubie_cli.configurations.job import Job
    from cubie_cli.documents.document import Document

#: What the command of a result begins with that a Python program made.
PYTHON_CALL = "cubie_cli.run("
#: Distributions whose version may change a number in a result.
_NUMERICAL = ("numpy", "numba", "numba-cuda", "llvmlite", "sympy", "h5py")


def version() -> str:
    """Return the version of the installed distribution, or "unknown" in a bare checkout."""
    return installed_version("cubie-cli") or "unknown"


def installed_version(distribution: str) -> str | None:
    """Return the version of an installed distribution, or None."""
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return None


def attributes(job: "Job", target: str, device: str, command: str | None = None) -> dict[str, Any]:
    """Return the attributes that tell where a result comes from.

    Parameters
    ----------
    job
        What was solved.
    target, device
        What solved it.
    command
        As for `of_this_command`.
    """
    solve = job.configuration.solve
    tolerances = {"rtol": solve.rtol, "atol": solve.atol if len(set(solve.atol)) > 1 else solve.atol[0]}
    return {
        "Conventions": "CF-1.10",
        "title": job.model.quantities.name,
        "source": f"cubie {version()}, {solve.algorithm}",
        **of_this_command(command),
        "configuration_sha256": _sha256(job.document, "configuration"),
        "model_sha256": _sha256(job.model.document, "model"),
        **{f"{name}_sha256": file.sha256 for name, file in job.table_files.items()},
        **_grid(job),
        **job.design.attributes,
        "target": target,
        "device": device,
        "algorithm": solve.algorithm,
        **(tolerances if solve.dt is None else {}),
    } | {f"{name}_version": text for name, text in _versions().items()}


def of_this_command(command: str | None = None) -> dict[str, str]:
    """Return the attributes that tell of the command that writes a file.

    Parameters
    ----------
    command
        What a Python program called; None: the command line of this one.
    """
    created = datetime.now(UTC).isoformat(timespec="seconds")
    command = command or shlex.join(["cubie", *sys.argv[1:]])
    return {"history": f"{created} {command}", "created": created, "command_line": command}


def _grid(job: "Job") -> dict[str, Any]:
    """Return the axes of a grid and their lengths, where the batch is one."""
    axes = job.design.axes
    return {"batch_shape": np.array([*axes.values()]), "batch_axes": " ".join(axes)} if axes else {}


def _versions() -> dict[str, str]:
    """Return the versions of Python, of cubie and of the libraries that compute."""
    python = ".".join(str(part) for part in sys.version_info[:3])
    found = {name: installed_version(name) for name in _NUMERICAL}
    return {"cubie": version(), "python": python} | {name: text for name, text in found.items() if text}


def _sha256(document: "Document", name: str) -> str:
    """Return the digest of a file, of one that a result holds too."""
    return document.enclosed.digests[name] if document.enclosed else document.digest
