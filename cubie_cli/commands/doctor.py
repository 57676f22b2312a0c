"""`cubie doctor`: what this machine offers."""

import json
from typing import TYPE_CHECKING

import typer

from cubie_cli.commands.options import Json
from cubie_cli.documents.messages import size

if TYPE_CHECKING:
    from cubie_cli.reports.machine import Diagnosis
    from solvers.execution.cpu.processor import Processor


def doctor(*, as_json: Json = False) -> None:
    """Show versions, devices, the CUDA toolkit and the processors a job may use."""
    from cubie_cli.reports.machine import examine  # noqa: PLC0415 - each command loads what it needs, when it runs
    from solvers.execution.engine import available_targets  # noqa: PLC0415

    diagnosis = examine(available_targets())
    if as_json:
        typer.echo(json.dumps(diagnosis.as_json()))
    else:
        _print(diagnosis)


def _print(diagnosis: "Diagnosis") -> None:
    from cubie_cli.reports import terminal  # noqa: PLC0415

    toolkit = diagnosis.toolkit or {"none": "kernels cannot be compiled for a GPU; install cubie-cli[cuda13]"}
    output = terminal.console()
    output.print(terminal.summary("Versions", diagnosis.versions.items()))
    output.print(terminal.summary("CUDA toolkit", toolkit.items()))
    output.print(terminal.summary("Targets", diagnosis.targets.items()))
    output.print(terminal.summary("Processor", _describe(diagnosis.processor)))
    kept = diagnosis.kernels
    kernels = f"{kept['number']:,} ({size(int(kept['bytes']))})"
    output.print(terminal.summary("Kernels", [("folder", str(kept["folder"])), ("kept", kernels)]))
    output.print(terminal.summary("Problems", [("-", text) for text in diagnosis.problems] or [("none", "")]))


def _describe(processor: "Processor") -> list[tuple[str, str]]:
    limits = {
        "affinity": processor.affinity,
        "control group": processor.cgroup,
        "SLURM_CPUS_PER_TASK": processor.slurm,
    }
    found = ", ".join(f"{name} {value:g}" for name, value in limits.items() if value is not None)
    return [
        ("model", processor.model),
        ("vector instructions", ", ".join(processor.features) or "none known"),
        ("logical processors", str(processor.cores)),
        ("limits", found or "none"),
        ("threads a job may use", str(processor.threads)),
    ]
